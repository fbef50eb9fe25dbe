use model::{
    Bandwidth, Delay, Demand, DemandId, DirectedLink, Label, Loss, NodeId, Service, Sid, Side, Timestamp,
    hint::{Degradation, Hints, Relief},
    link::Encryption,
    sr::LastResort,
};

use super::*;
use crate::fixture::{Built, build, diamond, service};

mod visits;

const OVER_B: &[&str] = &["a", "b", "d"];
const OVER_C: &[&str] = &["a", "c", "d"];

fn protected() -> Built {
    build(diamond(), &[(service("s", "a", "d"), OVER_B, Some(OVER_C))])
}

fn proof(built: &Built, failures: &Failures) -> Proof {
    let prove = |threads| {
        prove(&built.desired, &built.set, &built.verdicts, &Demands::new(), &built.ted, failures, threads)
    };
    let proof = prove(1);
    assert_eq!(proof, prove(3), "the answer does not depend on the number of threads");
    proof
}

fn said(proof: &Proof) -> Vec<(&str, Severity)> {
    proof.findings.iter().map(|finding| (finding.code.as_str(), finding.severity)).collect()
}

fn edit(built: &mut Built, node: &str, edit: impl Fn(&mut model::DeviceConfig)) {
    edit(built.desired.devices.get_mut(&NodeId::lit(node)).unwrap());
}

fn nowhere() -> Sid {
    Sid::Mpls(Label::try_from(99_999).unwrap())
}

#[test]
fn a_sound_plan_holds_without_and_with_every_single_failure() {
    let mut built = protected();
    // The backup takes 4 ms of the 5 ms that are promised.
    let proof_now = proof(&built, &Failures::Links);
    assert_eq!(proof_now.findings, []);
    assert_eq!(proof_now.checked, Checked { demands: 2, failures: 4, walks: 2 + 2 + 2 });
    // A node on the way may fail too; of the ends nobody can ask that.
    let nodes = proof(&built, &Failures::Nodes);
    assert!(nodes.holds(), "{:?}", nodes.findings);
    built.verdicts.clear();
    assert_eq!(said(&proof(&built, &Failures::None)), [(codes::NOT_CARRIED, Severity::Warning)]);
}

#[test]
fn traffic_that_follows_the_igp_by_accident_stops_the_plan() {
    let mut built = protected();
    edit(&mut built, "a", |device| device.steering.clear());
    let found = proof(&built, &Failures::None);
    assert_eq!(said(&found), [(codes::NOT_STEERED, Severity::Error)]);
    assert!(found.findings[0].message.contains("no steering rule"), "{}", found.findings[0]);
    let mut built = protected();
    edit(&mut built, "a", |device| device.policies.clear());
    assert_eq!(said(&proof(&built, &Failures::None)), [(codes::NOT_STEERED, Severity::Error)]);
}

#[test]
fn a_segment_that_leads_nowhere_is_found_behind_a_valid_backup() {
    let mut built = protected();
    edit(&mut built, "a", |device| {
        device.policies.values_mut().for_each(|policy| policy.candidates[0].lists[0].sids[1] = nowhere());
    });
    let found = proof(&built, &Failures::None);
    assert_eq!(said(&found), [(codes::NOT_STEERED, Severity::Error)]);
    assert!(found.findings[0].message.contains("preference 100"), "{}", found.findings[0]);
}

#[test]
fn a_policy_without_a_valid_path_that_drops_is_a_black_hole() {
    let mut built = protected();
    edit(&mut built, "a", |device| {
        for policy in device.policies.values_mut() {
            policy.last_resort = LastResort::Drop;
            policy.candidates.iter_mut().for_each(|path| path.lists[0].sids[0] = nowhere());
        }
    });
    assert_eq!(said(&proof(&built, &Failures::None)), [(codes::NOT_DELIVERED, Severity::Error)]);
}

#[test]
fn a_backup_that_is_not_what_the_plan_says_stops_it() {
    let mut built = protected();
    // The policy's second path goes the same way as the first; the verdict says otherwise.
    edit(&mut built, "a", |device| {
        for policy in device.policies.values_mut() {
            policy.candidates[1].lists = policy.candidates[0].lists.clone();
        }
    });
    assert!(proof(&built, &Failures::None).holds());
    let found = proof(&built, &Failures::Links);
    assert_eq!(said(&found), [(codes::NOT_STEERED, Severity::Error)]);
    assert!(found.findings[0].message.starts_with("with link a--b down and under one more failure"));
    let only = Failures::LinksOf(BTreeSet::from([LinkId::lit("a--c"), LinkId::lit("not-there")]));
    assert!(proof(&built, &only).holds());
}

