use engine::snapshot::{HopView, RouteView};
use model::link::Side;

use super::*;

fn direction(load: u64) -> DirectionView {
    DirectionView { bandwidth: 1_000, load: Some(load), planned_delay: 5, ..DirectionView::default() }
}

fn picture() -> Snapshot {
    let node = |name: &str| NodeView {
        id: NodeId::lit(name),
        role: None,
        site: None,
        lat: None,
        lon: None,
        protocol: Some("gnmi".into()),
        session: Session::Up,
        policies: 2,
        read: None,
        differs: Vec::new(),
        uncompared: None,
        exceptions: Vec::new(),
        modules: None,
        rollback: None,
        startup: None,
    };
    let link = |name: &str| LinkView {
        id: LinkId::lit(name),
        a: NodeId::lit("a"),
        z: NodeId::lit("z"),
        role: None,
        up: Some(true),
        drained: false,
        a_to_z: direction(10),
        z_to_a: direction(20),
    };
    let service = |name: &str| ServiceView {
        id: ServiceId::lit(name),
        intent: name.into(),
        class: "voice".into(),
        a: NodeId::lit("a"),
        z: NodeId::lit("z"),
        state: PromiseState::Kept,
        since: Timestamp::from_micros(1),
        why: None,
        moved: false,
        balanced: None,
        refused: None,
        directions: vec![RouteView {
            from: NodeId::lit("a"),
            to: NodeId::lit("z"),
            path: vec![HopView { link: LinkId::lit("one"), from: Side::A }],
            backup: Vec::new(),
            segments: Vec::new(),
            reasons: Vec::new(),
            delay: Some(7),
            loss: None,
        }],
    };
    Snapshot {
        nodes: vec![node("a"), node("z")],
        links: vec![link("one"), link("two")],
        services: vec![service("s1"), service("s2")],
        ..Snapshot::default()
    }
}

#[test]
fn nothing_changed_means_nothing_sent() {
    let live = Live::between(&picture(), &picture());
    assert_eq!(live, Live::default());
    let whole = Live::of(&picture());
    assert_eq!((whole.nodes.len(), whole.links.len(), whole.promises.len()), (2, 2, 2));
}

#[test]
fn only_the_line_that_changed_is_sent() {
    let mut now = picture();
    now.links[1].z_to_a.load = None;
    let live = Live::between(&picture(), &now);
    assert_eq!(live.links.iter().map(|link| link.id.as_str()).collect::<Vec<_>>(), ["two"]);
    assert_eq!(live.links[0].z_to_a.load, None, "unknown is sent as unknown");
    assert!(live.nodes.is_empty() && live.promises.is_empty() && live.services.is_empty());
}

#[test]
fn measures_of_a_promise_go_without_its_path() {
    let mut now = picture();
    now.services[0].state = PromiseState::Broken;
    now.services[0].directions[0].delay = Some(9);
    let live = Live::between(&picture(), &now);
    assert_eq!(live.promises.len(), 1);
    assert_eq!(live.promises[0].delay, [Some(9)]);
    assert!(live.services.is_empty());
}

#[test]
fn another_path_sends_the_promise_whole() {
    let mut now = picture();
    now.services[1].directions[0].path[0].link = LinkId::lit("two");
    let live = Live::between(&picture(), &now);
    assert_eq!(live.services, [now.services[1].clone()]);
    assert!(live.promises.is_empty());
}

#[test]
fn other_names_ask_for_a_new_start() {
    let mut now = picture();
    now.services.pop();
    assert!(Live::between(&picture(), &now).resync);
    let mut now = picture();
    now.links[0].a_to_z.bandwidth = 2_000;
    assert!(Live::between(&picture(), &now).resync);
}
