use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{Program, Slot, fixture::*};

/// What nft 1.0.6 lists for the marks of the fixture's usual router with queues at eth1, as it was listed; maps of 64 code points
/// are filled in.
fn listing(rules: &str) -> String {
    let inner: Vec<String> = (0..64_u32).map(|dscp| format!("[{dscp}, {}]", 0x40 | dscp)).collect();
    let outer: Vec<String> = (0..64_u32).map(|dscp| format!("[{dscp}, {}]", 0x6000 | dscp << 6)).collect();
    format!(
        r#"{{"nftables": [{{"metainfo": {{"version": "1.0.6"}}}}, {{"table": {{"family": "inet", "name": "trunkline"}}}},
        {{"chain": {{"name": "tenant-1"}}}}, {{"chain": {{"name": "port-0"}}}}, {{"chain": {{"name": "enter"}}}},
        {{"chain": {{"name": "leave"}}}},
        {{"rule": {{"chain": "tenant-1", "expr": [{{"match": {{"op": "==", "left": {{"payload": {{"protocol": "ip6", "field": "daddr"}}}}, "right": {{"prefix": {{"addr": "fc00::", "len": 16}}}}}}}}, {{"drop": null}}]}}}},
        {{"rule": {{"chain": "tenant-1", "expr": [{{"mangle": {{"key": {{"meta": {{"key": "mark"}}}}, "value": {{"map": {{"key": {{"payload": {{"protocol": "ip", "field": "dscp"}}}}, "data": {{"set": [{inner}]}}}}}}}}}}]}}}},
        {rules}
        {{"rule": {{"chain": "port-0", "expr": [{{"mangle": {{"key": {{"meta": {{"key": "priority"}}}}, "value": "7400:2010"}}}}]}}}},
        {{"rule": {{"chain": "port-0", "expr": [{{"mangle": {{"key": {{"meta": {{"key": "priority"}}}}, "value": {{"map": {{"key": {{"payload": {{"protocol": "ip6", "field": "dscp"}}}}, "data": {{"set": [["af41", "7400:2020"], ["ef", "7400:1001"], ["lephb", "7400:2020"]]}}}}}}}}}}]}}}},
        {{"rule": {{"chain": "port-0", "expr": [{{"mangle": {{"key": {{"meta": {{"key": "priority"}}}}, "value": {{"map": {{"key": {{"payload": {{"protocol": "ip", "field": "dscp"}}}}, "data": {{"set": [["af41", "7400:2020"], ["ef", "7400:1001"], ["lephb", "7400:2020"]]}}}}}}}}}}]}}}},
        {{"rule": {{"chain": "enter", "expr": [{{"vmap": {{"key": {{"meta": {{"key": "iifname"}}}}, "data": {{"set": [["cust0", {{"jump": {{"target": "tenant-1"}}}}]]}}}}}}]}}}},
        {{"rule": {{"chain": "leave", "expr": [{{"match": {{"op": "==", "left": {{"payload": {{"protocol": "icmpv6", "field": "type"}}}}, "right": {{"set": ["nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert"]}}}}}}, {{"mangle": {{"key": {{"meta": {{"key": "priority"}}}}, "value": "7400:0"}}}}, {{"return": null}}]}}}},
        {{"rule": {{"chain": "leave", "expr": [{{"match": {{"op": "==", "left": {{"meta": {{"key": "nfproto"}}}}, "right": "ipv6"}}}}, {{"match": {{"op": "!=", "left": {{"&": [{{"meta": {{"key": "mark"}}}}, 64]}}, "right": 0}}}}, {{"mangle": {{"key": {{"payload": {{"base": "nh", "offset": 0, "len": 16}}}}, "value": {{"map": {{"key": {{"&": [{{"meta": {{"key": "mark"}}}}, 63]}}, "data": {{"set": [{outer}]}}}}}}}}}}]}}}},
        {{"rule": {{"chain": "leave", "expr": [{{"vmap": {{"key": {{"meta": {{"key": "oifname"}}}}, "data": {{"set": [["eth1", {{"jump": {{"target": "port-0"}}}}]]}}}}}}]}}}}]}}"#,
        inner = inner.join(", "),
        outer = outer.join(", ")
    )
}

