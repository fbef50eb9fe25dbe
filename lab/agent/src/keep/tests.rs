use router::datastore::{Operation, edit};
use tempfile::TempDir;

use super::*;
use crate::fixture::{named, schema};

fn node(name: &str) -> NodeId {
    NodeId::lit(name)
}

/// What a router that starts now comes back with.
fn found(folder: &TempDir, name: &str) -> Option<Tree> {
    let text = fs::read_to_string(Kept::of(folder.path(), &node(name)).found()?).unwrap();
    let edits =
        json::read_members(&schema(), None, &Vec::new(), &serde_json::from_str(&text).unwrap()).unwrap();
    let mut tree = Tree::default();
    edit::apply(&schema(), &mut tree, &edits, Operation::Merge).unwrap();
    Some(tree)
}

#[test]
fn what_was_kept_last_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(found(&folder, "a"), None, "nothing was kept");
    let kept = Kept::of(folder.path(), &node("a"));
    for name in ["one", "two"] {
        kept.keep(&schema(), &named(name)).unwrap();
        assert_eq!(found(&folder, "a"), Some(named(name)));
    }
    // A router that came back goes on where it was.
    Kept::of(folder.path(), &node("a")).keep(&schema(), &Tree::default()).unwrap();
    assert_eq!(found(&folder, "a"), Some(Tree::default()));
}

#[test]
fn the_same_configuration_is_not_written_twice() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Kept::of(folder.path(), &node("a"));
    let one = named("one");
    kept.keep(&schema(), &one).unwrap();
    fs::remove_file(kept.found().unwrap()).unwrap();
    kept.keep(&schema(), &one.clone()).unwrap();
    assert_eq!(kept.found(), None, "it was written already");
    kept.keep(&schema(), &named("two")).unwrap();
    assert_eq!(found(&folder, "a"), Some(named("two")));
}

#[test]
fn what_cannot_be_written_leaves_the_last_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Kept::of(folder.path(), &node("a"));
    kept.keep(&schema(), &named("one")).unwrap();
    let in_the_way = folder.path().join("a.running.new");
    fs::create_dir(&in_the_way).unwrap();
    let two = named("two");
    kept.keep(&schema(), &two).unwrap_err();
    assert_eq!(found(&folder, "a"), Some(named("one")));
    fs::remove_dir(&in_the_way).unwrap();
    kept.keep(&schema(), &two).unwrap();
    assert_eq!(found(&folder, "a"), Some(two), "what failed is tried again");
}

#[test]
fn half_of_a_configuration_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.running.new"), "{\"openconfig-sys").unwrap();
    assert_eq!(found(&folder, "a"), None);
    Kept::of(folder.path(), &node("a")).keep(&schema(), &named("one")).unwrap();
    assert_eq!(found(&folder, "a"), Some(named("one")));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the half is gone");
}

#[test]
fn each_router_has_a_file_of_its_own_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a_b", "a/b", "a:b", "a~b", "a~2fb", "a@b", "a+b", "../b", "..", "ä"];
    for name in names {
        Kept::of(folder.path(), &node(name)).keep(&schema(), &named(&format!("of-{}", name.len()))).unwrap();
    }
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), names.len());
}
