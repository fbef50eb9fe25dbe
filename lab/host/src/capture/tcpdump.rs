//! A running `tcpdump`: started in a namespace, ended by its own number, and what it wrote.

use std::{
    io::{self, BufRead as _, BufReader, Read},
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use thiserror::Error;

use super::{PcapError, Sightings};

/// Octets of each packet that are kept: four headers of IPv6 with as many segments as routers push.
const KEPT: &str = "512";
/// KiB that packets may wait in.
const ROOM: &str = "16384";
/// The most octets of a capture.
const MOST: usize = 256 << 20;
/// The most that it may say.
const SAID: usize = 1 << 16;
/// How long it may take to begin and to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// It has written what has passed when it has written nothing for so long; waited for up to so many times.
const QUIET: Duration = Duration::from_millis(50);
const QUIETS: usize = 20;

/// Why there is no capture.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// It cannot be run.
    #[error("tcpdump cannot be run on {place}: {cause}; it is in the package of that name")]
    Run {
        /// The interface, and its namespace.
        place: String,
        /// Why.
        cause: io::Error,
    },
    /// It does not capture.
    #[error("tcpdump on {place} does not capture; it says: {said}")]
    Refused {
        /// The interface, and its namespace.
        place: String,
        /// What it said.
        said: String,
    },
    /// What it wrote cannot be read.
    #[error("the capture on {place} cannot be read: {cause}")]
    Read {
        /// The interface, and its namespace.
        place: String,
        /// Why.
        cause: PcapError,
    },
}

/// What was captured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Captured {
    /// What passed.
    pub sightings: Sightings,
    /// How many packets passed that found no room to wait in; none where it did not say.
    pub dropped: Option<u64>,
}

/// A `tcpdump` that captures. It ends when this goes.
#[derive(Debug)]
pub struct Tcpdump {
    place: String,
    child: Child,
    output: Option<JoinHandle<Vec<u8>>>,
    written: Arc<AtomicUsize>,
    said: Option<JoinHandle<String>>,
}

impl Tcpdump {
    /// Captures what passes an interface, from now on. `space` is a namespace as `ip netns` knows it, none that of this process; `filter`
    /// is in tcpdump's own words, such as `ip6`, or empty for everything.
    ///
    /// # Errors
    /// It cannot be run, or refuses.
    pub fn start(space: Option<&str>, device: &str, filter: &str) -> Result<Self, CaptureError> {
        let place = space.map_or_else(|| device.to_owned(), |space| format!("{device} of {space}"));
        let mut command = match space {
            // `ip` becomes the program that it runs, so that the number is tcpdump's.
            Some(space) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", space, "tcpdump"]);
                command
            }
            None => Command::new("tcpdump"),
        };
        command.args(["-i", device, "-n", "-U", "--immediate-mode", "-s", KEPT, "-B", ROOM, "-w", "-"]);
        command.args(Some(filter).filter(|filter| !filter.is_empty()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|cause| CaptureError::Run { place: place.clone(), cause })?;
        let written = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&written);
        let output = child.stdout.take().map(|output| thread::spawn(move || all_of(output, &counted)));
        let (began, begins) = channel();
        let said = child.stderr.take().map(|said| thread::spawn(move || words_of(said, &began)));
        let mut this = Self { place, child, output, written, said };
        match begins.recv_timeout(PATIENCE) {
            Ok(()) => Ok(this),
            Err(_) => {
                this.finish(Signal::KILL);
                let said = this.said();
                Err(CaptureError::Refused { place: this.place.clone(), said })
            }
        }
    }

    /// Ends it, after what has passed has been written; gives what it saw.
    ///
    /// # Errors
    /// What it wrote cannot be read.
    pub fn end(mut self) -> Result<Captured, CaptureError> {
        let mut before = None;
        for _ in 0..QUIETS {
            let now = Some(self.written.load(Ordering::Relaxed));
            if now == before {
                break;
            }
            before = now;
            thread::sleep(QUIET);
        }
        self.finish(Signal::INT);
        let octets = self.output.take().and_then(|output| output.join().ok()).unwrap_or_default();
        let said = self.said();
        let sightings =
            super::read(&octets).map_err(|cause| CaptureError::Read { place: self.place.clone(), cause })?;
        Ok(Captured { sightings, dropped: dropped(&said) })
    }

    /// Ends the process, by force where it does not end in time.
    fn finish(&mut self, signal: Signal) {
        // One that has ended is not waited for yet, so that the number is still its own.
        let _ = kill_process(Pid::from_child(&self.child), signal);
        let step = Duration::from_millis(10);
        for _ in 0..PATIENCE.as_millis() / step.as_millis() {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(step);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn said(&mut self) -> String {
        self.said.take().and_then(|said| said.join().ok()).unwrap_or_default().trim().to_owned()
    }
}

impl Drop for Tcpdump {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads what it writes, up to the most; beyond that it finds its output closed and ends.
fn all_of(mut output: ChildStdout, written: &AtomicUsize) -> Vec<u8> {
    let mut all = Vec::new();
    let mut piece = vec![0; 1 << 16];
    while all.len() < MOST {
        match output.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => all.extend_from_slice(piece.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
        written.store(all.len(), Ordering::Relaxed);
    }
    all
}

/// Reads what it says, and tells when it has begun.
fn words_of(said: ChildStderr, began: &Sender<()>) -> String {
    let mut all = String::new();
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        if line.contains("listening on") {
            // Who waits for it may have given up.
            let _ = began.send(());
        }
        if all.len() + line.len() < SAID {
            all.push_str(&line);
            all.push('\n');
        }
    }
    all
}

/// How many packets found no room, as it says at the end.
fn dropped(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("dropped by kernel"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_at_the_end() {
        let said = "tcpdump: listening on eth1\n12 packets captured\n14 packets received by filter\n2 packets dropped by kernel\n";
        assert_eq!(dropped(said), Some(2));
        assert_eq!(dropped("tcpdump: eth9: No such device exists\n"), None);
    }
}
