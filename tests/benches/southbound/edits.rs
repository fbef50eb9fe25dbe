//! The small edit: one steering rule, which leads to another destination in every round, so that every round changes something.
//! Both clients write the same and read the same back.

use std::{collections::BTreeSet, net::Ipv4Addr, sync::Arc};

use dialects::{Dialect, Headend, to_netconf};
use engine::tasks::Done;
use model::{Color, DeviceConfig, DeviceReading, Edit, SteeringKey, SteeringRule, VrfName, steering::Dscp};

/// Where the rule leads in a round.
pub fn destination(round: usize) -> &'static str {
    ["10.16.0.0/16", "10.17.0.0/16"][round % 2]
}

fn rule(round: usize) -> SteeringRule {
    SteeringRule {
        key: SteeringKey { vrf: VrfName::lit("production"), sequence: 100 },
        prefix: Some(destination(round).parse().unwrap()),
        dscp: BTreeSet::from([Dscp::new(46).unwrap()]),
        color: Color::try_from(2_001_u32).unwrap(),
    }
}

/// The edit of a round.
pub fn edits(round: usize) -> Arc<Vec<Edit>> {
    Arc::new(vec![Edit::PutSteering(rule(round))])
}

/// The same as the content of `<config>`, as our own client writes it.
pub fn xml(round: usize) -> String {
    let headend = Headend { address: Ipv4Addr::LOCALHOST.into(), held: &DeviceConfig::default() };
    to_netconf(&Dialect::OpenConfig.render(&edits(round), &headend).unwrap())
}

/// What is read back, as the content of `<filter>`.
pub fn filter() -> String {
    Dialect::OpenConfig.filter_xml()
}

/// Panics unless every router was read to hold the rule of this round.
pub fn assert_held(read: &[Done], round: usize) {
    let rule = rule(round);
    for done in read {
        let Done::Reading(DeviceReading::Read { owned, .. }) = done else { panic!("{done:?}") };
        assert_eq!(owned.steering.get(&rule.key), Some(&rule));
    }
}
