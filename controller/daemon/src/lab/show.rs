//! What a lab is like, for people.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use api::{Client, Token};
use comfy_table::{ContentArrangement, Table, presets};
use engine::snapshot::Session;
use ground::{
    lab::{LineStatus, NodeStatus, Status},
    record::Stage,
    wire::Impairment,
};
use model::NodeId;

use super::{
    controller::Door,
    traffic::{Seen, SeenFlow},
    words::Kept,
};

/// How long the controller may take to tell of its sessions.
const PATIENCE: Duration = Duration::from_secs(5);

/// The sessions of a lab's controller, in words; none where it has no controller or that does not answer.
pub(super) async fn sessions(kept: &Kept) -> Option<BTreeMap<NodeId, String>> {
    let Door { url, token } = kept.controller.as_ref()?;
    let client = Client::new(url, Token::load(token).ok()).ok()?;
    let devices = tokio::time::timeout(PATIENCE, client.devices()).await.ok()?.ok()?;
    let words = |session: &Session| match session {
        Session::Up => "up".to_owned(),
        Session::Unknown => "unknown".to_owned(),
        Session::Down { why, .. } => format!("down: {why}"),
    };
    Some(devices.into_iter().map(|node| (node.id.clone(), words(&node.session))).collect())
}

/// A lab that is kept.
pub(super) fn text(kept: &Kept, sessions: &Option<BTreeMap<NodeId, String>>) -> String {
    let Kept { mode, status, controller } = kept;
    let mut text = format!("lab {}, {:?} mode", status.lab, mode).to_lowercase();
    let down = status.lines.values().filter(|line| line.up == Some(false)).count();
    let unknown = status.lines.values().filter(|line| line.up.is_none()).count();
    // Writing into a string cannot fail.
    let _ = write!(text, ": {} nodes, {} lines, {down} of them down", status.nodes.len(), status.lines.len());
    if unknown > 0 {
        let _ = write!(text, ", {unknown} unknown");
    }
    if let Some(Door { url, .. }) = controller {
        let _ = write!(text, "; dashboard {url}");
    }
    let _ = writeln!(text, "\n\n{}\n\n{}", nodes(status, sessions), lines(status));
    text
}

fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(head);
    table
}

fn nodes(status: &Status, sessions: &Option<BTreeMap<NodeId, String>>) -> Table {
    let mut table = table(&["NODE", "KIND", "NAMESPACE", "DAEMONS", "ADJACENCIES", "SESSION"]);
    for (id, node) in &status.nodes {
        let session = sessions.as_ref().and_then(|sessions| sessions.get(id));
        table.add_row([
            id.to_string(),
            kind(node).to_owned(),
            space(node),
            node.daemons.map_or_else(dash, |count| format!("{count} of 2")),
            adjacencies(node),
            session.cloned().unwrap_or_else(dash),
        ]);
    }
    table
}

fn dash() -> String {
    "-".to_owned()
}

fn kind(node: &NodeStatus) -> &'static str {
    match node.host {
        Some(true) => "host",
        Some(false) => "router",
        None => "unknown",
    }
}

fn space(node: &NodeStatus) -> String {
    match (node.space.as_str(), node.stands) {
        ("", _) => dash(),
        (space, true) => space.to_owned(),
        (space, false) => format!("{space} is GONE"),
    }
}

fn adjacencies(node: &NodeStatus) -> String {
    match (&node.adjacencies, node.daemons) {
        (Some(all), _) => {
            let up = all.iter().filter(|adjacency| adjacency.state == "Up").count();
            format!("{up} of {} up", all.len())
        }
        (None, Some(_)) => "unknown".to_owned(),
        (None, None) => dash(),
    }
}

