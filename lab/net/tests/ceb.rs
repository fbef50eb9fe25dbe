//! The CEB case as it is committed: fresh from its generator, and of the shape that the case asks for.

use std::{
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    fs,
    path::{Path, PathBuf},
};

use model::{EdgeIx, Graph, LinkId, Node, NodeId, NodeIx, Ted, link::Encryption};
use net::{Traffic, demands};

#[path = "../examples/ceb/backbone.rs"]
mod backbone;
#[path = "../examples/ceb/branches.rs"]
mod branches;
#[path = "../examples/ceb/file.rs"]
mod file;
#[path = "../examples/ceb/places.rs"]
mod places;

fn lab(name: &str) -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (path, text)
}

fn ceb() -> Ted {
    let network = formats::read("ceb.clab.yml", &lab("ceb.clab.yml").1).unwrap_or_else(|f| panic!("{f:#?}"));
    assert_eq!(network.notes, [], "nothing is left out or filled in but SIDs");
    network.ted
}

fn of_role(ted: &Ted, role: &str) -> Vec<NodeId> {
    ted.nodes.values().filter(|node| node.role.as_deref() == Some(role)).map(|node| node.id.clone()).collect()
}

#[test]
fn the_committed_file_is_what_the_generator_writes() {
    let (path, text) = lab("ceb.clab.yml");
    assert!(
        text == file::text(),
        "{} is stale: cargo run -p net --example ceb > {}",
        path.display(),
        path.display()
    );
}

#[test]
fn there_are_120_routers_with_places_and_sids() {
    let ted = ceb();
    assert_eq!(ted.nodes.len(), 120);
    for (role, count) in [("hq", 2), ("dc", 4), ("core", 14), ("province", 40), ("branch", 60)] {
        assert_eq!(of_role(&ted, role).len(), count, "{role}");
    }
    let whole = |node: &Node| {
        node.location
            .is_some_and(|place| (18.0..=54.0).contains(&place.lat) && (73.0..=136.0).contains(&place.lon))
            && node.site.is_some()
            && node.locator.is_some()
            && node.node_label().is_some()
            && node.queues == 8
            && node.msd.value.srv6_encaps == 8
            && node.msd.value.mpls_imposition == 8
    };
    assert!(ted.nodes.values().all(whole));
    for link in ted.links.values() {
        assert!(link.a_to_z.adjacency_label.is_some() && link.z_to_a.end_x.is_some(), "{}", link.id);
        assert!(link.price.is_some() && !link.srlg.is_empty() && !link.affinity.is_empty(), "{}", link.id);
    }
}

/// The leased lines of a branch, with the routers on which they land.
fn lines(ted: &Ted, branch: &NodeId) -> Vec<(LinkId, NodeId)> {
    let leased = ted.links.values().filter(|link| link.role.as_deref() == Some("leased-line"));
    leased
        .filter_map(|link| match (&link.a.node, &link.z.node) {
            (far, near) if near == branch => Some((link.id.clone(), far.clone())),
            (near, far) if near == branch => Some((link.id.clone(), far.clone())),
            _ => None,
        })
        .collect()
}

#[test]
fn every_branch_has_three_lines_that_land_on_three_routers() {
    let ted = ceb();
    for branch in of_role(&ted, "branch") {
        let lines = lines(&ted, &branch);
        assert_eq!(lines.len(), 3, "{branch}");
        assert_eq!(ted.links.values().filter(|l| l.a.node == branch || l.z.node == branch).count(), 3);
        let landings: BTreeSet<&NodeId> = lines.iter().map(|(_, far)| far).collect();
        assert_eq!(landings.len(), 3, "{branch}: {landings:?}");
        let mut seen = BTreeSet::new();
        for (id, far) in &lines {
            assert!(matches!(ted.nodes[far].role.as_deref(), Some("core" | "province")), "{id}");
            let link = &ted.links[id];
            seen.extend(link.affinity.iter().map(ToString::to_string));
            let promised = link.contract.delay.unwrap();
            assert!(promised > link.a_to_z.delay.value && promised.as_micros() < 80_000, "{id}");
            let mbps = link.a_to_z.bandwidth.value.as_bps() / 1_000_000;
            assert!((100..=622).contains(&mbps), "{id}");
            assert!(id.as_str().starts_with("line"), "{id}");
        }
        let all = ["carrier-a", "carrier-b", "carrier-c", "line1", "line2", "line3"];
        assert_eq!(seen, BTreeSet::from(all.map(String::from)), "{branch}");
    }
    let leased: Vec<_> = ted.links.values().filter(|l| l.role.as_deref() == Some("leased-line")).collect();
    let safe = leased.iter().filter(|link| link.encryption == Encryption::Macsec).count();
    assert!(safe > leased.len() / 2 && safe < leased.len(), "{safe} of {} are encrypted", leased.len());
}

