//! From nodes to values. Reading goes on after a fault, so that one run shows them all. What cannot be read and must be there is a
//! hole: a made-up value that stands nowhere ([`Mark::HOLE`]), so that all beside it can be judged. A document with a fault is never
//! taken for a sound one ([`crate::reading::Reading`]).

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::{
    codes,
    faults::Faults,
    source::Mark,
    tree::{Key, Node, Value, short},
};

/// A value and where it stands.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub mark: Mark,
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// What can be read from a node.
pub(crate) trait Read: Sized {
    /// Reads it; faults are reported and give nothing.
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self>;

    /// What the absence of the field means; nothing where the field must be there.
    fn absent() -> Option<Self> {
        None
    }

    /// A value in place of one with a fault; nothing where none can be made up.
    fn hole() -> Option<Self> {
        Self::absent()
    }
}

impl<T: Read> Read for At<T> {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        T::read(node, faults).map(|value| Self { value, mark: node.mark })
    }

    fn hole() -> Option<Self> {
        T::hole().map(|value| Self { value, mark: Mark::HOLE })
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        T::read(node, faults).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::List(items) = &node.value else {
            faults
                .error(codes::WRONG_SHAPE, node.mark, format!("a list is expected, not {}", shape(node)))
                .help("write it like `[first, second]`");
            return None;
        };
        let read: Vec<T> = items.iter().filter_map(|item| T::read(item, faults).or_else(T::hole)).collect();
        // A list of which nothing can be read is not an empty one.
        (items.is_empty() || !read.is_empty()).then_some(read)
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl<K: Read + Ord, V: Read> Read for BTreeMap<K, V> {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let entries = mapping(node, faults)?;
        let mut read = Self::new();
        for (key, value) in entries {
            let name = Node { mark: key.mark, value: Value::Scalar(key.text.clone()) };
            let pair = (K::read(&name, faults), present(key, value, faults).and_then(|v| V::read(v, faults)));
            if let (Some(name), Some(value)) = (pair.0, pair.1.or_else(V::hole)) {
                read.insert(name, value);
            }
        }
        (entries.is_empty() || !read.is_empty()).then_some(read)
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

/// What a node is, in words.
pub(crate) fn shape(node: &Node) -> String {
    match &node.value {
        Value::Null => "nothing".to_owned(),
        Value::Scalar(text) => format!("`{}`", short(text)),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a mapping".to_owned(),
    }
}

/// The entries of a mapping; a finding where it is none.
pub(crate) fn mapping<'n>(node: &'n Node, faults: &mut Faults<'_>) -> Option<&'n [(Key, Node)]> {
    mapping_of(node, &[], faults)
}

/// As [`mapping`], of fields that are known: a value in place of the only one is most likely meant for it.
fn mapping_of<'n>(node: &'n Node, known: &[&str], faults: &mut Faults<'_>) -> Option<&'n [(Key, Node)]> {
    if let Value::Map(entries) = &node.value {
        return Some(entries);
    }
    let like = match (known, &node.value) {
        ([only], Value::Scalar(text)) => format!("{only}: {}", short(text)),
        _ => "field: value".to_owned(),
    };
    let message = format!("a mapping is expected, not {}", shape(node));
    faults.error(codes::WRONG_SHAPE, node.mark, message).help(format!("write it like `{{{like}}}`"));
    None
}

/// The text of a scalar; a finding where it is none.
pub(crate) fn scalar<'n>(node: &'n Node, faults: &mut Faults<'_>) -> Option<&'n str> {
    match &node.value {
        Value::Scalar(text) => Some(text),
        _ => {
            faults.error(
                codes::WRONG_SHAPE,
                node.mark,
                format!("a single value is expected, not {}", shape(node)),
            );
            None
        }
    }
}

fn present<'n>(key: &Key, value: &'n Node, faults: &mut Faults<'_>) -> Option<&'n Node> {
    if matches!(value.value, Value::Null) {
        faults
            .error(codes::WRONG_SHAPE, key.mark, format!("`{}` has no value", key.text))
            .help("give it a value or remove the line");
        return None;
    }
    Some(value)
}

/// The fields of a mapping as a record takes them.
pub(crate) struct Fields<'n> {
    entries: &'n [(Key, Node)],
    mark: Mark,
    complete: bool,
}

impl<'n> Fields<'n> {
    /// The fields of a mapping; those that the record does not have are findings.
    pub fn of(node: &'n Node, known: &[&str], faults: &mut Faults<'_>) -> Option<Self> {
        let entries = mapping_of(node, known, faults)?;
        let mut complete = true;
        for (place, (key, value)) in entries.iter().enumerate() {
            if !known.contains(&key.text.as_str()) {
                complete = false;
                let fault = faults.error(
                    codes::UNKNOWN_FIELD,
                    key.mark,
                    format!("there is no field `{}` here", short(&key.text)),
                );
                let before = place.checked_sub(1).and_then(|place| entries.get(place));
                fault.help(
                    decimal(before, key, value)
                        .unwrap_or_else(|| suggest(&key.text, known.iter().copied(), "the fields here are")),
                );
            }
        }
        Some(Self { entries, mark: node.mark, complete })
    }

    /// Takes one field, or a hole in its place.
    pub fn take<T: Read>(&self, name: &str, faults: &mut Faults<'_>) -> Option<T> {
        let read = match self.entries.iter().find(|(key, _)| key.text == name) {
            Some((key, node)) => present(key, node, faults).and_then(|node| T::read(node, faults)),
            None => T::absent().or_else(|| {
                // With a field unknown beside it, this one is most likely misspelt there: one finding is enough.
                if self.complete {
                    faults
                        .error(codes::MISSING_FIELD, self.mark, format!("the field `{name}` is missing here"))
                        .help(format!("add `{name}: …`"));
                }
                None
            }),
        };
        read.or_else(T::hole)
    }
}

/// Where `1,5Mbps` stands within braces, the comma ends the number, and the rest looks like a field without a value.
fn decimal(before: Option<&(Key, Node)>, key: &Key, value: &Node) -> Option<String> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (_, Node { value: Value::Scalar(whole), .. }) = before? else { return None };
    let is_rest = key.text.starts_with(|c: char| c.is_ascii_digit()) && matches!(value.value, Value::Null);
    (is_rest && is_digits(whole))
        .then(|| format!("a comma ends a value here: write `{}.{}`", short(whole), short(&key.text)))
}

