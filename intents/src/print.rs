//! Documents to text: the inverse of [`crate::parse()`]. `record!`, `words!` and `texts!` write what they read, from the same
//! lists, so that no field can be read and not be written.

use std::collections::BTreeMap;

use model::{condition::Condition, id::QueueName};

use crate::{
    doc::{
        AnyValue, Body, ConditionSpec, Connectivity, Document, LinkSelector, Name, Prefix, ScheduleSpec,
        Selector, Spec, Text,
    },
    parse::API_VERSION,
    read::At,
    source::Mark,
    tree::{Key, Node, Value},
};

mod text;

/// Documents as the YAML of one file. Reading it gives documents that say the same, with the places of the new file.
/// Not in it are the comments of the files that they were read from, and which instances or policies made them what they are.
/// O(bytes).
pub fn print(documents: &[Document]) -> String {
    let each = documents.iter().map(|document| {
        let metadata = text::field("metadata", &document.metadata.write());
        let spec = text::block("spec", &document.spec.write());
        format!("apiVersion: {API_VERSION}\nkind: {}\n{metadata}{spec}", document.kind())
    });
    each.collect::<Vec<_>>().join("---\n")
}

/// What can be written as a node, such that reading the node gives it again.
pub(crate) trait Write {
    /// Writes it. The node stands nowhere.
    fn write(&self) -> Node;

    /// Whether it is what the absence of a field means: then the field is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// What is written as one text, and may be the key of a mapping.
pub(crate) trait Word {
    /// The text.
    fn word(&self) -> &str;
}

/// A node that stands nowhere.
const fn node(value: Value) -> Node {
    Node { mark: NOWHERE, value }
}

const NOWHERE: Mark = Mark { line: 0, column: 0, offset: 0, length: 0, via: 0 };

/// A single value.
pub(crate) fn scalar(text: impl Into<String>) -> Node {
    node(Value::Scalar(text.into()))
}

fn key(text: &str) -> Key {
    Key { mark: NOWHERE, text: text.to_owned() }
}

/// A mapping of those fields that are there.
pub(crate) fn mapping(fields: &[(&str, &dyn Write)]) -> Node {
    let present = fields.iter().filter(|(_, value)| !value.is_absent());
    node(Value::Map(present.map(|(name, value)| (key(name), value.write())).collect()))
}

impl<T: Write> Write for At<T> {
    fn write(&self) -> Node {
        self.value.write()
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self) -> Node {
        self.as_ref().map_or(node(Value::Null), Write::write)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self) -> Node {
        node(Value::List(self.iter().map(Write::write).collect()))
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<K: Word, V: Write> Write for BTreeMap<K, V> {
    fn write(&self) -> Node {
        node(Value::Map(self.iter().map(|(name, value)| (key(name.word()), value.write())).collect()))
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Word> Word for At<T> {
    fn word(&self) -> &str {
        self.value.word()
    }
}

impl Word for Text {
    fn word(&self) -> &str {
        &self.0
    }
}

impl Word for Name {
    fn word(&self) -> &str {
        &self.0
    }
}

impl Word for QueueName {
    fn word(&self) -> &str {
        self.as_str()
    }
}

impl Write for Text {
    fn write(&self) -> Node {
        scalar(self.word())
    }
}

impl Write for Name {
    fn write(&self) -> Node {
        scalar(self.word())
    }
}

impl Write for u32 {
    fn write(&self) -> Node {
        scalar(self.to_string())
    }
}

impl Write for Prefix {
    fn write(&self) -> Node {
        scalar(self.0.to_string())
    }
}

impl Write for ConditionSpec {
    fn write(&self) -> Node {
        condition(&self.0)
    }
}

fn condition(whole: &Condition) -> Node {
    let (name, parts) = match whole {
        Condition::One(comparison) => return scalar(comparison.to_string()),
        Condition::All { all } => ("all", all),
        Condition::Any { any } => ("any", any),
    };
    let parts = node(Value::List(parts.iter().map(condition).collect()));
    node(Value::Map(vec![(key(name), parts)]))
}

impl Write for AnyValue {
    fn write(&self) -> Node {
        self.0.clone()
    }
}

impl Write for Body {
    fn write(&self) -> Node {
        self.0.clone()
    }
}

/// Writes whichever of several it is; reading tells them apart again. Tests make any of them by the same list.
macro_rules! either {
    ($($type:ident { $($variant:ident)* })*) => {$(
        impl Write for $type {
            fn write(&self) -> Node {
                match self {
                    $(Self::$variant(one) => one.write(),)*
                }
            }
        }

        #[cfg(test)]
        impl crate::tests::any::Any for $type {
            fn any() -> proptest::strategy::BoxedStrategy<Self> {
                use proptest::strategy::Strategy as _;
                let each = [$(crate::tests::any::Any::any().prop_map(Self::$variant).boxed()),*];
                proptest::strategy::Union::new(each).boxed()
            }
        }
    )*};
}

either! {
    Connectivity { P2p HubSpoke Mesh }
    Selector { Names By }
    LinkSelector { Names By }
    ScheduleSpec { Once Weekly }
    Spec {
        ServiceIntent TrafficClass QosProfile AlarmPolicy SteeringPolicy MaintenanceWindow Design DesignInstance
    }
}
