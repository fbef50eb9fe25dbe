//! Links of containerlab files: the brief form (`endpoints: ["a:eth1", "z:eth1"]`) and the extended form (`type: veth`, each
//! end an object). What stands under an end's own `vars` holds for traffic that leaves that end.

use std::collections::BTreeSet;

use model::{InterfaceName, NodeId, Severity};

use crate::{
    code,
    draft::{DraftDirection, DraftLine, DraftLink},
    text::{Fields, Report, Shape, Tree},
    words,
};

/// Types whose two ends are two nodes. A stitched pair is one line whose middle can be watched.
const POINT_TO_POINT: [&str; 2] = ["veth", "veth-stitch"];

/// Words that stand in the place of a node in brief links to something that is none.
const ELSEWHERE: [&str; 6] = ["host", "mgmt-net", "macvlan", "vxlan", "vxlan-stitch", "dummy"];

/// The nodes of the file.
pub(super) struct Names {
    pub nodes: BTreeSet<NodeId>,
    pub left_out: BTreeSet<NodeId>,
}

type End = (NodeId, InterfaceName);

/// Reads a link; none where it is left out or faulty, and the report says why.
pub(super) fn read(tree: &Tree, names: &Names, report: &mut Report) -> Option<DraftLink> {
    let mut fields = Fields::of(tree, "link", report)?;
    let form = fields.value::<String>("type", report);
    if let Some(form) = form.filter(|form| !POINT_TO_POINT.contains(&form.as_str())) {
        let end = fields.get("endpoint").and_then(|end| end.word_at("node")).unwrap_or("?");
        let message =
            format!("a link of type `{form}` at node {end} does not join two routers: it is left out");
        report.add(code::UNSUPPORTED_LINK, Severity::Warning, "link", message, tree.mark);
        return None;
    }
    let ends = match fields.trees("endpoints", report) {
        [] if !fields.has("endpoints") => {
            fields.missing("endpoints", report);
            return None;
        }
        [a, z] => [a, z],
        other => {
            let message = match other.len() {
                1 => "`endpoints` has 1 entry: a link has two ends".to_owned(),
                many => format!("`endpoints` has {many} entries: a link has two ends"),
            };
            report.error(code::WRONG_SHAPE, "link", message, tree.mark).help =
                Some("write it like `endpoints: [\"hq:eth1\", \"br:eth1\"]`".to_owned());
            return None;
        }
    };
    if super::unexpanded(tree, "link", report) {
        return None;
    }
    for end in ends {
        left_out(end, names, tree, report)?;
    }
    let (a, own_a) = end(ends[0], report)?;
    let (z, own_z) = end(ends[1], report)?;
    let subject = format!("link {}:{}--{}:{}", a.0, a.1, z.0, z.1);
    if a.0 == z.0 {
        let message = "both ends are at one node, for instance at two of its cards: it is left out";
        report.add(code::LOOP_LINK, Severity::Warning, &subject, message, tree.mark);
        return None;
    }
    let (line, both) = vars(fields.get("vars"), &subject, report);
    let from_a = own_vars(own_a, &a, report).over(&both);
    let from_z = own_vars(own_z, &z, report).over(&both);
    Some(DraftLink { mark: tree.mark, a, z, line, from_a, from_z })
}

/// None where an end is no router; the report says so.
fn left_out(end: &Tree, names: &Names, link: &Tree, report: &mut Report) -> Option<()> {
    let text = end.scalar().or_else(|| end.word_at("node")).unwrap_or_default();
    let node = text.split(':').next().unwrap_or_default();
    let id: Option<NodeId> = node.parse().ok();
    let (bridge, known) =
        id.map_or((false, false), |id| (names.left_out.contains(&id), names.nodes.contains(&id)));
    if bridge {
        let message = format!("the link ends at {node}, which is not a router: it is left out");
        report.add(code::NO_ROUTER, Severity::Warning, "link", message, link.mark);
        return None;
    }
    if !known && ELSEWHERE.contains(&node) {
        let message = format!("the link ends at `{text}`, which is not a node of the file: it is left out");
        report.add(code::UNSUPPORTED_LINK, Severity::Warning, "link", message, link.mark);
        return None;
    }
    Some(())
}

fn end<'t>(tree: &'t Tree, report: &mut Report) -> Option<(End, Option<&'t Tree>)> {
    if !matches!(tree.shape, Shape::Map(_)) {
        return words::end(tree, "link", report).map(|end| (end, None));
    }
    let mut fields = Fields::of(tree, "link end", report)?;
    let (node, interface) = (fields.required("node", report), fields.required("interface", report));
    Some(((node?, interface?), fields.get("vars")))
}

fn vars(tree: Option<&Tree>, subject: &str, report: &mut Report) -> (DraftLine, DraftDirection) {
    let Some(mut fields) = tree.and_then(|tree| Fields::of(tree, subject, report)) else {
        return Default::default();
    };
    let read = (words::line(&mut fields, report), words::direction(&mut fields, report));
    words::foreign_vars(fields, &[&words::LINE[..], &words::DIRECTION[..]].concat(), report);
    read
}

fn own_vars(tree: Option<&Tree>, end: &End, report: &mut Report) -> DraftDirection {
    let subject = format!("link end {}:{}", end.0, end.1);
    let Some(mut fields) = tree.and_then(|tree| Fields::of(tree, &subject, report)) else {
        return DraftDirection::default();
    };
    let direction = words::direction(&mut fields, report);
    words::misplaced(&mut fields, "the link's own `vars`", report);
    words::foreign_vars(fields, &words::DIRECTION, report);
    direction
}
