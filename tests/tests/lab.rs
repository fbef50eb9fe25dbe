//! `trunkline lab` as a person calls it: the built programs make a lab, tell of it, hurt it and take it away.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "what it waits for happens in real time")]

#[path = "lab/examples.rs"]
mod examples;
#[path = "lab/outside.rs"]
mod outside;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use model::Delay;
use serde_json::Value;

/// Three routers in a triangle, and a host at two of them.
const FILE: &str = r#"
name: NAME
topology:
  nodes:
    a: {kind: linux, labels: {trunkline.role: hq, trunkline.router-id: 10.0.0.1, trunkline.locator: "fd00:0:1::/48", trunkline.node-sid: "1"}}
    b: {kind: linux, labels: {trunkline.role: core, trunkline.router-id: 10.0.0.2, trunkline.locator: "fd00:0:2::/48", trunkline.node-sid: "2"}}
    c: {kind: linux, labels: {trunkline.role: branch, trunkline.router-id: 10.0.0.3, trunkline.locator: "fd00:0:3::/48", trunkline.node-sid: "3"}}
    h: {kind: linux, image: alpine}
    k: {kind: linux, image: alpine}
  links:
    - {endpoints: ["a:eth1", "b:eth1"], vars: {name: ab, bandwidth: 1Gbps}}
    - {endpoints: ["b:eth2", "c:eth1"], vars: {name: bc, bandwidth: 1Gbps}}
    - {endpoints: ["a:eth2", "c:eth2"], vars: {name: ac, bandwidth: 1Gbps, delay: 10ms}}
    - {endpoints: ["c:eth3", "h:eth1"]}
    - {endpoints: ["a:eth3", "k:eth1"]}
"#;

/// A lab of one test. It is taken away when dropped.
struct Lab {
    folder: tempfile::TempDir,
    file: PathBuf,
}

impl Lab {
    /// That of [`FILE`], under a name of its own.
    fn new(name: &str) -> Self {
        Self::of(&FILE.replace("NAME", &format!("{name}{}", std::process::id())))
    }

    fn of(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lab.clab.yml");
        std::fs::write(&file, text).unwrap();
        Self { folder, file }
    }

    /// Its own folder, while it is up.
    fn home(&self) -> PathBuf {
        let labs = self.folder.path().join("labs");
        let own = std::fs::read_dir(&labs).ok().and_then(|mut entries| entries.next()?.ok());
        own.map_or_else(|| labs.join("none"), |entry| entry.path())
    }

    /// Calls the program. What it starts keeps none of its descriptors, or this would wait for ever.
    fn call(&self, command: &str, more: &[&str]) -> Output {
        let (more, after) = more.split_at(more.iter().take_while(|word| word.starts_with("--")).count());
        Command::new(trunkline())
            .args(["lab", command])
            .args(more)
            .arg(&self.file)
            .arg("--folder")
            .arg(self.folder.path().join("labs"))
            .args(after)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn done(&self, command: &str, more: &[&str]) -> String {
        let output = self.call(command, more);
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
        assert!(output.status.success(), "{command} {more:?}: {out}{err}");
        out
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.done("status", &["--format=json"])).unwrap()
    }

