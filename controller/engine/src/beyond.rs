//! Whether a change touches more of the network than one change may: the limit that keeps a slip of the hand, or of the loop, small.

use std::collections::{BTreeMap, BTreeSet};

use model::{Finding, NodeId, Plan, ServiceId, Severity, Verdict, verdict::DirectionVerdict};

use crate::{codes, terms::Most};

/// What a plan does, and of how much.
#[derive(Clone, Copy, Debug)]
pub struct Reach<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Devices that can be changed: those of the inventory.
    pub devices: usize,
    /// Where each service goes now.
    pub before: &'a BTreeMap<ServiceId, Verdict>,
    /// Where each goes when the plan is carried out.
    pub after: &'a BTreeMap<ServiceId, Verdict>,
}

/// A finding of that severity for each limit that a plan goes beyond; `smaller` says how it is made smaller. O(edits + hops), and nothing
/// where there is no limit.
pub fn judge(reach: Reach<'_>, most: Most, severity: Severity, smaller: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |message: String| {
        let finding = Finding::new(codes::BEYOND_LIMIT, severity, "plan", message);
        findings.push(match severity {
            // It was meant.
            Severity::Warning => finding,
            Severity::Error => {
                finding.with_help(format!("{smaller}; or say --beyond-limit with -m WHY, where it is meant"))
            }
            // Nobody asked for it, so nobody can say that of it.
            _ => finding.with_help(smaller),
        });
    };
    if let Some(limit) = most.devices {
        let (touched, all) = (touched(reach.plan).len(), reach.devices);
        let may = limit.of(all);
        if touched > may {
            let why = format!("one change may touch {may} (mostDevices: {limit})");
            say(format!("it changes {touched} of {all} devices, and {why}"));
        }
    }
    if let Some(limit) = most.services {
        let (moved, all) = (moved(reach.before, reach.after), reach.before.len());
        let may = limit.of(all);
        if moved > may {
            let why = format!("one change may move {may} (mostServices: {limit})");
            say(format!("it moves or takes away the paths of {moved} of {all} services, and {why}"));
        }
    }
    findings
}

fn touched(plan: &Plan) -> BTreeSet<&NodeId> {
    plan.transactions.iter().flat_map(|transaction| transaction.edits.keys()).collect()
}

fn ways(verdict: Option<&Verdict>) -> &[DirectionVerdict] {
    match verdict {
        Some(Verdict::Carried { directions, .. }) => directions,
        Some(Verdict::Refused { .. }) | None => &[],
    }
}

/// Services that were carried and take another path, or none. Those that are new harm nobody who was there.
fn moved(before: &BTreeMap<ServiceId, Verdict>, after: &BTreeMap<ServiceId, Verdict>) -> usize {
    let moves = |(id, verdict): &(&ServiceId, &Verdict)| {
        let (was, is) = (ways(Some(*verdict)), ways(after.get(*id)));
        let same =
            |(was, is): (&DirectionVerdict, &DirectionVerdict)| was.primary.path.hops == is.primary.path.hops;
        was.len() != is.len() || !was.iter().zip(is).all(same)
    };
    before.iter().filter(moves).count()
}

#[cfg(test)]
mod tests {
    use model::{
        Bandwidth, Delay, DirectedLink, Jitter, LinkId, Loss, Path, Phase, PolicyKey, Price, Side,
        Transaction, verdict::Route,
    };

    use super::*;
    use crate::terms::Share;

    fn carried(id: &str, line: &str) -> (ServiceId, Verdict) {
        let hops = vec![DirectedLink { link: LinkId::lit(line), from: Side::A }];
        let path = Path {
            hops,
            nodes: vec![NodeId::lit("r1"), NodeId::lit("r2")],
            delay: Delay::ZERO,
            jitter: Jitter::ZERO,
            loss: Loss::ZERO,
            price: Price(0),
            spare: Bandwidth::ZERO,
        };
        let policy = PolicyKey {
            color: model::Color::try_from(7).expect("the color is not zero"),
            endpoint: "10.0.0.2".parse().expect("an address"),
        };
        let direction = DirectionVerdict {
            from: NodeId::lit("r1"),
            to: NodeId::lit("r2"),
            policy,
            primary: Route { path, segments: Vec::new(), why: Vec::new() },
            backup: None,
            domains: Vec::new(),
        };
        let id = ServiceId::lit(id);
        (id.clone(), Verdict::Carried { service: id, directions: vec![direction] })
    }

    /// What is said of a plan that changes some of four devices, where four services ride line `a` before it.
    fn judged(nodes: &[&str], after: &[(&str, &str)], most: Most, severity: Severity) -> Vec<Finding> {
        let edits = nodes.iter().map(|node| (NodeId::lit(node), Vec::new())).collect();
        let plan = Plan { transactions: vec![Transaction { phase: Phase::Move, edits }], ..Plan::default() };
        let before = ["s1", "s2", "s3", "s4"].map(|id| carried(id, "a")).into();
        let after = after.iter().map(|(id, line)| carried(id, line)).collect();
        judge(
            Reach { plan: &plan, devices: 4, before: &before, after: &after },
            most,
            severity,
            "make it smaller",
        )
    }

    #[test]
    fn the_finding_has_the_figures_and_says_what_to_do_where_it_was_not_meant() {
        let half = Some(Share::Part("50%".parse().unwrap()));
        let most = Most { devices: half, services: Some(Share::Count(2)) };
        let after = [("s1", "b"), ("s2", "b"), ("s3", "a"), ("s5", "c")];
        let judged = |severity| judged(&["r1", "r2", "r3"], &after, most, severity);
        let told: Vec<String> = judged(Severity::Error).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "error[TL0089] plan: it changes 3 of 4 devices, and one change may touch 2 (mostDevices: 50% of all)",
                "error[TL0089] plan: it moves or takes away the paths of 3 of 4 services, and one change may move 2 \
                 (mostServices: 2)",
            ]
        );
        let help = "make it smaller; or say --beyond-limit with -m WHY, where it is meant";
        assert!(judged(Severity::Error).iter().all(|finding| finding.help.as_deref() == Some(help)));
        let own = judged(Severity::Major);
        assert!(own.iter().all(|finding| finding.help.as_deref() == Some("make it smaller")), "{own:?}");
        assert!(judged(Severity::Warning).iter().all(|finding| finding.help.is_none()));
    }

    #[test]
    fn up_to_the_limit_and_where_there_is_none_nothing_is_said() {
        let after = [("s1", "b"), ("s2", "a"), ("s3", "a"), ("s4", "a"), ("s5", "c")];
        let one = Some(Share::Count(1));
        for most in [Most::default(), Most { devices: one, services: one }] {
            assert_eq!(judged(&["r1"], &after, most, Severity::Error), []);
        }
        let none = Most { devices: Some(Share::Count(0)), services: None };
        assert_eq!(judged(&["r1"], &after, none, Severity::Error).len(), 1);
        assert_eq!(judged(&[], &after, none, Severity::Error), []);
    }
}
