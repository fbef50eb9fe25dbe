//! The thread that stands in a namespace, and the handle by which others ask it to do things.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io,
    os::fd::AsFd,
    path::Path,
    pin::Pin,
    rc::Rc,
    time::Duration,
};

use ipnet::IpNet;
use rtnetlink::sys::AsyncSocket;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    counters::{self, Counters},
    error::{Fault, LiveError},
    inside::Inside,
    listen, read, sysctl,
    write::{self, Counts},
};
use crate::{
    number::Device,
    object::{Hop, RouteKey, Target},
    program::Program,
    write::Write,
};

/// Where `ip netns` keeps namespaces.
const FOLDER: &str = "/run/netns";

type Task = Pin<Box<dyn Future<Output = ()>>>;
type Order = Box<dyn FnOnce(Rc<Inside>) -> Task + Send>;

/// A network namespace. Orders are carried out one after the other; the thread ends when the last handle is gone.
#[derive(Clone, Debug)]
pub struct Namespace {
    name: String,
    orders: mpsc::Sender<Order>,
}

/// So many orders may wait.
const WAITING: usize = 16;

/// Longest time for reading or counting, and for writing beside a millisecond for each write.
const LIMIT: Duration = Duration::from_secs(10);

impl Namespace {
    /// Enters the namespace that `ip netns` knows by that name.
    ///
    /// # Errors
    /// There is none, or this process may not enter it.
    pub async fn open(name: &str) -> Result<Self, LiveError> {
        Self::at(name, &Path::new(FOLDER).join(name)).await
    }

    /// Enters the namespace of a file, such as `/proc/123/ns/net`. The name is for those who read errors.
    ///
    /// # Errors
    /// It is none, or this process may not enter it.
    pub async fn at(name: &str, file: &Path) -> Result<Self, LiveError> {
        let (orders, waiting) = mpsc::channel(WAITING);
        let (ready, is_ready) = oneshot::channel();
        let file = file.to_owned();
        let fail = |fault| LiveError { namespace: name.to_owned(), object: "entering it".to_owned(), fault };
        let thread = std::thread::Builder::new().name(format!("ns {name}"));
        thread.spawn(move || stand_in(&file, waiting, ready)).map_err(|cause| fail(cause.into()))?;
        match is_ready.await {
            Ok(Ok(())) => Ok(Self { name: name.to_owned(), orders }),
            Ok(Err(fault)) => Err(fail(fault)),
            Err(_) => Err(fail(Fault::Ended)),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs something on the thread that stands in the namespace: sockets that it opens and children that it starts are there.
    ///
    /// # Errors
    /// The thread has ended.
    pub async fn run<T, F, R>(&self, job: F) -> Result<T, LiveError>
    where
        T: Send + 'static,
        F: FnOnce(Rc<Inside>) -> R + Send + 'static,
        R: Future<Output = T> + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let order: Order = Box::new(move |inside| {
            let work = job(inside);
            Box::pin(async move {
                // Nobody waits any more: what was ordered is done all the same.
                let _ = answer.send(work.await);
            })
        });
        let ended = || self.fail("an order", Fault::Ended);
        self.orders.send(order).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())
    }

    fn fail(&self, object: &str, fault: Fault) -> LiveError {
        LiveError { namespace: self.name.clone(), object: object.to_owned(), fault }
    }

    async fn within<T, F, R>(&self, object: &str, limit: Duration, job: F) -> Result<T, LiveError>
    where
        T: Send + 'static,
        F: FnOnce(Rc<Inside>) -> R + Send + 'static,
        R: Future<Output = Result<T, (Option<String>, Fault)>> + 'static,
    {
        let done = self.run(move |inside| tokio::time::timeout(limit, job(inside))).await?;
        let late = |_| (None, Fault::Late(limit.as_secs()));
        let failed =
            |(found, fault): (Option<String>, Fault)| self.fail(found.as_deref().unwrap_or(object), fault);
        done.map_err(late).and_then(|done| done).map_err(failed)
    }

    /// Makes the settings that forwarding needs. To be called before devices are made.
    ///
    /// # Errors
    /// The kernel does not have one of them, or they may not be changed.
    pub async fn prepare(&self) -> Result<(), LiveError> {
        self.within("settings", LIMIT, |_| async { sysctl::set_all().map_err(|fault| (None, fault)) }).await
    }

