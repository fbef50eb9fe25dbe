//! Two links of one direction make one of ours.

use std::collections::BTreeMap;

use model::{InterfaceName, LinkId, NodeId, Severity};

use super::{DIRECTIONS, ours};
use crate::{
    code,
    draft::{DraftDirection, DraftLine, DraftLink},
    text::{Mark, Report},
};

type End = (NodeId, InterfaceName);

/// One direction as the file gives it.
#[derive(Debug)]
pub(super) struct OneWay {
    pub id: String,
    pub mark: Option<Mark>,
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
            Some(other) if one.id.ends_with(DIRECTIONS[1]) => {
                links.push(joined(&one_ways[other], one, report))
            }
            Some(other) => links.push(joined(one, &one_ways[other], report)),
            None => {
                let message = "only one direction is given; the other one is taken to be the same";
                report.add(
                    code::ONE_WAY_LINK,
                    Severity::Warning,
                    format!("link {}", one.id),
                    message,
                    one.mark,
                );
                links.push(joined(one, one, report));
            }
        }
    }
    links
}

fn joined(forth: &OneWay, back: &OneWay, report: &mut Report) -> DraftLink {
    let name = DIRECTIONS.iter().find_map(|mark| forth.id.strip_suffix(mark)).unwrap_or(&forth.id);
    let line = ours::line(forth, back, report);
    DraftLink {
        mark: forth.mark,
        a: forth.from.clone(),
        z: forth.to.clone(),
        line: DraftLine { name: name.parse::<LinkId>().ok(), ..line },
        from_a: forth.direction.clone(),
        from_z: back.direction.clone(),
    }
}
