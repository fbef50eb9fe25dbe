//! Made-up banks: centres, a core of two planes, provinces, and branches with leased lines to them. Every branch talks to a
//! centre in six classes, both ways; each class and direction has a policy with a backup, and queues at every interface.
#![allow(dead_code, reason = "each bench uses its part")]

use std::{collections::BTreeMap, net::IpAddr};

use model::{
    Bandwidth, CandidatePath, Classifier, Demands, DeviceConfig, Discipline, InterfaceQos, Label, LinkId,
    NodeId, QueueName, QueueShare, SegmentList, Sid, Ted, link::Side, sr::LabelBlock,
};

use crate::support::*;

pub const CLASSES: [&str; 6] = ["ef", "af41", "af31", "af21", "af11", "be"];

/// How many routers there are of each kind, and how many lines.
#[derive(Clone, Copy)]
pub struct Size {
    pub centres: usize,
    /// Even: half of them in each plane.
    pub core: usize,
    pub provinces: usize,
    pub branches: usize,
    /// Lines of each branch.
    pub lines: usize,
    /// Links between provinces.
    pub cross: usize,
}

/// The size of the CEB case: 120 routers, 330 links, 360 services.
pub const CEB: Size = Size { centres: 6, core: 14, provinces: 40, branches: 60, lines: 3, cross: 9 };

/// The size of the CCB case: 10,120 routers, 60,000 services.
pub const CCB: Size = Size { centres: 20, core: 20, provinces: 80, branches: 10_000, lines: 2, cross: 20 };

pub struct Bank {
    pub ted: Ted,
    pub devices: BTreeMap<NodeId, DeviceConfig>,
    pub demands: Demands,
}

/// Every SRGB is the same here: those of the small tests have no room for 10,000 nodes.
const SRGB: LabelBlock = LabelBlock { base: 100_000, size: 20_000 };

fn label(to: usize) -> Sid {
    Sid::Mpls(Label::try_from(SRGB.base + 1 + to as u32).unwrap())
}

struct Plan {
    size: Size,
    /// By link: its ends and metric.
    ends: Vec<(usize, usize, u32)>,
    /// By branch and line: the link.
    lines: Vec<Vec<usize>>,
}

fn plan(size: Size) -> Plan {
    let Size { centres, core, provinces, branches, lines, cross } = size;
    let (first_core, first_province) = (centres, centres + core);
    let first_branch = first_province + provinces;
    let plane = core / 2;
    let mut ends = Vec::new();
    for centre in 0..centres {
        ends.push((centre, first_core + centre % plane, 5));
        ends.push((centre, first_core + plane + centre % plane, 5));
    }
    for place in 0..plane {
        ends.push((first_core + place, first_core + plane + place, 3));
        for other in place + 1..plane {
            let far = 8 + (other - place) as u32;
            ends.push((first_core + place, first_core + other, far));
            ends.push((first_core + plane + place, first_core + plane + other, far));
        }
    }
    for province in 0..provinces {
        ends.push((first_province + province, first_core + province % plane, 10));
        ends.push((
            first_province + province,
            first_core + plane + (province + province / plane) % plane,
            10,
        ));
    }
    for number in 0..cross {
        let province = number * provinces / cross;
        ends.push((first_province + province, first_province + (province + 3) % provinces, 15));
    }
    let mut of_branch = Vec::new();
    for branch in 0..branches {
        of_branch.push((ends.len()..ends.len() + lines).collect());
        for line in 0..lines {
            let province = first_province + (branch + 7 * line) % provinces;
            ends.push((first_branch + branch, province, 20 + 10 * line as u32));
        }
    }
    Plan { size, ends, lines: of_branch }
}

