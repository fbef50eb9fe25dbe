//! A score for each line, 0 to 100, with its reasons (case E4).
//!
//! It starts at 100 and loses points:
//!
//! | for | points | at most |
//! |---|---|---|
//! | utilisation above 70% | 4 for each 3% | 40 |
//! | loss above the contract, or the plan without one | 1 for each 0.05% | 60 |
//! | delay above it | 25 for each time as much again | 50 |
//! | jitter above it | 10 for each time as much again | 20 |
//! | a queue that drops | 10 | 30 |
//!
//! A line that is down has 0. A line that is silent has no score: unknown is not 100 and not 0.

use model::{Jitter, Link, Loss, Ratio, Side};
use serde::Serialize;

use crate::lines::{LineState, LinkState};

/// How good a line is.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Score {
    /// 0 to 100; none where it is unknown.
    pub value: Option<u8>,
    /// What took points, most first; what is unknown stands here without points.
    pub reasons: Vec<Reason>,
}

/// What took points.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Reason {
    /// Points that it took.
    pub points: u8,
    /// What it is, with its value.
    pub what: String,
}

/// Scores one direction of a link.
pub fn score(line: &LineState, state: LinkState, link: &Link, from: Side) -> Score {
    let only = |points, what: &str| vec![Reason { points, what: what.into() }];
    if state == LinkState::Down {
        return Score { value: Some(0), reasons: only(100, "it is down") };
    }
    if line.silent {
        return Score { value: None, reasons: only(0, "nothing was heard of it lately") };
    }
    let plan = link.direction(from);
    let mut reasons = Vec::new();
    // Most lines are as they should be, and nothing has to be said of them.
    let mut take = |points: u64, what: &dyn Fn() -> String| {
        if points > 0 {
            reasons.push(Reason { points: u8::try_from(points).unwrap_or(100), what: what() });
        }
    };
    let mut unknown = Vec::new();
    match line.utilisation {
        Some(is) => {
            let over = is.as_ppm().saturating_sub(700_000);
            take((over * 4 / 30_000).min(40), &|| format!("utilisation {}", percent(is)));
        }
        None => unknown.push("utilisation"),
    }
    let promised = link.contract.loss.unwrap_or(plan.loss.value);
    match line.loss {
        Some(is) => {
            let over = u64::from(is.saturating_sub(promised).as_ppb());
            take((over / 500_000).min(60), &|| against("loss", is.rough(), promised, Loss::ZERO));
        }
        None => unknown.push("loss"),
    }
    let promised = link.contract.delay.unwrap_or(plan.delay.value);
    match line.delay {
        Some(is) => {
            let points = times(is.as_micros(), promised.as_micros(), 25).min(50);
            take(points, &|| format!("delay {is}, {promised} promised"));
        }
        None => unknown.push("delay"),
    }
    let promised = link.contract.jitter.unwrap_or(plan.jitter.value);
    match line.jitter {
        Some(is) => {
            let points = times(is.as_micros(), promised.as_micros(), 10).min(20);
            take(points, &|| against("jitter", is, promised, Jitter::ZERO));
        }
        None => unknown.push("jitter"),
    }
    let mut left = 30_u64;
    for (name, queue) in &line.queues {
        if let Some(drops) = queue.drops.filter(|drops| *drops > 0) {
            let points = left.min(10);
            left -= points;
            take(points, &|| format!("queue {name} dropped {drops} packets"));
        }
    }
    // Stable: equal points stay in the order above.
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.points));
    let lost: u64 = reasons.iter().map(|reason| u64::from(reason.points)).sum();
    let missing = |what| Reason { points: 0, what: format!("{what} is unknown") };
    reasons.extend(unknown.into_iter().map(missing));
    Score { value: Some(u8::try_from(100_u64.saturating_sub(lost)).unwrap_or(0)), reasons }
}

/// Points for how many times as much again as was promised; less than a millisecond counts as one.
const fn times(is: u64, promised: u64, points: u64) -> u64 {
    let base = if promised < 1_000 { 1_000 } else { promised };
    is.saturating_sub(base).saturating_mul(points) / base
}

fn against<T: PartialEq + std::fmt::Display>(what: &str, is: T, promised: T, none: T) -> String {
    if promised == none { format!("{what} {is}") } else { format!("{what} {is}, {promised} promised") }
}

fn percent(ratio: Ratio) -> String {
    format!("{}%", ratio.as_ppm() / 10_000)
}

#[cfg(test)]
mod tests;
