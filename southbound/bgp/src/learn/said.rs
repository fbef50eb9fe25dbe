//! What one peer says of one route, as facts.

use std::collections::BTreeSet;

use ipnet::IpNet;
use model::{Delay, Fact, IgpMetric, Jitter, Loss, TeMetric, node::MsdSet, sr::LabelBlock};

use super::{Router, Said, Way, effective, merge};
use crate::ls::{
    LsTlv, PrefixDescriptor, PrefixNlri, ProtocolId,
    link::{LinkTlv, groups},
    node::{NodeTlv, msd},
    performance::PerformanceTlv,
    prefix::PrefixTlv,
    sr::{Block, NODE_SID, READVERTISED, SidLabel, SrTlv},
    srv6::Srv6Tlv,
};

/// Steps of loss on the wire are 0.000003% (RFC 8570 section 4.4): 30 of the model's.
const LOSS_STEP: u32 = 30;
/// A backup in the flags of an End.X SID (RFC 9514 section 4.1).
const END_X_BACKUP: u8 = 0x80;
/// X and R in the flags of an IS-IS prefix (RFC 7794 section 2.1).
const ISIS_EXTERNAL: u8 = 0x80;
const ISIS_READVERTISED: u8 = 0x40;
/// D in the IGP's flags of a prefix and in those of an IS-IS locator (RFC 9552 section 5.3.3.1, RFC 9352 section 7.1).
const IGP_DOWN: u8 = 0x80;
const LOCATOR_DOWN: u8 = 0x80;
/// N in the flags of an OSPFv2 prefix and in the options of an OSPFv3 one (RFC 7684 section 2.1, RFC 8362 section 3.1).
const OSPFV2_NODE: u8 = 0x40;
const OSPFV3_NODE: u8 = 0x20;
/// A prefix of the router's own area (RFC 9552 section 5.2.3.1).
const OSPF_INTRA_AREA: u8 = 1;

/// What one peer says of a router.
#[derive(Default)]
pub(super) struct Told {
    pub(super) router: Router,
    /// Its node SID is that of its router id, which no other goes before.
    sid_of_router_id: bool,
}

impl Told {
    /// A router of two levels has two routes.
    pub(super) fn node(&mut self, said: &Said<'_>) {
        // Without flags it is not overloaded; without any word it is not known.
        let overload = said.route.attribute.is_some().then(|| said.fact(false));
        let mut of = Router { overload, ..Router::default() };
        for tlv in said.tlvs() {
            match tlv {
                LsTlv::LocalIpv4(id) => keep(&mut of.router_id, || said.fact(*id)),
                LsTlv::Node(NodeTlv::Name(name)) => keep(&mut of.name, || said.fact(name.clone())),
                LsTlv::Node(NodeTlv::Flags(flags)) => {
                    of.overload = Some(said.fact(flags & NodeTlv::OVERLOAD != 0));
                }
                LsTlv::Node(NodeTlv::Msd(all)) => keep(&mut of.msd, || said.fact(msd_set(all))),
                LsTlv::Sr(SrTlv::Capabilities { blocks, .. }) => {
                    of.srgb = block(blocks).map(|block| said.fact(block));
                }
                LsTlv::Sr(SrTlv::LocalBlocks(blocks)) => {
                    of.srlb = block(blocks).map(|block| said.fact(block));
                }
                _ => {}
            }
        }
        self.router.lay(of);
    }

    /// A prefix of its own is a locator, or has the SID of its node. Of several with algorithm 0 that of the router id counts,
    /// or else the first.
    pub(super) fn prefix(&mut self, prefix: &PrefixNlri, said: &Said<'_>) {
        let bits = attribute_flags(said.tlvs());
        if is_passed_on(prefix, bits, said.tlvs()) {
            return;
        }
        for tlv in said.tlvs() {
            match (tlv, prefix.net()) {
                (LsTlv::Srv6(Srv6Tlv::Locator { algorithm: 0, .. }), Some(IpNet::V6(net))) => {
                    keep(&mut self.router.locator, || said.fact(net));
                }
                (
                    LsTlv::Sr(SrTlv::PrefixSid { flags, algorithm: 0, sid: SidLabel::Index(index) }),
                    Some(IpNet::V4(net)),
                ) if net.prefix_len() == 32 && is_node(prefix, *flags, bits) => {
                    let id = self.router.router_id.as_ref();
                    let of_router_id = id.is_some_and(|id| id.value == net.addr());
                    if of_router_id && !self.sid_of_router_id {
                        self.router.node_sid = None;
                    }
                    self.sid_of_router_id |= of_router_id;
                    keep(&mut self.router.node_sid, || said.fact(*index));
                }
                _ => {}
            }
        }
    }
}