    /// What is held there of ours, by protocol number, tables, the name of the table of marks, and handles of queues. A rule that has our
    /// number and is none that we write is taken away.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn read(&self) -> Result<Program, LiveError> {
        self.within("reading", LIMIT, |inside| async move { read::program(&inside).await }).await
    }

    /// The routes that are held there of ours: quick, for they are all that a device takes with it when it goes down. Whoever keeps a
    /// program in mind sets its routes to these when a device went down or came up.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn routes(&self) -> Result<BTreeMap<RouteKey, Target>, LiveError> {
        self.within("reading routes", LIMIT, |inside| async move { read::only_routes(&inside).await }).await
    }

    /// Routes to neighbours that others have written into the main table: those of the IGP, whoever speaks it.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn underlay(&self) -> Result<BTreeMap<IpNet, BTreeSet<Hop>>, LiveError> {
        self.within("reading routes", LIMIT, |inside| async move { read::underlay(&inside).await }).await
    }

    /// The devices, and whether each is up and so is what it is connected to.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn devices(&self) -> Result<BTreeMap<Device, bool>, LiveError> {
        self.within("reading devices", LIMIT, |inside| async move { read::devices(&inside).await }).await
    }

    /// A number that changes whenever a device or a route that is not ours has changed.
    ///
    /// # Errors
    /// The kernel gives no socket for it.
    pub async fn listen(&self) -> Result<watch::Receiver<u64>, LiveError> {
        self.within("listening", LIMIT, |_| async { listen::start().map_err(|fault| (None, fault)) }).await
    }

    /// Carries writes out, in their order. What should go and is gone already is no failure. What comes behind one that fails is not
    /// carried out, but for those that were sent with it (routes that come, or routes that go); read again then.
    ///
    /// # Errors
    /// The first that failed.
    pub async fn write(&self, writes: &[Write]) -> Result<Counts, LiveError> {
        if writes.is_empty() {
            return Ok(Counts::default());
        }
        let limit = LIMIT + Duration::from_millis(u64::try_from(writes.len()).unwrap_or(u64::MAX));
        let writes = writes.to_vec();
        self.within("writing", limit, |inside| async move { write::all(&inside, &writes).await }).await
    }

    /// What was counted since devices, queues and SIDs were made.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn counters(&self) -> Result<Counters, LiveError> {
        self.within("counting", LIMIT, |inside| async move { counters::read(&inside).await }).await
    }
}

/// The thread: enters, says that it is ready, carries orders out until nobody can give any.
fn stand_in(file: &Path, mut orders: mpsc::Receiver<Order>, ready: oneshot::Sender<Result<(), Fault>>) {
    let entered = enter(file).and_then(|()| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime)
    });
    let runtime = match entered {
        Ok(runtime) => runtime,
        Err(fault) => return drop(ready.send(Err(fault))),
    };
    runtime.block_on(async move {
        let inside = match connect() {
            Ok(inside) => Rc::new(inside),
            Err(fault) => return drop(ready.send(Err(fault))),
        };
        if ready.send(Ok(())).is_err() {
            return;
        }
        while let Some(order) = orders.recv().await {
            order(inside.clone()).await;
        }
    });
}

fn enter(file: &Path) -> Result<(), Fault> {
    let opened = File::open(file).map_err(|cause| {
        let missing = cause.kind() == io::ErrorKind::NotFound;
        let hint = if missing { "; `ip netns add` makes one" } else { "" };
        Fault::Answer(format!("{}: {cause}{hint}", file.display()))
    })?;
    move_into_link_name_space(opened.as_fd(), Some(LinkNameSpaceType::Network)).map_err(|cause| {
        let may = matches!(cause, rustix::io::Errno::PERM);
        let hint = if may { ": root or CAP_SYS_ADMIN is needed" } else { "" };
        Fault::Answer(format!("{}: {cause}{hint}", file.display()))
    })
}

fn connect() -> Result<Inside, Fault> {
    let (mut connection, netlink, _) = rtnetlink::new_connection()?;
    let socket = connection.socket_mut().socket_mut();
    // The kernel says in words why it refuses, and does not repeat what was asked.
    socket.set_ext_ack(true)?;
    socket.set_cap_ack(true)?;
    tokio::spawn(connection);
    Ok(Inside { netlink })
}
