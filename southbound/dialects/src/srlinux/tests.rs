//! Payloads against the router's own modules.

use model::{Edit, sr::Dataplane};
use proptest::prelude::*;

use super::*;
use crate::{Dialect, testing::*};

const VENDOR: Vendor = Vendor {
    dialect: Dialect::SrLinux,
    folder: "srlinux",
    modules: &[
        // Path computation elements off: another condition there takes a leaf for its value.
        ("srl_nokia-features", &["-pcep-pcc", "-future-0-0", "-msdp"]),
        ("srl_nokia-network-instance", &[]),
        ("srl_nokia-te-policies", &[]),
    ],
    base: "<system xmlns='urn:nokia.com:srlinux:general:system'>\
           <mpls xmlns='urn:nokia.com:srlinux:label:mpls-label-management'><label-ranges><static><name>bsid</name>\
           <shared>false</shared><start-label>16</start-label><end-label>1048575</end-label></static></label-ranges>\
           </mpls></system>\
           <network-instance xmlns='urn:nokia.com:srlinux:net-inst:network-instance'><name>default</name>\
           <traffic-engineering-policies xmlns='urn:nokia.com:srlinux:tepolicy:te-policies'><binding-sid>\
           <static-label-block>bsid</static-label-block></binding-sid></traffic-engineering-policies>\
           </network-instance>",
};

const RANGE: Range = Range {
    planes: &[Dataplane::SrMpls],
    drop: false,
    mpls_binding: &[true],
    srv6_binding: &[false],
    greatest_preference: u32::MAX,
    least_weight: 0,
    names: (128, 100),
    queues: &[],
    interfaces: &[],
    rate: 0,
    greatest_weight: 0,
    guarantees: 0,
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
    let put = [Edit::PutPolicy(sample_policy(Dataplane::SrMpls))];
    insta::assert_snapshot!("srlinux_mpls", shown(&VENDOR.render(&put, &DeviceConfig::default()).unwrap()));
}
