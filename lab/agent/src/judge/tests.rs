use kernel::Locator;
use model::InterfaceName;
use router::datastore::Tag;
use serde_json::{Value, json};

use super::*;
use crate::{
    fixture::{instance, posted, schema, set, steering, tree, unconfigured},
    sight::Sight,
};

/// Policies of the default instance; each has its color and one segment.
fn policies(segments: &[(u32, Value)]) -> Value {
    let policy = |(color, segment): &(u32, Value)| {
        let mut segment = segment.clone();
        segment["index"] = json!(0);
        let list = json!({"name": "1", "weight": 1, "segments": {"segment": [segment]}});
        let path = json!({"protocol-origin": "local", "originator": "test", "discriminator": 1,
            "preference": 100, "segment-lists": {"segment-list": [list]}});
        json!({"color": color, "endpoint": "10.255.0.9", "name": format!("tl-{color}"),
            "candidate-paths": {"candidate-path": [path]}})
    };
    let policies: Vec<Value> = segments.iter().map(policy).collect();
    instance(
        "default",
        "DEFAULT_INSTANCE",
        ("trunkline-sr-policy:sr-policies", json!({"sr-policy": policies})),
    )
}

/// One queue at an interface.
fn queues(interface: &str) -> Value {
    let named = |name: &str| json!({"name": name, "config": {"name": name}});
    let input =
        json!({"id": "q", "config": {"id": "q", "input-type": "QUEUE", "queue": "af4", "weight": "30"}});
    let scheduler = json!({"sequence": 1, "config": {"sequence": 1}, "inputs": {"input": [input]},
        "one-rate-two-color": {"config": {"cir": "2000000"}}});
    json!({"openconfig-qos:qos": {
        "queues": {"queue": [named("af4")]},
        "scheduler-policies": {"scheduler-policy": [{"name": "s", "config": {"name": "s"},
            "schedulers": {"scheduler": [scheduler]}}]},
        "interfaces": {"interface": [{"interface-id": interface, "config": {"interface-id": interface},
            "output": {"scheduler-policy": {"config": {"name": "s"}}}}]},
    }})
}

/// `a`, whose line by eth2 has no rate.
fn post() -> Post {
    let [mut a, _] = posted();
    a.place.ports.get_mut(&InterfaceName::lit("eth2")).unwrap().rate = None;
    a
}

fn label(number: u32) -> Value {
    json!({"label": number})
}

/// Segments over the other router.
fn over_b() -> Value {
    let [_, b] = posted();
    let end = b.place.locator.as_ref().map(Locator::end).unwrap();
    json!({"srv6-sid": end.to_string()})
}

/// Configurations that are refused, each with a word of its reason.
fn wrong() -> Vec<(Value, &'static str)> {
    vec![
        (policies(&[(7, label(16_001))]), "MPLS label 16001"),
        (steering("elsewhere", 7), "vrf elsewhere"),
        (steering("bank", 300_000), "color 300000"),
        (queues("eth2"), "interface eth2 has queues"),
    ]
}

#[test]
fn what_this_kernel_cannot_do_is_refused_and_the_rest_is_not() {
    let judge = judge(Arc::new(post()), schema());
    for (content, reason) in wrong() {
        let told = judge(&tree(&content)).unwrap_err();
        assert!(
            told.starts_with("the kernel of a cannot carry this out: ") && told.contains(reason),
            "{told}"
        );
    }
    for content in
        [json!({}), policies(&[(7, over_b())]), steering("bank", 7), steering("guest", 7), queues("eth1")]
    {
        assert_eq!(judge(&tree(&content)), Ok(()), "{content}");
    }
}

#[test]
fn many_reasons_are_counted() {
    let judge = judge(Arc::new(post()), schema());
    let many: Vec<_> = (1..=30).map(|color| (color, label(16_000 + color))).collect();
    let told = judge(&tree(&policies(&many))).unwrap_err();
    assert_eq!(told.matches("MPLS label").count(), MOST);
    assert!(told.ends_with("; and 22 more") && told.len() < 4_000, "{told}");
}

#[test]
fn what_the_router_sees_changes_no_judgement() {
    let best = post();
    let worst = Post { place: best.place(&Sight::default()), ..best.clone() };
    let [best, worst] = [best, worst].map(Arc::new);
    for (content, _) in wrong() {
        let tree = tree(&content);
        let [at_best, at_worst] = [&best, &worst].map(|post| judge(post.clone(), schema())(&tree));
        assert_eq!(at_best, at_worst);
    }
}

#[test]
fn a_commit_that_cannot_be_carried_out_changes_nothing() {
    let router = unconfigured();
    router.judged_by(judge(Arc::new(post()), schema()));
    assert_eq!(set(&router, &steering("bank", 7)), Ok(true));
    let before = router.running().borrow().clone();
    for (content, reason) in wrong() {
        let refusal = set(&router, &content).unwrap_err();
        assert!(refusal.tag == Tag::OperationNotSupported && refusal.message.contains(reason), "{refusal}");
        assert!(router.running().borrow().is_same(&before));
    }
}
