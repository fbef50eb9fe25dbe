//! What is closed is not to blame for: services that would be refused as the network is by itself, too.

use std::collections::BTreeMap;

use model::{Allocations, Finding, Hints, IntentSet, ServiceId, Severity, Ted, Verdict};

use super::{Compilation, compile};
use crate::codes;

/// What is said of a service that hints stand against.
const HINTED: [&str; 5] = [
    codes::DOES_NOT_FIT,
    codes::NO_PATH,
    codes::NOT_ENCODABLE,
    codes::PROMISE_AT_RISK,
    codes::DROPPED_NOT_EXPOSED,
];

/// [`compile`] for intents that somebody sends: a service that is refused where nothing is closed either is an error, also while something is
/// drained or down. Otherwise it would come in while a window is open, and not fit when it closes. One more compilation where something
/// is closed and a service suffers from it, none elsewhere.
pub fn compile_new(set: &IntentSet, ted: &Ted, hints: &Hints, ids: &Allocations) -> Compilation {
    let mut done = compile(set, ted, hints, ids);
    // What people moved off full links stays there when a window closes.
    let by_itself =
        Hints { resting: hints.resting.clone(), balanced: hints.balanced.clone(), ..Hints::default() };
    // Also what stays on a drained line may not fit there: all that is told of what hints cost is major.
    if *hints == by_itself || !done.findings.iter().any(|finding| finding.severity == Severity::Major) {
        return done;
    }
    let without = compile(set, ted, &by_itself, ids);
    let is_refused = |id: &ServiceId| matches!(without.verdicts.get(id), Some(Verdict::Refused { .. }));
    let refused: BTreeMap<&str, &ServiceId> =
        without.verdicts.keys().filter(|id| is_refused(id)).map(|id| (id.as_str(), id)).collect();
    let concerns = |finding: &Finding| refused.contains_key(finding.subject.as_str());
    done.findings.retain(|finding| !(concerns(finding) && HINTED.contains(&finding.code.as_str())));
    done.findings
        .extend(without.findings.iter().filter(|finding| finding.is_error() && concerns(finding)).cloned());
    done
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::{LinkId, Timestamp, hint::Balance};

    use super::*;
    use crate::tests::{CLASSES, minimal_ted, service, set_of, ted};

    fn new(set: &IntentSet, ted: &Ted, hints: &Hints) -> Vec<(String, String, Severity)> {
        let ids = Allocations::default().extended(set).unwrap();
        let told = compile_new(set, ted, hints, &ids).findings.into_iter();
        told.filter(|finding| finding.code == codes::DOES_NOT_FIT)
            .map(|finding| (finding.subject, finding.code, finding.severity))
            .collect()
    }

    /// 60Mbps each, where two lines of 100Mbps lead to the branch.
    fn several(names: &[&str]) -> (Ted, IntentSet) {
        let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  slo: {bandwidth: 60Mbps}";
        let texts: Vec<String> = names.iter().map(|name| service(name, ends)).collect();
        let texts: Vec<&str> = [CLASSES].into_iter().chain(texts.iter().map(String::as_str)).collect();
        let ted = minimal_ted();
        let set = set_of(&texts, &ted);
        (ted, set)
    }

    #[test]
    fn what_fits_nowhere_is_an_error_while_something_else_is_drained() {
        let (ted, set) = several(&["a", "b", "c"]);
        let elsewhere =
            Hints { drained_links: BTreeSet::from(["line1-br-2".parse().unwrap()]), ..Hints::default() };
        let expected = vec![("c".to_owned(), codes::DOES_NOT_FIT.to_owned(), Severity::Error)];
        assert_eq!(new(&set, &ted, &elsewhere), expected);
        assert_eq!(new(&set, &ted, &Hints::default()), expected);
    }

    #[test]
    fn what_does_not_fit_because_of_a_line_that_is_down_is_none() {
        let (ted, set) = several(&["a", "b"]);
        let hints = Hints { down: BTreeSet::from(["line1-br-1".parse().unwrap()]), ..Hints::default() };
        assert!(new(&set, &ted, &hints).iter().all(|(_, _, severity)| *severity == Severity::Major));
        assert_eq!(new(&set, &ted, &hints).len(), 1);
    }

    /// A service of 60Mbps and of high value that was moved off the first of two lines, of 100Mbps, and fills the second; and others.
    fn moved(others: &[(&str, &str)]) -> (Ted, IntentSet, Hints) {
        let text = include_str!("../../examples/minimal/network.yaml");
        let narrow = text.replace(
            "z: \"core-2:eth3\", role: leased-line, bandwidth: 100Mbps",
            "z: \"core-2:eth3\", role: leased-line, bandwidth: 60Mbps",
        );
        assert_ne!(narrow, text);
        let ted = ted(&narrow);
        let to = |branch: &str| format!("  connectivity: {{type: p2p, endpoints: [hq-pe1, {branch}]}}\n");
        let first = service("x", &format!("{}  slo: {{bandwidth: 60Mbps}}", to("br-1")));
        let first = first.replace("class: business", "class: voice");
        let each = |(name, rate): &(&str, &str)| match rate.is_empty() {
            true => service(name, &to("br-2")),
            false => service(name, &format!("{}  slo: {{bandwidth: {rate}}}", to("br-1"))),
        };
        let others: Vec<String> = others.iter().map(each).collect();
        let texts: Vec<&str> =
            [CLASSES, &first].into_iter().chain(others.iter().map(String::as_str)).collect();
        let set = set_of(&texts, &ted);
        let balance = Balance {
            off: BTreeSet::from([LinkId::lit("line1-br-1")]),
            since: Timestamp::default(),
            why: "to relieve line1-br-1".to_owned(),
            held: BTreeSet::new(),
        };
        let hints = Hints { balanced: [(ServiceId::lit("x"), balance)].into(), ..Hints::default() };
        (ted, set, hints)
    }

    fn drained(links: &[&str], hints: &Hints) -> Hints {
        Hints { drained_links: links.iter().map(|link| LinkId::lit(link)).collect(), ..hints.clone() }
    }

    #[test]
    fn who_has_the_room_that_another_left_is_not_refused_while_something_is_drained() {
        let (ted, set, hints) = moved(&[("y", "90Mbps"), ("elsewhere", "")]);
        let hints = drained(&["line1-br-2", "line2-br-2"], &hints);
        let ids = Allocations::default().extended(&set).unwrap();
        let done = compile_new(&set, &ted, &hints, &ids);
        assert!(done.findings.iter().any(|finding| finding.severity == Severity::Major), "the drain hurts");
        let errors: Vec<&Finding> = done.findings.iter().filter(|finding| finding.is_error()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }

    #[test]
    fn what_fits_only_without_a_move_does_not_come_in_while_something_is_drained() {
        // Without the move `b` would have the second line, and `a`, which is in force, none.
        let (ted, set, hints) = moved(&[("a", "90Mbps"), ("b", "60Mbps")]);
        let expected = vec![("b".to_owned(), codes::DOES_NOT_FIT.to_owned(), Severity::Error)];
        assert_eq!(new(&set, &ted, &hints), expected);
        assert_eq!(new(&set, &ted, &drained(&["line1-br-2"], &hints)), expected);
    }
}
