//! The backup of a service that has its path.

use model::{Severity, Sle, intent::Diversity, unit::Bandwidth};
use paths::{Bounds, Exclusions, Found, PathRequest, Shared};

use super::{
    super::{
        Compilation,
        placed::{Placed, PlacedBackup},
        verdict,
    },
    Placer, pair, seen,
};
use crate::{
    codes,
    common::in_common,
    route::{self, Ways},
};

/// A backup that was found.
struct Second {
    ways: Ways,
    shared: Vec<Shared>,
    strict: bool,
}

impl<'a> Placer<'a> {
    /// Gives a placed service its backup. Everything that is asked for first; then with less and less, but apart from the
    /// path wherever the network allows it: a backup that breaks an objective still is better than one that fails with it.
    /// What is drained is used last, but before a link of the path itself: a backup that fails with its path is none.
    pub fn back_up(&mut self, placed: &mut Placed<'a>, done: &mut Compilation) {
        let service = placed.service;
        let mut best = self.second(placed, &placed.request.excluded);
        let strict = |best: &Option<Second>| best.as_ref().is_some_and(|best| best.strict);
        if self.closed.has_drained() && !strict(&best) {
            let over = self.second(placed, &self.closed.off_down());
            if strict(&over) || links_shared(&over) < links_shared(&best) {
                best = over;
            }
        }
        if placed.stranded && best.is_none() {
            best = self.second(placed, &Exclusions::default());
        }
        let Some(Second { ways, shared, strict }) = best else { return self.say_bare(placed, done) };
        let drained = self.closed.drained_on(self.graph, &ways);
        self.ledger.backs_up_over(&drained, &service.id);
        let segments = match self.encode(service, &ways) {
            Ok(segments) => segments,
            Err(why) => {
                let message = format!("no backup is installed: {why}");
                let help = self.pinnable(service, &ways, &why);
                done.say(Severity::Warning, codes::NO_BACKUP, &service.id, message, &help);
                return;
            }
        };
        self.guard(placed, &ways);
        let pair = if strict { None } else { self.pair(placed) };
        self.judge_backup(placed, &ways, &shared, (strict, pair), done);
        placed.backup = Some(PlacedBackup { ways, segments, shared, strict, drained });
    }

    /// The best backup that keeps off some things.
    fn second(&mut self, placed: &Placed<'_>, excluded: &Exclusions) -> Option<Second> {
        let service = placed.service;
        let overlay = self.overlay(service);
        let view = seen(&mut self.base, &mut self.overlays, overlay);
        let guarded = self.guarded.get_or_insert_with(|| self.room.free(false).clone());
        let asked = &placed.request;
        let mut request = PathRequest { excluded: excluded.clone(), ..asked.clone() };
        let mut best: Option<Second> = None;
        for (bounds, bandwidth) in [
            (asked.bounds, asked.bandwidth),
            (asked.bounds, Bandwidth::ZERO),
            (Bounds::default(), asked.bandwidth),
            (Bounds::default(), Bandwidth::ZERO),
        ] {
            (request.bounds, request.bandwidth) = (bounds, bandwidth);
            let free = guarded.of_service(service);
            let found = route::backup(view, free, service, &request, &placed.ways);
            if let Ok((ways, shared, strict)) = found
                && (strict || best.is_none())
            {
                best = Some(Second { ways, shared, strict });
                if strict {
                    break;
                }
            }
        }
        best
    }

    /// Says why there is no backup: a link that is down, or the network itself.
    fn say_bare(&mut self, placed: &Placed<'_>, done: &mut Compilation) {
        let service = &placed.service.id;
        if !self.closed.is_empty()
            && let Some(found) = self.second(placed, &Exclusions::default())
        {
            let without = self.closed.down_on(self.graph, &found.ways);
            if !without.is_empty() {
                return self.ledger.is_bare(&without, service);
            }
        }
        let message = "no second path exists, so no backup is installed".to_owned();
        let Sle { encrypted, waypoints, .. } = &placed.service.sle;
        let help = match *encrypted || !waypoints.is_empty() || !placed.service.path.avoid.is_empty() {
            true => "add a line, or relax its constraints",
            false => "add a line, so that there is a second way between the two",
        };
        done.say(Severity::Warning, codes::NO_BACKUP, service, message, help);
    }

    /// Takes the bandwidth of a backup where its own path has not taken it already.
    fn guard(&mut self, placed: &Placed<'_>, ways: &Ways) {
        let Some(guarded) = &mut self.guarded else { return };
        let apart = ways.beyond(&placed.ways, placed.service);
        guarded.take(&apart.edges(), placed.rate());
    }

    fn judge_backup(
        &self,
        placed: &Placed<'_>,
        ways: &Ways,
        shared: &[Shared],
        (strict, pair): (bool, Option<pair::Pair>),
        done: &mut Compilation,
    ) {
        let service = placed.service;
        if !strict {
            let common =
                shared.iter().map(|shared| in_common(self.graph, shared)).collect::<Vec<_>>().join("; ");
            let message = format!("path and backup have in common {common}");
            // Nobody asks for less than links of its own.
            let help = match (pair, service.sle.diversity) {
                (Some(pair), _) => pair.help(&service.sle),
                (None, _) if !self.closed.is_empty() => {
                    "look again when what is down or drained is back: `trunkline check` says whether a line is missing then".to_owned()
                }
                (None, Diversity::Link) => "add a line beside these".to_owned(),
                (None, _) => {
                    "add a line that shares none of these, or ask for less `sle.diversity`".to_owned()
                }
            };
            done.say(Severity::Warning, codes::BACKUP_SHARES, &service.id, message, &help);
        }
        let broken = |found: &Found| verdict::broken(&found.totals, &placed.request.bounds);
        if let Some(broken) = ways.each().map(broken).find(|broken| !broken.is_empty()) {
            let broken = broken.join("; ");
            let message = format!("the backup breaks an objective: {broken}{}", verdict::basis(placed));
            let help = "the promise is broken while the backup is in use; a better second line would keep it";
            done.say(Severity::Warning, codes::BACKUP_WEAKER, &service.id, message, help);
        }
    }
}

/// How many links a backup shares with its path; more than any where there is none.
fn links_shared(second: &Option<Second>) -> usize {
    second.as_ref().map_or(usize::MAX, |second| second.shared.iter().map(|shared| shared.links.len()).sum())
}
