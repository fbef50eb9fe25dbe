//! Shortest-path trees by a sweep over buckets of distance (Dial 1969; Denardo and Fox 1979), for networks whose edges are not
//! too unlike in length: the cost is O(nodes + edges + longest distance / shortest edge).
//!
//! No edge is shorter than a bucket is wide, so places in one bucket cannot make each other nearer and their order does not
//! matter. What is left to slow it down are branches that nobody can foresee, half of all offers being in vain; so an offer is
//! carried out without one. Distance and last edge stand in one number, of which the smaller wins: the nearer, and of equally
//! near ones the smaller edge. A place goes to the end of the waiting list in any case, and the list grows only where it gained.

use model::{EdgeIx, NodeIx};

use crate::{
    goal::NO_EDGE,
    packed::{Packed, Reach, UNREACHED},
};

/// Arcs that are looked at together; nodes are filled up with arcs that lead nowhere.
const TOGETHER: usize = 2;
/// How many buckets there are. Used in circles: no edge reaches round.
const BUCKETS: usize = 4096;
/// No further place.
const NONE: u32 = u32::MAX;
/// A label and an arc of this length and more come to nothing.
const FAR: u64 = 1 << 31;
/// The label of a place that is not reached, and an arc that leads nowhere.
const NEVER: u64 = FAR << 32 | NO_EDGE.0 as u64;

/// Arcs side by side in memory.
#[derive(Clone, Copy, Debug)]
struct Bundle {
    /// For each its length above and its edge below.
    steps: [u64; TOGETHER],
    /// Where each leads.
    nodes: [u32; TOGETHER],
}

/// The bundles of a node.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: u32,
    /// As far as it carries transit.
    end: u32,
}

/// A packed network and the memory of a sweep.
#[derive(Debug)]
pub(crate) struct Sweep {
    /// A bucket is `1 << shift` wide, in labels.
    shift: u32,
    /// By node, and one more.
    spans: Vec<Span>,
    bundles: Vec<Bundle>,
    /// The bundles of a search that may not use all.
    admitted: Vec<Bundle>,
    /// For each node its distance above and its edge below.
    labels: Vec<u64>,
    /// For each bucket the last that came into it.
    heads: Box<[u32; BUCKETS]>,
    /// Places, each with the one that came into its bucket before.
    waiting: Vec<(u32, u32)>,
}

impl Sweep {
    /// Packs a network more closely. None where its edges are too unlike in length or too long.
    pub(crate) fn pack(packed: &Packed<'_>) -> Option<Self> {
        let arcs = packed.by_node();
        let width = packed.least.checked_ilog2()?;
        let longest = packed.most.checked_mul(arcs.len() as u64)?;
        if packed.most >> width >= BUCKETS as u64 - 1 || longest >= FAR {
            return None;
        }
        let nodes = arcs.len();
        let (mut spans, mut bundles) = (Vec::with_capacity(nodes + 1), Vec::new());
        for (node, arcs) in (0..).zip(arcs) {
            let first = bundles.len() as u32;
            for together in arcs.chunks(TOGETHER) {
                let mut bundle = Bundle { steps: [NEVER; TOGETHER], nodes: [node; TOGETHER] };
                for (lane, arc) in together.iter().enumerate() {
                    bundle.steps[lane] = arc.metric << 32 | u64::from(arc.edge.0);
                    bundle.nodes[lane] = arc.node;
                }
                bundles.push(bundle);
            }
            spans.push(Span {
                first,
                end: if packed.is_transit(node) { bundles.len() as u32 } else { first },
            });
        }
        spans.push(Span { first: bundles.len() as u32, end: bundles.len() as u32 });
        Some(Self {
            shift: width + 32,
            spans,
            bundles,
            admitted: Vec::new(),
            labels: vec![NEVER; nodes],
            heads: Box::new([NONE; BUCKETS]),
            waiting: Vec::new(),
        })
    }