#[test]
fn a_promise_that_only_a_failure_breaks_is_a_warning() {
    let mut slow = service("s", "a", "d");
    slow.slo.one_way_delay = Some(Delay::from_micros(3_000));
    let built = build(diamond(), &[(slow, OVER_B, Some(OVER_C))]);
    assert!(proof(&built, &Failures::None).findings.is_empty());
    let found = proof(&built, &Failures::Links);
    assert_eq!(said(&found), [(codes::DELAY_BROKEN, Severity::Warning)]);
    let message =
        "with link a--b down and under one more failure, in both directions: delay 4.016ms, promised 3ms";
    assert_eq!(found.findings[0].message, message);
    let mut unprotected = service("s", "a", "d");
    unprotected.slo.one_way_delay = None;
    let built = build(diamond(), &[(unprotected, OVER_B, None)]);
    assert_eq!(said(&proof(&built, &Failures::Links)), [(codes::NOT_STEERED, Severity::Warning); 2]);
}

#[test]
fn a_broken_promise_stops_the_plan_with_both_values() {
    let mut strict = service("s", "a", "d");
    strict.slo.one_way_delay = Some(Delay::from_micros(1_500));
    strict.slo.jitter = Some(model::Jitter::from_micros(50));
    let mut built = build(diamond(), &[(strict, OVER_B, None)]);
    built.ted.links.get_mut(&LinkId::lit("a--b")).unwrap().a_to_z.loss.value = Loss::from_ppb(5_000_000);
    let found = proof(&built, &Failures::None);
    let codes: BTreeSet<&str> = found.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, BTreeSet::from([codes::DELAY_BROKEN, codes::JITTER_BROKEN, codes::LOSS_BROKEN]));
    let delay = found.findings.iter().find(|finding| finding.code == codes::DELAY_BROKEN).unwrap();
    assert!(delay.is_error() && delay.message.contains("promised 1.5ms"), "{delay}");
}

#[test]
fn an_open_line_is_found_where_encryption_is_promised() {
    let mut secret = service("s", "a", "d");
    secret.sle.encrypted = true;
    let mut built = build(diamond(), &[(secret, OVER_B, None)]);
    assert_eq!(said(&proof(&built, &Failures::None)), [(codes::UNENCRYPTED, Severity::Error)]);
    for link in built.ted.links.values_mut() {
        link.encryption = Encryption::Macsec;
    }
    assert!(proof(&built, &Failures::None).findings.is_empty());
}

/// A service that must be encrypted, over `b`, on a network where the way over `c` is open.
fn secret(last_resort: LastResort) -> Built {
    let mut secret = service("s", "a", "d");
    secret.sle.encrypted = true;
    let mut ted = diamond();
    for link in ["a--b", "b--d"] {
        ted.links.get_mut(&LinkId::lit(link)).unwrap().encryption = Encryption::Macsec;
    }
    let mut built = build(ted, &[(secret, OVER_B, None)]);
    let policies = built.desired.devices.values_mut().flat_map(|device| device.policies.values_mut());
    policies.for_each(|policy| policy.last_resort = last_resort);
    built
}

#[test]
fn a_failure_that_exposes_encrypted_traffic_stops_the_plan() {
    // Pinned link by link and dropped at the end: lost, but not exposed.
    let pinned = secret(LastResort::Drop);
    assert_eq!(said(&proof(&pinned, &Failures::Links)), [(codes::NOT_DELIVERED, Severity::Warning); 2]);
    // Pinned by the far end's node segment: the IGP leads it over `c`.
    let mut loose = secret(LastResort::Drop);
    let far = Label::try_from(crate::fixture::SRGB + 4).unwrap();
    edit(&mut loose, "a", |device| {
        device
            .policies
            .values_mut()
            .for_each(|policy| policy.candidates[0].lists[0].sids = vec![Sid::Mpls(far)]);
    });
    loose.ted.links.get_mut(&LinkId::lit("a--b")).unwrap().a_to_z.igp.value = model::IgpMetric(1);
    assert!(proof(&loose, &Failures::None).holds());
    let found = proof(&loose, &Failures::Links);
    assert_eq!(said(&found)[0], (codes::UNENCRYPTED, Severity::Error));
    assert!(!found.clone().against(&found).holds(), "that it was so before is no excuse");
    assert!(found.findings[0].message.contains("from a to d: crosses a line without encryption"));
    // Without a policy of its own it is not safe either.
    let mut refused = secret(LastResort::Drop);
    refused.verdicts.clear();
    assert_eq!(said(&proof(&refused, &Failures::None)), [(codes::NOT_CARRIED, Severity::Error)]);
}

