//! Network files: text in, TED out. No file is opened here.
//!
//! Four kinds of text are read, told apart by what they hold: containerlab files (`topology:`), native files
//! (`kind: Network`), the JSON of RFC 8345 with the traffic-engineering attributes of RFC 8795, and the JSON in which FRR prints
//! what IS-IS told it (`areas`, `ted`). All of them become drafts in one vocabulary, are judged by the same rules, and are
//! completed by the same conventions, so that the same network gives the same TED whichever way it was written.
//!
//! # What is filled in, always as [`model::Fact::derived`]
//!
//! | what | rule |
//! |---|---|
//! | bandwidth, delay, jitter, loss, IGP metric | 1Gbps, 0us, 0us, 0%, 10 |
//! | TE metric | the IGP metric |
//! | SRGB, SRLB | 16000 + 8000, 15000 + 1000 |
//! | MSDs, queues, dialect | those of [`model::node::MsdSet`], 8, `openconfig` |
//! | adjacency label | SRLB base + n, where n counts the node's interfaces from 0 in natural order (`eth2` before `eth10`); none outside the SRLB |
//! | End.X SID | function `0xe000 + n` of the locator; none without locator |
//! | router id | all but native files: `10.255.x.y`, where 256 x + y counts the file's nodes from 1 |
//! | node SID, locator | containerlab files without any `trunkline.` label but `trunkline.vrf` only: the same count as index, and `fd00:ff:count::/48` |
//!
//! The routers of the lab number their SIDs by the same rules ([`interface_order`]), so that file and forwarding agree.
//!
//! Published traffic-engineering instances ([`repetita`]) are no TED: they become a [`model::dense::Instance`], and the lists that
//! their demands go by are read beside them.
//!
//! Values of which nobody said anything stay derived, and no writer writes them.
//!
//! # What each kind of file can say
//!
//! Native files and RFC 8345 JSON say all of a TED but the moments and the standing of its facts; coordinates have nine digits in
//! RFC 8345. What the published modules have no place for stands there in members of our own (`docs/trunkline.yang`), which other
//! systems pass over: they see nodes with router id and place, and links with bandwidth (in steps of a 24-bit float), delay,
//! metrics, groups and risks by number.

pub mod code;
pub mod text;

mod draft;
mod words;

mod clab;
mod frr;
mod native;
mod rfc8345;

mod graph;

pub mod repetita;

use std::collections::BTreeMap;

use model::{Finding, LinkId, Ted, finding::Place};

pub use clab::lab::{LabFile, LabLink, LabNode};
pub use draft::interface_order;
pub use graph::{connectivity, to_dot};
pub use native::{network_schema, to_network_yaml};
pub use rfc8345::{beyond as beyond_rfc8345, to_rfc8345};

use draft::Assembled;
use text::{Report, Shape, Tree};

/// In which form a network was written.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Format {
    /// A containerlab topology file.
    Containerlab,
    /// Our own `kind: Network`.
    Native,
    /// RFC 8345 JSON.
    Rfc8345,
    /// What FRR prints of IS-IS.
    Frr,
}

/// A network that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The network.
    pub ted: Ted,
    /// How it was written.
    pub format: Format,
    /// What was left out or filled in: warnings and remarks, no errors.
    pub notes: Vec<Finding>,
    /// Where each line stands in its file.
    pub lines: BTreeMap<LinkId, Place>,
}

impl Network {
    /// [`connectivity`] of the network, with the places of its lines.
    pub fn connectivity(&self) -> Vec<Finding> {
        graph::judge(&self.ted, &self.lines)
    }
}

/// Reads a network file. `file` is its name for findings only.
///
/// # Errors
/// Everything that is wrong with it, at once where the text can be parsed at all.
pub fn read(file: &str, text: &str) -> Result<Network, Vec<Finding>> {
    let mut report = Report::new(file);
    let outcome = text::parse(text, &mut report).and_then(|tree| network(&tree, &mut report));
    let mut findings = report.into_findings();
    findings.sort_by_key(|finding| {
        finding.place.as_ref().map_or((u32::MAX, 0), |place| (place.line, place.column))
    });
    let (errors, notes): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(Finding::is_error);
    match outcome {
        Some((whole, format)) if errors.is_empty() => {
            let Assembled { ted, lines } = whole;
            Ok(Network { ted, format, notes, lines })
        }
        _ => Err(errors.into_iter().chain(notes).collect()),
    }
}

/// Reads what a file says beyond its network, for whoever builds it: the name of the lab, kinds and images of nodes, addresses of
/// lines. [`read`] judges the rest of the file.
///
/// # Errors
/// The text cannot be parsed, or one of these values is wrong.
pub fn lab(file: &str, text: &str) -> Result<LabFile, Vec<Finding>> {
    let mut report = Report::new(file);
    let lab = text::parse(text, &mut report).map(|tree| clab::lab::read(&tree, &mut report));
    match lab {
        Some(lab) if !report.has_errors() => Ok(lab),
        _ => Err(report.into_findings()),
    }
}

fn network(tree: &Tree, report: &mut Report) -> Option<(Assembled, Format)> {
    let (format, draft) = match (has(tree, "topology"), has(tree, rfc8345::ROOT), tree.word_at("kind")) {
        (true, _, _) => (Format::Containerlab, clab::read(tree, report)?),
        (_, true, _) => (Format::Rfc8345, rfc8345::read(tree, report)?),
        (_, _, Some("Network")) => (Format::Native, native::read(tree, report)?),
        (_, _, None) if has(tree, frr::GRAPH) || has(tree, frr::DATABASE) => {
            (Format::Frr, frr::read(tree, report)?)
        }
        (_, _, kind) => {
            let message = match kind {
                Some(kind) => format!("this is a document of kind `{kind}`, not a network"),
                None => "this is no network file of a kind that is known".to_owned(),
            };
            let help = "a containerlab file has `topology:`, a native file `apiVersion: trunkline/v1` and `kind: Network`, \
                        an RFC 8345 file `ietf-network:networks`, what FRR prints of IS-IS `ted` or `areas`";
            report.error(code::UNKNOWN_FORMAT, "file", message, tree.mark).help = Some(help.to_owned());
            return None;
        }
    };
    Some((draft.assemble(report), format))
}

fn has(tree: &Tree, word: &str) -> bool {
    matches!(&tree.shape, Shape::Map(entries) if entries.iter().any(|(key, _)| key.text == word))
}

#[cfg(test)]
mod tests;
