//! gNMI Set: one request is one valid change of running or none, and the commit-confirmed extension.

use model::{Span, Timestamp};

use super::{DEFAULT_CONFIRM, Datastore, Owner, Pending, SessionId, free};
use crate::{
    datastore::{
        diff::Change,
        edit::{self, Edit, Operation},
        path::{Path, Pattern, show},
        refusal::{Refusal, Tag},
        tree::{Branch, Step, Tree},
    },
    yang::{NodeId, Schema},
};

/// One operation of a Set.
#[derive(Clone, Debug, PartialEq)]
pub enum SetOp {
    /// Take away all that the pattern means; nothing there is no error.
    Delete(Pattern),
    /// Empty the whole configuration.
    Clear,
    /// Put content at a place, making the way to it.
    Put {
        /// The container or list entry that the edits stand in; empty for the top.
        way: Path,
        /// A leaf-list whose entries make room first.
        fresh: Option<NodeId>,
        /// The edits.
        edits: Vec<Edit>,
    },
}

/// What the commit-confirmed extension of a Set says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Confirmation {
    /// The extension is not there: the change stays.
    #[default]
    Final,
    /// The change reverts unless it is confirmed in time.
    Commit {
        /// The client's name for it.
        id: String,
        /// The time; ten minutes where absent.
        within: Option<Span>,
    },
    /// The commit of that id stays.
    Confirm {
        /// The commit's id.
        id: String,
    },
    /// The commit of that id is reverted.
    Cancel {
        /// The commit's id.
        id: String,
    },
    /// The commit of that id waits this long from now.
    Extend {
        /// The commit's id.
        id: String,
        /// The time.
        within: Span,
    },
}

impl Datastore {
    /// Applies a gNMI Set to running.
    ///
    /// # Errors
    /// `in-use` when a NETCONF session holds a lock or a commit waits that this request may not touch; `invalid-value` for
    /// a wrong id; otherwise what the edits or libyang refuse. Nothing changes then.
    pub fn set(
        &mut self,
        ops: &[SetOp],
        confirmation: Confirmation,
        now: Timestamp,
    ) -> Result<Vec<Change>, Refusal> {
        let client = SessionId(0);
        free(self.lock_running, client, "running")?;
        free(self.lock_candidate, client, "candidate")?;
        let (id, action) = match confirmation {
            Confirmation::Final => return self.set_now(ops, None, now),
            Confirmation::Commit { id, within } => {
                let pending = (id, within.unwrap_or(DEFAULT_CONFIRM));
                return self.set_now(ops, Some(pending), now);
            }
            Confirmation::Confirm { id } => (id, None),
            Confirmation::Cancel { id } => (id, Some(None)),
            Confirmation::Extend { id, within } => (id, Some(Some(within))),
        };
        if !ops.is_empty() {
            let message = "a Set that confirms, cancels or extends a commit carries no change";
            return Err(Refusal::new(Tag::InvalidValue, message));
        }
        let pending = self.waiting(&id)?;
        match action {
            None => self.pending = None,
            Some(None) => return Ok(self.revert()),
            Some(Some(within)) => pending.deadline = now + within,
        }
        Ok(Vec::new())
    }

    fn set_now(
        &mut self,
        ops: &[SetOp],
        wait: Option<(String, Span)>,
        now: Timestamp,
    ) -> Result<Vec<Change>, Refusal> {
        if self.pending.is_some() {
            let message = "a commit waits to be confirmed; confirm or cancel it first";
            return Err(Refusal::new(Tag::InUse, message));
        }
        let mut wanted = self.running.clone();
        for op in ops {
            apply(&self.schema, &mut wanted, op)?;
        }
        let before = self.running.clone();
        self.accept_after(&before, &wanted)?;
        if let Some((id, within)) = wait {
            self.pending = Some(Pending { before, deadline: now + within, owner: Owner::Gnmi(id) });
        }
        Ok(self.install(wanted))
    }

    fn waiting(&mut self, id: &str) -> Result<&mut Pending, Refusal> {
        let none = || Refusal::new(Tag::InUse, "no gNMI commit waits to be confirmed");
        let pending = self.pending.as_mut().ok_or_else(none)?;
        match &pending.owner {
            Owner::Gnmi(owner) if owner == id => Ok(pending),
            Owner::Gnmi(_) => {
                Err(Refusal::new(Tag::InvalidValue, "the id is not that of the commit that waits"))
            }
            _ => Err(none()),
        }
    }
}

fn apply(schema: &Schema, tree: &mut Tree, op: &SetOp) -> Result<(), Refusal> {
    match op {
        SetOp::Clear => tree.root_mut().clear(),
        SetOp::Delete(pattern) if pattern.0.is_empty() => tree.root_mut().clear(),
        SetOp::Delete(pattern) => {
            let found: Vec<Path> = pattern.select(tree).into_iter().map(|(path, _)| path).collect();
            for path in found {
                let last = path.last().map(|step| step.node);
                if last.is_some_and(|node| schema.node(node).is_key) {
                    let message = "a key cannot be deleted: delete its list entry";
                    return Err(Refusal::new(Tag::InvalidValue, message).at(show(schema, &path)));
                }
                take_away(schema, tree.root_mut(), &path);
            }
        }
        SetOp::Put { way, fresh, edits } => {
            if let Some(node) = fresh {
                let instances: Vec<Path> = instances(tree, way, *node);
                instances.iter().for_each(|path| take_away(schema, tree.root_mut(), path));
            }
            let edits = Edit::nested(way, edits.clone());
            edit::apply(schema, tree, &edits, Operation::Merge)?;
        }
    }
    Ok(())
}

fn instances(tree: &Tree, way: &Path, node: NodeId) -> Vec<Path> {
    let inside = if way.is_empty() {
        Some(tree.root())
    } else {
        tree.get(way).and_then(|item| match item {
            crate::datastore::Item::Branch(branch) => Some(branch.as_ref()),
            crate::datastore::Item::Leaf(_) => None,
        })
    };
    let steps = inside.into_iter().flat_map(|branch| branch.instances(node));
    steps.map(|(step, _)| way.iter().chain([step]).cloned().collect()).collect()
}

/// Removes what stands at a path, and every container above that means nothing without it.
fn take_away(schema: &Schema, branch: &mut Branch, path: &[Step]) {
    let Some((step, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        branch.remove(step);
        return;
    }
    if branch.branch(step).is_some()
        && let Some(inside) = branch.enter(schema, step)
    {
        take_away(schema, inside, rest);
        branch.prune(schema, step);
    }
}
