//! The CEB case through all stages at once: what the bank's intents come to on its network.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use engine::{
    cycle,
    stages::{Files, Occasion, Proposal, View},
    terms::Terms,
};
use model::{
    ActualState, Allocations, DeviceReading, Finding, Hints, LinkId, Severity, Ted, Timestamp, state::Foreign,
};

fn read(path: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

fn propose(ted: &Arc<Ted>, hints: Hints) -> Proposal {
    try_propose(ted, hints).unwrap()
}

fn try_propose(ted: &Arc<Ted>, hints: Hints) -> Result<Proposal, Vec<Finding>> {
    let names = ["classes", "alarms", "services"];
    let files: Files =
        names.map(|name| (format!("{name}.yaml"), read(&format!("intents/examples/ceb/{name}.yaml")))).into();
    let (set, _) = cycle::understand(&files, ted, intents::AsOf::default()).unwrap();
    let bare = || DeviceReading::Read {
        owned: Default::default(),
        foreign: Foreign::default(),
        at: Timestamp::default(),
    };
    let view = View {
        ted: Arc::clone(ted),
        actual: Arc::new(ActualState {
            devices: ted.nodes.keys().map(|node| (node.clone(), bare())).collect(),
            ..ActualState::default()
        }),
        ids: Allocations::default(),
        before: Arc::default(),
        hints: Hints::default(),
        lacks: Arc::default(),
        exceptions: Arc::default(),
        terms: Terms::default(),
    };
    cycle::propose(Arc::new(set), &view, hints, &Occasion::Person)
}

#[test]
fn no_single_failure_exposes_what_must_be_encrypted_or_leaves_a_service_to_chance() {
    let ted = Arc::new(formats::read("ceb.clab.yml", &read("lab/ceb.clab.yml")).unwrap().ted);
    let proposal = propose(&ted, Hints::default());
    let encrypted = proposal.set.services.values().filter(|service| service.sle.encrypted).count();
    assert!(encrypted > 0, "the case has services that must be encrypted");
    assert!(proposal.report.checked.unwrap().failures > 200);
    let codes: BTreeSet<&str> = proposal.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert!(!codes.contains(plan::codes::UNENCRYPTED), "{:#?}", proposal.findings.first());
    assert!(!codes.contains(plan::codes::NOT_STEERED), "{:#?}", proposal.findings.first());
}

#[test]
fn a_drained_line_is_told_once_and_not_once_for_each_of_its_services() {
    let ted = Arc::new(formats::read("ceb.clab.yml", &read("lab/ceb.clab.yml")).unwrap().ted);
    let leased = ted.links.values().find(|link| link.role.as_deref() == Some("leased-line")).unwrap();
    let line: LinkId = leased.id.clone();
    let hints = Hints { drained_links: BTreeSet::from([line.clone()]), ..Hints::default() };
    let proposal = propose(&ted, hints);
    let told = proposal
        .findings
        .iter()
        .filter(|finding| finding.severity >= Severity::Warning && finding.message.contains("drained"));
    assert!(told.count() <= 1);
    assert!(proposal.findings.iter().all(|finding| finding.code != "TL0053"), "{:#?}", proposal.findings);
}

#[test]
fn what_a_router_has_no_words_for_is_refused_with_the_intents_that_ask_for_it() {
    let mut ted = formats::read("ceb.clab.yml", &read("lab/ceb.clab.yml")).unwrap().ted;
    let calm = propose(&Arc::new(ted.clone()), Hints::default());
    let steers = |node: &&model::NodeId| !calm.compiled.desired.devices[*node].steering.is_empty();
    let headend = calm.compiled.desired.devices.keys().find(steers).unwrap().clone();
    let intents: BTreeSet<&str> = calm.set.services.values().map(|service| service.intent.as_str()).collect();
    ted.nodes.get_mut(&headend).unwrap().dialect = "huawei".into();
    let findings = try_propose(&Arc::new(ted), Hints::default()).unwrap_err();
    let told: Vec<&Finding> =
        findings.iter().filter(|finding| finding.code == engine::codes::NO_WORDS).collect();
    assert!(
        told.iter().all(|finding| finding.subject == headend.as_str() && finding.is_error()),
        "{told:#?}"
    );
    let steering: Vec<_> = told.iter().filter(|finding| finding.message.contains("put steering")).collect();
    assert_eq!(steering.len(), calm.compiled.desired.devices[&headend].steering.len());
    for finding in steering {
        let (_, whom) = finding.message.split_once("; it is for ").unwrap();
        assert!(whom.split(", ").all(|id| intents.contains(id)), "{whom}");
    }
}

#[test]
fn nothing_is_promised_by_an_oversight_even_where_no_service_is_in_force_any_more() {
    let ted = Arc::new(formats::read("ceb.clab.yml", &read("lab/ceb.clab.yml")).unwrap().ted);
    let desired = propose(&ted, Hints::default()).compiled.desired;
    let holding = |(node, owned): (model::NodeId, model::DeviceConfig)| {
        let reading = DeviceReading::Read { owned, foreign: Foreign::default(), at: Timestamp::default() };
        (node, reading)
    };
    let view = |devices| View {
        ted: Arc::clone(&ted),
        actual: Arc::new(ActualState { devices, ..ActualState::default() }),
        ids: Allocations::default(),
        before: Arc::default(),
        hints: Hints::default(),
        lacks: Arc::default(),
        exceptions: Arc::default(),
        terms: Terms::default(),
    };
    let nothing = model::IntentSet::default();
    let held = view(desired.devices.into_iter().map(holding).collect());
    let findings = engine::stages::must_promise(&nothing, &held).unwrap_err();
    assert!(findings[0].message.contains("0 services and all that 120 devices hold"), "{findings:?}");
    assert!(engine::stages::must_promise(&nothing, &view(BTreeMap::new())).is_ok());
}