fn lines(status: &Status) -> Table {
    let mut table = table(&["LINE", "FROM", "TO", "STATE", "A TO Z", "Z TO A", "LOST"]);
    for (id, line) in &status.lines {
        let [a, z] = &line.ends;
        let ways = line.impairments.map(|ways| ways.map(|way| way_in_words(&way)));
        let [there, back] = ways.unwrap_or_else(|| [dash(), dash()]);
        let state = match line.up {
            Some(true) => "up",
            Some(false) => "down",
            None => "unknown",
        };
        table.add_row([id.to_string(), a.clone(), z.clone(), state.to_owned(), there, back, lost(line)]);
    }
    table
}

/// What a direction does to frames.
fn way_in_words(way: &Impairment) -> String {
    let parts = [
        (way.delay != model::Delay::ZERO).then(|| way.delay.to_string()),
        (way.jitter != model::Jitter::ZERO).then(|| format!("±{}", way.jitter)),
        (way.loss != model::Loss::ZERO).then(|| format!("loss {}", way.loss)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "clean".to_owned() } else { parts.join(" ") }
}

/// Frames that a line lost either way, of those that came.
fn lost(line: &LineStatus) -> String {
    line.counts.map_or_else(dash, |counts| {
        let sum = |of: fn(&ground::wire::Count) -> u64| counts.iter().map(of).sum::<u64>();
        format!("{} of {}", sum(|count| count.lost + count.full), sum(|count| count.entered))
    })
}

/// A lab that nobody keeps.
pub(super) fn left(status: &Status, stage: Stage) -> String {
    let standing = status.nodes.values().filter(|node| node.stands).count();
    let what = match stage {
        Stage::Making => "was being made",
        Stage::Up => "was up",
    };
    format!(
        "lab {}: it {what}, and nobody keeps it any more: {standing} of {} namespaces are left; `trunkline lab down` removes them",
        status.lab,
        status.nodes.len()
    )
}

/// What became of traffic.
pub(super) fn traffic(seen: &Seen) -> String {
    let head = ["FLOW", "FROM", "TO", "DSCP", "SENT", "CAME", "LOST", "DELAY", "99%", "LATE", "SILENCE"];
    let mut table = table(&head);
    for flow in &seen.flows {
        table.add_row(flow_in_words(flow));
    }
    let mut text = format!("{table}\n");
    for (count, what) in [
        (seen.strange, "packets came to hosts and were of no flow"),
        (seen.overrun, "packets were lost in the hosts themselves, which had no room for them"),
    ] {
        if count > 0 {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "{count} {what}");
        }
    }
    text
}

