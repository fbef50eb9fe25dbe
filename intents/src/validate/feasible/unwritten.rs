//! Promises that count on values that nobody wrote. A line of which the network file says no delay counts as one without delay, for
//! a path must be chosen by something; that is no reason to call a promise over it kept.

use std::collections::{BTreeMap, BTreeSet};

use model::{EdgeIx, Graph, Link, Service, ServiceId, Side, Ted, fact::Source, link::Direction};

use super::super::{Judge, Part, in_network, listed, mark_of};
use crate::{codes, doc::Document, route::Ways};

/// What may be promised of a path.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Quantity {
    Delay,
    Jitter,
    Loss,
}

impl Quantity {
    const ALL: [Self; 3] = [Self::Delay, Self::Jitter, Self::Loss];

    const fn word(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::Jitter => "jitter",
            Self::Loss => "loss",
        }
    }

    /// How it is written, and as what it counts where it is not.
    const fn written(self) -> (&'static str, &'static str) {
        match self {
            Self::Delay => ("delay: 5ms", "0us"),
            Self::Jitter => ("jitter: 0.5ms", "0us"),
            Self::Loss => ("loss: 0.01%", "0%"),
        }
    }

    const fn part(self) -> Part {
        match self {
            Self::Delay => Part::Delay,
            Self::Jitter => Part::Jitter,
            Self::Loss => Part::Loss,
        }
    }

    const fn is_promised(self, service: &Service) -> bool {
        match self {
            Self::Delay => service.slo.one_way_delay.is_some(),
            Self::Jitter => service.slo.jitter.is_some(),
            Self::Loss => service.slo.loss.is_some(),
        }
    }
}

/// An intent with what it promises: the first of its services that counts on such a value, and the links of all of them.
type Counting<'a> = BTreeMap<(&'a str, Quantity), (&'a ServiceId, BTreeSet<usize>)>;

/// What is unwritten in a network, and who counts on it.
pub(super) struct Unwritten<'a> {
    /// By edge, in the order of [`Quantity::ALL`].
    edges: Vec<[bool; 3]>,
    found: Counting<'a>,
}

impl<'a> Unwritten<'a> {
    pub fn of(ted: &Ted, graph: &Graph) -> Self {
        let of_edge = |edge: EdgeIx| {
            ted.links.get(graph.link_id(edge)).map_or([false; 3], |link| unwritten(link, edge.side()))
        };
        Self { edges: graph.edges().map(|(edge, _)| of_edge(edge)).collect(), found: Counting::new() }
    }

    /// Looks at the ways of a service for what it promises.
    pub fn count(&mut self, service: &'a Service, ways: &Ways) {
        for (place, quantity) in Quantity::ALL.into_iter().enumerate() {
            if !quantity.is_promised(service) {
                continue;
            }
            for edge in ways.each().flat_map(|found| &found.edges) {
                if self.edges[edge.ix()][place] {
                    let entry = self.found.entry((service.intent.as_str(), quantity));
                    entry.or_insert_with(|| (&service.id, BTreeSet::new())).1.insert(edge.link());
                }
            }
        }
    }

    /// One finding for each intent and quantity.
    pub fn tell(self, graph: &Graph, origins: &BTreeMap<ServiceId, &Document>, judge: &mut Judge<'_>) {
        for ((_, quantity), (service, links)) in self.found {
            let Some(doc) = origins.get(service) else { continue };
            let names: Vec<String> =
                links.iter().map(|link| graph.link_id(EdgeIx(2 * *link as u32)).to_string()).collect();
            let (word, (example, zero)) = (quantity.word(), quantity.written());
            let (whose, it) = match names.as_slice() {
                [one] => (format!("the link {one}"), "it counts"),
                several => (format!("{} links ({})", several.len(), listed(several)), "they count"),
            };
            let message = format!(
                "the promised {word} may not be kept: nobody wrote the {word} of {whose} on its best path, so {it} as {zero}"
            );
            let written = in_network(example, "same under `vars` of the link");
            let help = format!(
                "write it at the link, like {written}; write {zero} where that is what the line does"
            );
            judge.warn(codes::UNWRITTEN_VALUE, doc, mark_of(doc, quantity.part()), message).help(help);
        }
    }
}

/// Whether nobody wrote the delay, the jitter and the loss of a direction of a link. A loss that its contract has is judged by itself.
pub(crate) fn unwritten(link: &Link, from: Side) -> [bool; 3] {
    let Direction { delay, jitter, loss, .. } = link.direction(from);
    let [delay, jitter, loss] =
        [&delay.source, &jitter.source, &loss.source].map(|said| *said == Source::Derived);
    [delay, jitter, loss && link.contract.loss.is_none()]
}
