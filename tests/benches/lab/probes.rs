//! How true probes are: what a prober tells of a bare pair, which delays nothing, so that all that it tells is its error and the little that
//! the kernel takes from socket to socket; and of a wire of known delay, whose own error is in it.
//!
//! A reading is a mean. A probe that has sent one packet so far tells of that one alone, so many probes are begun, read before any
//! of them sends again, and begun anew.

use std::{collections::BTreeMap, net::Ipv6Addr, thread, time::Duration};

use ground::{
    layout::{Stand, Wires},
    record::IgpKind,
};
use host::station::namespace;
use ipnet::IpNet;
use model::InterfaceName;
use probe::{Probe, ProbeId, Prober, Reflectors, fleet::MOST_EVERY};

use crate::{
    bare::{Standing, layout, open_folder, ring},
    figures::Figures,
    line::Line,
};

/// Probes at once: one every 10 ms, so that they do not wait for each other.
const PROBES: usize = 100;
/// How often they are begun.
const ROUNDS: usize = 10;
/// When they are read: before the first of them sends again.
const READ: Duration = Duration::from_millis(950);
/// The delay of the wire, in microseconds; as in its file.
const WIRE: f64 = 5_000.0;

pub fn measure(figures: &mut Figures) -> Result<(), String> {
    let line = Line::lay()?;
    let ends = [line.end("a"), line.end("b")];
    let mut samples = told(&ends, &over("fd00:9::1".parse().unwrap(), "fd00:9::2".parse().unwrap()))?;
    samples.iter().for_each(|sample| figures.add("probe", *sample));
    samples.sort_by(f64::total_cmp);
    if let Some(p99) = samples.get(samples.len() * 99 / 100) {
        figures.add("probe p99", *p99);
    }
    over_a_wire(figures)
}

fn over_a_wire(figures: &mut Figures) -> Result<(), String> {
    let layout = layout("benchprobe", &ring(3, ", vars: {delay: 5ms}"), Wires::WhereNeeded);
    let lab = Standing::up(layout, open_folder(), IgpKind::Builtin, &mut |_| ())?;
    let (near, far) = (lab.stand("r0"), lab.stand("r1"));
    let ends = [near.space.clone(), far.space.clone()];
    let samples = told(&ends, &over(address(near, "eth1"), address(far, "eth2")));
    lab.down()?;
    samples?.iter().for_each(|sample| figures.add("probe wire", (sample - WIRE).abs()));
    Ok(())
}

/// The IPv6 address of an interface.
fn address(stand: &Stand, interface: &str) -> Ipv6Addr {
    let addresses = &stand.interfaces[&InterfaceName::lit(interface)].addresses;
    let v6 = addresses.iter().find_map(|net| match net {
        IpNet::V6(net) => Some(net.addr()),
        IpNet::V4(_) => None,
    });
    v6.unwrap()
}

/// Delays of single packets from one namespace to the other, in microseconds.
fn told([near, far]: &[String; 2], probe: &Probe) -> Result<Vec<f64>, String> {
    let fail = |error: std::io::Error| format!("probes: {error}");
    let _far = Reflectors::start([(far.clone(), namespace(far))]).map_err(fail)?;
    let near = Prober::start(near, 1, namespace(near)).map_err(fail)?;
    // Not measured: the first packets find caches cold.
    round(&near, probe);
    Ok((0..ROUNDS).flat_map(|_| round(&near, probe)).collect())
}

/// The same of one round.
fn round(prober: &Prober, probe: &Probe) -> Vec<f64> {
    prober.set(BTreeMap::new());
    let named = |number: usize| (ProbeId::from(format!("sample {number}")), probe.clone());
    prober.set((0..PROBES).map(named).collect());
    thread::sleep(READ);
    let readings = prober.readings();
    let single = readings.values().filter(|reading| reading.sent == 1);
    let samples: Vec<f64> =
        single.clone().filter_map(|reading| reading.delay).map(|delay| delay.as_micros() as f64).collect();
    println!("probe: {} sent, {} answered", single.count(), samples.len());
    samples
}

fn over(from: Ipv6Addr, reflector: Ipv6Addr) -> Probe {
    Probe { from, reflector, via: Vec::new(), every: MOST_EVERY, device: Some("eth1".to_owned()), dscp: 0 }
}
