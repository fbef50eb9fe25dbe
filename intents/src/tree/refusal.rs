//! Why a document cannot be read, in words that help to mend it. The parser's own words are for those who know YAML by heart.

use serde_saphyr::{Error, MessageFormatter as _, UserMessageFormatter, budget::BudgetBreach};

use super::{MAX_ALIASES, MAX_ANCHORS, MAX_DEPTH, MAX_MERGES, MAX_NODES, MAX_REPLAYED, mark_of, short};
use crate::{
    codes,
    faults::Faults,
    source::{Chunk, Mark, line_mark, mark_at, saturating},
};

/// Tells why a document cannot be read.
pub(super) fn report(chunk: Chunk<'_>, error: &Error, faults: &mut Faults<'_>) {
    let error = match error.without_snippet() {
        Error::AliasError { error, .. } => error,
        error => error,
    };
    let mark = error.location().map_or_else(|| line_mark(chunk, 1), |place| mark_of(chunk, place));
    let text = UserMessageFormatter.format_message(error);
    if let Some(limit) = limit(error, &text) {
        let message = format!("the document is too large or too deep to be read safely: {limit}");
        faults.error(codes::TOO_LARGE, mark, message).help("split the document, or write it out flatter");
        return;
    }
    match error {
        Error::UnknownAnchor { .. } => unknown_alias(chunk, mark, faults),
        Error::UnsupportedTag { .. } => {
            // The parser points at what stands behind the tag.
            let (mark, what) = match tag_before(chunk, mark) {
                Some((mark, tag)) => (mark, format!("`{}`", short(tag))),
                None => (mark, text.into_owned()),
            };
            faults
                .error(codes::NOT_SUPPORTED, mark, format!("YAML tags are not supported: {what}"))
                .help("remove the tag; the field decides what its value means");
        }
        _ if text.starts_with("unexpected character") && control(chunk).is_some() => {
            let Some((mark, c)) = control(chunk) else { return };
            let (message, help) = no_text(chunk, c);
            faults.error(codes::SYNTAX, mark, message).help(help);
        }
        _ => match known(&text) {
            Some((message, help)) => drop(faults.error(codes::SYNTAX, mark, message).help(help)),
            None => syntax(chunk, mark, &text, faults),
        },
    }
}

/// The limit that a document goes beyond.
fn limit(error: &Error, text: &str) -> Option<String> {
    // The scanner stops at too many brackets before the budget counts them, and has no kind of error for it.
    if text.contains("recursion limit") {
        return Some(format!("more than {MAX_DEPTH} levels"));
    }
    Some(match error {
        Error::Budget { breach, .. } => match breach {
            BudgetBreach::Depth { .. } => format!("more than {MAX_DEPTH} levels"),
            BudgetBreach::Events { .. } | BudgetBreach::Nodes { .. } => {
                format!("more than {MAX_NODES} values")
            }
            BudgetBreach::Aliases { .. } => format!("more than {MAX_ALIASES} aliases (`*name`)"),
            BudgetBreach::Anchors { .. } => format!("more than {MAX_ANCHORS} anchors (`&name`)"),
            BudgetBreach::MergeKeys { .. } => format!("more than {MAX_MERGES} merge keys (`<<`)"),
            BudgetBreach::AliasAnchorRatio { .. } => "many aliases (`*name`) of few anchors".to_owned(),
            _ => text.to_owned(),
        },
        Error::AliasReplayLimitExceeded { .. } | Error::AliasReplayCounterOverflow { .. } => {
            format!("its aliases (`*name`) stand for more than {MAX_REPLAYED} values")
        }
        Error::AliasExpansionLimitExceeded { .. } => "one anchor has too many aliases (`*name`)".to_owned(),
        Error::AliasReplayStackDepthExceeded { .. } => {
            "aliases (`*name`) stand for aliases, too many deep".to_owned()
        }
        _ => return None,
    })
}

