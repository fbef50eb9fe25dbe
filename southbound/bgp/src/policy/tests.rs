//! Policies of the model as updates: what a headend is told, and whether it may use it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::{CandidatePath, Label, PolicyKey, SegmentList, Sid, SrPolicy, sr::LastResort};

use super::{
    judge::{Judgement, judge},
    send::{Audience, Manner, announce, withdraw},
    tunnel::Binding,
    *,
};
use crate::wire::{Attribute, Context, Nlri, Update, message};

const HEADEND: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);

fn label(number: u32) -> Sid {
    Sid::Mpls(Label::try_from(number).unwrap())
}

fn policy(endpoint: IpAddr, sids: Vec<Sid>) -> SrPolicy {
    let candidate = |discriminator, preference| CandidatePath {
        discriminator,
        preference,
        name: format!("cp{discriminator}"),
        lists: vec![SegmentList { weight: 3, sids: sids.clone() }],
    };
    SrPolicy {
        key: PolicyKey { color: 100.try_into().unwrap(), endpoint },
        name: "tl-payments".into(),
        binding_sid: Some(label(15_500)),
        candidates: vec![candidate(1, 200), candidate(2, 100)],
        last_resort: LastResort::Drop,
    }
}

fn manner(audience: Audience) -> Manner {
    Manner { audience, next_hop: IpAddr::from([10, 0, 0, 1]), external: None, names: false }
}

fn over_the_wire(update: &Update) -> Update {
    let octets = message::update(update, true, message::STANDARD).unwrap();
    let context = Context { four_octet_as: true, internal: true };
    let received = Update::decode(&octets[message::HEADER..], &context).unwrap();
    assert_eq!(received.faults, []);
    received.update
}

#[test]
fn each_candidate_path_is_a_route() {
    let policy = policy([10, 0, 0, 9].into(), vec![label(16_005), label(15_001)]);
    let updates = announce(&policy, &manner(Audience::Peer));
    let routes: Vec<_> = updates
        .iter()
        .map(over_the_wire)
        .map(|update| match update.reach().map(|reach| reach.nlri.clone()) {
            Some(Nlri::SrPolicy(_, routes)) => routes[0],
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(routes.iter().map(|route| route.distinguisher).collect::<Vec<_>>(), [1, 2]);
    assert!(routes.iter().all(|route| route.color == 100 && route.endpoint == policy.key.endpoint));
    let [Tunnel::SrPolicy(tlvs)] = updates[1].tunnels() else { panic!("no tunnel") };
    assert_eq!(tlvs[0], PolicyTlv::Preference { flags: 0, preference: 100 });
    let PolicyTlv::BindingSid { flags, sid: Binding::Label(entry) } = tlvs[1] else { panic!("{tlvs:?}") };
    assert_eq!((flags, entry.label), (PolicyTlv::DROP_UPON_INVALID, 15_500));
    let PolicyTlv::SegmentList(list) = &tlvs[2] else { panic!("{tlvs:?}") };
    assert_eq!(list[0], ListTlv::Weight { flags: 0, weight: 3 });
    assert_eq!(list.len(), 3);
    assert_eq!(tlvs.len(), 3, "names are left out unless they are wanted");
}

#[test]
fn an_audience_is_always_named_or_nobody_may_use_it() {
    let policy = policy([10, 0, 0, 9].into(), vec![label(16_005)]);
    let judged = |audience, headend| judge(&over_the_wire(&announce(&policy, &manner(audience))[0]), headend);
    assert_eq!(judged(Audience::Peer, HEADEND), Judgement::Usable);
    assert_eq!(judged(Audience::Headend(HEADEND), HEADEND), Judgement::Usable);
    assert_eq!(judged(Audience::Headend(HEADEND), [10, 0, 0, 8].into()), Judgement::ForOthers);
    let mut silent = announce(&policy, &manner(Audience::Peer)).remove(0);
    silent.attributes.retain(|attribute| !matches!(attribute, Attribute::Communities(_)));
    assert_eq!(judge(&silent, HEADEND), Judgement::Malformed);
    let mut empty = announce(&policy, &manner(Audience::Peer)).remove(0);
    empty.attributes.retain(|attribute| !matches!(attribute, Attribute::Tunnel(_)));
    assert_eq!(judge(&empty, HEADEND), Judgement::Malformed);
}

#[test]
fn srv6_policies_have_srv6_segments_and_an_srv6_binding() {
    let sid = |n: u16| Ipv6Addr::from([0xfd00, 0, n, 0, 0, 0, 0, 1]);
    let end = IpAddr::V6("fd00:0:9::1".parse().unwrap());
    let mut policy = policy(end, vec![Sid::Srv6(sid(5)), Sid::Srv6(sid(9))]);
    policy.binding_sid = Some(Sid::Srv6(sid(77)));
    policy.last_resort = LastResort::Igp;
    let update = over_the_wire(&announce(&policy, &Manner { names: true, ..manner(Audience::Peer) })[0]);
    let [Tunnel::SrPolicy(tlvs)] = update.tunnels() else { panic!("no tunnel") };
    assert_eq!(tlvs[1], PolicyTlv::Srv6BindingSid { flags: 0, sid: sid(77), endpoint: None });
    let PolicyTlv::SegmentList(list) = &tlvs[2] else { panic!("{tlvs:?}") };
    assert_eq!(list[2], ListTlv::Srv6 { flags: 0, sid: sid(9), endpoint: None });
    assert_eq!(tlvs[3], PolicyTlv::CandidateName("cp1".into()));
    assert_eq!(tlvs[4], PolicyTlv::PolicyName("tl-payments".into()));
}

#[test]
fn what_was_announced_is_withdrawn_by_its_numbers() {
    let policy = policy([10, 0, 0, 9].into(), vec![label(16_005)]);
    let update = over_the_wire(&withdraw(policy.key, [1, 2]));
    let Some(Nlri::SrPolicy(_, routes)) = update.unreach().map(|unreach| &unreach.0) else { panic!("none") };
    assert_eq!(routes.len(), 2);
}