#[test]
fn a_service_that_is_dropped_because_its_lines_are_down_stops_no_plan_and_is_told() {
    let mut built = secret(LastResort::Drop);
    built.ted.links.remove(&LinkId::lit("a--b"));
    let found = proof(&built, &Failures::Links);
    assert_eq!(said(&found), [(codes::NOT_DELIVERED, Severity::Major)]);
    assert!(found.findings[0].message.starts_with("in both directions: dropped rather than sent in clear"));
    // Where the policy lets it go by the IGP, that is an error.
    let mut built = secret(LastResort::Igp);
    built.ted.links.remove(&LinkId::lit("a--b"));
    assert!(!proof(&built, &Failures::None).holds());
}

#[test]
fn more_promised_bandwidth_than_a_line_has_stops_the_plan() {
    let big = |name: &str| {
        let mut big = service(name, "a", "d");
        big.slo.bandwidth = Some(Bandwidth::from_bps(60_000_000));
        (big.slo.loss, big.slo.one_way_delay) = (None, None);
        big
    };
    let mut other = big("t");
    other.matches[0].dscp = BTreeSet::from(["ef".parse().unwrap()]);
    let built = build(diamond(), &[(big("s"), OVER_B, None), (other.clone(), OVER_B, None)]);
    let found = proof(&built, &Failures::None);
    assert_eq!(said(&found), [(codes::OVERLOADED, Severity::Error); 2]);
    let message = "in both directions: 120Mbps are promised to the traffic on it, it has 100Mbps";
    assert_eq!(found.findings[0].message, message);
    let one_way = || Service { bidirectional: false, ..big("u") };
    let built = build(diamond(), &[(one_way(), OVER_B, None), (other.clone(), OVER_B, None)]);
    let mut built = built;
    // One direction of `t` alone promises more than before: the finding says which.
    built.ted.links.get_mut(&LinkId::lit("a--b")).unwrap().z_to_a.bandwidth.value =
        Bandwidth::from_bps(500_000_000);
    let found = proof(&built, &Failures::None);
    let on =
        |link: &str| found.findings.iter().find(|finding| finding.subject == link).unwrap().message.clone();
    assert_eq!(on("a--b"), "from a to b: 120Mbps are promised to the traffic on it, it has 100Mbps");
    let built = build(diamond(), &[(big("s"), OVER_B, None), (other, OVER_C, None)]);
    assert!(proof(&built, &Failures::None).holds());
}

#[test]
fn who_offers_more_than_was_promised_breaks_its_own_promise() {
    let built = protected();
    let id = DemandId::lit("d1");
    let demand = Demand {
        id: id.clone(),
        service: built.set.services.keys().next().cloned(),
        from: NodeId::lit("a"),
        to: NodeId::lit("d"),
        vrf: "production".parse().unwrap(),
        destination: None,
        dscp: crate::fixture::dscp(),
        rate: Bandwidth::from_bps(150_000_000),
    };
    let demands = Demands::from([(id, demand)]);
    let found = prove(&built.desired, &built.set, &built.verdicts, &demands, &built.ted, &Failures::None, 1);
    assert!(found.holds() && said(&found).contains(&(codes::LOSS_BROKEN, Severity::Warning)), "{found:?}");
    assert_eq!(found.checked.demands, 2, "the other direction is probed");
}

#[test]
fn what_enters_in_transit_where_no_classifier_is_bound_suffers_in_the_lowest_queue() {
    let mut built = build(diamond(), &[(service("s", "a", "d"), OVER_B, None)]);
    let classifier = built.desired.devices[&NodeId::lit("a")].classifier.clone();
    let [from_a, from_d] = ["b-a-1", "b-d-2"].map(model::InterfaceName::lit);
    edit(&mut built, "b", |device| {
        device.classifier.clone_from(&classifier);
        device.classified = [from_a.clone(), from_d.clone()].into();
    });
    // More than the line takes, in the lowest queue, by who was promised nothing.
    let id = DemandId::lit("fill");
    let fill = Demand {
        id: id.clone(),
        service: None,
        from: NodeId::lit("b"),
        to: NodeId::lit("d"),
        vrf: "other".parse().unwrap(),
        destination: None,
        dscp: "be".parse().unwrap(),
        rate: Bandwidth::from_bps(150_000_000),
    };
    let demands = Demands::from([(id, fill)]);
    let proof = |built: &Built| {
        prove(&built.desired, &built.set, &built.verdicts, &demands, &built.ted, &Failures::None, 1)
    };
    assert_eq!(proof(&built).findings, [], "its own queue keeps what was promised");
    edit(&mut built, "b", |device| device.classified = [from_d.clone()].into());
    let found = proof(&built);
    let codes: BTreeSet<(&str, Severity)> = said(&found).into_iter().collect();
    let broken = [(codes::DELAY_BROKEN, Severity::Error), (codes::LOSS_BROKEN, Severity::Error)];
    assert_eq!(codes, BTreeSet::from(broken), "{found:?}");
    let from = |finding: &model::Finding| finding.message.starts_with("from a to d: ");
    assert!(found.findings.iter().all(from), "the way back enters by the other interface: {found:?}");
    // A router that cannot be told interfaces classifies whatever enters.
    let node = built.ted.nodes.get_mut(&NodeId::lit("b")).unwrap();
    node.features.lacks.insert(model::Feature::BoundClassifiers, "no module".into());
    assert_eq!(proof(&built).findings, []);
}

