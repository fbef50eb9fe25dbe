//! The box of the tests: a NETCONF server that holds a tree, with a clock that the test turns and faults that the
//! test plans. It keeps RFC 6241 where the device relies on it: locks, the candidate, confirmed commits that are persistent or
//! go with their session, edits of running, startup. What it offers is what its hello says; that only that is asked of it is for
//! [`Operation::needs`]. It knows no model: which leaves tell entries of a list apart it is told by what the dialect renders.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use device::pre_image::MemoryPreImages;
use dialects::Dialect;
use model::DeviceConfig;
use model::state::Foreign;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::super::{Target as Address, reading};
use super::tree::{self, Keys};
use crate::ns;
use crate::operation::nmda::DataStore;
use crate::operation::{Commit, Datastore, EditConfig, Filter, Operation, Source, Target, TestOption};
use crate::rpc::{Rpc, RpcReply};
use crate::rpc_error::{ErrorTag, ErrorType, RpcError};
use crate::session::peer::Peer;
use crate::ssh::host::Device as Host;
use crate::tls::host::Device as TlsHost;
use crate::xml::Element;

/// What goes wrong with the next request of a kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// It is refused, with two errors.
    Refuse,
    /// It is carried out and never answered.
    Hang,
    /// It is carried out, and the session closes instead of an answer.
    Close,
    /// It is carried out, and the answer is no message.
    Garbage,
    /// An edit of running is carried out in its first half, and then refused.
    Half,
    /// It is carried out when the test says so, whether the session's client is still there or not, and never answered.
    Late,
}

struct Pending {
    /// Its name; without one it goes with its session.
    persist: Option<String>,
    owner: u32,
    before: Element,
    left: Duration,
}

/// What outlives sessions.
pub(super) struct Chassis {
    running: Element,
    keys: Keys,
    /// What is being prepared, where it differs from running by somebody's doing.
    candidate: Option<Element>,
    /// What it boots with.
    startup: Element,
    locks: BTreeMap<Datastore, u32>,
    pending: Option<Pending>,
    sessions: u32,
    faults: Vec<(&'static str, Fault)>,
    /// Lets the requests go on that are late.
    go_on: Arc<Notify>,
    /// What it calls it that nothing is pending: at a confirm, and at a cancel.
    pub(super) nothing: [ErrorTag; 2],
    /// Lets running be locked while a commit is pending, as its own session may.
    pub(super) is_lax: bool,
    /// What it answers to `<get>`, below its root.
    pub(super) state: Element,
    /// Texts of modules by name.
    pub(super) schemas: BTreeMap<&'static str, &'static str>,
    /// Every operation that came, by its name.
    pub(super) log: Vec<String>,
}

/// What a session does about a request.
enum Act {
    Say(RpcReply),
    Hang,
    Close,
    Garbage,
    Late(Box<Operation>),
}

fn refusal(tag: ErrorTag, message: &str) -> RpcError {
    RpcError::new(ErrorType::Protocol, tag, message)
}

fn denied(tag: ErrorTag, holder: u32) -> RpcError {
    let holder = Element::new(ns::BASE, "session-id").with_text(holder.to_string());
    refusal(tag, "somebody else is at it").with_info(holder)
}

impl Chassis {
    fn empty(dialect: Dialect) -> Arc<Mutex<Self>> {
        let keys = tree::keys(dialect);
        let first = tree::foreign(dialect, &keys);
        Arc::new(Mutex::new(Self {
            running: first.clone(),
            startup: first,
            keys,
            candidate: None,
            locks: BTreeMap::new(),
            pending: None,
            sessions: 0,
            faults: Vec::new(),
            go_on: Arc::default(),
            is_lax: false,
            nothing: [ErrorTag::InvalidValue, ErrorTag::OperationFailed],
            state: Element::new(ns::BASE, "data"),
            schemas: BTreeMap::new(),
            log: Vec::new(),
        }))
    }

    fn candidate(&self) -> &Element {
        self.candidate.as_ref().unwrap_or(&self.running)
    }

    fn free(&self, store: Datastore, who: u32) -> Result<(), Box<RpcError>> {
        match self.locks.get(&store) {
            Some(holder) if *holder != who => Err(denied(ErrorTag::InUse, *holder).into()),
            _ => Ok(()),
        }
    }

