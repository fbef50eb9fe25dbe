//! Failures in words: one, many, and pairs that have a pattern.

use std::{collections::BTreeMap, fmt};

use traffic::FailureKind;

use super::{Failed, Verification, Violation};

impl Verification {
    /// What was looked at: `as it is, 7 links, 7 SRLGs`.
    pub fn scope(&self) -> String {
        let parts = self.looked.iter().map(|looked| match (looked.kind, looked.failures) {
            (FailureKind::None, _) => "the network as it is".to_owned(),
            (kind, 1) => format!("1 {}", noun(kind, false)),
            (kind, many) => format!("{many} {}", noun(kind, true)),
        });
        parts.collect::<Vec<_>>().join(", ")
    }
}

const fn noun(kind: FailureKind, many: bool) -> &'static str {
    match (kind, many) {
        (FailureKind::None, _) => "network as it is",
        (FailureKind::Link, false) => "link",
        (FailureKind::Link, true) => "links",
        (FailureKind::Node, false) => "node",
        (FailureKind::Node, true) => "nodes",
        (FailureKind::Srlg, false) => "shared risk",
        (FailureKind::Srlg, true) => "shared risks",
        (FailureKind::TwoLinks, false) => "pair of links",
        (FailureKind::TwoLinks, true) => "pairs of links",
    }
}

/// A failure as a part of a sentence: `link BJ-SH-line2`, `A and B together`.
pub fn label(kind: FailureKind, names: &[String]) -> String {
    match kind {
        FailureKind::None => "no failure".to_owned(),
        FailureKind::TwoLinks => format!("{} together", names.join(" and ")),
        kind => format!("{} {}", noun(kind, false), names.join(" and ")),
    }
}

impl Violation {
    /// When it happens: `as the network is`, `if A and B fail together`, `under 31 failures of a link: …`.
    pub fn when(&self) -> String {
        let verb = if self.kind == FailureKind::TwoLinks { "fail together" } else { "fails" };
        let name = |names: &[String]| match self.kind {
            FailureKind::TwoLinks => names.join(" and "),
            kind => format!("{} {}", noun(kind, false), names.join(" and ")),
        };
        match self.failures.as_slice() {
            _ if self.kind == FailureKind::None => "as the network is, without any failure".to_owned(),
            [only] => format!("if {} {verb}", name(&only.names)),
            many => format!("under {} failures: {}", many.len(), Grouped(self)),
        }
    }
}

/// Many failures in few words: pairs that are one of these with one of those are told so, others by the link that most of them have;
/// of a long list the first are named.
struct Grouped<'v>(&'v Violation);

/// Parts of a list that are named.
const NAMED: usize = 6;

impl fmt::Display for Grouped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { kind, failures, .. } = self.0;
        if let Some((one, other)) = (*kind == FailureKind::TwoLinks).then(|| sides(failures)).flatten() {
            return write!(f, "{} together with {}", one_of(&one), one_of(&other));
        }
        let (parts, left) = match kind {
            FailureKind::TwoLinks => stars(failures),
            _ => {
                write!(f, "{} ", noun(*kind, true))?;
                let names = failures.iter().take(NAMED).map(|failed| failed.names.join(" with "));
                (names.collect(), failures.len().saturating_sub(NAMED))
            }
        };
        let between = if *kind == FailureKind::TwoLinks { "; " } else { ", " };
        f.write_str(&parts.join(between))?;
        if left > 0 { write!(f, " and {left} more") } else { Ok(()) }
    }
}

fn one_of(names: &[&str]) -> String {
    match names {
        [only] => (*only).to_owned(),
        many => format!("one of {}", many.join(", ")),
    }
}

/// The two sides of pairs that are each of these with each of those; none where they are not.
fn sides(failures: &[Failed]) -> Option<(Vec<&str>, Vec<&str>)> {
    let pairs = || failures.iter().map(|failed| &failed.names);
    let partners = |name: &str| -> Vec<&str> {
        let mut partners: Vec<&str> = pairs()
            .filter(|pair| pair.iter().any(|one| one == name))
            .flat_map(|pair| pair.iter().map(String::as_str).filter(|one| *one != name))
            .collect();
        partners.sort_unstable();
        partners
    };
    let first = failures.first()?.names.first()?;
    let other = partners(first);
    let one = partners(other.first()?);
    let whole = one.len() * other.len() == failures.len()
        && pairs().all(|pair| {
            let on =
                |side: &[&str], at: usize| pair.get(at).is_some_and(|name| side.contains(&name.as_str()));
            (on(&one, 0) && on(&other, 1)) || (on(&other, 0) && on(&one, 1))
        });
    whole.then_some((one, other))
}

/// Pairs by the link that most of them have, each with all that it breaks the promise together with; and how many are left.
fn stars(failures: &[Failed]) -> (Vec<String>, usize) {
    let mut left: Vec<&[String]> = failures.iter().map(|failed| failed.names.as_slice()).collect();
    let mut parts = Vec::new();
    while !left.is_empty() && parts.len() < NAMED {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        left.iter().copied().flatten().for_each(|name| *counts.entry(name).or_default() += 1);
        // The first name of equals.
        let Some((most, _)) = counts.iter().rev().max_by_key(|(_, count)| **count) else { break };
        let (with, rest): (Vec<&[String]>, Vec<&[String]>) =
            left.iter().copied().partition(|pair| pair.iter().any(|name| name == most));
        let partners: Vec<&str> =
            with.into_iter().flatten().map(String::as_str).filter(|name| name != most).collect();
        parts.push(format!("{most} together with {}", one_of(&partners)));
        left = rest;
    }
    (parts, left.len())
}
