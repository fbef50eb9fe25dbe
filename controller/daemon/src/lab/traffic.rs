//! Traffic between the hosts of a lab of namespaces: which host sends what for a traffic file, and how who keeps the lab has them do it.
//!
//! A demand goes between routers; in the lab the host behind the one sends it to the host behind the other: one of the demand's tenant
//! where there is one, or else of nobody's; where a router has several of these, they take turns over the VRFs of the file, both by name. Flows are over IPv4 where both hosts have it, over IPv6 otherwise.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use ground::Layout;
use host::{Assigned, Exchange, Flow, FlowId, Pace, Report, Station, Tally, station::namespace};
use model::{Bandwidth, Demand, DemandId, Demands, NodeId, Ratio, VrfName};
use serde::{Deserialize, Serialize};

use super::Which;
use crate::{args::Format, outcome::Stop};

/// How long what is on its way may take when traffic ends.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most packets a second of a lab: what a few processors send, forward and receive.
const MOST: u64 = 100_000;
/// The first port of flows, and how many follow it before they begin again.
const PORT: u16 = 10_000;
const PORTS: usize = 50_000;

/// Traffic of a lab.
#[derive(Debug, Args)]
pub struct TrafficArgs {
    /// Which lab.
    #[command(flatten)]
    pub which: Which,
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What can be done with traffic.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Begin to send; what was sent before ends
    Start {
        /// What is sent: a file of kind Traffic
        traffic: PathBuf,
        /// How much of it
        #[arg(long, value_name = "SHARE", default_value = "100%")]
        share: Ratio,
        /// Octets of a packet, headers of IP and UDP included
        #[arg(long, value_name = "OCTETS", default_value_t = 1000)]
        size: u16,
    },
    /// End it, and show what became of it
    Stop(Shown),
    /// Show what became of it so far
    Show(Shown),
}

/// How traffic is shown.
#[derive(Debug, Args)]
pub struct Shown {
    /// How it is shown
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What who keeps a lab is told about its traffic.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    /// To send this, and nothing else.
    Start(Vec<Offer>),
    /// To send no more.
    Stop,
    /// To tell of it.
    Show,
}

/// A demand between two hosts.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Offer {
    /// Its name.
    pub name: DemandId,
    /// Who sends what to whom.
    pub assigned: Assigned,
}

/// What became of traffic.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seen {
    /// Flow by flow, in the order of the demands' names.
    pub flows: Vec<SeenFlow>,
    /// Packets that came to hosts and were of no flow.
    pub strange: u64,
    /// Packets that hosts themselves lost.
    pub overrun: u64,
}

/// What became of a flow.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SeenFlow {
    /// What was to be sent.
    pub offer: Offer,
    /// What came; none where its receiver knows nothing of it.
    pub tally: Option<Tally>,
}

/// Who sends what to whom for these demands. O(demands + lines).
///
/// # Errors
/// A router has no host, two hosts have no family of addresses in common, or it is more than a lab carries.
pub(super) fn offers(
    layout: &Layout,
    demands: &Demands,
    share: Ratio,
    size: u16,
) -> anyhow::Result<Vec<Offer>> {
    let hosts = hosts(layout);
    let vrfs: BTreeSet<&VrfName> = demands.values().map(|demand| &demand.vrf).collect();
    let turns: BTreeMap<&VrfName, usize> = vrfs.into_iter().zip(0..).collect();
    let mut offers = Vec::new();
    for ((number, place), demand) in (0_u32..).zip(0_usize..).zip(demands.values()) {
        let turn = turns.get(&demand.vrf).copied().unwrap_or_default();
        let (sender, receiver) =
            (behind(&demand.from, demand, &hosts, turn)?, behind(&demand.to, demand, &hosts, turn)?);
        let (from, to) = addresses(layout, sender, receiver).with_context(|| {
            format!(
                "demand {}: the hosts {sender} and {receiver} have no family of addresses in common",
                demand.id
            )
        })?;
        let port = PORT.saturating_add(u16::try_from(place % PORTS).unwrap_or_default());
        let (from, to) = (SocketAddr::new(from, port), SocketAddr::new(to, port));
        let flow = Flow::new(number, from, to, demand.dscp, Pace::Bits(part(demand.rate, share)));
        let flow = Flow { size, ..flow };
        flow.check().with_context(|| format!("demand {}", demand.id))?;
        let (sender, receiver) = (sender.to_string(), receiver.to_string());
        offers.push(Offer { name: demand.id.clone(), assigned: Assigned { sender, receiver, flow } });
    }
    let bits: u64 = demands.values().map(|demand| part(demand.rate, share)).sum::<Bandwidth>().as_bps();
    let packets = bits / (u64::from(size.max(1)) * 8);
    if packets > MOST {
        return Err(Stop::usage(format!(
            "that comes to {packets} packets a second; a lab takes up to {MOST}: say --share, or larger packets with --size"
        ))
        .into());
    }
    Ok(offers)
}