    fn answer(&mut self, who: u32, rpc: &Rpc) -> Act {
        let name = rpc.operation.name.local.to_string();
        self.log.push(name.clone());
        let fault = self.faults.iter().position(|(at, _)| *at == name).map(|at| self.faults.remove(at).1);
        if fault == Some(Fault::Refuse) {
            let one = refusal(ErrorTag::OperationFailed, "told to refuse").at("/one", Vec::new());
            let two = refusal(ErrorTag::InvalidValue, "and again").at("/two", Vec::new());
            let errors = crate::rpc_error::RpcErrors(vec![one, two]);
            // `invalid-value` alone means an unknown persist-id, so the follow-ups are refused without it.
            let errors = if name == "edit-config" { errors } else { errors.0[0].clone().into() };
            return Act::Say(RpcReply::errors(rpc, errors));
        }
        let mut operation = Operation::parse(rpc.operation.clone()).unwrap();
        if fault == Some(Fault::Half) {
            let Operation::EditConfig(edit) = &mut operation else { panic!("half of what?") };
            edit.config.truncate(edit.config.len() / 2);
            self.carry_out(who, operation).unwrap();
            return Act::Say(RpcReply::errors(
                rpc,
                refusal(ErrorTag::OperationFailed, "told to stop half-way"),
            ));
        }
        if fault == Some(Fault::Late) {
            return Act::Late(operation.into());
        }
        let reply = match self.carry_out(who, operation) {
            Ok(Some(text)) if name == "get-schema" => RpcReply::output(rpc, text),
            Ok(Some(data)) if name == "get-data" => {
                RpcReply::output(rpc, vec![Element::new(ns::NMDA, "data").with_children(data)])
            }
            Ok(None) => RpcReply::ok(rpc),
            Ok(Some(data)) => RpcReply::data(rpc, data),
            Err(error) => RpcReply::errors(rpc, *error),
        };
        match fault {
            None | Some(Fault::Refuse | Fault::Half | Fault::Late) => Act::Say(reply),
            Some(Fault::Hang) => Act::Hang,
            Some(Fault::Close) => Act::Close,
            Some(Fault::Garbage) => Act::Garbage,
        }
    }

    fn carry_out(&mut self, who: u32, operation: Operation) -> Result<Option<Vec<Element>>, Box<RpcError>> {
        match operation {
            Operation::GetConfig { source, filter, .. } => {
                let whole = match source {
                    Datastore::Running => &self.running,
                    Datastore::Candidate => self.candidate(),
                    Datastore::Startup => &self.startup,
                };
                return Ok(Some(match filter {
                    Some(Filter::Subtree(wanted)) => tree::selected(whole, &wanted),
                    Some(other) => panic!("the device sent {other:?}"),
                    None => whole.children.clone(),
                }));
            }
            Operation::Get { filter: Some(Filter::Subtree(wanted)), .. }
            | Operation::GetData {
                datastore: DataStore::Operational,
                filter: Some(Filter::Subtree(wanted)),
            } => {
                return Ok(Some(tree::selected(&self.state, &wanted)));
            }
            Operation::EditConfig(edit) => self.edit(who, &edit)?,
            Operation::CopyConfig {
                source: Source::Datastore(Datastore::Running),
                target: Target::Datastore(Datastore::Startup),
            } => self.startup = self.running.clone(),
            // The stream's end is the session's.
            Operation::CloseSession => {}
            Operation::Lock { target } => {
                if let Some(holder) = self.locks.get(&target) {
                    return Err(denied(ErrorTag::LockDenied, *holder).into());
                }
                let dirty = target == Datastore::Candidate && self.candidate.is_some();
                let waits = self.pending.is_some() && !self.is_lax;
                if dirty || (target == Datastore::Running && waits) {
                    return Err(denied(ErrorTag::LockDenied, 0).into());
                }
                self.locks.insert(target, who);
            }
            Operation::Unlock { target } => match self.locks.get(&target) {
                Some(holder) if *holder == who => drop(self.locks.remove(&target)),
                _ => return Err(refusal(ErrorTag::OperationFailed, "not your lock").into()),
            },
            Operation::DiscardChanges => {
                self.free(Datastore::Candidate, who)?;
                self.candidate = None;
            }
            Operation::GetSchema { identifier, .. } => {
                let text = self.schemas.get(identifier.as_str());
                let text = text.ok_or_else(|| refusal(ErrorTag::InvalidValue, "no such module"))?;
                return Ok(Some(vec![Element::new(ns::MONITORING, "data").with_text(*text)]));
            }
            Operation::Commit(commit) => self.commit(who, commit)?,
            Operation::CancelCommit { persist_id } => match &self.pending {
                Some(pending) if persist_id.is_some() && persist_id == pending.persist => self.revert(),
                Some(_) => return Err(refusal(ErrorTag::InvalidValue, "another persist-id").into()),
                None => return Err(refusal(self.nothing[1].clone(), "nothing to cancel").into()),
            },
            other => panic!("the device sent {other:?}"),
        }
        Ok(None)
    }

