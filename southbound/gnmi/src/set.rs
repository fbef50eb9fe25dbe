//! Changes: the content of one Set, which a target takes as a whole or not at all.

use serde_json::Value;
use tonic::Status;

use crate::extension::{Commit, CommitAction, commit_of};
use crate::path::Path;
use crate::pattern::has_wildcard;
use crate::proto::{self, Encoding};
use crate::value::{self, ValueError};

/// Most operations in one Set.
pub const MAX_OPERATIONS: usize = 10_000;

/// The content of one Set. The target works in this order: deletions, union replacements, replacements, updates
/// (specification 3.4.3).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Subtrees that go.
    pub delete: Vec<Path>,
    /// Subtrees that together replace the whole configuration.
    pub union_replace: Vec<(Path, Value)>,
    /// Subtrees that become exactly this.
    pub replace: Vec<(Path, Value)>,
    /// Values that are merged in.
    pub update: Vec<(Path, Value)>,
    /// Commit confirmed extension.
    pub commit: Option<Commit>,
}

impl Changes {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a subtree away.
    #[must_use]
    pub fn delete(mut self, path: Path) -> Self {
        self.delete.push(path);
        self
    }

    /// Makes a subtree exactly `value`.
    #[must_use]
    pub fn replace(mut self, path: Path, value: Value) -> Self {
        self.replace.push((path, value));
        self
    }

    /// Merges `value` in.
    #[must_use]
    pub fn update(mut self, path: Path, value: Value) -> Self {
        self.update.push((path, value));
        self
    }

    /// Adds a part of the new whole.
    #[must_use]
    pub fn union_replace(mut self, path: Path, value: Value) -> Self {
        self.union_replace.push((path, value));
        self
    }

    /// Rides on a confirmed commit.
    #[must_use]
    pub fn commit(mut self, id: impl Into<String>, action: CommitAction) -> Self {
        self.commit = Some(Commit { id: id.into(), action });
        self
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.delete.len() + self.union_replace.len() + self.replace.len() + self.update.len()
    }

    /// True without any operation; a commit extension is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the request.
    ///
    /// # Errors
    /// A value has no form in `encoding`.
    pub fn encode(self, encoding: Encoding) -> Result<proto::SetRequest, ValueError> {
        Ok(proto::SetRequest {
            prefix: None,
            delete: self.delete.into_iter().map(Into::into).collect(),
            replace: encode_all(self.replace, encoding)?,
            update: encode_all(self.update, encoding)?,
            union_replace: encode_all(self.union_replace, encoding)?,
            extension: self.commit.into_iter().map(Commit::encode).collect(),
        })
    }

    /// Reads a request, with full paths.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a bad path or value, a wildcard outside a deletion, too many operations, or changes
    /// beside a commit action that takes none; `UNIMPLEMENTED` for an extension that is not served.
    pub fn decode(wire: proto::SetRequest) -> Result<Self, Status> {
        let commit = commit_of(wire.extension)?;
        let prefix = Path::try_from(wire.prefix.unwrap_or_default()).map_err(invalid)?;
        let count = wire.delete.len() + wire.replace.len() + wire.update.len() + wire.union_replace.len();
        if count > MAX_OPERATIONS {
            return Err(Status::invalid_argument(format!(
                "{count} operations, the limit is {MAX_OPERATIONS}: send several requests"
            )));
        }
        let takes_none = commit.as_ref().is_some_and(|c| !matches!(c.action, CommitAction::Begin { .. }));
        if takes_none && count > 0 {
            return Err(Status::invalid_argument("commit: confirm, cancel and duration take no changes"));
        }
        let delete = wire.delete.into_iter().map(|path| Path::decode_below(&prefix, path).map_err(invalid));
        Ok(Self {
            delete: delete.collect::<Result<_, _>>()?,
            union_replace: decode_all(&prefix, wire.union_replace)?,
            replace: decode_all(&prefix, wire.replace)?,
            update: decode_all(&prefix, wire.update)?,
            commit,
        })
    }