fn part(rate: Bandwidth, share: Ratio) -> Bandwidth {
    let bits = u128::from(rate.as_bps()) * u128::from(share.as_ppm()) / 1_000_000;
    Bandwidth::from_bps(u64::try_from(bits).unwrap_or(u64::MAX))
}

/// The hosts behind each router.
fn hosts(layout: &Layout) -> BTreeMap<&NodeId, BTreeSet<(&NodeId, Option<VrfName>)>> {
    let mut hosts: BTreeMap<&NodeId, BTreeSet<(&NodeId, Option<VrfName>)>> = BTreeMap::new();
    for line in layout.lines.values() {
        let [a, z] = &line.ends;
        for (host, router) in [(&a.node, &z.node), (&z.node, &a.node)] {
            if layout.is_host(host) && !layout.is_host(router) {
                hosts.entry(router).or_default().insert((host, layout.tenant(host).cloned()));
            }
        }
    }
    hosts
}

/// The host behind a router whose turn it is.
fn behind<'l>(
    router: &NodeId,
    demand: &Demand,
    hosts: &BTreeMap<&'l NodeId, BTreeSet<(&'l NodeId, Option<VrfName>)>>,
    turn: usize,
) -> anyhow::Result<&'l NodeId> {
    let there = hosts.get(router);
    let of = |tenant: Option<&VrfName>| {
        let all = there.into_iter().flat_map(|hosts| hosts.iter());
        let all: Vec<_> = all.filter(|(_, of)| of.as_ref() == tenant).map(|(host, _)| *host).collect();
        all.get(turn.checked_rem(all.len())?).copied()
    };
    of(Some(&demand.vrf)).or_else(|| of(None)).with_context(|| {
        format!(
            "demand {}: no host of {} is behind {router}; give it a node of kind `linux` with a line to it, and perhaps the label `trunkline.vrf`",
            demand.id, demand.vrf
        )
    })
}

/// Addresses of two hosts, of one family: IPv4 where both have it.
fn addresses(layout: &Layout, sender: &NodeId, receiver: &NodeId) -> Option<(IpAddr, IpAddr)> {
    let of = |node: &NodeId, is_ipv4: bool| {
        let interfaces = layout.nodes.get(node)?.interfaces.values();
        let mut all = interfaces.flat_map(|interface| &interface.addresses).map(|net| net.addr());
        all.find(|address| address.is_ipv4() == is_ipv4)
    };
    [true, false].into_iter().find_map(|is_ipv4| of(sender, is_ipv4).zip(of(receiver, is_ipv4)))
}

/// The traffic of a lab that is kept.
#[derive(Default)]
pub(super) struct Traffic {
    exchange: Exchange,
    offers: Vec<Offer>,
}

impl Traffic {
    /// Does what is ordered; tells what there is to tell then. Blocks for as long as what is on its way takes.
    ///
    /// # Errors
    /// A host is not there, or does not do it. What had begun has ended again then.
    pub(super) fn follow(&mut self, order: Order, layout: &Layout) -> anyhow::Result<Seen> {
        let report = match order {
            Order::Start(offers) => {
                // What was sent before ends with its hosts.
                *self = Self::default();
                match self.start(offers, layout) {
                    Ok(()) => self.exchange.tally()?,
                    Err(error) => {
                        *self = Self::default();
                        return Err(error);
                    }
                }
            }
            Order::Stop => self.exchange.stop(PATIENCE)?,
            Order::Show => self.exchange.tally()?,
        };
        Ok(self.seen(report))
    }

    fn start(&mut self, offers: Vec<Offer>, layout: &Layout) -> anyhow::Result<()> {
        for name in offers.iter().flat_map(|offer| [&offer.assigned.sender, &offer.assigned.receiver]) {
            if self.exchange.has(name) {
                continue;
            }
            let node: NodeId = name.parse()?;
            let Some(stand) = layout.nodes.get(&node).filter(|_| layout.is_host(&node)) else {
                bail!("the lab has no host {node}: its file has changed since it was made");
            };
            self.exchange.add(Station::start(name, namespace(&stand.space))?);
        }
        self.exchange.start(offers.iter().map(|offer| offer.assigned.clone()).collect())?;
        self.offers = offers;
        Ok(())
    }

    fn seen(&self, report: Report) -> Seen {
        let Report { mut tallies, strange, overrun } = report;
        let mut tally = |flow: FlowId| tallies.remove(&flow);
        let flows = self
            .offers
            .iter()
            .map(|offer| SeenFlow { tally: tally(offer.assigned.flow.id), offer: offer.clone() });
        Seen { flows: flows.collect(), strange, overrun }
    }
}

#[cfg(test)]
mod tests {
    use ground::layout::Wires;

    use super::*;

