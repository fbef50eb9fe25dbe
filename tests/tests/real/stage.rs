//! A lab that is up, its controller, and hosts that send.

use std::{
    cell::OnceCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use engine::snapshot::Snapshot;
use host::{Assigned, Exchange, Flow, FlowId, Pace, Station, Tally, station, tally::Run};
use serde_json::Value;
use tokio::runtime::Runtime;

/// So many labs at once. A lab wants two processors: two labs on two of them take these from each other's packets, and what is measured
/// of the one is the other.
fn at_once() -> usize {
    (thread::available_parallelism().map_or(1, usize::from) / 2).max(1)
}

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many places for labs are taken.
static TAKEN: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// A place that is taken.
struct Taken;

impl Taken {
    fn wait() -> Self {
        let (taken, freed) = &TAKEN;
        let taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |taken: &mut usize| *taken >= at_once();
        let mut taken = freed.wait_while(taken, is_full).unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Self
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let (taken, freed) = &TAKEN;
        *taken.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        freed.notify_one();
    }
}

/// A lab of one test. It is taken away when this goes.
pub struct Stage {
    folder: tempfile::TempDir,
    file: PathBuf,
    name: String,
    door: Door,
    line: OnceCell<Line>,
    pub hosts: Exchange,
    // The last to go.
    _place: Taken,
}

struct Door {
    url: String,
    token: PathBuf,
}

/// A connection to the controller.
struct Line {
    runtime: Runtime,
    client: api::Client,
}

impl Line {
    fn to(door: &Door) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = api::Client::new(&door.url, api::Token::load(&door.token).ok()).unwrap();
        Self { runtime, client }
    }
}

/// The folder of the project.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// This moment, microseconds since 1970, as events and packets have it.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap()
}

/// Packets that were sent after a moment, microseconds since 1970, and lost.
pub fn lost_since(tally: &Tally, moment: u64) -> u64 {
    let later = |run: &&Run| run.last.is_none_or(|last| last.as_micros() > moment);
    tally.runs.iter().filter(later).map(|run| run.packets).sum()
}

fn trunkline() -> PathBuf {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("trunkline"));
    let found = std::env::var_os("TRUNKLINE_BIN").map(PathBuf::from).or_else(beside);
    let there = |path: &PathBuf| path.exists() && path.with_file_name("trunkline-router").exists();
    found.filter(there).expect("build the programs first: cargo build --workspace --bins")
}

impl Stage {
    /// Makes the lab of a containerlab file, whose name is NAME in it, and waits until its controller has all sessions. None where this
    /// machine has no namespaces to give, which is told.
    pub fn up(name: &str, text: &str, more: &[&str]) -> Option<Self> {
        let place = Taken::wait();
        let folder = tempfile::tempdir().unwrap();
        let name = format!("{name}{}", std::process::id() % 10_000);
        let file = folder.path().join(format!("{name}.clab.yml"));
        std::fs::write(&file, text.replace("NAME", &name)).unwrap();
        let door = Door { url: String::new(), token: PathBuf::new() };
        let mut stage = Self {
            folder,
            file,
            name,
            door,
            line: OnceCell::new(),
            hosts: Exchange::default(),
            _place: place,
        };
        let words = ["up", "--mode=netns", "--listen=127.0.0.1:0"];
        let words: Vec<&str> = words.iter().chain(more).copied().collect();
        let up = stage.call(&words);
        let said = String::from_utf8_lossy(&up.stderr).into_owned();
        if !up.status.success() && ["needs root", "is not there"].iter().any(|why| said.contains(why)) {
            println!("skipped: {said}");
            return None;
        }
        assert!(up.status.success(), "{}{said}{}", String::from_utf8_lossy(&up.stdout), stage.logs());
        let status = stage.status();
        let text = |name: &str| status["controller"][name].as_str().unwrap().to_owned();
        stage.door = Door { url: text("url"), token: text("token").into() };
        stage.wait_for_sessions();
        Some(stage)
    }

    /// Waits until the controller has a session to every router.
    pub fn wait_for_sessions(&self) {
        self.wait("all sessions are up", |stage| {
            let status = stage.status();
            let routers =
                status["status"]["nodes"].as_object()?.values().filter(|node| node["host"] == false).count();
            let sessions = status["sessions"].as_object()?;
            (sessions.len() == routers && sessions.values().all(|session| session == "up")).then_some(())
        });
    }

