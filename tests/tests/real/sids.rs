//! What routers of a lab have counted at their SIDs: all of them, so that it is seen where packets did not pass too.

use std::{collections::BTreeMap, net::IpAddr, time::Instant};

use kernel::live::Namespace;

use crate::stage::Stage;

/// Packets at each SID of each router, and when they were counted.
pub struct Counted {
    at: Instant,
    packets: BTreeMap<(String, IpAddr), u64>,
}

/// Counts at all SIDs of some routers.
pub fn counted(stage: &Stage, routers: &[&str]) -> Counted {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut packets = BTreeMap::new();
    for router in routers {
        let space = stage.space(router);
        let counters = runtime.block_on(async {
            let namespace = Namespace::open(&space).await.unwrap();
            namespace.counters().await.unwrap()
        });
        for (net, counted) in &counters.sids {
            *packets.entry(((*router).to_owned(), net.addr())).or_default() += counted.packets;
        }
    }
    Counted { at: Instant::now(), packets }
}

impl Counted {
    /// Packets at each SID since then, and the seconds that this took.
    fn since(&self, earlier: &Self) -> (BTreeMap<&(String, IpAddr), u64>, f64) {
        let before = |place: &(String, IpAddr)| earlier.packets.get(place).copied().unwrap_or_default();
        let moved =
            self.packets.iter().map(|(place, packets)| (place, packets.saturating_sub(before(place))));
        (moved.collect(), (self.at - earlier.at).as_secs_f64())
    }
}

/// Each SID of which it is said how many packets were sent over it has counted these, each other one none. Probes are counted too where the
/// routers' policies lead them, at the pace that was seen while nothing was sent; where there are none every packet is counted for.
pub fn must_have_moved(quiet: [&Counted; 2], after: &Counted, sent: &BTreeMap<IpAddr, u64>) {
    let [first, second] = quiet;
    let (probes, in_quiet) = second.since(first);
    let (moved, meanwhile) = after.since(second);
    for sid in sent.keys() {
        assert!(
            moved.keys().any(|(_, known)| known == sid),
            "no router has the SID {sid}: {:?}",
            moved.keys()
        );
    }
    for (place, packets) in &moved {
        let (router, sid) = place;
        let of_traffic = sent.get(sid).copied().unwrap_or_default();
        let of_probes = probes.get(place).copied().unwrap_or_default() as f64 * meanwhile / in_quiet;
        let most =
            if of_probes > 0.0 { of_traffic as f64 + of_probes * 1.2 + 10.0 } else { of_traffic as f64 };
        if *packets > 0 {
            println!("{router} {sid}: {packets} packets, {of_traffic} of traffic, {of_probes:.0} of probes");
        }
        assert!(
            *packets >= of_traffic && *packets as f64 <= most,
            "{router} {sid}: {packets} packets, where {of_traffic} were sent and {of_probes:.0} probes passed"
        );
    }
}