/// The flags of the prefix as its IGP has them (RFC 9085 section 2.3.2).
fn attribute_flags(tlvs: &[LsTlv]) -> u8 {
    let flags = tlvs.iter().find_map(|tlv| match tlv {
        LsTlv::Prefix(PrefixTlv::AttributeFlags(octets)) => octets.first(),
        _ => None,
    });
    flags.copied().unwrap_or(0)
}

/// Whether a router tells of a prefix that is another's: it came from another level, area or protocol.
fn is_passed_on(prefix: &PrefixNlri, bits: u8, tlvs: &[LsTlv]) -> bool {
    if !is_isis(prefix.instance.protocol) {
        let intra = |descriptor: &PrefixDescriptor| match descriptor {
            PrefixDescriptor::OspfRouteType(kind) => *kind == OSPF_INTRA_AREA,
            _ => true,
        };
        return !prefix.prefix.iter().all(intra);
    }
    bits & (ISIS_EXTERNAL | ISIS_READVERTISED) != 0
        || tlvs.iter().any(|tlv| match tlv {
            LsTlv::Prefix(PrefixTlv::IgpFlags(flags)) => flags & IGP_DOWN != 0,
            LsTlv::Srv6(Srv6Tlv::Locator { flags, .. }) => flags & LOCATOR_DOWN != 0,
            LsTlv::Sr(SrTlv::PrefixSid { flags, .. }) => flags & READVERTISED != 0,
            _ => false,
        })
}

/// Whether the SID of a prefix is that of its node. IS-IS says so at the SID, OSPF at the prefix.
fn is_node(prefix: &PrefixNlri, sid: u8, bits: u8) -> bool {
    match prefix.instance.protocol {
        ProtocolId::OSPFV2 => bits & OSPFV2_NODE != 0,
        ProtocolId::OSPFV3 => bits & OSPFV3_NODE != 0,
        protocol => is_isis(protocol) && sid & NODE_SID != 0,
    }
}

fn is_isis(protocol: ProtocolId) -> bool {
    [ProtocolId::ISIS_LEVEL_1, ProtocolId::ISIS_LEVEL_2].contains(&protocol)
}

/// The first of several blocks: the model has one.
fn block(blocks: &[Block]) -> Option<LabelBlock> {
    blocks.first().and_then(|block| match block.first {
        SidLabel::Label(base) => Some(LabelBlock { base, size: block.size }),
        SidLabel::Index(_) => None,
    })
}

fn msd_set(depths: &[(u8, u8)]) -> MsdSet {
    let mut set = MsdSet::default();
    for (kind, depth) in depths {
        match *kind {
            msd::BASE_MPLS_IMPOSITION => set.mpls_imposition = *depth,
            msd::SRV6_SEGMENTS_LEFT => set.srv6_segments_left = *depth,
            msd::SRV6_END_POP => set.srv6_end_pop = *depth,
            msd::SRV6_H_ENCAPS => set.srv6_encaps = *depth,
            msd::SRV6_END_D => set.srv6_end_d = *depth,
            _ => {}
        }
    }
    set
}

/// The first of a kind counts.
fn keep<T>(place: &mut Option<Fact<T>>, said: impl FnOnce() -> Fact<T>) {
    place.get_or_insert_with(said);
}

