//! The thread that answers probes, for all routers of a lab.
//!
//! It is none of those that probe, nor of their processes: an agent may be killed or frozen while the kernel of its router forwards on, and
//! a router that nobody steers must not look like one that nothing reaches.

use std::{
    fmt, io,
    os::fd::OwnedFd,
    thread::{self, JoinHandle},
};

use rustix::{
    buffer::spare_capacity,
    event::{EventfdFlags, epoll, eventfd},
    io::Errno,
};

use super::{TURN, clock, socket::Udp};
use crate::{
    packet::PORT,
    reflector::{Arrival, Reflector},
};

/// The token of what ends the thread; routers have their places.
const WAKE: u64 = u64::MAX;

/// The reflectors of routers, each at UDP port 862 of its namespace. All end when this is dropped.
pub struct Reflectors {
    wake: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Reflectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reflectors").finish_non_exhaustive()
    }
}

impl Reflectors {
    /// Answers probes from now on. Each router has a name, for those who read errors and logs, and what takes a thread into its network
    /// namespace: it is called on a thread that opens a socket there and ends.
    ///
    /// # Errors
    /// What one of them says; or a socket cannot be opened: that needs root or CAP_NET_BIND_SERVICE.
    pub fn start<E>(routers: impl IntoIterator<Item = (String, E)>) -> io::Result<Self>
    where
        E: FnOnce() -> io::Result<()> + Send + 'static,
    {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let work = Work::new(routers, &wake)?;
        let thread = thread::Builder::new().name("reflectors".to_owned()).spawn(move || work.run())?;
        Ok(Self { wake, thread: Some(thread) })
    }
}

impl Drop for Reflectors {
    fn drop(&mut self) {
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
        // One that panicked has said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Opens the socket of a router.
fn open<E>(name: &str, enter: E) -> io::Result<Udp>
where
    E: FnOnce() -> io::Result<()> + Send + 'static,
{
    let opening = thread::Builder::new().spawn(move || enter().and_then(|()| Udp::bind(PORT)))?;
    let opened = opening.join().unwrap_or_else(|_| {
        Err(io::Error::other("a thread of the reflectors ended early; its message stands above"))
    });
    opened.map_err(|cause| io::Error::new(cause.kind(), format!("the reflector of {name}: {cause}")))
}

/// Where the probes of others come to a router.
struct Door {
    router: String,
    socket: Udp,
    reflector: Reflector,
}

/// What the thread works on.
struct Work {
    epoll: OwnedFd,
    doors: Vec<Door>,
}

impl Work {
    fn new<E>(routers: impl IntoIterator<Item = (String, E)>, wake: &OwnedFd) -> io::Result<Self>
    where
        E: FnOnce() -> io::Result<()> + Send + 'static,
    {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, wake, epoll::EventData::new_u64(WAKE), epoll::EventFlags::IN)?;
        let mut doors = Vec::new();
        for (token, (router, enter)) in (0_u64..).zip(routers) {
            let socket = open(&router, enter)?;
            epoll::add(&epoll, &socket, epoll::EventData::new_u64(token), epoll::EventFlags::IN)?;
            doors.push(Door { router, socket, reflector: Reflector::default() });
        }
        Ok(Self { epoll, doors })
    }

    /// Answers until it is told to end.
    fn run(mut self) {
        let mut events = Vec::with_capacity(64);
        loop {
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return tracing::error!(%error, "probes are not answered any more"),
            }
            for event in &events {
                let token = event.data.u64();
                if token == WAKE {
                    return;
                }
                let Ok(place) = usize::try_from(token) else { continue };
                if let Some(door) = self.doors.get_mut(place) {
                    door.reflect();
                }
            }
        }
    }
}

impl Door {
    /// Answers what has come; others have their turn after some of it.
    fn reflect(&mut self) {
        for _ in 0..TURN {
            let received = match self.socket.receive() {
                Ok(Some(received)) => received,
                Ok(None) => return,
                // One that a packet met on its way, and is gone when it is told.
                Err(error) => {
                    return tracing::debug!(router = self.router, %error, "a probe is not read");
                }
            };
            let arrival = Arrival {
                from: *received.from.ip(),
                port: received.from.port(),
                octets: received.octets(),
                received: received.at,
                hop_limit: received.hop_limit,
            };
            let Some(answer) = self.reflector.answer(&arrival, clock::real(), clock::steady()) else {
                continue;
            };
            if let Err(error) = self.socket.answer(&received, &answer.encode()) {
                tracing::debug!(router = self.router, to = %received.from, %error, "a probe is not answered");
            }
        }
    }
}
