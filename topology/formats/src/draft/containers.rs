//! Nodes that read containers of SIDs (flavor NEXT-CSID, RFC 9800): the lengths must be those of their SIDs, and what goes into one
//! container has one block.

use std::{cmp::Reverse, collections::BTreeMap};

use ipnet::Ipv6Net;
use model::{NodeId, Severity};

use super::DraftNode;
use crate::{code, text::Report};

/// So many nodes are named.
const NAMED: usize = 5;

/// Says which nodes cannot read containers as they should, and which ones no container holds together.
pub(super) fn check(nodes: &[DraftNode], report: &mut Report) {
    let mut blocks: BTreeMap<Ipv6Net, Vec<&NodeId>> = BTreeMap::new();
    for node in nodes {
        let Some(csid) = node.next_csid else { continue };
        let subject = format!("node {}", node.id);
        let Some(locator) = node.locator.as_ref().map(|fact| fact.value) else {
            let message = "it is to read containers of SIDs and has no locator";
            report.error(code::BAD_NEXT_CSID, &subject, message, node.mark).help =
                Some("give it a locator, for instance fd00:0:102::/48 with a block of 32 bits".to_owned());
            continue;
        };
        match csid.fits(locator) {
            Ok(()) => blocks.entry(csid.block_of(locator)).or_default().push(&node.id),
            Err(why) => {
                report.error(code::BAD_NEXT_CSID, &subject, why.to_string(), node.mark);
            }
        }
    }
    several(&blocks, report);
}

/// Says which nodes are apart from the others by their blocks: the smaller parts, and of equally large ones the later by number.
fn several(blocks: &BTreeMap<Ipv6Net, Vec<&NodeId>>, report: &mut Report) {
    let largest = blocks.iter().min_by_key(|(block, nodes)| (Reverse(nodes.len()), **block));
    let Some((usual, _)) = largest else { return };
    for (block, nodes) in blocks.iter().filter(|(block, _)| *block != usual) {
        let some: Vec<&str> = nodes.iter().take(NAMED).map(|node| node.as_str()).collect();
        let more = if nodes.len() > NAMED { ", …" } else { "" };
        let message = format!(
            "no container holds SIDs of block {block} ({}{more}) and of block {usual}",
            some.join(", ")
        );
        report.add(code::SEVERAL_BLOCKS, Severity::Warning, "network", message, None).help =
            Some("give all nodes that read containers locators of one block".to_owned());
    }
}
