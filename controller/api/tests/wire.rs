//! The dashboard reads what the engine writes: one document with every kind of event, a picture and what moves in it is
//! kept beside the dashboard's code. This test writes it anew and compares; the dashboard's tests read it. To accept a
//! change: `WIRE=write cargo test -p api --test wire`, then mend the dashboard.

use std::{collections::BTreeSet, path::Path};

use api::Live;
use engine::{
    event::{Ending, Event, EventKind},
    snapshot::{
        AlarmView, Balanced, Deviation, Difference, DirectionView, ExceptionView, FieldDifference, HopView,
        LinkView, NodeView, PromiseState, QueueView, Rollback, RouteView, ServiceView, Session, Snapshot,
    },
};
use model::{
    Finding, LinkId, NodeId, Phase, Revision, ServiceId, Severity, Timestamp, TransactionId, intent::Mode,
    link::Side,
};

/// The dashboard's copy; the folder of this crate lies two below the root.
const COPY: &str = "../../web-ui/src/lib/wire.json";

fn about_the_network() -> Vec<EventKind> {
    let node = NodeId::lit("r1");
    let who = "mei".to_owned();
    vec![
        EventKind::Started { devices: 2, adopted: false },
        EventKind::DeviceUp { node: node.clone() },
        EventKind::DeviceDown { node, why: "silence".into() },
        EventKind::InSync { devices: 2, took_ms: 4 },
        EventKind::Adopted { who: who.clone() },
        EventKind::ModeChanged { mode: Mode::Recommend, who: who.clone() },
        EventKind::Drained { subject: "l1".into(), drained: true, who: who.clone() },
        EventKind::Balanced { services: vec![ServiceId::lit("s1")], held: 2, back: false, who: who.clone() },
        EventKind::WindowOpened { window: "w1".into(), on: vec!["l1".into()], why: "netops".into() },
        EventKind::WindowClosed { window: "w1".into(), why: "netops".into() },
        EventKind::IntentsAccepted { revision: Revision(3), intents: 1, services: 2, who },
        EventKind::AlarmRaised {
            alarm: "line-degraded".into(),
            subject: "l1".into(),
            severity: Severity::Major,
            why: "loss".into(),
            services: vec![ServiceId::lit("s1")],
        },
        EventKind::AlarmCleared { alarm: "line-degraded".into(), subject: "l1".into(), was: Severity::Major },
        EventKind::Drift { findings: vec![finding()] },
        EventKind::AuditBroken { why: "entry 4".into() },
        EventKind::JournalFailed { why: "disk full".into() },
    ]
}

fn about_promises_and_changes() -> Vec<EventKind> {
    let service = ServiceId::lit("s1");
    let why = "l1 is bad".to_owned();
    vec![
        EventKind::PromiseBroken { service: service.clone(), what: "delay".into() },
        EventKind::PromiseKept { service: service.clone() },
        EventKind::PromiseUnknown { service: service.clone(), why: why.clone() },
        EventKind::Frozen { service: service.clone(), why: why.clone() },
        EventKind::Proposed {
            why: why.clone(),
            headline: "1 service leaves l1".into(),
            services: vec![service.clone()],
            devices: 2,
            compile_ms: 1.5,
            plan_ms: 0.5,
            prove_ms: 2.25,
            act: true,
        },
        EventKind::Rejected { why: why.clone(), findings: vec![finding()] },
        EventKind::TransactionBegun { id: TransactionId(4), phase: Phase::Move, devices: 2 },
        EventKind::TransactionEnded {
            id: TransactionId(4),
            ending: Ending::RolledBack,
            unresolved: BTreeSet::from([NodeId::lit("r1")]),
            errors: vec!["r1: no".into()],
            commit_ms: 10.0,
            readback_ms: 2.0,
            confirm_ms: 3.0,
        },
        EventKind::Rerouted {
            services: vec![service],
            back: false,
            why,
            breach_to_plan_ms: 5.0,
            breach_to_ack_ms: 50.0,
            readback_ms: 20.0,
            confirm_ms: 10.0,
        },
        EventKind::WaveWatched {
            wave: 1,
            of: 2,
            services: vec![ServiceId::lit("s1")],
            devices: 2,
            settle_ms: 60_000,
        },
        EventKind::WaveStopped { wave: 1, of: 2, why: "the promise of s1 is broken".into() },
    ]
}

fn about_sources() -> Vec<EventKind> {
    let source = NodeId::lit("rr1");
    vec![
        EventKind::SourceUp { source: source.clone() },
        EventKind::SourceDown { source, why: "the connection went away".into() },
    ]
}

