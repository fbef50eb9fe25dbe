//! Between XML and the store: configuration content to edits, trees to elements, refusals to `<rpc-error>`.

use std::collections::BTreeMap;

use netconf::{
    ns,
    rpc_error::{ErrorTag, ErrorType, RpcError},
    xml::{Binding, Element},
};

use crate::{
    datastore::{
        Branch, Content, Edit, Item, Operation, Path, Refusal, SessionId, Step, Tag,
        json::{take_keys, writable},
        path::show,
    },
    yang::{Kind, LeafType, NodeId, Schema, Value},
};

/// Reads the content of `<config>` as edits (RFC 6241 section 7.2).
///
/// # Errors
/// When an element is unknown, is state, lacks a key, has a wrong value or a wrong operation.
pub(super) fn read_config(schema: &Schema, elements: &[Element]) -> Result<Vec<Edit>, Refusal> {
    read_children(schema, None, &Vec::new(), elements)
}

fn read_children(
    schema: &Schema,
    parent: Option<NodeId>,
    way: &Path,
    elements: &[Element],
) -> Result<Vec<Edit>, Refusal> {
    let mut edits: Vec<Edit> = Vec::with_capacity(elements.len());
    for element in elements {
        let edit = read_element(schema, parent, way, element)?;
        let twice = matches!(schema.node(edit.step.node).kind, Kind::Leaf(_))
            && edits.iter().any(|other| other.step == edit.step);
        if twice {
            let name = &schema.node(edit.step.node).name;
            return Err(Refusal::new(Tag::BadElement, format!("`{name}` is given twice"))
                .at(show(schema, way))
                .about(name.clone()));
        }
        edits.push(edit);
    }
    Ok(edits)
}

fn read_element(
    schema: &Schema,
    parent: Option<NodeId>,
    way: &Path,
    element: &Element,
) -> Result<Edit, Refusal> {
    let node = find(schema, parent, way, element)?;
    writable(schema, node, way)?;
    let operation = operation(element).map_err(|refusal| refusal.at(show(schema, way)))?;
    let mut here = way.clone();
    here.push(Step::plain(node));
    match &schema.node(node).kind {
        Kind::Leaf(leaf) | Kind::LeafList(leaf) => {
            let leaf_list = matches!(schema.node(node).kind, Kind::LeafList(_));
            if matches!(operation, Some(Operation::Delete | Operation::Remove)) && !leaf_list {
                return Ok(Edit { step: Step::plain(node), operation, content: Content::Nothing });
            }
            let value = read_value(schema, element, *leaf)
                .map_err(|why| Refusal::new(Tag::InvalidValue, why).at(show(schema, &here)))?;
            let keys = if leaf_list { vec![value.clone()] } else { Vec::new() };
            Ok(Edit { step: Step { node, keys }, operation, content: Content::Leaf(value) })
        }
        Kind::Container { .. } => {
            let inside = read_children(schema, Some(node), &here, &element.children)?;
            Ok(Edit { step: Step::plain(node), operation, content: Content::Branch(inside) })
        }
        Kind::List { .. } => {
            let mut inside = read_children(schema, Some(node), &here, &element.children)?;
            let keys = take_keys(schema, node, &mut inside).map_err(|r| r.at(show(schema, way)))?;
            Ok(Edit { step: Step { node, keys }, operation, content: Content::Branch(inside) })
        }
    }
}

fn find(schema: &Schema, parent: Option<NodeId>, way: &Path, element: &Element) -> Result<NodeId, Refusal> {
    let (namespace, name) = (&*element.name.ns, &*element.name.local);
    schema.child_ns(parent, namespace, name).ok_or_else(|| {
        if schema.modules().iter().any(|module| module.namespace == namespace) {
            Refusal::new(Tag::UnknownElement, format!("no module has `{name}` here"))
                .at(show(schema, way))
                .about(name)
        } else {
            let message = format!("namespace `{namespace}` of `{name}` is of none of the served modules");
            Refusal::new(Tag::UnknownNamespace, message).at(show(schema, way)).about(name)
        }
    })
}

fn operation(element: &Element) -> Result<Option<Operation>, Refusal> {
    let Some(word) = element.attribute(ns::BASE, "operation") else { return Ok(None) };
    Ok(Some(match word.trim() {
        "merge" => Operation::Merge,
        "replace" => Operation::Replace,
        "create" => Operation::Create,
        "delete" => Operation::Delete,
        "remove" => Operation::Remove,
        other => {
            let message = format!("operation `{other}` is not merge, replace, create, delete or remove");
            return Err(Refusal::new(Tag::BadAttribute, message).about("operation"));
        }
    }))
}

