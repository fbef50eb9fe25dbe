use insta::assert_snapshot;
use model::{
    NodeId, Timestamp,
    hint::{Degradation, Relief},
    verdict::{DomainDelay, Share},
};

use super::*;
use crate::{
    diff::diff,
    fixture::{Built, build, diamond, service},
    order::plan,
    prove::{Failures, prove},
    risk::risks,
};

const OVER_B: &[&str] = &["a", "b", "d"];
const OVER_C: &[&str] = &["a", "c", "d"];

/// A service moves from the way over `b` to that over `c` because a line got bad.
fn reroute() -> (Built, Built, model::Hints) {
    let before = build(diamond(), &[(service("pay", "a", "d"), OVER_B, Some(OVER_C))]);
    let mut after = build(diamond(), &[(service("pay", "a", "d"), OVER_C, Some(OVER_B))]);
    for verdict in after.verdicts.values_mut() {
        let model::Verdict::Carried { directions, .. } = verdict else { unreachable!() };
        directions.iter_mut().for_each(|d| d.primary.why = vec!["avoids a--b> as measured".into()]);
    }
    let hop = model::DirectedLink { link: model::LinkId::lit("a--b"), from: model::Side::A };
    let slow = Degradation { delay: Some(Delay::from_micros(60_000)), jitter: None, loss: None };
    let relief = Relief {
        seen: BTreeMap::from([(hop, slow)]),
        since: Timestamp::default(),
        why: "delay 61ms, promised 5ms; a--b> (delay 60ms, planned 1ms)".into(),
    };
    let hints = model::Hints {
        relief: before.set.services.keys().map(|service| (service.clone(), relief.clone())).collect(),
        ..model::Hints::default()
    };
    (before, after, hints)
}

fn report(known: bool) -> PlanReport {
    let (before, after, hints) = reroute();
    let mut causes = Causes::of(&after.set, &after.ids, &after.verdicts, &after.ted);
    if known {
        causes = causes.since(&before.verdicts).knowing(&hints);
    }
    let held = before.actual();
    let difference = diff(&after.desired, &held);
    let (_, report) = plan(difference, held.revision, &ChangePolicy::Urgent, &causes);
    report
}

#[test]
fn a_reroute_reads_like_a_change_ticket() {
    let (_, after, _) = reroute();
    let proof =
        prove(&after.desired, &after.set, &after.verdicts, &BTreeMap::new(), &after.ted, &Failures::Links, 2);
    let report = report(true).proved(&proof).risking(risks(&after.ted, &after.set));
    assert_snapshot!("reroute_text", report.text());
    assert_snapshot!("reroute_markdown", report.markdown(&[]));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["services"][0]["fate"], "moved");
    assert_eq!(json["services"][0]["before"]["delay"], "61ms");
    assert_eq!(json["transactions"][0]["devices"]["a"], 2);
    assert_eq!(json["checked"]["failures"], 4);
}

#[test]
fn a_budget_that_is_divided_over_domains_is_shown_in_every_form() {
    let (before, mut after, _) = reroute();
    for verdict in after.verdicts.values_mut() {
        let model::Verdict::Carried { directions, .. } = verdict else { unreachable!() };
        let delay = |ms: u64| Delay::from_micros(ms * 1_000);
        directions[0].domains = vec![
            DomainDelay { domain: "access".into(), delay: delay(3), share: Share::Given(delay(2)) },
            DomainDelay { domain: "back|bone".into(), delay: delay(1), share: Share::InProportion(delay(4)) },
        ];
    }
    let causes = Causes::of(&after.set, &after.ids, &after.verdicts, &after.ted);
    let held = before.actual();
    let difference = diff(&after.desired, &held);
    let (_, report) = plan(difference, held.revision, &ChangePolicy::Urgent, &causes);
    let said = "domains access 3ms of 2ms, back|bone 1ms of 4ms (in proportion)";
    let text = report.text();
    assert_eq!(
        text.matches(&format!("\n               {said}\n")).count(),
        1,
        "one direction has them: {text}"
    );
    let markdown = report.markdown(&[]);
    assert_eq!(markdown.matches(&format!("<br>{} |", said.replace('|', "\\|"))).count(), 1, "{markdown}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["services"][0]["domains"][0]["share"]["given"], "2ms");
    assert_eq!(json["services"][0]["domains"][1]["share"]["inProportion"], "4ms");
    assert!(json["services"][1].get("domains").is_none(), "{json}");
}

#[test]
fn without_the_verdicts_of_before_the_old_path_is_read_from_its_segments() {
    let report = report(false);
    let before = report.services[0].before.as_ref().unwrap();
    assert_eq!(before.nodes.iter().map(NodeId::as_str).collect::<Vec<_>>(), ["a", "b", "d"]);
    assert_eq!(before.delay.unwrap().to_string(), "2ms");
    assert!(!before.partial);
}

#[test]
fn a_report_for_a_merge_request_fits_a_comment_and_says_what_it_leaves_out() {
    let mut report = report(true);
    let (one, object) = (report.services[0].clone(), report.devices.values().next().unwrap().clone());
    report.services = vec![one; 5_000];
    report.devices = (0..2_000).map(|n| (NodeId::lit(&format!("n{n:04}")), object.clone())).collect();
    let devices = (0..2_000).map(|n| (NodeId::lit(&format!("n{n:04}")), 3)).collect();
    report.transactions[0].devices = devices;
    let long = Finding::new("TL0224", model::Severity::Warning, "s", "m".repeat(400));
    report.findings = vec![long; 1_000];
    let page = report.markdown(&[]);
    assert!(page.len() <= markdown::MOST, "{}", page.len());
    for section in ["## Intents", "## Services", "## Transactions", "## Devices", "## Findings"] {
        assert_eq!(page.matches(section).count(), 1, "{section} in {page}");
    }
    assert!(page.contains("| pay | production | 0 | 5000 |"), "all are counted by intent: {page}");
    assert!(page.contains("and 1950 more devices"), "{page}");
    assert_eq!(page.matches(" more: `trunkline plan --format text` has all of it").count(), 3, "{page}");
    assert_eq!(page.matches("<details>").count(), page.matches("</details>").count());
}

#[test]
fn a_plan_without_anything_to_do_says_so() {
    let (before, _, _) = reroute();
    let held = before.actual();
    let causes = Causes::of(&before.set, &before.ids, &before.verdicts, &before.ted);
    let (_, report) = plan(diff(&before.desired, &held), held.revision, &ChangePolicy::Careful, &causes);
    assert_eq!(report.text(), "Nothing to do on network state 7\n");
}

#[test]
fn a_table_cannot_be_broken_by_what_devices_say() {
    let (before, after, _) = reroute();
    let mut held = before.actual();
    let why = "lost | connection\n| `x` | <script>".to_owned();
    let gone = model::DeviceReading::Unreadable { why, since: Timestamp::default() };
    held.devices.insert(NodeId::lit("b"), gone);
    let causes = Causes::of(&after.set, &after.ids, &after.verdicts, &after.ted);
    let (_, report) = plan(diff(&after.desired, &held), held.revision, &ChangePolicy::Careful, &causes);
    let page = report.markdown(&[]);
    let line = page.lines().find(|line| line.starts_with("- b:")).unwrap();
    assert!(line.contains("lost \\| connection \\| 'x' \\| &lt;script>"), "{line}");
}
