//! What is answered: the lists as a file, and the lines that tell how good they are.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use formats::repetita::lists::{to_json, to_rows};
use model::dense::Instance;
use optimise::{Budget, Goal, Options, Solution, Unsolvable};

use super::{order::Lists, request::Asked};
use crate::outcome::{Stop, say};

/// The lists, by which links are named by their rows, as rows where no other kind was permitted, else as JSON.
pub fn text(asked: &Asked, lists: &Lists) -> String {
    let Asked { instance, options, .. } = asked;
    let plain = options.lists == 1 && !options.adjacency;
    plain.then(|| to_rows(instance, lists)).flatten().unwrap_or_else(|| to_json(lists))
}

/// From here on, and below here, a figure is written in scientific form.
const LARGE: f64 = 1e9;
const SMALL: f64 = 1e-4;

/// A utilisation: digits that say nothing are left out.
pub fn figure(value: f64) -> String {
    let plain = value == 0.0 || !value.is_finite() || (SMALL..LARGE).contains(&value);
    if plain { format!("{value:.6}") } else { format!("{value:.6e}") }
}

/// A share, in percent.
pub fn percent(share: f64) -> String {
    let value = 100.0 * share;
    if value.is_finite() && value >= LARGE { format!("{value:.4e}") } else { format!("{value:.4}") }
}

/// Writes the lists where they are wanted, or else to standard output: the search may have taken long.
pub fn keep(path: &Path, text: impl Fn() -> String) -> Result<(), Stop> {
    let text = text();
    fs::write(path, &text).map_err(|error| {
        say(&text);
        Stop::usage(format!(
            "{}: cannot be written: {error}; the lists stand on standard output instead, before the last line",
            path.display()
        ))
    })
}

/// Whether a file can be written there at all, as far as that shows before anything is searched for.
pub fn has_folder(path: &Path) -> Result<(), Stop> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let refuse = |why: String| Err(Stop::usage(format!("--out {}: {why}", path.display())));
    if path.is_dir() {
        return refuse("it is a folder; name a file in it".to_owned());
    }
    if !folder.is_dir() {
        return refuse(format!("there is no folder {}; make it, or name another file", folder.display()));
    }
    Ok(())
}

/// Whether what is written there would overwrite a file that is read, by whatever name.
pub fn is_no_input(out: &Path, inputs: &[(&str, &Path)]) -> Result<(), Stop> {
    let file = |path: &Path| {
        let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some((found.dev(), found.ino()))
    };
    let Some(target) = file(out) else { return Ok(()) };
    match inputs.iter().find(|(_, path)| file(path) == Some(target)) {
        None => Ok(()),
        Some((what, input)) => Err(Stop::usage(format!(
            "--out {}: that is the file of {what}, {}, which would be overwritten; name another file",
            out.display(),
            input.display()
        ))),
    }
}

/// A line for each level of priority.
pub fn levels(solution: &Solution) -> Vec<String> {
    let line = |level: &optimise::Level| {
        let optimise::Level { priority, demands, mlu, bound } = level;
        format!("level {priority} demands {demands} mlu {} bound {}", figure(*mlu), figure(*bound))
    };
    solution.levels.iter().map(line).collect()
}

/// What came of a link that was to be relieved.
pub struct Relieved {
    name: String,
    utilisation: f64,
    goal: f64,
    /// As many demands have moved as may.
    spent: bool,
}

/// What sums in another order may differ by.
const ROUNDING: f64 = 1e-6;

impl Relieved {
    /// Looks at the link under the lists that were found; nothing where none was to be relieved.
    ///
    /// # Errors
    /// The optimiser does not take its own answer.
    pub fn look(asked: &Asked, solution: &Solution) -> Result<Option<Self>, Unsolvable> {
        let Asked { instance, options, order, links } = asked;
        let Goal::Relieve { edge, to: goal } = options.goal else { return Ok(None) };
        let utilisation = utilisation(instance, options, solution, edge)?;
        let name = links.name(order.row(edge));
        let spent = options.max_changes.is_some_and(|most| solution.moved >= most);
        Ok(Some(Self { name, utilisation, goal, spent }))
    }

    /// Whether it has come to its goal.
    pub fn is_reached(&self) -> bool {
        self.utilisation <= self.goal * (1.0 + ROUNDING)
    }

    /// As a line.
    pub fn line(&self) -> String {
        let Self { name, utilisation, goal, spent } = self;
        let word = match (self.is_reached(), spent) {
            (true, _) => "reached",
            (false, true) => "missed: as many demands have moved as --changes permits",
            (false, false) => {
                "missed: no other demand was found whose move takes load off it and leaves every link that gets more at or below \
                 the goal"
            }
        };
        format!("link {name} utilisation {} goal {} {word}", figure(*utilisation), figure(*goal))
    }
}

/// The utilisation of one link. The optimiser tells the highest of all: where every other link is as wide as can be, that is this
/// one's.
fn utilisation(
    instance: &Instance,
    options: &Options,
    solution: &Solution,
    link: u32,
) -> Result<f64, Unsolvable> {
    let mut alone = instance.clone();
    // Sums of them are numbers still.
    let wide = f64::MAX / (1.0 + alone.edges.len() as f64);
    for (_, edge) in (0_u32..).zip(&mut alone.edges).filter(|(id, _)| *id != link) {
        edge.capacity = wide;
    }
    let still = Options {
        goal: Goal::Lowest,
        running: Some(solution.lists.clone()),
        max_changes: Some(0),
        priorities: Vec::new(),
        ..options.clone()
    };
    // The time is over before it begins, so nothing is searched for.
    Ok(optimise::solve(&alone, &still, Budget::Clock(&|| 1.0))?.mlu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_no_more_digits_than_make_sense() {
        assert_eq!(
            [0.0, 0.9, 12.5, 999_999_999.0].map(figure),
            ["0.000000", "0.900000", "12.500000", "999999999.000000"]
        );
        assert_eq!(
            [1.25e12, 1.0 / 32_768.0, f64::INFINITY].map(figure),
            ["1.250000e12", "3.051758e-5", "inf"]
        );
        assert_eq!([3e-6, 2.0, 1e300].map(percent), ["0.0003", "200.0000", "1.0000e302"]);
    }

    #[test]
    fn where_nothing_can_be_written_is_said_before_the_search_or_with_what_it_found() {
        let told = |path: &str| has_folder(Path::new(path)).unwrap_err().to_string();
        assert!(told("/nonexist/x").contains("there is no folder /nonexist"));
        assert!(told("/").contains("it is a folder"));
        assert!(has_folder(Path::new("x")).is_ok() && has_folder(Path::new("/dev/full")).is_ok());
        // It can be opened, and takes nothing.
        let full = keep(Path::new("/dev/full"), || "0 1 2\n".to_owned()).unwrap_err().to_string();
        assert!(full.contains("/dev/full") && full.contains("standard output"), "{full}");
    }
}
