//! A device in memory that holds a JSON tree, takes confirmed commits where it is told to, and whose time the test moves.
//! It checks nothing against a schema, so that it speaks every dialect. Leaves it takes only inside of what holds them.

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use device::contract::sample_edits;
use dialects::{Dialect, Feature, Headend, Operation, Support, View, operation, to_gnmi};
use gnmi::extension::CommitAction;
use gnmi::get::Query;
use gnmi::notice::{Leaf, Notice};
use gnmi::path::Elem;
use gnmi::proto::g_nmi_server::GNmi;
use gnmi::proto::{self, Encoding};
use gnmi::server::{ServeError, ServerLimits, serve, tls_config};
use gnmi::set::Changes;
use gnmi::target::Target;
use model::state::Foreign;
use model::{DeviceConfig, Edit, SteeringRule};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::{Authority, NAME, target};

/// What the next Set that carries changes meets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The device says no.
    Refuse,
    /// The Set has its effect, and no answer comes.
    LoseAnswer,
    /// Neither effect nor answer.
    LoseRequest,
    /// No answer, and the effect so much later.
    Late(Duration),
}

/// The box's own address in the policies of others.
pub const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

/// What the contract puts on a device of the dialect: all that its table has.
pub fn edits(dialect: Dialect, number: u32) -> Vec<Edit> {
    // Where no rule looks at code points, it goes by its prefix alone.
    let plain = |edit: Edit| match (edit, dialect.support(Feature::DscpSteering)) {
        (Edit::PutSteering(rule), Support::Missing(_)) => {
            Edit::PutSteering(SteeringRule { dscp: BTreeSet::new(), ..rule })
        }
        (other, _) => other,
    };
    sample_edits(number).into_iter().map(plain).filter(|edit| dialect.carries(edit)).collect()
}

fn rendered(dialect: Dialect, edits: &[Edit]) -> Vec<Operation> {
    let held = DeviceConfig::default();
    dialect.render(edits, &Headend { address: ADDRESS, held: &held }).expect("the table has it")
}

/// The box behind every session.
pub struct Chassis {
    dialect: Dialect,
    tree: Value,
    commit_confirmed: bool,
    pending: Option<(String, Value, Duration)>,
    pub faults: VecDeque<Fault>,
    /// How often the tree was written.
    pub writes: usize,
    /// Names of the modules that it says it serves.
    pub modules: Vec<&'static str>,
}

#[derive(Clone)]
struct Service(Arc<Mutex<Chassis>>);

/// A box that runs.
pub struct TreeDevice {
    chassis: Arc<Mutex<Chassis>>,
    pub authority: Authority,
    address: String,
    stop: CancellationToken,
    task: JoinHandle<Result<(), ServeError>>,
}

impl TreeDevice {
    /// A box that speaks OpenConfig, see [`Self::speaking`].
    pub async fn start(commit_confirmed: bool) -> Self {
        Self::speaking(Dialect::OpenConfig, commit_confirmed).await
    }

    /// A box with a policy of somebody else; in OpenConfig also with two network instances and an interface, in
    /// Huawei's dialect with a VRF.
    pub async fn speaking(dialect: Dialect, commit_confirmed: bool) -> Self {
        let mut tree = match dialect {
            Dialect::OpenConfig => json!({
                "network-instances": {"network-instance": [{"name": "default"}, {"name": "production"}]},
                "interfaces": {"interface": [{"name": "eth1"}]},
            }),
            // The table in which the contract's rules stand.
            Dialect::Huawei => json!({
                "network-instance": {"instances": {"instance": [
                    {"name": "production", "afs": {"af": [{"type": "ipv4-unicast"}]}},
                ]}},
            }),
            _ => json!({}),
        };
        put_foreign(dialect, &mut tree);
        let chassis = Arc::new(Mutex::new(Chassis {
            dialect,
            tree,
            commit_confirmed,
            pending: None,
            faults: VecDeque::new(),
            writes: 0,
            modules: operation::names(&rendered(dialect, &edits(dialect, 1))).into_keys().collect(),
        }));
        let authority = Authority::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let address = listener.local_addr().expect("its address").to_string();
        let limits = ServerLimits::default();
        let tls = tls_config(&authority.identity(NAME), &authority.pem(), limits.handshake);
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener, tls, Service(chassis.clone()), limits, stop.clone()));
        Self { chassis, authority, address, stop, task }
    }

    pub fn target(&self) -> Target {
        target(self.address.clone(), self.authority.client())
    }

    pub fn chassis(&self) -> MutexGuard<'_, Chassis> {
        self.chassis.lock().expect("no holder of the lock panics")
    }

    /// What it holds, seen from beside.
    pub fn holds(&self) -> (DeviceConfig, Foreign) {
        let chassis = self.chassis();
        chassis.dialect.read(&View::from_json(&chassis.tree)).expect("the tree is ours")
    }

    /// Time goes by on the box.
    pub fn pass(&self, time: Duration) {
        let mut chassis = self.chassis();
        if let Some((id, before, left)) = chassis.pending.take() {
            if left <= time {
                chassis.tree = before;
            } else {
                chassis.pending = Some((id, before, left - time));
            }
        }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("no panic").expect("served until stopped");
    }
}

