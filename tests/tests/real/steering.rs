//! Steering is real: packets of a service carry the segments of its plan and pass where it says, all others go by the IGP.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv6Addr},
    thread,
    time::Duration,
};

use host::{
    FlowId,
    capture::{Sighting, Tcpdump},
};
use kernel::live::Namespace;
use model::steering::Dscp;
use serde_json::Value;

use crate::stage::{CONTAINERS, SQUARE, Sends, Stage, VOICE, voice_over};

/// Packets of each flow, about.
const A_SECOND: u32 = 200;

/// The segment list of the path that a plan gives r1, as the same files have it offline.
fn planned(stage: &Stage, intents: &str) -> Vec<Ipv6Addr> {
    let words = ["plan", "--network", &stage.network(), "--intents", intents, "--format", "json"];
    let plan: Value = serde_json::from_str(&stage.told(&words)).unwrap();
    let edits = plan["plan"]["transactions"].as_array().unwrap().iter();
    let edits = edits.filter_map(|each| each["edits"]["r1"].as_array()).flatten();
    let policy = edits.map(|edit| &edit["edit"]["putPolicy"]).find(|policy| policy.is_object()).unwrap();
    let sids = policy["candidates"][0]["lists"][0]["sids"].as_array().unwrap();
    sids.iter().map(|sid| sid.as_str().unwrap().parse().unwrap()).collect()
}

/// Packets that are in an outer header and hold one for this address with this code point.
fn of<'a>(seen: &'a [Sighting], to: &str, dscp: &str) -> Vec<&'a Sighting> {
    let (to, dscp): (IpAddr, Dscp) = (to.parse().unwrap(), dscp.parse().unwrap());
    let is_inside = |seen: &&Sighting| {
        seen.headers.len() > 1
            && seen.inner().is_some_and(|inner| inner.destination == to && inner.dscp == dscp)
    };
    seen.iter().filter(is_inside).collect()
}

/// Packets that a SID of a router was counted for.
fn counted(space: &str, sid: Ipv6Addr) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let counters = runtime.block_on(async {
        let namespace = Namespace::open(space).await.unwrap();
        namespace.counters().await.unwrap()
    });
    counters.sids.iter().filter(|(net, _)| net.addr() == sid).map(|(_, counted)| counted.packets).sum()
}

#[test]
#[ignore = "real packets want a quiet machine: `make test-lab` runs it"]
fn a_service_takes_the_segments_of_its_plan_and_the_rest_the_igp() {
    let Some(mut stage) = Stage::up("steer", SQUARE, &[]) else { return };
    let intents = stage.intents("voice.yaml", &voice_over("lower"));
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&intents]);
    let planned = planned(&stage, &intents);
    let r3: Ipv6Addr = "fd00:0:3:e001::".parse().unwrap();
    assert!(planned.contains(&r3), "the plan leads over r3: {planned:?}");
    let hops = [("r3", "eth1"), ("r3", "eth2"), ("r2", "eth1")];
    let dumps = hops.map(|(node, device)| Tcpdump::start(Some(&stage.space(node)), device, "ip6").unwrap());
    let before = counted(&stage.space("r3"), r3);
    let other = |dscp, v6| {
        let ends = if v6 { ("2001:db8:1::2", "2001:db8:4::2") } else { ("10.1.0.2", "10.4.0.2") };
        Sends { from: ("h1", ends.0), to: ("h4", ends.1), dscp, pace: A_SECOND, size: 200 }
    };
    stage.send(&[VOICE, other("be", false), other("ef", true), other("be", true)]);
    thread::sleep(Duration::from_secs(2));
    let tallies = stage.stop();
    stage.calm();
    let moved = counted(&stage.space("r3"), r3) - before;
    let [into_r3, out_of_r3, into_r2] = dumps.map(|dump| dump.end().unwrap().sightings.packets);
    for (flow, tally) in &tallies {
        assert!(tally.received > 350 && tally.lost == 0, "{flow}: {tally:?}");
    }
    for to in ["10.4.0.2", "2001:db8:4::2"] {
        let voice = of(&into_r3, to, "ef");
        assert!(voice.len() > 350, "{} packets of voice to {to} at r3", voice.len());
        for packet in &voice {
            let outer = packet.outer().unwrap();
            assert_eq!(outer.dscp, "ef".parse().unwrap(), "the outer header has the code point too");
            // What the packet visits: its destination, and what its header has beside it.
            let rest = outer.segments.as_ref().map(|segments| segments.list.clone()).unwrap_or_default();
            let all: Vec<_> =
                std::iter::once(outer.destination).chain(rest.into_iter().map(Into::into)).collect();
            let (service, path) = all.split_last().unwrap();
            let path: Vec<String> = path.iter().map(ToString::to_string).collect();
            assert_eq!(path, planned.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert!(
                service.to_string().starts_with("fd00:0:4:d"),
                "the tenant's SID at r4 comes last: {service}"
            );
        }
        let next: BTreeSet<String> = of(&out_of_r3, to, "ef")
            .iter()
            .map(|packet| packet.outer().unwrap().destination.to_string())
            .collect();
        assert_eq!(next.len(), 1, "behind r3 all are for r4's tenant: {next:?}");
        assert!(of(&into_r2, to, "ef").is_empty(), "no voice passes r2");
        assert!(of(&into_r3, to, "be").is_empty(), "nothing but voice passes r3");
        assert!(of(&into_r2, to, "be").len() > 350, "the rest goes by the IGP");
    }
    let voice = [FlowId(1), FlowId(3)].iter().map(|flow| tallies[flow].received).sum::<u64>();
    // Probes along the list are counted there too, 50 a second; those of the other direction pass other SIDs.
    assert!(moved >= voice && moved < voice + 400, "{moved} packets at the SID of r3, {voice} of voice");
    assert_eq!(counted(&stage.space("r2"), "fd00:0:2:e001::".parse().unwrap()), 0, "no SID of r2 is passed");
}

