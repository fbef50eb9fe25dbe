//! The processes of a run. Each is ended by its own id, first asked, then made to. Each also ends by itself when its standard
//! input does: whatever becomes of this process, nothing that it started outlives it.

use std::{
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail};
use model::NodeId;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{Instant, timeout},
};

use super::files::Written;
use crate::play::Memory;

/// How long routers may take to start.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long they may take to answer: who asked a lab for a fault waits longer, and hears why it was not done.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a process may take to end after it was asked to.
const ENDING: Duration = Duration::from_secs(10);
/// How long it may take from the end of its sockets to its own.
const CLOSING: Duration = Duration::from_secs(1);

/// What the allocators of a process for one router are told: a store of memory for all its few threads, and less that is free and
/// kept (`docs/lab.md`, "What an agent takes"). The first is of jemalloc, beside what is built in (`.cargo/config.toml`), the second of
/// the system's, which libyang uses. Many routers in one process keep what is built in: there it is speed that counts.
const LEAN: [(&str, &str); 2] = [
    ("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:500,tcache_max:2048,tcache_nslots_small_max:40"),
    ("MALLOC_ARENA_MAX", "1"),
];

/// The program beside this one.
fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("this program does not know where it is")?;
    let path = own.with_file_name(name);
    if !path.exists() {
        bail!("{} is not there: build it with `make build`", path.display());
    }
    Ok(path)
}

fn log(folder: &Path, name: &str) -> anyhow::Result<Stdio> {
    let path = folder.join(name);
    let file = File::options().create(true).append(true).open(&path);
    Ok(file.with_context(|| format!("{} cannot be written", path.display()))?.into())
}

async fn end(child: &mut Child) {
    let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()) else { return };
    // It may have ended meanwhile.
    let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
    if timeout(ENDING, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

/// The routers' process, and the way to the lab's world in it.
pub struct Routers {
    child: Child,
    input: ChildStdin,
    output: Answers<BufReader<ChildStdout>>,
}

/// What a process answers, a line for each that it is told, in their order.
struct Answers<R> {
    lines: Lines<R>,
    /// How many are still to come.
    owed: usize,
}

impl<R: AsyncBufRead + Unpin> Answers<R> {
    /// The answer to what was told last. Those to what was told before, and not waited for any longer, are passed over when they come.
    /// Nothing where the process has ended. It may be given up and asked for again.
    async fn last(&mut self) -> std::io::Result<Option<String>> {
        loop {
            let line = self.lines.next_line().await?;
            self.owed = self.owed.saturating_sub(1);
            if self.owed == 0 || line.is_none() {
                return Ok(line);
            }
        }
    }
}

/// How routers forward.
#[derive(Clone, Copy, Debug)]
pub enum Forwarding<'a> {
    /// In a simulation, all of them.
    Simulated,
    /// By the kernel of their namespaces.
    Real {
        /// The file with the layout of the lab.
        layout: &'a Path,
        /// Where they keep their configurations.
        keep: &'a Path,
        /// Only this one; all where absent.
        only: Option<&'a NodeId>,
    },
}

impl Forwarding<'_> {
    /// What the process is told.
    fn arguments(&self, written: &Written) -> Vec<OsString> {
        match *self {
            Self::Simulated => vec!["--world".into(), written.world.clone().into()],
            Self::Real { layout, keep, only } => {
                let mut words: Vec<OsString> =
                    vec!["--ground".into(), layout.into(), "--keep".into(), keep.into()];
                words.extend(only.into_iter().flat_map(|node| ["--only".into(), node.as_str().into()]));
                words
            }
        }
    }

    /// What its environment has more than ours.
    const fn environment(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Real { only: Some(_), .. } => &LEAN,
            _ => &[],
        }
    }
}

impl Routers {
    /// Starts it and waits until all routers take connections.
    pub async fn start(written: &Written, forwarding: Forwarding<'_>) -> anyhow::Result<Self> {
        // Who measures says it otherwise in the environment of this program.
        let is_ours = |(name, _): &&(&str, &str)| std::env::var_os(name).is_none();
        let mut child = Command::new(beside("trunkline-router")?)
            .arg("--config")
            .arg(&written.routers)
            .args(forwarding.arguments(written))
            .arg("--until-input-ends")
            .envs(forwarding.environment().iter().filter(is_ours).copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log(&written.logs, "routers.log")?)
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .context("the routers cannot be started")?;
        let input = child.stdin.take().context("the routers have no standard input")?;
        let output = child.stdout.take().context("the routers have no standard output")?;
        // The first line says that they are ready, and nobody told them anything for that.
        let output = Answers { lines: BufReader::new(output).lines(), owed: 1 };
        let mut routers = Self { child, input, output };
        let ready = timeout(PATIENCE, routers.output.last()).await;
        match ready.context("the routers are not ready in time")?? {
            Some(line) if line.starts_with("ready") => Ok(routers),
            other => {
                let log = std::fs::read_to_string(written.logs.join("routers.log")).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(3).collect();
                bail!("the routers did not start: {} {}", other.unwrap_or_default(), last.join(" | "))
            }
        }
    }

