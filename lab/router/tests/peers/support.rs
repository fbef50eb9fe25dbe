//! Routers with keys and certificates made for one test, and a state source that the test moves.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
};

use gnmi::tls::{ClientTls, Identity};
use model::{Delay, InterfaceName, NodeId, PolicyKey, QueueName};
use netconf::tls::TlsTarget;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use router::{
    fleet::Fleet,
    plan::Plan,
    state::{
        Active, InterfaceState, ListState, Measurement, Neighbour, PathKey, PolicyState, Probes, QueueState,
        RouterState, SidBehaviour, SidPrefix, SidState, StateSource, Traffic,
    },
};
use russh::keys::{Algorithm, HashAlg, PrivateKey, key::safe_rng, ssh_key::LineEnding};
use serde_json::{Value, json};
use tokio::sync::watch;

/// The interfaces, the default instance and a VRF that every router of the tests starts with.
pub fn initial(name: &str) -> Value {
    let interface = |n: u8| {
        let name = format!("eth{n}");
        json!({"name": name, "config": {"name": name, "type": "iana-if-type:ethernetCsmacd"}})
    };
    let instance = |name: &str, kind: &str| {
        let kind = format!("openconfig-network-instance-types:{kind}");
        json!({"name": name, "config": {"name": name, "type": kind}})
    };
    json!({
        "openconfig-system:system": {"config": {"hostname": name}},
        "openconfig-interfaces:interfaces": {"interface": [interface(1), interface(2)]},
        "openconfig-network-instance:network-instances": {"network-instance": [
            instance("default", "DEFAULT_INSTANCE"), instance("production", "L3VRF"),
        ]},
    })
}

/// The same, and what an engineer made by hand in all of the places where the product makes things.
pub fn beside_others(name: &str) -> Value {
    let mut config = initial(name);
    let instances = &mut config["openconfig-network-instance:network-instances"]["network-instance"];
    instances[0]["trunkline-sr-policy:sr-policies"] = foreign_policy();
    instances[1]["policy-forwarding"] = foreign_steering();
    config["openconfig-qos:qos"] = foreign_queues();
    config
}

/// The color of what is another's.
pub const FOREIGN_COLOR: u32 = 9000;

fn foreign_policy() -> Value {
    let path = json!({"protocol-origin": "local", "originator": "ops", "discriminator": 7, "preference": 150,
        "segment-lists": {"segment-list": [
            {"name": "ops", "segments": {"segment": [{"index": 1, "srv6-sid": "fd00:9::1"}]}}]}});
    json!({"sr-policy": [{"color": FOREIGN_COLOR, "endpoint": "fd00:9::9", "name": "ops-keep",
        "candidate-paths": {"candidate-path": [path]}}]})
}

/// By its name it comes after ours: rules of several policies count on, so that ours keep their numbers for packets.
fn foreign_steering() -> Value {
    let rule = json!({"sequence-id": 60000, "config": {"sequence-id": 60000},
        "ipv4": {"config": {"destination-address": "192.0.2.0/24"}},
        "action": {"config": {"trunkline-sr-policy:color": FOREIGN_COLOR}}});
    json!({"policies": {"policy": [{"policy-id": "z-ops-pbr", "config": {"policy-id": "z-ops-pbr"},
        "rules": {"rule": [rule]}}]}})
}

fn foreign_queues() -> Value {
    let named = |name: &str| json!({"name": name, "config": {"name": name}});
    let input = json!({"id": "ops", "config": {"id": "ops", "input-type": "QUEUE", "queue": "ops-queue", "weight": "3"}});
    let scheduler = json!({"sequence": 1, "config": {"sequence": 1}, "inputs": {"input": [input]},
        "one-rate-two-color": {"config": {"cir": "2000000"}}});
    json!({
        "queues": {"queue": [named("ops-queue")]},
        "scheduler-policies": {"scheduler-policy": [{"name": "ops-sched", "config": {"name": "ops-sched"},
            "schedulers": {"scheduler": [scheduler]}}]},
        "interfaces": {"interface": [{"interface-id": "mgmt0", "config": {"interface-id": "mgmt0"},
            "output": {"scheduler-policy": {"config": {"name": "ops-sched"}}, "queues": {"queue": [named("ops-queue")]}}}]},
    })
}