/// What the parser says in words of its own, and how to mend it.
fn known(text: &str) -> Option<(&'static str, &'static str)> {
    const KNOWN: [(&str, &str, &str); 4] = [
        (
            "a BOM must not appear",
            "a byte order mark (U+FEFF) stands here, within the file",
            "remove it: it may stand at the start of a file only, and comes here where files were joined",
        ),
        (
            "only single YAML document expected",
            "text stands behind the end of the document, which `...` says",
            "remove the `...`, or begin the next document with `---`",
        ),
        (
            "expected string scalar",
            "a key is a single text, not a list or a mapping",
            "write it like `key: value`, without `?`",
        ),
        (
            "Recursive reference",
            "this alias stands for the value that it is part of",
            "write the value out here",
        ),
    ];
    KNOWN.iter().find(|(theirs, ..)| text.contains(theirs)).map(|(_, message, help)| (*message, *help))
}

fn syntax(chunk: Chunk<'_>, mark: Mark, text: &str, faults: &mut Faults<'_>) {
    match tab_before(chunk, mark) {
        Some(tab) => {
            faults
                .error(codes::TAB, tab, "a tab indents this line; YAML allows only blanks there")
                .help("replace the tab by blanks");
        }
        None => {
            faults
                .error(codes::SYNTAX, mark, format!("this is not YAML: {text}"))
                .help("look here and just before: a bracket or quote that is not closed, or a line that is indented too little");
        }
    }
}

/// The first character that is none of text, and where it stands.
fn control(chunk: Chunk<'_>) -> Option<(Mark, char)> {
    let is_text = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    let (at, c) = chunk.text.char_indices().find(|(_, c)| !is_text(*c))?;
    Some((mark_at(chunk, at, c.len_utf8()), c))
}

/// What a character that is none of text means.
fn no_text(chunk: Chunk<'_>, c: char) -> (String, &'static str) {
    let zeros = chunk.text.bytes().filter(|byte| *byte == 0).count();
    if c == '\0' && 3 * zeros > chunk.text.len() {
        return ("the file is UTF-16, or another encoding of two bytes".to_owned(), "save it as UTF-8");
    }
    let message = format!("the control character U+{:04X} stands here, which is no text", u32::from(c));
    (message, "remove it; an editor may not show it")
}

/// Says which alias names nothing. An anchor of another document does not count (YAML 1.2.2 section 3.2.2.2).
fn unknown_alias(chunk: Chunk<'_>, mark: Mark, faults: &mut Faults<'_>) {
    let rest = chunk.text.get(mark.offset - chunk.offset..).unwrap_or_default();
    let name = rest.trim_start_matches('*');
    let name = name.split(|c: char| c.is_whitespace() || ",[]{}".contains(c)).next().unwrap_or_default();
    let name = short(name);
    faults
        .error(codes::SYNTAX, mark, format!("the alias `*{name}` stands for nothing"))
        .help(format!("write `&{name}` before a value further up in this document: anchors end at `---`"));
}

/// The tab that indents the line of a fault or the one after it.
fn tab_before(chunk: Chunk<'_>, fault: Mark) -> Option<Mark> {
    let mut offset = chunk.offset;
    for (number, line) in (chunk.lines + 1..).zip(chunk.text.split_inclusive('\n')) {
        let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        if let Some(at) = indent.find('\t')
            && number <= fault.line + 1
            && !line.trim().is_empty()
        {
            let column = saturating(at + 1);
            return Some(Mark { line: number, column, offset: offset + at, length: 1, via: 0 });
        }
        offset += line.len();
    }
    None
}

/// The tag before a single value, where the parser would have taken it for a way to write one: `!!binary` and the like.
pub(super) fn tag_before(chunk: Chunk<'_>, value: Mark) -> Option<(Mark, &str)> {
    let before = chunk.text.get(..value.offset.checked_sub(chunk.offset)?)?;
    let mut rest = before.trim_end_matches([' ', '\t']);
    loop {
        let word = rest.rsplit(|c: char| c.is_whitespace() || "[{,".contains(c)).next()?;
        let start = rest.len() - word.len();
        // The end of a key in quotes that has blanks and an exclamation mark in it.
        if word.ends_with(':') {
            return None;
        }
        match word.chars().next()? {
            '&' => rest = rest[..start].trim_end_matches([' ', '\t']),
            // What is a text anyway may be called one.
            '!' if !matches!(word, "!" | "!!str") => return Some((mark_at(chunk, start, word.len()), word)),
            _ => return None,
        }
    }
}