/// `did you mean …?` where a name is near, else the names there are, up to twelve of them.
pub(crate) fn suggest<'a>(text: &str, names: impl Iterator<Item = &'a str> + Clone, those: &str) -> String {
    if let Some(near) = nearest(text, names.clone()) {
        return format!("did you mean `{near}`?");
    }
    let mut listed: Vec<&str> = names.take(13).collect();
    let more = listed.len() == 13;
    listed.truncate(12);
    match listed.as_slice() {
        [] => "there are none".to_owned(),
        [one] if those == "there are" => format!("there is only {one}"),
        _ => format!("{those} {}{}", listed.join(", "), if more { ", …" } else { "" }),
    }
}

/// The name that is nearest to a text, if one is near; the first of equals. Else the only one that begins or ends with it.
pub(crate) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let typed = text.to_lowercase();
    // Who writes that there is to be none has not misspelt a name.
    if ["none", "no", "off", "null", "never"].contains(&typed.as_str()) {
        return None;
    }
    let allowed = (typed.chars().count() / 3).max(1);
    let near = names
        .clone()
        .map(|name| (strsim::damerau_levenshtein(&typed, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= allowed && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name);
    near.or_else(|| part(&typed, names))
}

/// The fewest letters by which a part of a name is known as that.
const PART: usize = 4;

/// The only name that begins or ends with a text: `delay` of `oneWayDelay`, `Traffic` of `TrafficClass`.
fn part<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if typed.chars().count() < PART {
        return None;
    }
    let mut with = names.filter(|name| {
        let name = name.to_lowercase();
        name.starts_with(typed) || name.ends_with(typed)
    });
    with.next().filter(|_| with.next().is_none())
}

