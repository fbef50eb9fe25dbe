//! What is played: a scenario and what its file says to people, and the case that it is played on.

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use model::{Demands, Ted};
use net::Scenario;

use super::paper::Paper;
use crate::signals::Ended;

/// What is played on.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// Its network.
    pub ted: Ted,
    /// What is offered to it.
    pub demands: Demands,
    /// What is promised, by file.
    pub intents: BTreeMap<String, String>,
}

/// What a scenario's file says to people.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Told {
    /// The file.
    pub name: String,
    /// What it is called, in words.
    pub title: String,
    /// The comment at its head.
    pub about: String,
    /// The rows of the case table that it shows.
    pub cites: Vec<String>,
}

impl Told {
    /// A scenario, and what its file says to people.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn read(name: String, text: &str) -> anyhow::Result<(Scenario, Self)> {
        let scenario = Scenario::read(&name, text).map_err(|findings| faults(&name, &findings))?;
        let told = Self::of(name, text, &scenario);
        Ok((scenario, told))
    }

    /// What the file of a scenario says.
    pub fn of(name: String, text: &str, scenario: &Scenario) -> Self {
        let stem = Path::new(&name).file_stem().map(|stem| stem.to_string_lossy().replace('-', " "));
        let head = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
        Self {
            title: stem.unwrap_or_default(),
            about: head.collect::<Vec<_>>().join(" "),
            cites: scenario.cites.clone(),
            name,
        }
    }
}

/// What is played, what its file says to people, and what is written about it.
pub struct Piece {
    /// What happens and what must be seen.
    pub scenario: Scenario,
    /// What its file says to people.
    pub told: Told,
    /// Where its report goes.
    pub papers: Vec<Paper>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Played {
    /// It was played to its end, well or not.
    Whole(bool),
    /// A signal ended it before.
    Stopped(Ended),
}

impl Played {
    /// What a script is told.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Self::Whole(true) => ExitCode::SUCCESS,
            Self::Whole(false) => ExitCode::FAILURE,
            Self::Stopped(by) => ExitCode::from(by.exit_code()),
        }
    }
}

/// Findings of a file as an error.
pub fn faults(what: &str, findings: &[model::Finding]) -> anyhow::Error {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{what}: {}", lines.join("; "))
}

/// The scenario as it is played on this network.
///
/// # Errors
/// It names what the network has not.
pub fn fitted(scenario: Scenario, name: &str, seed: Option<u64>, ted: &Ted) -> anyhow::Result<Scenario> {
    let scenario = match seed {
        Some(seed) => scenario.variant(seed, ted),
        None => scenario,
    };
    let findings = scenario.check(ted);
    if findings.iter().any(model::Finding::is_error) { Err(faults(name, &findings)) } else { Ok(scenario) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_tells_people_what_it_is() {
        let text = include_str!("../../../../lab/scenarios/ceb-line-degrades.yaml");
        let (_, told) = Told::read("ceb-line-degrades.yaml".to_owned(), text).unwrap();
        assert_eq!((told.title.as_str(), told.cites.len()), ("ceb line degrades", 5));
        assert!(
            told.about.starts_with("A leased line of one branch goes bad")
                && told.about.ends_with("out and back.")
        );
    }
}
