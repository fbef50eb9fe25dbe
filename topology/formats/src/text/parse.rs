//! YAML to trees, and JSON where a text starts like JSON.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Spanned;

use super::{
    fault::{self, Fault},
    json,
    mark::{Key, Mark},
    report::Report,
    tree::{Kind, Scalar, Shape, Tree},
};
use crate::code;

/// The longest text that is read.
const LONGEST: usize = 64 << 20;

/// Parses YAML, or JSON where the text starts like JSON. Faults of syntax go to the report.
pub fn parse(text: &str, report: &mut Report) -> Option<Tree> {
    if text.len() > LONGEST {
        report.error(code::SYNTAX, "file", format!("the file is longer than {} MiB", LONGEST >> 20), None);
        return None;
    }
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Places are in the text as it is.
    let shift = text.len() - bare.len();
    match any(bare) {
        Ok(mut tree) => {
            if shift > 0 {
                tree.shift(shift);
            }
            Some(tree)
        }
        Err(fault) => {
            let mark = fault.mark.map(|mark| Mark { offset: mark.offset + shift, ..mark });
            Fault { mark, ..fault }.report(report);
            None
        }
    }
}

fn any(text: &str) -> Result<Tree, Fault> {
    if !text.trim_start().starts_with(['{', '[']) {
        return yaml(text);
    }
    json::read(text).or_else(|fault| match yaml(text) {
        // A flow mapping of YAML looks like JSON; bare words in JSON look like YAML.
        Ok(tree) if tree.at("apiVersion").is_some() || tree.at("topology").is_some() => Ok(tree),
        _ => Err(fault),
    })
}

fn yaml(text: &str) -> Result<Tree, Fault> {
    if let Some(fault) = fault::unlike_editors(text) {
        return Err(fault);
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: fault::DEEPEST,
            flow_nesting_limit: fault::DEEPEST,
            max_nodes: fault::MAX_NODES,
            max_events: 2 * fault::MAX_NODES,
            max_documents: 1,
        },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        with_snippet: false,
    };
    let read = serde_saphyr::from_str_with_options::<YamlTree>(text, options);
    let mut tree: Tree = read.map_err(|error| fault::of_yaml(&error, text))?.into();
    restore(&mut tree, text);
    Ok(tree)
}

/// Gives numbers back the spelling that they have in the text.
fn restore(tree: &mut Tree, source: &str) {
    match &mut tree.shape {
        Shape::Scalar(scalar) => {
            let written =
                tree.mark.and_then(|mark| source.get(mark.offset..mark.offset.saturating_add(mark.length)));
            if let (Kind::Number, Some(written)) = (scalar.kind, written) {
                let written = written.trim();
                if !written.is_empty() && !written.contains(char::is_whitespace) {
                    scalar.text = written.to_owned();
                }
            }
        }
        Shape::List(list) => list.iter_mut().for_each(|part| restore(part, source)),
        Shape::Map(entries) => entries.iter_mut().for_each(|(_, part)| restore(part, source)),
    }
}

struct YamlShape(Shape);
struct YamlTree(Spanned<YamlShape>);
struct YamlKey(Spanned<String>);

impl From<YamlTree> for Tree {
    fn from(tree: YamlTree) -> Self {
        Self { mark: Mark::of(tree.0.defined), shape: tree.0.value.0 }
    }
}

impl From<YamlKey> for Key {
    fn from(key: YamlKey) -> Self {
        Self { mark: Mark::of(key.0.referenced), text: key.0.value }
    }
}

impl<'de> Deserialize<'de> for YamlShape {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ShapeVisitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for YamlTree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Spanned::deserialize(from).map(Self)
    }
}

impl<'de> Deserialize<'de> for YamlKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Spanned::deserialize(from).map(Self)
    }
}

struct ShapeVisitor;

fn scalar<E>(text: impl Into<String>, kind: Kind) -> Result<Shape, E> {
    Ok(Shape::Scalar(Scalar { text: text.into(), kind }))
}

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        scalar("", Kind::Null)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        scalar("", Kind::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Shape, E> {
        scalar(value.to_string(), Kind::Bool)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Shape, E> {
        scalar(value.to_string(), Kind::Number)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Shape, E> {
        scalar(value.to_string(), Kind::Number)
    }

    fn visit_i128<E>(self, value: i128) -> Result<Shape, E> {
        scalar(value.to_string(), Kind::Number)
    }

    fn visit_u128<E>(self, value: u128) -> Result<Shape, E> {
        scalar(value.to_string(), Kind::Number)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Shape, E> {
        scalar(value.to_string(), Kind::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Shape, E> {
        scalar(value, Kind::Text)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Shape, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Shape, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Shape, A::Error> {
        let mut list = Vec::new();
        while let Some(part) = parts.next_element::<YamlTree>()? {
            list.push(part.into());
        }
        Ok(Shape::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Shape, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<YamlKey, YamlTree>()? {
            map.push((key.into(), value.into()));
        }
        Ok(Shape::Map(map))
    }
}
