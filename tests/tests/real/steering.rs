//! Steering is real: packets of a service carry the segments of its plan and pass where it says, all others go by the IGP.
//!
//! Weights of lists are in no intent: they come from how a service is divided. That flows follow them, 3 to 1 within 5%, is proved where
//! configurations are written by hand, in the tests of `lab/kernel`.

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

use crate::{
    sids,
    stage::{CONTAINERS, SQUARE, Sends, Stage, VOICE, voice_over},
};

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

/// The routers of [`SQUARE`].
const ROUTERS: [&str; 4] = ["r1", "r2", "r3", "r4"];

/// Where customers of r4 are, over both families.
const ENDS: [&str; 2] = ["10.4.0.2", "2001:db8:4::2"];

/// A packet of voice on its way into the first router of its path visits the planned segments, and then a SID of the tenant at r4, which is
/// given back.
fn service_behind(planned: &[Ipv6Addr], packet: &Sighting) -> IpAddr {
    let outer = packet.outer().unwrap();
    assert_eq!(outer.dscp, "ef".parse().unwrap(), "the outer header has the code point too");
    // What the packet visits: its destination, and what its header has beside it.
    let rest = outer.segments.as_ref().map(|segments| segments.list.clone()).unwrap_or_default();
    let all: Vec<IpAddr> =
        std::iter::once(outer.destination).chain(rest.into_iter().map(Into::into)).collect();
    let (service, path) = all.split_last().unwrap();
    assert_eq!(path, planned.iter().copied().map(IpAddr::from).collect::<Vec<_>>());
    // Which function it has is r4's own business; that it is none of the node's own SIDs is seen by its counter.
    assert!(service.to_string().starts_with("fd00:0:4:"), "a SID of r4 comes last: {service}");
    *service
}

/// What was captured at the hops: voice takes the plan, the rest the IGP. Gives the tenant's SIDs at r4, for each of [`ENDS`].
fn services_behind(
    planned: &[Ipv6Addr],
    [into_r3, out_of_r3, into_r2]: &[Vec<Sighting>; 3],
    least: usize,
) -> [IpAddr; 2] {
    ENDS.map(|to| {
        let voice = of(into_r3, to, "ef");
        assert!(voice.len() > least, "{} packets of voice to {to} at r3", voice.len());
        let services: BTreeSet<IpAddr> = voice.iter().map(|packet| service_behind(planned, packet)).collect();
        let next: BTreeSet<IpAddr> =
            of(out_of_r3, to, "ef").iter().map(|packet| packet.outer().unwrap().destination).collect();
        assert!(services.len() == 1 && next == services, "behind r3 all are for r4's tenant: {next:?}");
        assert!(of(into_r2, to, "ef").is_empty(), "no voice passes r2");
        assert!(of(into_r3, to, "be").is_empty(), "nothing but voice passes r3");
        let rest = of(into_r2, to, "be");
        assert!(rest.len() > least, "the rest goes by the IGP");
        let of_rest: BTreeSet<IpAddr> =
            rest.iter().map(|packet| packet.outer().unwrap().destination).collect();
        assert_eq!(of_rest, services, "to the same customers");
        *services.first().unwrap()
    })
}

#[test]
fn a_service_takes_the_segments_of_its_plan_and_the_rest_the_igp() {
    let Some(mut stage) = Stage::up("steer", SQUARE, &[]) else { return };
    let intents = stage.intents("voice.yaml", &voice_over("lower"));
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&intents]);
    let planned = planned(&stage, &intents);
    let r3: Ipv6Addr = "fd00:0:3:e001::".parse().unwrap();
    assert!(planned.contains(&r3), "the plan leads over r3: {planned:?}");
    // What SIDs count while customers send nothing: probes.
    let quiet = sids::counted(&stage, &ROUTERS);
    thread::sleep(Duration::from_secs(3));
    let hops = [("r3", "eth1"), ("r3", "eth2"), ("r2", "eth1")];
    let dumps = hops.map(|(node, device)| Tcpdump::start(Some(&stage.space(node)), device, "ip6").unwrap());
    let before = sids::counted(&stage, &ROUTERS);
    let other = |dscp, v6| {
        let ends = if v6 { ("2001:db8:1::2", ENDS[1]) } else { ("10.1.0.2", ENDS[0]) };
        Sends { from: ("h1", ends.0), to: ("h4", ends.1), dscp, pace: A_SECOND, size: 200 }
    };
    stage.send(&[VOICE, other("be", false), other("ef", true), other("be", true)]);
    thread::sleep(Duration::from_secs(2));
    let tallies = stage.stop();
    stage.calm();
    let after = sids::counted(&stage, &ROUTERS);
    let captured = dumps.map(|dump| dump.end().unwrap().sightings.packets);
    for (flow, tally) in &tallies {
        assert!(tally.received > 350 && tally.lost == 0, "{flow}: {tally:?}");
    }
    let services = services_behind(&planned, &captured, 350);
    let came = |flows: [u32; 2]| flows.iter().map(|flow| tallies[&FlowId(*flow)].received).sum::<u64>();
    // Voice passes the segments of its path; it and the rest come to the tenant's SID of their family.
    let path = planned.iter().map(|sid| (IpAddr::from(*sid), came([1, 3])));
    let ends = services.into_iter().zip([came([1, 2]), came([3, 4])]);
    sids::must_have_moved([&quiet, &before], &after, &path.chain(ends).collect());
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
                    service.starts_with("fd00:0:104:") && !service.starts_with("fd00:0:104::"),
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
