//! What routers tell of the network reaches what is on the devices: in one change for many messages, as the mode allows, and no plan is
//! made with less knowledge than the one before it. Where no socket is between, time is the test's: waiting costs none.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod support;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bgp::{
    Config, Peer, Session,
    learn::Names,
    originate::{Originator, routes},
    session::serve,
    wire::{Family, Update},
};
use device::Step;
use engine::{
    controller::BEYOND,
    event::EventKind,
    handle::Refusal,
    learn::{FactView, Learned, News, PeerView, Speaker, speak},
    snapshot::Snapshot,
    terms::{Manner, Most, Share},
};
use model::{
    Fact, InterfaceName, LinkId, Neighbour, NodeId, Oper, Port, Sid, Side, Source, Span, Standing,
    Surroundings, Ted, Timestamp, fact::DeviceSource, intent::Mode,
};
use support::{Lab, Running, intents, lab};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};

/// Longer than what is told has to stay the same before it is followed.
const SETTLED: Duration = Duration::from_secs(8);

fn core() -> NodeId {
    NodeId::lit("core-1")
}

/// What a peer says of the first core router's node SID, or nothing.
fn news(sid: Option<u32>, complete: bool) -> Arc<News> {
    let mut learned = Learned::default();
    if let Some(sid) = sid {
        let source =
            Source::Advertised(DeviceSource { node: NodeId::lit("rr1"), protocol: "bgp-ls".to_owned() });
        let fact = Fact::new(sid, source, Timestamp::from_micros(1));
        learned.nodes.entry(core()).or_default().node_sid = Some(fact);
    }
    Arc::new(News { learned, complete, ..News::default() })
}

/// Whether a policy of some device leads over this label.
fn leads_over(lab: &Lab, label: &str) -> bool {
    let label: Sid = label.parse().unwrap();
    lab.devices.values().any(|device| {
        let held = device.truth();
        let mut lists =
            held.policies.values().flat_map(|policy| &policy.candidates).flat_map(|path| &path.lists);
        lists.any(|list| list.sids.contains(&label))
    })
}

/// A controller that carries the example's services, and what tells it of the network.
async fn served(lab: &mut Lab) -> (Running, watch::Sender<Arc<News>>) {
    let (tell, learned) = watch::channel(news(None, true));
    lab.learned = learned;
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    assert!(leads_over(lab, "16002"));
    pass_over(&mut running);
    (running, tell)
}

/// What has happened so far is not waited for.
fn pass_over(running: &mut Running) {
    while running.events.try_recv().is_ok() {}
}

/// Applies the example's intents, once nothing else is under way.
async fn apply(running: &Running) {
    for _ in 0..200 {
        match running.apply(intents()).await {
            Err(Refusal::Busy) => tokio::time::sleep(Duration::from_millis(50)).await,
            done => return drop(done.unwrap()),
        }
    }
    panic!("something is always under way");
}

async fn set_mode(running: &Running, mode: Mode) {
    let ask = |reply| engine::handle::Command::SetMode { mode, who: "noc".into(), reply };
    running.engine.ask(ask).await.unwrap();
}

/// What is proposed within a time.
async fn proposed(running: &mut Running, within: Duration) -> Vec<String> {
    let (mut all, until) = (Vec::new(), Instant::now() + within);
    while let Ok(event) = tokio::time::timeout_at(until, running.events.recv()).await {
        if let EventKind::Proposed { why, .. } = event.unwrap().kind {
            all.push(why);
        }
    }
    all
}

fn is_proposed(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Proposed { .. })
}

fn waits(snapshot: &Snapshot) -> bool {
    snapshot.findings.iter().any(|finding| finding.code == "TL0091")
}

#[tokio::test(start_paused = true)]
async fn many_messages_are_one_change_when_they_have_settled() {
    let mut lab = lab();
    let (mut running, tell) = served(&mut lab).await;
    // What the file says already moves nothing.
    tell.send_replace(news(Some(2), true));
    for sid in [30, 31, 32, 33] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tell.send_replace(news(Some(sid), true));
    }
    running.snapshot(waits).await;
    let all = proposed(&mut running, 2 * SETTLED).await;
    assert_eq!(all, ["routers tell otherwise of core-1"]);
    assert!(leads_over(&lab, "16033") && !leads_over(&lab, "16002"));
    let shown = running.snapshot(|snapshot| !waits(snapshot)).await;
    let conflict = shown.findings.iter().find(|finding| finding.code == "TL0094").unwrap();
    assert_eq!(conflict.subject, "core-1");
    assert!(conflict.message.contains("nodeSid is 33"), "{}", conflict.message);
}