/// State that the test sets.
#[derive(Debug)]
pub struct Scripted {
    state: Mutex<Arc<RouterState>>,
    ticks: watch::Sender<u64>,
}

impl Default for Scripted {
    fn default() -> Self {
        let source = Self { state: Mutex::default(), ticks: watch::Sender::new(0) };
        source.show(true, 1_000);
        source
    }
}

impl Scripted {
    /// Every router's eth1 is up or down, and sent so much.
    pub fn show(&self, up: bool, octets: u64) {
        let sent = Traffic { pkts: octets / 100, octets };
        let queue = QueueState { sent, ..QueueState::default() };
        let measurement = Measurement { delay: Some(Delay::from_micros(8_200)), ..Measurement::default() };
        let queues = [(QueueName::lit("af4"), queue)].into();
        let interface = InterfaceState { up, sent, measurement, queues, ..InterfaceState::default() };
        let interfaces = [(InterfaceName::lit("eth1"), interface)].into();
        *self.state.lock().unwrap() = Arc::new(RouterState { interfaces, ..RouterState::default() });
        self.ticks.send_modify(|tick| *tick += 1);
    }

    /// Every router calls itself so, and hears somebody's port on its eth1, which is up and has a number.
    pub fn hear(&self, own: &str, system: &str, port: &str) {
        let neighbour = Neighbour { system: NodeId::lit(system), port: InterfaceName::lit(port) };
        let (index, neighbour) = (Some(7), Some(neighbour));
        let interface = InterfaceState { up: true, index, neighbour, ..InterfaceState::default() };
        let interfaces = [(InterfaceName::lit("eth1"), interface)].into();
        let system_name = Some(own.to_owned());
        *self.state.lock().unwrap() =
            Arc::new(RouterState { system_name, interfaces, ..RouterState::default() });
        self.ticks.send_modify(|tick| *tick += 1);
    }

    /// Every router has an End SID to which so many packets came, and the policy of [`beside_others`] forwards, with this delay in
    /// microseconds along its list.
    pub fn steer(&self, pkts: u64, delay: u64) {
        let traffic = Some(Traffic { pkts, octets: 100 * pkts });
        let sid = SidState { traffic, ..SidState::uncounted(SidBehaviour::End, None) };
        let sids = [(SidPrefix::of("fd00:0:1:1::".parse().unwrap(), 128), sid)].into();
        let measurement = Measurement { delay: Some(Delay::from_micros(delay)), ..Measurement::default() };
        let list = ListState { valid: Some(true), probes: Probes::Answered, measurement };
        let policy = PolicyState {
            active: Active::Path(PathKey { preference: 150, discriminator: 7 }),
            traffic: None,
            lists: [(vec!["fd00:9::1".parse().unwrap()], list)].into(),
        };
        let endpoint = "fd00:9::9".parse().unwrap();
        let key = PolicyKey { color: FOREIGN_COLOR.try_into().unwrap(), endpoint };
        let policies = [(key, policy)].into();
        *self.state.lock().unwrap() = Arc::new(RouterState { policies, sids, ..RouterState::default() });
        self.ticks.send_modify(|tick| *tick += 1);
    }
}

impl StateSource for Scripted {
    fn state(&self, _: &NodeId) -> Arc<RouterState> {
        self.state.lock().unwrap().clone()
    }

    fn ticks(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }
}

