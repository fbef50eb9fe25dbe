//! Payloads against the router's own modules and their deviations.

use std::collections::BTreeSet;

use model::{Edit, SteeringKey, SteeringRule, VrfName, sr::Dataplane, steering::Dscp};
use proptest::prelude::*;

use super::*;
use crate::{Dialect, testing::*};

const VENDOR: Vendor = Vendor {
    dialect: Dialect::Huawei,
    folder: "huawei",
    modules: &[
        ("huawei-network-instance", &[]),
        ("huawei-segment-routing", &[]),
        ("huawei-srv6", &[]),
        ("huawei-srpolicy", &[]),
        ("huawei-routing-policy", &[]),
        ("huawei-l3vpn", &[]),
        ("huawei-ifm", &[]),
        ("huawei-qos", &[]),
        ("huawei-srpolicy-deviations-OC-NE-X8X16", &[]),
        ("huawei-qos-deviations-OC-NE-X8X16", &[]),
    ],
    base: "<network-instance xmlns='urn:huawei:yang:huawei-network-instance'><instances><instance>\
           <name>_public_</name>\
           <segment-routing xmlns='urn:huawei:yang:huawei-segment-routing'><enable>true</enable></segment-routing>\
           <srv6 xmlns='urn:huawei:yang:huawei-srv6'><enable>true</enable><locators><locator><name>main</name>\
           <prefix>fd00:0:1::</prefix><prefix-length>48</prefix-length><static-length>16</static-length>\
           </locator></locators>\
           <srpolicy xmlns='urn:huawei:yang:huawei-srpolicy'><policy-attributes><locator>main</locator>\
           </policy-attributes></srpolicy></srv6></instance>\
           <instance><name>production</name><afs xmlns='urn:huawei:yang:huawei-l3vpn'>\
           <af><type>ipv4-unicast</type><route-distinguisher>100:1</route-distinguisher></af>\
           <af><type>ipv6-unicast</type><route-distinguisher>100:2</route-distinguisher></af></afs></instance>\
           <instance><name>branch/office-2</name><afs xmlns='urn:huawei:yang:huawei-l3vpn'>\
           <af><type>ipv4-unicast</type><route-distinguisher>100:3</route-distinguisher></af>\
           <af><type>ipv6-unicast</type><route-distinguisher>100:4</route-distinguisher></af></afs></instance>\
           </instances></network-instance>\
           <ifm xmlns='urn:huawei:yang:huawei-ifm'><interfaces>\
           <interface><name>GigabitEthernet0/1/0</name><class>main-interface</class><type>GigabitEthernet</type>\
           <number>0/1/0</number></interface>\
           <interface><name>100GE0/2/1</name><class>main-interface</class><type>100GE</type><number>0/2/1</number>\
           </interface></interfaces></ifm>",
};

const RANGE: Range = Range {
    planes: &[Dataplane::SrMpls, Dataplane::Srv6],
    drop: false,
    mpls_binding: &[true, false],
    srv6_binding: &[true, false],
    greatest_preference: 65_535,
    least_weight: 1,
    names: (31, 8),
    queues: &["be", "af1", "af2", "af3", "af4", "ef", "cs6", "cs7"],
    interfaces: &["GigabitEthernet0/1/0", "100GE0/2/1"],
    rate: 1_000_000,
    greatest_weight: 100,
    guarantees: 2,
    bound: true,
    vrfs: &["production", "branch/office-2"],
};

#[test]
fn what_is_rendered_is_valid_and_reads_back() {
    let Some(context) = VENDOR.context() else { return };
    proptest!(ProptestConfig::with_cases(48), |(one in config(RANGE), other in config(RANGE))| {
        live_through(&VENDOR, &context, &one, &other);
        is_foreign_under_other_names(&VENDOR, &context, &one);
    });
}

