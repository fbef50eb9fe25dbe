//! Payloads against the genuine modules, with ours where OpenConfig has no node. Queues and forwarding groups stay on the
//! device once they are there, since others may refer to them; so what comes after another configuration is not told apart.

use model::{
    DeviceConfig, SteeringKey, SteeringRule, VrfName, sr::Dataplane, state::Foreign, steering::Dscp,
};
use proptest::{collection, prelude::*, sample as choose};

use crate::{Dialect, testing::*};

const VENDOR: Vendor = Vendor {
    dialect: Dialect::OpenConfig,
    folder: "openconfig",
    modules: &[
        ("openconfig-network-instance-types", &[]),
        ("openconfig-network-instance", &[]),
        ("openconfig-qos", &[]),
        ("trunkline-sr-policy", &[]),
    ],
    base: "<network-instances xmlns='http://openconfig.net/yang/network-instance'>\
           <network-instance><name>default</name><config><name>default</name>\
           <type xmlns:t='http://openconfig.net/yang/network-instance-types'>t:DEFAULT_INSTANCE</type></config></network-instance>\
           <network-instance><name>voice</name><config><name>voice</name>\
           <type xmlns:t='http://openconfig.net/yang/network-instance-types'>t:L3VRF</type></config></network-instance>\
           </network-instances>",
};

const RANGE: Range = Range {
    planes: &[Dataplane::SrMpls, Dataplane::Srv6],
    drop: true,
    mpls_binding: &[true, false],
    srv6_binding: &[true, false],
    greatest_preference: u32::MAX,
    least_weight: 1,
    names: (128, 60),
    queues: &["voice", "office/branch", "bulk~low", "be", "af4"],
    interfaces: &["eth1", "Ethernet0/1.100"],
    rate: 1,
    greatest_weight: 255,
    guarantees: usize::MAX,
    bound: true,
    // Rules come from `steering`, with code points and without a prefix too.
    vrfs: &[],
};

fn steering() -> impl Strategy<Value = Vec<SteeringRule>> {
    let prefix = choose::select(vec![None, Some("10.16.0.0/16"), Some("fd00:16::/32")]);
    let dscp = collection::btree_set((0_u8..64).prop_map(|number| Dscp::new(number).unwrap()), 0..4);
    collection::vec((1_u32..1_000_000, prefix, dscp), 0..4).prop_map(|rules| {
        let rule = |(sequence, prefix, dscp): (u32, Option<&str>, _)| SteeringRule {
            key: SteeringKey { vrf: VrfName::lit("voice"), sequence },
            prefix: prefix.map(|text| text.parse().unwrap()),
            dscp,
            color: sample_policy(Dataplane::SrMpls).key.color,
        };
        rules.into_iter().map(rule).collect()
    })
}

#[test]
fn what_is_rendered_is_valid_and_reads_back() {
    let Some(context) = VENDOR.context() else { return };
    proptest!(ProptestConfig::with_cases(32), |(config in config(RANGE), rules in steering())| {
        let mut config = config;
        config.steering = rules.into_iter().map(|rule| (rule.key.clone(), rule)).collect();
        let mut device = Served::new(&context, VENDOR.base);
        let nothing = DeviceConfig::default();
        device.carry_out(&VENDOR.render(&edits(&nothing, &config), &nothing).unwrap());
        for answer in device.answers() {
            prop_assert_eq!(VENDOR.dialect.read(&answer).unwrap(), (config.clone(), Foreign::default()));
        }
    });
}
