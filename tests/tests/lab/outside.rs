//! A lab of namespaces changes nothing of the machine outside of these: neither while it is up, nor after it, nor when whoever kept it was
//! killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use super::{Lab, session};

/// What this machine has, by what it is.
type Outside = BTreeMap<String, BTreeSet<String>>;

/// Words whose next word counts seconds.
const CLOCKS: [&str; 4] = ["valid_lft", "preferred_lft", "expires", "age"];

/// Settings of the kernel that count.
const COUNTERS: [&str; 1] = ["nf_conntrack_count"];

/// Addresses, routes, rules, firewall and settings of this machine.
fn outside() -> Outside {
    let commands = [
        "ip -o link",
        "ip -o addr",
        "ip -4 route show table all",
        "ip -6 route show table all",
        "ip -4 rule",
        "ip -6 rule",
        "ip -4 neigh show nud permanent",
        "nft --stateless list ruleset",
    ];
    let mut all: Outside = commands.iter().map(|command| ((*command).to_owned(), said(command))).collect();
    let mut settings = BTreeSet::new();
    settings_below(Path::new("/proc/sys/net"), &mut settings);
    assert!(settings.len() > 100, "the kernel tells its settings: {}", settings.len());
    all.insert("/proc/sys/net".to_owned(), settings);
    all
}

/// The lines that a command says, without what counts seconds.
fn said(command: &str) -> BTreeSet<String> {
    let words: Vec<&str> = command.split(' ').collect();
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    let steady = |line: &str| {
        let mut words = line.split_whitespace();
        let mut kept = Vec::new();
        while let Some(word) = words.next() {
            if CLOCKS.contains(&word) {
                words.next();
            } else {
                kept.push(word);
            }
        }
        kept.join(" ")
    };
    String::from_utf8_lossy(&output.stdout).lines().map(steady).collect()
}

/// All settings below a folder that can be read.
fn settings_below(folder: &Path, settings: &mut BTreeSet<String>) {
    // Folders of interfaces come and go.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            settings_below(&path, settings);
        } else if !COUNTERS.iter().any(|counter| path.ends_with(counter))
            && let Ok(value) = fs::read_to_string(&path)
        {
            settings.insert(format!("{} = {}", path.display(), value.trim()));
        }
    }
}

fn must_be(before: &Outside, when: &str) {
    let now = outside();
    for (what, was) in before {
        let is = &now[what];
        let (gone, new): (Vec<_>, Vec<_>) = (was.difference(is).collect(), is.difference(was).collect());
        assert!(gone.is_empty() && new.is_empty(), "{when}: `{what}`: gone {gone:#?}, new {new:#?}");
    }
}

/// Makes it, and waits until its controller has all sessions. False where this machine has no namespaces to give, which is told.
fn comes_up(lab: &Lab) -> bool {
    let up = lab.call("up", &["--mode=netns", "--listen=127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&up.stderr).into_owned();
    if !up.status.success() && ["needs root", "is not there"].iter().any(|why| said.contains(why)) {
        println!("skipped: {said}");
        return false;
    }
    assert!(up.status.success(), "{said}");
    lab.wait("all sessions are up", |status| {
        ["a", "b", "c"].iter().all(|node| session(status, node) == "up")
    });
    true
}

/// Namespaces of labs whose names begin so.
fn spaces(lab: &str) -> Vec<String> {
    let entries = fs::read_dir("/run/netns").into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with(&format!("tlg-{lab}."))).collect()
}

/// Processes that were called with something of a folder.
fn processes(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let called = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let called = called.map(|words| String::from_utf8_lossy(&words).replace('\0', " "));
    called.filter(|words| words.contains(&folder)).collect()
}

#[test]
fn what_is_outside_of_a_lab_stays_as_it_is_also_when_its_keeper_is_killed() {
    let name = format!("outside{}", std::process::id());
    let lab = Lab::new("outside");
    if !comes_up(&lab) {
        return;
    }
    lab.must_go();
    // Whatever a first lab has the kernel load is there now.
    let before = outside();
    assert!(comes_up(&lab));
    must_be(&before, "while it is up");
    lab.done("fault", &["link", "impair", "ac", "--delay", "5ms"]);
    lab.done("fault", &["link", "down", "bc"]);
    lab.done("fault", &["node", "kill", "b"]);
    must_be(&before, "while it is hurt");
    lab.must_go();
    must_be(&before, "when it is gone");
    assert!(comes_up(&lab));
    assert_eq!(spaces(&name).len(), 5, "{:?}", spaces(&name));
    assert!(processes(lab.folder.path()).len() >= 5, "keeper, controller, three agents");
    let record: Value = serde_json::from_slice(&fs::read(lab.home().join("record.json")).unwrap()).unwrap();
    let keeper = i32::try_from(record["keeper"]["pid"].as_i64().unwrap()).unwrap();
    kill(Pid::from_raw(keeper), Signal::SIGKILL).unwrap();
    lab.done("down", &[]);
    assert!(spaces(&name).is_empty() && !lab.home().exists(), "{:?}", spaces(&name));
    // Agents and controller end by themselves when nobody keeps them.
    let until = Instant::now() + Duration::from_secs(20);
    while !processes(lab.folder.path()).is_empty() {
        assert!(Instant::now() < until, "they go on: {:#?}", processes(lab.folder.path()));
        thread::sleep(Duration::from_millis(50));
    }
    must_be(&before, "after its keeper was killed");
}
