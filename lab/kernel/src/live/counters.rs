//! What a kernel counted: packets on interfaces, in queues, at SIDs. Counters never fall but where their object was made anew.

use std::collections::BTreeMap;

use ipnet::IpNet;
use rtnetlink::packet_route::tc::TcStats2;

use super::{
    attribute::{as_u64, parts},
    decode,
    encode::local,
    error::Failed,
    inside::Inside,
    read,
};
use crate::{
    number::{Device, Minor, Table},
    object::{Behaviour, Target},
};

/// Beside the packets of a queue in 32 bits: all of them in 64, where they are more (`TCA_STATS_PKT64`).
const PACKETS: u16 = 8;

/// All of it, at about one moment.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// By device.
    pub interfaces: BTreeMap<Device, InterfaceCounters>,
    /// By device and class.
    pub classes: BTreeMap<(Device, Minor), ClassCounters>,
    /// By SID, or by the prefix of a SID that reads containers.
    pub sids: BTreeMap<IpNet, SidCounters>,
}

/// Of a device.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct InterfaceCounters {
    /// Whether it is up, and what it is connected to.
    pub up: bool,
    /// Octets received.
    pub in_octets: u64,
    /// Packets received.
    pub in_packets: u64,
    /// Packets received and not taken.
    pub in_drops: u64,
    /// Octets sent.
    pub out_octets: u64,
    /// Packets sent.
    pub out_packets: u64,
    /// Packets that were to be sent and were not, those of queues not among them.
    pub out_drops: u64,
}

/// Of a queue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ClassCounters {
    /// Octets sent from it.
    pub octets: u64,
    /// Packets sent from it.
    pub packets: u64,
    /// Packets that it dropped; 32 bits, then from zero.
    pub drops: u32,
    /// Packets that wait in it.
    pub waiting: u32,
}

/// Of a SID.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SidCounters {
    /// What it does; none for a binding SID, which leads into the lists of a policy (End.B6.Encaps, RFC 8986 section 4.13).
    pub behaviour: Option<Behaviour>,
    /// Packets that came with it and were sent on.
    pub packets: u64,
    /// Their octets.
    pub octets: u64,
    /// Packets that could not be handled.
    pub errors: u64,
}

pub(super) async fn read(inside: &Inside) -> Result<Counters, Failed> {
    let fail = |object: &'static str| move |fault| (Some(object.to_owned()), fault);
    let mut counters = Counters::default();
    let links = read::links(inside).await.map_err(fail("counting at devices"))?;
    for link in &links {
        let stats = link.stats;
        let counted = InterfaceCounters {
            up: link.up,
            in_octets: stats.rx_bytes,
            in_packets: stats.rx_packets,
            in_drops: stats.rx_dropped,
            out_octets: stats.tx_bytes,
            out_packets: stats.tx_packets,
            out_drops: stats.tx_dropped,
        };
        counters.interfaces.insert(link.name.clone(), counted);
        for (minor, stats) in
            read::class_stats(inside, link.index).await.map_err(fail("counting in queues"))?
        {
            if minor.is_queue() {
                counters.classes.insert((link.name.clone(), minor), class(&stats));
            }
        }
    }
    let names = links.iter().map(|link| (link.index, link.name.clone())).collect();
    for message in read::routes(inside).await.map_err(fail("counting at SIDs"))? {
        let Some((key, target)) = decode::route(&message, &names) else { continue };
        let behaviour = match target {
            Target::Local(behaviour) => Some(behaviour),
            Target::Bound(_) => None,
            _ => continue,
        };
        if key.table == Table::Main {
            let counted = counters.sids.entry(key.to).or_default();
            counted.behaviour = behaviour;
            for one in decode::counters(&message) {
                let number = |kind| one.get(&kind).and_then(|octets| as_u64(octets)).unwrap_or_default();
                counted.packets += number(local::PACKETS);
                counted.octets += number(local::OCTETS);
                counted.errors += number(local::ERRORS);
            }
        }
    }
    Ok(counters)
}

fn class(stats: &[TcStats2]) -> ClassCounters {
    let (mut counted, mut all) = (ClassCounters::default(), None);
    for one in stats {
        match one {
            TcStats2::Basic(basic) => {
                (counted.octets, counted.packets) = (basic.bytes, u64::from(basic.packets));
            }
            TcStats2::Queue(queue) => (counted.drops, counted.waiting) = (queue.drops, queue.qlen),
            TcStats2::Other(other) => {
                let (kind, octets) = parts(other);
                all = all.or(as_u64(&octets).filter(|_| kind == PACKETS));
            }
            _ => {}
        }
    }
    ClassCounters { packets: all.unwrap_or(counted.packets), ..counted }
}

#[cfg(test)]
mod tests {
    use rtnetlink::{packet_core::DefaultNla, packet_route::tc::TcStatsBasic};

    use super::*;

    #[test]
    fn packets_of_a_queue_do_not_begin_at_zero_again() {
        let mut basic = TcStatsBasic::default();
        (basic.bytes, basic.packets) = (7_000_000_000, 5);
        let few = TcStats2::Basic(basic);
        assert_eq!(class(std::slice::from_ref(&few)).packets, 5);
        let all = (1_u64 << 32) + 5;
        let many = TcStats2::Other(DefaultNla::new(PACKETS, all.to_ne_bytes().to_vec()));
        let another = TcStats2::Other(DefaultNla::new(PACKETS + 1, vec![1; 8]));
        let counted = class(&[another, few, many]);
        assert_eq!((counted.packets, counted.octets), (all, 7_000_000_000));
    }
}
