//! What happened, as a sentence for people: syslog, webhooks and terminals show these.

use engine::event::{Ending, EventKind};
use model::{
    Finding, NodeId, Phase, ServiceId,
    calendar::{Moment, Offset},
    intent::Mode,
};

/// One line without a full stop.
pub fn sentence(kind: &EventKind) -> String {
    network(kind).or_else(|| exception(kind)).or_else(|| promise(kind)).unwrap_or_else(|| change(kind))
}

/// What the network and the controller did.
fn network(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::Started { devices, adopted } => {
            let right = if *adopted {
                "may change the network"
            } else {
                "only observes until the network is adopted"
            };
            format!("the controller runs with {} and {right}", count(*devices, "device"))
        }
        EventKind::DeviceUp { node } => format!("{node} answers and was read"),
        EventKind::DeviceDown { node, why } => format!("{node} cannot be driven: {why}"),
        EventKind::SourceUp { source } => format!("{source} tells of the network"),
        EventKind::SourceDown { source, why } => {
            format!("{source} tells no more of the network: {why}; what it said stays, and is stale")
        }
        EventKind::InSync { devices, took_ms } => {
            format!("all {} were read after {took_ms} ms", count(*devices, "device"))
        }
        EventKind::Adopted { who } => format!("{who} adopted the network"),
        EventKind::ModeChanged { mode, who } => format!("{who} set the mode to {}", mode_name(*mode)),
        EventKind::Drained { subject, drained: true, who } => format!("{who} drained {subject}"),
        EventKind::Drained { subject, drained: false, who } => format!("{who} put {subject} back into use"),
        EventKind::Balanced { services, held, back, who } => {
            let (many, others) = (count(services.len(), "service"), count(*held, "other"));
            let others = |what: &str| if *held > 0 { format!("; {others} {what}") } else { String::new() };
            match back {
                true if services.is_empty() => {
                    format!("{who} lets {} move again", count(*held, "held service"))
                }
                false if services.is_empty() => format!("{who} holds {} in place", count(*held, "service")),
                true => {
                    format!("{who} let {many} back that had left full links{}", others("held no more"))
                }
                false => format!("{who} moved {many} off full links{}", others("held in place")),
            }
        }
        EventKind::WindowOpened { window, on, why } => {
            format!("the window {window} is open{}: {} drained", of(why), on.join(", "))
        }
        EventKind::WindowClosed { window, why } => {
            format!("the window {window} is over{}: what it worked on is in use again", of(why))
        }
        EventKind::AlarmRaised { alarm, subject, why, services, .. } => {
            format!("alarm {alarm} on {subject}: {why}{}", hit(services))
        }
        EventKind::AlarmCleared { alarm, subject, .. } => format!("alarm {alarm} on {subject} is over"),
        EventKind::Drift { findings } => {
            format!("devices hold something else than they should: {}", first(findings))
        }
        EventKind::AuditBroken { why } => format!("the audit log is not intact: {why}"),
        EventKind::JournalFailed { why } => {
            format!("the journal cannot be written, nothing is changed until it can: {why}")
        }
        _ => return None,
    })
}

/// Who answers for something, in brackets; nothing where nobody is named.
fn of(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(" ({why})") }
}

/// What people accept otherwise than intents ask for.
fn exception(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::Excepted { nodes, objects, who, why, until } => {
            let names: Vec<&str> = nodes.iter().map(NodeId::as_str).collect();
            let end =
                until.map_or_else(String::new, |at| format!(" until {}", Moment { at, offset: Offset::UTC }));
            let (objects, names) = (count(*objects, "object"), names.join(", "));
            format!("{who} accepted {objects} on {names} as held there{end}{}", of(why))
        }
        EventKind::ExceptionEnded { node, objects, who, why } => {
            let first = objects.first().map_or("nothing", String::as_str);
            let more = match objects.len() {
                0 | 1 => String::new(),
                many => format!(" and {} more", many - 1),
            };
            format!("an exception of {who} on {node} is over, {first}{more}: {why}")
        }
        _ => return None,
    })
}

/// What became of promises.
fn promise(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::PromiseBroken { service, what } => format!("the promise of {service} is broken: {what}"),
        EventKind::PromiseKept { service } => format!("the promise of {service} is kept again"),
        EventKind::PromiseUnknown { service, why } => {
            format!("it is unknown whether the promise of {service} is kept: {why}")
        }
        EventKind::Frozen { service, why } => format!("{service} is not moved any more: {why}"),
        _ => return None,
    })
}

