//! The thread that probes: it stands in its router's namespace, waits for packets and for the moment at which something is due, and
//! knows nothing of what is measured.

mod clock;
mod reflect;
mod socket;

use std::{
    collections::BTreeMap,
    fmt, io,
    num::NonZeroU64,
    os::fd::OwnedFd,
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    io::Errno,
};
use tokio::sync::watch;

use crate::{
    fleet::{Fleet, Probe, ProbeId},
    session::{Reading, Settings},
};
use socket::{Udp, Ways};

pub use reflect::Reflectors;

/// So many orders may wait.
const ORDERS: usize = 16;
/// Packets of one socket that are read before others have their turn.
const TURN: usize = 256;
/// Longest time that readings are waited for.
const LIMIT: Duration = Duration::from_secs(1);

/// What the thread is asked for.
enum Ask {
    Set(BTreeMap<ProbeId, Probe>),
    Read(SyncSender<BTreeMap<ProbeId, Reading>>),
    End,
}

/// The probes of one router, which the [`Reflectors`] of others answer. They end when it is dropped.
pub struct Prober {
    asks: SyncSender<Ask>,
    wake: OwnedFd,
    changes: watch::Receiver<u64>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Prober {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prober").field("changes", &*self.changes.borrow()).finish_non_exhaustive()
    }
}

impl Prober {
    /// Starts a thread, has it call `enter`, which takes it into its router's network namespace, and opens its sockets there: one for
    /// answers, and the ways on which packets leave. `name` is for those who look at threads and logs.
    ///
    /// # Errors
    /// What `enter` says; or a socket cannot be opened: raw ones need root or CAP_NET_RAW.
    pub fn start(
        name: &str,
        seed: u64,
        enter: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) -> io::Result<Self> {
        let (asks, asked) = sync_channel(ORDERS);
        let (ring, changes) = watch::channel(0);
        let (ready, is_ready) = sync_channel(1);
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let woken = wake.try_clone()?;
        let name = name.replace('\0', "");
        let thread = thread::Builder::new().name(format!("probe {name}")).spawn(move || {
            let work = enter().and_then(|()| Work::new(name, seed, woken, asked, ring));
            match work {
                Ok(work) if ready.send(Ok(())).is_ok() => work.run(),
                Ok(_) => {}
                Err(error) => drop(ready.send(Err(error))),
            }
        })?;
        let started = is_ready.recv().unwrap_or_else(|_| {
            Err(io::Error::other("the thread of the probes ended early; its message stands above"))
        });
        match started {
            Ok(()) => Ok(Self { asks, wake, changes, thread: Some(thread) }),
            Err(error) => {
                // It has nothing left to do.
                let _ = thread.join();
                Err(error)
            }
        }
    }

    /// Replaces what is probed. A probe that is the same under the same name keeps what it has measured; any other begins anew. What
    /// cannot be probed is logged, and has no reading.
    pub fn set(&self, probes: BTreeMap<ProbeId, Probe>) {
        self.ask(Ask::Set(probes));
    }

    /// What every probe says now. Empty where the thread has ended or does not answer within a second: then nothing is known.
    pub fn readings(&self) -> BTreeMap<ProbeId, Reading> {
        let (answer, answered) = sync_channel(1);
        self.ask(Ask::Read(answer));
        answered.recv_timeout(LIMIT).unwrap_or_default()
    }

    /// Rings when a session becomes silent or speaks again: how often that happened. Whoever hears it reads.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    fn ask(&self, ask: Ask) {
        // A thread that has ended takes nothing any more; who waits for its answer sees that.
        if self.asks.send(ask).is_ok() {
            let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
        }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.ask(Ask::End);
        // One that panicked has said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// What the thread works on.
struct Work {
    name: String,
    fleet: Fleet,
    /// Where answers come, and the port that they are sent to.
    answers: Udp,
    port: u16,
    ways: Ways,
    wake: OwnedFd,
    asked: Receiver<Ask>,
    ring: watch::Sender<u64>,
    /// Why a packet did not leave last; said once.
    stuck: BTreeMap<u16, String>,
}

impl Work {
    fn new(
        name: String,
        seed: u64,
        wake: OwnedFd,
        asked: Receiver<Ask>,
        ring: watch::Sender<u64>,
    ) -> io::Result<Self> {
        let answers = Udp::bind(0)?;
        Ok(Self {
            name,
            fleet: Fleet::new(Settings::default(), seed),
            port: answers.port()?,
            answers,
            ways: Ways::open()?,
            wake,
            asked,
            ring,
            stuck: BTreeMap::new(),
        })
    }

    /// Probes until it is told to end.
    fn run(mut self) {
        // Timers of this thread ring when they should and not up to 50 µs later; without it probes are only less regular.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        loop {
            if let Err(error) = self.wait().and_then(|()| self.hear()) {
                return tracing::error!(router = self.name, %error, "the probes of a router stand still");
            }
            self.send();
            // Before anybody can read what it is about.
            self.tell();
            if self.carry_out() {
                return;
            }
        }
    }

    /// Waits until a packet came, something is due, or somebody asks.
    fn wait(&self) -> io::Result<()> {
        let left = self.fleet.next().map(|at| at.saturating_sub(clock::steady()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        let mut waited = [PollFd::new(&self.wake, PollFlags::IN), PollFd::new(&self.answers, PollFlags::IN)];
        match poll(&mut waited, left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes in what other routers answered.
    fn hear(&mut self) -> io::Result<()> {
        for _ in 0..TURN {
            let Some(received) = self.answers.receive()? else { break };
            self.fleet.hear(*received.from.ip(), received.octets(), clock::steady());
        }
        Ok(())
    }

    /// Does what it is asked for; whether that is to end.
    fn carry_out(&mut self) -> bool {
        let mut count = [0; 8];
        let _ = rustix::io::read(&self.wake, &mut count);
        loop {
            match self.asked.try_recv() {
                Ok(Ask::Set(probes)) => self.set(probes),
                Ok(Ask::Read(answer)) => {
                    // Who asked may be gone.
                    let _ = answer.try_send(self.fleet.readings(clock::steady()));
                }
                Ok(Ask::End) | Err(TryRecvError::Disconnected) => return true,
                Err(TryRecvError::Empty) => return false,
            }
        }
    }

    fn set(&mut self, probes: BTreeMap<ProbeId, Probe>) {
        for (id, why) in self.fleet.set(probes, clock::steady()) {
            tracing::warn!(router = self.name, probe = %id, %why, "something is not probed");
        }
        self.ways.keep(&self.fleet.devices());
        self.stuck.retain(|ssid, _| self.fleet.name(*ssid).is_some());
    }

    /// Sends what is due.
    fn send(&mut self) {
        let now = clock::steady();
        while let Some(ssid) = self.fleet.due(now) {
            let Some(outgoing) = self.fleet.packet(ssid, self.port, now, clock::real()) else { continue };
            let sent = self.ways.send(outgoing.device.as_deref(), outgoing.first, &outgoing.octets);
            let Err(error) = sent else {
                self.stuck.remove(&ssid);
                continue;
            };
            let why = error.to_string();
            if self.stuck.get(&ssid) == Some(&why) {
                continue;
            }
            if let Some(probe) = self.fleet.name(ssid) {
                tracing::debug!(router = self.name, %probe, %error, "a probe does not leave");
            }
            self.stuck.insert(ssid, why);
        }
    }

    /// Rings where a session became silent or spoke again.
    fn tell(&self) {
        let changes = self.fleet.changes();
        self.ring.send_if_modified(|told| std::mem::replace(told, changes) != changes);
    }
}
