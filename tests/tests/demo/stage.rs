//! A demonstration under test: its process, its lines, and what is there to look at it with.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Condvar, Mutex, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

/// Demonstrations that run. One keeps a processor half busy; more than two would slow each other down until deadlines pass.
static RUNNING: Mutex<u32> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

/// A place for one of two demonstrations. Gives it back when dropped.
pub struct Place(());

impl Place {
    /// Waits for it.
    pub fn take() -> Self {
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let full = ENDED.wait_while(running, |running| *running >= 2);
        *full.unwrap_or_else(PoisonError::into_inner) += 1;
        Self(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ENDED.notify_one();
    }
}

/// The folder of the whole project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The program under test.
pub fn trunkline() -> PathBuf {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("trunkline"));
    let found = std::env::var_os("TRUNKLINE_BIN").map(PathBuf::from).or_else(beside);
    let there = |path: &PathBuf| path.exists() && path.with_file_name("trunkline-router").exists();
    found.filter(there).expect("build the programs first: cargo build --workspace --bins")
}

/// A running demonstration. Ends it when dropped.
pub struct Demo {
    child: Child,
    lines: Receiver<Value>,
    /// Everything it has said so far.
    pub said: Vec<Value>,
    /// Where its dashboard is.
    pub url: String,
    /// Its files.
    pub folder: tempfile::TempDir,
    _place: Place,
}

impl Demo {
    /// Starts one with this scenario of `tests/scenarios`.
    pub fn start(scenario: &str, more: &[&str]) -> Self {
        let place = Place::take();
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(trunkline())
            .args(["demo", "--format", "json", "--listen", "127.0.0.1:0", "--scenario"])
            .arg(root().join("tests/scenarios").join(scenario))
            .arg("--folder")
            .arg(folder.path())
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (out, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if out.send(value).is_err() {
                    return;
                }
            }
        });
        let mut demo = Self { child, lines, said: Vec::new(), url: String::new(), folder, _place: place };
        let place = |line: &Value| Some(line["text"].as_str()?.strip_prefix("dashboard: ")?.to_owned());
        let told = demo.wait_for("its dashboard", Duration::from_secs(90), |line| place(line).is_some());
        demo.url = place(&told).unwrap();
        demo
    }

    /// Waits for a line; panics with all that was said when it does not come.
    pub fn wait_for(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + limit;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("{what}: not within {} s; it said:\n{}", limit.as_secs(), self.told());
            };
            assert!(line.is_object(), "every line is an object: {line}");
            self.said.push(line.clone());
            if wanted(&line) {
                return line;
            }
        }
    }

    /// Waits until the whole network is configured and every promise is kept.
    pub fn wait_kept(&mut self) {
        self.wait_for("all promises are kept", Duration::from_secs(90), |line| {
            line["text"].as_str().is_some_and(|text| text.starts_with("all ") && text.ends_with("are kept"))
        });
    }

    /// Waits for its end; gives the last line.
    pub fn finish(mut self, limit: Duration) -> (Value, Vec<Value>) {
        let summary = self.wait_for("the summary", limit, |line| line["kind"] == "summary");
        let status = wait(&mut self.child, Duration::from_secs(30)).expect("it ends after the summary");
        assert!(status.success(), "{status}: {}", self.told());
        assert_eq!(self.lines.try_iter().count(), 0, "the summary is the last line");
        (summary, std::mem::take(&mut self.said))
    }

    /// What it said, without the greetings of 120 devices.
    pub fn told(&self) -> String {
        let lines = self.said.iter().filter(|line| line["kind"] != "device-up");
        lines.map(Value::to_string).collect::<Vec<_>>().join("\n")
    }

    /// Runs `trunkline` as a client of this controller.
    pub fn client(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(trunkline());
        command.args(arguments).args(["--controller", &self.url, "--token-file"]);
        command.arg(self.folder.path().join("state/token"));
        bounded(command, Duration::from_secs(30))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let id = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        if wait(&mut self.child, Duration::ZERO).is_none() {
            // Asked first, so that it ends its own processes.
            let _ = kill(id, Signal::SIGTERM);
            if wait(&mut self.child, Duration::from_secs(40)).is_none() {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
        }
    }
}

/// Waits for a process at most this long.
pub fn wait(child: &mut Child, limit: Duration) -> Option<std::process::ExitStatus> {
    let until = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if Instant::now() >= until {
            return None;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// A command that is ended when it takes too long. Its output must fit into a pipe.
pub fn bounded(command: Command, limit: Duration) -> Output {
    Running::start(command).finish(limit)
}

/// A command that runs beside the test.
pub struct Running(Child);

impl Running {
    /// Starts it.
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// Its end.
    pub fn finish(mut self, limit: Duration) -> Output {
        if wait(&mut self.0, limit).is_none() {
            let _ = self.0.kill();
        }
        self.0.wait_with_output().unwrap()
    }
}

/// Says what is skipped and why. `make test` installs everything and sets `TRUNKLINE_PEERS`, so there it fails.
fn skip(why: &str) {
    assert!(
        std::env::var("TRUNKLINE_PEERS").as_deref() != Ok("required"),
        "TRUNKLINE_PEERS=required, and {why}"
    );
    println!("skipped: {why}");
}

/// The interpreter that has `ncclient`; a printed reason where there is none.
pub fn python() -> Option<PathBuf> {
    let given = std::env::var_os("TRUNKLINE_PYTHON").map(PathBuf::from);
    let usual = root().join("tests/.venv/bin/python");
    let python = given.or_else(|| usual.exists().then_some(usual));
    if python.is_none() {
        skip("neither TRUNKLINE_PYTHON is set nor tests/.venv/bin/python there");
    }
    python
}

/// The script that watches in a browser; a printed reason where it cannot run.
pub fn browser() -> Option<Command> {
    let chromium = std::env::var_os("CHROMIUM").map_or_else(|| "/usr/bin/chromium".into(), PathBuf::from);
    for needed in [chromium, root().join("web-ui/node_modules/playwright-core")] {
        if !needed.exists() {
            skip(&format!("{} is not there, so no browser watches", needed.display()));
            return None;
        }
    }
    let mut command = Command::new("node");
    command.arg(root().join("tests/browser/watch.mjs"));
    Some(command)
}