fn about_exceptions() -> Vec<EventKind> {
    let (who, why) = ("mei".to_owned(), "CHG9".to_owned());
    let (objects, until) = (vec!["classifier".into()], Some(Timestamp::from_micros(8)));
    vec![
        EventKind::Excepted { nodes: vec![NodeId::lit("r1")], objects: 1, who: who.clone(), why, until },
        EventKind::ExceptionEnded { node: NodeId::lit("r1"), objects, who, why: "its time is over".into() },
    ]
}

fn finding() -> Finding {
    Finding::new("TL0001", Severity::Minor, "r1", "differs")
}

fn events() -> Vec<Event> {
    let kinds = about_the_network().into_iter().chain(about_promises_and_changes()).chain(about_sources());
    let kinds = kinds.chain(about_exceptions());
    kinds.zip(1..).map(|(kind, number)| Event { number, at: Timestamp::from_micros(number), kind }).collect()
}

fn service(a: &NodeId, z: &NodeId) -> ServiceView {
    let hop = |from| HopView { link: LinkId::lit("l1"), from };
    ServiceView {
        id: ServiceId::lit("s1"),
        intent: "s1".into(),
        class: "voice".into(),
        a: a.clone(),
        z: z.clone(),
        state: PromiseState::Broken,
        since: Timestamp::from_micros(2),
        why: Some("delay".into()),
        moved: true,
        balanced: Some(Balanced::Held),
        refused: None,
        directions: vec![RouteView {
            from: a.clone(),
            to: z.clone(),
            path: vec![hop(Side::A)],
            backup: vec![hop(Side::Z)],
            segments: vec!["16001".into()],
            reasons: vec!["least delay".into()],
            delay: None,
            loss: Some(7),
        }],
    }
}

#[expect(clippy::too_many_lines, reason = "a value of every kind that the dashboard reads")]
fn picture() -> Snapshot {
    let (a, z) = (NodeId::lit("r1"), NodeId::lit("r2"));
    let direction = || DirectionView {
        bandwidth: 1_000,
        load: Some(100),
        queues: vec![QueueView { name: "ef".into(), load: Some(5), guarantee: 10, drops: Some(0) }],
        ..DirectionView::default()
    };
    let changed = || Difference {
        object: "policy color 7 to fd00::1".into(),
        deviation: Deviation::Changed,
        fields: vec![FieldDifference {
            field: "last resort".into(),
            wanted: Some("igp".into()),
            found: None,
        }],
    };
    let exception = || ExceptionView {
        who: "mei".into(),
        since: Timestamp::from_micros(4),
        why: "CHG9".into(),
        until: None,
        objects: vec![changed()],
    };
    let node = |id: &NodeId, session| NodeView {
        id: id.clone(),
        role: Some("core".into()),
        site: None,
        lat: Some(1.5),
        lon: Some(2.5),
        protocol: None,
        session,
        policies: 1,
        read: None,
        differs: vec![changed()],
        uncompared: None,
        exceptions: vec![exception()],
        modules: Some(41),
        rollback: Some(Rollback::ByPreImage),
        startup: Some("policy 100 to 10.0.0.2".into()),
    };
    let down = Session::Down { why: "silence".into(), since: Timestamp::from_micros(3) };
    let service = service(&a, &z);
    let alarm = AlarmView {
        alarm: "line-degraded".into(),
        subject: "l1".into(),
        severity: Severity::Major,
        since: Timestamp::from_micros(1),
        why: "loss".into(),
        services: vec![ServiceId::lit("s1")],
        riding: vec![ServiceId::lit("s1")],
    };
    Snapshot {
        at: Timestamp::from_micros(9),
        nodes: vec![node(&a, Session::Up), node(&z, down)],
        links: vec![LinkView {
            id: LinkId::lit("l1"),
            a,
            z,
            role: None,
            up: None,
            drained: true,
            a_to_z: direction(),
            z_to_a: direction(),
        }],
        services: vec![service],
        alarms: vec![alarm],
        timeline: events(),
        findings: vec![finding()],
        ..Snapshot::default()
    }
}

#[test]
fn the_dashboard_has_a_true_copy_of_what_is_sent() {
    let now = picture();
    let document = serde_json::json!({ "snapshot": now, "live": Live::of(&now) });
    let text = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(COPY);
    if std::env::var("WIRE").is_ok_and(|wish| wish == "write") {
        std::fs::write(&path, &text).unwrap();
    }
    let copy = std::fs::read_to_string(&path).unwrap();
    assert!(copy == text, "the wire has changed: see the head of this file for what to do");
}
