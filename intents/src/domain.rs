//! Domains of a network, such as the backbone and the access lines of branches, and how one budget of delay is divided over those
//! that a path crosses.
//!
//! A node's domain is its label `domain`; a node without the label belongs to the backbone. A link belongs to the domain of its
//! nodes. Where the two differ, it belongs to the one that is not the backbone, so that an access line is part of the access; and
//! between two domains that are both not the backbone, to the domain of its end `a` in the network file.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Delay, Node, Path, Ted,
    link::Link,
    verdict::{DomainDelay, Share},
};

/// The domain of nodes that do not say theirs.
const BACKBONE: &str = "backbone";
/// The label that says it.
const LABEL: &str = "domain";

/// The domains of a network; the backbone is always one of them.
pub(crate) fn names(ted: &Ted) -> BTreeSet<&str> {
    ted.nodes.values().map(of_node).chain([BACKBONE]).collect()
}

fn of_node(node: &Node) -> &str {
    node.labels.get(LABEL).map_or(BACKBONE, String::as_str)
}

fn of_link<'t>(ted: &'t Ted, link: &Link) -> &'t str {
    let at = |node| ted.nodes.get(node).map_or(BACKBONE, of_node);
    match (at(&link.a.node), at(&link.z.node)) {
        (BACKBONE, other) => other,
        (own, _) => own,
    }
}

/// The delay of a path in each domain, and what each may take of the budget, in the order of names; nothing where the path stays
/// within one domain and that one is given no share. O(hops log links).
///
/// A domain that `given` names has that share. What is left of the budget goes to the other domains in proportion to their delays,
/// equally where they have none; the shares of all add up to the budget, to the microsecond, unless domains that are given some do
/// not lie on the path.
pub(crate) fn divide(
    path: &Path,
    ted: &Ted,
    budget: Delay,
    given: &BTreeMap<String, Delay>,
) -> Vec<DomainDelay> {
    let mut delays: BTreeMap<&str, Delay> = BTreeMap::new();
    for hop in &path.hops {
        let Some(link) = ted.links.get(&hop.link) else { continue };
        let sum = delays.entry(of_link(ted, link)).or_insert(Delay::ZERO);
        *sum = sum.saturating_add(link.direction(hop.from).delay.value);
    }
    if delays.len() < 2 && !delays.keys().any(|name| given.contains_key(*name)) {
        return Vec::new();
    }
    let left = given.values().fold(budget, |left, share| left.saturating_sub(*share));
    let mut rest = Rest::of(
        left,
        delays.iter().filter(|(name, _)| !given.contains_key(**name)).map(|(_, delay)| *delay),
    );
    let each = delays.into_iter().map(|(name, delay)| {
        let share = match given.get(name) {
            Some(share) => Share::Given(*share),
            None => Share::InProportion(rest.next(delay)),
        };
        DomainDelay { domain: name.to_owned(), delay, share }
    });
    each.collect()
}

/// What nobody was given, while it is dealt out. Each share is the difference of two rounded sums, so that they add up exactly.
struct Rest {
    budget: u128,
    /// The sum of the weights.
    total: u128,
    /// Of the weights dealt so far.
    dealt: u128,
    /// Whether no domain has a delay that could be its weight.
    equal: bool,
}

impl Rest {
    fn of(left: Delay, delays: impl Iterator<Item = Delay> + Clone) -> Self {
        let sum: u128 = delays.clone().map(|delay| u128::from(delay.as_micros())).sum();
        let equal = sum == 0;
        let total = if equal { delays.count() as u128 } else { sum };
        Self { budget: u128::from(left.as_micros()), total, dealt: 0, equal }
    }

