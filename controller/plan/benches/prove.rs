//! How long a proof takes on a network of the size of the CEB case: 120 nodes, 250 links, 720 demands.

#[path = "../src/fixture.rs"]
#[allow(dead_code, reason = "the tests of the crate use the rest")]
mod fixture;

use model::{Demands, Ted};
use plan::{Causes, ChangePolicy, Failures, diff, plan, prove};

fn main() {
    divan::main();
}

const CORE: u32 = 20;
const BRANCHES: u32 = 100;

/// A core ring with chords, and branches with two lines each to different core nodes.
fn network() -> Ted {
    let name = |number: u32| format!("n{number:03}");
    let mut links = Vec::new();
    for core in 0..CORE {
        links.push((name(core), name((core + 1) % CORE)));
        links.push((name(core), name((core + 5) % CORE)));
        if core % 2 == 0 {
            links.push((name(core), name((core + 10) % CORE)));
        }
    }
    for branch in 0..BRANCHES {
        for line in 0..2 {
            links.push((name((branch * 7 + line * 9) % CORE), name(CORE + branch)));
        }
    }
    let nodes = (0..CORE + BRANCHES).map(|number| fixture::node(&name(number), number + 1));
    let links = links.into_iter().zip(1..).map(|((a, z), number)| {
        let mut link = fixture::link(number, &a, &z, 1_000);
        link.id = model::LinkId::lit(&format!("{a}--{z}--{number}"));
        link
    });
    Ted {
        nodes: nodes.map(|node| (node.id.clone(), node)).collect(),
        links: links.map(|link| (link.id.clone(), link)).collect(),
    }
}

/// Fewest hops, ties by name, not over a link of `avoid`.
fn way(ted: &Ted, from: &str, to: &str, avoid: &[String]) -> Vec<String> {
    let mut before = std::collections::BTreeMap::from([(from.to_owned(), String::new())]);
    let mut queue = std::collections::VecDeque::from([from.to_owned()]);
    while let Some(node) = queue.pop_front() {
        for link in ted.links.values() {
            let (a, z) = (link.a.node.to_string(), link.z.node.to_string());
            let next = if a == node {
                z
            } else if z == node {
                a
            } else {
                continue;
            };
            let shared =
                avoid.windows(2).any(|p| (p[0] == node && p[1] == next) || (p[1] == node && p[0] == next));
            if !shared && !before.contains_key(&next) {
                before.insert(next.clone(), node.clone());
                queue.push_back(next);
            }
        }
    }
    let mut way = vec![to.to_owned()];
    while way.last().is_some_and(|node| node != from) {
        let last = &way[way.len() - 1];
        way.push(before[last].clone());
    }
    way.reverse();
    way
}

/// Six classes between each of 60 branches and a head office: 360 services, 720 demands.
fn built() -> fixture::Built {
    let ted = network();
    let mut ways = Vec::new();
    for branch in 0..60 {
        let (a, z) = ("n000", format!("n{:03}", CORE + branch));
        let primary = way(&ted, a, &z, &[]);
        let backup = way(&ted, a, &z, &primary);
        ways.push((z, primary, backup));
    }
    let mut services = Vec::new();
    for class in 0..6_u8 {
        for (number, (z, _, _)) in ways.iter().enumerate() {
            let mut service = fixture::service(&format!("c{class}/{z}"), "n000", z);
            service.slo.bandwidth = Some(model::Bandwidth::from_bps(10_000));
            service.slo.one_way_delay = Some(model::Delay::from_micros(100_000));
            let mark = model::steering::Dscp::new(10 + class).expect("below 64");
            service.matches[0].dscp = [mark].into();
            services.push((service, number));
        }
    }
    let text: Vec<(Vec<&str>, Vec<&str>)> = ways
        .iter()
        .map(|(_, one, two)| {
            (one.iter().map(String::as_str).collect(), two.iter().map(String::as_str).collect())
        })
        .collect();
    let placed: Vec<fixture::Placement<'_>> = services
        .into_iter()
        .map(|(service, number)| (service, text[number].0.as_slice(), Some(text[number].1.as_slice())))
        .collect();
    fixture::build(ted, &placed)
}

#[divan::bench(args = ["none", "links"])]
fn proof(bencher: divan::Bencher<'_, '_>, failures: &str) {
    let built = built();
    let failures = if failures == "none" { Failures::None } else { Failures::Links };
    let run =
        || prove(&built.desired, &built.set, &built.verdicts, &Demands::new(), &built.ted, &failures, 2);
    let proof = run();
    assert!(proof.holds(), "{:?}", proof.findings.first());
    println!("{}", proof.checked);
    bencher.bench_local(run);
}

#[divan::bench]
fn cold_start_plan(bencher: divan::Bencher<'_, '_>) {
    let built = built();
    let held = fixture::bare(&built.ted);
    bencher.bench_local(|| {
        let causes = Causes::of(&built.set, &built.ids, &built.verdicts, &built.ted);
        plan(diff(&built.desired, &held), held.revision, &ChangePolicy::Careful, &causes)
    });
}
