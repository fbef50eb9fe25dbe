//! What is shown of SIDs, policies and segment lists.

use yang5::data::{DataFormat, DataParserFlags, DataTree, DataValidationFlags};

use super::*;
use crate::datastore::fixture::policies;

const INSTANCES: &str = "openconfig-network-instance:network-instances";

/// The base with one policy of two paths.
fn with_policy() -> serde_json::Value {
    let mut content = base();
    let with = policies(1, 2);
    content[INSTANCES]["network-instance"][0]["trunkline-sr-policy:sr-policies"] =
        with[INSTANCES]["network-instance"][0]["trunkline-sr-policy:sr-policies"].clone();
    content
}

/// All policies that are shown.
fn shown_policies(view: &serde_json::Value) -> &serde_json::Value {
    &view[INSTANCES]["network-instance"][0]["trunkline-sr-policy:sr-policies"]["sr-policy"]
}

#[test]
fn the_active_path_is_marked_and_a_policy_that_is_gone_is_not_shown() {
    let view = shown(&tree(&with_policy()), &busy());
    let all = shown_policies(&view);
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(all[0]["oper-status"], "up");
    assert_eq!(all[0]["counters"]["octets"], "100");
    let paths = &all[0]["candidate-paths"]["candidate-path"];
    assert_eq!((&paths[0]["active"], &paths[1]["active"]), (&json!(true), &json!(false)));
}

#[test]
fn lists_show_what_probes_say_and_unknown_where_nothing_is_measured() {
    let view = shown(&tree(&with_policy()), &busy());
    let paths = &shown_policies(&view)[0]["candidate-paths"]["candidate-path"];
    let list = |path: usize| &paths[path]["segment-lists"]["segment-list"][0];
    let measured = json!({"probes": "answered", "one-way-delay": 12_300, "loss-ppb": 5});
    assert_eq!((&list(0)["active"], &list(0)["measurement"]), (&json!(true), &measured));
    let unknown = json!({"probes": "unknown"});
    assert_eq!((&list(1)["active"], &list(1)["measurement"]), (&json!(false), &unknown));
}

/// The active leaves of both paths and their lists, and whether the policy is up.
fn active(content: &serde_json::Value, state: PolicyState) -> (serde_json::Value, Vec<serde_json::Value>) {
    let key = PolicyKey { color: 1.try_into().unwrap(), endpoint: "10.0.0.2".parse().unwrap() };
    let state = RouterState { policies: [(key, state)].into(), ..RouterState::default() };
    let view = shown(&tree(content), &state);
    let policy = &shown_policies(&view)[0];
    let leaves = |path: &serde_json::Value| {
        [path["active"].clone(), path["segment-lists"]["segment-list"][0]["active"].clone()]
    };
    let paths = policy["candidate-paths"]["candidate-path"].as_array().unwrap();
    (policy["oper-status"].clone(), paths.iter().flat_map(leaves).collect())
}

#[test]
fn what_nobody_knows_of_a_policy_is_not_guessed() {
    let (yes, no, open) = (json!(true), json!(false), serde_json::Value::Null);
    let content = with_policy();
    let known = steered();
    let all =
        |status: &str, leaves: [&serde_json::Value; 4]| (json!(status), leaves.map(Clone::clone).to_vec());
    assert_eq!(active(&content, known.clone()), all("up", [&yes, &yes, &no, &no]));
    let resort = PolicyState { active: Active::LastResort, ..known.clone() };
    assert_eq!(active(&content, resort), all("down", [&no; 4]));
    let unknown = PolicyState { active: Active::Unknown, ..known.clone() };
    assert_eq!(active(&content, unknown), all("unknown", [&open; 4]));
    let backup = Active::Path(PathKey { preference: 100, discriminator: 2 });
    let unheard = PolicyState { active: backup, ..known.clone() };
    assert_eq!(active(&content, unheard), all("up", [&no, &no, &yes, &open]), "its list may be invalid");
    let mut invalid = known;
    invalid.lists.values_mut().for_each(|list| list.valid = Some(false));
    assert_eq!(active(&content, invalid), all("up", [&yes, &no, &no, &no]), "another list of it carries");
}

#[test]
fn of_two_paths_of_one_key_one_forwards() {
    let mut content = with_policy();
    let policy =
        &mut content[INSTANCES]["network-instance"][0]["trunkline-sr-policy:sr-policies"]["sr-policy"][0];
    let paths = policy["candidate-paths"]["candidate-path"].as_array_mut().unwrap();
    let mut twin = paths[0].clone();
    twin["originator"] = json!("z-ops");
    paths.truncate(1);
    paths.push(twin);
    let (_, leaves) = active(&content, steered());
    assert_eq!(
        leaves.iter().filter(|leaf| **leaf == json!(true)).count(),
        2,
        "a path and its list: {leaves:?}"
    );
}

#[test]
fn the_routers_own_sids_are_shown_with_what_they_do_and_what_is_counted() {
    let view = shown(&crate::datastore::Tree::default(), &busy());
    let sids = json!([
        {"prefix": "fd00:0:1::/48", "behaviour": "End", "flavour": "NEXT-CSID"},
        {"prefix": "fd00:0:1:e000::/128", "behaviour": "End.X",
            "counters": {"octets": "700", "pkts": "7", "errors": "0"}},
    ]);
    assert_eq!(view["trunkline-srv6:srv6"], json!({"local-sids": {"local-sid": sids}}));
    let none = shown(&crate::datastore::Tree::default(), &RouterState::default());
    assert!(none.get("trunkline-srv6:srv6").is_none());
}

#[test]
fn prefixes_of_sids_are_as_long_as_they_say() {
    let of = |length: u8| SidPrefix::of("fd00:0:1:2:3:4:5:6".parse().unwrap(), length).to_string();
    let all = [0, 48, 64, 128, 255].map(of);
    assert_eq!(
        all,
        ["::/0", "fd00:0:1::/48", "fd00:0:1:2::/64", "fd00:0:1:2:3:4:5:6/128", "fd00:0:1:2:3:4:5:6/128"]
    );
}

#[test]
fn the_served_modules_allow_what_is_shown() {
    let behaviours = [
        SidBehaviour::End,
        SidBehaviour::EndX,
        SidBehaviour::EndDx6,
        SidBehaviour::EndDx4,
        SidBehaviour::EndDt6,
        SidBehaviour::EndDt46,
        SidBehaviour::EndB6Encaps,
    ];
    let schema = schema();
    for active in [Active::Unknown, Active::LastResort, steered().active] {
        for probes in [Probes::Unknown, Probes::Answered, Probes::Silent] {
            let mut state = busy();
            for policy in state.policies.values_mut() {
                policy.active = active;
                policy.lists.values_mut().for_each(|list| list.probes = probes);
            }
            for (at, behaviour) in (0_u8..).zip(behaviours) {
                let sid = SidState::uncounted(behaviour, None);
                state.sids.insert(SidPrefix::of("fd00:9::".parse().unwrap(), 64 + at), sid);
            }
            let text = shown(&tree(&with_policy()), &state).to_string();
            let read = DataTree::parse_string(
                &schema.context,
                text,
                DataFormat::JSON,
                DataParserFlags::STRICT | DataParserFlags::NO_VALIDATION,
                DataValidationFlags::PRESENT,
            );
            assert!(read.is_ok(), "{:?}", read.err());
        }
    }
}
