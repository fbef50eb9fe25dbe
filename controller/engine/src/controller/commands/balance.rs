//! Optimisation as people ask for it: looked at first, and then carried out as it was looked at, or taken back.

use std::{collections::BTreeMap, sync::Arc};

use model::{IntentSet, ServiceId, hint::Balance};

use super::{Asker, Controller};
use crate::{
    balance, cycle,
    event::EventKind,
    handle::{Applied, Balancing, Optimised, Refusal, Reply},
    stages::{Occasion, View},
};

impl Controller {
    /// Works out which services should leave full links, beside the loop; it changes nothing, so it needs no right to act.
    pub(super) fn optimise(&self, limits: balance::Limits, reply: Reply<Optimised>) {
        // Where nobody knows what the intents mean, nothing follows from them.
        if let Err(refusal) = self.same() {
            return drop(reply.send(Err(refusal)));
        }
        let set = Arc::clone(&self.world.accepted.set);
        let (view, now) = (self.world.view(), Self::now());
        tokio::task::spawn_blocking(move || {
            let hints = view.hints.clone();
            let worked = balance::work_out(&set, &view, &hints, &Occasion::Upkeep, &limits, now);
            drop(reply.send(worked.and_then(|(balanced, hints)| {
                let proposed = cycle::propose(set, &view, hints, &Occasion::Upkeep);
                let proposal = proposed.map_err(|findings| Refusal::Findings { findings })?;
                let text = format!("{}\n{}", balanced.text(), proposal.report.text());
                Ok(Optimised { balanced, plan: proposal.plan, text, findings: proposal.findings })
            })));
        });
    }

    /// Keeps services off links, or lets all of them back: a change like any other.
    pub(super) fn balance(&mut self, balancing: Balancing, who: String, reply: Reply<Applied>) {
        let begun = self.may_begin().and_then(|()| self.same());
        let wanted = match begun {
            Ok(wanted) => wanted,
            Err(refusal) => return drop(reply.send(Err(refusal))),
        };
        let view = self.world.view();
        let mut hints = view.hints.clone();
        let (services, back) = match balancing {
            Balancing::Back => (hints.balanced.keys().cloned().collect(), true),
            Balancing::Off(services) => {
                if let Some(what) = unknown(&services, &self.world.accepted.set, &view) {
                    return drop(reply.send(Err(Refusal::NotFound { what })));
                }
                let names: Vec<ServiceId> = services.keys().cloned().collect();
                let since = Self::now();
                let kept = services.into_iter().map(|(id, kept)| (id, Balance { since, ..kept }));
                hints.balanced.extend(kept);
                (names, false)
            }
        };
        if back {
            hints.balanced.clear();
        }
        let why = match back {
            true => format!("let services back for {who} that were moved off full links"),
            false => format!("move services off full links for {who}"),
        };
        let request = self.request(wanted, hints, &who, &why);
        if request.hints == self.world.hints {
            // It is so already: there is nothing to tell.
            return self.launch(request, Asker::Person(reply));
        }
        self.launch(request, Asker::Drainer(reply, EventKind::Balanced { services, back, who }));
    }
}

/// The first service or link that is not there, in words.
fn unknown(services: &BTreeMap<ServiceId, Balance>, set: &IntentSet, view: &View) -> Option<String> {
    let stranger = services.keys().find(|id| !set.services.contains_key(*id));
    let links = || services.values().flat_map(|balance| &balance.off);
    let no_link = || links().find(|link| !view.ted.links.contains_key(*link));
    stranger.map(|id| format!("service {id}")).or_else(|| no_link().map(|link| format!("link {link}")))
}
