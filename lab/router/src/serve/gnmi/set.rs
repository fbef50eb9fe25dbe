//! Set (specification 3.4): all operations as one change of running, or none.

use gnmi::{
    extension::{Commit, CommitAction},
    path::Path as Wire,
    proto,
    set::Changes,
};
use model::Span;
use serde_json::Value as Json;
use tonic::Status;

use super::{
    paths::{place, resolve},
    status,
};
use crate::{
    clock,
    datastore::{
        Content, Edit, Operation, Refusal, Step, Tag,
        json::{read_members, read_one, take_keys, writable},
        store::{Confirmation, SetOp},
    },
    fault,
    router::{Author, Router},
    yang::{Kind, Schema},
};

/// The step of a Set, for planned faults.
pub(super) fn step_of(changes: &Changes) -> fault::Step {
    match changes.commit.as_ref().map(|commit| commit.action) {
        Some(CommitAction::Confirm) => fault::Step::Confirm,
        Some(CommitAction::Cancel) => fault::Step::Cancel,
        _ => fault::Step::Commit,
    }
}

/// Carries out a Set.
///
/// # Errors
/// `INVALID_ARGUMENT` for paths and values that do not fit or a configuration that is not valid; `FAILED_PRECONDITION`
/// when someone else has the store; `UNIMPLEMENTED` for a commit extension where it is not offered.
pub(super) fn set(router: &Router, changes: Changes) -> Result<proto::SetResponse, Status> {
    if changes.commit.is_some() && !router.commit_confirmed {
        return Err(Status::unimplemented("this router does not offer commit confirmed"));
    }
    let schema = router.schema();
    let mut ops = Vec::with_capacity(changes.len() + 1);
    for path in &changes.delete {
        ops.extend(delete(schema, path)?.into_iter().map(SetOp::Delete));
    }
    if !changes.union_replace.is_empty() {
        ops.push(SetOp::Clear);
    }
    for (path, value) in &changes.union_replace {
        ops.extend(put(schema, path, value, false)?);
    }
    for (path, value) in &changes.replace {
        ops.extend(put(schema, path, value, true)?);
    }
    for (path, value) in &changes.update {
        ops.extend(put(schema, path, value, false)?);
    }
    let confirmation = confirmation(changes.commit.clone());
    let at = router
        .change(Author::Client, |store, now| store.set(&ops, confirmation, now))
        .map(|_| clock::nanos(clock::now()))
        .map_err(|refusal| status(&refusal))?;
    Ok(changes.reply(at))
}

fn confirmation(commit: Option<Commit>) -> Confirmation {
    let span = |duration: std::time::Duration| {
        Span::from_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    };
    match commit.map(|commit| (commit.id, commit.action)) {
        None => Confirmation::Final,
        Some((id, CommitAction::Begin { rollback })) => {
            Confirmation::Commit { id, within: Some(span(rollback)) }
        }
        Some((id, CommitAction::Confirm)) => Confirmation::Confirm { id },
        Some((id, CommitAction::Cancel)) => Confirmation::Cancel { id },
        Some((id, CommitAction::Extend { rollback })) => Confirmation::Extend { id, within: span(rollback) },
    }
}

fn delete(schema: &Schema, path: &Wire) -> Result<Vec<crate::datastore::Pattern>, Status> {
    let mut patterns = resolve(schema, path)?;
    let wild = patterns.len() > 1;
    for pattern in &patterns {
        let Some(last) = pattern.0.last() else { continue };
        let way = pattern.exact().unwrap_or_default();
        if let (Err(refusal), false) = (writable(schema, last.node, &way), wild) {
            return Err(status(&refusal));
        }
    }
    patterns.retain(|p| p.0.last().is_none_or(|last| schema.node(last.node).config));
    Ok(patterns)
}

/// A replacement or update of one path as operations.
fn put(schema: &Schema, path: &Wire, value: &Json, replace: bool) -> Result<Vec<SetOp>, Status> {
    let place = place(schema, path)?;
    let operation = Some(if replace { Operation::Replace } else { Operation::Merge });
    let way = place.way;
    let Some(last) = place.last else {
        let edits = read_members(schema, None, &way, value).map_err(|refusal| status(&refusal))?;
        let whole = SetOp::Put { way, fresh: None, edits };
        return Ok(if replace { vec![SetOp::Clear, whole] } else { vec![whole] });
    };
    let node = last.node;
    writable(schema, node, &way).map_err(|refusal| status(&refusal))?;
    if schema.node(node).is_key {
        return Err(Status::invalid_argument(format!(
            "{path}: a key cannot be written: name it in the path"
        )));
    }
    let keys: Option<Vec<_>> = last.keys.iter().cloned().collect();
    let many = matches!(schema.node(node).kind, Kind::List { .. } | Kind::LeafList(_));
    if many && keys.is_none() {
        let entries = match value {
            Json::Array(entries) => entries.iter().collect(),
            one => vec![one],
        };
        let edits = entries.into_iter().map(|entry| read_one(schema, node, &way, entry));
        let edits = edits.collect::<Result<_, _>>().map_err(|refusal| status(&refusal))?;
        return Ok(vec![SetOp::Put { way, fresh: replace.then_some(node), edits }]);
    }
    let step = Step { node, keys: keys.unwrap_or_default() };
    let edit = match schema.node(node).kind {
        Kind::Leaf(_) | Kind::LeafList(_) => read_one(schema, node, &way, value),
        Kind::Container { .. } => read_one(schema, node, &way, value).map(|edit| Edit { operation, ..edit }),
        Kind::List { .. } => entry(schema, &step, &way, value).map(|edits| Edit {
            step,
            operation,
            content: Content::Branch(edits),
        }),
    };
    let edits = vec![edit.map_err(|refusal| status(&refusal))?];
    Ok(vec![SetOp::Put { way, fresh: None, edits }])
}

/// The content of a list entry whose keys stand in the path. Where the value repeats them, they must be the same.
fn entry(schema: &Schema, step: &Step, way: &[Step], value: &Json) -> Result<Vec<Edit>, Refusal> {
    let mut here = way.to_vec();
    here.push(step.clone());
    let mut members = read_members(schema, Some(step.node), &here, value)?;
    if members.iter().any(|member| schema.node(member.step.node).is_key) {
        let mut all = members.clone();
        all.retain(|member| schema.node(member.step.node).is_key);
        for (key, value) in schema.keys(step.node).iter().zip(&step.keys) {
            if !all.iter().any(|member| member.step.node == *key) {
                all.push(Edit {
                    step: Step::plain(*key),
                    operation: None,
                    content: Content::Leaf(value.clone()),
                });
            }
        }
        if take_keys(schema, step.node, &mut all)? != step.keys {
            let message = "the keys in the value are not those in the path";
            return Err(
                Refusal::new(Tag::InvalidValue, message).at(crate::datastore::path::show(schema, &here))
            );
        }
        members.retain(|member| !schema.node(member.step.node).is_key);
    }
    Ok(members)
}

/// The answer to a Set that was carried out, which this one was not.
pub(super) fn lie(changes: Changes) -> proto::SetResponse {
    changes.reply(clock::nanos(clock::now()))
}

/// An answer that is none: it speaks of an operation that nobody asked for.
pub(super) fn garbage() -> proto::SetResponse {
    let op = proto::update_result::Operation::Invalid.into();
    let path = Some(proto::Path { origin: "%%".into(), ..Default::default() });
    let response = vec![proto::UpdateResult { path, op, ..Default::default() }];
    proto::SetResponse { response, timestamp: -1, ..Default::default() }
}
