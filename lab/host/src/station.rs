//! A host: one thread in its namespace that sends flows, receives flows, and keeps what it has seen.
//!
//! The thread waits for packets, for the moment at which the next packet is due (by a timer of the kernel), and for who wants something
//! of it. The kernel notes when a packet came, so that what is told of delay does not depend on how soon the thread runs. Nobody shares a
//! lock. Packets leave one by one: those that are due at a time are of different sockets.

mod socket;
mod work;

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    net::SocketAddr,
    os::fd::AsFd as _,
    path::Path,
    sync::mpsc::{Sender, channel},
    thread::{self, JoinHandle},
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use vigil::{Bell, Vigil};

use crate::{
    flow::{Flow, FlowError, FlowId},
    tally::{Sent, Tally},
};

use work::Work;

/// Where `ip netns` keeps namespaces.
const FOLDER: &str = "/run/netns";

/// Why a station does not do what it is told.
#[derive(Debug, Error)]
pub enum StationError {
    /// The system gives no thread, no descriptor.
    #[error("the host {station} cannot be started: {cause}")]
    Start {
        /// Which.
        station: String,
        /// Why.
        cause: io::Error,
    },
    /// Its namespace cannot be entered.
    #[error("the host {station} cannot enter its namespace: {cause}")]
    Enter {
        /// Which.
        station: String,
        /// Why.
        cause: io::Error,
    },
    /// A flow that cannot be sent.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// A socket that it does not get.
    #[error("the host {station} cannot use {address}: {cause}; is the address its own, and the port free?")]
    Bind {
        /// Which.
        station: String,
        /// The socket's address.
        address: SocketAddr,
        /// Why.
        cause: io::Error,
    },
    /// Its thread has ended.
    #[error("the host {station} has ended; why stands in the log")]
    Ended {
        /// Which.
        station: String,
    },
    /// There is none of that name.
    #[error("there is no host {station}")]
    Unknown {
        /// The name.
        station: String,
    },
}

/// What a host has seen.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Of each flow that it expects.
    pub tallies: BTreeMap<FlowId, Tally>,
    /// Packets that came and were none of these.
    pub strange: u64,
    /// Packets that came and were lost in the host itself, because its sockets were full; they count as lost in the flows. As of the
    /// last packet that came at each socket.
    pub overrun: u64,
}

impl Report {
    /// This and another, of other flows.
    pub(crate) fn join(&mut self, other: Self) {
        self.tallies.extend(other.tallies);
        self.strange += other.strange;
        self.overrun += other.overrun;
    }
}

/// How far a flow has come to its receiver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Reached {
    /// Packets that have come.
    pub(crate) received: u64,
    /// The number after the furthest of them.
    pub(crate) next: u64,
    /// Whether the receiver was told that nothing more comes.
    pub(crate) settled: bool,
}

/// What a thread is asked for.
enum Ask {
    Receive(Vec<Flow>, Sender<Result<(), StationError>>),
    Send(Vec<Flow>, Sender<Result<(), StationError>>),
    Halt(Vec<FlowId>),
    Forget(Vec<FlowId>),
    Tell(BTreeMap<FlowId, Sent>),
    Sent(Sender<BTreeMap<FlowId, Sent>>),
    Reached(Sender<BTreeMap<FlowId, Reached>>),
    Tally(Sender<Report>),
    End,
}

/// A host. It ends when it is dropped.
#[derive(Debug)]
pub struct Station {
    name: String,
    asks: Sender<Ask>,
    bell: Bell,
    thread: Option<JoinHandle<()>>,
}

