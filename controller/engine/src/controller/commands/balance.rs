//! Optimisation as people ask for it: looked at first, and then carried out as it was looked at, or taken back.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Hints, IntentSet, ServiceId, hint::Balance};

use super::{Asker, Controller};
use crate::{
    balance, cycle,
    event::EventKind,
    handle::{Applied, Balancing, Optimised, Refusal, Reply},
    stages::{Occasion, View},
    terms::Manner,
};

impl Controller {
    /// Works out which services should leave full links, beside the loop; it changes nothing, so it needs no right to act. One at a time, and
    /// only for as long as somebody waits for the answer.
    pub(super) fn optimise(&self, limits: balance::Limits, reply: Reply<Optimised>) {
        // Where nobody knows what the intents mean, nothing follows from them.
        if let Err(refusal) = self.same() {
            return drop(reply.send(Err(refusal)));
        }
        let Ok(turn) = Arc::clone(&self.optimising).try_acquire_owned() else {
            return drop(reply.send(Err(Refusal::Busy)));
        };
        let set = Arc::clone(&self.world.accepted.set);
        let (mut view, now) = (self.world.view(), Self::now());
        // It may be looked at whatever it touches; that it would be refused is a warning.
        view.terms.manner = Manner::at_once(true);
        tokio::task::spawn_blocking(move || {
            let hints = view.hints.clone();
            let wanted = || !reply.is_closed();
            let worked = balance::work_out(&set, &view, &hints, &Occasion::Upkeep, &limits, now, &wanted);
            let answer = worked.and_then(|(balanced, hints)| {
                let proposed = cycle::propose(set, &view, hints, &Occasion::Upkeep);
                let proposal = proposed.map_err(|findings| Refusal::Findings { findings })?;
                let text = format!("{}\n{}", balanced.text(), proposal.report.text());
                Ok(Optimised { balanced, plan: proposal.plan, text, findings: proposal.findings })
            });
            // Who asks again when the answer is there has the next turn.
            drop(turn);
            drop(reply.send(answer));
        });
    }

    /// Keeps services off links, or lets them back: a change like any other.
    pub(super) fn balance(
        &mut self,
        balancing: Balancing,
        who: String,
        beyond_limit: bool,
        reply: Reply<Applied>,
    ) {
        let begun = self.may_begin().and_then(|()| self.same());
        let wanted = match begun {
            Ok(wanted) => wanted,
            Err(refusal) => return drop(reply.send(Err(refusal))),
        };
        let view = self.world.view();
        let mut hints = view.hints.clone();
        let back = matches!(balancing, Balancing::Back(_));
        let strange = match &balancing {
            Balancing::Off(services) => unknown(services, &self.world.accepted.set, &view),
            Balancing::Back(services) => {
                let stranger = services.iter().find(|id| !hints.balanced.contains_key(*id));
                stranger.map(|id| format!("service {id} among those that were moved off full links"))
            }
        };
        if let Some(what) = strange {
            return drop(reply.send(Err(Refusal::NotFound { what })));
        }
        let (services, held) = match balancing {
            Balancing::Off(services) => keep_off(&mut hints, services),
            Balancing::Back(services) => let_back(&mut hints, &services),
        };
        let why = match back {
            true => format!("let services back for {who} that were moved off full links"),
            false => format!("move services off full links for {who}"),
        };
        let mut request = self.request(wanted, hints, &who, &why);
        request.view.terms.manner = Manner::at_once(beyond_limit);
        if request.hints == self.world.hints {
            // It is so already: there is nothing to tell.
            return self.launch(request, Asker::Person(reply));
        }
        self.launch(request, Asker::Drainer(reply, EventKind::Balanced { services, held, back, who }));
    }
}

/// Those who move, and how many are held for them.
type Told = (Vec<ServiceId>, usize);

fn told(services: impl IntoIterator<Item = (ServiceId, bool)>) -> Told {
    let (held, movers): (Vec<_>, Vec<_>) = services.into_iter().partition(|(_, held)| *held);
    (movers.into_iter().map(|(id, _)| id).collect(), held.len())
}

/// Keeps services off links, beside those that they are kept off already.
fn keep_off(hints: &mut Hints, services: BTreeMap<ServiceId, Balance>) -> Told {
    let told = told(services.iter().map(|(id, kept)| (id.clone(), kept.is_held())));
    let since = Controller::now();
    for (id, kept) in services {
        Balance::join(&mut hints.balanced, id, Balance { since, ..kept });
    }
    told
}

/// Lets services back, all where none is named.
fn let_back(hints: &mut Hints, services: &BTreeSet<ServiceId>) -> Told {
    let before = hints.balanced.clone();
    hints.let_back(|id| services.is_empty() || services.contains(id));
    let gone = before.into_iter().filter(|(id, _)| !hints.balanced.contains_key(id));
    told(gone.map(|(id, kept)| (id, kept.is_held())))
}

/// The first service or link that is not there, in words.
fn unknown(services: &BTreeMap<ServiceId, Balance>, set: &IntentSet, view: &View) -> Option<String> {
    let stranger = services.keys().find(|id| !set.services.contains_key(*id));
    let links = || services.values().flat_map(|balance| &balance.off);
    let no_link = || links().find(|link| !view.ted.links.contains_key(*link));
    stranger.map(|id| format!("service {id}")).or_else(|| no_link().map(|link| format!("link {link}")))
}

#[cfg(test)]
mod tests {
    use model::{LinkId, Timestamp};
    use tokio::sync::oneshot;

    use super::*;
    use crate::controller::fixture;

    fn kept(off: &[&str], why: &str, held: &[&str]) -> Balance {
        Balance {
            off: off.iter().map(|link| LinkId::lit(link)).collect(),
            since: Timestamp::default(),
            why: why.to_owned(),
            held: held.iter().map(|mover| ServiceId::lit(mover)).collect(),
        }
    }

    fn named(entries: &[(&str, Balance)]) -> BTreeMap<ServiceId, Balance> {
        entries.iter().map(|(name, balance)| (ServiceId::lit(name), balance.clone())).collect()
    }

    #[test]
    fn what_a_service_was_kept_off_before_stays_and_only_movers_are_told() {
        let mut hints = Hints { balanced: named(&[("a", kept(&["l1"], "first", &[]))]), ..Hints::default() };
        let told = keep_off(
            &mut hints,
            named(&[("a", kept(&["l2"], "then", &[])), ("b", kept(&["l3"], "stays", &["a"]))]),
        );
        assert_eq!(told, (vec![ServiceId::lit("a")], 1));
        let a = &hints.balanced[&ServiceId::lit("a")];
        assert_eq!((&a.off, a.why.as_str()), (&kept(&["l1", "l2"], "", &[]).off, "then"));
        let told = let_back(&mut hints, &BTreeSet::from([ServiceId::lit("a")]));
        assert_eq!((told, hints), ((vec![ServiceId::lit("a")], 1), Hints::default()));
    }

    #[tokio::test]
    async fn one_optimisation_runs_at_a_time() {
        let (controller, _engine, _journal, _folder) = fixture::controller().await;
        let turn = Arc::clone(&controller.optimising).try_acquire_owned().expect("nobody has it");
        let (reply, answer) = oneshot::channel();
        controller.optimise(balance::Limits::default(), reply);
        assert_eq!(answer.await.expect("an answer").unwrap_err(), Refusal::Busy);
        drop(turn);
        let (reply, answer) = oneshot::channel();
        controller.optimise(balance::Limits::default(), reply);
        assert!(answer.await.expect("an answer").is_ok());
        assert_eq!(controller.optimising.available_permits(), 1, "the turn is over before the answer");
    }
}