    /// Waits until the lab's status is as wanted.
    fn wait(&self, what: &str, wanted: impl Fn(&Value) -> bool) {
        let until = Instant::now() + Duration::from_secs(90);
        loop {
            let status = self.status();
            if wanted(&status) {
                return;
            }
            assert!(Instant::now() < until, "{what}: {status:#}");
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Takes it away: nothing is left, and nobody keeps it.
    fn must_go(&self) {
        let lab = self.home();
        let record: Value = serde_json::from_slice(&std::fs::read(lab.join("record.json")).unwrap()).unwrap();
        self.done("down", &[]);
        assert!(!lab.exists(), "its folder is gone");
        let keeper = Path::new("/proc").join(record["keeper"]["pid"].to_string());
        let until = Instant::now() + Duration::from_secs(20);
        while keeper.exists() {
            assert!(Instant::now() < until, "who kept it is gone");
            thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(self.call("status", &[]).status.code(), Some(2), "there is no such lab");
        self.done("down", &[]);
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.call("down", &[]);
    }
}

/// The program under test.
fn trunkline() -> PathBuf {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("trunkline"));
    let found = std::env::var_os("TRUNKLINE_BIN").map(PathBuf::from).or_else(beside);
    let there = |path: &PathBuf| path.exists() && path.with_file_name("trunkline-router").exists();
    found.filter(there).expect("build the programs first: cargo build --workspace --bins")
}

fn session(status: &Value, node: &str) -> String {
    status["sessions"][node].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_simulated_lab_comes_up_is_hurt_and_goes() {
    let lab = Lab::new("simulated");
    let told = lab.done("up", &["--mode=process", "--listen=127.0.0.1:0", "--vrf=production"]);
    assert!(told.contains("is up, simulated: 3 routers") && told.contains("TRUNKLINE_TOKEN_FILE="), "{told}");
    let up = |status: &Value| ["a", "b", "c"].iter().all(|node| session(status, node) == "up");
    lab.wait("all sessions are up", up);
    let status = lab.status();
    assert_eq!(status["mode"], "process");
    assert!(status["status"]["nodes"]["h"].is_null(), "a host is nothing to a simulation of routers");
    lab.done("fault", &["link", "impair", "ac", "--from", "a", "--delay", "30ms"]);
    let ac = &lab.status()["status"]["lines"]["ac"];
    assert_eq!(
        (&ac["impairments"][0]["delay"], &ac["impairments"][1]["delay"]),
        (&"40ms".into(), &"10ms".into())
    );
    lab.done("fault", &["link", "down", "ab"]);
    assert_eq!(lab.status()["status"]["lines"]["ab"]["up"], false);
    lab.done("fault", &["control-plane", "partition", "a"]);
    lab.wait("the session of a is down", |status| session(status, "a").starts_with("down"));
    lab.done("fault", &["control-plane", "join", "a"]);
    lab.wait("all sessions are up again", up);
    let unknown = lab.call("fault", &["link", "down", "nope"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("nope"), "{unknown:?}");
    let frozen = lab.call("fault", &["node", "freeze", "a"]);
    assert!(String::from_utf8_lossy(&frozen.stderr).contains("not done yet"), "{frozen:?}");
    assert_eq!(lab.call("up", &["--listen=127.0.0.1:0"]).status.code(), Some(1), "it is up already");
    lab.must_go();
}

/// A line of the case of 12 routers.
const LINE: &str = "line1:core-sh1--br-hangzhou";

/// Scenario files: one that a lab cannot do, and one that leaves the line broken.
fn scenarios(lab: &Lab) -> [String; 2] {
    let head = "apiVersion: trunkline/v1\nkind: Scenario\nsteps:\n";
    let expect = |what: &str, time: &str| format!("  - {{expect: {{{what}}}, within: {time}}}\n");
    let surge =
        format!("{head}  - {{at: 1s, do: {{surge: voice, to: 200%}}}}\n{}", expect("reroutes: 0", "9s"));
    let worse = [
        format!("{head}  - {{at: 2s, do: {{impair: \"{LINE}\", delay: 60ms}}}}\n"),
        expect("intent: \"production*\", kept: false", "20s"),
        expect("intent: \"production*\", kept: true", "40s"),
        expect(&format!("path: \"production*\", avoids: \"{LINE}\""), "40s"),
    ];
    [("surge.yaml", surge), ("worse.yaml", worse.concat())].map(|(name, text)| {
        let path = lab.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    })
}

#[test]
fn a_scenario_is_played_on_a_lab_that_is_up_and_leaves_it_whole() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let file = |name: &str| root.join(name).display().to_string();
    let lab = Lab::new("played");
    let text = std::fs::read_to_string(root.join("lab/ceb-12.clab.yml")).unwrap();
    let name = format!("name: played{}", std::process::id());
    std::fs::write(&lab.file, text.replace("name: ceb-12", &name)).unwrap();
    let traffic = format!("--traffic={}", file("lab/ceb-12/traffic.yaml"));
    lab.done("up", &["--mode=process", "--listen=127.0.0.1:0", &traffic]);
    let [surge, worse] = scenarios(&lab);
    let intents =
        ["intents/examples/ceb/classes.yaml", "intents/examples/ceb/alarms.yaml", "lab/ceb-12/intents.yaml"]
            .map(file);
    let report = lab.folder.path().join("run.json").display().to_string();
    let play = |scenario: &str| {
        let [classes, alarms, services] = &intents;
        lab.call("play", &[scenario, "--report", &report, "--intents", classes, alarms, services])
    };
    let refused = play(&surge);
    let said = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(said.contains("TL0173") && said.contains("surge.yaml:4"), "{said}");
    assert!(!Path::new(&report).exists(), "nothing was played");
    let played = play(&worse);
    assert!(played.status.success(), "{played:?}");
    let run: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    assert_eq!(run["verdict"]["passed"], true, "{run:#}");
    let marks: Vec<&str> =
        run["marks"].as_array().unwrap().iter().filter_map(|mark| mark["text"].as_str()).collect();
    assert!(marks.iter().any(|text| *text == format!("{LINE} goes bad: delay +60ms")), "{marks:?}");
    assert!(!run["moves"].as_array().unwrap().is_empty(), "{run:#}");
    let line = &lab.status()["status"]["lines"][LINE];
    assert_eq!(line["impairments"][0]["delay"], "1.67ms", "what was left broken is mended: {line:#}");
    lab.must_go();
}

#[test]
fn a_lab_of_namespaces_comes_up_is_hurt_and_goes() {
    let lab = Lab::new("namespaces");
    let up = lab.call("up", &["--mode=netns"]);
    let said = String::from_utf8_lossy(&up.stderr).into_owned();
    if !up.status.success() && ["needs root", "is not there"].iter().any(|why| said.contains(why)) {
        println!("skipped: {said}");
        return;
    }
    assert!(up.status.success(), "{said}");
    let status = lab.status();
    let (nodes, lines) = (&status["status"]["nodes"], &status["status"]["lines"]);
    assert_eq!((nodes.as_object().unwrap().len(), lines.as_object().unwrap().len()), (5, 5));
    assert!(lines.as_object().unwrap().values().all(|line| line["up"] == true), "{status:#}");
    assert_eq!((&nodes["h"]["host"], &nodes["a"]["host"]), (&true.into(), &false.into()));
    sends_and_receives(&lab);
    lab.done("fault", &["link", "impair", "ac", "--loss", "100%"]);
    lab.done("fault", &["link", "down", "bc"]);
    let status = lab.status();
    let lines = &status["status"]["lines"];
    assert_eq!((&lines["bc"]["up"], &lines["ab"]["up"]), (&false.into(), &true.into()));
    assert_eq!(lines["ac"]["impairments"][1]["loss"], "100%");
    lab.must_go();
}

/// Hosts send what a traffic file says, and tell what became of it: over the line of 10 ms both ways, and nothing while it is cut.
fn sends_and_receives(lab: &Lab) {
    let file = lab.folder.path().join("traffic.yaml");
    let flow = "{name: voice, hubs: {name: a}, spokes: {name: c}, vrf: voice, dscp: ef, rate: 8Mbps}";
    std::fs::write(&file, format!("apiVersion: trunkline/v1\nkind: Traffic\nflows:\n  - {flow}\n")).unwrap();
    let file = file.to_str().unwrap();
    let told = lab.done("traffic", &["start", file, "--share=10%", "--size=500"]);
    assert!(told.starts_with("2 flows are sent"), "{told}");
    thread::sleep(Duration::from_secs(1));
    let seen: Value = serde_json::from_str(&lab.done("traffic", &["show", "--format=json"])).unwrap();
    for (flow, ends) in seen["flows"].as_array().unwrap().iter().zip([("k", "h"), ("h", "k")]) {
        let assigned = &flow["offer"]["assigned"];
        assert_eq!((&assigned["sender"], &assigned["receiver"]), (&ends.0.into(), &ends.1.into()));
        // 200 packets a second.
        let received = flow["tally"]["received"].as_u64().unwrap();
        assert!(received > 100 && flow["tally"]["lost"] == 0, "{flow:#}");
        assert_eq!(flow["tally"]["dscp"]["ef"], received);
        let least: Delay = flow["tally"]["delay"]["min"].as_str().unwrap().parse().unwrap();
        assert!((10_000..60_000).contains(&least.as_micros()), "{least}");
    }
    let text = lab.done("traffic", &["show"]);
    assert!(text.contains("voice/a~c") && text.contains("LOST"), "{text}");
    // Behind a line that loses everything, and no other way.
    lab.done("fault", &["link", "down", "ab"]);
    lab.done("fault", &["link", "impair", "ac", "--loss", "100%"]);
    thread::sleep(Duration::from_millis(500));
    lab.done("fault", &["link", "heal", "ac"]);
    lab.done("fault", &["link", "up", "ab"]);
    thread::sleep(Duration::from_millis(500));
    let seen: Value = serde_json::from_str(&lab.done("traffic", &["stop", "--format=json"])).unwrap();
    for flow in seen["flows"].as_array().unwrap() {
        let tally = &flow["tally"];
        assert_eq!(tally["outstanding"], 0, "{tally:#}");
        let sum = tally["received"].as_u64().unwrap() + tally["lost"].as_u64().unwrap();
        assert_eq!(tally["sent"]["packets"], sum, "{tally:#}");
        let longest =
            tally["runs"].as_array().unwrap().iter().filter_map(|run| run["packets"].as_u64()).max();
        assert!(longest.is_some_and(|longest| longest > 40), "{tally:#}");
    }
    let refused = lab.call("traffic", &["start", file, "--size=20"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("a packet of 20 octets"), "{refused:?}");
}