#[test]
fn payloads_as_a_person_reads_them() {
    for (name, plane) in [("huawei_mpls", Dataplane::SrMpls), ("huawei_srv6", Dataplane::Srv6)] {
        let put = [Edit::PutPolicy(sample_policy(plane))];
        insta::assert_snapshot!(name, shown(&VENDOR.render(&put, &DeviceConfig::default()).unwrap()));
    }
    let queues = edits(&DeviceConfig::default(), &sample("GigabitEthernet0/1/0"));
    insta::assert_snapshot!(
        "huawei_queues",
        shown(&VENDOR.render(&queues, &DeviceConfig::default()).unwrap())
    );
}

/// Rules of two address families in one VRF, in the order of their places.
fn rules() -> Vec<SteeringRule> {
    let rule = |sequence, prefix: &str, color: u32| SteeringRule {
        key: SteeringKey { vrf: VrfName::lit("production"), sequence },
        prefix: Some(prefix.parse().unwrap()),
        dscp: BTreeSet::new(),
        color: color.try_into().unwrap(),
    };
    vec![
        rule(9_600_010, "2001:db8:16::/48", 1001),
        rule(10_400_010, "10.16.5.0/24", 1001),
        rule(11_200_020, "10.16.0.0/16", 1002),
    ]
}

fn steered(rules: &[SteeringRule]) -> DeviceConfig {
    let steering = rules.iter().map(|rule| (rule.key.clone(), rule.clone())).collect();
    DeviceConfig { steering, ..Default::default() }
}

#[test]
fn steering_as_a_person_reads_it() {
    let put = [Edit::PutSteering(rules()[2].clone())];
    let operations = VENDOR.render(&put, &DeviceConfig::default()).unwrap();
    insta::assert_snapshot!("huawei_steering", shown(&operations));
}

/// What each operation does, by the last name of its path and its key.
fn brief(operations: &[crate::Operation]) -> Vec<String> {
    let act = |operation: &crate::Operation| match operation.action {
        crate::Action::Merge(_) => "merge",
        crate::Action::Replace(_) => "replace",
        crate::Action::Remove => "remove",
    };
    let last = |operation: &crate::Operation| {
        let step = operation.path.last().unwrap();
        format!("{} {}", step.name, step.keys.first().map_or("", |(_, value)| value.as_str()))
    };
    operations.iter().map(|operation| format!("{} {}", act(operation), last(operation))).collect()
}

#[test]
fn a_vrf_is_steered_by_one_policy_of_each_address_family() {
    let all = rules();
    let edits = all.iter().cloned().map(Edit::PutSteering).collect::<Vec<_>>();
    assert_eq!(
        brief(&VENDOR.render(&edits, &DeviceConfig::default()).unwrap()),
        [
            "replace ipv4-prefix-filter tl-production-10400010",
            "replace ipv4-prefix-filter tl-production-11200020",
            "replace policy-definition tl-production-ipv4",
            "merge af ipv4-unicast",
            "replace ipv6-prefix-filter tl-production-9600010",
            "replace policy-definition tl-production-ipv6",
            "merge af ipv6-unicast",
        ]
    );
    // One of two rules goes: the policy first, then what it no longer names. The last goes with all that was ours.
    let one = VENDOR.render(&[Edit::RemoveSteering(all[1].key.clone())], &steered(&all)).unwrap();
    assert_eq!(
        brief(&one),
        ["replace policy-definition tl-production-ipv4", "remove ipv4-prefix-filter tl-production-10400010"]
    );
    let last = VENDOR.render(&[Edit::RemoveSteering(all[0].key.clone())], &steered(&all)).unwrap();
    assert_eq!(
        brief(&last),
        [
            "remove import-policy ",
            "remove policy-definition tl-production-ipv6",
            "remove ipv6-prefix-filter tl-production-9600010"
        ]
    );
}

/// A device that holds these rules, in the words of the modules.
fn holding(rules: &[SteeringRule]) -> String {
    let edits = rules.iter().cloned().map(Edit::PutSteering).collect::<Vec<_>>();
    crate::to_netconf(&VENDOR.render(&edits, &DeviceConfig::default()).unwrap())
}

