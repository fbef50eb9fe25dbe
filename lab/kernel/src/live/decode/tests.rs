use rtnetlink::packet_core::{Emitable, Parseable};

use super::*;
use crate::{
    Program,
    fixture::{device, place, usual, with_csid},
    live::encode::{self, Indices},
};

fn indices() -> Indices {
    let names = ["lo", ANCHOR, "eth1", "eth2", "cust0"];
    names.iter().zip(1..).map(|(name, index)| (device(name), index)).collect()
}

/// As the kernel would tell it.
fn through_octets(message: &RouteMessage) -> RouteMessage {
    let mut octets = vec![0; message.buffer_len()];
    message.emit(&mut octets);
    RouteMessage::parse(octets.as_slice()).unwrap()
}

#[test]
fn every_route_of_a_program_reads_back_from_its_octets() {
    let names: Names = indices().into_iter().map(|(name, index)| (index, name)).collect();
    let mut config = usual();
    for policy in config.policies.values_mut() {
        let sid = format!("fc00:0:1:{:x}::", 0x4000 + policy.key.color.number());
        policy.binding_sid = sid.parse().ok();
    }
    let program = Program::of(&config, &with_csid(place())).unwrap();
    let weighted =
        |target: &Target| matches!(target, Target::Encap(ways) | Target::Bound(ways) if ways.len() > 1);
    assert!(program.routes.values().filter(|target| weighted(target)).count() >= 2);
    for (key, target) in &program.routes {
        let message = through_octets(&encode::route(key, target, &indices()).unwrap());
        assert_eq!(route(&message, &names), Some((*key, target.clone())));
        assert_eq!(super::key(&through_octets(&encode::unroute(key))), Some(*key));
    }
    for rule in &program.rules {
        assert_eq!(super::rule(&encode::rule(rule)), Some(Ok(rule.clone())));
    }
}

#[test]
fn what_is_not_as_we_write_it_is_odd() {
    let names: Names = indices().into_iter().map(|(name, index)| (index, name)).collect();
    let program = Program::of(&usual(), &place()).unwrap();
    let (key, target) = program.routes.iter().find(|(_, target)| matches!(target, Target::Encap(_))).unwrap();
    let right = encode::route(key, target, &indices()).unwrap();
    let mut metric = right.clone();
    metric.attributes.retain(|one| !matches!(one, RouteAttribute::Priority(_)));
    assert!(matches!(route(&metric, &names), Some((_, Target::Odd(_)))));
    let mut elsewhere = right.clone();
    elsewhere.attributes.retain(|one| !matches!(one, RouteAttribute::Oif(_)));
    elsewhere.attributes.push(RouteAttribute::Oif(3));
    assert!(matches!(route(&elsewhere, &names), Some((_, Target::Odd(_)))));
    let mut others = right;
    others.header.protocol = RouteProtocol::Static;
    assert_eq!(route(&others, &names), None);
}

#[test]
fn a_rule_that_asks_for_more_or_less_than_one_of_ours_is_odd() {
    let program = Program::of(&usual(), &place()).unwrap();
    let is_odd = |change: &dyn Fn(&mut RuleMessage)| {
        program.rules.iter().all(|rule| {
            let mut message = encode::rule(rule);
            change(&mut message);
            matches!(super::rule(&message), Some(Err(_)))
        })
    };
    assert!(!is_odd(&|_| ()));
    assert!(is_odd(&|rule| rule.attributes.retain(|one| !matches!(one, RuleAttribute::Priority(_)))));
    assert!(is_odd(&|rule| rule.header.flags |= RuleFlags::Invert));
    assert!(is_odd(&|rule| {
        rule.header.src_len = 8;
        rule.attributes.push(RuleAttribute::Source("10.0.0.0".parse().unwrap()));
    }));
    assert!(is_odd(&|rule| rule.attributes.push(RuleAttribute::Oifname("eth1".to_owned()))));
    let mut others = encode::rule(program.rules.first().unwrap());
    others.attributes.retain(|one| !matches!(one, RuleAttribute::Protocol(_)));
    assert_eq!(super::rule(&others), None);
}
