//! `trunkline explain`: a page on every code that a finding can have.

use std::process::ExitCode;

use clap::Args;

use crate::outcome::{Stop, say};

const AFTER: &str = "\
Examples:
  trunkline explain TL0009
  trunkline explain            lists all codes";

/// Explain the code of a finding: what it means, a wrong and a right example
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct ExplainArgs {
    /// The code, for instance TL0009; all codes where absent
    pub code: Option<String>,
}

/// A page on a code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Page {
    /// The code.
    pub code: &'static str,
    /// What it says, in a few words.
    pub title: &'static str,
    /// The page, in Markdown. Those of intents begin with their own heading.
    pub text: &'static str,
}

/// Codes of the loop itself, which has no table of its own.
const OF_THE_LOOP: [Page; 2] = [
    Page {
        code: "TL0098",
        title: "The change could not be worked out",
        text: "The work on a change ended in a fault of the program. Nothing was sent. The log of the controller has the details; the intents in force stay in force.",
    },
    Page {
        code: "TL0099",
        title: "Numbers are used up",
        text: "Every intent has a color and every service an ordinal, and none is given twice, so that a device that still holds an old policy never takes it for a new one. After some two hundred thousand services none is left. Start with an empty journal after all policies were removed.",
    },
];

/// Every page, by code.
pub fn pages() -> Vec<Page> {
    let of_intents = intents::codes::ALL.iter().map(|(code, text)| {
        let heading = text.lines().next().unwrap_or(code);
        Page { code, title: heading.split_once(": ").map_or(heading, |(_, title)| title), text }
    });
    let of_files =
        formats::code::PAGES.iter().map(|page| Page { code: page.code, title: page.title, text: page.text });
    let of_plans = plan::codes::PAGES.iter().chain(assess::codes::PAGES);
    let of_plans = of_plans.map(|(code, title, text)| Page { code, title, text });
    let mut pages: Vec<Page> = of_intents.chain(of_files).chain(of_plans).chain(OF_THE_LOOP).collect();
    pages.sort_by_key(|page| page.code);
    pages
}

/// The page on a code, whatever the case of its letters.
pub fn page(code: &str) -> Option<Page> {
    pages().into_iter().find(|page| page.code.eq_ignore_ascii_case(code))
}

/// Runs the command.
///
/// # Errors
/// There is no such code.
pub fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let Some(code) = &args.code else {
        let lines: Vec<String> =
            pages().iter().map(|page| format!("{}  {}", page.code, lower_first(page.title))).collect();
        say(&lines.join("\n"));
        return Ok(ExitCode::SUCCESS);
    };
    let page = page(code).ok_or_else(|| {
        Stop::usage(format!("there is no code `{code}`: `trunkline explain` lists those there are"))
    })?;
    match page.text.starts_with("# ") {
        true => say(page.text),
        false => say(&format!("# {}: {}\n\n{}", page.code, lower_first(page.title), page.text)),
    }
    Ok(ExitCode::SUCCESS)
}

/// A title as part of a line. Titles come from several tables; an abbreviation such as `RFC` stays.
fn lower_first(title: &str) -> String {
    let mut letters = title.chars();
    match (letters.next(), title.chars().nth(1)) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_page() {
        let pages = pages();
        assert!(pages.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(pages.iter().all(|page| page.text.len() > 40 && !page.title.is_empty()));
    }
}