/// What the controller changed.
fn change(kind: &EventKind) -> String {
    match kind {
        EventKind::IntentsAccepted { revision, intents, services, who } => format!(
            "{who} sent revision {} with {} for {}, accepted",
            revision.0,
            count(*intents, "intent"),
            count(*services, "service")
        ),
        EventKind::Proposed { why, headline, devices: 0, .. } => format!("{headline} because {why}"),
        EventKind::Proposed { why, headline, act, .. } => {
            let then = if *act { "carried out now" } else { "a proposal only" };
            format!("{headline} because {why}; proved, {then}")
        }
        EventKind::Rejected { why, findings } => format!("no change for `{why}`: {}", first(findings)),
        EventKind::TransactionBegun { id, phase, devices } => {
            format!("transaction {id} begins: {} on {}", phase_name(*phase), count(*devices, "device"))
        }
        EventKind::TransactionEnded { id, ending, unresolved, errors, commit_ms, .. } => {
            format!("transaction {id} {}", outcome(ending, unresolved.iter(), errors, *commit_ms))
        }
        EventKind::WaveWatched { wave, of, services, devices, settle_ms } => format!(
            "wave {wave} of {of} is on {}: {} moved, looked at for {} s before the next wave",
            count(*devices, "device"),
            count(services.len(), "service"),
            settle_ms.div_ceil(1_000)
        ),
        EventKind::WaveStopped { wave, of, why } => {
            format!(
                "the change stops after wave {wave} of {of}, and what stands of it is taken back, unless the mode is `observe`: {why}"
            )
        }
        EventKind::Rerouted { services, back, why, breach_to_ack_ms, .. } => {
            let moved = if *back { "went back" } else { "moved" };
            let after = if *back {
                String::new()
            } else {
                format!(", in effect {breach_to_ack_ms:.0} ms after the breach was certain")
            };
            format!("{} {moved}{after}: {why}", count(services.len(), "service"))
        }
        // The other kinds have their sentences above.
        other => format!("{other:?}"),
    }
}

fn outcome<'a>(
    ending: &Ending,
    nodes: impl Iterator<Item = &'a NodeId>,
    errors: &[String],
    commit_ms: f64,
) -> String {
    let errors = if errors.is_empty() { String::new() } else { format!(": {}", errors.join("; ")) };
    match ending {
        Ending::Applied => format!("is on every device, committed in {commit_ms:.0} ms"),
        Ending::RolledBack => format!("was rolled back{errors}"),
        Ending::Unresolved => {
            let nodes: Vec<&str> = nodes.map(NodeId::as_str).collect();
            format!("has an unknown outcome on {}{errors}", nodes.join(", "))
        }
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn hit(services: &[ServiceId]) -> String {
    if services.is_empty() {
        String::new()
    } else {
        format!("; it hits {}", count(services.len(), "service"))
    }
}

fn first(findings: &[Finding]) -> String {
    match findings {
        [] => "no reason given".to_owned(),
        [one] => format!("{}: {}", one.subject, one.message),
        [one, rest @ ..] => format!("{}: {} (and {} more)", one.subject, one.message, rest.len()),
    }
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe",
        Mode::Recommend => "recommend",
        Mode::Act => "act",
    }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Make => "new objects beside the old ones",
        Phase::Move => "traffic moves",
        Phase::Break => "old objects go",
    }
}

#[cfg(test)]
mod tests {
    use model::Severity;

    use super::*;

    #[test]
    fn a_sentence_names_subject_cause_and_effect() {
        let raised = EventKind::AlarmRaised {
            alarm: "line-degraded".into(),
            subject: "line1:hq--sh".into(),
            severity: Severity::Major,
            why: "loss 2% > 0.5%".into(),
            services: vec![ServiceId::lit("a"), ServiceId::lit("b")],
        };
        assert_eq!(
            sentence(&raised),
            "alarm line-degraded on line1:hq--sh: loss 2% > 0.5%; it hits 2 services"
        );
        let moved = EventKind::Rerouted {
            services: vec![ServiceId::lit("a")],
            back: false,
            why: "line1 is bad".into(),
            breach_to_plan_ms: 12.0,
            breach_to_ack_ms: 99.6,
            readback_ms: 20.0,
            confirm_ms: 10.0,
        };
        assert_eq!(
            sentence(&moved),
            "1 service moved, in effect 100 ms after the breach was certain: line1 is bad"
        );
        let watched = EventKind::WaveWatched {
            wave: 1,
            of: 2,
            services: vec![ServiceId::lit("a"), ServiceId::lit("b")],
            devices: 3,
            settle_ms: 60_000,
        };
        assert_eq!(
            sentence(&watched),
            "wave 1 of 2 is on 3 devices: 2 services moved, looked at for 60 s before the next wave"
        );
        let stopped =
            EventKind::WaveStopped { wave: 1, of: 2, why: "the promise of a is broken: loss".into() };
        assert_eq!(
            sentence(&stopped),
            "the change stops after wave 1 of 2, and what stands of it is taken back, unless the mode is `observe`: the promise of \
             a is broken: loss"
        );
        let balanced = |services: &[&str], held, back| EventKind::Balanced {
            services: services.iter().map(|service| ServiceId::lit(service)).collect(),
            held,
            back,
            who: "mei".into(),
        };
        assert_eq!(
            sentence(&balanced(&["a"], 4, false)),
            "mei moved 1 service off full links; 4 others held in place"
        );
        assert_eq!(
            sentence(&balanced(&["a", "b"], 0, true)),
            "mei let 2 services back that had left full links"
        );
        assert_eq!(sentence(&EventKind::DeviceUp { node: NodeId::lit("r1") }), "r1 answers and was read");
    }

    #[test]
    fn exceptions_name_who_accepted_what_and_why() {
        let accepted = EventKind::Excepted {
            nodes: vec![NodeId::lit("r1"), NodeId::lit("r2")],
            objects: 3,
            who: "mei".into(),
            why: "CHG9".into(),
            until: None,
        };
        assert_eq!(sentence(&accepted), "mei accepted 3 objects on r1, r2 as held there (CHG9)");
        let ended = EventKind::ExceptionEnded {
            node: NodeId::lit("r1"),
            objects: vec!["classifier".into(), "queues of eth1".into()],
            who: "mei".into(),
            why: "its time is over".into(),
        };
        assert_eq!(
            sentence(&ended),
            "an exception of mei on r1 is over, classifier and 1 more: its time is over"
        );
    }
}