const RULES: &str = r#"
{"rule": {"chain": "tenant-1", "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "dscp"}}, "right": {"set": ["cs4", "af41"]}}}, {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": {"prefix": {"addr": "10.3.0.0", "len": 16}}}}, {"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"|": [{"meta": {"key": "mark"}}, 134473984]}}}, {"return": null}]}},
{"rule": {"chain": "tenant-1", "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip6", "field": "dscp"}}, "right": "ef"}}, {"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"|": [{"meta": {"key": "mark"}}, 134473728]}}}, {"return": null}]}},
{"rule": {"chain": "tenant-1", "expr": [{"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv4"}}, {"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"|": [{"meta": {"key": "mark"}}, 134473728]}}}, {"return": null}]}},
{"rule": {"chain": "tenant-1", "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip6", "field": "daddr"}}, "right": "2001:db8::1"}}, {"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"|": [{"meta": {"key": "mark"}}, 134473728]}}}, {"return": null}]}},
{"rule": {"chain": "tenant-1", "expr": [{"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"|": [{"meta": {"key": "mark"}}, 134473728]}}}, {"return": null}]}},"#;

#[test]
fn a_listing_reads_back_as_marks() {
    let marking = read(&listing(RULES)).unwrap();
    assert_eq!(marking.core, BTreeSet::from(["fc00::/16".parse().unwrap()]));
    let tenant = TenantNo::new(1).unwrap();
    let slot = |color: u32| Slot::of(tenant, color.try_into().unwrap()).unwrap();
    assert_eq!(slot(1000).mark(), 134_473_728);
    let marks = &marking.tenants[&tenant];
    assert_eq!(marks.devices, BTreeSet::from([device("cust0")]));
    let dscp = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<BTreeSet<Dscp>>();
    let rule = |prefix: &str, names: &[&str], color| Steer {
        prefix: Some(net(prefix)),
        dscp: dscp(names),
        slot: slot(color),
    };
    let wanted = [
        rule("10.3.0.0/16", &["af41", "cs4"], 1001),
        rule("::/0", &["ef"], 1000),
        rule("0.0.0.0/0", &[], 1000),
        rule("2001:db8::1/128", &[], 1000),
        Steer { prefix: None, dscp: BTreeSet::new(), slot: slot(1000) },
    ];
    assert_eq!(marks.rules, wanted);
    let port = &marking.ports[&device("eth1")];
    assert_eq!(port.rest, Minor(0x2010));
    let classes = [("le", 0x2020), ("af41", 0x2020), ("ef", 0x1001)]
        .map(|(name, minor)| (name.parse().unwrap(), Minor(minor)));
    assert_eq!(port.classes, BTreeMap::from(classes));
}

#[test]
fn a_tenant_without_a_customer_here_reads_back_too() {
    let all = listing(RULES);
    let is_jump = |line: &&str| line.contains(r#""chain": "enter", "expr""#);
    assert_eq!(all.lines().filter(is_jump).count(), 1);
    let without: Vec<&str> = all.lines().filter(|line| !is_jump(line)).collect();
    let marking = read(&without.join("\n")).unwrap();
    let marks = &marking.tenants[&TenantNo::new(1).unwrap()];
    assert_eq!((marks.devices.len(), marks.rules.len()), (0, 5));
}

#[test]
fn what_somebody_changed_by_hand_is_strange() {
    let right = listing(RULES);
    assert!(read(&right).is_ok());
    for (was, is) in [
        ("\"7400:0\"", "\"7400:1\""),
        ("[46, 110]", "[46, 111]"),
        ("[46, 27520]", "[46, 27521]"),
        ("134473984", "134473985"),
        ("{\"drop\": null}", "{\"accept\": null}"),
        ("\"cust0\"", "\"cust 0\""),
        (
            "{\"chain\": {\"name\": \"leave\"}}",
            "{\"chain\": {\"name\": \"leave\"}}, {\"chain\": {\"name\": \"mine\"}}",
        ),
        ("\"op\": \"!=\"", "\"op\": \"==\""),
        ("{\"return\": null}]}},\n{\"rule\"", "{\"accept\": null}]}},\n{\"rule\""),
        ("\"field\": \"dscp\"}}, \"right\": \"ef\"", "\"field\": \"ecn\"}}, \"right\": \"ef\""),
        ("[\"ef\", \"7400:1001\"], [\"lephb\"", "[\"ef\", \"7400:1002\"], [\"lephb\""),
    ] {
        assert!(right.contains(was), "{was}");
        let changed = right.replacen(was, is, 1);
        assert!(read(&changed).is_err(), "{was} to {is}");
    }
    assert!(read("").is_err() && read("{}").is_err() && read("[1, 2]").is_err());
}

#[test]
fn the_text_names_every_rule_once() {
    let program = Program::of(&usual(), &place()).unwrap();
    let text = script(program.marking.as_ref());
    assert_eq!(text.matches(" return").count(), 1 + 3, "neighbours, voice in both families, payments");
    assert!(
        text.contains(
            "    ip daddr 10.3.0.0/16 ip dscp { 32, 34 } meta mark set meta mark | 0x803e900 return"
        ),
        "{text}"
    );
    assert!(text.contains("    ip6 dscp { 46 } meta mark set"), "{text}");
    assert_eq!(script(None), "table inet trunkline\ndelete table inet trunkline\n");
    let empty = script(Some(&Marking::default()));
    assert!(!empty.contains("vmap"), "{empty}");
}
