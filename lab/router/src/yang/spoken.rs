//! Which leaves references and conditions speak of, by name: the binding to libyang does not tell, so the texts are read.
//!
//! Names are collected without their places: too many rather than too few.

use std::collections::BTreeSet;

/// The statements that make one node depend on another (RFC 7950 sections 7.5.3, 7.8.3, 7.21.5, 9.9.2).
const STATEMENTS: [&str; 4] = ["path", "must", "when", "unique"];

/// All names in the arguments of such statements.
pub(super) fn spoken_of(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut names = BTreeSet::new();
    let mut statement: Option<(&str, String)> = None;
    let mut rest = text;
    while let Some((token, after)) = token(rest) {
        rest = after;
        match &mut statement {
            _ if matches!(token, ";" | "{" | "}") => {
                let argument = statement.take().filter(|(keyword, _)| STATEMENTS.contains(keyword));
                let argument = argument.map(|(_, argument)| argument).unwrap_or_default();
                let found = argument.split(|c| !is_name(c)).filter(|name| !name.is_empty());
                names.extend(found.map(str::to_owned));
            }
            None => statement = Some((token, String::new())),
            // An argument may be written in parts (RFC 7950 section 6.1.3).
            Some(_) if token == "+" => {}
            Some((_, argument)) => argument.push_str(token.trim_matches(['"', '\''])),
        }
    }
    names
}

/// The next token, quotes included, and what follows it (RFC 7950 section 6.1.2); comments are passed over.
fn token(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let first = text.chars().next()?;
    if text.starts_with("//") {
        return token(text.split_once('\n')?.1);
    }
    if text.starts_with("/*") {
        return token(text.split_once("*/")?.1);
    }
    let length = match first {
        ';' | '{' | '}' => 1,
        '"' | '\'' => {
            let mut escaped = false;
            let ends = |c: char| {
                let is_end = c == first && !escaped;
                escaped = first == '"' && c == '\\' && !escaped;
                is_end
            };
            text[1..].find(ends).map_or(text.len(), |end| end + 2)
        }
        _ => text.find(|c: char| c.is_whitespace() || matches!(c, ';' | '{' | '}')).unwrap_or(text.len()),
    };
    Some(text.split_at(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_four_statements_are_found_and_others_are_not() {
        let text = r#"
            leaf a { type leafref { path "../x:config" + "/y:name"; } must '../b = "c;d"' { error-message "e"; } }
            leaf l { type leafref { path "../con" + 'fig/na' + "me2"; } }
            // path "k"; must "k";
            list f { unique "g/h i"; leaf pathless { when "current()/../j"; type string; description "a \"path k; must k"; } }
            /* when "k" */ leaf k { description 'path "k"'; }
        "#;
        let names = spoken_of(text);
        for name in ["config", "name", "name2", "b", "c", "d", "g", "h", "i", "j"] {
            assert!(names.contains(name), "{name} of {names:?}");
        }
        for name in ["a", "e", "f", "k", "l", "con", "me2", "leaf", "pathless"] {
            assert!(!names.contains(name), "{name} of {names:?}");
        }
    }
}