    /// Two routers with two hosts and one, and one without any.
    fn layout() -> Layout {
        let text = r#"
name: traffic
topology:
  nodes:
    a: {kind: linux, image: frr}
    b: {kind: linux, image: frr}
    c: {kind: linux, image: frr}
    h1: {kind: linux, image: alpine}
    h2: {kind: linux, image: alpine}
    k: {kind: linux, image: alpine}
  links:
    - {endpoints: ["a:eth1", "b:eth1"]}
    - {endpoints: ["b:eth2", "c:eth1"]}
    - {endpoints: ["a:eth2", "h1:eth1"]}
    - {endpoints: ["h2:eth1", "a:eth3"]}
    - {endpoints: ["b:eth3", "k:eth1"]}
"#;
        let network = formats::read("lab.clab.yml", text).unwrap();
        let said = formats::lab("lab.clab.yml", text).unwrap();
        Layout::of(&network, &said, "lab", Wires::WhereNeeded).unwrap()
    }

    fn demands(all: &[(&str, &str, &str, &str)]) -> Demands {
        let demand = |(from, to, vrf, rate): &(&str, &str, &str, &str)| {
            let id: DemandId = format!("{vrf}/{from}~{to}").parse().unwrap();
            let demand = Demand {
                id: id.clone(),
                service: None,
                from: NodeId::lit(from),
                to: NodeId::lit(to),
                vrf: VrfName::lit(vrf),
                destination: None,
                dscp: "ef".parse().unwrap(),
                rate: rate.parse().unwrap(),
            };
            (id, demand)
        };
        all.iter().map(demand).collect()
    }

    fn share(text: &str) -> Ratio {
        text.parse().unwrap()
    }

    #[test]
    fn hosts_send_for_their_routers_and_take_turns_over_vrfs() {
        let demands = demands(&[("a", "b", "office", "8Mbps"), ("b", "a", "voice", "2Mbps")]);
        let offers = offers(&layout(), &demands, share("50%"), 1_000).unwrap();
        let told: Vec<String> = offers
            .iter()
            .map(|Offer { name, assigned: Assigned { sender, receiver, flow } }| {
                format!("{name}: {sender} to {receiver}, {} to {}, {:?}", flow.from, flow.to, flow.pace)
            })
            .collect();
        let half = |bits| format!("{:?}", Pace::Bits(Bandwidth::from_bps(bits)));
        let address = |node: &str| addresses(&layout(), &NodeId::lit(node), &NodeId::lit(node)).unwrap().0;
        let expected = [
            format!(
                "office/a~b: h1 to k, {}:10000 to {}:10000, {}",
                address("h1"),
                address("k"),
                half(4_000_000)
            ),
            format!(
                "voice/b~a: k to h2, {}:10001 to {}:10001, {}",
                address("k"),
                address("h2"),
                half(1_000_000)
            ),
        ];
        assert_eq!(told, expected);
        assert!(address("k").is_ipv4());
        assert!(offers.iter().all(|offer| offer.assigned.flow.size == 1_000));
    }

    #[test]
    fn what_cannot_be_sent_says_why() {
        let refused = |demand, share: &str, size| {
            let demands = demands(&[demand]);
            format!("{:#}", offers(&layout(), &demands, self::share(share), size).unwrap_err())
        };
        let none = refused(("a", "c", "office", "1Mbps"), "100%", 1_000);
        assert!(none.contains("no host of office is behind c"), "{none}");
        let small = refused(("a", "b", "office", "1Mbps"), "100%", 20);
        assert!(small.contains("office/a~b") && small.contains("20 octets"), "{small}");
        let much = refused(("a", "b", "office", "600Mbps"), "100%", 100);
        assert!(much.contains("750000 packets a second") && much.contains("--share"), "{much}");
    }

    #[test]
    fn orders_and_answers_are_the_same_as_json() {
        let demands = demands(&[("a", "b", "office", "8Mbps")]);
        let offers = offers(&layout(), &demands, share("100%"), 1_000).unwrap();
        let text = serde_json::to_string(&Order::Start(offers.clone())).unwrap();
        assert!(matches!(serde_json::from_str(&text).unwrap(), Order::Start(read) if read == offers));
        let seen = SeenFlow { offer: offers[0].clone(), tally: None };
        let seen = Seen { flows: vec![seen], strange: 1, overrun: 2 };
        let text = serde_json::to_string(&seen).unwrap();
        assert_eq!(serde_json::from_str::<Seen>(&text).unwrap(), seen);
    }

    #[test]
    fn a_host_that_the_lab_does_not_have_sends_nothing() {
        let demands = demands(&[("a", "b", "office", "8Mbps")]);
        let mut offers = offers(&layout(), &demands, share("100%"), 1_000).unwrap();
        offers[0].assigned.sender = "a".to_owned();
        let mut traffic = Traffic::default();
        let refused = traffic.follow(Order::Start(offers), &layout()).unwrap_err().to_string();
        assert!(refused.contains("no host a"), "{refused}");
        assert_eq!(traffic.follow(Order::Stop, &layout()).unwrap(), Seen::default());
    }
}