impl Station {
    /// Starts a host. `enter` moves the thread on which it is called to where the host is, for instance [`namespace`].
    ///
    /// # Errors
    /// `enter` fails, or the system gives no more threads or descriptors.
    pub fn start(
        name: &str,
        enter: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) -> Result<Self, StationError> {
        let fail = |cause| StationError::Start { station: name.to_owned(), cause };
        let (asks, asked) = channel();
        let (vigil, bell) = Vigil::begin().map_err(fail)?;
        let work = Work::new(name.to_owned(), vigil, asked);
        let (entered, has_entered) = channel();
        let run = move || {
            let there = enter();
            let is_there = there.is_ok();
            if entered.send(there).is_ok() && is_there {
                work.run();
            }
        };
        let thread = thread::Builder::new().name(format!("host {name}")).spawn(run).map_err(fail)?;
        let station = Self { name: name.to_owned(), asks, bell, thread: Some(thread) };
        match has_entered.recv() {
            Ok(Ok(())) => Ok(station),
            Ok(Err(cause)) => Err(StationError::Enter { station: name.to_owned(), cause }),
            Err(_) => Err(station.ended()),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Expects flows: opens their sockets and counts what comes from now on. A flow that it expects already begins anew.
    ///
    /// # Errors
    /// A flow cannot be sent, or a socket is not to be had. The flows before it are expected.
    pub fn receive(&self, flows: Vec<Flow>) -> Result<(), StationError> {
        self.answered(|answer| Ask::Receive(flows, answer))?
    }

    /// Sends flows from now on. A flow that it sends already begins anew.
    ///
    /// # Errors
    /// A flow cannot be sent, or a socket is not to be had. The flows before it are sent.
    pub fn send(&self, flows: Vec<Flow>) -> Result<(), StationError> {
        self.answered(|answer| Ask::Send(flows, answer))?
    }

    /// Ends flows that it sends. What it has sent of them is still known.
    ///
    /// # Errors
    /// Its thread has ended.
    pub fn halt(&self, flows: Vec<FlowId>) -> Result<(), StationError> {
        self.ask(Ask::Halt(flows))
    }

    /// Ends flows that it sends and expects no more of those that it expects; nothing is known of them any more.
    ///
    /// # Errors
    /// Its thread has ended.
    pub fn forget(&self, flows: Vec<FlowId>) -> Result<(), StationError> {
        self.ask(Ask::Forget(flows))
    }

    /// What it has sent of each flow.
    ///
    /// # Errors
    /// Its thread has ended.
    pub fn sent(&self) -> Result<BTreeMap<FlowId, Sent>, StationError> {
        self.answered(Ask::Sent)
    }

    /// Tells it what others have sent. Flows that it does not expect are left out.
    ///
    /// # Errors
    /// Its thread has ended.
    pub fn tell(&self, sent: BTreeMap<FlowId, Sent>) -> Result<(), StationError> {
        self.ask(Ask::Tell(sent))
    }

    /// What it has seen.
    ///
    /// # Errors
    /// Its thread has ended.
    pub fn tally(&self) -> Result<Report, StationError> {
        self.answered(Ask::Tally)
    }

    /// How far each flow that it expects has come: little to tell, however long they go on.
    pub(crate) fn reached(&self) -> Result<BTreeMap<FlowId, Reached>, StationError> {
        self.answered(Ask::Reached)
    }

    /// Ends it, as dropping it does.
    pub fn stop(self) {
        drop(self);
    }

    fn ended(&self) -> StationError {
        StationError::Ended { station: self.name.clone() }
    }

    fn ask(&self, ask: Ask) -> Result<(), StationError> {
        self.asks.send(ask).map_err(|_| self.ended())?;
        self.bell.ring();
        Ok(())
    }

    fn answered<T>(&self, ask: impl FnOnce(Sender<T>) -> Ask) -> Result<T, StationError> {
        let (answer, answered) = channel();
        self.ask(ask(answer))?;
        answered.recv().map_err(|_| self.ended())
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        // A thread that has ended takes nothing any more.
        let _ = self.ask(Ask::End);
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// Moves the thread that calls it into the namespace that `ip netns` knows by that name.
pub fn namespace(name: &str) -> impl FnOnce() -> io::Result<()> + Send + 'static + use<> {
    let file = Path::new(FOLDER).join(name);
    move || {
        let file = File::open(file)?;
        Ok(move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))?)
    }
}
