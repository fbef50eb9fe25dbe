use model::Span;
use serde_json::json;

use super::*;
use crate::datastore::{
    edit::Content,
    fixture::{base, edits, interface, policies, schema, tree},
    json::write_tree,
};

const ONE: SessionId = SessionId(1);
const TWO: SessionId = SessionId(2);

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn named(name: &str) -> Vec<Edit> {
    edits(&json!({"openconfig-system:system": {"config": {"hostname": name}}}))
}

fn store() -> Datastore {
    Datastore::new(schema(), tree(&base())).unwrap()
}

fn name(tree: &Tree) -> Option<String> {
    let system = schema().at("system").unwrap();
    let config = schema().at("system/config").unwrap();
    let leaf = schema().at("system/config/hostname").unwrap();
    let path = [system, config, leaf].map(crate::datastore::Step::plain);
    tree.get(&path).map(|item| match item {
        crate::datastore::Item::Leaf(value) => value.to_string(),
        crate::datastore::Item::Branch(_) => panic!("a leaf"),
    })
}

fn prepare(store: &mut Datastore, who: SessionId, wanted: &str) -> Result<(), Refusal> {
    store.edit(who, &named(wanted), Operation::Merge, TestOption::Set)
}

#[test]
fn nothing_is_running_before_it_is_committed() {
    let mut store = store();
    prepare(&mut store, ONE, "a").unwrap();
    assert_eq!((name(store.running()), name(store.candidate())), (None, Some("a".into())));
    let changes = store.commit(ONE, CommitRequest::default(), at(0)).unwrap();
    assert_eq!((changes.len(), name(store.running())), (1, Some("a".into())));
    assert!(store.candidate().is_same(store.running()));
}

#[test]
fn an_edit_that_changes_nothing_leaves_the_candidate_clean() {
    let mut store = store();
    store.edit(ONE, &edits(&base()), Operation::Merge, TestOption::Set).unwrap();
    assert!(store.lock(Target::Candidate, TWO).is_ok(), "a clean candidate can be locked");
}

#[test]
fn wrong_values_are_refused_at_once_and_wrong_wholes_at_validation() {
    let mut store = store();
    let before = store.candidate().clone();
    let bad = |content| edits(&content);
    let wrong = bad(json!({"openconfig-system:system": {"config": {"hostname": "-no-"}}}));
    let refusal = store.edit(ONE, &wrong, Operation::Merge, TestOption::Set).unwrap_err();
    assert_eq!(refusal.tag, Tag::InvalidValue);
    assert_eq!(refusal.path.as_deref(), Some("/openconfig-system:system/config/hostname"));
    let color_zero = bad(
        json!({"openconfig-network-instance:network-instances": {"network-instance": [{"name": "default",
        "trunkline-sr-policy:sr-policies": {"sr-policy": [{"color": 0, "endpoint": "10.0.0.1"}]}}]}}),
    );
    assert_eq!(
        store.edit(ONE, &color_zero, Operation::Merge, TestOption::Set).unwrap_err().tag,
        Tag::InvalidValue
    );
    assert!(store.candidate().is_same(&before));

    let half = bad(json!({"openconfig-interfaces:interfaces": {"interface": [{"name": "eth9"}]}}));
    let refusal = store.edit(ONE, &half, Operation::Merge, TestOption::TestThenSet).unwrap_err();
    assert_eq!(refusal.tag, Tag::OperationFailed);
    assert!(store.candidate().is_same(&before));
    store.edit(ONE, &half, Operation::Merge, TestOption::Set).unwrap();
    assert!(store.validate(Target::Candidate).is_err());
    let running = store.running().clone();
    assert!(store.commit(ONE, CommitRequest::default(), at(0)).is_err());
    assert!(store.running().is_same(&running), "running is the very same tree");
    store.discard(ONE).unwrap();
    assert!(store.validate(Target::Candidate).is_ok());
}