#[tokio::test(start_paused = true)]
async fn a_restart_follows_what_was_told_before_until_it_is_told_otherwise() {
    let mut lab = lab();
    let (mut running, tell) = served(&mut lab).await;
    tell.send_replace(news(Some(33), true));
    running.wait(is_proposed).await;
    // What plans follow, and that the change is over, is written down before it is shown.
    running.snapshot(|snapshot| !waits(snapshot) && !snapshot.changing).await;
    assert!(!leads_over(&lab, "16002"), "the last transaction is over");
    running.kill().await;
    let writes = lab.writes();

    // Nobody has told anything yet.
    let (tell, learned) = watch::channel(news(None, false));
    lab.learned = learned;
    let mut running = lab.start().await;
    let shown = running.snapshot(|snapshot| snapshot.sources.nodes.contains_key(&core())).await;
    let fact = &shown.sources.nodes[&core()][0];
    assert_eq!((fact.value.as_str(), fact.stale.is_some()), ("33", true));
    assert_eq!(proposed(&mut running, SETTLED).await, Vec::<String>::new());
    assert_eq!(lab.writes(), writes, "nothing is sent");
    // Intents that are sent meanwhile are compiled with it.
    apply(&running).await;
    assert!(leads_over(&lab, "16033") && !leads_over(&lab, "16002"));
    assert_eq!(lab.writes(), writes, "and they are the same");
    pass_over(&mut running);
    // When all have told all, and nobody tells of it, the file counts.
    tell.send_replace(news(None, true));
    running.wait(is_proposed).await;
    running.snapshot(|snapshot| !waits(snapshot)).await;
    assert!(leads_over(&lab, "16002") && !leads_over(&lab, "16033"));
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_act_it_is_proposed_once_and_comes_with_the_next_intents() {
    let mut lab = lab();
    let (mut running, tell) = served(&mut lab).await;
    set_mode(&running, Mode::Recommend).await;
    let writes = lab.writes();
    tell.send_replace(news(Some(33), true));
    assert_eq!(proposed(&mut running, 2 * SETTLED).await, ["routers tell otherwise of core-1"]);
    running.snapshot(waits).await;
    assert_eq!(lab.writes(), writes, "it was only proposed");
    set_mode(&running, Mode::Observe).await;
    tell.send_replace(news(Some(34), true));
    assert_eq!(proposed(&mut running, SETTLED).await, Vec::<String>::new());
    set_mode(&running, Mode::Recommend).await;
    apply(&running).await;
    assert!(leads_over(&lab, "16034") && !leads_over(&lab, "16002"));
    running.snapshot(|snapshot| !waits(snapshot)).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_told_and_goes_beyond_the_limit_is_held_back_and_comes_with_intents_that_may() {
    let mut lab = lab();
    let (tell, learned) = watch::channel(news(None, true));
    (lab.learned, lab.most) = (learned, Most { devices: Some(Share::Count(0)), services: None });
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply_so(intents(), Manner::at_once(true)).await.unwrap();
    pass_over(&mut running);
    let writes = lab.writes();
    tell.send_replace(news(Some(33), true));
    let is_raised =
        |kind: &EventKind| matches!(kind, EventKind::AlarmRaised { alarm, .. } if alarm == BEYOND);
    let EventKind::AlarmRaised { subject, why, .. } = running.wait(is_raised).await else { unreachable!() };
    assert_eq!(subject, "learned");
    assert!(why.contains("`routers tell otherwise of core-1` is held back: it changes"), "{why}");
    assert_eq!(lab.writes(), writes, "nothing is sent");
    running.apply_so(intents(), Manner::at_once(true)).await.unwrap();
    assert!(leads_over(&lab, "16033") && !leads_over(&lab, "16002"));
    running.wait(|kind| matches!(kind, EventKind::AlarmCleared { alarm, .. } if alarm == BEYOND)).await;
}

#[tokio::test(start_paused = true)]
async fn when_nobody_tells_any_more_all_is_silent_and_nothing_moves() {
    let mut lab = lab();
    let (mut running, tell) = served(&mut lab).await;
    let peer = PeerView {
        name: NodeId::lit("rr1"),
        address: "10.0.0.11:179".parse().unwrap(),
        up_since: Some(Timestamp::from_micros(1)),
        why: None,
        complete: true,
        routes: 1,
        stale: 0,
        refused: 0,
    };
    tell.send_replace(Arc::new(News { peers: vec![peer], ..News::clone(&news(Some(2), true)) }));
    running.wait(|kind| matches!(kind, EventKind::SourceUp { .. })).await;
    let writes = lab.writes();
    // The task that told has died.
    drop(tell);
    let is_down = |kind: &EventKind| matches!(kind, EventKind::SourceDown { .. });
    let EventKind::SourceDown { source, why } = running.wait(is_down).await else { unreachable!() };
    assert!(source.as_str() == "rr1" && why.contains("a fault of the program"), "{source}: {why}");
    let shown = running.snapshot(is_stale).await;
    assert!(shown.findings.iter().any(|finding| finding.code == "TL0093" && finding.subject == "rr1"));
    assert_eq!(lab.writes(), writes);
}

/// A router whose eth1 is up, and who hears somebody there.
fn hears(system: &str, port: &str) -> Surroundings {
    let eth1 = InterfaceName::lit("eth1");
    let neighbour = Neighbour {
        system_name: Some(system.to_owned()),
        port_id: Some(port.to_owned()),
        is_interface: true,
        ..Neighbour::default()
    };
    Surroundings {
        system_name: None,
        ports: [(eth1.clone(), Port { oper: Some(Oper::Up), ..Port::default() })].into(),
        neighbours: [(eth1, vec![neighbour])].into(),
        lsdb: None,
    }
}

/// What is shown of the branch's end of its first line.
fn at_the_branch(snapshot: &Snapshot, what: &str) -> Option<FactView> {
    let facts = snapshot.sources.links.get(&LinkId::lit("line1-br-1"))?;
    facts.iter().find(|fact| fact.what == what && fact.from == Some(Side::A)).cloned()
}

fn is_misplugged(snapshot: &Snapshot) -> bool {
    let mut findings = snapshot.findings.iter();
    findings.any(|finding| finding.code == "TL0088" && finding.subject == "line1-br-1")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cable_that_is_plugged_otherwise_is_told_moves_nothing_and_is_stale_while_its_router_is_silent() {
    let mut lab = lab();
    let branch = NodeId::lit("br-1");
    lab.devices[&branch].set_surroundings(hears("core-2", "eth9"));
    let (mut running, _tell) = served(&mut lab).await;
    let shown = running.snapshot(is_misplugged).await;
    let writes = lab.writes();
    let plug = at_the_branch(&shown, "neighbour").unwrap();
    assert_eq!((plug.value.as_str(), plug.source.as_str()), ("core-2 eth9", "br-1 by lldp"));
    assert_eq!((plug.other.unwrap().value.as_str(), plug.followed, plug.stale), ("core-1 eth3", false, None));
    assert_eq!(at_the_branch(&shown, "oper").unwrap().source, "br-1 by memory");
    assert_eq!(shown.sources.routers.len(), 1, "the others do not say what is around them");

    lab.devices[&branch].silence(Step::Read, 1_000);
    let is_stale =
        |snapshot: &Snapshot| at_the_branch(snapshot, "neighbour").is_some_and(|plug| plug.stale.is_some());
    let shown = running.snapshot(is_stale).await;
    assert!(is_misplugged(&shown), "what was said last stays");
    assert!(at_the_branch(&shown, "oper").unwrap().stale.is_some());
    assert!(shown.sources.routers[0].silent.is_some());
    lab.devices[&branch].silence(Step::Read, 0);
    running.snapshot(|snapshot| !is_stale(snapshot)).await;

    lab.devices[&branch].set_surroundings(hears("core-1", "eth3"));
    let shown = running.snapshot(|snapshot| !is_misplugged(snapshot)).await;
    assert_eq!(at_the_branch(&shown, "neighbour").unwrap().other, None);
    assert_eq!(proposed(&mut running, Duration::from_millis(500)).await, Vec::<String>::new());
    assert_eq!(lab.writes(), writes, "nothing is sent because of a cable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_router_said_of_itself_outlives_the_controller_and_is_stale_until_it_answers() {
    let mut lab = lab();
    let branch = NodeId::lit("br-1");
    lab.devices[&branch].set_surroundings(hears("core-1", "eth3"));
    let (mut running, _tell) = served(&mut lab).await;
    running.snapshot(|snapshot| at_the_branch(snapshot, "neighbour").is_some()).await;
    running.stop.cancel();
    running.task.await.unwrap();

    lab.devices[&branch].silence(Step::Read, 1_000);
    let mut running = lab.begin().await;
    let shown = running.snapshot(|snapshot| at_the_branch(snapshot, "neighbour").is_some()).await;
    let plug = at_the_branch(&shown, "neighbour").unwrap();
    assert_eq!((plug.value.as_str(), plug.stale.is_some()), ("core-1 eth3", true));
    assert!(shown.sources.routers.is_empty(), "it has not said anything yet");
    lab.devices[&branch].silence(Step::Read, 0);
    let is_fresh =
        |snapshot: &Snapshot| at_the_branch(snapshot, "neighbour").is_some_and(|plug| plug.stale.is_none());
    running.snapshot(is_fresh).await;
}

/// A reflector on loopback that tells of a network.
struct Reflector {
    address: SocketAddr,
    sessions: Arc<BTreeMap<IpAddr, Session>>,
    server: JoinHandle<()>,
    heard: tokio::sync::mpsc::Receiver<bgp::Heard>,
}

fn config(last: u8, passive: bool) -> Config {
    Config {
        local_as: 65_000,
        peer_as: 65_000,
        identifier: Ipv4Addr::new(10, 0, 0, last),
        hold_time: 30,
        families: vec![Family::LINK_STATE],
        passive,
        retry: Span::from_millis(50),
    }
}

impl Reflector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (session, heard) = Session::start(Peer::new(address, config(201, true)));
        let sessions = Arc::new(BTreeMap::from([(address.ip(), session)]));
        let held = Arc::clone(&sessions);
        let server = tokio::spawn(async move {
            serve(listener, &held).await;
        });
        Self { address, sessions, server, heard }
    }

    /// The controller's side.
    fn speaker(&self) -> Speaker {
        speaker(self.address)
    }

    async fn up(&mut self) {
        let up = async {
            while let Some(heard) = self.heard.recv().await {
                if matches!(heard.notice, bgp::Notice::Up(_)) {
                    return;
                }
            }
            panic!("the session is over");
        };
        timeout(Duration::from_secs(20), up).await.expect("the session came up in time");
    }

    async fn tell(&self, ted: &Ted) {
        let session = &self.sessions[&self.address.ip()];
        let originator = Originator { asn: 65_000, domain: 0, next_hop: self.address.ip(), external: None };
        for (nlri, attribute) in routes(ted, &Names::of(ted), &originator) {
            session.send(originator.announce(vec![nlri], attribute)).await.unwrap();
        }
        session.send(Update::end_of_rib(Family::LINK_STATE)).await.unwrap();
    }

    /// It is gone, with its socket.
    async fn die(self) {
        self.server.abort();
        let _ = self.server.await;
        drop(self.sessions);
    }
}

fn speaker(address: SocketAddr) -> Speaker {
    let peers = BTreeMap::from([(NodeId::lit("rr1"), Peer::new(address, config(200, false)))]);
    Speaker { listen: None, peers, names: Names::default() }
}

fn is_stale(snapshot: &Snapshot) -> bool {
    let facts = snapshot.sources.nodes.get(&core());
    facts.is_some_and(|facts| facts.iter().all(|fact| fact.stale.is_some()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sid_that_changes_is_followed_and_a_peer_that_dies_moves_nothing_also_over_a_restart() {
    let mut lab = lab();
    let mut reflector = Reflector::start().await;
    let file = Arc::new(lab.ted.clone());
    lab.learned = speak(reflector.speaker(), Arc::clone(&file)).await.unwrap();
    let mut running = lab.start().await;
    reflector.up().await;
    reflector.tell(&lab.ted).await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    running.snapshot(|snapshot| snapshot.sources.peers.iter().any(|peer| peer.complete)).await;
    assert!(leads_over(&lab, "16002"));
    pass_over(&mut running);

    let mut told = lab.ted.clone();
    told.nodes.get_mut(&core()).unwrap().node_sid = Some(Fact::from_file(40));
    reflector.tell(&told).await;
    let EventKind::Proposed { why, .. } = running.wait(is_proposed).await else { unreachable!() };
    assert_eq!(why, "routers tell otherwise of core-1");
    running.snapshot(|snapshot| !waits(snapshot) && !snapshot.changing).await;
    assert!(leads_over(&lab, "16040") && !leads_over(&lab, "16002"));
    let writes = lab.writes();

    let address = reflector.address;
    reflector.die().await;
    running.wait(|kind| matches!(kind, EventKind::SourceDown { .. })).await;
    let shown = running.snapshot(is_stale).await;
    assert!(shown.findings.iter().any(|finding| finding.code == "TL0093" && finding.subject == "rr1"));
    assert_eq!(proposed(&mut running, SETTLED).await, Vec::<String>::new());
    assert_eq!(lab.writes(), writes, "what is stale moves nothing");
    running.kill().await;

    // Nobody listens there any more.
    lab.learned = speak(speaker(address), file).await.unwrap();
    let mut running = lab.start().await;
    running.snapshot(is_stale).await;
    assert_eq!(proposed(&mut running, SETTLED).await, Vec::<String>::new());
    assert_eq!(lab.writes(), writes, "a restart sends nothing");
    assert!(leads_over(&lab, "16040"));
    let state = running.engine.ask(|reply| engine::handle::Command::State { reply }).await.unwrap();
    let sid = state.learned.nodes[&core()].node_sid.clone().unwrap();
    assert_eq!((sid.value, matches!(sid.standing, Standing::Stale { .. })), (40, true));
}
