//! What is answered: the lists as a file, and the lines that tell how good they are.

use std::{fs, path::Path};

use formats::repetita::lists::{to_json, to_rows};
use model::dense::{Instance, WeightedList};
use optimise::{Budget, Goal, Options, Solution, Unsolvable};

use crate::outcome::{Stop, say};

/// The lists of each demand, in the words of files.
pub type Lists = Vec<Vec<WeightedList>>;

/// The lists as rows where no other kind was permitted, else as JSON.
pub fn text(instance: &Instance, options: &Options, solution: &Solution) -> String {
    let lists = &solution.lists;
    let plain = options.lists == 1 && !options.adjacency;
    plain.then(|| to_rows(instance, lists)).flatten().unwrap_or_else(|| to_json(lists))
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

/// A line for each level of priority.
pub fn levels(solution: &Solution) -> Vec<String> {
    let line = |level: &optimise::Level| {
        let optimise::Level { priority, demands, mlu, bound } = level;
        format!("level {priority} demands {demands} mlu {mlu:.6} bound {bound:.6}")
    };
    solution.levels.iter().map(line).collect()
}

/// What came of a link that was to be relieved.
pub struct Relieved {
    edge: u32,
    utilisation: f64,
    goal: f64,
}

/// What sums in another order may differ by.
const ROUNDING: f64 = 1e-6;

impl Relieved {
    /// Looks at the link under the lists that were found; nothing where none was to be relieved.
    ///
    /// # Errors
    /// The optimiser does not take its own answer.
    pub fn look(
        instance: &Instance,
        options: &Options,
        solution: &Solution,
    ) -> Result<Option<Self>, Unsolvable> {
        let Goal::Relieve { edge, to: goal } = options.goal else { return Ok(None) };
        let utilisation = utilisation(instance, options, solution, edge)?;
        Ok(Some(Self { edge, utilisation, goal }))
    }

    /// Whether it has come to its goal.
    pub fn is_reached(&self) -> bool {
        self.utilisation <= self.goal * (1.0 + ROUNDING)
    }

    /// As a line.
    pub fn line(&self) -> String {
        let Self { edge, utilisation, goal } = self;
        let word = if self.is_reached() { "reached" } else { "missed" };
        format!("link {edge} utilisation {utilisation:.6} goal {goal:.6} {word}")
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
