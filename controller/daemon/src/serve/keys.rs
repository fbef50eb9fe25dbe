//! Which key of a file is not known, or missing, in words: the parser's own speak of its inner names where a key decides what
//! may stand beside it. The file's JSON Schema, which is made from the same types, says what is known where. This is asked after a
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
    let tree = parse(text, &mut Report::new(kind))?;
    Walk { root: schema, kind }.look(&tree, schema, &[])
}

struct Walk<'s> {
    root: &'s Value,
    kind: &'s str,
}

impl<'s> Walk<'s> {
    fn look(&self, tree: &Tree, schema: &'s Value, path: &[String]) -> Option<Fault> {
        let schema = self.meant(schema, tree, 0)?;
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
            Shape::Map(entries) => self.mapping(tree, entries, schema, path),
        }
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
        let help = format!("`trunkline schema {}` tells what may stand there", self.kind);
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

    /// The schema itself, past references; of alternatives the one that knows most of the keys that stand there, of equals the one
    /// that has near ones for most of the others, of those the first.
    fn meant(&self, schema: &'s Value, tree: &Tree, depth: usize) -> Option<&'s Value> {
        if depth > DEEPEST {
            return None;
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.meant(self.root.pointer(reference.strip_prefix('#')?)?, tree, depth + 1);
        }
        let Some(alternatives) = schema.get("anyOf").or_else(|| schema.get("oneOf")) else {
            return Some(schema);
        };
        let keys = |schema: &Value| match (&tree.shape, schema["properties"].as_object()) {
            (Shape::Map(entries), Some(known)) => {
                let (own, others): (Vec<_>, Vec<_>) =
                    entries.iter().partition(|(key, _)| known.contains_key(&key.text));
                let near = |text: &str| nearest(text, known.keys().map(String::as_str)).is_some();
                (own.len(), others.into_iter().filter(|(key, _)| near(&key.text)).count())
            }
            _ => (0, 0),
        };
        let alternatives = alternatives.as_array()?.iter().filter(|schema| schema["type"] != "null");
        alternatives
            .filter_map(|schema| self.meant(schema, tree, depth + 1))
            .min_by_key(|schema| Reverse(keys(schema)))
    }
}