#[test]
fn of_an_edit_that_is_good_in_one_part_and_bad_in_another_nothing_stays() {
    let mut store = store();
    prepare(&mut store, ONE, "earlier").unwrap();
    let before = store.candidate().clone();
    let interface = |content| edits(&json!({"openconfig-interfaces:interfaces": {"interface": [content]}}));
    let mut absent = interface(json!({"name": "eth9"}));
    let Content::Branch(inside) = &mut absent[0].content else { panic!("an interfaces container") };
    inside[0].operation = Some(Operation::Delete);
    let wrong = interface(json!({"name": "eth2", "config": {"type": "iana-if-type:noSuchType"}}));
    let half = interface(json!({"name": "eth9"}));
    for (bad, tag) in [(absent, Tag::DataMissing), (wrong, Tag::InvalidValue), (half, Tag::OperationFailed)] {
        for parts in [[named("good"), bad.clone()], [bad.clone(), named("good")]] {
            let refusal =
                store.edit(ONE, &parts.concat(), Operation::Merge, TestOption::TestThenSet).unwrap_err();
            assert_eq!(refusal.tag, tag, "{refusal}");
            assert!(store.candidate().is_same(&before), "{refusal}: the very same tree as before");
        }
    }
    store.commit(ONE, CommitRequest::default(), at(0)).unwrap();
    assert_eq!(name(store.running()).as_deref(), Some("earlier"), "what was staged before is all there is");
}

#[test]
fn the_constraints_of_our_own_modules_hold() {
    let mut store = store();
    let mut refused = |content: serde_json::Value, why: &str| {
        let refusal = store.edit(ONE, &edits(&content), Operation::Merge, TestOption::TestOnly).unwrap_err();
        assert!(refusal.message.contains(why), "{refusal}");
    };
    let in_instance = |name: &str, policy: serde_json::Value| {
        json!({"openconfig-network-instance:network-instances": {"network-instance": [{"name": name,
            "config": {"name": name, "type": "openconfig-network-instance-types:L3VRF"},
            "trunkline-sr-policy:sr-policies": {"sr-policy": [policy]}}]}})
    };
    let path = |lists: serde_json::Value| {
        json!({"color": 1, "endpoint": "10.0.0.1", "candidate-paths": {"candidate-path": [{
            "protocol-origin": "local", "originator": "x", "discriminator": 1, "segment-lists": lists}]}})
    };
    let list = |segments: serde_json::Value| {
        path(json!({"segment-list": [{"name": "1", "segments": {"segment": segments}}]}))
    };
    refused(in_instance("default", path(json!({}))), "Too few");
    refused(in_instance("default", list(json!([]))), "Too few");
    refused(in_instance("default", list(json!([{"index": 0}]))), "andatory");
    let mixed = json!([{"index": 0, "label": 16001}, {"index": 1, "srv6-sid": "fd00::1"}]);
    refused(in_instance("default", list(mixed)), "never both");
    let fine = json!([{"index": 0, "label": 16001}]);
    refused(in_instance("blue", list(fine)), "'default'");
}

#[test]
fn a_lock_keeps_others_out_and_ends_with_its_session() {
    let mut store = store();
    store.lock(Target::Candidate, ONE).unwrap();
    let denied = store.lock(Target::Candidate, TWO).unwrap_err();
    assert_eq!((denied.tag, denied.holder), (Tag::LockDenied, Some(ONE)));
    assert_eq!(prepare(&mut store, TWO, "b").unwrap_err().tag, Tag::InUse);
    assert_eq!(store.discard(TWO).unwrap_err().tag, Tag::InUse);
    assert_eq!(store.unlock(Target::Candidate, TWO).unwrap_err().tag, Tag::OperationFailed);
    assert!(store.set(&[SetOp::Clear], Confirmation::Final, at(0)).is_err(), "gNMI is kept out too");
    prepare(&mut store, ONE, "a").unwrap();
    store.session_ended(ONE);
    assert!(store.candidate().is_same(store.running()), "what was prepared under the lock is gone");
    prepare(&mut store, TWO, "b").unwrap();
    let dirty = store.lock(Target::Candidate, ONE).unwrap_err();
    assert_eq!((dirty.tag, dirty.holder), (Tag::LockDenied, Some(SessionId(0))));
}

