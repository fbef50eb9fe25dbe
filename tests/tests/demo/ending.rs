//! However the demonstration ends, nothing that it started goes on: neither after Ctrl-C, SIGTERM or SIGHUP, nor when it is killed
//! without a chance to tidy up.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::stage::{Place, trunkline, wait};

/// How long it may take to start, on a busy machine.
const STARTS: Duration = Duration::from_secs(120);
/// How long everything may take to end; the demonstration gives each of its processes ten seconds.
const ENDS: Duration = Duration::from_secs(30);

/// A small demonstration that makes its folder where it is told to.
struct Small {
    child: Child,
    lines: Receiver<String>,
    temporary: tempfile::TempDir,
}

impl Small {
    /// Starts one and waits until the scenario is being played.
    fn playing(format: &str) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        // Whoever started the tests may ignore the signal, as `nohup` does.
        let mut child = Command::new("env")
            .arg("--default-signal=HUP")
            .arg(trunkline())
            .args(["demo", "--routers", "61", "--format", format, "--listen", "127.0.0.1:0"])
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (out, lines) = mpsc::channel();
        thread::spawn(move || {
            // Nobody may listen any more.
            output.lines().map_while(Result::ok).try_for_each(|line| out.send(line)).unwrap_or_default();
        });
        let small = Self { child, lines, temporary };
        small.wait_for(&small.temporary.path().display().to_string(), STARTS);
        small.wait_for("promises are kept", STARTS);
        small
    }

    fn id(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    fn wait_for(&self, wanted: &str, limit: Duration) {
        let until = Instant::now() + limit;
        let mut told = Vec::new();
        while !told.last().is_some_and(|line: &String| line.contains(wanted)) {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => told.push(line),
                Err(_) => panic!("`{wanted}` was not said: {told:?}"),
            }
        }
    }

    /// The processes that it started.
    fn children(&self) -> Vec<Pid> {
        let own = self.child.id().to_string();
        let started = |id: &i32| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            // After the name, which may hold anything: state, then the parent.
            stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1).map(|parent| parent == own))
                == Some(true)
        };
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
            .filter(started)
            .map(Pid::from_raw)
            .collect()
    }

    fn left_behind(&self) -> Vec<String> {
        let entries = fs::read_dir(self.temporary.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    /// Sends a signal; its exit code then, none where the signal killed it. Whatever it started must end too.
    fn end_by(&mut self, signal: Signal) -> Option<i32> {
        let children = self.children();
        assert_eq!(children.len(), 2, "routers and controller: {children:?}");
        kill(self.id(), signal).unwrap();
        let status = wait(&mut self.child, ENDS).expect("it ends");
        let until = Instant::now() + ENDS;
        let mut left = children;
        while !left.is_empty() {
            assert!(Instant::now() < until, "{left:?} go on after {signal}");
            // One that somebody else is to collect has ended as well.
            left.retain(|id| {
                fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
            });
            thread::sleep(Duration::from_millis(20));
        }
        status.code()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // It may have ended already. Its processes see the end of their input.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_signal_ends_everything_and_leaves_nothing_behind() {
    let _place = Place::take();
    for (format, signal, code) in
        [("text", Signal::SIGINT, 130), ("json", Signal::SIGHUP, 129), ("json", Signal::SIGTERM, 143)]
    {
        let mut demo = Small::playing(format);
        assert_eq!(demo.left_behind().len(), 1, "it has a folder of its own");
        assert_eq!(demo.end_by(signal), Some(code), "{format} {signal}");
        assert_eq!(demo.left_behind(), Vec::<String>::new(), "{format} {signal}");
        demo.wait_for("stopping", ENDS);
    }
}

#[test]
fn what_it_started_does_not_outlive_it_when_it_is_killed() {
    let _place = Place::take();
    let mut demo = Small::playing("json");
    assert_eq!(demo.end_by(Signal::SIGKILL), None);
}