/// Running routers `r1` to `rN`; the odd ones offer commit confirmed.
pub struct Bench {
    pub fleet: Fleet,
    pub source: Arc<Scripted>,
    pub folder: tempfile::TempDir,
    pub login: PrivateKey,
    pub pin: String,
    pub client: Identity,
    pub authority_pem: Vec<u8>,
}

impl Bench {
    pub async fn start(count: usize) -> Self {
        Self::of(count, initial).await
    }

    /// Routers that begin with what is given for their names.
    pub async fn of(count: usize, config: fn(&str) -> Value) -> Self {
        Self::letting_in(json!([]), count, config).await
    }

    /// One router that `ops` enters with this password.
    pub async fn with_password(password: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        fs::write(&file, password).unwrap();
        Self::letting_in(json!([{"name": "ops", "password": file}]), 1, initial).await
    }

    /// Routers that these enter too.
    async fn letting_in(mut users: Value, count: usize, config: fn(&str) -> Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let authority = authority();
        let client = identity(&authority, "controller");
        fs::write(dir.join("ca.pem"), authority.pem()).unwrap();
        fs::write(dir.join("client.pem"), &client.certificates_pem).unwrap();
        fs::write(dir.join("client.key"), &client.key_pem).unwrap();
        let (login, host) = (ssh_key(), ssh_key());
        save(&login, &dir.join("id_ed25519"));
        fs::write(dir.join("id_ed25519.pub"), login.public_key().to_openssh().unwrap()).unwrap();
        save(&host, &dir.join("host.key"));
        let device = identity(&authority, "router.lab");
        fs::write(dir.join("device.pem"), &device.certificates_pem).unwrap();
        fs::write(dir.join("device.key"), &device.key_pem).unwrap();
        let routers: Vec<Value> = (1..=count)
            .map(|n| {
                let (name, address) = (format!("r{n}"), format!("127.0.{}.{}:0", 1 + n / 250, n % 250 + 1));
                json!({"name": name, "netconf": address, "netconfTls": address, "gnmi": address, "hostKey": "host.key",
                    "certificate": "device.pem", "key": "device.key", "commitConfirmed": n % 2 == 1,
                    "config": config(&name)})
            })
            .collect();
        users.as_array_mut().unwrap().push(json!({"name": "trunkline", "keys": ["id_ed25519.pub"]}));
        let plan = json!({"apiVersion": "trunkline/v1", "kind": "Routers", "clientAuthority": "ca.pem",
            "users": users, "routers": routers});
        fs::write(dir.join("routers.json"), plan.to_string()).unwrap();
        let plan = Plan::read(&dir.join("routers.json")).unwrap();
        let source = Arc::new(Scripted::default());
        let fleet = Fleet::start(&plan, source.clone()).await.unwrap();
        let pin = host.fingerprint(HashAlg::Sha256).to_string();
        let authority_pem = authority.pem().into_bytes();
        Self { fleet, source, folder, login, pin, client, authority_pem }
    }

    /// How a client of the authority finds a router over TLS.
    pub fn tls_target(&self, router: &str) -> TlsTarget {
        let tls = ClientTls::new(&self.authority_pem, Some(&self.client)).unwrap();
        let address = self.fleet.netconf_tls(&NodeId::lit(router)).unwrap();
        TlsTarget::new(address.to_string(), "router.lab", tls)
    }

    /// Where a router serves NETCONF over SSH and gNMI.
    pub fn addresses(&self, router: &str) -> [SocketAddr; 2] {
        self.fleet.addresses(&NodeId::lit(router)).unwrap()
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "lab authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn identity(authority: &CertifiedIssuer<'static, KeyPair>, name: &str) -> Identity {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    Identity {
        certificates_pem: certificate.pem().into_bytes(),
        key_pem: key.serialize_pem().into_bytes().into(),
    }
}

pub fn ssh_key() -> PrivateKey {
    PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap()
}

fn save(key: &PrivateKey, file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(file, key.to_openssh(LineEnding::LF).unwrap()).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}
