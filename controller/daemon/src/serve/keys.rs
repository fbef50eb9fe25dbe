//! Which key of a file is not known, or missing, and where something of another kind stands, in words: the parser's own speak of its
//! inner names, where a key decides what may stand beside it, and repeat what stands there, which may be a secret. The file's JSON Schema, which is made from the same types, says what is known where. This is asked after a
//! file was refused; what is taken is decided by the parser alone.

use std::{cmp::Reverse, path::Path};

use formats::text::{Key, Mark, Report, Shape, Tree, nearest, parse};
use serde_json::Value;

/// References in a schema are followed so far.
const DEEPEST: usize = 32;

/// What is wrong, and where it stands.
#[derive(Debug)]
pub struct Fault {
    mark: Option<Mark>,
    what: String,
}

impl Fault {
    /// At a place of the text.
    pub fn new(mark: Option<Mark>, what: impl Into<String>) -> Self {
        Self { mark, what: what.into() }
    }

    /// With the file's name before it.
    pub fn of(&self, file: &Path) -> String {
        let place = self.mark.map_or_else(String::new, |mark| format!(":{}:{}", mark.line, mark.column));
        format!("{}{place}: {}", file.display(), self.what)
    }
}

/// The first key that is not known or is missing; nothing where all are as they should be, or the text is no YAML.
/// `kind` is the file's kind, as `trunkline schema` calls it.
pub fn fault(text: &str, schema: &Value, kind: &str) -> Option<Fault> {
    let walk = Walk { root: schema, kind };
    if text.trim().is_empty() {
        return Some(Fault::new(None, format!("the file is empty; {}", walk.help())));
    }
    walk.look(&parse(text, &mut Report::new(kind))?, schema, &[])
}

/// What the parser says, without the text that it found in the place of something else.
pub fn without_text(error: &str) -> String {
    let (before, rest) = error.split_once("invalid type: string \"").unwrap_or((error, ""));
    match rest.rsplit_once("\", expected ") {
        Some((_, expected)) => format!("{before}a text stands there, expected {expected}"),
        None => error.to_owned(),
    }
}

struct Walk<'s> {
    root: &'s Value,
    kind: &'s str,
}

impl<'s> Walk<'s> {
    fn look(&self, tree: &Tree, schema: &'s Value, path: &[String]) -> Option<Fault> {
        let all = self.alternatives(schema, 0);
        let schema = Self::meant(&all, tree)?;
        if let Some(fault) = self.of_another_kind(tree, schema, path) {
            return Some(fault);
        }
        match &tree.shape {
            Shape::Scalar(_) => None,
            Shape::List(parts) => {
                let items = schema.get("items")?;
                let (list, above) = path.split_last()?;
                let label = |(number, part): (usize, &Tree)| match part.word_at("name") {
                    Some(name) => format!("{} {name}", list.strip_suffix('s').unwrap_or(list)),
                    None => format!("entry {} of {list}", number + 1),
                };
                let path = |part| [above, &[label(part)]].concat();
                parts.iter().enumerate().find_map(|part| self.look(part.1, items, &path(part)))
            }
            Shape::Map(entries) => {
                two_ways(entries, &all, schema, path).or_else(|| self.mapping(tree, entries, schema, path))
            }
        }
    }

    /// A text where keys belong, and the like. What stands there is not repeated.
    fn of_another_kind(&self, tree: &Tree, schema: &Value, path: &[String]) -> Option<Fault> {
        let wanted = if takes_keys(schema) {
            "keys with their values"
        } else if is_list(schema) {
            "a list"
        } else {
            return None;
        };
        let found = match &tree.shape {
            // What is left empty is as if it were not there; but for the whole file.
            Shape::Scalar(_) if tree.is_null() && !path.is_empty() => return None,
            Shape::Scalar(_) if tree.is_null() => "nothing",
            Shape::Scalar(_) => "a text",
            Shape::List(_) if !is_list(schema) => "a list",
            Shape::Map(_) if !takes_keys(schema) => "a mapping",
            Shape::List(_) | Shape::Map(_) => return None,
        };
        let place = if path.is_empty() { "the file".to_owned() } else { path.join(", ") };
        Some(Fault::new(tree.mark, format!("{place} holds {found}, and must hold {wanted}; {}", self.help())))
    }

    fn help(&self) -> String {
        format!("`trunkline schema {}` tells what may stand there", self.kind)
    }