#[test]
fn a_confirmed_commit_reverts_in_time_unless_confirmed() {
    let confirmed = || CommitRequest { confirmed: Some(Span::from_secs(10)), ..CommitRequest::default() };
    let mut store = store();
    let before = store.running().clone();
    prepare(&mut store, ONE, "a").unwrap();
    store.commit(ONE, confirmed(), at(0)).unwrap();
    assert!(store.expire(at(9)).is_empty());
    assert_eq!(store.deadline(), Some(at(10)));
    prepare(&mut store, ONE, "b").unwrap();
    store.commit(ONE, confirmed(), at(9)).unwrap();
    assert_eq!(store.deadline(), Some(at(19)), "a follow-up extends the timer");
    assert_eq!(store.expire(at(19)).len(), 1);
    assert!(store.running().is_same(&before), "and goes back to before the first");

    prepare(&mut store, ONE, "c").unwrap();
    store.commit(ONE, confirmed(), at(20)).unwrap();
    store.commit(ONE, CommitRequest::default(), at(21)).unwrap();
    assert!(store.expire(at(999)).is_empty());
    assert_eq!(name(store.running()).as_deref(), Some("c"));
}

#[test]
fn gnmi_sees_and_obeys_the_pending_commit_of_netconf() {
    let mut store = store();
    prepare(&mut store, ONE, "a").unwrap();
    let request =
        CommitRequest { confirmed: Some(Span::from_secs(10)), persist: Some("tx1".into()), persist_id: None };
    store.commit(ONE, request, at(0)).unwrap();
    store.session_ended(ONE);
    assert_eq!(name(store.running()).as_deref(), Some("a"), "persistent: the session's end does not revert");
    let put = [SetOp::Put { way: Vec::new(), fresh: None, edits: named("g") }];
    assert_eq!(store.set(&put, Confirmation::Final, at(1)).unwrap_err().tag, Tag::InUse);
    let confirm = Confirmation::Confirm { id: "tx1".into() };
    assert_eq!(store.set(&[], confirm, at(1)).unwrap_err().tag, Tag::InUse, "it is not gNMI's");
    assert_eq!(store.cancel_commit(TWO, Some("tx2")).unwrap_err().tag, Tag::InvalidValue);
    store.cancel_commit(TWO, Some("tx1")).unwrap();
    store.set(&put, Confirmation::Final, at(2)).unwrap();
    assert_eq!(name(store.running()).as_deref(), Some("g"));
}

#[test]
fn a_set_is_all_or_nothing_and_empties_containers_behind_it() {
    let mut store = store();
    let before = store.running().clone();
    let interfaces = schema().at("interfaces").unwrap();
    let interface_list = schema().at("interfaces/interface").unwrap();
    let level = |node, keys| crate::datastore::path::PatternStep { node, keys };
    let all = Pattern(vec![level(interfaces, vec![]), level(interface_list, vec![None])]);
    let bad = edits(&json!({"openconfig-interfaces:interfaces": {"interface": [{"name": "eth5"}]}}));
    let ops = [SetOp::Delete(all.clone()), SetOp::Put { way: Vec::new(), fresh: None, edits: bad }];
    assert!(store.set(&ops, Confirmation::Final, at(0)).is_err());
    assert!(store.running().is_same(&before));
    store.set(&[SetOp::Delete(all)], Confirmation::Final, at(0)).unwrap();
    assert!(!write_tree(&schema(), store.running()).contains("interfaces"));
}