    /// The reply of a target that took the changes at `at_ns` (nanoseconds since 1970).
    pub fn reply(self, at_ns: i64) -> proto::SetResponse {
        use proto::update_result::Operation;
        let paths = |list: Vec<(Path, Value)>| list.into_iter().map(|(path, _)| path).collect::<Vec<_>>();
        let done = [
            (Operation::Delete, self.delete),
            (Operation::UnionReplace, paths(self.union_replace)),
            (Operation::Replace, paths(self.replace)),
            (Operation::Update, paths(self.update)),
        ];
        let response = done.into_iter().flat_map(|(op, paths)| {
            paths.into_iter().map(move |path| proto::UpdateResult {
                path: Some(path.into()),
                op: op.into(),
                ..Default::default()
            })
        });
        proto::SetResponse { response: response.collect(), timestamp: at_ns, ..Default::default() }
    }
}

fn encode_all(list: Vec<(Path, Value)>, encoding: Encoding) -> Result<Vec<proto::Update>, ValueError> {
    let encoded = list.into_iter().map(|(path, value)| {
        let val = Some(value::encode(&value, encoding)?);
        Ok(proto::Update { path: Some(path.into()), val, ..Default::default() })
    });
    encoded.collect()
}

fn decode_all(prefix: &Path, list: Vec<proto::Update>) -> Result<Vec<(Path, Value)>, Status> {
    let decoded = list.into_iter().map(|update| {
        let path = Path::decode_below(prefix, update.path.unwrap_or_default()).map_err(invalid)?;
        if has_wildcard(&path) {
            return Err(Status::invalid_argument(format!("{path}: a wildcard names no place to write")));
        }
        let value = value::decode(update.val.unwrap_or_default())
            .map_err(|why| Status::invalid_argument(format!("{path}: {why}")))?;
        Ok((path, value))
    });
    decoded.collect()
}

pub(crate) fn invalid(why: impl std::fmt::Display) -> Status {
    Status::invalid_argument(why.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use tonic::Code;

    use super::*;

    fn path(text: &str) -> Path {
        text.parse().expect("a path of the test")
    }

    fn all_kinds() -> Changes {
        Changes::new()
            .delete(path("/a[k=1]"))
            .replace(path("/b"), json!({"x": 1}))
            .update(path("/c"), json!("y"))
            .union_replace(path("cli:/"), json!("hostname r1"))
            .commit("tx-1", CommitAction::Begin { rollback: Duration::from_secs(30) })
    }

    #[test]
    fn changes_survive_the_wire() {
        let wire = all_kinds().encode(Encoding::JsonIetf).expect("JSON takes all");
        assert_eq!(Changes::decode(wire).expect("our own request"), all_kinds());
    }

    #[test]
    fn the_prefix_is_joined() {
        let mut wire = Changes::new().delete(path("/b")).encode(Encoding::JsonIetf).expect("a deletion");
        wire.prefix = Some(path("/a").into());
        assert_eq!(Changes::decode(wire).expect("a prefix").delete, [path("/a/b")]);
    }

    #[test]
    fn the_reply_names_every_operation_in_order() {
        let reply = all_kinds().reply(5);
        let ops: Vec<i32> = reply.response.iter().map(|result| result.op).collect();
        assert_eq!((ops, reply.timestamp), (vec![1, 4, 2, 3], 5));
    }

    #[test]
    fn what_cannot_be_written_is_invalid() {
        let star = Changes::new().update(path("/a[k=*]/b"), json!(1));
        let confirm = Changes::new().delete(path("/a")).commit("x", CommitAction::Confirm);
        let many = Changes { delete: vec![path("/a"); MAX_OPERATIONS + 1], ..Changes::default() };
        for changes in [star, confirm, many] {
            let wire = changes.encode(Encoding::JsonIetf).expect("JSON takes all");
            assert_eq!(Changes::decode(wire).expect_err("invalid").code(), Code::InvalidArgument);
        }
        // The value of gNMI before 0.4 is not looked at, so nothing is there.
        let mut old = Changes::new().update(path("/a"), json!(1)).encode(Encoding::Json).expect("a number");
        old.update[0].val = None;
        assert_eq!(Changes::decode(old).expect_err("no value").code(), Code::InvalidArgument);
    }
}