    fn edit(&mut self, who: u32, edit: &EditConfig) -> Result<(), Box<RpcError>> {
        self.free(edit.target, who)?;
        let mut wanted = match edit.target {
            Datastore::Candidate => self.candidate().clone(),
            Datastore::Running => self.running.clone(),
            Datastore::Startup => panic!("the device edits startup"),
        };
        edit.config.iter().for_each(|part| tree::merge(&mut wanted, part, &self.keys, &[]));
        match edit.target {
            _ if edit.test_option == Some(TestOption::TestOnly) => {}
            Datastore::Running => self.running = wanted,
            _ => self.candidate = Some(wanted),
        }
        Ok(())
    }

    fn commit(&mut self, who: u32, commit: Commit) -> Result<(), Box<RpcError>> {
        self.free(Datastore::Running, who)?;
        self.free(Datastore::Candidate, who)?;
        if let Some(tied) = self.pending.as_ref().filter(|pending| pending.persist.is_none())
            && tied.owner != who
        {
            return Err(denied(ErrorTag::InUse, tied.owner).into());
        }
        let known = self.pending.as_ref().and_then(|pending| pending.persist.clone());
        if commit.persist_id != known {
            let tag = if known.is_some() { ErrorTag::InvalidValue } else { self.nothing[0].clone() };
            return Err(refusal(tag, "not the pending commit").into());
        }
        self.pending = commit.confirmed.map(|confirmed| Pending {
            persist: confirmed.persist,
            owner: who,
            before: self.running.clone(),
            left: Duration::from_secs(confirmed.timeout_s.unwrap().into()),
        });
        if let Some(wanted) = self.candidate.take() {
            self.running = wanted;
        }
        Ok(())
    }

    fn revert(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.running = pending.before;
        }
    }

    fn ended(&mut self, who: u32) {
        if self.pending.as_ref().is_some_and(|pending| pending.persist.is_none() && pending.owner == who) {
            self.revert();
        }
        if self.locks.get(&Datastore::Candidate) == Some(&who) {
            self.candidate = None;
        }
        self.locks.retain(|_, holder| *holder != who);
    }
}

/// The box, reachable over SSH or TLS on loopback.
pub(super) struct Chamber {
    pub(super) dialect: Dialect,
    /// What its hello says.
    pub(super) offered: &'static [&'static str],
    chassis: Arc<Mutex<Chassis>>,
    target: Address,
    /// What all values that drive it share.
    pub(super) pre_images: Arc<MemoryPreImages>,
    _tasks: JoinSet<()>,
}

pub(super) const FULL: [&str; 6] = [
    ns::CAP_BASE_1_0,
    ns::CAP_BASE_1_1,
    "urn:ietf:params:netconf:capability:candidate:1.0",
    "urn:ietf:params:netconf:capability:confirmed-commit:1.1",
    "urn:ietf:params:netconf:capability:validate:1.1",
    "http://openconfig.net/yang/qos?module=openconfig-qos&revision=2023-01-01",
];