    fn call(&self, words: &[&str]) -> Output {
        let (command, more) = words.split_first().unwrap();
        let (options, after) = more.split_at(more.iter().take_while(|word| word.starts_with("--")).count());
        let mut call = Command::new(trunkline());
        call.args(["lab", command])
            .args(options)
            .arg(&self.file)
            .arg("--folder")
            .arg(self.folder.path().join("labs"));
        call.args(after).stdin(Stdio::null()).output().unwrap()
    }

    /// `trunkline lab …`, which must succeed.
    pub fn lab(&self, words: &[&str]) -> String {
        let output = self.call(words);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "lab {words:?}: {out}{err}{}", self.logs());
        out.into_owned()
    }

    /// `trunkline lab fault … link impair …` and the like.
    pub fn fault(&self, words: &[&str]) {
        self.lab(&[&["fault"], words].concat());
    }

    pub fn status(&self) -> Value {
        serde_json::from_str(&self.lab(&["status", "--format=json"])).unwrap()
    }

    /// Another command, asking the lab's controller.
    pub fn ask(&self, words: &[&str]) -> Command {
        let mut call = Command::new(trunkline());
        call.args(words).stdin(Stdio::null());
        call.env("TRUNKLINE_CONTROLLER", &self.door.url).env("TRUNKLINE_TOKEN_FILE", &self.door.token);
        call
    }

    /// The same, which must succeed.
    pub fn told(&self, words: &[&str]) -> String {
        let output = self.ask(words).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{words:?}: {out}{err}{}", self.logs());
        out.into_owned()
    }

    /// Writes intents down.
    pub fn intents(&self, name: &str, text: &str) -> String {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    }

    /// Has the network follow intents.
    pub fn apply(&self, files: &[&str]) {
        self.told(&[&["apply"], files, &["-m", "a test"]].concat());
    }

    /// Begins to do so.
    pub fn begin_to_apply(&self, files: &[&str]) -> Child {
        let words = [&["apply"], files, &["-m", "a test"]].concat();
        self.ask(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The file that it is made of.
    pub fn network(&self) -> String {
        self.file.display().to_string()
    }

    /// The namespace of a node.
    pub fn space(&self, node: &str) -> String {
        format!("tlg-{}.{node}", self.name)
    }

    /// What happened last, as the controller tells it. Asked over a connection that stays: who is killed in the middle of a change is told by
    /// what this says.
    pub fn timeline(&self) -> Vec<Value> {
        let line = self.line();
        let events = line.runtime.block_on(line.client.timeline()).unwrap();
        events.iter().map(|event| serde_json::to_value(event).unwrap()).collect()
    }

    /// What the controller knows of the network now.
    pub fn state(&self) -> Snapshot {
        let line = self.line();
        line.runtime.block_on(line.client.state()).unwrap()
    }

    fn line(&self) -> &Line {
        self.line.get_or_init(|| Line::to(&self.door))
    }

    /// The events of a kind.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        self.timeline().into_iter().filter(|event| event["kind"] == kind).collect()
    }

    /// The loop has moved nothing: where it has, what is counted from now on says nothing of what the test does.
    pub fn calm(&self) {
        let moved = self.events("rerouted");
        assert!(
            moved.is_empty(),
            "nothing was done to any line, and services moved: {moved:?}{}",
            self.logs()
        );
    }

    /// Waits until something is there.
    pub fn wait<T>(&self, what: &str, there: impl Fn(&Self) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(there) = there(self) {
                return there;
            }
            assert!(Instant::now() < until, "{what}: {}", self.logs());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Flows from host to host: name, sender and its address, receiver and its address, code point, packets a second, octets of each.
    /// They have the numbers of their places.
    pub fn send(&mut self, flows: &[Sends<'_>]) {
        let assigned: Vec<Assigned> = (1_u32..)
            .zip(flows)
            .map(|(id, flow)| {
                for host in [flow.from.0, flow.to.0] {
                    if !self.hosts.has(host) {
                        let station = Station::start(host, station::namespace(&self.space(host)));
                        self.hosts.add(station.unwrap());
                    }
                }
                let port = u16::try_from(4_000 + id * 10).unwrap();
                let ends = [flow.from.1, flow.to.1]
                    .map(|address| (address.parse::<std::net::IpAddr>().unwrap(), port).into());
                let [from, to] = ends;
                let mut sent = Flow::new(id, from, to, flow.dscp.parse().unwrap(), Pace::Packets(flow.pace));
                sent.size = flow.size;
                Assigned { sender: flow.from.0.to_owned(), receiver: flow.to.0.to_owned(), flow: sent }
            })
            .collect();
        self.hosts.start(assigned).unwrap();
    }

    /// What is known of all flows now.
    pub fn tally(&self) -> BTreeMap<FlowId, Tally> {
        self.hosts.tally().unwrap().tallies
    }

    /// Ends all flows, and tells what became of them.
    pub fn stop(&mut self) -> BTreeMap<FlowId, Tally> {
        self.hosts.stop(Duration::from_secs(2)).unwrap().tallies
    }

    /// The folder of the lab.
    pub fn labs(&self) -> PathBuf {
        self.folder.path().join("labs").join(&self.name)
    }

    /// What the processes of the lab have said last.
    pub fn logs(&self) -> String {
        let labs = self.labs();
        let last = |file: &str| {
            let text = std::fs::read_to_string(labs.join(file)).unwrap_or_default();
            let lines: Vec<&str> = text.lines().rev().take(15).collect();
            format!("\n--- {file}\n{}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
        };
        ["keeper.log", "lab-files/routers.log", "lab-files/controller.log"].map(last).concat()
    }

    /// All that the agents have said of how much they wrote, by router, in the order in which they said it.
    pub fn writes(&self, router: &str) -> Vec<u64> {
        let file = self.labs().join("lab-files/routers.log");
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let plain: String = without_colours(&text);
        let of_router =
            |line: &&str| line.contains("netlink writes") && line.contains(&format!("router={router} "));
        let total = |line: &str| line.split("total=").nth(1)?.split_whitespace().next()?.parse().ok();
        plain.lines().filter(of_router).filter_map(total).collect()
    }
}

/// What one host sends to another.
#[derive(Clone, Copy)]
pub struct Sends<'a> {
    pub from: (&'a str, &'a str),
    pub to: (&'a str, &'a str),
    pub dscp: &'a str,
    pub pace: u32,
    pub size: u16,
}

fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut parts = text.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.hosts = Exchange::default();
        self.call(&["down"]);
    }
}