fn flow_in_words(SeenFlow { offer, tally }: &SeenFlow) -> [String; 11] {
    let assigned = &offer.assigned;
    let tally = tally.as_ref();
    let sent = tally.and_then(|tally| tally.sent.as_ref());
    let lost = tally.map(|tally| match tally.loss() {
        Some(loss) if tally.lost > 0 => format!("{} ({})", tally.lost, loss.rough()),
        _ => tally.lost.to_string(),
    });
    let delay = tally.and_then(|tally| tally.delay);
    let late = tally.map(|tally| tally.reordered).filter(|reordered| reordered.packets > 0);
    [
        offer.name.to_string(),
        assigned.sender.clone(),
        assigned.receiver.clone(),
        assigned.flow.dscp.to_string(),
        sent.map_or_else(dash, |sent| sent.packets.to_string()),
        tally.map_or_else(dash, |tally| tally.received.to_string()),
        lost.unwrap_or_else(dash),
        delay.map_or_else(dash, |delay| delay.median.to_string()),
        delay.map_or_else(dash, |delay| delay.p99.to_string()),
        late.map_or_else(dash, |late| format!("{} by {}", late.packets, late.late)),
        tally.and_then(|tally| tally.silence).map_or_else(dash, |silence| silence.span.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use ground::{frr::Adjacency, record::IgpKind, wire::Count};
    use model::LinkId;

    use super::*;
    use crate::lab::{Mode, traffic::Offer};

    #[test]
    fn traffic_as_people_see_it() {
        let (from, to) = ("10.0.0.1:4000".parse().unwrap(), "10.0.0.2:4000".parse().unwrap());
        let flow = host::Flow::new(1, from, to, "ef".parse().unwrap(), host::Pace::Packets(100));
        let mut ledger = host::Ledger::new(&flow, host::Moment::from_nanos(0));
        for (number, millis) in [(0, 5), (1, 15), (3, 35), (4, 45), (2, 47)] {
            let sent = host::Moment::from_nanos(number * 10_000_000);
            ledger.received(&host::Arrival {
                packet: host::Packet { flow: flow.id, number, sent },
                at: host::Moment::from_nanos(millis * 1_000_000),
                octets: 200,
                dscp: None,
            });
        }
        let sent = host::Sent { packets: 8, settled: true, ..host::Sent::default() };
        let (sender, receiver) = ("h".to_owned(), "k".to_owned());
        let name = "voice/a~b".parse().unwrap();
        let offer = Offer { name, assigned: host::Assigned { sender, receiver, flow } };
        let silent = SeenFlow { offer: offer.clone(), tally: None };
        let seen = SeenFlow { offer, tally: Some(ledger.tally(Some(&sent))) };
        let text = traffic(&Seen { flows: vec![seen, silent], strange: 3, overrun: 0 });
        let rows: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        for row in [
            "voice/a~b h k ef 8 5 3 (38%) 5.046ms 27ms 1 by 12ms 20ms",
            "voice/a~b h k ef - - - - - - -",
            "3 packets came to hosts and were of no flow",
        ] {
            assert!(rows.iter().any(|told| told == row), "{row} in\n{text}");
        }
    }

    #[test]
    fn a_lab_as_people_see_it() {
        let router = NodeStatus {
            space: "tlg-tri.a".to_owned(),
            stands: true,
            host: Some(false),
            daemons: Some(2),
            adjacencies: Some(vec![Adjacency { interface: "eth1".to_owned(), state: "Up".to_owned() }]),
        };
        let silent = NodeStatus { stands: false, adjacencies: None, ..router.clone() };
        let slow = Impairment {
            delay: "40ms".parse().unwrap(),
            jitter: "2ms".parse().unwrap(),
            loss: "2%".parse().unwrap(),
        };
        let count = Count { entered: 100, octets: 6400, lost: 2, full: 0 };
        let line = LineStatus {
            ends: ["a:eth1".to_owned(), "b:eth1".to_owned()],
            up: Some(true),
            impairments: Some([slow, Impairment::default()]),
            added: [Impairment::default(); 2],
            counts: Some([count, Count::default()]),
        };
        let unknown = LineStatus { up: None, impairments: None, counts: None, ..line.clone() };
        let status = Status {
            lab: "tri".to_owned(),
            igp: IgpKind::Frr,
            nodes: [(NodeId::lit("a"), router), (NodeId::lit("b"), silent)].into(),
            lines: [(LinkId::lit("l1"), line), (LinkId::lit("l2"), unknown)].into(),
        };
        assert_eq!(
            left(&status, Stage::Making),
            "lab tri: it was being made, and nobody keeps it any more: 1 of 2 namespaces are left; `trunkline lab down` removes them"
        );
        let kept = Kept { mode: Mode::Netns, status, controller: None };
        let text = text(&kept, &None);
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        let has = |row: &str| rows.iter().any(|words| *words == row.split_whitespace().collect::<Vec<_>>());
        assert!(has("lab tri, netns mode: 2 nodes, 2 lines, 0 of them down, 1 unknown"), "{text}");
        assert!(has("a router tlg-tri.a 2 of 2 1 of 1 up -"), "{text}");
        assert!(has("b router tlg-tri.a is GONE 2 of 2 unknown -"), "{text}");
        assert!(has("l1 a:eth1 b:eth1 up 40ms ±2ms loss 2% clean 2 of 100"), "{text}");
        assert!(has("l2 a:eth1 b:eth1 unknown - - -"), "{text}");
    }
}