#[test]
fn a_way_that_crosses_a_line_twice_is_a_loop() {
    let mut built = protected();
    edit(&mut built, "a", |device| {
        for policy in device.policies.values_mut() {
            let sids = &mut policy.candidates[0].lists[0].sids;
            let back = Sid::Mpls(Label::try_from(15_000 + 2 + 1).unwrap());
            *sids = vec![sids[0], back, sids[0], sids[1]];
        }
    });
    assert_eq!(said(&proof(&built, &Failures::None)), [(codes::LOOP, Severity::Error)]);
}

#[test]
fn a_network_that_cannot_be_walked_proves_nothing() {
    let mut built = protected();
    built.ted.nodes.remove(&NodeId::lit("c"));
    let found = proof(&built, &Failures::Links);
    assert_eq!(said(&found), [(codes::UNWALKABLE, Severity::Error)]);
}

fn slow_line(built: &Built, delay: u64) -> Hints {
    let hop = DirectedLink { link: LinkId::lit("a--b"), from: Side::A };
    let seen = Degradation { delay: Some(Delay::from_micros(delay)), jitter: None, loss: None };
    let relief =
        Relief { seen: BTreeMap::from([(hop, seen)]), since: Timestamp::default(), why: "slow".into() };
    let relief = built.set.services.keys().map(|service| (service.clone(), relief.clone())).collect();
    Hints { relief, ..Hints::default() }
}

#[test]
fn the_proof_can_be_made_on_the_network_as_measured() {
    let built = protected();
    let hints = slow_line(&built, 60_000);
    let measured = overlay(&built.ted, &hints);
    assert_eq!(measured.links[&LinkId::lit("a--b")].a_to_z.delay.value, Delay::from_micros(60_000));
    let on = |built: &Built, ted: &model::Ted| {
        prove(&built.desired, &built.set, &built.verdicts, &Demands::new(), ted, &Failures::None, 1)
    };
    let stays = on(&built, &measured);
    assert_eq!(said(&stays), [(codes::DELAY_BROKEN, Severity::Error)]);
    let moved = build(diamond(), &[(service("s", "a", "d"), OVER_C, Some(OVER_B))]);
    assert!(on(&moved, &measured).holds());
    let down = Hints { down: BTreeSet::from([LinkId::lit("a--b")]), ..Hints::default() };
    assert!(!overlay(&built.ted, &down).links.contains_key(&LinkId::lit("a--b")));
}

#[test]
fn what_was_broken_before_does_not_stop_a_plan_that_makes_it_no_worse() {
    let built = protected();
    let at = |delay: u64| {
        let ted = overlay(&built.ted, &slow_line(&built, delay));
        prove(&built.desired, &built.set, &built.verdicts, &Demands::new(), &ted, &Failures::None, 1)
    };
    let forgiven = at(60_000).against(&at(60_000));
    assert!(forgiven.holds());
    assert_eq!(said(&forgiven), [(codes::DELAY_BROKEN, Severity::Major)]);
    assert!(!at(70_000).against(&at(60_000)).holds(), "worse than before");
    assert!(!at(60_000).against(&at(1_000)).holds(), "kept before");
}

#[test]
fn a_promise_that_more_failures_break_than_before_is_told() {
    let breaks = |failure: &str, service: &str| Breakage {
        failure: failure.to_owned(),
        of: BTreeMap::from([("delay", vec![ServiceId::lit(service)])]),
    };
    let with = |breakages: &[Breakage]| Proof { breakages: breakages.to_vec(), ..Proof::default() };
    let was = with(&[breaks("link a", "x")]);
    assert_eq!(with(&[breaks("link b", "x")]).breaks_more(&was), None, "another one, and not more");
    let more = with(&[breaks("link a", "x"), breaks("link b", "x")]).breaks_more(&was);
    assert_eq!(more.unwrap(), "delay of x would not be kept under 2 failures, 1 so far");
    let new = with(&[breaks("link a", "y")]).breaks_more(&was);
    assert_eq!(new.unwrap(), "delay of y would not be kept under 1 failure, none so far");
}
