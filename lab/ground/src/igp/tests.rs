use proptest::prelude::*;

use super::*;

/// What a case is made of: routers, lines with their metrics either way, who is overloaded, which lines are down.
#[derive(Clone, Debug)]
struct Case {
    count: usize,
    lines: Vec<(usize, usize, u32, u32)>,
    overloaded: Vec<bool>,
    down: BTreeSet<LinkId>,
}

fn cases() -> impl Strategy<Value = Case> {
    (2_usize..8).prop_flat_map(|count| {
        let line = (0..count, 0..count, 1_u32..4, 1_u32..4).prop_filter("two ends", |(a, z, ..)| a != z);
        let lines = prop::collection::vec(line, 0..16);
        (
            lines,
            prop::collection::vec(prop::bool::weighted(0.2), count),
            prop::collection::btree_set(0_usize..16, 0..4),
        )
            .prop_map(move |(lines, overloaded, down)| Case {
                count,
                lines,
                overloaded,
                down: down.into_iter().map(name).collect(),
            })
    })
}

fn name(at: usize) -> LinkId {
    LinkId::lit(&format!("l{at}"))
}

fn prefix(router: usize) -> IpNet {
    format!("2001:db8:{router:x}::/48").parse().expect("a prefix")
}

fn igp(case: &Case) -> Igp {
    let mut routers: Vec<Router> = (0..case.count)
        .map(|at| Router {
            arcs: Vec::new(),
            announced: vec![Announced { prefix: prefix(at), line: None }],
            overload: case.overloaded[at],
        })
        .collect();
    for (at, (a, z, there, back)) in case.lines.iter().enumerate() {
        for (from, to, metric) in [(*a, *z, *there), (*z, *a, *back)] {
            let hop = Hop { via: Ipv6Addr::from(at as u128), device: format!("eth{at}") };
            routers[from].arcs.push(Arc { to, metric, line: name(at), hop });
        }
    }
    Igp { nodes: (0..case.count).map(|at| NodeId::lit(&format!("r{at}"))).collect(), routers }
}

/// Costs between all pairs, where nobody who is overloaded stands between (Floyd and Warshall).
fn costs(igp: &Igp, down: &BTreeSet<LinkId>) -> Vec<Vec<Option<u64>>> {
    let count = igp.routers.len();
    let mut cost = vec![vec![None; count]; count];
    for (from, router) in igp.routers.iter().enumerate() {
        cost[from][from] = Some(0);
        for arc in router.arcs.iter().filter(|arc| !down.contains(&arc.line)) {
            let metric = u64::from(arc.metric);
            cost[from][arc.to] = Some(cost[from][arc.to].map_or(metric, |known: u64| known.min(metric)));
        }
    }
    for via in (0..count).filter(|via| !igp.routers[*via].overload) {
        for from in 0..count {
            for to in 0..count {
                if let (Some(first), Some(second)) = (cost[from][via], cost[via][to]) {
                    cost[from][to] =
                        Some(cost[from][to].map_or(first + second, |known| known.min(first + second)));
                }
            }
        }
    }
    cost
}

proptest! {
    #[test]
    fn every_route_is_as_short_as_can_be_and_has_every_way_of_that_cost(case in cases()) {
        let igp = igp(&case);
        let cost = costs(&igp, &case.down);
        let routes = igp.routes(&case.down);
        for (from, router) in igp.routers.iter().enumerate() {
            let of_router = &routes[&igp.nodes[from]];
            for to in (0..case.count).filter(|to| *to != from) {
                let ways: BTreeSet<Hop> = router
                    .arcs
                    .iter()
                    .filter(|arc| !case.down.contains(&arc.line))
                    .filter(|arc| arc.to == to || !igp.routers[arc.to].overload)
                    .filter(|arc| {
                        let rest = cost[arc.to][to].map(|rest| rest + u64::from(arc.metric));
                        rest.is_some() && rest == cost[from][to]
                    })
                    .map(|arc| arc.hop.clone())
                    .collect();
                let route = of_router.get(&prefix(to));
                prop_assert_eq!(route.map(|route| route.cost), cost[from][to]);
                prop_assert_eq!(route.map(|route| route.hops.clone()).unwrap_or_default(), ways);
            }
            prop_assert!(!of_router.contains_key(&prefix(from)), "what it announces itself is no route of its own");
        }
    }

    #[test]
    fn changes_lead_from_any_routes_to_any_others(case in cases(), other in prop::collection::btree_set(0_usize..16, 0..6)) {
        let igp = igp(&case);
        let other: BTreeSet<LinkId> = other.into_iter().map(name).collect();
        let (before, after) = (igp.routes(&case.down), igp.routes(&other));
        for node in &igp.nodes {
            let mut held: BTreeMap<IpNet, BTreeSet<Hop>> =
                before[node].iter().map(|(prefix, route)| (*prefix, route.hops.clone())).collect();
            let told = changes(&before[node], &after[node]);
            let first_removal = told.iter().position(|change| matches!(change, Change::Remove(_)));
            let last_set = told.iter().rposition(|change| matches!(change, Change::Set(..)));
            prop_assert!(first_removal.zip(last_set).is_none_or(|(removal, set)| set < removal));
            for change in told {
                match change {
                    Change::Set(prefix, hops) => prop_assert!(held.insert(prefix, hops.clone()) != Some(hops)),
                    Change::Remove(prefix) => prop_assert!(held.remove(&prefix).is_some()),
                }
            }
            let wanted: BTreeMap<IpNet, BTreeSet<Hop>> =
                after[node].iter().map(|(prefix, route)| (*prefix, route.hops.clone())).collect();
            prop_assert_eq!(held, wanted);
        }
    }
}

#[test]
fn the_routes_of_a_lab_lead_by_its_lines() {
    let text = r#"
name: tri
topology:
  nodes:
    a: {kind: linux, image: frr}
    b: {kind: linux, image: frr}
    c: {kind: linux, image: frr}
    h: {kind: linux, image: alpine}
  links:
    - {endpoints: ["a:eth1", "b:eth1"]}
    - {endpoints: ["b:eth2", "c:eth1"]}
    - {endpoints: ["a:eth2", "c:eth2"], vars: {igp: 30}}
    - {endpoints: ["h:eth1", "c:eth3"]}
"#;
    let layout = crate::layout::tests::layout(text);
    let igp = Igp::of(&layout);
    let routes = igp.routes(&BTreeSet::new());
    let devices = |node: &str, prefix: &str| -> Vec<String> {
        let prefix: IpNet = prefix.parse().expect("a prefix");
        let route = routes[&NodeId::lit(node)].get(&prefix);
        route.map(|route| route.hops.iter().map(|hop| hop.device.clone()).collect()).unwrap_or_default()
    };
    assert_eq!(devices("a", "fd00:ff:3::/48"), ["eth1"], "two lines of 10 are shorter than one of 30");
    assert_eq!(devices("a", "172.16.0.0/24"), ["eth1"], "the host's network");
    assert_eq!(devices("a", "fdfe::aff:2/128"), ["eth1"], "the loopback of b");
    let down = BTreeSet::from([LinkId::lit("h:eth1--c:eth3")]);
    assert!(!igp.routes(&down)[&NodeId::lit("a")].keys().any(|net| net.to_string() == "172.16.0.0/24"));
}
