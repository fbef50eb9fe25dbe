//! A scenario being played: what is due, and which expectations were met. Fed with events and moments, it does nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobMatcher;
use model::{LinkId, ServiceId, Span};
use serde::Serialize;

use crate::{
    event::Event,
    scenario::{Action, Deadline, Expectation, Scenario, Step},
    selector::pattern,
};

/// How one expectation ended.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Judgement {
    /// The number of its step, from 1.
    pub step: usize,
    /// What was expected.
    pub what: String,
    /// Whether it was met.
    pub met: bool,
    /// When that was known, from the start.
    pub at: Span,
    /// Why.
    pub why: String,
}

/// How a scenario ended.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Outcome {
    /// Whether every expectation was met.
    pub passed: bool,
    /// All of them, in the order of the file.
    pub expectations: Vec<Judgement>,
}

/// A scenario that is being played. Moments count from its start and never go back.
#[derive(Debug)]
pub struct Run {
    actions: Vec<(Span, Action)>,
    next: usize,
    watches: Vec<Watch>,
    known: Known,
}

/// What was heard of services.
#[derive(Debug, Default)]
struct Known {
    /// Whether each promise is kept.
    kept: BTreeMap<ServiceId, Option<bool>>,
    /// Over which links each service goes.
    paths: BTreeMap<ServiceId, BTreeSet<LinkId>>,
}

/// An expectation that is waited for.
#[derive(Debug)]
struct Watch {
    step: usize,
    expectation: Expectation,
    names: Option<GlobMatcher>,
    opens: Span,
    closes: Span,
    /// Whether its first moment has come.
    open: bool,
    /// Whether a promise that it is about was broken since.
    broken: bool,
    /// Moves, alarms or changes seen since.
    count: u32,
    judged: Option<Judgement>,
}

impl Run {
    /// A run at its start.
    pub fn new(scenario: &Scenario) -> Self {
        let mut run = Self { actions: Vec::new(), next: 0, watches: Vec::new(), known: Known::default() };
        let mut last = Span::ZERO;
        for (step, each) in (1..).zip(&scenario.steps) {
            match each {
                Step::Do { at, action } => {
                    last = *at;
                    run.actions.push((*at, action.clone()));
                }
                Step::Expect { expectation, deadline } => {
                    run.watches.push(Watch::new(step, expectation, *deadline, last));
                }
            }
        }
        run
    }

    /// What is to be done now; each action is given once, in order. Also judges what can be judged at this moment.
    pub fn due(&mut self, now: Span) -> Vec<Action> {
        self.pass(now);
        self.close(now);
        let due: Vec<Action> = self.actions[self.next..]
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, action)| action.clone())
            .collect();
        self.next += due.len();
        due
    }

    /// Takes note of an event.
    pub fn observe(&mut self, event: &Event, now: Span) {
        self.pass(now);
        match event {
            Event::Intent { service, kept } => {
                self.known.kept.insert(service.clone(), *kept);
            }
            Event::Path { service, links } => {
                self.known.paths.insert(service.clone(), links.clone());
            }
            _ => {}
        }
        for watch in self.watches.iter_mut().filter(|watch| watch.open && watch.judged.is_none()) {
            watch.see(event, &self.known, now);
        }
    }

    /// Takes note of a line of the controller's JSON; tells whether it was one that scenarios know.
    pub fn observe_json(&mut self, line: &serde_json::Value, now: Span) -> bool {
        let event = Event::from_json(line);
        if let Some(event) = &event {
            self.observe(event, now);
        }
        event.is_some()
    }

    /// The next moment at which [`Run::due`] has something to do or to judge; none when all is over.
    pub fn next_moment(&self) -> Option<Span> {
        let action = self.actions.get(self.next).map(|(at, _)| *at);
        let waiting = self.watches.iter().filter(|watch| watch.judged.is_none());
        waiting.map(|watch| if watch.open { watch.closes } else { watch.opens }).chain(action).min()
    }

    /// How it ended; none before everything was done and judged.
    pub fn finished(&self) -> Option<Outcome> {
        if self.next < self.actions.len() {
            return None;
        }
        let expectations: Vec<Judgement> =
            self.watches.iter().map(|watch| watch.judged.clone()).collect::<Option<_>>()?;
        Some(Outcome { passed: expectations.iter().all(|judgement| judgement.met), expectations })
    }

    /// Opens and closes what this moment opens and closes.
    fn pass(&mut self, now: Span) {
        for watch in self.watches.iter_mut().filter(|watch| watch.judged.is_none()) {
            if !watch.open && watch.opens <= now {
                watch.open = true;
                watch.start(&self.known);
            }
            if watch.open && watch.closes < now {
                watch.close(&self.known);
            }
        }
    }

    /// What ends at this very moment ends when the caller asks what is due, after the events of the moment.
    fn close(&mut self, now: Span) {
        for watch in &mut self.watches {
            if watch.open && watch.judged.is_none() && watch.closes <= now {
                watch.close(&self.known);
            }
        }
    }
}

