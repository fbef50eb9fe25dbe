//! A tree as YAML text that reads as the same tree. What is short stands on one line, everything else in block style.

use crate::tree::{Key, Node, Value};

/// The width in characters that a line keeps to where lists and mappings could be broken.
const WIDTH: usize = 100;
/// How many lists and mappings may lie in each other on one line.
const NESTED: usize = 2;
/// Longer keys are announced by `?`: YAML looks for the colon of any other within 1024 characters (YAML 1.2.2 section 7.4.2).
const LONG_KEY: usize = 512;

/// A field of a document.
pub(super) fn field(name: &str, value: &Node) -> String {
    let mut out = String::new();
    entry(&quoted_if_needed(name), value, 0, &mut out);
    out
}

/// A field of a document whose value is broken into lines, however short it is.
pub(super) fn block(name: &str, value: &Node) -> String {
    match is_empty(value) {
        true => field(name, value),
        false => {
            let mut out = format!("{}:\n", quoted_if_needed(name));
            lines(value, 2, &mut out);
            out
        }
    }
}

fn entry(name: &str, value: &Node, indent: usize, out: &mut String) {
    let long = name.len() > LONG_KEY;
    let start = match long {
        true => format!("{:indent$}? {name}\n{:indent$}:", "", ""),
        false => format!("{:indent$}{name}:", ""),
    };
    let column = if long { indent + 1 } else { start.chars().count() };
    out.push_str(&start);
    match on_one_line(value, column + 1) {
        Some(text) => {
            out.push(' ');
            out.push_str(&text);
            out.push('\n');
        }
        None => {
            out.push('\n');
            lines(value, indent + 2, out);
        }
    }
}

/// A list or mapping that is not empty, one item a line.
fn lines(node: &Node, indent: usize, out: &mut String) {
    match &node.value {
        Value::Map(entries) => {
            for (Key { text, .. }, value) in entries {
                entry(&quoted_if_needed(text), value, indent, out);
            }
        }
        Value::List(items) => {
            for item in items {
                out.push_str(&format!("{:indent$}- ", ""));
                match on_one_line(item, indent + 2) {
                    Some(text) => {
                        out.push_str(&text);
                        out.push('\n');
                    }
                    None => {
                        // The first line goes on behind the dash.
                        let mut inner = String::new();
                        lines(item, indent + 2, &mut inner);
                        out.push_str(inner.trim_start_matches(' '));
                    }
                }
            }
        }
        Value::Null | Value::Scalar(_) => {}
    }
}

/// The node on the rest of a line that has `column` characters already; none where it is too long or nests too deep.
fn on_one_line(node: &Node, column: usize) -> Option<String> {
    if is_empty(node) {
        return Some(flow(node));
    }
    if depth(node) > NESTED {
        return None;
    }
    let text = flow(node);
    (column + text.chars().count() <= WIDTH).then_some(text)
}

/// Whether it cannot be broken into lines.
fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null | Value::Scalar(_) => true,
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
    }
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Null | Value::Scalar(_) => 0,
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => 1 + entries.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
    }
}

fn flow(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Scalar(text) => quoted_if_needed(text),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let name = quoted_if_needed(&key.text);
                format!("{name}: {}", flow(value))
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text as it is where every reader of YAML takes it for itself, in quotes elsewhere.
fn quoted_if_needed(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Whether a text means itself without quotes, in blocks and within brackets: stricter than YAML, so that nobody need know more
/// of YAML than this to see it.
fn is_plain(text: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '$' | '_');
    let goes_on = |c: char| c.is_ascii_alphanumeric() || "/$_-+.:;()<>=*^%~ ".contains(c);
    let nothing = text.eq_ignore_ascii_case("null");
    text.starts_with(begins)
        && text.chars().all(goes_on)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && !nothing
}

/// A text in double quotes (YAML 1.2.2 section 7.3.1), on one line.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Not printable (YAML 1.2.2 section 5.1), or the end of a line to some readers.
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
