use router::{datastore::Tag, plan::RouterPlan};

use super::*;
use crate::fixture::{layout, set, steering, unconfigured};

/// A plan of routers of these names. Nothing is read of its files.
fn plan(names: &[&str]) -> Plan {
    let nowhere = "127.0.0.1:0".parse().unwrap();
    let router = |name: &&str| RouterPlan {
        name: NodeId::lit(name),
        netconf: nowhere,
        netconf_tls: None,
        gnmi: nowhere,
        host_key: "host.key".into(),
        certificate: "router.pem".into(),
        key: "router.key".into(),
        commit_confirmed: false,
        config: None,
    };
    Plan {
        api_version: "trunkline/v1".to_owned(),
        kind: "Routers".to_owned(),
        client_authority: "ca.pem".into(),
        users: Vec::new(),
        routers: names.iter().map(router).collect(),
    }
}

fn lab() -> Lab {
    let posts = of_plan(post::posts(&layout()).unwrap(), &plan(&["a", "b"]));
    Lab { posts, pace: Pace::of(4), every: OFTEN }
}

#[test]
fn the_posts_of_other_routers_are_not_kept_and_the_pace_stays_that_of_the_whole_lab() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("layout.json");
    std::fs::write(&file, serde_json::to_vec(&layout()).unwrap()).unwrap();
    let [whole, alone] = [&["a", "b"][..], &["b"][..]].map(|names| Lab::read(&file, &plan(names)).unwrap());
    assert_eq!(whole.posts, lab().posts);
    assert_eq!(alone.posts.keys().collect::<Vec<_>>(), [&NodeId::lit("b")]);
    assert_eq!(alone.posts.get(&NodeId::lit("b")), whole.posts.get(&NodeId::lit("b")));
    assert_eq!((alone.pace, alone.every), (whole.pace, whole.every));
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