impl Watch {
    /// One that waits for its first moment; `last` is that of the action above it.
    fn new(step: usize, expectation: &Expectation, deadline: Deadline, last: Span) -> Self {
        let (opens, closes) = match deadline {
            Deadline::Within(span) => {
                (last, Span::from_micros(last.as_micros().saturating_add(span.as_micros())))
            }
            Deadline::By(moment) => (Span::ZERO, moment),
        };
        let names = expectation.names().and_then(|names| pattern(names).ok());
        let expectation = expectation.clone();
        Self { step, expectation, names, opens, closes, open: false, broken: false, count: 0, judged: None }
    }

    /// What is broken already counts as broken.
    fn start(&mut self, known: &Known) {
        let broken = self.mine(&known.kept).any(|(_, kept)| *kept == Some(false));
        self.broken = broken;
        match &self.expectation {
            Expectation::Intent { kept: false, .. } if self.broken => {
                self.judge(true, self.opens, "a promise was broken before");
            }
            Expectation::Unbroken { .. } if self.broken => {
                self.judge(false, self.opens, "a promise was broken before");
            }
            _ => {}
        }
    }

    /// What is known of the services that it is about.
    fn mine<'k, T>(&'k self, of: &'k BTreeMap<ServiceId, T>) -> impl Iterator<Item = (&'k ServiceId, &'k T)> {
        let names = self.names.as_ref();
        of.iter().filter(move |(id, _)| names.is_some_and(|names| names.is_match(id.as_str())))
    }

    fn is_mine(&self, service: &ServiceId) -> bool {
        self.names.as_ref().is_some_and(|names| names.is_match(service.as_str()))
    }

    fn judge(&mut self, met: bool, at: Span, why: impl Into<String>) {
        let what = self.expectation.to_string();
        self.judged = Some(Judgement { step: self.step, what, met, at, why: why.into() });
    }

    fn see(&mut self, event: &Event, known: &Known, now: Span) {
        match (&self.expectation, event) {
            (Expectation::Alarm { alarm, link, times }, Event::Alarm { name, link: about, raised: true })
                if alarm == name && (link.is_none() || link == about) =>
            {
                let times = *times;
                match times {
                    Some(times) => self.one_more(times, "was raised", now),
                    None => self.judge(true, now, seen_on(about.as_ref())),
                }
            }
            (Expectation::Cleared { cleared, link }, Event::Alarm { name, link: about, raised: false })
                if cleared == name && (link.is_none() || link == about) =>
            {
                self.judge(true, now, seen_on(about.as_ref()));
            }
            (Expectation::Intent { kept: wanted, .. }, Event::Intent { service, kept: seen }) => {
                let wanted = *wanted;
                self.broken |= *seen == Some(false) && self.is_mine(service);
                if wanted && self.broken && self.mine(&known.kept).all(|(_, kept)| *kept == Some(true)) {
                    self.judge(true, now, format!("all are kept since {service}"));
                } else if !wanted && self.broken {
                    self.judge(true, now, format!("{service} is broken"));
                }
            }
            (Expectation::Unbroken { .. }, Event::Intent { service, kept: Some(false) })
                if self.is_mine(service) =>
            {
                self.judge(false, now, format!("{service} is broken"));
            }
            (Expectation::Reroutes { reroutes, at_most }, Event::Reroute { .. }) => {
                let most = at_most.unwrap_or(*reroutes);
                self.one_more(most, "moved", now);
            }
            (Expectation::Changes { changes }, Event::Change) => {
                let most = *changes;
                self.one_more(most, "changed", now);
            }
            (Expectation::Device { device, up }, Event::Device { node, up: is })
                if device == node && up == is =>
            {
                self.judge(true, now, "seen");
            }
            (Expectation::Drift { drift }, Event::Drift { node }) if drift == node => {
                self.judge(true, now, "seen");
            }
            _ => {}
        }
    }

    /// Counts what may be seen at most so often.
    fn one_more(&mut self, most: u32, what: &str, now: Span) {
        self.count = self.count.saturating_add(1);
        if self.count > most {
            self.judge(false, now, format!("it {what} {} times already", self.count));
        }
    }

    /// Judges at the deadline.
    fn close(&mut self, known: &Known) {
        let at = self.closes;
        let (met, why) = match &self.expectation {
            Expectation::Intent { kept: true, .. } => self.all_kept(known),
            Expectation::Intent { kept: false, .. } => (false, "none was broken".to_owned()),
            Expectation::Unbroken { .. } if self.mine(&known.kept).next().is_none() => {
                (false, NOBODY.to_owned())
            }
            Expectation::Unbroken { .. } => (true, "none was broken".to_owned()),
            Expectation::Path { uses, avoids, .. } => self.led(known, uses.as_ref(), avoids.as_ref()),
            Expectation::Alarm { times: Some(times), .. } => {
                (self.count == *times, format!("it was raised {} times", self.count))
            }
            Expectation::Reroutes { reroutes, at_most } => {
                let right = (*reroutes..=at_most.unwrap_or(*reroutes)).contains(&self.count);
                (right, format!("it moved {} times", self.count))
            }
            Expectation::Changes { changes } => {
                (self.count == *changes, format!("{} transactions began", self.count))
            }
            Expectation::Alarm { times: None, .. }
            | Expectation::Cleared { .. }
            | Expectation::Device { .. }
            | Expectation::Drift { .. } => (false, "not seen in time".to_owned()),
        };
        self.judge(met, at, why);
    }

    fn all_kept(&self, known: &Known) -> (bool, String) {
        let bad: Vec<String> = self
            .mine(&known.kept)
            .filter(|(_, kept)| **kept != Some(true))
            .map(|(id, kept)| format!("{id} is {}", if kept.is_none() { "unknown" } else { "broken" }))
            .collect();
        match bad.first() {
            _ if self.mine(&known.kept).next().is_none() => (false, NOBODY.to_owned()),
            None => (true, "none was broken".to_owned()),
            Some(first) => (false, format!("{first}{}", and_more(bad.len() - 1))),
        }
    }

    /// Whether all services go over one link, and none of them over another.
    fn led(&self, known: &Known, uses: Option<&LinkId>, avoids: Option<&LinkId>) -> (bool, String) {
        let wrong: Vec<&ServiceId> = self
            .mine(&known.paths)
            .filter(|(_, links)| {
                uses.is_some_and(|link| !links.contains(link))
                    || avoids.is_some_and(|link| links.contains(link))
            })
            .map(|(id, _)| id)
            .collect();
        let count = self.mine(&known.paths).count();
        match wrong.first() {
            _ if count == 0 => (false, NOBODY.to_owned()),
            None => (true, format!("so do all {count}")),
            Some(first) => (false, format!("not so {first}{}", and_more(wrong.len() - 1))),
        }
    }
}

const NOBODY: &str = "no promise of that name was heard of";

fn seen_on(link: Option<&LinkId>) -> String {
    link.map_or("seen".to_owned(), |link| format!("seen on {link}"))
}

fn and_more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(", and {count} more") }
}

#[cfg(test)]
mod tests;
