//! Segment lists: what a headend is told.

use smallvec::SmallVec;

use crate::{
    ecmp::{Part, Routes},
    network::{MAX_IDS, Network, small},
    options::Segment,
};

/// The most segments that a list can have here.
pub const MAX_SEGMENTS: usize = 8;

/// A segment list in 18 bytes: ids with a mark for edges.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct List {
    codes: [u16; MAX_SEGMENTS],
    length: u8,
}

/// A list and the share of its demand that it carries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Portion {
    pub list: List,
    pub share: f64,
}

/// The portions of one demand: mostly one.
pub(crate) type Portions = SmallVec<[Portion; 1]>;

const LINK: u16 = 1 << 15;

impl List {
    pub const EMPTY: Self = Self { codes: [0; MAX_SEGMENTS], length: 0 };

    /// The IGP's own way.
    pub fn direct(to: u16) -> Self {
        let mut list = Self::EMPTY;
        list.push_node(to);
        list
    }

    pub fn push_node(&mut self, node: u16) {
        self.push(node);
    }

    pub fn push_link(&mut self, edge: u16) {
        self.push(edge | LINK);
    }

    fn push(&mut self, code: u16) {
        debug_assert!(code & !LINK < MAX_IDS as u16);
        self.codes[usize::from(self.length)] = code;
        self.length += 1;
    }

    /// The segments with the node at which each starts.
    pub fn walk<'a>(&'a self, network: &'a Network, from: u16) -> impl Iterator<Item = Step> + 'a {
        let mut at = from;
        self.codes[..usize::from(self.length)].iter().map(move |&code| {
            let start = at;
            if code & LINK == 0 {
                at = code;
                Step::Route { from: start, to: code }
            } else {
                let edge = code & !LINK;
                at = network.to[usize::from(edge)];
                Step::Over { edge }
            }
        })
    }

    /// Calls `each` with every place and the share of the list's traffic on it; a place may come more than once.
    pub fn spread(&self, network: &Network, routes: &Routes, from: u16, mut each: impl FnMut(Part)) {
        for step in self.walk(network, from) {
            match step {
                Step::Route { from, to } => routes.between(from, to).iter().for_each(|&part| each(part)),
                Step::Over { edge } => each(Part { place: u32::from(edge), share: 1.0 }),
            }
        }
    }

    /// The longest delay of any packet on it.
    pub fn delay(&self, network: &Network, routes: &Routes, from: u16) -> f64 {
        self.walk(network, from)
            .map(|step| match step {
                Step::Route { from, to } => routes.delay(from, to),
                Step::Over { edge } => network.delay[usize::from(edge)],
            })
            .sum()
    }

    pub fn segments(&self) -> Vec<Segment> {
        let segment = |&code: &u16| match code & LINK {
            0 => Segment::Node(u32::from(code)),
            _ => Segment::Link(u32::from(code & !LINK)),
        };
        self.codes[..usize::from(self.length)].iter().map(segment).collect()
    }

    /// The list of these segments.
    ///
    /// # Errors
    /// It has too many segments, names what does not exist or is down, leaves a node that it is not at, or ends elsewhere
    /// than at `to`.
    pub fn new(network: &Network, from: u16, to: u16, segments: &[Segment]) -> Result<Self, &'static str> {
        if segments.len() > MAX_SEGMENTS {
            return Err("a list has too many segments");
        }
        let mut list = Self::EMPTY;
        let mut at = from;
        for &segment in segments {
            match segment {
                Segment::Node(node) if (node as usize) < network.nodes => {
                    at = small(node as usize);
                    list.push_node(at);
                }
                Segment::Link(edge) if (edge as usize) < network.edges() => {
                    let edge = edge as usize;
                    if network.from[edge] != at {
                        return Err("a link segment does not start where the list has come to");
                    }
                    if network.down[edge] {
                        return Err("a link segment goes over a link that is down");
                    }
                    at = network.to[edge];
                    list.push_link(small(edge));
                }
                _ => return Err("a segment names something that does not exist"),
            }
        }
        if at == to { Ok(list) } else { Err("a list does not end at the demand's destination") }
    }
}

/// A segment and where it starts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// By all shortest paths.
    Route {
        /// From here.
        from: u16,
        /// To here.
        to: u16,
    },
    /// Over one edge.
    Over {
        /// Which one.
        edge: u16,
    },
}
