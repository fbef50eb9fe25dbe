//! Payloads against the draft and the published modules that it builds on.

use model::{Edit, sr::Dataplane};
use proptest::prelude::*;

use super::*;
use crate::{Dialect, testing::*};

const VENDOR: Vendor = Vendor {
    dialect: Dialect::Ietf,
    folder: "ietf",
    modules: &[("ietf-routing", &[]), ("ietf-sr-policy-types", &[]), ("ietf-sr-policy", &[])],
    base: "<routing xmlns='urn:ietf:params:xml:ns:yang:ietf-routing'>\
           <segment-routing xmlns='urn:ietf:params:xml:ns:yang:ietf-sr-policy'><traffic-engineering><attributes>\
           <segment-lists><segment-list><name>ops</name></segment-list></segment-lists></attributes>\
           </traffic-engineering></segment-routing></routing>",
};

const RANGE: Range = Range {
    planes: &[Dataplane::SrMpls, Dataplane::Srv6],
    drop: true,
    mpls_binding: &[true, false],
    srv6_binding: &[true, false],
    greatest_preference: 65_535,
    least_weight: 0,
    names: (59, 60),
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
    for (name, plane) in [("ietf_mpls", Dataplane::SrMpls), ("ietf_srv6", Dataplane::Srv6)] {
        let put = [Edit::PutPolicy(sample_policy(plane))];
        insta::assert_snapshot!(name, shown(&VENDOR.render(&put, &DeviceConfig::default()).unwrap()));
    }
}