    fn mapping(
        &self,
        tree: &Tree,
        entries: &[(Key, Tree)],
        schema: &'s Value,
        path: &[String],
    ) -> Option<Fault> {
        let properties = schema.get("properties")?.as_object()?;
        let place = if path.is_empty() { String::new() } else { format!("{}: ", path.join(", ")) };
        let help = self.help();
        if let Some((key, _)) = entries.iter().find(|(key, _)| !properties.contains_key(&key.text)) {
            let known: Vec<&str> = properties.keys().map(String::as_str).collect();
            let advice = match nearest(&key.text, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys here are {};", known.join(", ")),
            };
            let key_text: String = key.text.chars().take(60).collect();
            return Some(Fault::new(
                key.mark,
                format!("{place}there is no key `{key_text}` here; {advice} {help}"),
            ));
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        if let Some(missing) = required.filter_map(Value::as_str).find(|name| tree.at(name).is_none()) {
            return Some(Fault::new(
                tree.mark,
                format!("{place}the key `{missing}` is missing here; {help}"),
            ));
        }
        entries.iter().find_map(|(key, value)| {
            self.look(value, &properties[&key.text], &[path, std::slice::from_ref(&key.text)].concat())
        })
    }

    /// The schema itself, past references; of one with alternatives these, but for nothing.
    fn alternatives(&self, schema: &'s Value, depth: usize) -> Vec<&'s Value> {
        if depth > DEEPEST {
            return Vec::new();
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map_or_else(Vec::new, |schema| self.alternatives(schema, depth + 1));
        }
        let some = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
        let Some(some) = some else { return vec![schema] };
        let some = some.iter().filter(|schema| schema["type"] != "null");
        some.flat_map(|schema| self.alternatives(schema, depth + 1)).collect()
    }

    /// Of alternatives the one that knows most of the keys that stand there, of equals the one that has near ones for most of the
    /// others, of those the first. What is no mapping is meant by one that takes such.
    fn meant(all: &[&'s Value], tree: &Tree) -> Option<&'s Value> {
        let keys = |schema: &Value| match (&tree.shape, schema["properties"].as_object()) {
            (Shape::Map(entries), Some(known)) => {
                let (own, others): (Vec<_>, Vec<_>) =
                    entries.iter().partition(|(key, _)| known.contains_key(&key.text));
                let near = |text: &str| nearest(text, known.keys().map(String::as_str)).is_some();
                (own.len(), others.into_iter().filter(|(key, _)| near(&key.text)).count())
            }
            (Shape::Scalar(_), _) => (usize::from(!takes_keys(schema) && !is_list(schema)), 0),
            (Shape::List(_), _) => (usize::from(is_list(schema)), 0),
            (Shape::Map(_), None) => (0, 0),
        };
        all.iter().copied().min_by_key(|schema| Reverse(keys(schema)))
    }
}

/// Whether a schema is of a mapping.
fn takes_keys(schema: &Value) -> bool {
    schema["properties"].is_object()
}

/// Whether a schema is of a list.
fn is_list(schema: &Value) -> bool {
    schema.get("items").is_some()
}

/// Keys of two ways to say something, of which only one may be said.
fn two_ways(entries: &[(Key, Tree)], all: &[&Value], meant: &Value, path: &[String]) -> Option<Fault> {
    let knows = |schema: &Value, key: &Key| schema["properties"].get(&key.text).is_some();
    let (stray, _) = entries.iter().find(|(key, _)| !knows(meant, key))?;
    let other = all.iter().find(|other| knows(other, stray))?;
    let (own, _) = entries.iter().find(|(key, _)| knows(meant, key) && !knows(other, key))?;
    let place = path.join(", ");
    let (own, other) = (&own.text, &stray.text);
    Some(Fault::new(
        stray.mark,
        format!("{place}: `{own}` and `{other}` stand both, and only one of them may: take one out"),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(text: &str) -> String {
        let one = json!({"properties": {"ssh": {"type": "string"}, "key": {"type": "string"}}, "required": ["ssh"]});
        let other = json!({"properties": {"tls": {"type": "string"}, "name": {"type": "string"}}});
        let schema = json!({
            "properties": {
                "kind": {"type": "string"},
                "way": {"anyOf": [{"$ref": "#/$defs/Way"}, {"type": "null"}]},
                "list": {"type": "array", "items": {"type": "string"}},
                "most": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            },
            "$defs": {"Way": {"anyOf": [one, other]}},
        });
        fault(text, &schema, "config").map_or_else(String::new, |fault| fault.of(Path::new("f.yaml")))
    }

    #[test]
    fn what_is_of_another_kind_is_told_by_its_kind_alone() {
        let help = "`trunkline schema config` tells what may stand there";
        for (text, expected) in [
            ("hunter2\n", "the file holds a text, and must hold keys with their values"),
            ("- a\n", "the file holds a list, and must hold keys with their values"),
            ("way: hunter2\n", "f.yaml:1:6: way holds a text, and must hold keys with their values"),
            ("list: hunter2\n", "list holds a text, and must hold a list"),
            ("list:\n  a: hunter2\n", "list holds a mapping, and must hold a list"),
            ("\n", "f.yaml: the file is empty"),
        ] {
            let told = told(text);
            assert!(told.contains(expected) && told.ends_with(help), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
        for text in ["way:\n", "most: 25%\n", "most: 3\n", "list: [a]\n", "way: {ssh: a, key: b}\n"] {
            assert_eq!(told(text), "", "{text}");
        }
    }

    #[test]
    fn two_ways_at_once_are_told_as_such() {
        assert_eq!(
            told("way: {ssh: a, key: b, tls: c, name: d}\n"),
            "f.yaml:1:23: way: `ssh` and `tls` stand both, and only one of them may: take one out"
        );
    }

    #[test]
    fn the_parser_repeats_no_text() {
        let error = serde_yaml::from_str::<Vec<u8>>("\"hunter2\\\", expected x\"").unwrap_err().to_string();
        assert!(error.contains("hunter2"), "{error}");
        let told = without_text(&error);
        assert!(
            !told.contains("hunter2") && told.contains("a text stands there, expected a sequence"),
            "{told}"
        );
        assert_eq!(without_text("missing field `kind`"), "missing field `kind`");
    }
}