use crate::datastore::path::Pattern;

/// One thing that a client, or time, may do.
#[derive(Clone, Copy, Debug)]
enum Act {
    Edit(SessionId),
    Commit(SessionId),
    Confirmed(SessionId),
    Persist(SessionId),
    Follow(SessionId, &'static str),
    Cancel(SessionId, Option<&'static str>),
    End(SessionId),
    Time,
    Set,
    SetPending,
    GnmiConfirm(&'static str),
    GnmiCancel(&'static str),
}

const ACTS: [Act; 16] = [
    Act::Edit(ONE),
    Act::Commit(ONE),
    Act::Commit(TWO),
    Act::Confirmed(ONE),
    Act::Persist(ONE),
    Act::Follow(TWO, "tx"),
    Act::Follow(TWO, "no"),
    Act::Cancel(ONE, None),
    Act::Cancel(TWO, Some("tx")),
    Act::End(ONE),
    Act::Time,
    Act::Set,
    Act::SetPending,
    Act::GnmiConfirm("g"),
    Act::GnmiCancel("g"),
    Act::GnmiConfirm("other"),
];

fn act(store: &mut Datastore, act: Act, step: usize) -> Result<(), Refusal> {
    let now = at(step as u64);
    let wait = Some(Span::from_secs(60));
    let fresh = format!("n{step}");
    let put = [SetOp::Put { way: Vec::new(), fresh: None, edits: named(&fresh) }];
    let request = |confirmed, persist: Option<&str>, persist_id: Option<&str>| CommitRequest {
        confirmed,
        persist: persist.map(Into::into),
        persist_id: persist_id.map(Into::into),
    };
    match act {
        Act::Edit(who) => prepare(store, who, &fresh),
        Act::Commit(who) => store.commit(who, request(None, None, None), now).map(drop),
        Act::Confirmed(who) => store.commit(who, request(wait, None, None), now).map(drop),
        Act::Persist(who) => store.commit(who, request(wait, Some("tx"), None), now).map(drop),
        Act::Follow(who, id) => store.commit(who, request(None, None, Some(id)), now).map(drop),
        Act::Cancel(who, id) => store.cancel_commit(who, id).map(drop),
        Act::End(who) => {
            store.session_ended(who);
            Ok(())
        }
        Act::Time => {
            store.expire(at(3600));
            Ok(())
        }
        Act::Set => store.set(&put, Confirmation::Final, now).map(drop),
        Act::SetPending => {
            store.set(&put, Confirmation::Commit { id: "g".into(), within: None }, now).map(drop)
        }
        Act::GnmiConfirm(id) => store.set(&[], Confirmation::Confirm { id: id.into() }, now).map(drop),
        Act::GnmiCancel(id) => store.set(&[], Confirmation::Cancel { id: id.into() }, now).map(drop),
    }
}

/// Whether an act, when it ends a wait, ends it by going back.
fn reverts(act: Act) -> bool {
    matches!(act, Act::Cancel(..) | Act::End(_) | Act::Time | Act::GnmiCancel(_))
}

/// Walks every sequence of acts to a depth, checking each step against what must hold.
fn walk(store: &Datastore, before: Option<&Tree>, depth: usize, trace: &mut Vec<Act>, seen: &mut usize) {
    for next in ACTS {
        let mut copy = Datastore {
            schema: store.schema.clone(),
            startup: store.startup.clone(),
            running: store.running.clone(),
            candidate: store.candidate.clone(),
            accepted: store.accepted.clone(),
            judge: store.judge.clone(),
            pending: store.pending.clone(),
            ..*store
        };
        trace.push(next);
        *seen += 1;
        let outcome = act(&mut copy, next, trace.len());
        if outcome.is_err() {
            assert!(copy.running.is_same(&store.running), "{trace:?}: refused, yet running changed");
            assert_eq!(copy.candidate, store.candidate, "{trace:?}: refused, yet the candidate changed");
            assert_eq!(copy.pending, store.pending, "{trace:?}: refused, yet the wait changed");
        }
        match (before, copy.pending.is_some()) {
            (Some(before), false) if reverts(next) => {
                assert!(
                    copy.running.is_same(before),
                    "{trace:?}: running is not what it was before the commit"
                );
            }
            (Some(_), false) => {
                let kept = copy.running.is_same(&store.running) || copy.running == *store.candidate();
                assert!(kept, "{trace:?}: confirmed, yet running is neither the pending nor the candidate");
            }
            (None, true) => {
                let back = copy.pending.as_ref().unwrap();
                assert!(back.before.is_same(&store.running), "{trace:?}: it would go back to something else");
            }
            _ => {}
        }
        let image = if copy.pending.is_some() { before.or(Some(&store.running)) } else { None };
        if depth > 1 {
            walk(&copy, image, depth - 1, trace, seen);
        } else if let Some(image) = image {
            copy.expire(at(7200));
            assert!(copy.running.is_same(image), "{trace:?}: time did not bring the old configuration back");
        }
        trace.pop();
    }
}

#[test]
fn every_order_of_commits_ends_with_what_was_confirmed_or_what_was_before() {
    let mut seen = 0;
    walk(&store(), None, 4, &mut Vec::new(), &mut seen);
    assert_eq!(seen, 16 + 16 * 16 + 16usize.pow(3) + 16usize.pow(4));
}

#[test]
fn one_edited_segment_is_one_change() {
    let mut store = store();
    store.edit(ONE, &edits(&policies(20, 3)), Operation::Merge, TestOption::Set).unwrap();
    store.commit(ONE, CommitRequest::default(), at(0)).unwrap();
    let mut again = edits(&policies(20, 3));
    let first = |all: &mut Vec<Edit>| -> Vec<Edit> {
        let Content::Branch(inside) = &all[0].content else { panic!("a container") };
        inside.clone()
    };
    assert_eq!(first(&mut again).len(), 1);
    let renamed = json!({"openconfig-network-instance:network-instances": {"network-instance": [{"name": "default",
        "trunkline-sr-policy:sr-policies": {"sr-policy": [
            {"color": 7, "endpoint": "10.0.0.8", "name": "renamed"}]}}]}});
    store.edit(ONE, &edits(&renamed), Operation::Merge, TestOption::TestThenSet).unwrap();
    let changes = store.commit(ONE, CommitRequest::default(), at(1)).unwrap();
    let shown: Vec<_> = changes.iter().map(|c| crate::datastore::path::show(&schema(), &c.path)).collect();
    assert_eq!(
        shown,
        ["/openconfig-network-instance:network-instances/network-instance[name='default']\
          /trunkline-sr-policy:sr-policies/sr-policy[color='7'][endpoint='10.0.0.8']/name"]
    );
}

#[test]
fn an_interface_may_go_while_another_comes() {
    let mut store = store();
    let next = json!({"openconfig-interfaces:interfaces": {"interface": [interface("eth3")]}});
    store.edit(ONE, &edits(&next), Operation::Replace, TestOption::TestThenSet).unwrap();
    let changes = store.commit(ONE, CommitRequest::default(), at(0)).unwrap();
    assert_eq!(changes.len(), 4, "two interfaces and the network instances went, one interface came");
}

#[test]
fn a_restart_brings_back_what_it_started_with_and_forgets_all_else() {
    let mut store = store();
    let start = store.running().clone();
    store.lock(Target::Running, ONE).unwrap();
    prepare(&mut store, ONE, "kept").unwrap();
    store.commit(ONE, CommitRequest::default(), at(0)).unwrap();
    prepare(&mut store, ONE, "waits").unwrap();
    let confirmed = Some(Span::from_secs(60));
    store.commit(ONE, CommitRequest { confirmed, ..CommitRequest::default() }, at(1)).unwrap();
    prepare(&mut store, ONE, "prepared").unwrap();
    assert_eq!(store.restart().len(), 1);
    assert!(store.running().is_same(&start) && store.candidate().is_same(&start));
    assert_eq!(store.deadline(), None);
    assert!(store.session_ended(ONE).is_empty(), "the old session has nothing here any more");
    assert!(store.lock(Target::Running, TWO).is_ok() && store.lock(Target::Candidate, TWO).is_ok());
}

/// A judge that knows one name that is too much.
fn no_bad_names(tree: &Tree) -> Result<(), String> {
    match name(tree).as_deref() {
        Some("bad") => Err("no host is called bad; choose another".into()),
        _ => Ok(()),
    }
}

#[test]
fn what_the_router_cannot_carry_out_is_refused_on_every_way_to_running() {
    let mut store = store();
    store.judged_by(no_bad_names);
    let before = store.running().clone();
    let is_told = |outcome: Result<(), Refusal>| {
        let refusal = outcome.unwrap_err();
        let told = (refusal.tag, refusal.message.as_str());
        assert_eq!(told, (Tag::OperationNotSupported, "no host is called bad; choose another"));
    };
    for test in [TestOption::TestThenSet, TestOption::TestOnly] {
        is_told(store.edit(ONE, &named("bad"), Operation::Merge, test));
    }
    prepare(&mut store, ONE, "bad").unwrap();
    is_told(store.validate(Target::Candidate));
    is_told(store.validate_inline(&named("bad")));
    let confirmed = CommitRequest { confirmed: Some(Span::from_secs(10)), ..CommitRequest::default() };
    for request in [CommitRequest::default(), confirmed] {
        is_told(store.commit(ONE, request, at(0)).map(drop));
    }
    assert_eq!(name(store.candidate()).as_deref(), Some("bad"), "what was prepared is there to be mended");
    let put = [SetOp::Put { way: Vec::new(), fresh: None, edits: named("bad") }];
    for confirmation in [Confirmation::Final, Confirmation::Commit { id: "g".into(), within: None }] {
        is_told(store.set(&put, confirmation, at(0)).map(drop));
    }
    assert!(store.running().is_same(&before) && store.deadline().is_none(), "nothing was taken");
    prepare(&mut store, ONE, "good").unwrap();
    store.validate(Target::Candidate).unwrap();
    assert_eq!(store.commit(ONE, CommitRequest::default(), at(1)).unwrap().len(), 1);
}

#[test]
fn what_a_router_had_before_its_judge_came_stays_until_somebody_changes_it() {
    let mut store = store();
    prepare(&mut store, ONE, "bad").unwrap();
    store.commit(ONE, CommitRequest::default(), at(0)).unwrap();
    let more = edits(&json!({"openconfig-interfaces:interfaces": {"interface": [interface("eth3")]}}));
    store.edit(ONE, &more, Operation::Merge, TestOption::TestThenSet).unwrap();
    store.judged_by(no_bad_names);
    store.judged_by(|_| Ok(()));
    let refused = store.validate(Target::Candidate).unwrap_err();
    assert_eq!(refused.tag, Tag::OperationNotSupported, "it was accepted before the judge came: {refused}");
    store.discard(ONE).unwrap();
    for target in [Target::Running, Target::Candidate] {
        assert_eq!(store.validate(target).unwrap_err().tag, Tag::OperationNotSupported);
    }
    // A way back is never closed.
    let wait = Confirmation::Commit { id: "g".into(), within: Some(Span::from_secs(10)) };
    store.set(&[SetOp::Clear], wait, at(1)).unwrap();
    assert!(!store.expire(at(11)).is_empty());
    assert_eq!(name(store.running()).as_deref(), Some("bad"));
    store.set(&[SetOp::Clear], Confirmation::Final, at(12)).unwrap();
    store.validate(Target::Running).unwrap();
}
