//! Whether a change touches more of the network than one change may: the limit that keeps a slip of the hand, or of the loop, small.

use std::collections::{BTreeMap, BTreeSet};

use model::{Finding, NodeId, Plan, ServiceId, Severity, Verdict, verdict::DirectionVerdict};

use crate::{
    codes,
    stages::{Occasion, View},
};

/// A finding for each limit that a plan goes beyond. It stops what a person asks for, unless he said that it may; what nobody asked
/// for is held back by it and not refused, so that people see what it would be ([`withheld`]). O(edits + hops), and nothing where
/// there is no limit.
pub fn judge(
    plan: &Plan,
    after: &BTreeMap<ServiceId, Verdict>,
    view: &View,
    occasion: &Occasion,
) -> Vec<Finding> {
    let severity = match occasion {
        Occasion::Loop { .. } | Occasion::Schedule => Severity::Major,
        Occasion::Person | Occasion::Upkeep if view.terms.manner.beyond_limit => Severity::Warning,
        Occasion::Person | Occasion::Upkeep => Severity::Error,
    };
    let most = view.terms.most;
    let mut findings = Vec::new();
    let mut say = |message: String| {
        let finding = Finding::new(codes::BEYOND_LIMIT, severity, "plan", message);
        findings.push(match severity {
            Severity::Warning => finding,
            _ => finding.with_help(
                "look at what it would do with `trunkline apply --dry-run`; make it in parts, or say --beyond-limit with -m WHY",
            ),
        });
    };
    if let Some(limit) = most.devices {
        let (touched, all) = (touched(plan).len(), view.ted.nodes.len());
        let may = limit.of(all);
        if touched > may {
            let why = format!("one change may touch {may} (mostDevices: {limit})");
            say(format!("it changes {touched} of {all} devices, and {why}"));
        }
    }
    if let Some(limit) = most.services {
        let before = &view.before.verdicts;
        let (moved, all) = (moved(before, after), before.len());
        let may = limit.of(all);
        if moved > may {
            let why = format!("one change may move {may} (mostServices: {limit})");
            say(format!("it moves or takes away the paths of {moved} of {all} services, and {why}"));
        }
    }
    findings
}

/// What holds a change back that nobody asked for: it is proposed, and people decide.
pub fn withheld<'f>(findings: &'f [Finding], occasion: &Occasion) -> Option<&'f Finding> {
    let is_own = matches!(occasion, Occasion::Loop { .. } | Occasion::Schedule);
    findings.iter().find(|finding| is_own && finding.code == codes::BEYOND_LIMIT)
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
    use std::sync::Arc;

    use intents::Compilation;
    use model::{
        ActualState, Allocations, Bandwidth, Delay, DirectedLink, Hints, Jitter, LinkId, Loss, Path, Phase,
        PolicyKey, Price, Side, Transaction, verdict::Route,
    };

    use super::*;
    use crate::terms::{Manner, Most, Share, Terms};

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

    /// Four routers and four services on line `a`.
    fn view(terms: Terms) -> View {
        let nodes: Vec<String> =
            (1..=4).map(|at| format!("  - {{name: r{at}, routerId: 10.0.0.{at}}}\n")).collect();
        let network = format!("apiVersion: trunkline/v1\nkind: Network\nnodes:\n{}", nodes.concat());
        let ted = Arc::new(formats::read("network.yaml", &network).unwrap().ted);
        let verdicts = ["s1", "s2", "s3", "s4"].map(|id| carried(id, "a")).into();
        let before = Arc::new(Compilation { verdicts, ..Compilation::default() });
        let (actual, ids) = (Arc::new(ActualState::default()), Allocations::default());
        View { ted, actual, ids, before, hints: Hints::default(), terms }
    }

    /// A plan that changes these.
    fn plan(nodes: &[&str]) -> Plan {
        let edits = nodes.iter().map(|node| (NodeId::lit(node), Vec::new())).collect();
        Plan { transactions: vec![Transaction { phase: Phase::Move, edits }], ..Plan::default() }
    }

    fn terms(devices: Option<Share>, services: Option<Share>, beyond_limit: bool) -> Terms {
        let most = Most { devices, services };
        Terms { most, manner: Manner::at_once(beyond_limit), only: None }
    }

    #[test]
    fn the_finding_has_the_figures_and_stops_a_person_who_did_not_ask_for_it() {
        let half = Some(Share::Part("50%".parse().unwrap()));
        let after = [carried("s1", "b"), carried("s2", "b"), carried("s3", "a"), carried("s5", "c")].into();
        let judged = |beyond| {
            let view = view(terms(half, Some(Share::Count(2)), beyond));
            judge(&plan(&["r1", "r2", "r3"]), &after, &view, &Occasion::Person)
        };
        let told: Vec<String> = judged(false).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "error[TL0095] plan: it changes 3 of 4 devices, and one change may touch 2 (mostDevices: 50% of all)",
                "error[TL0095] plan: it moves or takes away the paths of 3 of 4 services, and one change may move 2 (mostServices: 2)",
            ]
        );
        assert!(judged(false).iter().all(|finding| finding.help.is_some()));
        assert!(judged(true).iter().all(|finding| finding.severity == Severity::Warning));
    }

    #[test]
    fn up_to_the_limit_and_where_there_is_none_nothing_is_said() {
        let after = [carried("s1", "b"), carried("s2", "a"), carried("s3", "a"), carried("s4", "a")].into();
        let limits = [terms(None, None, false), terms(Some(Share::Count(1)), Some(Share::Count(1)), false)];
        for terms in limits {
            assert_eq!(judge(&plan(&["r1"]), &after, &view(terms), &Occasion::Upkeep), []);
        }
    }

    #[test]
    fn what_nobody_asked_for_is_held_back_and_not_refused() {
        let view = view(terms(Some(Share::Count(0)), None, false));
        let findings = judge(&plan(&["r1"]), &view.before.verdicts, &view, &Occasion::Schedule);
        assert!(matches!(&findings[..], [one] if !one.is_error()), "{findings:?}");
        assert!(withheld(&findings, &Occasion::Schedule).is_some());
        assert!(withheld(&findings, &Occasion::Upkeep).is_none());
    }
}