    fn next(&mut self, delay: Delay) -> Delay {
        let up_to = |weight: u128| self.budget * weight / self.total.max(1);
        let weight = if self.equal { 1 } else { u128::from(delay.as_micros()) };
        let share = up_to(self.dealt + weight) - up_to(self.dealt);
        self.dealt += weight;
        Delay::from_micros(share.try_into().unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use model::{DirectedLink, Side};

    use super::*;

    /// A branch with an access network, a backbone and a data centre: `br - pop - core - dc`, and a line `br - dc` past all.
    const NETWORK: &str = r#"
apiVersion: trunkline/v1
kind: Network
nodes:
  - {name: br, routerId: 10.0.0.1, labels: {domain: access}}
  - {name: pop, routerId: 10.0.0.2}
  - {name: core, routerId: 10.0.0.3, labels: {domain: backbone}}
  - {name: dc, routerId: 10.0.0.4, labels: {domain: fabric}}
links:
  - {name: line, a: "pop:1", z: "br:1", bandwidth: 1Gbps, delay: 7ms}
  - {name: trunk, a: "pop:2", z: "core:1", bandwidth: 1Gbps, delay: 2ms}
  - {name: gate, a: "dc:1", z: "core:2", bandwidth: 1Gbps, delay: 1us}
  - {name: direct, a: "br:2", z: "dc:2", bandwidth: 1Gbps, delay: 4ms}
"#;

    fn ted(delay_of_gate: &str) -> Ted {
        crate::tests::ted(&NETWORK.replace("1us", delay_of_gate))
    }

    fn path(ted: &Ted, hops: &[(&str, Side)]) -> Path {
        let hops: Vec<DirectedLink> = hops
            .iter()
            .map(|(link, from)| DirectedLink { link: link.parse().unwrap(), from: *from })
            .collect();
        let delay = hops.iter().map(|hop| ted.links[&hop.link].direction(hop.from).delay.value);
        let delay = delay.fold(Delay::ZERO, Delay::saturating_add);
        Path {
            hops,
            nodes: Vec::new(),
            delay,
            jitter: model::Jitter::ZERO,
            loss: model::Loss::ZERO,
            price: model::Price(0),
            spare: model::Bandwidth::ZERO,
        }
    }

    fn told(path: &Path, ted: &Ted, budget: u64, given: &[(&str, u64)]) -> Vec<String> {
        let given =
            given.iter().map(|(name, ms)| ((*name).to_owned(), Delay::from_micros(ms * 1_000))).collect();
        divide(path, ted, Delay::from_micros(budget), &given).iter().map(ToString::to_string).collect()
    }

    const THROUGH: [(&str, Side); 3] = [("line", Side::Z), ("trunk", Side::A), ("gate", Side::Z)];

    #[test]
    fn a_line_between_domains_belongs_to_the_one_that_is_not_the_backbone() {
        let ted = ted("1ms");
        let domains: Vec<(&str, &str)> =
            ted.links.values().map(|link| (link.id.as_str(), of_link(&ted, link))).collect();
        let expected = [("direct", "access"), ("gate", "fabric"), ("line", "access"), ("trunk", "backbone")];
        assert_eq!(domains, expected, "`direct` has its end `a` in the access");
        assert_eq!(names(&ted).into_iter().collect::<Vec<_>>(), ["access", "backbone", "fabric"]);
    }

    #[test]
    fn a_budget_is_divided_in_proportion_and_nothing_of_it_is_lost() {
        let ted = ted("1ms");
        let path = path(&ted, &THROUGH);
        let shares = told(&path, &ted, 20_000, &[]);
        let expected = [
            "access 7ms of 14ms (in proportion)",
            "backbone 2ms of 4ms (in proportion)",
            "fabric 1ms of 2ms (in proportion)",
        ];
        assert_eq!(shares, expected);
        for budget in [0, 1, 7, 9_999, 10_000_001] {
            let all = divide(&path, &ted, Delay::from_micros(budget), &BTreeMap::new());
            assert_eq!(all.iter().map(|one| one.share.delay().as_micros()).sum::<u64>(), budget);
        }
    }

    #[test]
    fn what_an_intent_gives_goes_first_and_the_rest_is_divided() {
        let ted = ted("1ms");
        let path = path(&ted, &THROUGH);
        let shares = told(&path, &ted, 20_000, &[("access", 5), ("fabric", 3)]);
        assert_eq!(
            shares,
            ["access 7ms of 5ms", "backbone 2ms of 12ms (in proportion)", "fabric 1ms of 3ms"]
        );
        let all = divide(
            &path,
            &ted,
            Delay::from_micros(20_000),
            &[("access".to_owned(), Delay::from_micros(5_000))].into(),
        );
        assert_eq!(all.iter().map(DomainDelay::is_over).collect::<Vec<_>>(), [true, false, false]);
        let elsewhere = told(&path, &ted, 20_000, &[("moon", 8)]);
        assert_eq!(
            elsewhere[1], "backbone 2ms of 2.4ms (in proportion)",
            "a domain off the path keeps its share"
        );
    }

    #[test]
    fn a_path_within_one_domain_divides_nothing_and_domains_without_delay_share_equally() {
        let ted = ted("0ms");
        assert_eq!(told(&path(&ted, &[("trunk", Side::A)]), &ted, 9_000, &[]), [""; 0]);
        let elsewhere = told(&path(&ted, &[("trunk", Side::A)]), &ted, 9_000, &[("access", 1)]);
        assert_eq!(elsewhere, [""; 0], "no share of the one domain was given");
        let inside = told(&path(&ted, &[("line", Side::A)]), &ted, 9_000, &[("access", 5)]);
        assert_eq!(inside, ["access 7ms of 5ms"], "a share that was given holds within one domain too");
        let short = path(&ted, &[("trunk", Side::A), ("gate", Side::Z)]);
        let shares = told(&short, &ted, 9_000, &[("backbone", 5)]);
        assert_eq!(shares, ["backbone 2ms of 5ms", "fabric 0us of 4ms (in proportion)"]);
    }
}