impl Chassis {
    fn take(&mut self, changes: Changes) -> Result<(), Status> {
        let commit = changes.commit.clone().filter(|_| self.commit_confirmed);
        match commit {
            None if self.pending.is_some() => return Err(Status::failed_precondition("a commit waits")),
            None => self.write(&changes),
            Some(commit) => match (commit.action, self.pending.take()) {
                (CommitAction::Begin { rollback }, None) => {
                    self.pending = Some((commit.id, self.tree.clone(), rollback));
                    self.write(&changes);
                }
                (CommitAction::Confirm, Some((id, ..))) if id == commit.id => {}
                (CommitAction::Cancel, Some((id, before, _))) if id == commit.id => self.tree = before,
                (CommitAction::Confirm | CommitAction::Cancel, Some(other)) => {
                    self.pending = Some(other);
                    return Err(Status::invalid_argument("another commit waits"));
                }
                (_, pending) => {
                    self.pending = pending;
                    return Err(Status::failed_precondition("another commit waits, or none"));
                }
            },
        }
        Ok(())
    }

    fn write(&mut self, changes: &Changes) {
        self.writes += usize::from(!changes.is_empty());
        for path in &changes.delete {
            remove(&mut self.tree, &path.elems);
        }
        for (path, value) in &changes.replace {
            remove(&mut self.tree, &path.elems);
            merge(place(&mut self.tree, &path.elems), value);
        }
        for (path, value) in &changes.update {
            merge(place(&mut self.tree, &path.elems), value);
        }
    }
}

/// A policy of somebody else: one of ours under another name.
fn put_foreign(dialect: Dialect, tree: &mut Value) {
    const NUMBER: u32 = 900;
    let policies = edits(dialect, NUMBER).into_iter().filter(|edit| matches!(edit, Edit::PutPolicy(_)));
    for operation in rendered(dialect, &policies.collect::<Vec<_>>()) {
        let (path, value) = to_gnmi(&operation);
        let renamed = |text: &str| text.replace(&format!("tl-contract-{NUMBER}"), "by-hand");
        let path: gnmi::Path = renamed(&path).parse().expect("a path");
        let value = renamed(&value.expect("it is put").to_string());
        merge(place(tree, &path.elems), &serde_json::from_str(&value).expect("JSON"));
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_entry(entry: &Value, elem: &Elem) -> bool {
    elem.keys.iter().all(|(key, wanted)| entry.get(local(key)).is_some_and(|found| text(found) == *wanted))
}

/// The node at a path, made where it is not there.
fn place<'t>(tree: &'t mut Value, path: &[Elem]) -> &'t mut Value {
    let Some((elem, rest)) = path.split_first() else { return tree };
    if tree.is_null() {
        *tree = Value::Object(Map::new());
    }
    let child = &mut tree[local(&elem.name)];
    if elem.keys.is_empty() {
        return place(child, rest);
    }
    if child.is_null() {
        *child = Value::Array(Vec::new());
    }
    let list = child.as_array_mut().expect("an element with keys is a list entry");
    let at = list.iter().position(|entry| is_entry(entry, elem)).unwrap_or_else(|| {
        let keys = elem.keys.iter().map(|(key, value)| (local(key).to_owned(), json!(value)));
        list.push(Value::Object(keys.collect()));
        list.len() - 1
    });
    place(&mut list[at], rest)
}

