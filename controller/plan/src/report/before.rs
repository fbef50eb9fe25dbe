//! The path that a policy pins, read from its segments: for policies whose verdict is no longer known.

use model::{Delay, Link, NodeId, Sid, SrPolicy, Ted, csid::Containers, link::Side, sr::Label};

use super::RouteView;

/// Follows the segments of the preferred candidate. Adjacency segments name their link; a node segment between neighbours of one
/// line does too, any other leaves the path in between to the IGP and makes the view partial. The segment of a service function at
/// its node leads nowhere else. A container is read SID by SID.
pub(super) fn decode(ted: &Ted, headend: &NodeId, policy: &SrPolicy) -> RouteView {
    let sids = policy.candidates.first().and_then(|path| path.lists.first()).map(|list| list.sids.clone());
    let sids = sids.unwrap_or_default();
    let mut nodes = vec![headend.clone()];
    let mut delay = Some(Delay::ZERO);
    let mut add = |nodes: &mut Vec<NodeId>, step: Option<(&NodeId, Option<Delay>)>| match step {
        Some((node, cost)) => {
            delay = delay.and_then(|sum| cost.map(|cost| sum.saturating_add(cost)));
            nodes.push(node.clone());
        }
        None => delay = None,
    };
    for sid in in_full(ted, &sids) {
        let here = nodes.last().unwrap_or(headend).clone();
        if is_function(ted, &here, sid) {
            continue;
        }
        let step = adjacency(ted, &here, sid).or_else(|| {
            let node = node_of(ted, sid)?;
            (*node != here).then(|| (node, only_line(ted, &here, node)))
        });
        add(&mut nodes, step);
    }
    let end = ted.nodes.values().find(|node| {
        policy.key.endpoint == std::net::IpAddr::V4(node.router_id)
            || node.end_sid().is_some_and(|sid| policy.key.endpoint == std::net::IpAddr::V6(sid))
    });
    if let Some(end) = end.filter(|end| nodes.last() != Some(&end.id)) {
        let here = nodes.last().unwrap_or(headend).clone();
        add(&mut nodes, Some((&end.id, only_line(ted, &here, &end.id))));
    }
    RouteView {
        nodes,
        sites: Vec::new(),
        lines: Vec::new(),
        partial: delay.is_none(),
        delay,
        jitter: None,
        loss: None,
        spare: None,
        segments: sids,
        measured: false,
    }
}

/// Each SID of a list by itself, where addresses of it hold several.
fn in_full(ted: &Ted, sids: &[Sid]) -> Vec<Sid> {
    let containers = Containers::of(ted);
    let read = |sid: &Sid| -> Vec<Sid> {
        let parts = match sid {
            Sid::Srv6(address) => containers.read(*address),
            Sid::Mpls(_) => Vec::new(),
        };
        if parts.len() > 1 { parts.iter().map(|part| Sid::Srv6(part.sid)).collect() } else { vec![*sid] }
    };
    sids.iter().flat_map(read).collect()
}

fn sides(link: &Link) -> [(Side, &Link); 2] {
    [(Side::A, link), (Side::Z, link)]
}

fn adjacency<'a>(ted: &'a Ted, here: &NodeId, sid: Sid) -> Option<(&'a NodeId, Option<Delay>)> {
    ted.links.values().flat_map(sides).find_map(|(side, link)| {
        let facts = link.direction(side);
        let is = match sid {
            Sid::Mpls(label) => facts.adjacency_label.as_ref().map(|fact| fact.value) == Some(label),
            Sid::Srv6(address) => facts.end_x.as_ref().map(|fact| fact.value) == Some(address),
        };
        (is && link.end(side).node == *here).then(|| (&link.end(side.other()).node, Some(facts.delay.value)))
    })
}

/// Whether a SID means the service function of the node that reads it.
fn is_function(ted: &Ted, here: &NodeId, sid: Sid) -> bool {
    let function = ted.nodes.get(here).and_then(|node| node.service_function.as_ref());
    let function = function.map(|fact| fact.value).unwrap_or_default();
    match sid {
        Sid::Mpls(label) => function.label == Some(label),
        Sid::Srv6(address) => function.sid == Some(address),
    }
}

fn node_of(ted: &Ted, sid: Sid) -> Option<&NodeId> {
    let label = |wanted: Label| ted.nodes.values().find(move |node| node.node_label() == Some(wanted));
    let node = match sid {
        Sid::Mpls(wanted) => label(wanted),
        Sid::Srv6(address) => ted.nodes.values().find(|node| {
            node.end_sid() == Some(address)
                || node.locator.as_ref().is_some_and(|locator| locator.value.contains(&address))
        }),
    };
    node.map(|node| &node.id)
}

fn only_line(ted: &Ted, from: &NodeId, to: &NodeId) -> Option<Delay> {
    let mut lines = ted
        .links
        .values()
        .flat_map(sides)
        .filter(|(side, link)| link.end(*side).node == *from && link.end(side.other()).node == *to);
    let (side, link) = lines.next()?;
    lines.next().is_none().then(|| link.direction(side).delay.value)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use model::{
        CandidatePath, Color, Fact, NextCsid, PolicyKey, SegmentList, node::ServiceFunction, sr::LastResort,
    };

    use super::*;
    use crate::fixture::diamond;

    /// A policy from a to d by these SIDs.
    fn over(ted: &Ted, sids: Vec<Sid>) -> SrPolicy {
        let path = CandidatePath {
            discriminator: 1,
            preference: 200,
            name: "primary".to_owned(),
            lists: vec![SegmentList { weight: 1, sids }],
        };
        SrPolicy {
            key: PolicyKey {
                color: Color::try_from(1_000).unwrap(),
                endpoint: IpAddr::V4(ted.nodes[&NodeId::lit("d")].router_id),
            },
            name: "tl-x".to_owned(),
            binding_sid: None,
            candidates: vec![path],
            last_resort: LastResort::Drop,
        }
    }

    fn is_read_by_b_and_d(ted: &Ted, policy: &SrPolicy) {
        let view = decode(ted, &"a".parse().unwrap(), policy);
        assert_eq!(view.nodes.iter().map(NodeId::as_str).collect::<Vec<_>>(), ["a", "b", "d"]);
        assert_eq!((view.partial, view.delay), (false, Some(Delay::from_micros(2_000))));
    }

    #[test]
    fn a_container_names_every_node_in_it() {
        let mut ted = diamond();
        for (node, locator) in [("b", "fd00:0:102::/48"), ("d", "fd00:0:104::/48")] {
            let node = ted.nodes.get_mut(&NodeId::lit(node)).unwrap();
            node.locator = Some(Fact::from_file(locator.parse().unwrap()));
            node.next_csid = Some(NextCsid { locator_block_length: 32, locator_node_length: 16 });
        }
        let policy = over(&ted, vec!["fd00:0:102:104::".parse().unwrap()]);
        is_read_by_b_and_d(&ted, &policy);
        let alone: Sid = "fd00:0:102:1::".parse().unwrap();
        assert_eq!(in_full(&ted, &[alone]), [alone]);
    }

    #[test]
    fn a_service_function_on_the_way_leaves_the_path_whole() {
        let mut ted = diamond();
        let label = |number: u32| Label::try_from(number).unwrap();
        let function = ServiceFunction { label: Some(label(15_900)), sid: None };
        ted.nodes.get_mut(&NodeId::lit("b")).unwrap().service_function = Some(Fact::from_file(function));
        let sids = [16_002, 15_900, 16_004].map(|number| Sid::Mpls(label(number))).to_vec();
        is_read_by_b_and_d(&ted, &over(&ted, sids));
    }
}
