//! Labs with agents and a controller, made by the built program as a person calls it: how long until all sessions are up, and what the
//! routers' processes take then, with no intent applied yet.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    bare::ring,
    figures::Figures,
    stage::{root, trunkline},
};

/// How long sessions may take to come up.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often is looked whether they are.
const STEP: Duration = Duration::from_millis(200);
/// How long after that memory is looked at: agents have told what they hold, and probe.
const SETTLES: Duration = Duration::from_secs(10);

/// Few routers: each has a process.
pub fn agents(figures: &mut Figures) -> Result<(), String> {
    let lab = Lab::of_file("ceb-12");
    figures.add("agents up", lab.up(&[], all_up)?);
    for process in lab.routers() {
        figures.add("agents resident", process.mebibytes("status", "VmRSS:"));
        figures.add("agents own", process.mebibytes("status", "RssAnon:"));
        figures.add("agents share", process.mebibytes("smaps_rollup", "Pss:"));
    }
    Ok(())
}

/// Many routers: all share one.
pub fn packed(figures: &mut Figures) -> Result<(), String> {
    shared(["packed up", "packed resident"], &Lab::of_file("ceb"), &[], all_up, figures)
}

/// The same with FRR: all adjacencies are up too.
pub fn packed_frr(figures: &mut Figures) -> Result<(), String> {
    let has_converged = |status: &Value| all_up(status) && all_adjacent(status);
    let names = ["packed-frr up", "packed-frr resident"];
    shared(names, &Lab::of_file("ceb"), &["--igp=frr"], has_converged, figures)
}

/// Very many.
pub fn packed_large(figures: &mut Figures) -> Result<(), String> {
    let lab = Lab::of(&ring(500, ""), "ring");
    shared(["packed-large up", "packed-large resident"], &lab, &[], all_up, figures)
}

