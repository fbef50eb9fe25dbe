//! What a router measures: each of its lines, and each segment list that it is configured with.
//!
//! A list is probed as its packets go: in an outer header, to the router at its end in place of a customer there.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv6Addr,
    time::Duration,
};

use kernel::{Device, probe_sid};
use model::{DeviceConfig, SegmentList, Sid};
use probe::{Probe, ProbeId};

use crate::post::Post;

/// Probes of all lines of a lab in a second: more would take the processors away from what is measured. Lists are probed at the same
/// pace, however many there are, so that silence is told as soon: they come on top.
const BUDGET: u32 = 4_000;
/// The least time between two probes of one kind.
const LEAST: Duration = Duration::from_millis(20);
/// The most.
const MOST: Duration = Duration::from_secs(1);

/// How often probes are sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pace {
    /// Between two probes of one line.
    pub line: Duration,
    /// Between two probes of one list.
    pub list: Duration,
}

impl Pace {
    /// The pace in a lab with so many directions of lines.
    pub fn of(directions: usize) -> Self {
        let directions = u32::try_from(directions).unwrap_or(u32::MAX).max(1);
        let line = (Duration::from_secs(1) * directions / BUDGET).clamp(LEAST, MOST);
        Self { line, list: line }
    }
}

/// Probes, and what each is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// All of them.
    pub probes: BTreeMap<ProbeId, Probe>,
    /// Those of lines, by the device that leads to the neighbour.
    pub lines: BTreeMap<Device, ProbeId>,
    /// Those of segment lists as policies have them. A list to two ends has two.
    pub lists: BTreeMap<Vec<Ipv6Addr>, BTreeSet<ProbeId>>,
}

/// What a router measures.
pub fn wanted(post: &Post, config: &DeviceConfig, pace: Pace) -> Wanted {
    let mut wanted = Wanted::default();
    for (device, neighbour) in &post.neighbours {
        let id = ProbeId(format!("line {device}"));
        let probe = Probe {
            from: post.loopback,
            reflector: *neighbour,
            via: Vec::new(),
            every: pace.line,
            device: Some(device.to_string()),
            dscp: DSCP,
        };
        wanted.probes.insert(id.clone(), probe);
        wanted.lines.insert(device.clone(), id);
    }
    for policy in config.policies.values() {
        let Some(end) = post.place.owner(policy.key.endpoint) else { continue };
        let Some(reflector) = post.loopbacks.get(end).copied() else { continue };
        let Some(peer) = post.place.peers.get(end) else { continue };
        let Some(locator) = peer.locator else { continue };
        for list in policy.candidates.iter().flat_map(|path| &path.lists) {
            let Some(segments) = segments(list) else { continue };
            let mut via = segments.clone();
            if via.last().copied() == peer.service() {
                via.pop();
            }
            via.push(probe_sid(locator));
            let id = ProbeId(format!("list {segments:?} to {end}"));
            let probe =
                Probe { from: post.loopback, reflector, via, every: pace.list, device: None, dscp: DSCP };
            wanted.probes.insert(id.clone(), probe);
            wanted.lists.entry(segments).or_default().insert(id);
        }
    }
    wanted
}

/// Expedited forwarding (RFC 3246): what is measured is the line, not who waits for it.
const DSCP: u8 = 46;

/// The segments of a list as it is probed; none where it has labels.
pub fn segments(list: &SegmentList) -> Option<Vec<Ipv6Addr>> {
    list.sids.iter().map(srv6).collect()
}

fn srv6(sid: &Sid) -> Option<Ipv6Addr> {
    match sid {
        Sid::Srv6(address) => Some(*address),
        Sid::Mpls(_) => None,
    }
}

#[cfg(test)]
mod tests;
