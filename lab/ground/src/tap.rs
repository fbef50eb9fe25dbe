//! The ends of lines that need a wire: TAP devices, each made in its node's namespace, and the threads that carry frames between
//! them through [`Wire`].
//!
//! A line belongs to one thread for ever, so its frames keep their order. Threads wait for frames, for the moment at which the next
//! one leaves (by a timer of the kernel, which is finer than a millisecond), and for who wants something of them. Nobody shares a lock.

use std::{
    collections::BTreeMap,
    io,
    sync::mpsc::{Receiver, Sender, channel},
    thread::{self, JoinHandle},
    time::Instant,
};

use model::LinkId;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rustix::io::Errno;
use tun_rs::{DeviceBuilder, Layer, SyncDevice};
use vigil::{Bell, Vigil, Woken};

use crate::wire::{Count, Fate, Impairment, Room, Wire};

/// The nice value of the threads that carry frames: before everything else of a lab that wants a processor. A wire that waits for one is
/// a line that takes longer than it should, for all that is on it.
const FIRST: i32 = -20;
/// The largest frame that is read.
const FRAME: usize = 1 << 16;
/// Frames that an end keeps until its thread reads them; what comes beyond is lost, whatever its class. 500, which is usual, are gone in 60 ms
/// of 100 Mbit/s.
const KEPT: u32 = 2_000;
/// Frames of one end that are read before others have their turn.
const TURN: usize = 64;

/// An end of a line: the interface is there as long as this is.
pub type End = SyncDevice;

/// Makes the end of a line in the namespace of the calling thread. It is down.
///
/// # Errors
/// It cannot be made.
pub fn end(device: &str) -> io::Result<End> {
    let end =
        DeviceBuilder::new().name(device).layer(Layer::L2).enable(false).tx_queue_len(KEPT).build_sync()?;
    end.set_nonblocking(true)?;
    Ok(end)
}

/// A line with its ends.
pub struct WiredLine {
    /// Its name.
    pub line: LinkId,
    /// Its ends, A first.
    pub ends: [End; 2],
    /// What it does to frames, out of A first.
    pub impairments: [Impairment; 2],
}

/// What a thread is asked for.
enum Ask {
    Set(usize, [Impairment; 2]),
    Count(Sender<Vec<[Count; 2]>>),
    End,
}

/// A thread and the way to it.
struct Worker {
    asks: Sender<Ask>,
    bell: Bell,
    thread: Option<JoinHandle<()>>,
    lines: Vec<LinkId>,
}

impl Worker {
    fn ask(&self, ask: Ask) {
        // A thread that has ended takes nothing any more; who waits for its answer sees that.
        if self.asks.send(ask).is_ok() {
            self.bell.ring();
        }
    }
}

/// All lines of a lab that need a wire. They are cut when it is dropped.
#[derive(Default)]
pub struct Wires {
    workers: Vec<Worker>,
    place: BTreeMap<LinkId, (usize, usize)>,
}

impl Wires {
    /// Starts to carry frames. `seed` decides what is lost and how delay varies.
    ///
    /// # Errors
    /// The system gives no more threads or descriptors.
    pub fn start(lines: Vec<WiredLine>, seed: u64) -> io::Result<Self> {
        let threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, 4);
        let room = Room::default().of(threads);
        let mut shares: Vec<Vec<WiredLine>> = (0..threads).map(|_| Vec::new()).collect();
        let mut wires = Self::default();
        for (number, line) in lines.into_iter().enumerate() {
            let worker = number % threads;
            if let Some(share) = shares.get_mut(worker) {
                wires.place.insert(line.line.clone(), (worker, share.len()));
                share.push(line);
            }
        }
        for (number, share) in (0_u64..).zip(shares) {
            let (asks, asked) = channel();
            let names = share.iter().map(|line| line.line.clone()).collect();
            let (vigil, bell) = Vigil::begin()?;
            let work = Work::new(share, room, vigil, asked, seed.wrapping_add(number))?;
            let thread = thread::Builder::new().name(format!("wire-{number}")).spawn(move || work.run())?;
            wires.workers.push(Worker { asks, bell, thread: Some(thread), lines: names });
        }
        Ok(wires)
    }

    /// Sets what a line does to the frames that come from now on; false where it has no wire.
    pub fn set(&self, line: &LinkId, impairments: [Impairment; 2]) -> bool {
        let Some((worker, at)) = self.place.get(line) else { return false };
        if let Some(worker) = self.workers.get(*worker) {
            worker.ask(Ask::Set(*at, impairments));
        }
        true
    }

    /// Whether a line has a wire.
    pub fn has(&self, line: &LinkId) -> bool {
        self.place.contains_key(line)
    }

    /// What every line has seen, out of A first.
    pub fn counts(&self) -> BTreeMap<LinkId, [Count; 2]> {
        let mut all = BTreeMap::new();
        for worker in &self.workers {
            let (answer, answered) = channel();
            worker.ask(Ask::Count(answer));
            let counts = answered.recv().unwrap_or_default();
            all.extend(worker.lines.iter().cloned().zip(counts));
        }
        all
    }
}

