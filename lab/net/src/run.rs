//! A scenario being played: what is due, and which expectations were met. Fed with events and moments, it does nothing itself.

use std::collections::BTreeMap;

use globset::GlobMatcher;
use model::{ServiceId, Span};
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
    kept: BTreeMap<ServiceId, Option<bool>>,
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
    /// Moves seen since.
    moves: u32,
    judged: Option<Judgement>,
}

impl Run {
    /// A run at its start.
    pub fn new(scenario: &Scenario) -> Self {
        let mut run = Self { actions: Vec::new(), next: 0, watches: Vec::new(), kept: BTreeMap::new() };
        let mut last = Span::ZERO;
        for (step, each) in (1..).zip(&scenario.steps) {
            match each {
                Step::Do { at, action } => {
                    last = *at;
                    run.actions.push((*at, action.clone()));
                }
                Step::Expect { expectation, deadline } => {
                    let (opens, closes) = match deadline {
                        Deadline::Within(span) => {
                            (last, Span::from_micros(last.as_micros().saturating_add(span.as_micros())))
                        }
                        Deadline::By(moment) => (Span::ZERO, *moment),
                    };
                    let names = match expectation {
                        Expectation::Intent { intent, .. } => pattern(intent).ok(),
                        _ => None,
                    };
                    let expectation = expectation.clone();
                    let (open, broken, moves, judged) = (false, false, 0, None);
                    run.watches.push(Watch {
                        step,
                        expectation,
                        names,
                        opens,
                        closes,
                        open,
                        broken,
                        moves,
                        judged,
                    });
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
        if let Event::Intent { service, kept } = event {
            self.kept.insert(service.clone(), *kept);
        }
        for watch in self.watches.iter_mut().filter(|watch| watch.open && watch.judged.is_none()) {
            watch.see(event, &self.kept, now);
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
                watch.start(&self.kept);
            }
            if watch.open && watch.closes < now {
                watch.close(&self.kept);
            }
        }
    }

    /// What ends at this very moment ends when the caller asks what is due, after the events of the moment.
    fn close(&mut self, now: Span) {
        for watch in &mut self.watches {
            if watch.open && watch.judged.is_none() && watch.closes <= now {
                watch.close(&self.kept);
            }
        }
    }
}

impl Watch {
    /// What is broken already counts as broken.
    fn start(&mut self, kept: &BTreeMap<ServiceId, Option<bool>>) {
        let broken = self.mine(kept).any(|(_, kept)| kept == Some(false));
        self.broken = broken;
        if self.broken && matches!(self.expectation, Expectation::Intent { kept: false, .. }) {
            self.judge(true, self.opens, "a promise was broken before");
        }
    }

    fn mine<'k>(
        &'k self,
        kept: &'k BTreeMap<ServiceId, Option<bool>>,
    ) -> impl Iterator<Item = (&'k ServiceId, Option<bool>)> + 'k {
        let names = self.names.as_ref();
        kept.iter()
            .filter(move |(id, _)| names.is_some_and(|names| names.is_match(id.as_str())))
            .map(|(id, kept)| (id, *kept))
    }

    fn judge(&mut self, met: bool, at: Span, why: impl Into<String>) {
        let what = self.expectation.to_string();
        self.judged = Some(Judgement { step: self.step, what, met, at, why: why.into() });
    }

    fn see(&mut self, event: &Event, kept: &BTreeMap<ServiceId, Option<bool>>, now: Span) {
        match (&self.expectation, event) {
            (Expectation::Alarm { alarm, link }, Event::Alarm { name, link: about, raised: true })
            | (
                Expectation::Cleared { cleared: alarm, link },
                Event::Alarm { name, link: about, raised: false },
            ) if alarm == name && (link.is_none() || link == about) => {
                let why = about.as_ref().map_or("seen".to_owned(), |link| format!("seen on {link}"));
                self.judge(true, now, why);
            }
            (Expectation::Intent { kept: wanted, .. }, Event::Intent { service, kept: seen }) => {
                let mine = self.names.as_ref().is_some_and(|names| names.is_match(service.as_str()));
                self.broken |= mine && *seen == Some(false);
                if *wanted && self.broken && self.mine(kept).all(|(_, kept)| kept == Some(true)) {
                    self.judge(true, now, format!("all are kept since {service}"));
                } else if !*wanted && self.broken {
                    self.judge(true, now, format!("{service} is broken"));
                }
            }
            (Expectation::Reroutes { reroutes }, Event::Reroute { .. }) => {
                self.moves += 1;
                if self.moves > *reroutes {
                    self.judge(false, now, format!("it moved {} times already", self.moves));
                }
            }
            (Expectation::Drift { drift }, Event::Drift { node }) if drift == node => {
                self.judge(true, now, "seen")
            }
            _ => {}
        }
    }

    /// Judges at the deadline.
    fn close(&mut self, kept: &BTreeMap<ServiceId, Option<bool>>) {
        let at = self.closes;
        match &self.expectation {
            Expectation::Intent { kept: true, .. } => {
                let not: Vec<String> = self
                    .mine(kept)
                    .filter(|(_, kept)| *kept != Some(true))
                    .map(|(id, kept)| {
                        format!("{id} is {}", if kept.is_none() { "unknown" } else { "broken" })
                    })
                    .collect();
                let none = self.mine(kept).next().is_none();
                match not.first() {
                    _ if none => self.judge(false, at, "no promise of that name was heard of"),
                    None => self.judge(true, at, "none was broken"),
                    Some(first) => {
                        let why = format!("{first}{}", and_more(not.len() - 1));
                        self.judge(false, at, why);
                    }
                }
            }
            Expectation::Intent { kept: false, .. } => self.judge(false, at, "none was broken"),
            Expectation::Reroutes { reroutes } => {
                let (met, why) = (self.moves == *reroutes, format!("it moved {} times", self.moves));
                self.judge(met, at, why);
            }
            _ => self.judge(false, at, "not seen in time"),
        }
    }
}

fn and_more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(", and {count} more") }
}

#[cfg(test)]
mod tests;
