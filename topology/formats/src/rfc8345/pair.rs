//! Two links of one direction make one of ours.

use std::collections::BTreeMap;

use model::{InterfaceName, LinkId, NodeId, Severity};

use super::DIRECTIONS;
use crate::{
    code,
    draft::{DraftDirection, DraftLine, DraftLink},
    text::Report,
};

type End = (NodeId, InterfaceName);

/// One direction as the file gives it.
#[derive(Debug)]
pub(super) struct OneWay {
    pub id: String,
    pub from: End,
    pub to: End,
    pub line: DraftLine,
    pub direction: DraftDirection,
}

/// Joins opposite directions, in the order of the file. The first one of a pair starts at the first end, unless the names say
/// otherwise.
pub(super) fn pair(one_ways: Vec<OneWay>, report: &mut Report) -> Vec<DraftLink> {
    let mut waiting: BTreeMap<(End, End), Vec<usize>> = BTreeMap::new();
    let mut partner: Vec<Option<usize>> = vec![None; one_ways.len()];
    for (at, one) in one_ways.iter().enumerate() {
        let opposite = (one.to.clone(), one.from.clone());
        match waiting.get_mut(&opposite).and_then(Vec::pop) {
            Some(first) => {
                partner[first] = Some(at);
                partner[at] = Some(first);
            }
            None => waiting.entry((one.from.clone(), one.to.clone())).or_default().push(at),
        }
    }
    let mut links = Vec::new();
    for (at, one) in one_ways.iter().enumerate() {
        match partner[at] {
            Some(other) if other < at => {}
            Some(other) if one.id.ends_with(DIRECTIONS[1]) => links.push(joined(&one_ways[other], one)),
            Some(other) => links.push(joined(one, &one_ways[other])),
            None => {
                let message = "only one direction is given; the other one is taken to be the same";
                report.add(code::ONE_WAY_LINK, Severity::Warning, format!("link {}", one.id), message, None);
                links.push(joined(one, one));
            }
        }
    }
    links
}

fn joined(forth: &OneWay, back: &OneWay) -> DraftLink {
    let mut line = forth.line.clone();
    line.affinity.extend(back.line.affinity.iter().cloned());
    line.srlg.extend(back.line.srlg.iter().cloned());
    let name = DIRECTIONS.iter().find_map(|mark| forth.id.strip_suffix(mark)).unwrap_or(&forth.id);
    line.name = name.parse::<LinkId>().ok();
    DraftLink {
        mark: None,
        a: forth.from.clone(),
        z: forth.to.clone(),
        line,
        from_a: forth.direction.clone(),
        from_z: back.direction.clone(),
    }
}
