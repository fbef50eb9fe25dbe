//! Several hosts that send to each other: receivers are there before senders begin, and are told how much was sent.

use std::{collections::BTreeMap, thread, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    flow::{Flow, FlowId},
    station::{Report, Station, StationError},
    tally::Sent,
};

/// How often what is on its way is looked for.
const STEP: Duration = Duration::from_millis(20);

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
    /// flows of the same numbers begin.
    ///
    /// # Errors
    /// A host has ended.
    pub fn stop(&mut self, patience: Duration) -> Result<Report, StationError> {
        let flows: Vec<FlowId> = self.flows.keys().copied().collect();
        for (flow, (sender, _)) in &self.flows {
            self.station(sender)?.halt(vec![*flow])?;
        }
        let steps = patience.as_millis() / STEP.as_millis();
        for _ in 0..steps {
            let report = self.tally()?;
            let has_come = |sent: &Sent, received: u64| received + sent.refused >= sent.packets;
            let all = report.tallies.values().all(|tally| {
                tally.sent.as_ref().is_none_or(|sent| sent.settled || has_come(sent, tally.received))
            });
            if all {
                break;
            }
            thread::sleep(STEP);
        }
        self.tell(&flows, true)?;
        self.tally()
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
