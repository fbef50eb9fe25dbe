//! The earlier answer that a change is held against.

use std::path::Path;

use plan::verify::Verification;
use serde::Deserialize;

use crate::{draw::harmless, input, outcome::Stop};

/// What the file says that it is.
pub const KIND: &str = "Verification";
/// The only format so far.
pub const VERSION: u8 = 1;

/// What is asked of a file before the rest of it is.
#[derive(Deserialize)]
struct Head {
    kind: Option<String>,
    version: Option<u8>,
    against: Option<serde_json::Value>,
    findings: Option<serde_json::Value>,
}

/// Reads it.
///
/// # Errors
/// It is something else, which is told with what is expected.
pub fn read(path: &Path) -> Result<Verification, Stop> {
    let refuse = |why: &str| {
        let wanted =
            "--baseline takes the file that `trunkline verify --format json` wrote on the target branch";
        Stop::usage(format!("{}: {why}; {wanted}", path.display()))
    };
    if path.is_dir() {
        return Err(refuse("this is a folder"));
    }
    let text = input::our_text(path)?;
    let head: Head = serde_json::from_str(&text).map_err(|_| refuse("this is not such a file"))?;
    match head {
        Head { kind: Some(kind), .. } if kind != KIND => {
            Err(refuse(&format!("this is a `{}`", short(&kind))))
        }
        Head { kind: None, findings: Some(_), .. } => Err(Stop::usage(format!(
            "{}: the files that it was to be made from have errors, so there is nothing to compare with: verify without --baseline, or mend them first",
            path.display()
        ))),
        Head { kind: None, .. } => Err(refuse("this is another JSON file")),
        Head { version, .. } if version != Some(VERSION) => {
            Err(refuse("it was written by another version of this program"))
        }
        Head { against: Some(_), .. } => {
            Err(refuse("it was itself made with --baseline and has only what was worse"))
        }
        _ => serde_json::from_str(&text)
            .map_err(|error| refuse(&format!("it is damaged: {}", harmless(&error.to_string())))),
    }
}

/// A name from a file, as far as it helps.
fn short(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_default).collect()
}
