//! SR policies of the model as updates, one for each candidate path (RFC 9830 section 2 and 4.1).

use std::net::{IpAddr, Ipv4Addr};

use model::{CandidatePath, PolicyKey, SegmentList, Sid, SrPolicy, sr::LastResort};

use super::{
    PolicyNlri,
    segment::{LabelEntry, ListTlv},
    tunnel::{Binding, PolicyTlv, Tunnel},
};
use crate::wire::{
    Attribute, Nlri, Reach, Unreach, Update,
    attribute::{Origin, Segment},
    community::{Community, ExtendedCommunity},
    reach::NextHop,
};

/// For whom the routes are. One of the two must be said, or receivers take them for withdrawn (RFC 9830 section 4.2.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Audience {
    /// For the router at the other end of the session, and for no other: NO_ADVERTISE.
    Peer,
    /// For the router with this BGP identifier, by its route target; reflectors may stand between.
    Headend(Ipv4Addr),
}

/// How updates are made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Manner {
    /// For whom they are.
    pub audience: Audience,
    /// An address of ours; policies have no next hop, but the message has (RFC 9830 section 2.1).
    pub next_hop: IpAddr,
    /// Our autonomous system on an external session; none on an internal one.
    pub external: Option<u32>,
    /// Whether candidate paths and policies are named. Some receivers do not survive a name: it is left out where the other
    /// side is not known to take it.
    pub names: bool,
}

/// Updates that announce all candidate paths of a policy.
pub fn announce(policy: &SrPolicy, manner: &Manner) -> Vec<Update> {
    policy.candidates.iter().map(|candidate| announce_one(policy, candidate, manner)).collect()
}

/// An update that takes candidate paths of a policy back.
pub fn withdraw(key: PolicyKey, discriminators: impl IntoIterator<Item = u32>) -> Update {
    let routes: Vec<_> = discriminators.into_iter().map(|number| route(key, number)).collect();
    let family = route(key, 0).family();
    Update {
        attributes: vec![Attribute::Unreach(Unreach(Nlri::SrPolicy(family, routes)))],
        ..Update::default()
    }
}

/// The discriminator of a candidate path is the distinguisher of its route (RFC 9256 section 2.5).
fn route(key: PolicyKey, discriminator: u32) -> PolicyNlri {
    PolicyNlri { distinguisher: discriminator, color: key.color.number(), endpoint: key.endpoint }
}

fn announce_one(policy: &SrPolicy, candidate: &CandidatePath, manner: &Manner) -> Update {
    let nlri = route(policy.key, candidate.discriminator);
    let reach = Reach {
        next_hop: NextHop::Address(manner.next_hop),
        nlri: Nlri::SrPolicy(nlri.family(), vec![nlri]),
    };
    let path = manner.external.map(|asn| Segment::sequence(vec![asn]));
    let mut attributes = vec![
        Attribute::Reach(reach),
        Attribute::Origin(Origin::Igp),
        Attribute::AsPath(path.into_iter().collect()),
    ];
    if manner.external.is_none() {
        attributes.push(Attribute::LocalPref(100));
    }
    attributes.push(match manner.audience {
        Audience::Peer => Attribute::Communities(vec![Community::NO_ADVERTISE]),
        Audience::Headend(router) => {
            Attribute::ExtendedCommunities(vec![ExtendedCommunity::target(router, 0)])
        }
    });
    attributes.push(Attribute::Tunnel(vec![Tunnel::SrPolicy(path_tlvs(policy, candidate, manner.names))]));
    Update { attributes, ..Update::default() }
}

fn path_tlvs(policy: &SrPolicy, candidate: &CandidatePath, names: bool) -> Vec<PolicyTlv> {
    let mut tlvs = vec![PolicyTlv::Preference { flags: 0, preference: candidate.preference }];
    tlvs.extend(binding(policy));
    tlvs.extend(candidate.lists.iter().map(|list| PolicyTlv::SegmentList(segments(list))));
    if names {
        tlvs.push(PolicyTlv::CandidateName(candidate.name.clone()));
        tlvs.push(PolicyTlv::PolicyName(policy.name.clone()));
    }
    tlvs
}

/// The binding SID; also without one where traffic is to be dropped, for that is a flag of it (RFC 9830 section 2.4.2).
fn binding(policy: &SrPolicy) -> Option<PolicyTlv> {
    let flags = match policy.last_resort {
        LastResort::Igp => 0,
        LastResort::Drop => PolicyTlv::DROP_UPON_INVALID,
    };
    match policy.binding_sid {
        Some(Sid::Mpls(label)) => {
            let entry = LabelEntry { label: label.number(), traffic_class: 0, ttl: 0 };
            Some(PolicyTlv::BindingSid { flags, sid: Binding::Label(entry) })
        }
        Some(Sid::Srv6(sid)) => Some(PolicyTlv::Srv6BindingSid { flags, sid, endpoint: None }),
        None if flags != 0 => Some(PolicyTlv::BindingSid { flags, sid: Binding::None }),
        None => None,
    }
}

fn segments(list: &SegmentList) -> Vec<ListTlv> {
    let weight = ListTlv::Weight { flags: 0, weight: list.weight };
    let segment = |sid: &Sid| match sid {
        Sid::Mpls(label) => ListTlv::Label {
            flags: 0,
            // The headend chooses the time to live (RFC 9830 section 2.4.4.2.1).
            entry: LabelEntry { label: label.number(), traffic_class: 0, ttl: 255 },
        },
        Sid::Srv6(sid) => ListTlv::Srv6 { flags: 0, sid: *sid, endpoint: None },
    };
    std::iter::once(weight).chain(list.sids.iter().map(segment)).collect()
}