impl Chamber {
    pub(super) async fn start(capabilities: &'static [&'static str]) -> Self {
        Self::speaking(Dialect::OpenConfig, capabilities).await
    }

    pub(super) async fn speaking(dialect: Dialect, capabilities: &'static [&'static str]) -> Self {
        let chassis = Chassis::empty(dialect);
        let mut host = Host::usual().await;
        let target = host.target().into();
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&chassis);
        tasks.spawn(async move {
            // The whole of it, since it serves as long as it lives.
            let host = &mut host;
            let mut sessions = JoinSet::new();
            while let Some(channel) = host.channels.recv().await {
                sessions.spawn(serve(Arc::clone(&shared), channel.into_stream(), capabilities));
            }
        });
        Self { dialect, offered: capabilities, chassis, target, pre_images: Arc::default(), _tasks: tasks }
    }

    pub(super) async fn over_tls(capabilities: &'static [&'static str]) -> Self {
        let dialect = Dialect::OpenConfig;
        let chassis = Chassis::empty(dialect);
        let mut host = TlsHost::usual().await;
        let target = host.target().into();
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&chassis);
        tasks.spawn(async move {
            let host = &mut host;
            let mut sessions = JoinSet::new();
            while let Some(stream) = host.streams.recv().await {
                sessions.spawn(serve(Arc::clone(&shared), stream, capabilities));
            }
        });
        Self { dialect, offered: capabilities, chassis, target, pre_images: Arc::default(), _tasks: tasks }
    }

    pub(super) fn target(&self) -> Address {
        self.target.clone()
    }

    pub(super) fn chassis(&self) -> MutexGuard<'_, Chassis> {
        self.chassis.lock().unwrap()
    }

    pub(super) fn will(&self, operation: &'static str, fault: Fault) {
        self.chassis().faults.push((operation, fault));
    }

    /// It gets to what is late.
    pub(super) fn go_on(&self) {
        self.chassis().go_on.notify_one();
    }

    /// Time goes by on the box.
    pub(super) fn pass(&self, time: Duration) {
        let mut chassis = self.chassis();
        match &mut chassis.pending {
            Some(pending) if pending.left > time => pending.left -= time,
            _ => chassis.revert(),
        }
    }

    /// Its power goes and comes back.
    pub(super) fn reboot(&self) {
        let mut chassis = self.chassis();
        (chassis.pending, chassis.candidate) = (None, None);
        chassis.running = chassis.startup.clone();
    }

    /// What it holds of ours, read beside the sessions.
    pub(super) fn truth(&self) -> DeviceConfig {
        self.holds().0
    }

    /// What it holds of ours and of others.
    pub(super) fn holds(&self) -> (DeviceConfig, Foreign) {
        self.dialect.read(&reading::view(self.chassis().running.clone())).unwrap()
    }

    pub(super) fn locks(&self) -> Vec<Datastore> {
        self.chassis().locks.keys().copied().collect()
    }

    pub(super) fn is_pending(&self) -> bool {
        self.chassis().pending.is_some()
    }

    pub(super) fn sessions(&self) -> u32 {
        self.chassis().sessions
    }

    /// Somebody writes nonsense into every leaf of that name.
    pub(super) fn garble(&self, leaf: &str) {
        fn garble(element: &mut Element, leaf: &str) {
            if *element.name.local == *leaf {
                element.text = "nonsense".into();
            }
            element.children.iter_mut().for_each(|child| garble(child, leaf));
        }
        garble(&mut self.chassis().running, leaf);
    }

    /// Somebody edits the candidate without a lock.
    pub(super) fn meddle(&self) {
        let mut chassis = self.chassis();
        let wanted = chassis.running.clone().with_child(Element::new("urn:other", "theirs"));
        chassis.candidate = Some(wanted);
    }
}

/// Forgets a session however its task ends.
struct Seat(Arc<Mutex<Chassis>>, u32);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.lock().unwrap().ended(self.1);
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    chassis: Arc<Mutex<Chassis>>,
    stream: S,
    capabilities: &[&str],
) {
    let id = {
        let mut chassis = chassis.lock().unwrap();
        chassis.sessions += 1;
        chassis.sessions
    };
    let seat = Seat(chassis, id);
    let mut peer = Peer::greet_as(id, stream, capabilities).await;
    while let Some(rpc) = peer.request().await {
        let act = seat.0.lock().unwrap().answer(id, &rpc);
        match act {
            Act::Say(reply) => peer.say(&reply.to_xml()).await,
            Act::Hang => {}
            Act::Close => return,
            Act::Late(operation) => {
                let go_on = Arc::clone(&seat.0.lock().unwrap().go_on);
                go_on.notified().await;
                seat.0.lock().unwrap().carry_out(id, *operation).unwrap();
            }
            Act::Garbage => peer.stream.write_all(b"%% what was that?\n").await.unwrap(),
        }
    }
}
