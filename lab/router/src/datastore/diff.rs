//! What differs between two trees. Shared parts are not looked into, so the cost is that of the change.

use std::sync::Arc;

use super::{
    path::Path,
    tree::{Branch, Item, Step, Tree},
};

/// How a place differs.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeKind {
    /// It is new, with all below it.
    Created(Item),
    /// It is gone, with all below it.
    Deleted,
    /// It is a leaf with another value.
    Modified(Item),
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where.
    pub path: Path,
    /// How.
    pub kind: ChangeKind,
}

/// All differences: the topmost node of everything new or gone, and every changed leaf. Per level, what is gone comes first,
/// so that one who follows never holds two cases of a choice at once.
pub fn changes(old: &Tree, new: &Tree) -> Vec<Change> {
    changes_where(old, new, &|_| true)
}

/// The differences at places that the test accepts. It is asked on the way down, so it must accept what leads to a place;
/// what it does not accept is not looked into.
pub fn changes_where(old: &Tree, new: &Tree, wanted: &dyn Fn(&[Step]) -> bool) -> Vec<Change> {
    let mut found = Vec::new();
    if !old.is_same(new) {
        compare(old.root(), new.root(), wanted, &mut Vec::new(), &mut found);
    }
    found
}

fn compare(
    old: &Branch,
    new: &Branch,
    wanted: &dyn Fn(&[Step]) -> bool,
    way: &mut Path,
    found: &mut Vec<Change>,
) {
    let mut note = |step: &Step, kind| {
        way.push(step.clone());
        if wanted(way) {
            found.push(Change { path: way.clone(), kind });
        }
        way.pop();
    };
    for (step, _) in old.iter().filter(|(step, _)| new.get(step).is_none()) {
        note(step, ChangeKind::Deleted);
    }
    for (step, item) in new.iter() {
        match (old.get(step), item) {
            (None, _) => note(step, ChangeKind::Created(item.clone())),
            (Some(before), _) if before.is_same(item) => {}
            (Some(Item::Branch(_)), Item::Branch(_)) => {}
            _ => note(step, ChangeKind::Modified(item.clone())),
        }
    }
    for (step, item) in new.iter() {
        if let (Some(Item::Branch(before)), Item::Branch(now)) = (old.get(step), item)
            && !Arc::ptr_eq(before, now)
        {
            way.push(step.clone());
            if wanted(way) {
                compare(before, now, wanted, way, found);
            }
            way.pop();
        }
    }
}
