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
    let line = line(forth, back, report);
    DraftLink {
        mark: forth.mark,
        a: forth.from.clone(),
        z: forth.to.clone(),
        line: DraftLine { name: name.parse::<LinkId>().ok(), ..line },
        from_a: forth.direction.clone(),
        from_z: back.direction.clone(),
    }
}

/// What both directions say of their line; what they say otherwise than each other is told.
fn line(forth: &OneWay, back: &OneWay, report: &mut Report) -> DraftLine {
    let mut differs = Vec::new();
    let (first, second) = (forth.line.clone(), back.line.clone());
    if first.affinity != second.affinity {
        differs.push("`administrative-group`".to_owned());
    }
    if first.srlg != second.srlg {
        differs.push("`te-srlgs`".to_owned());
    }
    let line = DraftLine {
        name: None,
        role: agreed(first.role, second.role, "role", &mut differs),
        affinity: first.affinity.into_iter().chain(second.affinity).collect(),
        srlg: first.srlg.into_iter().chain(second.srlg).collect(),
        contract: agreed(first.contract, second.contract, "contract", &mut differs),
        encryption: agreed(first.encryption, second.encryption, "encryption", &mut differs),
        price: agreed(first.price, second.price, "price", &mut differs),
    };
    if !differs.is_empty() {
        let message = format!(
            "its two directions differ in {}, which a line has once: it gets the groups and risks of both, and else what the first says",
            differs.join(", ")
        );
        let related = report.related(back.mark, "the other direction");
        let subject = format!("link {}", forth.id);
        report.add(code::UNUSED_ATTRIBUTE, Severity::Warning, subject, message, forth.mark).related = related;
    }
    line
}

/// What the first says; what the second says where the first says nothing.
fn agreed<T: Default + PartialEq>(first: T, second: T, word: &str, differs: &mut Vec<String>) -> T {
    let said = |value: &T| *value != T::default();
    if said(&first) && said(&second) && first != second {
        differs.push(format!("`{}{word}`", ours::PREFIX));
    }
    if said(&first) { first } else { second }
}
