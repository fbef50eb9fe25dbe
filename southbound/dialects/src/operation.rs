//! Operations on a data tree, and their two forms on the wire.
//!
//! The tree is written once, in schema order and with list keys first (RFC 7950 section 7.8.5), and printed as XML or as
//! JSON (RFC 7951). Every name carries its module; XML needs the namespace, JSON the module where it changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use quick_xml::escape::escape;
use serde_json::{Map, Value};

/// A YANG module: its name for JSON and its namespace for XML.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Module {
    /// As in `module NAME`.
    pub name: &'static str,
    /// As in `namespace`.
    pub namespace: &'static str,
}

/// One step of a path: a container, or a list entry with its keys in schema order.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Step {
    /// Its module.
    pub module: Module,
    /// Its name.
    pub name: &'static str,
    /// Key names and values; empty for a container.
    pub keys: Vec<(&'static str, String)>,
}

/// A node of a data tree that is to be written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Data {
    /// A leaf.
    Leaf(Module, &'static str, Scalar),
    /// A leaf-list.
    Leaves(Module, &'static str, Vec<Scalar>),
    /// A container.
    Container(Module, &'static str, Vec<Data>),
    /// An entry of a list; its keys come first among its children.
    Entry(Module, &'static str, Vec<Data>),
}

/// The value of a leaf. RFC 7951 section 6 writes 64-bit numbers as text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scalar {
    /// Text, enumerations, addresses, 64-bit numbers.
    Text(String),
    /// Numbers of up to 32 bits.
    Number(u32),
    /// `true` or `false`.
    Bool(bool),
    /// A leaf of type `empty`: it is there, and that is all.
    Empty,
    /// An identity and the module that defines it; XML writes a prefix, JSON the module's name (RFC 7951 section 6.8).
    Identity(Module, &'static str),
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Scalar {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Scalar {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

/// What is done at a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// These children are set, all others stay.
    Merge(Vec<Data>),
    /// These children are all there is.
    Replace(Vec<Data>),
    /// The node goes, if it is there.
    Remove,
}

/// An action at a place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operation {
    /// From the root down.
    pub path: Vec<Step>,
    /// What is done there.
    pub action: Action,
}

/// Nodes by the names of their modules.
type Names = BTreeMap<&'static str, BTreeSet<String>>;

/// All nodes that the operations touch, by the name of their module: each as `name`, and as `parent/name`, which is `/name` at the top.
pub fn names(operations: &[Operation]) -> Names {
    fn add(names: &mut Names, module: &Module, parent: &str, name: &str) {
        let known = names.entry(module.name).or_default();
        known.insert(name.to_owned());
        known.insert(format!("{parent}/{name}"));
    }
    fn note(data: &Data, parent: &str, names: &mut Names) {
        let (module, name, inside) = match data {
            Data::Leaf(module, name, _) | Data::Leaves(module, name, _) => (module, name, [].as_slice()),
            Data::Container(module, name, inside) | Data::Entry(module, name, inside) => {
                (module, name, inside.as_slice())
            }
        };
        add(names, module, parent, name);
        inside.iter().for_each(|data| note(data, name, names));
    }
    let mut names = Names::new();
    for operation in operations {
        let mut parent = "";
        for step in &operation.path {
            add(&mut names, &step.module, parent, step.name);
            parent = step.name;
        }
        if let Action::Merge(data) | Action::Replace(data) = &operation.action {
            data.iter().for_each(|data| note(data, parent, &mut names));
        }
    }
    names
}

const NETCONF_NS: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";

/// The operations as the content of `<config>` (RFC 6241 section 7.2), meant for default-operation `merge`. Each stands in
/// its own tree from the root; servers merge them in order.
pub fn to_netconf(operations: &[Operation]) -> String {
    let mut xml = String::new();
    for operation in operations {
        let mut namespace = "";
        for (depth, step) in operation.path.iter().enumerate() {
            let last = depth + 1 == operation.path.len();
            let mark = match &operation.action {
                Action::Replace(_) if last => Some("replace"),
                Action::Remove if last => Some("remove"),
                _ => None,
            };
            open(&mut xml, step.module, step.name, &mut namespace, mark);
            for (key, value) in &step.keys {
                let _ = write!(xml, "<{key}>{}</{key}>", escape(value.as_str()));
            }
        }
        if let Action::Merge(children) | Action::Replace(children) = &operation.action {
            for child in children {
                data_to_xml(&mut xml, child, namespace);
            }
        }
        for step in operation.path.iter().rev() {
            let _ = write!(xml, "</{}>", step.name);
        }
    }
    xml
}

fn open(xml: &mut String, module: Module, name: &str, inherited: &mut &'static str, operation: Option<&str>) {
    let _ = write!(xml, "<{name}");
    if *inherited != module.namespace {
        let _ = write!(xml, " xmlns=\"{}\"", module.namespace);
        *inherited = module.namespace;
    }
    if let Some(operation) = operation {
        let _ = write!(xml, " xmlns:nc=\"{NETCONF_NS}\" nc:operation=\"{operation}\"");
    }
    xml.push('>');
}

fn leaf_to_xml(xml: &mut String, module: Module, name: &str, value: &Scalar, mut namespace: &'static str) {
    open(xml, module, name, &mut namespace, None);
    let text = match value {
        Scalar::Text(text) => escape(text.as_str()).into_owned(),
        Scalar::Number(number) => number.to_string(),
        Scalar::Bool(truth) => truth.to_string(),
        Scalar::Empty => String::new(),
        Scalar::Identity(module, identity) => {
            // The prefix is bound on the leaf itself, so that it means the same wherever the leaf stands.
            xml.pop();
            let _ = write!(xml, " xmlns:id=\"{}\">", module.namespace);
            format!("id:{identity}")
        }
    };
    let _ = write!(xml, "{text}</{name}>");
}

fn data_to_xml(xml: &mut String, data: &Data, mut namespace: &'static str) {
    match data {
        Data::Leaf(module, name, value) => leaf_to_xml(xml, *module, name, value, namespace),
        Data::Leaves(module, name, values) => {
            for value in values {
                leaf_to_xml(xml, *module, name, value, namespace);
            }
        }
        Data::Container(module, name, children) | Data::Entry(module, name, children) => {
            open(xml, *module, name, &mut namespace, None);
            for child in children {
                data_to_xml(xml, child, namespace);
            }
            let _ = write!(xml, "</{name}>");
        }
    }
}

/// The operation as a gNMI path in text form, with module prefixes where the module changes, and the JSON_IETF value; no
/// value for a removal. Keys stand in the path and not again in the value.
pub fn to_gnmi(operation: &Operation) -> (String, Option<Value>) {
    let mut path = String::new();
    let mut module = "";
    for step in &operation.path {
        path.push('/');
        if module != step.module.name {
            module = step.module.name;
            let _ = write!(path, "{module}:");
        }
        path.push_str(step.name);
        for (key, value) in &step.keys {
            let _ = write!(path, "[{key}={}]", value.replace('\\', "\\\\").replace(']', "\\]"));
        }
    }
    let value = match &operation.action {
        Action::Merge(children) | Action::Replace(children) => Some(children_to_json(children, "")),
        Action::Remove => None,
    };
    (path, value)
}

fn children_to_json(children: &[Data], module: &str) -> Value {
    let mut object = Map::new();
    let name_of = |of: Module, name: &str| {
        if of.name == module { name.to_owned() } else { format!("{}:{name}", of.name) }
    };
    let scalar = |value: &Scalar| match value {
        Scalar::Text(text) => Value::String(text.clone()),
        Scalar::Number(number) => Value::from(*number),
        Scalar::Bool(truth) => Value::from(*truth),
        Scalar::Empty => Value::Array(vec![Value::Null]),
        Scalar::Identity(module, identity) => Value::String(format!("{}:{identity}", module.name)),
    };
    for child in children {
        match child {
            Data::Leaf(of, name, value) => {
                object.insert(name_of(*of, name), scalar(value));
            }
            Data::Leaves(of, name, values) => {
                object.insert(name_of(*of, name), values.iter().map(scalar).collect());
            }
            Data::Container(of, name, children) => {
                object.insert(name_of(*of, name), children_to_json(children, of.name));
            }
            Data::Entry(of, name, children) => {
                let list = object.entry(name_of(*of, name)).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(entries) = list {
                    entries.push(children_to_json(children, of.name));
                }
            }
        }
    }
    Value::Object(object)
}