pub(super) fn link(way: &mut Way, protocol: ProtocolId, said: &Said<'_>) {
    let mut of = Way::default();
    let (mut least, mut word, mut words) = (None, None, None);
    for tlv in effective::tlvs(said.tlvs()) {
        match tlv {
            LsTlv::Link(LinkTlv::AdminGroup(all)) => drop(word.get_or_insert([*all])),
            LsTlv::Link(LinkTlv::ExtendedAdminGroup(all)) => drop(words.get_or_insert(all)),
            LsTlv::Link(tlv) => plain(&mut of, tlv, said),
            LsTlv::Performance(PerformanceTlv::DelayRange { least: delay, .. }) => {
                least.get_or_insert(delay.value);
            }
            LsTlv::Performance(tlv) => performance(&mut of, tlv, said),
            _ => {}
        }
    }
    of.delay = of.delay.or_else(|| least.map(|micros| said.fact(Delay::from_micros(micros.into()))));
    of.end_x = end_x(said);
    // The longer form has all that the shorter has (RFC 7308 section 2.3.1).
    let words = words.map(Vec::as_slice).or(word.as_ref().map(|word| word.as_slice()));
    of.groups = words.map(|words| said.fact(groups(words)));
    merge(&mut way.adjacency_sid, adjacency(protocol, said));
    merge(&mut way.name, of.name);
    merge(&mut way.bandwidth, of.bandwidth);
    merge(&mut way.delay, of.delay);
    merge(&mut way.jitter, of.jitter);
    merge(&mut way.loss, of.loss);
    merge(&mut way.igp, of.igp);
    merge(&mut way.te, of.te);
    merge(&mut way.end_x, of.end_x);
    merge(&mut way.groups, of.groups);
    merge(&mut way.srlg, of.srlg);
}

fn plain(of: &mut Way, tlv: &LinkTlv, said: &Said<'_>) {
    let set = |words: &[u32]| words.iter().copied().collect::<BTreeSet<u32>>();
    match tlv {
        LinkTlv::Name(name) => keep(&mut of.name, || said.fact(name.clone())),
        LinkTlv::MaxBandwidth(bandwidth) => {
            if let Some(bandwidth) = bandwidth.bandwidth() {
                keep(&mut of.bandwidth, || said.fact(bandwidth));
            }
        }
        LinkTlv::IgpMetric(metric) => keep(&mut of.igp, || said.fact(IgpMetric(metric.number()))),
        LinkTlv::TeMetric(metric) => keep(&mut of.te, || said.fact(TeMetric(*metric))),
        LinkTlv::Srlg(all) => keep(&mut of.srlg, || said.fact(set(all))),
        _ => {}
    }
}

fn performance(of: &mut Way, tlv: &PerformanceTlv, said: &Said<'_>) {
    match tlv {
        PerformanceTlv::Delay(delay) => {
            keep(&mut of.delay, || said.fact(Delay::from_micros(delay.value.into())))
        }
        PerformanceTlv::Variation(micros) => {
            keep(&mut of.jitter, || said.fact(Jitter::from_micros((*micros).into())));
        }
        PerformanceTlv::Loss(loss) => {
            keep(&mut of.loss, || said.fact(Loss::from_ppb(loss.value.saturating_mul(LOSS_STEP))));
        }
        _ => {}
    }
}

/// The SRv6 SID of the adjacency with algorithm 0 that is no backup; of several the lowest.
fn end_x(said: &Said<'_>) -> Option<Fact<std::net::Ipv6Addr>> {
    let sids = said.tlvs().iter().filter_map(|tlv| match tlv {
        LsTlv::Srv6(Srv6Tlv::EndX(end) | Srv6Tlv::LanEndX(end, _)) => {
            (end.algorithm == 0 && end.flags & END_X_BACKUP == 0).then_some(end.sid)
        }
        _ => None,
    });
    sids.min().map(|sid| said.fact(sid))
}

/// The SID of the adjacency that is no backup; of several the lowest. Where the bit for backup is depends on the IGP (RFC 8667
/// section 2.2.1, RFC 8665 section 6.1).
fn adjacency(protocol: ProtocolId, said: &Said<'_>) -> Option<Fact<SidLabel>> {
    let ospf = [ProtocolId::OSPFV2, ProtocolId::OSPFV3].contains(&protocol);
    let backup = if ospf { 0x80 } else { 0x40 };
    let sids = said.tlvs().iter().filter_map(|tlv| match tlv {
        LsTlv::Sr(SrTlv::AdjacencySid(sid) | SrTlv::LanAdjacencySid(sid, _)) => Some(sid),
        _ => None,
    });
    sids.filter(|sid| sid.flags & backup == 0).map(|sid| sid.sid).min().map(|sid| said.fact(sid))
}