/// The value of a leaf element. Identities are resolved by their prefix, or else by the element's namespace.
pub(super) fn read_value(schema: &Schema, element: &Element, leaf: LeafType) -> Result<Value, String> {
    if !element.children.is_empty() {
        return Err("a leaf has no elements in it".into());
    }
    if leaf != LeafType::Identity {
        return Value::parse(&element.text, leaf).map_err(|e| e.to_string());
    }
    let text = element.text.trim();
    let (namespace, name) = match text.split_once(':') {
        Some((prefix, name)) => (element.binding(prefix), name),
        None => (Some(&*element.name.ns), text),
    };
    let module = schema.modules().iter().find(|module| Some(module.namespace.as_str()) == namespace);
    let module = module.ok_or_else(|| format!("`{text}` is an identity of none of the served modules"))?;
    Value::parse(&format!("{}:{name}", module.name), leaf).map_err(|e| e.to_string())
}

/// The inside of a container, list entry or store as elements.
pub(super) fn write_branch(schema: &Schema, branch: &Branch) -> Vec<Element> {
    branch.iter().map(|(step, item)| write_item(schema, step.node, item)).collect()
}

fn write_item(schema: &Schema, node: NodeId, item: &Item) -> Element {
    let element = Element::new(schema.module_of(node).namespace.as_str(), schema.node(node).name.as_str());
    let value = match item {
        Item::Branch(branch) => return element.with_children(write_branch(schema, branch)),
        Item::Leaf(value) => value.to_string(),
    };
    if schema.leaf_type(node) != Some(LeafType::Identity) {
        return element.with_text(value);
    }
    let module = value
        .split_once(':')
        .and_then(|(name, local)| Some((schema.modules().iter().find(|m| m.name == name)?, local)));
    match module {
        Some((module, local)) => element
            .with_text(format!("{}:{local}", module.prefix))
            .with_binding(module.prefix.as_str(), module.namespace.as_str()),
        None => element.with_text(value),
    }
}

/// A refusal as the protocol says it.
pub(super) fn rpc_error(schema: &Schema, refusal: &Refusal) -> RpcError {
    let layer = match refusal.tag {
        Tag::InUse | Tag::LockDenied | Tag::OperationNotSupported | Tag::TooBig => ErrorType::Protocol,
        _ => ErrorType::Application,
    };
    let mut error = RpcError::new(layer, ErrorTag::from_word(refusal.tag.as_str()), refusal.message.as_str());
    if let Some(path) = &refusal.path {
        let (path, bindings) = prefixed(schema, path);
        error = error.at(path, bindings);
    }
    if let Some(name) = &refusal.element {
        let kind = if refusal.tag == Tag::BadAttribute { "bad-attribute" } else { "bad-element" };
        error = error.with_info(Element::new(ns::BASE, kind).with_text(name.as_str()));
    }
    if let (Some(SessionId(holder)), Tag::LockDenied | Tag::InUse) = (refusal.holder, refusal.tag) {
        error = error.with_info(Element::new(ns::BASE, "session-id").with_text(holder.to_string()));
    }
    error
}

/// An instance-identifier with module names (RFC 7951) in the form that XML has, with prefixes (RFC 7950 section 9.13).
pub(super) fn prefixed(schema: &Schema, path: &str) -> (String, Vec<Binding>) {
    let mut text = String::with_capacity(path.len() * 2);
    let mut bindings: BTreeMap<&str, &str> = BTreeMap::new();
    let mut module = None;
    for piece in pieces(path) {
        let name = match (piece.kind, piece.text.split_once(':')) {
            (Name::Node, Some((owner, name))) => {
                module = schema.modules().iter().find(|m| m.name == owner);
                name
            }
            _ => piece.text,
        };
        if let (Name::Node | Name::Key, Some(module)) = (piece.kind, module) {
            text.push_str(&module.prefix);
            text.push(':');
            bindings.insert(&module.prefix, &module.namespace);
        }
        text.push_str(name);
    }
    let bindings = bindings.into_iter().map(|(prefix, ns)| Binding { prefix: prefix.into(), ns: ns.into() });
    (text, bindings.collect())
}

#[derive(Clone, Copy, PartialEq)]
enum Name {
    Node,
    Key,
    Other,
}

struct Piece<'t> {
    kind: Name,
    text: &'t str,
}

/// Cuts a path into node names, key names, and what stands between.
fn pieces(path: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut start, mut kind, mut quote) = (0, Name::Other, None);
    for (at, c) in path.char_indices() {
        let next = match (quote, c) {
            (Some(open), _) if c == open => {
                quote = None;
                continue;
            }
            (Some(_), _) => continue,
            (None, '\'' | '"') => {
                quote = Some(c);
                continue;
            }
            (None, '/') => Name::Node,
            (None, '[') => Name::Key,
            (None, '=' | ']') => Name::Other,
            _ => continue,
        };
        found.push(Piece { kind, text: &path[start..at] });
        // The separator itself belongs to nobody; `=` and what follows it stay together.
        let end = at + c.len_utf8();
        found.push(Piece { kind: Name::Other, text: &path[at..end] });
        (start, kind) = (end, next);
    }
    found.push(Piece { kind, text: &path[start..] });
    found.retain(|piece| !piece.text.is_empty());
    for piece in &mut found {
        // `[.='x']` names the value itself.
        if piece.text == "." {
            piece.kind = Name::Other;
        }
    }
    found
}