    /// The tree over all arcs.
    pub(crate) fn spread(&mut self, roots: &[NodeIx], reach: &mut Reach) {
        let bundles = std::mem::take(&mut self.bundles);
        self.run(roots, &bundles);
        self.bundles = bundles;
        self.tell(reach);
    }

    /// The tree over the arcs that are admitted, by their number in the network as it was packed first.
    pub(crate) fn spread_within(
        &mut self,
        packed: &Packed<'_>,
        roots: &[NodeIx],
        admits: impl Fn(usize) -> bool,
        reach: &mut Reach,
    ) {
        let mut bundles = std::mem::take(&mut self.admitted);
        bundles.clone_from(&self.bundles);
        for (span, ends) in self.spans.iter().zip(packed.first.windows(2)) {
            let lanes = bundles[span.first as usize..].iter_mut().flat_map(|bundle| &mut bundle.steps);
            for (step, arc) in lanes.zip(ends[0] as usize..ends[1] as usize) {
                *step = if admits(arc) { *step } else { NEVER };
            }
        }
        self.run(roots, &bundles);
        self.admitted = bundles;
        self.tell(reach);
    }

    fn tell(&self, reach: &mut Reach) {
        for ((label, distance), via) in self.labels.iter().zip(&mut reach.distance).zip(&mut reach.via) {
            *distance = if *label == NEVER { UNREACHED } else { label >> 32 };
            *via = EdgeIx(*label as u32);
        }
    }

    fn run(&mut self, roots: &[NodeIx], bundles: &[Bundle]) {
        self.labels.fill(NEVER);
        // Each arc gains at most once: by the last distance of the place where it begins. A place that waits twice in one bucket
        // has its last distance both times, and offers nothing new the second time.
        self.waiting.resize(bundles.len() * TOGETHER + roots.len() + 1, (0, NONE));
        let mut length = 0;
        for root in roots {
            self.labels[root.ix()] = u64::from(NO_EDGE.0);
            self.waiting[length] = (root.0, self.heads[0]);
            self.heads[0] = length as u32;
            length += 1;
        }
        // A root carries what begins there, whatever it carries else.
        let kept: Vec<Span> = roots.iter().map(|root| self.spans[root.ix()]).collect();
        roots.iter().for_each(|root| self.spans[root.ix()].end = self.spans[root.ix() + 1].first);
        self.sweep(bundles, length);
        roots.iter().zip(kept).for_each(|(root, span)| self.spans[root.ix()] = span);
    }

    /// Takes bucket after bucket until nobody waits.
    fn sweep(&mut self, bundles: &[Bundle], mut length: usize) {
        let (shift, spans) = (self.shift, self.spans.as_slice());
        let (labels, waiting) = (self.labels.as_mut_slice(), self.waiting.as_mut_slice());
        let heads = self.heads.as_mut();
        let mut taken = 0;
        let mut bucket = 0;
        while taken < length {
            let mut next = std::mem::replace(&mut heads[bucket as usize % BUCKETS], NONE);
            while next != NONE {
                let (node, before) = waiting[next as usize];
                next = before;
                taken += 1;
                let label = labels[node as usize];
                if label >> shift != bucket {
                    continue;
                }
                let begin = label >> 32 << 32;
                let span = spans[node as usize];
                for bundle in &bundles[span.first as usize..span.end as usize] {
                    for (step, node) in bundle.steps.iter().zip(bundle.nodes) {
                        let (offer, place) = (begin + step, node as usize);
                        let known = labels[place];
                        let gains = offer >> 32 < known >> 32;
                        labels[place] = offer.min(known);
                        let head = &mut heads[(offer >> shift) as usize % BUCKETS];
                        waiting[length] = (node, *head);
                        *head = if gains { length as u32 } else { *head };
                        length += usize::from(gains);
                    }
                }
            }
            bucket += 1;
        }
    }
}
