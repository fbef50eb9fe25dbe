//! The report of a run as a file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::outcome::Stop;

/// How a run is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// A page for people.
    Page,
    /// The value, for programs.
    Value,
}

/// A file that will hold a run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Paper {
    path: PathBuf,
    kind: Kind,
}

impl Paper {
    /// A file whose name tells what it will hold.
    ///
    /// # Errors
    /// It tells nothing, or its folder is not there: said before anything is started.
    pub fn at(path: &Path) -> anyhow::Result<Self> {
        let kind = match path.extension().and_then(|extension| extension.to_str()) {
            Some("html") => Kind::Page,
            Some("json") => Kind::Value,
            _ => {
                let message = format!("--report {}: the name ends with .html or .json", path.display());
                return Err(Stop::usage(message).into());
            }
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            let message = format!("--report {}: there is no folder {}", path.display(), folder.display());
            return Err(Stop::usage(message).into());
        }
        Ok(Self { path: path.to_owned(), kind })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it; what was there before gives way.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, run: &report::Run) -> anyhow::Result<()> {
        let text = match self.kind {
            Kind::Page => report::page(run),
            Kind::Value => serde_json::to_string_pretty(run).context("the run cannot be written as JSON")?,
        };
        fs::write(&self.path, text)
            .with_context(|| format!("the report {} cannot be written", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let run = report::Run { title: "one <two>".into(), length_ms: 5, ..report::Run::default() };
        let [page, value] = ["r.html", "r.json"].map(|name| folder.path().join(name));
        for path in [&page, &value] {
            Paper::at(path).unwrap().write(&run).unwrap();
        }
        assert!(fs::read_to_string(page).unwrap().contains("<h1>one &lt;two&gt;</h1>"));
        let read: report::Run = serde_json::from_str(&fs::read_to_string(value).unwrap()).unwrap();
        assert_eq!(read, run);
    }

    #[test]
    fn a_name_that_tells_nothing_and_a_folder_that_is_not_there_are_refused() {
        let refused = |path: &str| Paper::at(Path::new(path)).unwrap_err().to_string();
        assert_eq!(refused("run.pdf"), "--report run.pdf: the name ends with .html or .json");
        assert_eq!(
            refused("nowhere/at/all/r.html"),
            "--report nowhere/at/all/r.html: there is no folder nowhere/at/all"
        );
        assert!(Paper::at(Path::new("r.html")).is_ok());
    }
}
