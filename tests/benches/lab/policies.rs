//! How soon a kernel has another policy: three routers in a row, as in the namespace tests of the crate `kernel`, and a customer who sends
//! meanwhile.

use std::time::{Duration, Instant};

use host::{Assigned, Exchange, Flow, FlowId, Pace, Station, station::namespace};
use kernel::{Program, Write};

use crate::{
    figures::Figures,
    three::{Ground, R1, steered},
};

/// Replacements.
const TURNS: usize = 200;
/// From one to the next.
const GAP: Duration = Duration::from_millis(20);

pub fn measure(figures: &mut Figures) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(replace(figures))
}

async fn replace(figures: &mut Figures) -> Result<(), String> {
    let ground = Ground::lay(false).await?;
    let configs = [["fc00:0:2:1::"], ["fc00:0:2:e001::"]].map(|segments| steered(&segments));
    ground.configure(R1, &configs[0]).await;
    let router = &ground.routers[R1];
    let [one, two] = configs.each_ref().map(|config| Program::of(config, &router.place).unwrap());
    let ways = [Program::changes(&one, &two), Program::changes(&two, &one)];
    let is_route = |write: &Write| matches!(write, Write::Route { replaces: true, .. });
    assert!(
        ways.iter().all(|way| way.len() == 2 && way.iter().all(is_route)),
        "one for each family: {ways:?}"
    );
    let mut exchange = sending(&ground);
    for turn in 0..TURNS {
        tokio::time::sleep(GAP).await;
        let begun = Instant::now();
        router.namespace.write(&ways[turn % 2]).await.unwrap();
        figures.add("policy", begun.elapsed().as_secs_f64() * 1e3);
    }
    let report = exchange.stop(Duration::from_secs(2)).unwrap();
    let tally = &report.tallies[&FlowId(1)];
    println!(
        "policy: replaced {TURNS} times; {} packets came meanwhile, {} were lost",
        tally.received, tally.lost
    );
    Ok(())
}

/// Voice from the customer at the first router to that at the last, which the policy steers.
fn sending(ground: &Ground) -> Exchange {
    let mut exchange = Exchange::default();
    for (name, space) in [("h1", ground.h1.name()), ("h3", ground.h3.name())] {
        exchange.add(Station::start(name, namespace(space)).unwrap());
    }
    let (from, to) = ("10.1.0.2:4000".parse().unwrap(), "10.3.0.2:5000".parse().unwrap());
    let flow = Flow::new(1, from, to, "ef".parse().unwrap(), Pace::Packets(2_000));
    let assigned = Assigned { sender: "h1".to_owned(), receiver: "h3".to_owned(), flow };
    exchange.start(vec![assigned]).unwrap();
    exchange
}
