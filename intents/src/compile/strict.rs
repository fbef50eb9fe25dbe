//! What hints are not to blame for: services that would be refused as the network is by itself, too.

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

/// [`compile`] for intents that somebody sends: a service that is refused without any hint too is an error, also while something is
/// drained or down. Otherwise it would come in while a window is open, and not fit when it closes. One more compilation where something
/// is closed and a service suffers from it, none elsewhere.
pub fn compile_new(set: &IntentSet, ted: &Ted, hints: &Hints, ids: &Allocations) -> Compilation {
    let mut done = compile(set, ted, hints, ids);
    let by_itself = Hints { resting: hints.resting.clone(), ..Hints::default() };
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

    use super::*;
    use crate::tests::{CLASSES, minimal_ted, service, set_of};

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
}
