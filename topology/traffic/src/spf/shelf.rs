//! Trees that were grown, as many as memory allows. What is put away again is grown again when it is asked for: answers do
//! not depend on it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::tree::{Root, Tree};

/// So much memory may the trees of one layer take.
const BYTES: usize = 64 << 20;

/// At least so many trees are kept, however large the network.
const LEAST: usize = 64;

/// Trees by root; the oldest goes first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    trees: BTreeMap<Root, Arc<Tree>>,
    age: VecDeque<Root>,
}

impl Shelf {
    pub(crate) fn get(&self, root: Root) -> Option<Arc<Tree>> {
        self.trees.get(&root).cloned()
    }

    /// Keeps a tree of a network of so many nodes.
    pub(crate) fn put(&mut self, tree: Arc<Tree>, nodes: usize) {
        let most = (BYTES / (8 * nodes.max(1))).max(LEAST);
        while self.age.len() >= most {
            let Some(oldest) = self.age.pop_front() else { break };
            self.trees.remove(&oldest);
        }
        let root = tree.root();
        if self.trees.insert(root, tree).is_none() {
            self.age.push_back(root);
        }
    }
}

#[cfg(test)]
mod tests {
    use model::NodeIx;

    use super::*;

    #[test]
    fn a_large_network_keeps_fewer_trees_than_it_has_nodes() {
        let nodes = 50_000;
        let mut shelf = Shelf::default();
        for node in 0..200 {
            shelf.put(Arc::new(Tree::bare(Root::To(NodeIx(node)))), nodes);
        }
        assert_eq!(shelf.trees.len(), (64 << 20) / (8 * nodes));
        assert!(shelf.get(Root::To(NodeIx(0))).is_none());
        assert!(shelf.get(Root::To(NodeIx(199))).is_some());
    }
}
