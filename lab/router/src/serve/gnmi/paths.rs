//! gNMI paths to the tree's, and back. Names may carry a module (`openconfig-qos:qos`) or not.

use gnmi::path::{Elem, Path as Wire};
use tonic::Status;

use crate::{
    datastore::{Path, Pattern, Step, path::PatternStep},
    yang::{Kind, LeafType, NodeId, Schema, Value},
};

/// Most patterns that one path with wildcards in its names may stand for.
const MAX_PATTERNS: usize = 256;

/// All patterns that a path means: one, unless a name in it is `*` or `...`.
///
/// # Errors
/// `INVALID_ARGUMENT` for a path that no module has, for a wrong key, and for too many meanings.
pub(super) fn resolve(schema: &Schema, path: &Wire) -> Result<Vec<Pattern>, Status> {
    let mut elems = path.elems.clone();
    match path.origin.as_str() {
        // Paths of our own modules live in the same tree as OpenConfig's.
        "" | "openconfig" => {}
        // Clients make an origin of the module that stands before the first name; vendors' routers take it so too.
        module if schema.modules().iter().any(|served| served.name == module) => {
            if let Some(first) = elems.first_mut().filter(|first| !first.name.contains(':')) {
                first.name = format!("{module}:{}", first.name);
            }
        }
        _ => return Err(Status::invalid_argument(format!("{path}: the only origin is openconfig"))),
    }
    let mut found = Vec::new();
    expand(schema, path, &elems, None, &mut Vec::new(), &mut found)?;
    let wild = elems.iter().any(|elem| elem.name == "*" || elem.name == "...");
    if found.is_empty() && !wild {
        return Err(Status::invalid_argument(format!("{path}: no served module has this path")));
    }
    Ok(found)
}

fn expand(
    schema: &Schema,
    whole: &Wire,
    elems: &[Elem],
    at: Option<NodeId>,
    way: &mut Vec<PatternStep>,
    found: &mut Vec<Pattern>,
) -> Result<(), Status> {
    let Some((elem, rest)) = elems.split_first() else {
        if found.len() >= MAX_PATTERNS {
            return Err(Status::invalid_argument(format!("{whole}: stands for too many paths")));
        }
        found.push(Pattern(way.clone()));
        return Ok(());
    };
    if elem.name == "..." {
        // A path that ends in it means all that is there already.
        expand(schema, whole, rest, at, way, found)?;
        if rest.is_empty() {
            return Ok(());
        }
        for child in schema.children(at) {
            way.push(open(schema, *child));
            expand(schema, whole, elems, Some(*child), way, found)?;
            way.pop();
        }
        return Ok(());
    }
    let (module, name) = match elem.name.split_once(':') {
        Some((module, name)) => (Some(module), name),
        None => (None, elem.name.as_str()),
    };
    for child in schema.children(at) {
        let node = schema.node(*child);
        let named = node.name == name && module.is_none_or(|module| schema.module_of(*child).name == module);
        if !named && name != "*" {
            continue;
        }
        way.push(keyed(schema, whole, *child, elem)?);
        expand(schema, whole, rest, Some(*child), way, found)?;
        way.pop();
    }
    Ok(())
}

/// A level that accepts every instance of a node.
fn open(schema: &Schema, node: NodeId) -> PatternStep {
    let keys = match &schema.node(node).kind {
        Kind::List { keys } => keys.len(),
        Kind::LeafList(_) => 1,
        _ => 0,
    };
    PatternStep { node, keys: vec![None; keys] }
}

/// A level that accepts the instances whose keys an element names.
fn keyed(schema: &Schema, whole: &Wire, node: NodeId, elem: &Elem) -> Result<PatternStep, Status> {
    let mut step = open(schema, node);
    let keys = schema.keys(node);
    for (name, text) in &elem.keys {
        let place = keys.iter().position(|key| schema.node(*key).name == *name);
        let Some(place) = place else {
            // Under a wildcard name some of the nodes have the key and others do not.
            if elem.name == "*" {
                continue;
            }
            return Err(Status::invalid_argument(format!("{whole}: `{}` has no key `{name}`", elem.name)));
        };
        if text != "*" {
            step.keys[place] = Some(
                key_value(schema, keys[place], text)
                    .map_err(|why| Status::invalid_argument(format!("{whole}: key `{name}`: {why}")))?,
            );
        }
    }
    Ok(step)
}

fn key_value(schema: &Schema, key: NodeId, text: &str) -> Result<Value, String> {
    let leaf = schema.leaf_type(key).unwrap_or(LeafType::Text);
    if leaf == LeafType::Identity && !text.contains(':') {
        let module = &schema.module_of(key).name;
        return Value::parse(&format!("{module}:{text}"), leaf).map_err(|e| e.to_string());
    }
    Value::parse(text, leaf).map_err(|e| e.to_string())
}

/// The one place that a path without wildcards means, and its schema node; none at the root. The last step of a list or
/// leaf-list may lack its keys: then the place is the whole list, below the way that is given.
pub(super) struct Place {
    /// The way to it, without itself.
    pub(super) way: Path,
    /// Itself, without keys where it is a whole list.
    pub(super) last: Option<PatternStep>,
}

/// Resolves a path that a Set writes to.
///
/// # Errors
/// As [`resolve`], and `INVALID_ARGUMENT` for a list entry on the way without all its keys.
pub(super) fn place(schema: &Schema, path: &Wire) -> Result<Place, Status> {
    let mut patterns = resolve(schema, path)?;
    let (Some(mut pattern), true) = (patterns.pop(), patterns.is_empty()) else {
        return Err(Status::invalid_argument(format!("{path}: does not name one place")));
    };
    let last = pattern.0.pop();
    let way = pattern
        .exact()
        .ok_or_else(|| Status::invalid_argument(format!("{path}: a list entry on the way lacks a key")))?;
    Ok(Place { way, last })
}

/// A place as gNMI names it, plain names without modules.
pub(super) fn wire(schema: &Schema, path: &[Step]) -> Wire {
    let elems = path.iter().map(|step| {
        let keys = schema.keys(step.node).iter().zip(&step.keys);
        let keys = keys.map(|(key, value)| (schema.node(*key).name.clone(), value.to_string())).collect();
        Elem { name: schema.node(step.node).name.clone(), keys }
    });
    Wire { origin: String::new(), elems: elems.collect() }
}
