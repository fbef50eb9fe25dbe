//! Several hosts that send to each other: receivers are there before senders begin, and are told how much was sent.

use std::{collections::BTreeMap, thread, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    flow::{Flow, FlowId},
    station::{Reached, Report, Station, StationError},
    tally::Sent,
};

/// How often what is on its way is looked for.
const STEP: Duration = Duration::from_millis(20);
/// So many times in a row nothing comes before what is missing, of flows whose last packets have come, is taken for lost.
const QUIET: u32 = 10;

/// A flow, and the hosts between which it goes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assigned {
    /// The name of the host that sends.
    pub sender: String,
    /// The name of the host that receives.
    pub receiver: String,
    /// What is sent. Its number is its own among all flows of the exchange.
    pub flow: Flow,
}

/// Hosts and the flows between them.
#[derive(Debug, Default)]
pub struct Exchange {
    stations: BTreeMap<String, Station>,
    /// Who sends each flow, and who receives it.
    flows: BTreeMap<FlowId, (String, String)>,
}

/// What has come of flows that were sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Come {
    /// Packets of all of them.
    received: u64,
    /// Whether every packet that left its sender has come.
    whole: bool,
    /// Whether the last one of every flow has.
    passed: bool,
}

impl Come {
    fn of<'a>(flows: impl Iterator<Item = (&'a Sent, Reached)>) -> Self {
        let mut all = Self { received: 0, whole: true, passed: true };
        for (sent, reached) in flows {
            all.received += reached.received;
            all.whole &= reached.received.saturating_add(sent.refused) >= sent.packets;
            all.passed &= reached.next.saturating_add(sent.refused) >= sent.packets;
        }
        all
    }
}

impl Exchange {
    /// Adds a host; one of the same name goes.
    pub fn add(&mut self, station: Station) {
        self.stations.insert(station.name().to_owned(), station);
    }

    /// Whether there is a host of that name.
    pub fn has(&self, station: &str) -> bool {
        self.stations.contains_key(station)
    }

    fn station(&self, name: &str) -> Result<&Station, StationError> {
        self.stations.get(name).ok_or_else(|| StationError::Unknown { station: name.to_owned() })
    }

    /// Starts flows beside those that are there. One of a number that is there begins anew.
    ///
    /// # Errors
    /// A host is not there, or does not do it. Flows may have begun then; [`Exchange::stop`] ends them.
    pub fn start(&mut self, flows: Vec<Assigned>) -> Result<(), StationError> {
        let mut sent: BTreeMap<String, Vec<Flow>> = BTreeMap::new();
        let mut received: BTreeMap<String, Vec<Flow>> = BTreeMap::new();
        for Assigned { sender, receiver, flow } in flows {
            flow.check()?;
            self.station(&sender)?;
            self.station(&receiver)?;
            // One that ran between other hosts is none of theirs any more.
            if let Some((sender, receiver)) = self.flows.get(&flow.id) {
                self.station(sender)?.forget(vec![flow.id])?;
                self.station(receiver)?.forget(vec![flow.id])?;
            }
            self.flows.insert(flow.id, (sender.clone(), receiver.clone()));
            received.entry(receiver).or_default().push(flow.clone());
            sent.entry(sender).or_default().push(flow);
        }
        for (receiver, flows) in received {
            self.station(&receiver)?.receive(flows)?;
        }
        for (sender, flows) in sent {
            self.station(&sender)?.send(flows)?;
        }
        Ok(())
    }

    /// What is known of all flows, while they are sent and after.
    ///
    /// # Errors
    /// A host has ended.
    pub fn tally(&self) -> Result<Report, StationError> {
        let mut all = Report::default();
        for station in self.stations.values() {
            all.join(station.tally()?);
        }
        // Receivers that were told that nothing more comes know best.
        let open = |flow: &FlowId| {
            let tally = all.tallies.get(flow);
            tally.is_some_and(|tally| !tally.sent.as_ref().is_some_and(|sent| sent.settled))
        };
        let open: Vec<FlowId> = self.flows.keys().filter(|flow| open(flow)).copied().collect();
        if open.is_empty() {
            return Ok(all);
        }
        self.tell(&open, false)?;
        let mut all = Report::default();
        for station in self.stations.values() {
            all.join(station.tally()?);
        }
        Ok(all)
    }

    /// Ends all flows, waits until what is on its way has come, up to `patience`, and tells what became of them. It stays known until
    /// flows of the same numbers begin. Where packets are missing that later ones overtook, it waits until nothing has come for a while;
    /// where the last ones are, for all of the patience.
    ///
    /// # Errors
    /// A host has ended.
    pub fn stop(&mut self, patience: Duration) -> Result<Report, StationError> {
        let flows: Vec<FlowId> = self.flows.keys().copied().collect();
        for (flow, (sender, _)) in &self.flows {
            self.station(sender)?.halt(vec![*flow])?;
        }
        let steps = patience.as_millis() / STEP.as_millis();
        let (mut before, mut quiet) = (None, 0);
        for _ in 0..steps {
            let now = self.come()?;
            quiet = if before == Some(now.received) { quiet + 1 } else { 0 };
            if now.whole || now.passed && quiet >= QUIET {
                break;
            }
            before = Some(now.received);
            thread::sleep(STEP);
        }
        self.tell(&flows, true)?;
        self.tally()
    }

    /// What has come of the flows that are not settled.
    fn come(&self) -> Result<Come, StationError> {
        let (mut sent, mut reached) = (BTreeMap::new(), BTreeMap::new());
        for (name, station) in &self.stations {
            let is_sender = |flow: &FlowId| self.flows.get(flow).is_some_and(|(sender, _)| sender == name);
            sent.extend(station.sent()?.into_iter().filter(|(flow, _)| is_sender(flow)));
            let is_receiver =
                |flow: &FlowId| self.flows.get(flow).is_some_and(|(_, receiver)| receiver == name);
            reached.extend(station.reached()?.into_iter().filter(|(flow, _)| is_receiver(flow)));
        }
        let open = reached.iter().filter(|(_, reached)| !reached.settled);
        let flows = open.filter_map(|(flow, reached)| Some((sent.get(flow)?, *reached)));
        Ok(Come::of(flows))
    }

    /// Tells receivers what was sent of these flows.
    fn tell(&self, flows: &[FlowId], settled: bool) -> Result<(), StationError> {
        let mut told: BTreeMap<&str, BTreeMap<FlowId, Sent>> = BTreeMap::new();
        for (name, station) in &self.stations {
            for (flow, sent) in station.sent()? {
                let Some((sender, receiver)) = self.flows.get(&flow) else { continue };
                if sender == name && flows.contains(&flow) {
                    let sent = Sent { settled, ..sent };
                    told.entry(receiver).or_default().insert(flow, sent);
                }
            }
        }
        for (receiver, sent) in told {
            self.station(receiver)?.tell(sent)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_that_was_lost_on_the_way_is_not_one_that_is_still_on_it() {
        let of = |received, next, refused| {
            let sent = Sent { packets: 100, refused, ended: true, ..Sent::default() };
            let come = Come::of([(&sent, Reached { received, next, settled: false })].into_iter());
            (come.whole, come.passed)
        };
        assert_eq!(of(100, 100, 0), (true, true));
        assert_eq!(of(99, 100, 0), (false, true), "one is missing, and later ones have come");
        assert_eq!(of(99, 99, 0), (false, false), "the last may still come");
        assert_eq!(of(99, 99, 1), (true, true), "the sender's kernel did not take it");
        assert_eq!(Come::of(std::iter::empty()), Come { received: 0, whole: true, passed: true });
    }
}