/// Least cost from every node to one, and the edges that stand on a least path.
fn shortest(graph: &Graph, to: NodeIx) -> (Vec<u64>, impl Fn(NodeIx) -> Vec<EdgeIx>) {
    let mut cost = vec![u64::MAX; graph.node_count()];
    cost[to.ix()] = 0;
    let mut heap = BinaryHeap::from([(std::cmp::Reverse(0), to)]);
    while let Some((std::cmp::Reverse(so_far), node)) = heap.pop() {
        if so_far > cost[node.ix()] {
            continue;
        }
        for edge in graph.into(node) {
            let (from, total) = (graph.edge(edge).from, so_far + u64::from(graph.edge(edge).igp));
            if total < cost[from.ix()] {
                cost[from.ix()] = total;
                heap.push((std::cmp::Reverse(total), from));
            }
        }
    }
    let table = cost.clone();
    let next = move |node: NodeIx| -> Vec<EdgeIx> {
        let least = |edge: &EdgeIx| {
            let each = graph.edge(*edge);
            table[each.to.ix()].checked_add(u64::from(each.igp)) == Some(table[node.ix()])
        };
        graph.out(node).iter().copied().filter(least).collect()
    };
    (cost, next)
}

/// The fewest hops on a shortest path, and whether some node on one has a choice.
fn hops_and_choice(graph: &Graph, from: &NodeId, to: &NodeId) -> (usize, bool) {
    let number = |id: &NodeId| graph.node_ix(id).expect("demands end at nodes of the network");
    let (from, to) = (number(from), number(to));
    let (_, next) = shortest(graph, to);
    let (mut layer, mut hops, mut choice) = (BTreeSet::from([from]), 0, false);
    while !layer.contains(&to) {
        let edges: Vec<Vec<EdgeIx>> = layer.iter().map(|node| next(*node)).collect();
        choice |= edges.iter().any(|edges| edges.len() > 1);
        layer = edges.into_iter().flatten().map(|edge| graph.edge(edge).to).collect();
        hops += 1;
        assert!(hops < 20 && !layer.is_empty(), "no path");
    }
    (hops, choice)
}

#[test]
fn most_services_have_three_hops_and_a_choice() {
    let ted = ceb();
    let graph = Graph::freeze(&ted).unwrap();
    let traffic = Traffic::read("ceb-traffic.yaml", &lab("ceb-traffic.yaml").1).unwrap();
    let demands = demands(&traffic, &ted).unwrap();
    assert_eq!(demands.len(), 720, "360 services, two directions");
    let mut known = BTreeMap::new();
    let rich = demands
        .values()
        .filter(|demand| {
            let ends = (demand.from.clone(), demand.to.clone());
            let (hops, choice) =
                *known.entry(ends).or_insert_with(|| hops_and_choice(&graph, &demand.from, &demand.to));
            hops >= 3 && choice
        })
        .count();
    println!("{rich} of {} demands have three hops and a choice", demands.len());
    assert!(rich * 100 >= demands.len() * 60, "{rich} of {}", demands.len());
}

#[test]
fn no_link_and_no_router_of_the_backbone_cuts_the_network() {
    let ted = ceb();
    assert_eq!(formats::connectivity(&ted), []);
    for gone in ted.nodes.keys() {
        let mut rest = ted.clone();
        rest.nodes.remove(gone);
        rest.links.retain(|_, link| link.a.node != *gone && link.z.node != *gone);
        let parts: Vec<_> = formats::connectivity(&rest)
            .into_iter()
            .filter(|f| f.code == formats::code::DISCONNECTED)
            .collect();
        assert_eq!(parts, [], "without {gone}");
    }
}

#[test]
fn no_branch_carries_the_traffic_of_others() {
    let ted = ceb();
    let graph = Graph::freeze(&ted).unwrap();
    let branches: BTreeSet<NodeIx> =
        of_role(&ted, "branch").iter().map(|id| graph.node_ix(id).unwrap()).collect();
    for to in graph.nodes() {
        let (_, next) = shortest(&graph, to);
        for from in graph.nodes().filter(|from| *from != to) {
            let through = next(from).into_iter().map(|edge| graph.edge(edge).to);
            assert!(through.into_iter().all(|node| node == to || !branches.contains(&node)));
        }
    }
}

#[test]
fn the_traffic_fits_the_lines_and_the_branches_alternate() {
    let ted = ceb();
    let traffic = Traffic::read("ceb-traffic.yaml", &lab("ceb-traffic.yaml").1).unwrap();
    let demands = demands(&traffic, &ted).unwrap();
    let names: Vec<&str> = traffic.flows.iter().map(|flow| flow.name.as_str()).collect();
    assert_eq!(names, ["production", "office", "test", "voice", "video", "big-data"]);
    for (count, branch) in of_role(&ted, "branch").iter().enumerate() {
        let sent: Vec<_> = demands.values().filter(|demand| demand.from == *branch).collect();
        assert_eq!(sent.len(), 6, "{branch}");
        let end = format!("pe{}", count % 2 + 1);
        assert!(sent.iter().all(|demand| demand.to.as_str().ends_with(&end)), "{branch}");
        let rate: u64 = sent.iter().map(|demand| demand.rate.as_bps()).sum();
        assert_eq!(rate, 43_200_000, "60% of the 72 Mbit/s that are promised");
    }
}