fn remove(tree: &mut Value, path: &[Elem]) {
    let Some((elem, rest)) = path.split_first() else { return };
    let name = local(&elem.name);
    if !elem.keys.is_empty() {
        let Some(list) = tree.get_mut(name).and_then(Value::as_array_mut) else { return };
        if rest.is_empty() {
            list.retain(|entry| !is_entry(entry, elem));
        } else {
            list.iter_mut().filter(|entry| is_entry(entry, elem)).for_each(|entry| remove(entry, rest));
        }
    } else if rest.is_empty() {
        tree.as_object_mut().map(|members| members.remove(name));
    } else if let Some(child) = tree.get_mut(name) {
        remove(child, rest);
    }
}

/// Puts `value` into `into`; lists of entries are only ever written whole here.
fn merge(into: &mut Value, value: &Value) {
    let Value::Object(members) = value else {
        *into = value.clone();
        return;
    };
    if into.is_null() {
        *into = Value::Object(Map::new());
    }
    for (name, member) in members {
        merge(&mut into[local(name)], member);
    }
}

#[async_trait]
impl GNmi for Service {
    async fn capabilities(
        &self,
        _: Request<proto::CapabilityRequest>,
    ) -> Result<Response<proto::CapabilityResponse>, Status> {
        let (dialect, modules) = {
            let chassis = self.0.lock().expect("no panic");
            (chassis.dialect, chassis.modules.clone())
        };
        let model = |name: &str| proto::ModelData {
            // As SR Linux says it.
            name: match dialect {
                Dialect::SrLinux => format!("urn:srl_nokia/module:{name}"),
                _ => name.into(),
            },
            version: "2026-01-01".into(),
            ..Default::default()
        };
        Ok(Response::new(proto::CapabilityResponse {
            supported_models: modules.into_iter().map(model).collect(),
            supported_encodings: vec![Encoding::JsonIetf.into()],
            g_nmi_version: proto::VERSION.into(),
            ..Default::default()
        }))
    }

    async fn get(&self, request: Request<proto::GetRequest>) -> Result<Response<proto::GetResponse>, Status> {
        let query = Query::decode(request.into_inner(), &[Encoding::JsonIetf])?;
        let chassis = self.0.lock().expect("no panic");
        let answer = |path: gnmi::Path| {
            let found = path.elems.iter().try_fold(&chassis.tree, |node, elem| {
                let child = node.get(local(&elem.name))?;
                match elem.keys.is_empty() {
                    true => Some(child),
                    false => child.as_array()?.iter().find(|entry| is_entry(entry, elem)),
                }
            });
            let value = found.ok_or_else(|| Status::not_found(path.to_string()))?.clone();
            let notice = Notice { at_ns: 1, leaves: vec![Leaf { path, value }], ..Notice::default() };
            Ok(notice.encode(query.encoding, "").expect("a tree"))
        };
        let notification = query.paths.into_iter().map(answer).collect::<Result<_, Status>>()?;
        Ok(Response::new(proto::GetResponse { notification, ..Default::default() }))
    }

    async fn set(&self, request: Request<proto::SetRequest>) -> Result<Response<proto::SetResponse>, Status> {
        let changes = Changes::decode(request.into_inner())?;
        let mut written = changes.update.iter().chain(&changes.replace);
        if let Some((path, _)) = written.find(|(_, value)| !value.is_object()) {
            return Err(Status::invalid_argument(format!("{path} is written by itself")));
        }
        let (lost, late) = {
            let mut chassis = self.0.lock().expect("no panic");
            let fault = if changes.is_empty() { None } else { chassis.faults.pop_front() };
            match fault {
                Some(Fault::Refuse) => return Err(Status::invalid_argument("told to refuse")),
                Some(Fault::LoseRequest) => (true, None),
                Some(Fault::Late(by)) => (true, Some(by)),
                Some(Fault::LoseAnswer) => {
                    chassis.take(changes.clone())?;
                    (true, None)
                }
                None => {
                    chassis.take(changes.clone())?;
                    (false, None)
                }
            }
        };
        if let Some(by) = late {
            // Beside the request: who asked may have hung up by then.
            let (chassis, changes) = (self.0.clone(), changes.clone());
            tokio::spawn(async move {
                tokio::time::sleep(by).await;
                chassis.lock().expect("no panic").take(changes).expect("nothing else waits");
            });
        }
        if lost {
            std::future::pending::<()>().await;
        }
        Ok(Response::new(changes.reply(1)))
    }

    type SubscribeStream = tokio_stream::Empty<Result<proto::SubscribeResponse, Status>>;

    async fn subscribe(
        &self,
        _: Request<Streaming<proto::SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        Err(Status::unimplemented("no telemetry here"))
    }
}