/// A lab whose routers share a process: how long until it is as wanted, and the memory of that process, a router, under these names.
fn shared(
    [up, resident]: [&'static str; 2],
    lab: &Lab,
    more: &[&str],
    wanted: impl Fn(&Value) -> bool,
    figures: &mut Figures,
) -> Result<(), String> {
    figures.add(up, lab.up(more, wanted)?);
    for process in lab.routers() {
        figures.add(resident, process.mebibytes("status", "VmRSS:"));
    }
    Ok(())
}

/// A lab. It is taken away when dropped.
struct Lab {
    folder: tempfile::TempDir,
    file: PathBuf,
    name: String,
}

impl Lab {
    /// That of a file of `lab/`.
    fn of_file(of: &str) -> Self {
        Self::of(&fs::read_to_string(root().join(format!("lab/{of}.clab.yml"))).unwrap(), of)
    }

    /// That of a text which gives it this name, under one of its own.
    fn of(text: &str, said: &str) -> Self {
        let name = format!("bench{}", std::process::id());
        let named = |name: &str| format!("\nname: {name}\n");
        let text = format!("\n{text}");
        let renamed = text.replacen(&named(said), &named(&name), 1);
        assert_ne!(renamed, text, "the lab {said} has another name");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bench.clab.yml");
        fs::write(&file, renamed).unwrap();
        Self { folder, file, name }
    }

    fn call(&self, command: &str, options: &[&str]) -> Output {
        Command::new(trunkline())
            .args(["lab", command])
            .args(options)
            .arg(&self.file)
            .arg("--folder")
            .arg(self.labs())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn labs(&self) -> PathBuf {
        self.folder.path().join("labs")
    }

    /// Makes it, and waits until its status is as wanted: seconds from the call.
    fn up(&self, more: &[&str], wanted: impl Fn(&Value) -> bool) -> Result<f64, String> {
        let begun = Instant::now();
        let up = self.call("up", &[&["--mode=netns", "--listen=127.0.0.1:0"], more].concat());
        if !up.status.success() {
            return Err(String::from_utf8_lossy(&up.stderr).trim().to_owned());
        }
        loop {
            let status = self.status();
            if wanted(&status) {
                break;
            }
            if begun.elapsed() > PATIENCE {
                let up = up_of(&status);
                return Err(format!(
                    "not up after {} s: {up} of {} sessions",
                    PATIENCE.as_secs(),
                    routers_of(&status)
                ));
            }
            thread::sleep(STEP);
        }
        let took = begun.elapsed().as_secs_f64();
        println!("{}{took:8.2} s  all is up", String::from_utf8_lossy(&up.stderr));
        thread::sleep(SETTLES);
        Ok(took)
    }

    fn status(&self) -> Value {
        let told = self.call("status", &["--format=json"]);
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        serde_json::from_slice(&told.stdout).unwrap()
    }

    /// The processes of its routers: children of who keeps it. All routers together are all of the lab's.
    fn routers(&self) -> Vec<Process> {
        let record = fs::read(self.labs().join(&self.name).join("record.json")).unwrap();
        let record: Value = serde_json::from_slice(&record).unwrap();
        let keeper = record["keeper"]["pid"].as_u64().unwrap();
        let all = usize::try_from(routers_of(&self.status())).unwrap();
        let folders = fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path());
        let found: Vec<Process> = folders.filter_map(|folder| Process::of(&folder, keeper, all)).collect();
        assert_eq!(found.iter().map(|process| process.routers).sum::<usize>(), all, "not all were found");
        found
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let down = self.call("down", &[]);
        if !down.status.success() {
            eprintln!("{}", String::from_utf8_lossy(&down.stderr));
        }
    }
}

fn routers_of(status: &Value) -> u64 {
    let nodes = status["status"]["nodes"].as_object().unwrap();
    nodes.values().map(|node| u64::from(node["host"] == false)).sum()
}

/// Sessions of the controller that are up.
fn up_of(status: &Value) -> u64 {
    // None where the controller does not answer yet.
    let Some(sessions) = status["sessions"].as_object() else { return 0 };
    sessions.values().map(|session| u64::from(*session == "up")).sum()
}

fn all_up(status: &Value) -> bool {
    up_of(status) == routers_of(status)
}

/// Whether FRR has an adjacency at both ends of every line between routers.
fn all_adjacent(status: &Value) -> bool {
    let nodes = &status["status"]["nodes"];
    let is_router = |end: &Value| {
        let node = end.as_str().and_then(|end| end.rsplit_once(':')).map(|(node, _)| node);
        node.is_some_and(|node| nodes[node]["host"] == false)
    };
    let lines = status["status"]["lines"].as_object().unwrap().values();
    let ends: usize = lines
        .map(|line| if is_router(&line["ends"][0]) && is_router(&line["ends"][1]) { 2 } else { 0 })
        .sum();
    let adjacencies = nodes.as_object().unwrap().values().filter_map(|node| node["adjacencies"].as_array());
    adjacencies.flatten().filter(|adjacency| adjacency["state"] == "Up").count() == ends
}

/// A process of routers.
struct Process {
    folder: PathBuf,
    routers: usize,
}

impl Process {
    /// The process of a folder of `/proc`, where it is one of `trunkline-router` that this keeper has started; `all` is how many routers it
    /// has that are not named to it.
    fn of(folder: &Path, keeper: u64, all: usize) -> Option<Self> {
        let program = fs::read_link(folder.join("exe")).ok()?;
        let status = fs::read_to_string(folder.join("status")).ok()?;
        let parent: u64 = number(&status, "PPid:")?;
        if program.file_name()? != "trunkline-router" || parent != keeper {
            return None;
        }
        let words = fs::read(folder.join("cmdline")).ok()?;
        let named = words.split(|octet| *octet == 0).filter(|word| *word == b"--only").count();
        Some(Self { folder: folder.to_owned(), routers: if named == 0 { all } else { named } })
    }

    /// What a file of it says under a word, a router.
    fn mebibytes(&self, file: &str, word: &str) -> f64 {
        let text = fs::read_to_string(self.folder.join(file)).unwrap();
        let kibibytes = number(&text, word).unwrap();
        kibibytes as f64 / 1024.0 / self.routers as f64
    }
}

/// The number behind a word that begins a line.
fn number(text: &str, word: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(word))?.split_whitespace().next()?.parse().ok()
}
