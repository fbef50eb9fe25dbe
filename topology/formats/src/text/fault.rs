//! Faults of syntax in our words. The libraries that read YAML speak of their own insides, and of places in words only.

use serde_saphyr::{Error, Location, MessageFormatter as _, UserMessageFormatter, budget::BudgetBreach};

use super::{
    mark::Mark,
    report::{Report, shorten},
};
use crate::code;

/// Why a text cannot be parsed.
#[derive(Debug)]
pub(super) struct Fault {
    pub mark: Option<Mark>,
    pub message: String,
    pub help: Option<String>,
}

impl Fault {
    pub fn new(mark: Mark, message: impl Into<String>) -> Self {
        Self { mark: Some(mark), message: message.into(), help: None }
    }

    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// More than is read safely.
    pub fn too_much(mark: Mark) -> Self {
        let help = format!("at most {DEEPEST} levels, {MAX_NODES} values and few aliases");
        Self::new(mark, "the file is too large or too deep to be read safely").help(help)
    }

    /// A character that no file of text has.
    pub fn control(mark: Mark, found: char) -> Self {
        let message = format!("a control character (U+{:04X}) stands here", u32::from(found));
        Self::new(mark, message).help("remove it: an editor may show it as a blank, or not at all")
    }

    /// Tells it.
    pub fn report(self, report: &mut Report) {
        report.error(code::SYNTAX, "file", self.message, self.mark).help = self.help;
    }
}

/// The most values of one file.
pub(super) const MAX_NODES: usize = 4_000_000;

/// Brackets within brackets.
pub(super) const DEEPEST: usize = 64;

/// What YAML would read otherwise than the author sees it: a line that ends at a carriage return alone.
pub(super) fn unlike_editors(text: &str) -> Option<Fault> {
    let bytes = text.as_bytes();
    let at = text.match_indices('\r').find(|(at, _)| bytes.get(at + 1) != Some(&b'\n'))?.0;
    let message = "a carriage return stands here without the line feed that ends a line";
    let help = "YAML would begin a line here and editors would not; save the file with line feeds";
    Some(Fault::new(mark_at(text, at, 1), message).help(help))
}

/// What the library says of a text, in our words.
pub(super) fn of_yaml(error: &Error, text: &str) -> Fault {
    let error = error.without_snippet();
    // Of what an alias brings in, the place of the alias.
    let mark = error.location().and_then(|location| mark_of(location, text)).unwrap_or(START);
    let error = if let Error::AliasError { error, .. } = error { error } else { error };
    let said = UserMessageFormatter.format_message(error);
    match error {
        Error::MultipleDocuments { .. } | Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            several(mark)
        }
        // The scanner stops at too many brackets before the budget counts them, and has no kind of error for it.
        _ if said.contains("recursion limit") => Fault::too_much(mark),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => Fault::too_much(mark),
        Error::UnknownAnchor { .. } => unknown_alias(mark, text),
        _ => tab_before(mark, text)
            .or_else(|| control_from(mark, text))
            .unwrap_or_else(|| Fault::new(mark, format!("this is not YAML: {said}")).help(LOOK)),
    }
}

const START: Mark = Mark { line: 1, column: 1, offset: 0, length: 0 };

const LOOK: &str =
    "look here and just before: a bracket or quote that is not closed, or a line that is indented too little";

fn several(mark: Mark) -> Fault {
    Fault::new(mark, "a second document begins here, and this file is one document")
        .help("remove the `---`, or give each document a file of its own")
}

/// Says which alias names nothing.
fn unknown_alias(mark: Mark, text: &str) -> Fault {
    let rest = text.get(mark.offset..).unwrap_or_default().trim_start_matches('*');
    let name = rest.split(|c: char| c.is_whitespace() || ",[]{}".contains(c)).next().unwrap_or_default();
    let mark = Mark { length: name.len() + 1, ..mark };
    let name = shorten(name);
    Fault::new(mark, format!("the alias `*{name}` stands for nothing"))
        .help(format!("write `&{name}` before a value further up in this file"))
}

/// The tab that indents the line of a fault or the one after it.
fn tab_before(fault: Mark, text: &str) -> Option<Fault> {
    let mut offset = 0;
    for (number, line) in (1..=fault.line.saturating_add(1)).zip(text.split_inclusive('\n')) {
        let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        if let Some(at) = indent.find('\t').filter(|_| !line.trim().is_empty()) {
            let mark = Mark { line: number, column: at as u32 + 1, offset: offset + at, length: 1 };
            let message = "a tab indents this line; YAML allows only blanks there";
            return Some(Fault::new(mark, message).help("replace the tab by blanks"));
        }
        offset += line.len();
    }
    None
}

/// The control character for which the scanner stopped; it tells the beginning of the word that has it.
fn control_from(fault: Mark, text: &str) -> Option<Fault> {
    let line = text.get(fault.offset..)?.lines().next()?;
    let odd = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\u{85}');
    let at = line.find(odd)?;
    let found = line[at..].chars().next()?;
    Some(Fault::control(mark_at(text, fault.offset + at, found.len_utf8()), found))
}

/// The place of a fault. The scanner's own come without bytes.
fn mark_of(location: Location, text: &str) -> Option<Mark> {
    let mark = Mark::of(location)?;
    let offset = || offset_of(text, mark.line, mark.column);
    let offset = location.span().byte_offset().map_or_else(offset, |offset| offset as usize);
    Some(Mark { offset, ..mark })
}

/// The byte at a line and a column, both from 1; the end of the text where there is no such place.
fn offset_of(text: &str, line: u32, column: u32) -> usize {
    let start: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column as usize - 1).map_or(rest.len(), |(at, _)| at)
}

/// The place of a byte.
fn mark_at(text: &str, offset: usize, length: usize) -> Mark {
    let before = text.get(..offset).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let line = small(before.matches('\n').count() + 1);
    Mark { line, column: small(before[start..].chars().count() + 1), offset, length }
}