/// What is ours, and what is in the way.
fn read_of(xml: &str) -> (DeviceConfig, Foreign) {
    let (owned, foreign) = all_of(xml);
    (owned, Foreign { tables: None, ..foreign })
}

fn all_of(xml: &str) -> (DeviceConfig, Foreign) {
    Dialect::Huawei.read(&View::from_xml(&whole(xml)).unwrap()).unwrap()
}

#[test]
fn a_rule_has_a_place_where_its_vrf_has_a_table_of_its_family() {
    let family = "<instance><name>production</name><afs><af><type>ipv4-unicast</type></af></afs></instance>";
    let bare = "<instance><name>office</name></instance>";
    let (_, foreign) =
        all_of(&format!("<network-instance><instances>{family}{bare}</instances></network-instance>"));
    let lacking: Vec<bool> = rules().iter().map(|rule| foreign.lacks_table_of(rule)).collect();
    assert_eq!(lacking, [true, false, false], "it has no table of IPv6");
    let mut rule = rules().remove(1);
    for (vrf, lacks) in [("office", true), ("misspelt", true), ("production", false)] {
        rule.key.vrf = VrfName::lit(vrf);
        assert_eq!(foreign.lacks_table_of(&rule), lacks, "{vrf}");
    }
    assert!(!Foreign::default().lacks_table_of(&rule), "what is not told is not held against it");
}

/// The operations as one tree, as a device answers: what stands beside each other under one name is together.
fn whole(xml: &str) -> String {
    fn joined(view: View, into: &mut View) {
        let key = |view: &View| {
            ["name", "type"].into_iter().find_map(|key| view.text_at(&[key]).map(str::to_owned))
        };
        let alone = view.children.is_empty() || view.name == "node";
        let same = into.children.iter().position(|other| other.name == view.name && key(other) == key(&view));
        match same.filter(|_| !alone) {
            Some(place) => {
                view.children.into_iter().for_each(|child| joined(child, &mut into.children[place]))
            }
            None => into.children.push(view),
        }
    }
    fn written(view: &View) -> String {
        let inside: String = view.children.iter().map(written).collect();
        format!("<{0}>{1}{inside}</{0}>", view.name, view.text)
    }
    let mut tree = View::default();
    View::from_xml(xml).unwrap().children.into_iter().for_each(|child| joined(child, &mut tree));
    tree.children.iter().map(written).collect()
}

#[test]
fn a_policy_that_was_changed_by_hand_is_none_of_ours() {
    let all = rules();
    let sound = holding(&all);
    assert_eq!(read_of(&sound), (steered(&all), Foreign::default()));
    let only_v6 = (steered(&all[..1]), Foreign::default());
    for (from, to) in [
        // The last node goes: no other route would come in.
        ("<sequence>65535</sequence>", "<sequence>65534</sequence>"),
        // The order of two rules.
        (
            "<sequence>1</sequence><match-mode>permit</match-mode><conditions><match-ipv4",
            "<sequence>3</sequence><match-mode>permit</match-mode><conditions><match-ipv4",
        ),
        // A range of prefixes.
        ("<masklength-upper>32</masklength-upper>", "<masklength-upper>24</masklength-upper>"),
        ("<value>0:1002</value>", "<value>0:0</value>"),
    ] {
        assert!(sound.contains(from), "{from}");
        assert_eq!(read_of(&sound.replacen(from, to, 1)), only_v6, "{from}");
    }
}

#[test]
fn the_import_policy_of_somebody_else_has_the_whole_vrf_in_hand() {
    let ours = "<import-policy>tl-production-ipv4</import-policy>";
    for theirs in [
        "<import-policy>coloring</import-policy>",
        "<import-policy>tl-production-ipv6</import-policy>",
        "<import-filter><name>coloring</name></import-filter>",
    ] {
        let (owned, foreign) = read_of(&holding(&rules()).replace(ours, theirs));
        assert_eq!(owned, steered(&rules()[..1]), "{theirs}");
        assert_eq!(foreign, Foreign { vrfs: [VrfName::lit("production")].into(), ..Foreign::default() });
    }
}

