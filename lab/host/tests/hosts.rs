//! Hosts that send to each other: over loopback anywhere, and over a line between two namespaces where these are to be had. Elsewhere
//! the tests of namespaces say why they are skipped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::BTreeSet,
    net::{SocketAddr, UdpSocket},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    thread::sleep,
    time::Duration,
};

use host::{
    Assigned, Exchange, Flow, FlowId, Moment, Pace, Report, Station, StationError, Tally, capture::Tcpdump,
    station::namespace,
};
use model::{Loss, Span, Timestamp, steering::Dscp};
use rustix::time::{ClockId, clock_gettime};

const PATIENCE: Duration = Duration::from_secs(2);

fn dscp(name: &str) -> Dscp {
    name.parse().unwrap()
}

fn assigned(flow: Flow) -> Assigned {
    Assigned { sender: "a".to_owned(), receiver: "b".to_owned(), flow }
}

fn tally(report: &Report, flow: u32) -> &Tally {
    &report.tallies[&FlowId(flow)]
}

/// Within 5% of what it should be.
fn near(is: u64, should: u64) -> bool {
    is.abs_diff(should) * 20 <= should
}

/// Waits until every flow that ends by itself has ended, however busy the machine is.
fn all_sent(exchange: &Exchange) {
    for _ in 0..1_000 {
        let report = exchange.tally().unwrap();
        if report.tallies.values().all(|tally| tally.sent.as_ref().is_some_and(|sent| sent.ended)) {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("flows do not end");
}

/// Ports of an address that are free, one after the other.
fn free(address: &str, count: u16) -> SocketAddr {
    for _ in 0..100 {
        let first = UdpSocket::bind((address, 0)).unwrap().local_addr().unwrap();
        let Some(last) = first.port().checked_add(count) else { continue };
        let mut ports = (first.port()..last).map(|port| UdpSocket::bind((address, port)));
        if ports.all(|port| port.is_ok()) {
            return first;
        }
    }
    panic!("no {count} ports are free in a row");
}

#[test]
fn over_loopback_every_packet_comes_marked_and_in_order() {
    let mut exchange = Exchange::default();
    exchange.add(Station::start("a", || Ok(())).unwrap());
    exchange.add(Station::start("b", || Ok(())).unwrap());
    let mut flows = Vec::new();
    for (id, address, mark) in [(1, "127.0.0.1", "ef"), (2, "127.0.0.2", "af41"), (3, "::1", "af11")] {
        if address == "::1" && UdpSocket::bind((address, 0)).is_err() {
            println!("skipped in part: no IPv6 here");
            continue;
        }
        let from = free(address, 8);
        let to = SocketAddr::new(from.ip(), from.port() + 4);
        let flow = Flow::new(id, from, to, dscp(mark), Pace::Packets(400));
        flows.push(Flow { tuples: 9, duration: Some(Span::from_millis(500)), ..flow });
    }
    exchange.start(flows.iter().cloned().map(assigned).collect()).unwrap();
    all_sent(&exchange);
    let report = exchange.stop(PATIENCE).unwrap();
    assert_eq!(report.tallies.len(), flows.len());
    for flow in &flows {
        let tally = &report.tallies[&flow.id];
        let sent = tally.sent.as_ref().unwrap();
        assert_eq!((Some(sent.packets), sent.refused), (flow.packets(), 0), "{:?}", sent.refusal);
        assert_eq!((tally.received, tally.lost, tally.duplicated), (sent.packets, 0, 0));
        assert_eq!((tally.outstanding, tally.reordered.packets), (Some(0), 0));
        assert_eq!(tally.octets, sent.packets * 200);
        assert_eq!(tally.dscp.get(&flow.dscp), Some(&sent.packets));
        let delay = tally.delay.unwrap();
        assert!(delay.packets == sent.packets && delay.min <= delay.median && delay.median <= delay.max);
    }
    // Flows of the same numbers begin anew.
    exchange.start(flows.into_iter().take(1).map(assigned).collect()).unwrap();
    sleep(Duration::from_millis(100));
    let report = exchange.stop(PATIENCE).unwrap();
    assert!((1..100).contains(&tally(&report, 1).received) && tally(&report, 1).lost == 0);
}

#[test]
fn what_is_not_there_is_told() {
    let missing = Station::start("a", namespace("no-such-namespace")).unwrap_err();
    assert!(matches!(missing, StationError::Enter { .. }), "{missing}");
    let station = Station::start("a", || Ok(())).unwrap();
    // An address of documentation is nobody's.
    let (from, to) = ("192.0.2.1:4000".parse().unwrap(), "192.0.2.2:4000".parse().unwrap());
    let flow = Flow::new(1, from, to, dscp("ef"), Pace::Packets(1));
    let refused = station.send(vec![flow.clone()]).unwrap_err();
    assert!(matches!(refused, StationError::Bind { address, .. } if address == from), "{refused}");
    assert!(matches!(station.receive(vec![Flow { tuples: 0, ..flow.clone() }]), Err(StationError::Flow(_))));
    let mut exchange = Exchange::default();
    exchange.add(station);
    assert!(matches!(exchange.start(vec![assigned(flow)]), Err(StationError::Unknown { .. })));
    assert_eq!(exchange.stop(PATIENCE).unwrap(), Report::default());
}

/// Two namespaces and a line between them. They go with this value.
struct Line(String);

impl Drop for Line {
    fn drop(&mut self) {
        for end in ["a", "b"] {
            let _ = Command::new("ip").args(["netns", "del", &self.end(end)]).output();
        }
    }
}

fn ip(arguments: &str) -> Result<(), String> {
    let ended = Command::new("ip").args(arguments.split(' ')).output();
    let ended = ended.map_err(|error| format!("ip cannot be run: {error}"))?;
    let said = || format!("`ip {arguments}` says: {}", String::from_utf8_lossy(&ended.stderr).trim());
    if ended.status.success() { Ok(()) } else { Err(said()) }
}

impl Line {
    fn end(&self, end: &str) -> String {
        format!("{}-{end}", self.0)
    }

    /// None where namespaces are not to be had, which it says.
    fn lay() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let line = Self(format!("tlh{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        let (a, b) = (line.end("a"), line.end("b"));
        let made = [&a, &b].iter().try_for_each(|end| ip(&format!("netns add {end}")));
        if let Err(why) = made {
            println!("skipped: no network namespaces here: {why}");
            return None;
        }
        let macs = ["02:54:00:00:00:0a", "02:54:00:00:00:0b"];
        let far = format!("peer name eth1 address {} netns {b}", macs[1]);
        ip(&format!("-n {a} link add name eth1 address {} type veth {far}", macs[0])).unwrap();
        for (end, number, far, mac) in [(&a, 1, 2, macs[1]), (&b, 2, 1, macs[0])] {
            ip(&format!("-n {end} addr add 10.9.0.{number}/24 dev eth1")).unwrap();
            ip(&format!("-n {end} addr add fd00:9::{number}/64 dev eth1 nodad")).unwrap();
            ip(&format!("-n {end} link set dev lo up")).unwrap();
            ip(&format!("-n {end} link set dev eth1 up")).unwrap();
            // Nobody has to ask for the other, so that no packet waits for an answer while the line is cut.
            for address in [format!("10.9.0.{far}"), format!("fd00:9::{far}")] {
                ip(&format!("-n {end} neigh replace {address} lladdr {mac} dev eth1 nud permanent")).unwrap();
            }
        }
        for address in ["10.9.0.2", "fd00:9::2"] {
            ip(&format!("netns exec {a} ping -n -q -c 1 -w 5 {address}")).unwrap();
        }
        Some(line)
    }

    fn exchange(&self) -> Exchange {
        let mut exchange = Exchange::default();
        for end in ["a", "b"] {
            exchange.add(Station::start(end, namespace(&self.end(end))).unwrap());
        }
        exchange
    }

    /// What passes the far end, where tcpdump is installed.
    fn watched(&self) -> Option<Tcpdump> {
        if Command::new("tcpdump").arg("--version").output().is_err() {
            println!("skipped in part: tcpdump is not installed");
            return None;
        }
        Some(Tcpdump::start(Some(&self.end("b")), "eth1", "udp").unwrap())
    }
}

#[test]
fn over_a_line_flows_keep_their_rate_and_their_marks() {
    let Some(line) = Line::lay() else { return };
    let (mut exchange, watched) = (line.exchange(), line.watched());
    let rate = Pace::Bits("4Mbps".parse().unwrap());
    let v4 = ("10.9.0.1:4000".parse().unwrap(), "10.9.0.2:5000".parse().unwrap());
    let v6 = ("[fd00:9::1]:4000".parse().unwrap(), "[fd00:9::2]:5000".parse().unwrap());
    let flows = [
        Flow { size: 1_000, ..Flow::new(1, v4.0, v4.1, dscp("ef"), rate) },
        Flow { size: 1_000, ..Flow::new(2, v6.0, v6.1, dscp("af21"), rate) },
    ];
    exchange.start(flows.iter().cloned().map(assigned).collect()).unwrap();
    sleep(Duration::from_secs(1));
    // While it runs, nothing is lost: what has not come is on its way.
    let running = exchange.tally().unwrap();
    assert!(running.tallies.values().all(|tally| tally.lost == 0 && !tally.sent.as_ref().unwrap().ended));
    let report = exchange.stop(PATIENCE).unwrap();
    for flow in &flows {
        let tally = &report.tallies[&flow.id];
        let sent = tally.sent.as_ref().unwrap();
        // A busy machine may have held the sender up, which it says.
        let span = sent.last.unwrap().timestamp().since(sent.first.unwrap().timestamp()).as_micros();
        let should = 4_000_000 * (span - sent.held_up.as_micros()) / span;
        assert!(near(tally.rate().unwrap().as_bps(), should), "{:?}, {sent:?}", tally.rate());
        assert_eq!((tally.received, tally.loss()), (sent.packets, Some(Loss::ZERO)));
        assert_eq!(tally.dscp.get(&flow.dscp), Some(&tally.received));
        assert!(tally.delay.unwrap().median.as_micros() < 50_000, "{:?}", tally.delay);
    }
    assert_eq!((report.strange, report.overrun), (0, 0));
    let Some(captured) = watched.map(|watched| watched.end().unwrap()) else { return };
    assert_eq!(captured.dropped, Some(0));
    for flow in &flows {
        let packets = captured.sightings.packets.iter().filter_map(|packet| packet.outer());
        let own: Vec<_> = packets.filter(|header| header.destination == flow.to.ip()).collect();
        assert_eq!(u64::try_from(own.len()).unwrap(), report.tallies[&flow.id].received);
        let is_as_sent = |ports: host::capture::Ports| (ports.source, ports.destination) == (4_000, 5_000);
        assert!(own.iter().all(|header| header.dscp == flow.dscp && header.ports.is_some_and(is_as_sent)));
    }
}

fn now() -> Timestamp {
    let now = clock_gettime(ClockId::Realtime);
    Moment::from_parts(now.tv_sec, now.tv_nsec).unwrap().timestamp()
}

#[test]
fn a_line_that_is_cut_for_a_while_loses_what_was_sent_meanwhile() {
    let Some(line) = Line::lay() else { return };
    let mut exchange = line.exchange();
    let (from, to) = ("10.9.0.1:4000".parse().unwrap(), "10.9.0.2:5000".parse().unwrap());
    exchange.start(vec![assigned(Flow::new(7, from, to, dscp("ef"), Pace::Packets(500)))]).unwrap();
    sleep(Duration::from_millis(300));
    let far = line.end("b");
    let cutting = now();
    ip(&format!("-n {far} link set dev eth1 down")).unwrap();
    let cut = now();
    sleep(Duration::from_millis(300));
    let joining = now();
    ip(&format!("-n {far} link set dev eth1 up")).unwrap();
    let joined = now();
    // The kernel may take a second to see that there is a line again.
    sleep(Duration::from_millis(1_500));
    let report = exchange.stop(PATIENCE).unwrap();
    let tally = tally(&report, 7);
    let run = tally.runs.iter().max_by_key(|run| run.packets).unwrap();
    let (first, last) = (run.first.unwrap(), run.last.unwrap());
    let slack = Span::from_millis(20);
    assert!(first + slack >= cutting && first <= cut + slack, "{cutting:?} {cut:?} {run:?}");
    assert!(last + slack >= joining && last <= joined + Span::from_secs(1) + slack, "{joined:?} {run:?}");
    let lasted = last.since(first).as_micros() / 2_000 + 1;
    assert!(near(run.packets, lasted), "{run:?} for {lasted}");
    assert!(tally.silence.unwrap().span >= joining.since(cut));
    let sent = tally.sent.as_ref().unwrap().packets;
    assert_eq!(tally.received + tally.lost, sent);
    assert_eq!(tally.series.iter().map(|bucket| bucket.lost).sum::<u64>(), tally.lost);
    assert!(tally.last.unwrap() > joined, "nothing came after the line was joined");
}

#[test]
fn two_thousand_five_tuples_are_as_many_on_the_line() {
    let Some(line) = Line::lay() else { return };
    let (mut exchange, watched) = (line.exchange(), line.watched());
    let (from, to) = ("[fd00:9::1]:4000".parse().unwrap(), "[fd00:9::2]:5000".parse().unwrap());
    let flow = Flow { tuples: 2_000, ..Flow::new(1, from, to, dscp("ef"), Pace::Packets(2_000)) };
    let flow = Flow { duration: Some(Span::from_secs(2)), ..flow };
    exchange.start(vec![assigned(flow)]).unwrap();
    all_sent(&exchange);
    let report = exchange.stop(PATIENCE).unwrap();
    let tally = tally(&report, 1);
    assert_eq!((tally.received, tally.lost, tally.reordered.packets), (4_000, 0, 0));
    let Some(captured) = watched.map(|watched| watched.end().unwrap()) else { return };
    assert_eq!(captured.dropped, Some(0));
    let ports = captured.sightings.packets.iter().filter_map(|packet| packet.inner()?.ports);
    assert_eq!(ports.collect::<BTreeSet<_>>().len(), 2_000);
}

/// Processor time that this process has had, in hundredths of a second (proc(5)).
fn processor() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = text.rsplit_once(')').unwrap();
    fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
}

#[test]
#[ignore = "a measurement: what hosts of this machine send and receive, and what it costs; run with --nocapture"]
fn twenty_thousand_packets_a_second() {
    let Some(line) = Line::lay() else { return };
    let mut exchange = line.exchange();
    let (from, to) = ("10.9.0.1:4000".parse().unwrap(), "10.9.0.2:5000".parse().unwrap());
    let flow = Flow::new(1, from, to, dscp("ef"), Pace::Packets(20_000));
    let flow = Flow { tuples: 100, duration: Some(Span::from_secs(3)), ..flow };
    let before = processor();
    exchange.start(vec![assigned(flow)]).unwrap();
    all_sent(&exchange);
    let cost = processor() - before;
    let report = exchange.stop(PATIENCE).unwrap();
    let tally = tally(&report, 1);
    let sent = tally.sent.as_ref().unwrap();
    println!(
        "sent {} in 3 s, held up for {}, refused {}; came {}, lost {}, lost in the host {}; {:?}; {cost}0 ms of processor",
        sent.packets, sent.held_up, sent.refused, tally.received, tally.lost, report.overrun, tally.delay
    );
    assert_eq!(tally.received + tally.lost, sent.packets);
}
