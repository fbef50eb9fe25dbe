//! How much one host sends and another receives over a bare pair: faster and faster, until a packet is lost or the sender lags behind.

use std::{
    thread,
    time::{Duration, Instant},
};

use host::{Assigned, Exchange, Flow, FlowId, Pace, Station, station::namespace};
use model::Span;

use crate::{figures::Figures, line::Line};

/// Packets a second.
const PACES: [u32; 6] = [10_000, 20_000, 40_000, 80_000, 160_000, 320_000];
/// Each for so long.
const EACH: Duration = Duration::from_secs(2);
/// How long a sender that lags behind may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Five-tuples.
const TUPLES: u16 = 100;

pub fn measure(figures: &mut Figures) -> Result<(), String> {
    let line = Line::lay()?;
    let mut most = None;
    for pace in PACES {
        let came = at(&line, pace);
        if came.is_none() {
            break;
        }
        most = came;
    }
    match most {
        Some(rate) => figures.add("hosts", rate),
        None => println!("hosts: not even {} packets a second came without loss", PACES[0]),
    }
    Ok(())
}

/// How many came a second; none where some were lost, or where it was not as many as were to be sent, to a hundredth.
fn at(line: &Line, pace: u32) -> Option<f64> {
    let mut exchange = Exchange::default();
    for end in ["a", "b"] {
        exchange.add(Station::start(end, namespace(&line.end(end))).unwrap());
    }
    let (from, to) = ("10.9.0.1:4000".parse().unwrap(), "10.9.0.2:5000".parse().unwrap());
    let flow = Flow::new(1, from, to, "ef".parse().unwrap(), Pace::Packets(pace));
    let flow = Flow { tuples: TUPLES, duration: Some(Span::from_millis(2_000)), ..flow };
    let assigned = Assigned { sender: "a".to_owned(), receiver: "b".to_owned(), flow };
    exchange.start(vec![assigned]).unwrap();
    thread::sleep(EACH);
    let until = Instant::now() + PATIENCE;
    let ended = |exchange: &Exchange| {
        let report = exchange.tally().unwrap();
        report.tallies.values().all(|tally| tally.sent.as_ref().is_some_and(|sent| sent.ended))
    };
    while !ended(&exchange) && Instant::now() < until {
        thread::sleep(Duration::from_millis(50));
    }
    let report = exchange.stop(Duration::from_secs(2)).unwrap();
    let tally = &report.tallies[&FlowId(1)];
    let sent = tally.sent.as_ref().unwrap();
    let micros = tally.last?.since(tally.first?).as_micros();
    let rate = tally.received.saturating_sub(1) as f64 * 1e6 / micros.max(1) as f64;
    println!(
        "hosts: {pace} a second: sent {}, held up for {}, refused {}; came {}, lost {}, {} of them in the host; {rate:.0} a second",
        sent.packets, sent.held_up, sent.refused, tally.received, tally.lost, report.overrun
    );
    (tally.lost == 0 && tally.received == sent.packets && rate >= 0.99 * f64::from(pace)).then_some(rate)
}