#[test]
fn rules_that_routes_cannot_follow_are_refused() {
    let rule = rules().pop().unwrap();
    let refused = |rule: SteeringRule| {
        let key = rule.key.to_string();
        let error = VENDOR.render(&[Edit::PutSteering(rule)], &DeviceConfig::default()).unwrap_err();
        (key, error.to_string())
    };
    let in_vrf = |vrf: &str| {
        let key = SteeringKey { vrf: VrfName::lit(vrf), ..rule.key.clone() };
        refused(SteeringRule { key, ..rule.clone() }).1
    };
    assert!(in_vrf("_public_").ends_with("the public instance has no import policy"));
    assert!(in_vrf(&"v".repeat(32)).ends_with("is longer than 31 characters"));
    let bits = SteeringRule { prefix: Some("10.16.0.1/16".parse().unwrap()), ..rule.clone() };
    assert!(refused(bits).1.ends_with("10.16.0.1/16 has bits set behind its length"));
    let (key, by_point) = refused(SteeringRule { dscp: [Dscp::new(46).unwrap()].into(), ..rule.clone() });
    assert!(by_point.starts_with(&format!("dialect huawei cannot carry steering {key}: steering by DSCP: ")));
    let (_, of_all) = refused(SteeringRule { prefix: None, ..rule.clone() });
    assert!(of_all.contains("steering without a prefix: "), "{of_all}");
}

#[test]
fn refusals_say_what_stands_in_the_way() {
    let one = sample_policy(Dataplane::SrMpls);
    let mut other = one.clone();
    other.name = "tl-other".into();
    other.key.endpoint = "10.0.0.8".parse().unwrap();
    other.candidates[0].lists[0].sids.reverse();
    let nothing = DeviceConfig::default();
    let refused = |policies: Vec<_>| {
        let edits: Vec<Edit> = policies.into_iter().map(Edit::PutPolicy).collect();
        VENDOR.render(&edits, &nothing).unwrap_err().to_string()
    };
    assert_eq!(
        refused(vec![one.clone(), other]),
        "dialect huawei cannot carry policy tl-other (color 1001 endpoint 10.0.0.8): another policy has a segment list \
         `tl-1001-5.1-primary` with other segments: names of segment lists are made of color, discriminator and \
         candidate path"
    );
    let mut long = one.clone();
    long.name = "tl-payments-hq-hangzhou/hq-pe1~hz-pe1".into();
    assert_eq!(
        refused(vec![long]),
        "dialect huawei cannot carry policy tl-payments-hq-hangzhou/hq-pe1~hz-pe1 (color 1001 endpoint 10.0.0.7): its \
         name `tl-payments-hq-hangzhou/hq-pe1~hz-pe1` is longer than 31 characters"
    );
    let mut mixed = one;
    mixed.binding_sid = sample_policy(Dataplane::Srv6).binding_sid;
    assert!(refused(vec![mixed]).ends_with("its SIDs are of two data planes"));
}

/// A candidate path and its list are taken away by the names that they have, which only what is held says.
#[test]
fn what_a_policy_no_longer_has_goes() {
    let before = sample_policy(Dataplane::SrMpls);
    let held = DeviceConfig { policies: [(before.key, before.clone())].into(), ..Default::default() };
    let mut after = before;
    after.candidates.truncate(1);
    let operations = VENDOR.render(&[Edit::PutPolicy(after.clone())], &held).unwrap();
    let gone: Vec<_> = operations
        .iter()
        .filter(|operation| operation.action == crate::Action::Remove)
        .map(|operation| operation.path.last().unwrap().keys[0].1.as_str())
        .collect();
    assert_eq!(gone, ["tl-1001-6.1-backup"]);
    let operations = VENDOR.render(&[Edit::RemovePolicy(after.key)], &held).unwrap();
    assert!(operations.iter().all(|operation| operation.action == crate::Action::Remove));
    assert_eq!(operations.len(), 4, "the policy before its three lists");
    assert_eq!(operations[0].path.last().unwrap().name, "policy");
}
