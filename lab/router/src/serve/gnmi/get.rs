//! Get (specification 3.3): one notification for each path asked.

use gnmi::{
    Encoding,
    get::Query,
    proto::{self, get_request::DataType},
};
use tonic::Status;

use super::{
    paths::{resolve, wire},
    values::{Leaf, leaves, subtree, typed},
};
use crate::{
    clock,
    datastore::{Branch, Item, Path, Tree},
    router::Router,
    state::Parts,
    yang::Schema,
};

/// Answers a query.
///
/// # Errors
/// `INVALID_ARGUMENT` for a path that no module has, `NOT_FOUND` for one without wildcards where nothing is.
pub(super) fn get(router: &Router, query: &Query) -> Result<proto::GetResponse, Status> {
    let schema = router.schema();
    let meant = query.paths.iter().map(|path| resolve(schema, path)).collect::<Result<Vec<_>, _>>()?;
    let tree = part(schema, router, query.kind, router.parts(&meant.concat()));
    let timestamp = clock::nanos(clock::now());
    let mut notification = Vec::with_capacity(query.paths.len());
    for (path, patterns) in query.paths.iter().zip(&meant) {
        let mut update = Vec::new();
        let exact = matches!(patterns.as_slice(), [one] if one.exact().is_some());
        for pattern in patterns {
            if pattern.0.is_empty() {
                put(
                    schema,
                    &Vec::new(),
                    &Item::Branch(tree.root().clone().into()),
                    query.encoding,
                    &mut update,
                );
                continue;
            }
            for (place, item) in pattern.select(&tree) {
                put(schema, &place, item, query.encoding, &mut update);
            }
        }
        if update.is_empty() && exact && !path.elems.is_empty() {
            return Err(Status::not_found(format!("{path}: there is nothing here")));
        }
        let prefix = (!query.target.is_empty())
            .then(|| proto::Path { target: query.target.clone(), ..Default::default() });
        notification.push(proto::Notification { timestamp, prefix, update, ..Default::default() });
    }
    Ok(proto::GetResponse { notification, ..Default::default() })
}

/// Adds what stands at a place: a subtree whole as JSON, leaf by leaf in the encoding that has no subtrees.
fn put(schema: &Schema, place: &Path, item: &Item, encoding: Encoding, updates: &mut Vec<proto::Update>) {
    let mut add = |path: &Path, val| {
        let path = Some(wire(schema, path).into());
        updates.push(proto::Update { path, val: Some(val), ..Default::default() });
    };
    match item {
        Item::Branch(branch) if encoding != Encoding::Proto => {
            add(place, subtree(schema, branch, encoding));
        }
        _ => {
            let mut found: Vec<Leaf> = Vec::new();
            leaves(schema, place, item, &mut found);
            for leaf in found {
                if let Some(last) = leaf.path.last() {
                    add(&leaf.path, typed(schema, last.node, &leaf.values, encoding));
                }
            }
        }
    }
}

/// The part of the data that a data type means (specification 3.3.1), with these kinds of state at least.
fn part(schema: &Schema, router: &Router, kind: DataType, parts: Parts) -> Tree {
    let view = || router.view_of(parts).0;
    match kind {
        DataType::All => view(),
        DataType::Config => router.with(|store| store.running().clone()),
        DataType::State => sieve(schema, &view(), &|node, _| !schema.node(node).config),
        // State that has no counterpart in configuration.
        DataType::Operational => sieve(schema, &view(), &|node, beside| {
            !schema.node(node).config && !beside.contains(&schema.node(node).name.as_str())
        }),
    }
}

type Keep<'k> = &'k dyn Fn(crate::yang::NodeId, &[&str]) -> bool;

fn sieve(schema: &Schema, tree: &Tree, keep: Keep<'_>) -> Tree {
    let mut kept = Tree::default();
    *kept.root_mut() = sieve_branch(schema, tree.root(), Branch::default(), &[], keep);
    kept
}

/// Keeps the leaves that the test accepts, and what leads to them. `beside` are the names in the `config` container next
/// to the one that is looked at.
fn sieve_branch(schema: &Schema, from: &Branch, mut to: Branch, beside: &[&str], keep: Keep<'_>) -> Branch {
    for (step, item) in from.iter() {
        match item {
            Item::Leaf(_) if keep(step.node, beside) => to.insert(schema, step.clone(), item.clone()),
            Item::Leaf(_) => {}
            Item::Branch(branch) => {
                let entry = Branch::entry(schema, step);
                let bare = entry.iter().count();
                let config = schema.child(schema.node(step.node).parent, None, "config");
                let names: Vec<&str> = match config.filter(|_| schema.node(step.node).name == "state") {
                    Some(config) => {
                        schema.node(config).children.iter().map(|c| schema.node(*c).name.as_str()).collect()
                    }
                    None => Vec::new(),
                };
                let inside = sieve_branch(schema, branch, entry, &names, keep);
                if inside.iter().count() > bare {
                    to.insert(schema, step.clone(), Item::Branch(inside.into()));
                }
            }
        }
    }
    to
}

/// An answer that is none: its value is no JSON.
pub(super) fn garbage() -> proto::GetResponse {
    let value = proto::typed_value::Value::JsonIetfVal(b"{%% \xff internal error".to_vec());
    let val = Some(proto::TypedValue { value: Some(value) });
    let update = vec![proto::Update { path: Some(proto::Path::default()), val, ..Default::default() }];
    let notification = vec![proto::Notification { timestamp: -1, update, ..Default::default() }];
    proto::GetResponse { notification, ..Default::default() }
}
