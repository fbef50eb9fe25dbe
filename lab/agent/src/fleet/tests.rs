use router::datastore::Tag;

use super::*;
use crate::fixture::{layout, set, steering, unconfigured};

fn lab() -> Lab {
    Lab { posts: post::posts(&layout()).unwrap(), pace: Pace::of(4), every: OFTEN }
}

#[test]
fn a_router_of_the_lab_keeps_what_it_took_and_takes_what_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let router = unconfigured();
    lab().bind(&router, folder.path()).unwrap();
    let kept = Kept::of(folder.path(), router.name());
    assert_eq!(set(&router, &steering("elsewhere", 7)).unwrap_err().tag, Tag::OperationNotSupported);
    assert_eq!(kept.found(), None);
    assert_eq!(set(&router, &steering("bank", 7)), Ok(true));
    assert!(kept.found().is_some(), "as soon as it is taken");
}

#[test]
fn a_router_of_another_lab_is_a_stranger() {
    let mut lab = lab();
    lab.posts.clear();
    let refused = lab.bind(&unconfigured(), Path::new("/nowhere")).unwrap_err();
    assert_eq!(refused.to_string(), "the lab has no router a");
}
