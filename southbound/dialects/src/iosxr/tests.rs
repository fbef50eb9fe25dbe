//! Payloads against the router's own modules.

use model::{Edit, sr::Dataplane};
use proptest::prelude::*;

use super::*;
use crate::{Dialect, testing::*};

const VENDOR: Vendor = Vendor {
    dialect: Dialect::IosXr,
    folder: "iosxr",
    modules: &[
        ("Cisco-IOS-XR-segment-routing-ms-cfg", &[]),
        ("Cisco-IOS-XR-infra-xtc-agent-cfg", &[]),
        ("Cisco-IOS-XR-um-interface-cfg", &[]),
        ("Cisco-IOS-XR-um-policymap-classmap-cfg", &["*"]),
        ("Cisco-IOS-XR-um-if-service-policy-qos-cfg", &["*"]),
    ],
    base: "<sr xmlns='http://cisco.com/ns/yang/Cisco-IOS-XR-segment-routing-ms-cfg'><enable/>\
           <traffic-engineering xmlns='http://cisco.com/ns/yang/Cisco-IOS-XR-infra-xtc-agent-cfg'><segment-lists/>\
           </traffic-engineering></sr>\
           <interfaces xmlns='http://cisco.com/ns/yang/Cisco-IOS-XR-um-interface-cfg'>\
           <interface><interface-name>HundredGigE0/0/0/1</interface-name></interface>\
           <interface><interface-name>GigabitEthernet0/0/0/2.100</interface-name></interface></interfaces>",
};

const RANGE: Range = Range {
    planes: &[Dataplane::SrMpls, Dataplane::Srv6],
    drop: true,
    mpls_binding: &[true, false],
    srv6_binding: &[false],
    greatest_preference: 65_535,
    least_weight: 1,
    names: (59, 20),
    queues: &["voice", "office/branch", "bulk~low", "be", "af4"],
    interfaces: &["HundredGigE0/0/0/1", "GigabitEthernet0/0/0/2.100"],
    rate: 64_000,
    greatest_weight: 255,
    guarantees: usize::MAX,
    bound: false,
    vrfs: &[],
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
    let mut srv6 = sample_policy(Dataplane::Srv6);
    srv6.binding_sid = None;
    for (name, policy) in [("iosxr_mpls", sample_policy(Dataplane::SrMpls)), ("iosxr_srv6", srv6)] {
        let put = [Edit::PutPolicy(policy)];
        insta::assert_snapshot!(name, shown(&VENDOR.render(&put, &DeviceConfig::default()).unwrap()));
    }
    let queues = edits(&DeviceConfig::default(), &sample("HundredGigE0/0/0/1"));
    insta::assert_snapshot!(
        "iosxr_queues",
        shown(&VENDOR.render(&queues, &DeviceConfig::default()).unwrap())
    );
}