/// Texts of which each type of value takes one: names, quantities, points in time.
pub(crate) const HOLES: [&str; 6] = ["x", "1ms", "1%", "1Mbps", "00:00", "+00:00"];

/// Declares a record: its type, how it is read and written, its JSON Schema, and any of it for tests, from one list of fields.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* $key:literal => $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $name {
            $($(#[$doc])* #[schemars(rename = $key)] pub $field: $type,)*
        }

        impl $crate::read::Read for $name {
            fn read(node: &$crate::tree::Node, faults: &mut $crate::faults::Faults<'_>) -> Option<Self> {
                let fields = $crate::read::Fields::of(node, &[$($key),*], faults)?;
                // All fields are read before the first absence ends it: every fault is found.
                $(let $field = fields.take::<$type>($key, faults);)*
                Some(Self { $($field: $field?,)* })
            }

            fn hole() -> Option<Self> {
                Some(Self { $($field: <$type as $crate::read::Read>::hole()?,)* })
            }
        }

        impl $crate::print::Write for $name {
            fn write(&self) -> $crate::tree::Node {
                $crate::print::mapping(&[$(($key, &self.$field)),*])
            }
        }

        #[cfg(test)]
        impl $crate::tests::any::Any for $name {
            fn any() -> proptest::strategy::BoxedStrategy<Self> {
                use proptest::strategy::Strategy as _;
                let fields = ($(<$type as $crate::tests::any::Any>::any(),)*);
                fields.prop_map(|($($field,)*)| Self { $($field),* }).boxed()
            }
        }

        #[cfg(test)]
        impl $name {
            /// The fields that must be there, by what the parser does.
            pub(crate) fn required() -> std::collections::BTreeSet<&'static str> {
                let fields = [$(($key, <$type as $crate::read::Read>::absent().is_none())),*];
                fields.into_iter().filter(|(_, must)| *must).map(|(key, _)| key).collect()
            }
        }
    };
}

/// Reads a type from one of several words, and writes it as that.
macro_rules! words {
    ($($type:ty { $($word:literal => $($value:ident)::+,)* })*) => {$(
        impl $crate::read::Read for $type {
            fn read(node: &$crate::tree::Node, faults: &mut $crate::faults::Faults<'_>) -> Option<Self> {
                let text = $crate::read::scalar(node, faults)?;
                match text {
                    $($word => Some($($value)::+),)*
                    _ => {
                        let message = format!("`{}` is not one of the words that stand here", $crate::tree::short(text));
                        let help = $crate::read::suggest(text, [$($word),*].into_iter(), "write one of");
                        faults.error($crate::codes::BAD_VALUE, node.mark, message).help(help);
                        None
                    }
                }
            }

            fn hole() -> Option<Self> {
                [$($($value)::+),*].into_iter().next()
            }
        }

        impl $crate::print::Write for $type {
            fn write(&self) -> $crate::tree::Node {
                $crate::print::scalar(match self {
                    $($($value)::+ => $word,)*
                })
            }
        }

        #[cfg(test)]
        impl $crate::tests::any::Any for $type {
            fn any() -> proptest::strategy::BoxedStrategy<Self> {
                use proptest::strategy::Strategy as _;
                proptest::sample::select(vec![$($($value)::+),*]).boxed()
            }
        }
    )*};
}

/// Reads types from text by their own rules, and writes them as they show themselves; the finding's message is theirs.
macro_rules! texts {
    ($($code:expr => $($type:ty),*;)*) => {$($(
        impl $crate::read::Read for $type {
            fn read(node: &$crate::tree::Node, faults: &mut $crate::faults::Faults<'_>) -> Option<Self> {
                let text = $crate::read::scalar(node, faults)?;
                text.parse().map_err(|error: <$type as std::str::FromStr>::Err| {
                    faults.error($code, node.mark, error.to_string());
                }).ok()
            }

            fn hole() -> Option<Self> {
                $crate::read::HOLES.iter().find_map(|text| text.parse().ok())
            }
        }

        impl $crate::print::Write for $type {
            fn write(&self) -> $crate::tree::Node {
                $crate::print::scalar(self.to_string())
            }
        }
    )*)*};
}

pub(crate) use {record, texts, words};
