//! What one peer says of one route, as facts.

use std::collections::BTreeSet;

use ipnet::IpNet;
use model::{Delay, Fact, IgpMetric, Jitter, Loss, TeMetric, node::MsdSet, sr::LabelBlock};

use super::{Router, Said, Way, effective, merge};
use crate::ls::{
    LsTlv, PrefixNlri, ProtocolId,
    link::{LinkTlv, groups},
    node::{NodeTlv, msd},
    performance::PerformanceTlv,
    sr::{Block, SidLabel, SrTlv},
    srv6::Srv6Tlv,
};

/// Steps of loss on the wire are 0.000003% (RFC 8570 section 4.4): 30 of the model's.
const LOSS_STEP: u32 = 30;
/// A backup in the flags of an End.X SID (RFC 9514 section 4.1).
const END_X_BACKUP: u8 = 0x80;

pub(super) fn node(router: &mut Router, said: &Said<'_>) {
    let mut of = Router { overload: Some(said.fact(false)), ..Router::default() };
    let mut depths = None;
    for tlv in &said.route.attribute.tlvs {
        match tlv {
            LsTlv::LocalIpv4(id) => keep(&mut of.router_id, said.fact(*id)),
            LsTlv::Node(NodeTlv::Name(name)) => keep(&mut of.name, said.fact(name.clone())),
            LsTlv::Node(NodeTlv::Flags(flags)) => {
                of.overload = Some(said.fact(flags & NodeTlv::OVERLOAD != 0));
            }
            LsTlv::Node(NodeTlv::Msd(all)) => depths = Some(all),
            LsTlv::Sr(SrTlv::Capabilities { blocks, .. }) => {
                of.srgb = block(blocks).map(|block| said.fact(block));
            }
            LsTlv::Sr(SrTlv::LocalBlocks(blocks)) => of.srlb = block(blocks).map(|block| said.fact(block)),
            _ => {}
        }
    }
    of.msd = depths.map(|depths| said.fact(msd_set(depths)));
    merge(&mut router.name, of.name);
    merge(&mut router.router_id, of.router_id);
    merge(&mut router.overload, of.overload);
    merge(&mut router.srgb, of.srgb);
    merge(&mut router.srlb, of.srlb);
    merge(&mut router.msd, of.msd);
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

/// A prefix is a locator, or has the SID of its node. Of several, the first prefix with algorithm 0 counts.
pub(super) fn prefix(router: &mut Router, prefix: &PrefixNlri, said: &Said<'_>) {
    for tlv in &said.route.attribute.tlvs {
        match (tlv, prefix.net()) {
            (LsTlv::Srv6(Srv6Tlv::Locator { algorithm: 0, .. }), Some(IpNet::V6(net))) => {
                merge_first(&mut router.locator, said.fact(net));
            }
            (
                LsTlv::Sr(SrTlv::PrefixSid { flags, algorithm: 0, sid: SidLabel::Index(index) }),
                Some(IpNet::V4(net)),
            ) if flags & SrTlv::NODE_SID != 0 && net.prefix_len() == 32 => {
                merge_first(&mut router.node_sid, said.fact(*index));
            }
            _ => {}
        }
    }
}

/// As [`merge`], but a second prefix of the same peer is no contradiction.
fn merge_first<T: PartialEq + Clone>(place: &mut Option<Fact<T>>, said: Fact<T>) {
    if place.as_ref().is_none_or(|before| before.source != said.source) {
        merge(place, Some(said));
    }
}

/// The first of a kind counts.
fn keep<T>(place: &mut Option<Fact<T>>, said: Fact<T>) {
    place.get_or_insert(said);
}

pub(super) fn link(way: &mut Way, protocol: ProtocolId, said: &Said<'_>) {
    let mut of = Way::default();
    let mut least = None;
    for tlv in effective::tlvs(&said.route.attribute) {
        match tlv {
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
        LinkTlv::Name(name) => keep(&mut of.name, said.fact(name.clone())),
        LinkTlv::MaxBandwidth(bandwidth) => {
            if let Some(bandwidth) = bandwidth.bandwidth() {
                keep(&mut of.bandwidth, said.fact(bandwidth));
            }
        }
        LinkTlv::IgpMetric(metric) => keep(&mut of.igp, said.fact(IgpMetric(metric.number()))),
        LinkTlv::TeMetric(metric) => keep(&mut of.te, said.fact(TeMetric(*metric))),
        LinkTlv::Srlg(all) => keep(&mut of.srlg, said.fact(set(all))),
        // The longer form has all that the shorter has (RFC 7308 section 2.3.1).
        LinkTlv::ExtendedAdminGroup(words) => of.groups = Some(said.fact(groups(words))),
        LinkTlv::AdminGroup(word) => keep(&mut of.groups, said.fact(groups(&[*word]))),
        _ => {}
    }
}

fn performance(of: &mut Way, tlv: &PerformanceTlv, said: &Said<'_>) {
    match tlv {
        PerformanceTlv::Delay(delay) => {
            keep(&mut of.delay, said.fact(Delay::from_micros(delay.value.into())))
        }
        PerformanceTlv::Variation(micros) => {
            keep(&mut of.jitter, said.fact(Jitter::from_micros((*micros).into())));
        }
        PerformanceTlv::Loss(loss) => {
            keep(&mut of.loss, said.fact(Loss::from_ppb(loss.value.saturating_mul(LOSS_STEP))));
        }
        _ => {}
    }
}

/// The SRv6 SID of the adjacency with algorithm 0 that is no backup; of several the lowest.
fn end_x(said: &Said<'_>) -> Option<Fact<std::net::Ipv6Addr>> {
    let sids = said.route.attribute.tlvs.iter().filter_map(|tlv| match tlv {
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
    let sids = said.route.attribute.tlvs.iter().filter_map(|tlv| match tlv {
        LsTlv::Sr(SrTlv::AdjacencySid(sid) | SrTlv::LanAdjacencySid(sid, _)) => Some(sid),
        _ => None,
    });
    sids.filter(|sid| sid.flags & backup == 0).map(|sid| sid.sid).min().map(|sid| said.fact(sid))
}
