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
