//! Many routers in one process: each on its own addresses with its own store, sharing the compiled modules.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use gnmi::tls::Identity;
use model::NodeId;
use netconf::ssh::Password;
use russh::keys::PublicKey;
use thiserror::Error;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinSet,
    time::{Duration, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    datastore::{Operation, Refusal, Tree, edit, json},
    plan::{Initial, Plan, RouterPlan},
    router::{Router, Shared},
    serve::{gnmi as gnmi_server, netconf as netconf_server},
    state::{Builder, StateSource},
    yang::{Schema, SchemaError},
};

/// Why the routers cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The served modules do not compile.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A file cannot be read.
    #[error("{}: {cause}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A file has not what it should. The content is not told: it may be a key.
    #[error("{}: {why}", file.display())]
    Content {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The initial configuration of a router is not valid.
    #[error("router {router}: initial configuration: {refusal}")]
    Initial {
        /// Which router.
        router: NodeId,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// An address cannot be served on.
    #[error("router {router}: {address}: {cause}")]
    Listen {
        /// Which router.
        router: NodeId,
        /// Which address.
        address: SocketAddr,
        /// Why.
        cause: std::io::Error,
    },
    /// Two routers have one name.
    #[error("router {0} is there twice")]
    Twice(NodeId),
}

/// Running routers. Dropping it cuts all their connections.
#[derive(Debug)]
pub struct Fleet {
    routers: BTreeMap<NodeId, Running>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Running {
    router: Arc<Router>,
    power: watch::Sender<bool>,
    addresses: [SocketAddr; 2],
    netconf_tls: Option<SocketAddr>,
}

/// What the servers of a router show and whom they let in.
struct Doors {
    ssh: netconf_server::Access,
    tls: Option<netconf_server::TlsAccess>,
    gnmi: gnmi_server::Access,
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Fleet {
    /// Starts all routers of a plan. When it returns, all of them take connections.
    ///
    /// # Errors
    /// When a file, a configuration or an address cannot be used.
    pub async fn start(plan: &Plan, source: Arc<dyn StateSource>) -> Result<Self, StartError> {
        let schema = Schema::load()?;
        let builder = Arc::new(Builder::new(schema.clone(), &netconf_server::capabilities(&schema)));
        let shared = Shared { schema, builder, source };
        let users = users(plan)?;
        let client_authority_pem = bytes(&plan.client_authority)?;
        let mut fleet =
            Self { routers: BTreeMap::new(), stop: CancellationToken::new(), tasks: JoinSet::new() };
        for one in &plan.routers {
            let host_key = netconf_server::HostKey::from_text(&text(&one.host_key)?)
                .map_err(|e| content(&one.host_key, e))?;
            let ssh = netconf_server::Access { host_key, users: users.clone() };
            let identity =
                Identity { certificates_pem: bytes(&one.certificate)?, key_pem: bytes(&one.key)?.into() };
            let tls = match one.netconf_tls {
                Some(_) => {
                    let access = netconf_server::TlsAccess::new(&identity, &client_authority_pem);
                    Some(access.map_err(|e| content(&one.certificate, e))?)
                }
                None => None,
            };
            let gnmi = gnmi_server::Access { identity, client_authority_pem: client_authority_pem.clone() };
            fleet.add(one, &shared, Doors { ssh, tls, gnmi }).await?;
        }
        Ok(fleet)
    }

    async fn add(&mut self, one: &RouterPlan, shared: &Shared, doors: Doors) -> Result<(), StartError> {
        let refused = |refusal| StartError::Initial { router: one.name.clone(), refusal: Box::new(refusal) };
        let initial = initial(&shared.schema, one)?;
        let router =
            Router::new(one.name.clone(), shared.clone(), one.commit_confirmed, initial).map_err(refused)?;
        let (power, on) = watch::channel(true);
        let switch = Switch { on, restarts: router.restarts() };
        self.tasks.spawn(router.clone().expire(self.stop.clone()));
        let Doors { ssh, tls, gnmi } = doors;
        let netconf = self
            .open(&one.name, one.netconf, &switch, {
                let router = router.clone();
                move |listener, stop| netconf_server::serve(router.clone(), listener, ssh.clone(), stop)
            })
            .await?;
        let netconf_tls = match (one.netconf_tls, tls) {
            (Some(address), Some(tls)) => {
                let router = router.clone();
                let serve = move |listener, stop| {
                    netconf_server::serve_tls(router.clone(), listener, tls.clone(), stop)
                };
                Some(self.open(&one.name, address, &switch, serve).await?)
            }
            _ => None,
        };
        let gnmi = self
            .open(&one.name, one.gnmi, &switch, {
                let (router, access) = (router.clone(), Arc::new(gnmi));
                move |listener, stop| {
                    let (router, access) = (router.clone(), access.clone());
                    async move {
                        if let Err(error) = gnmi_server::serve(router.clone(), listener, &access, stop).await
                        {
                            tracing::error!(router = %router.name(), %error, "gnmi server ended");
                        }
                    }
                }
            })
            .await?;
        let running = Running { router, power, addresses: [netconf, gnmi], netconf_tls };
        match self.routers.insert(one.name.clone(), running) {
            None => Ok(()),
            Some(_) => Err(StartError::Twice(one.name.clone())),
        }
    }

    /// Serves on an address from now on; gives the one that was bound.
    async fn open<F, S>(
        &mut self,
        router: &NodeId,
        address: SocketAddr,
        switch: &Switch,
        serve: F,
    ) -> Result<SocketAddr, StartError>
    where
        F: Fn(TcpListener, CancellationToken) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let fail = |cause| StartError::Listen { router: router.clone(), address, cause };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let bound = listener.local_addr().map_err(fail)?;
        let socket = Socket::new(bound, listener);
        self.tasks.spawn(socket.keep(self.stop.clone(), switch.clone(), serve));
        Ok(bound)
    }

    /// All routers by name.
    pub fn routers(&self) -> impl Iterator<Item = &Arc<Router>> {
        self.routers.values().map(|running| &running.router)
    }

    /// One router.
    pub fn router(&self, name: &NodeId) -> Option<&Arc<Router>> {
        self.routers.get(name).map(|running| &running.router)
    }

    /// Where a router serves NETCONF over SSH and gNMI; ports that the plan left to the system are told here.
    pub fn addresses(&self, name: &NodeId) -> Option<[SocketAddr; 2]> {
        self.routers.get(name).map(|running| running.addresses)
    }

    /// Where a router serves NETCONF over TLS, if anywhere.
    pub fn netconf_tls(&self, name: &NodeId) -> Option<SocketAddr> {
        self.routers.get(name).and_then(|running| running.netconf_tls)
    }

    /// Switches a router off, cutting all its sessions, or on again. It keeps its configuration, as one that saved it; a
    /// commit that waits goes on waiting. False where there is no such router.
    pub fn power(&self, name: &NodeId, on: bool) -> bool {
        self.routers.get(name).is_some_and(|running| running.power.send(on).is_ok())
    }

    /// Restarts a router: it comes back with the configuration that it started with, as one on which nobody saved another.
    /// One that is switched off comes back so when it is switched on. False where there is no such router.
    pub fn restart(&self, name: &NodeId) -> bool {
        self.router(name).map(|router| router.restart()).is_some()
    }

    /// Ends all routers.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// An address and, until it is first served on, its listener.
struct Socket {
    address: SocketAddr,
    listener: Option<TcpListener>,
}

impl Socket {
    fn new(address: SocketAddr, listener: TcpListener) -> Self {
        Self { address, listener: Some(listener) }
    }

    /// Serves while the router is switched on; again after a restart, and after a fault ended the server.
    async fn keep<F, S>(mut self, stop: CancellationToken, mut switch: Switch, serve: F)
    where
        F: Fn(TcpListener, CancellationToken) -> S,
        S: Future<Output = ()>,
    {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                known = switched(&mut switch.on, true) => {
                    if !known {
                        return;
                    }
                }
            }
            let listener = match self.listener.take() {
                Some(listener) => listener,
                None => match TcpListener::bind(self.address).await {
                    Ok(listener) => listener,
                    Err(error) => {
                        tracing::warn!(address = %self.address, %error, "cannot serve again yet");
                        sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            switch.restarts.mark_unchanged();
            let cut = stop.child_token();
            let served = serve(listener, cut.clone());
            tokio::pin!(served);
            tokio::select! {
                () = &mut served => {}
                () = switch.cuts() => {
                    cut.cancel();
                    served.await;
                }
            }
        }
    }
}

/// What takes a router's servers away.
#[derive(Clone)]
struct Switch {
    on: watch::Receiver<bool>,
    restarts: watch::Receiver<u32>,
}

impl Switch {
    /// Waits until the router is switched off, restarts, or is gone.
    async fn cuts(&mut self) {
        tokio::select! {
            _off = switched(&mut self.on, false) => {}
            _restarted = self.restarts.changed() => {}
        }
    }
}

/// Waits until the router is on, or off. False when nobody can switch it any more.
async fn switched(on: &mut watch::Receiver<bool>, wanted: bool) -> bool {
    on.wait_for(|on| *on == wanted).await.is_ok()
}

fn text(file: &Path) -> Result<String, StartError> {
    std::fs::read_to_string(file).map_err(|cause| StartError::File { file: file.to_owned(), cause })
}

fn bytes(file: &Path) -> Result<Vec<u8>, StartError> {
    std::fs::read(file).map_err(|cause| StartError::File { file: file.to_owned(), cause })
}

fn content(file: &Path, why: impl ToString) -> StartError {
    StartError::Content { file: file.to_owned(), why: why.to_string() }
}

fn users(plan: &Plan) -> Result<Arc<[netconf_server::User]>, StartError> {
    let user = |user: &crate::plan::UserPlan| {
        let keys = user.keys.iter().map(|file| {
            let key = PublicKey::from_openssh(text(file)?.trim());
            key.map_err(|_| content(file, "is no public key in OpenSSH form"))
        });
        let password = match &user.password {
            Some(file) => Some(Password::from_line(&bytes(file)?).map_err(|why| content(file, why))?),
            None => None,
        };
        Ok(netconf_server::User { name: user.name.clone(), keys: keys.collect::<Result<_, _>>()?, password })
    };
    plan.users.iter().map(user).collect()
}

fn initial(schema: &Schema, one: &RouterPlan) -> Result<Tree, StartError> {
    let refused = |refusal| StartError::Initial { router: one.name.clone(), refusal: Box::new(refusal) };
    let value = match &one.config {
        None => return Ok(Tree::default()),
        Some(Initial::Content(map)) => serde_json::Value::Object(map.clone()),
        Some(Initial::File(file)) => serde_json::from_str(&text(file)?).map_err(|e| content(file, e))?,
    };
    let edits = json::read_members(schema, None, &Vec::new(), &value).map_err(refused)?;
    let mut tree = Tree::default();
    edit::apply(schema, &mut tree, &edits, Operation::Merge).map_err(refused)?;
    Ok(tree)
}