impl Plan {
    fn ted(&self) -> Ted {
        let Size { centres, core, provinces, branches, .. } = self.size;
        let mut net = Ted::default();
        for ix in 0..centres + core + provinces + branches {
            let mut node = node(ix);
            node.srgb = SRGB;
            net.nodes.insert(name(ix), node);
        }
        for (ix, (a, z, igp)) in self.ends.iter().enumerate() {
            let mut link = link(ix, *a, *z, *igp);
            link.id = LinkId::lit(&format!("l{ix:05}"));
            for (side, edge) in [(Side::A, 2 * ix), (Side::Z, 2 * ix + 1)] {
                let direction = link.direction_mut(side);
                let Sid::Mpls(label) = adjacency(edge) else { continue };
                direction.adjacency_label = Some(model::Fact::from_file(label));
                direction.end_x = None;
                let core = *a < centres + core + provinces;
                let rate = if core { 10 * GBPS } else { 100_000_000 };
                direction.bandwidth = model::Fact::from_file(Bandwidth::from_bps(rate));
            }
            if *a < centres + core {
                link.srlg.insert(format!("duct-{:02}", (a + z) % 24));
            }
            net.links.insert(link.id.clone(), link);
        }
        net
    }

    /// A way of a branch: out over a line and on to the centre, or to the line's province and in.
    fn sids(&self, branch: usize, line: usize, centre: usize, outward: bool) -> Vec<Sid> {
        let link = self.lines[branch][line % self.size.lines];
        if outward {
            vec![adjacency(2 * link), label(centre)]
        } else {
            vec![label(self.ends[link].1), adjacency(2 * link + 1)]
        }
    }

    fn candidates(&self, branch: usize, class: usize, centre: usize, outward: bool) -> Vec<CandidatePath> {
        let way = |weight: u32, line: usize| -> SegmentList {
            list(weight, &self.sids(branch, line, centre, outward))
        };
        let mut first = vec![way(3, class)];
        if class == 4 {
            first.push(way(1, class + 1));
        }
        vec![candidate(200, first), candidate(100, vec![way(1, class + 2), way(1, class + 1)])]
    }
}

fn adjacency(edge: usize) -> Sid {
    Sid::Mpls(Label::try_from(200_000 + edge as u32).unwrap())
}

fn queues() -> InterfaceQos {
    let share = |place: usize| QueueShare {
        discipline: if place == 0 { Discipline::Strict } else { Discipline::Weighted(8 - place as u8) },
        guarantee: Bandwidth::from_bps(10_000_000),
    };
    let names = CLASSES.iter().enumerate();
    InterfaceQos { queues: names.map(|(ix, name)| (QueueName::lit(name), share(ix))).collect() }
}

/// Builds a bank.
pub fn bank(size: Size) -> Bank {
    let plan = plan(size);
    let first_branch = size.centres + size.core + size.provinces;
    let mut policies: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    let mut all = Vec::new();
    for branch in 0..size.branches {
        let centre = branch % size.centres;
        for (class, dscp) in CLASSES.iter().enumerate() {
            for outward in [true, false] {
                let (from, to) = (first_branch + branch, centre);
                let (from, to) = if outward { (from, to) } else { (to, from) };
                let candidates = plan.candidates(branch, class, centre, outward);
                let of_head = policies.entry(from).or_default();
                of_head.push(policy(1_000 + class as u32, IpAddr::V4(router_id(to)), candidates));
                let side = if outward { "out" } else { "in" };
                let rate = 1_000_000 * (1 + class as u64);
                all.push(demand(&format!("b{branch:05}/{dscp}/{side}"), from, to, dscp, rate));
            }
        }
    }
    let ted = plan.ted();
    let mut devices: BTreeMap<NodeId, DeviceConfig> = BTreeMap::new();
    let classifier =
        Classifier { queues: CLASSES.iter().map(|n| (n.parse().unwrap(), QueueName::lit(n))).collect() };
    for (head, policies) in policies {
        let rules =
            (0_u32..).zip(CLASSES).map(|(class, dscp)| rule("bank", class, None, &[dscp], 1_000 + class));
        devices.insert(name(head), device(policies, rules.collect()));
    }
    let queues = queues();
    for end in ted.links.values().flat_map(|link| [&link.a, &link.z]) {
        let config = devices.entry(end.node.clone()).or_default();
        config.qos.insert(end.interface.clone(), queues.clone());
        config.classifier.get_or_insert_with(|| classifier.clone());
        config.classified.insert(end.interface.clone());
    }
    Bank { ted, devices, demands: demands(all) }
}
