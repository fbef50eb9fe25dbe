//! Designs and their instances as they were written. What a design makes is kept as a tree of nodes: only with the values of
//! an instance it becomes documents.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Name, Text};
use crate::{
    faults::Faults,
    read::{At, Read, mapping, record, words},
    tree::Node,
};

record! {
    /// A standard design: documents with parameters. Every instance makes documents of its own from it.
    pub struct DesignSpec {
        /// What it is for, in a sentence or two.
        "description" => description: At<Text>,
        /// Whether it belongs to a library from which each network takes what it needs, so that nobody is warned where it has
        /// no instance; `false` where absent.
        "library" => library: Option<At<bool>>,
        /// Its parameters by name: a letter, then letters, digits, `_` and `-`. Every design has the parameter `instance`
        /// besides, which is the name of the instance.
        #[schemars(default)]
        "parameters" => parameters: BTreeMap<At<Name>, At<ParameterSpec>>,
        /// What an instance makes: documents of the other kinds, without `apiVersion`. `$(name)` alone stands for the value of
        /// a parameter as it is; within a text it is put in as text; `$$(` is a plain `$(`.
        "documents" => documents: At<Vec<Body>>,
    }
}

record! {
    /// A parameter of a design.
    pub struct ParameterSpec {
        /// What it is for.
        "description" => description: At<Text>,
        /// What its values are, for instance `bandwidth`.
        "type" => kind: At<ParameterType>,
        /// With `type: list`: what the items are.
        "of" => of: Option<At<ParameterType>>,
        /// The value where an instance gives none. Without it, instances must give one.
        "default" => default: Option<AnyValue>,
        /// Whether there may be no value at all: then fields and items of lists that name it are left out. `false` where absent.
        "optional" => optional: Option<At<bool>>,
        /// The values that are allowed; of a list, its items.
        "allowed" => allowed: Option<At<Vec<AnyValue>>>,
        /// The least value that is allowed: of numbers and quantities.
        "min" => min: Option<AnyValue>,
        /// The greatest value that is allowed: of numbers and quantities.
        "max" => max: Option<AnyValue>,
    }
}

record! {
    /// One use of a design.
    pub struct InstanceSpec {
        /// The name of the `Design`. It stands in any of the files that are given together.
        "design" => design: At<Name>,
        /// Values of its parameters.
        #[schemars(default)]
        "parameters" => parameters: BTreeMap<At<Text>, AnyValue>,
    }
}

/// What the values of a parameter are.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(rename_all = "lowercase", inline)]
pub enum ParameterType {
    /// Any text.
    String,
    /// A name: of a VRF, a class, a queue, a document.
    Name,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Bool,
    /// For instance `20Mbps`.
    Bandwidth,
    /// For instance `30ms`.
    Delay,
    /// For instance `5ms`.
    Jitter,
    /// For instance `0.1%`.
    Loss,
    /// A share, for instance `80%`.
    Ratio,
    /// A span of time, for instance `3s`.
    Span,
    /// The name of a node.
    Node,
    /// A site.
    Site,
    /// An affinity of links.
    Affinity,
    /// For instance `10.16.0.0/16`.
    Prefix,
    /// A code point, for instance `af41`.
    Dscp,
    /// Nodes: `[hq-pe1, hq-pe2]`, or `{role: branch, region: north}`.
    Selector,
    /// Packets, as an entry of `match` takes them: `{prefix: 10.16.0.0/16, dscp: [af41]}`.
    Match,
    /// Links, as an entry of `prefer` names them: `{affinity: line1}`.
    Links,
    /// When something holds: `{from: …, to: …}`, or `{every: [sat], from: "01:00", for: 4h, offset: "+08:00"}`.
    Schedule,
    /// A list of one of the others, which `of` names.
    List,
}

words! {
    ParameterType {
        "string" => ParameterType::String,
        "name" => ParameterType::Name,
        "number" => ParameterType::Number,
        "bool" => ParameterType::Bool,
        "bandwidth" => ParameterType::Bandwidth,
        "delay" => ParameterType::Delay,
        "jitter" => ParameterType::Jitter,
        "loss" => ParameterType::Loss,
        "ratio" => ParameterType::Ratio,
        "span" => ParameterType::Span,
        "node" => ParameterType::Node,
        "site" => ParameterType::Site,
        "affinity" => ParameterType::Affinity,
        "prefix" => ParameterType::Prefix,
        "dscp" => ParameterType::Dscp,
        "selector" => ParameterType::Selector,
        "match" => ParameterType::Match,
        "links" => ParameterType::Links,
        "schedule" => ParameterType::Schedule,
        "list" => ParameterType::List,
    }
}

/// A value whose type is told elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct AnyValue(pub(crate) Node);

impl Read for AnyValue {
    fn read(node: &Node, _: &mut Faults<'_>) -> Option<Self> {
        Some(Self(node.clone()))
    }
}

impl JsonSchema for AnyValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AnyValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"not": {"type": "null"}})
    }
}

/// A document of a design, with parameters in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Body(pub(crate) Node);

impl Read for Body {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        mapping(node, faults).map(|_| Self(node.clone()))
    }
}

impl JsonSchema for Body {
    fn schema_name() -> Cow<'static, str> {
        "Body".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let fields = "The fields of this kind, any value of which may be or hold `$(parameter)`.";
        json_schema!({
            "description": "A document of a design, with parameters in it.",
            "type": "object",
            "properties": {
                "apiVersion": {"const": crate::parse::API_VERSION, "description": "The design's where absent."},
                "kind": {"enum": crate::kinds::MADE, "description": "What the document is."},
                "metadata": {
                    "type": "object",
                    "description": "Its name, which holds `$(instance)` so that two instances never make the same; owner and labels are the instance's where absent.",
                    "required": ["name"],
                },
                "spec": {"type": "object", "description": fields},
            },
            "required": ["kind", "metadata", "spec"],
            "additionalProperties": false,
        })
    }
}