/// Four routers: from r1 to r4 over r2, which the IGP prefers, or over r3. A customer at both ends.
pub const SQUARE: &str = r#"
name: NAME
topology:
  kinds: {linux: {image: trunkline-router}}
  nodes:
    r1: {kind: linux, labels: {trunkline.role: hq, trunkline.router-id: 10.0.0.1, trunkline.locator: "fd00:0:1::/48", trunkline.node-sid: "1"}}
    r2: {kind: linux, labels: {trunkline.role: core, trunkline.router-id: 10.0.0.2, trunkline.locator: "fd00:0:2::/48", trunkline.node-sid: "2"}}
    r3: {kind: linux, labels: {trunkline.role: core, trunkline.router-id: 10.0.0.3, trunkline.locator: "fd00:0:3::/48", trunkline.node-sid: "3"}}
    r4: {kind: linux, labels: {trunkline.role: branch, trunkline.router-id: 10.0.0.4, trunkline.locator: "fd00:0:4::/48", trunkline.node-sid: "4"}}
    h1: {kind: linux, labels: {trunkline.role: host, trunkline.vrf: bank}}
    h4: {kind: linux, labels: {trunkline.role: host, trunkline.vrf: bank}}
  links:
    - {endpoints: ["r1:eth1", "r2:eth1"], vars: {name: r1r2, bandwidth: 100Mbps, igp: 10, affinity: [upper], delay: 1ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["r2:eth2", "r4:eth1"], vars: {name: r2r4, bandwidth: 100Mbps, igp: 10, affinity: [upper], delay: 1ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["r1:eth2", "r3:eth1"], vars: {name: r1r3, bandwidth: 100Mbps, igp: 50, affinity: [lower], delay: 2ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["r3:eth2", "r4:eth2"], vars: {name: r3r4, bandwidth: 100Mbps, igp: 50, affinity: [lower], delay: 2ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["r1:cust", "h1:eth1"], ipv4: ["10.1.0.1/24", "10.1.0.2/24"], ipv6: ["2001:db8:1::1/64", "2001:db8:1::2/64"]}
    - {endpoints: ["r4:cust", "h4:eth1"], ipv4: ["10.4.0.1/24", "10.4.0.2/24"], ipv6: ["2001:db8:4::1/64", "2001:db8:4::2/64"]}
"#;

/// Five routers that read several SIDs out of one address: from r1 to r4 over r2, which the IGP prefers, or over r3 and r5. A customer at
/// both ends.
pub const CONTAINERS: &str = r#"
name: NAME
topology:
  kinds: {linux: {image: trunkline-router}}
  nodes:
    r1: {kind: linux, labels: {trunkline.role: hq, trunkline.router-id: 10.0.0.1, trunkline.locator: "fd00:0:101::/48", trunkline.next-csid: 32/16}}
    r2: {kind: linux, labels: {trunkline.role: core, trunkline.router-id: 10.0.0.2, trunkline.locator: "fd00:0:102::/48", trunkline.next-csid: 32/16}}
    r3: {kind: linux, labels: {trunkline.role: core, trunkline.router-id: 10.0.0.3, trunkline.locator: "fd00:0:103::/48", trunkline.next-csid: 32/16}}
    r4: {kind: linux, labels: {trunkline.role: branch, trunkline.router-id: 10.0.0.4, trunkline.locator: "fd00:0:104::/48", trunkline.next-csid: 32/16}}
    r5: {kind: linux, labels: {trunkline.role: core, trunkline.router-id: 10.0.0.5, trunkline.locator: "fd00:0:105::/48", trunkline.next-csid: 32/16}}
    h1: {kind: linux, labels: {trunkline.role: host, trunkline.vrf: bank}}
    h4: {kind: linux, labels: {trunkline.role: host, trunkline.vrf: bank}}
  links:
    - {endpoints: ["r1:eth1", "r2:eth1"], vars: {name: r1r2, bandwidth: 100Mbps, igp: 10, affinity: [upper], delay: 1ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["r2:eth2", "r4:eth1"], vars: {name: r2r4, bandwidth: 100Mbps, igp: 10, affinity: [upper], delay: 1ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["r1:eth2", "r3:eth1"], vars: {name: r1r3, bandwidth: 100Mbps, igp: 50, affinity: [lower], delay: 2ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["r3:eth2", "r5:eth1"], vars: {name: r3r5, bandwidth: 100Mbps, igp: 50, affinity: [lower], delay: 2ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["r5:eth2", "r4:eth2"], vars: {name: r5r4, bandwidth: 100Mbps, igp: 50, affinity: [lower], delay: 2ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["r1:cust", "h1:eth1"], ipv4: ["10.1.0.1/24", "10.1.0.2/24"], ipv6: ["2001:db8:1::1/64", "2001:db8:1::2/64"]}
    - {endpoints: ["r4:cust", "h4:eth1"], ipv4: ["10.4.0.1/24", "10.4.0.2/24"], ipv6: ["2001:db8:4::1/64", "2001:db8:4::2/64"]}
"#;

/// Voice from r1 to r4 and back, over the lines of an affinity.
pub fn voice_over(affinity: &str) -> String {
    format!(
        "
apiVersion: trunkline/v1
kind: QosProfile
metadata: {{name: two}}
spec:
  interfaces: all
  queues:
    voice: {{discipline: strict}}
    office: {{discipline: weighted, weight: 10}}
---
apiVersion: trunkline/v1
kind: TrafficClass
metadata: {{name: voice}}
spec: {{value: 90, dscp: [ef], queue: voice, profile: two}}
---
apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {{name: voice}}
spec:
  connectivity: {{type: p2p, endpoints: [r1, r4], bidirectional: true}}
  vrf: bank
  class: voice
  slo: {{oneWayDelay: 45ms, loss: 1%, bandwidth: 2Mbps}}
  path: {{dataplane: srv6, prefer: [{{affinity: {affinity}}}]}}
  assurance: {{breach: {{for: 1s}}, holdDown: 2s, waitToRestore: 5s}}
"
    )
}

/// Voice over IPv4 from the customer at r1 to that at r4.
pub const VOICE: Sends<'static> =
    Sends { from: ("h1", "10.1.0.2"), to: ("h4", "10.4.0.2"), dscp: "ef", pace: 200, size: 200 };
