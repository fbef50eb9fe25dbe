//! `trunkline explain`: a page on every code that a finding can have.

use std::process::ExitCode;

use clap::Args;

use crate::outcome::{Stop, say};

const AFTER: &str = "\
Examples:
  trunkline explain TL0009
  trunkline explain            lists all codes

Examples on pages about intents are for the network and the classes of intents/examples/minimal.

Exit codes: 0 done, 2 there is no such code, or called wrongly.";

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

/// Every page, by code.
pub fn pages() -> Vec<Page> {
    let of_intents = intents::codes::ALL.iter().map(|(code, text)| {
        let heading = text.lines().next().unwrap_or(code);
        Page { code, title: heading.split_once(": ").map_or(heading, |(_, title)| title), text }
    });
    let of_files =
        formats::code::PAGES.iter().map(|page| Page { code: page.code, title: page.title, text: page.text });
    let of_plans = plan::codes::PAGES.iter().chain(assess::codes::PAGES).chain(engine::codes::PAGES);
    let of_plans = of_plans.map(|(code, title, text)| Page { code, title, text });
    let mut pages: Vec<Page> = of_intents.chain(of_files).chain(of_plans).collect();
    pages.sort_by_key(|page| page.code);
    pages
}

/// The page on a code, whatever the case of its letters and with or without its zeros: `tl26` is TL0026.
pub fn page(code: &str) -> Option<Page> {
    let code = code.trim();
    let number = code.get(..2).filter(|begin| begin.eq_ignore_ascii_case("TL")).map_or(code, |_| &code[2..]);
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let code = if is_number { format!("TL{number:0>4}") } else { code.to_owned() };
    pages().into_iter().find(|page| page.code.eq_ignore_ascii_case(&code))
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
        let short: String = code.chars().take(40).collect();
        Stop::usage(format!("there is no code `{short}`: `trunkline explain` lists those there are"))
    })?;
    let whole = match page.text.starts_with("# ") {
        true => page.text.to_owned(),
        false => format!("# {}: {}\n\n{}", page.code, lower_first(page.title), page.text),
    };
    say(&wrapped(&whole));
    Ok(ExitCode::SUCCESS)
}

/// Columns of a page, as those of `--help`.
const WIDTH: usize = 100;

/// A page with its paragraphs and items filled up to the width; headings, tables and examples stay as they are.
fn wrapped(text: &str) -> String {
    let (mut out, mut paragraph, mut fenced) = (String::new(), String::new(), false);
    for line in text.lines() {
        let fence = line.starts_with("```");
        let stays = fenced || fence || line.is_empty() || line.starts_with(['|', '#']);
        fenced ^= fence;
        if stays || line.starts_with("- ") {
            fill(&std::mem::take(&mut paragraph), &mut out);
        }
        if stays {
            out.push_str(line);
            out.push('\n');
        } else {
            paragraph.push_str(line.trim());
            paragraph.push(' ');
        }
    }
    fill(&paragraph, &mut out);
    out
}

/// What is between backticks stays on one line: people copy it.
fn fill(paragraph: &str, out: &mut String) {
    let indent = if paragraph.starts_with("- ") { "  " } else { "" };
    let mut quoted = false;
    let ends = |letter: char| {
        quoted ^= letter == '`';
        letter == ' ' && !quoted
    };
    let mut column = 0;
    for word in paragraph.split(ends).filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(indent);
            column = indent.len();
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    if column > 0 {
        out.push('\n');
    }
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

    #[test]
    fn pages_fit_a_terminal_and_lose_no_word() {
        for page in pages() {
            let wrapped = wrapped(page.text);
            let prose = wrapped.split("```").step_by(2).flat_map(str::lines);
            let mut prose = prose.filter(|line| !line.starts_with(['|', '#']));
            assert!(prose.all(|line| line.chars().count() <= WIDTH), "{}: {wrapped}", page.code);
            assert!(wrapped.split_whitespace().eq(page.text.split_whitespace()), "{}", page.code);
        }
        let long = format!("- {}`a b`\n  c\n- d\n\n| e  f |\n```\ng\n```\n", "word ".repeat(19));
        let expected = format!("- {}\n  `a b` c\n- d\n\n| e  f |\n```\ng\n```\n", ["word"; 19].join(" "));
        assert_eq!(wrapped(&long), expected);
    }

    #[test]
    fn a_code_is_found_without_its_zeros_and_letters() {
        for written in ["TL0026", "tl0026", "TL26", "tl26", "0026", "26"] {
            assert_eq!(page(written).map(|page| page.code), Some("TL0026"), "{written}");
        }
        assert!(["", "TL", "TL2600260", "x", "ÄÖ", "TL-26"].iter().all(|written| page(written).is_none()));
    }
}
