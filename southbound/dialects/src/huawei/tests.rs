//! Payloads against the router's own modules and their deviations.

use model::{Edit, sr::Dataplane};
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
           </policy-attributes></srpolicy></srv6></instance></instances></network-instance>\
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