/// What is left of a container when so many numbers are taken out of it: the block stays, and what is behind them moves up
/// (RFC 9800 section 4.1).
fn left(container: Ipv6Addr, taken: usize) -> Ipv6Addr {
    let parts = container.segments();
    let mut moved = [0; 8];
    moved[..2].copy_from_slice(&parts[..2]);
    moved[2..8 - taken].copy_from_slice(&parts[2 + taken..]);
    Ipv6Addr::from(moved)
}

#[test]
#[ignore = "real packets want a quiet machine: `make test-lab` runs it"]
fn a_path_in_one_address_is_the_one_in_the_plan_and_each_router_takes_its_part_out() {
    let Some(mut stage) = Stage::up("usid", CONTAINERS, &[]) else { return };
    let intents = stage.intents("voice.yaml", &voice_over("lower"));
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&intents]);
    let planned = planned(&stage, &intents);
    let [container] = planned[..] else { panic!("one address for the whole path: {planned:?}") };
    // The number of r3, its line to r5, and the number of r4, which r3 leaves alone there.
    assert_eq!(container, "fd00:0:103:e001:104::".parse::<Ipv6Addr>().unwrap());
    assert_eq!(left(container, 2), "fd00:0:104::".parse::<Ipv6Addr>().unwrap());
    let hops = [("r3", "eth1"), ("r5", "eth1"), ("r4", "eth2"), ("r2", "eth1")];
    let dumps = hops.map(|(node, device)| Tcpdump::start(Some(&stage.space(node)), device, "ip6").unwrap());
    let r3: Ipv6Addr = "fd00:0:103:e001::".parse().unwrap();
    let before = counted(&stage.space("r3"), r3);
    let v6 = |dscp| Sends {
        from: ("h1", "2001:db8:1::2"),
        to: ("h4", "2001:db8:4::2"),
        dscp,
        pace: A_SECOND,
        size: 200,
    };
    stage.send(&[VOICE, v6("ef"), v6("be")]);
    thread::sleep(Duration::from_secs(2));
    let tallies = stage.stop();
    let moved = counted(&stage.space("r3"), r3) - before;
    let [into_r3, into_r5, into_r4, into_r2] = dumps.map(|dump| dump.end().unwrap().sightings.packets);
    for (flow, tally) in &tallies {
        assert!(tally.received > 350 && tally.lost == 0, "{flow}: {tally:?}");
    }
    for to in ["10.4.0.2", "2001:db8:4::2"] {
        // r5 has no number in the address: it sends on what r3 left.
        let seen = [(&into_r3, container), (&into_r5, left(container, 2)), (&into_r4, left(container, 2))];
        for (place, (packets, destination)) in seen.into_iter().enumerate() {
            let voice = of(packets, to, "ef");
            assert!(voice.len() > 350, "{} packets of voice to {to} at place {place}", voice.len());
            for packet in voice {
                let outer = packet.outer().unwrap();
                assert_eq!(outer.destination, IpAddr::V6(destination), "at place {place}");
                let service = outer.segments.as_ref().and_then(|segments| segments.list.last());
                let service = service.map(ToString::to_string).unwrap_or_default();
                assert!(
                    service.starts_with("fd00:0:104:d"),
                    "the tenant's SID at r4 stays in the header: {service}"
                );
            }
        }
        assert!(of(&into_r2, to, "ef").is_empty(), "no voice passes r2");
    }
    assert!(of(&into_r2, "2001:db8:4::2", "be").len() > 350, "the rest goes by the IGP");
    let voice = [FlowId(1), FlowId(2)].iter().map(|flow| tallies[flow].received).sum::<u64>();
    // Probes along the list are counted there too.
    assert!(moved >= voice && moved < voice + 400, "{moved} packets at the link of r3, {voice} of voice");
}