impl Drop for Wires {
    fn drop(&mut self) {
        self.workers.iter().for_each(|worker| worker.ask(Ask::End));
        for thread in self.workers.iter_mut().filter_map(|worker| worker.thread.take()) {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// What a thread works on. End 2n is end A of line n, 2n + 1 is end Z; lane n leads out of end n.
struct Work {
    ends: Vec<End>,
    wire: Wire,
    dice: ChaCha8Rng,
    vigil: Vigil,
    asked: Receiver<Ask>,
    begun: Instant,
}

impl Work {
    fn new(
        lines: Vec<WiredLine>,
        room: Room,
        vigil: Vigil,
        asked: Receiver<Ask>,
        seed: u64,
    ) -> io::Result<Self> {
        let mut wire = Wire::new(room);
        let mut ends = Vec::new();
        for line in lines {
            line.impairments.into_iter().for_each(|impairment| {
                wire.add(impairment);
            });
            ends.extend(line.ends);
        }
        for (token, end) in (0_u64..).zip(&ends) {
            vigil.watch(end, token)?;
        }
        let dice = ChaCha8Rng::seed_from_u64(seed);
        Ok(Self { ends, wire, dice, vigil, asked, begun: now() })
    }

    /// Carries frames until it is told to end.
    fn run(mut self) {
        vigil::ring_in_time();
        // Rung in time, a thread still has to be given a processor. On Linux the nice value is that of the calling thread.
        if let Err(error) = rustix::process::setpriority_process(None, FIRST) {
            tracing::info!(%error, "lines take longer where processors are few: wires do not go before other threads");
        }
        let mut woken = Vec::new();
        let mut frame = vec![0; FRAME];
        loop {
            if let Err(error) = self.vigil.wait(&mut woken) {
                return tracing::error!(%error, "a wire stands still");
            }
            for why in &woken {
                match why {
                    Woken::Asked => {
                        if self.answer() {
                            return;
                        }
                    }
                    Woken::Came(token) => {
                        self.read(usize::try_from(*token).unwrap_or(usize::MAX), &mut frame)
                    }
                }
            }
            self.write();
            self.arm();
        }
    }

    /// Does what it is asked for; whether that is to end.
    fn answer(&mut self) -> bool {
        loop {
            match self.asked.try_recv() {
                Ok(Ask::Set(line, impairments)) => {
                    for (lane, impairment) in (2 * line..).zip(impairments) {
                        self.wire.set(lane, impairment);
                    }
                }
                Ok(Ask::Count(answer)) => {
                    let lines = 0..self.ends.len() / 2;
                    let counts = lines.map(|line| [2 * line, 2 * line + 1].map(|lane| self.wire.count(lane)));
                    // Who asked may be gone.
                    let _ = answer.send(counts.collect());
                }
                Ok(Ask::End) => return true,
                Err(std::sync::mpsc::TryRecvError::Empty) => return false,
                Err(std::sync::mpsc::TryRecvError::Disconnected) => return true,
            }
        }
    }

    /// Takes in what an end has to send.
    fn read(&mut self, at: usize, frame: &mut [u8]) {
        let Some(end) = self.ends.get(at) else { return };
        for _ in 0..TURN {
            match rustix::io::read(end, &mut *frame) {
                Ok(length) => {
                    let Some(octets) = frame.get(..length) else { return };
                    let fate = self.wire.offer(at, octets, self.begun.elapsed(), &mut self.dice);
                    if fate == Fate::Through {
                        put(self.ends.get(at ^ 1), octets);
                    }
                }
                Err(Errno::AGAIN | Errno::INTR) => return,
                Err(error) => {
                    // Its interface is gone: a namespace was removed. Nothing will come from there any more.
                    tracing::debug!(%error, end = at, "an end of a wire is closed");
                    let _ = self.vigil.leave(end);
                    return;
                }
            }
        }
    }

    /// Lets leave what is due.
    fn write(&mut self) {
        while let Some((lane, frame)) = self.wire.leave(self.begun.elapsed()) {
            put(self.ends.get(lane ^ 1), &frame);
            self.wire.done(frame);
        }
    }

    /// Waits no longer than until the next frame leaves.
    fn arm(&mut self) {
        if let Err(error) = self.vigil.until(self.wire.next(), self.begun.elapsed()) {
            tracing::error!(%error, "a wire's timer cannot be set");
        }
    }
}

/// Gives a frame to an end. One that is down takes none, as the interface of a router does.
fn put(end: Option<&End>, frame: &[u8]) {
    let _ = end.map(|end| rustix::io::write(end, frame));
}

#[expect(clippy::disallowed_methods, reason = "where frames come in is where time does")]
fn now() -> Instant {
    Instant::now()
}