    /// Tells the lab's world something; gives its answer.
    pub async fn tell(&mut self, command: &Value) -> anyhow::Result<Value> {
        self.output.owed += 1;
        let told = async {
            self.input.write_all(format!("{command}\n").as_bytes()).await?;
            self.output.last().await
        };
        let line = timeout(ANSWER, told).await.context("the routers do not answer")?;
        let line = line.context("the routers do not listen")?;
        let answer: Value = serde_json::from_str(&line.unwrap_or_default()).context("the routers' answer")?;
        if let Some(error) = answer.get("error") {
            bail!("the lab refused {command}: {error}");
        }
        Ok(answer["ok"].clone())
    }

    /// Whether the process has ended, and how.
    pub fn ended(&mut self) -> Option<String> {
        self.child.try_wait().ok().flatten().map(|status| status.to_string())
    }

    /// Kills it without warning.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("the routers cannot be killed")
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).context("the routers have ended")?;
        kill(Pid::from_raw(id), signal).context("the routers take no signal")
    }

    /// Ends it. Its input ends first: a process that reads it could not end otherwise.
    pub async fn end(self) {
        let Self { mut child, input, output: _output } = self;
        drop(input);
        end(&mut child).await;
    }
}

/// The controller's process. Its input stays open as long as this value is there.
pub struct Controller {
    child: Child,
    /// When it was started.
    pub begun: Instant,
}

impl Controller {
    /// Starts it.
    pub fn start(written: &Written) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("this program does not know where it is")?;
        let begun = Instant::now();
        let child = Command::new(own)
            .arg("serve")
            .arg("--config")
            .arg(&written.controller)
            .arg("--until-input-ends")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log(&written.logs, "controller.log")?)
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .context("the controller cannot be started")?;
        Ok(Self { child, begun })
    }

    /// Whether the process has ended, and how.
    pub fn ended(&mut self) -> Option<String> {
        self.child.try_wait().ok().flatten().map(|status| status.to_string())
    }

    /// How the process has ended, when its sockets are closed already; none where it goes on all the same.
    pub async fn ending(&mut self) -> Option<String> {
        let ended = timeout(CLOSING, self.child.wait()).await.ok()?;
        ended.ok().map(|status| status.to_string())
    }

    /// Kills it without warning.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("the controller cannot be killed")
    }

    /// Memory that it has and had in use; nothing where the system does not tell.
    pub fn memory(&self) -> Option<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let mib = |word: &str| -> Option<u64> {
            let line = status.lines().find(|line| line.starts_with(word))?;
            Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()?.div_ceil(1024))
        };
        Some(Memory { resident: mib("VmRSS:")?, peak: mib("VmHWM:")? })
    }

    /// Ends it.
    pub async fn end(mut self) {
        end(&mut self.child).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_for_one_router_is_told_to_keep_little_and_no_other_is() {
        let (layout, keep, node) = (Path::new("layout.json"), Path::new("routers"), NodeId::lit("r1"));
        assert_eq!(Forwarding::Real { layout, keep, only: Some(&node) }.environment(), LEAN);
        assert!(Forwarding::Real { layout, keep, only: None }.environment().is_empty());
        assert!(Forwarding::Simulated.environment().is_empty());
    }

    #[tokio::test]
    async fn an_answer_that_comes_late_is_none_to_what_was_told_later() {
        let lines = BufReader::new(&b"late\nlater\nright\nnext\n"[..]).lines();
        // Two were given up.
        let mut answers = Answers { lines, owed: 3 };
        assert_eq!(answers.last().await.unwrap().as_deref(), Some("right"));
        answers.owed += 1;
        assert_eq!(answers.last().await.unwrap().as_deref(), Some("next"));
        answers.owed += 2;
        assert_eq!(answers.last().await.unwrap(), None, "it has ended");
    }
}
