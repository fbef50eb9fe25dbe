//! The files of a run: keys, certificates, inventory, and what each process is told. All secrets lie in one folder that
//! only its owner can read, and go with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use model::{Demands, NodeId, Ted, VrfName};
use netconf::ssh::keys::FreshKey;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use serde_json::{Value, json};

/// The folder of a run.
pub struct Folder {
    path: PathBuf,
    ours: bool,
}

/// What was written where.
pub struct Written {
    /// For `trunkline-router`.
    pub routers: PathBuf,
    /// For `trunkline-router`: the network around the routers.
    pub world: PathBuf,
    /// For `trunkline serve`.
    pub controller: PathBuf,
    /// Its state folder.
    pub state: PathBuf,
    /// Where processes log.
    pub logs: PathBuf,
    /// How each router is reached over NETCONF, for whoever is not the controller.
    pub doors: BTreeMap<NodeId, Door>,
    /// The key that opens them.
    pub login: PathBuf,
}

/// The NETCONF server of a router.
pub struct Door {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its host key's fingerprint.
    pub host_key: String,
}

/// Ports of the routers; each has an address of its own.
const NETCONF: u16 = 8300;
const GNMI: u16 = 9339;

impl Folder {
    /// Makes it, or takes the one that is given where nothing is in it: a run writes some hundred files, and none of them shall
    /// take the place of somebody's own.
    pub fn make(given: Option<&Path>) -> anyhow::Result<Self> {
        let path = match given {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!("trunkline-demo-{}", std::process::id())),
        };
        fs::DirBuilder::new()
            .recursive(given.is_some())
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("the folder {} cannot be made", path.display()))?;
        let path = path.canonicalize().context("the folder has no absolute path")?;
        if fs::read_dir(&path).with_context(|| format!("{} cannot be read", path.display()))?.next().is_some()
        {
            bail!("{} is not empty: give --folder one that is new or empty", path.display());
        }
        Ok(Self { path, ours: given.is_none() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what the run made.
    pub fn leave(&self) {
        if self.ours {
            // A file that stays behind in the folder for temporary files does no harm.
            let _ = fs::remove_dir_all(&self.path);
        }
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> anyhow::Result<PathBuf> {
        use std::io::Write as _;
        let path = self.path.join(name);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        file.write_all(content.as_ref()).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(path)
    }

    /// Writes everything for this network. Routers have the VRFs of what is offered to it, and `more`.
    pub fn write(
        &self,
        ted: &Ted,
        demands: &Demands,
        more: &BTreeSet<VrfName>,
        listen: SocketAddr,
    ) -> anyhow::Result<Written> {
        let authority = Authority::new()?;
        self.put("ca.pem", authority.0.pem())?;
        let (certificate, key) = authority.issue("trunkline", ExtendedKeyUsagePurpose::ClientAuth)?;
        self.put("client.pem", certificate)?;
        self.put("client.key", key)?;
        let login = FreshKey::generate()?;
        self.put("id_ed25519", &login.private)?;
        self.put("id_ed25519.pub", &login.public)?;
        let vrfs = vrfs(demands, more);
        let interfaces = ted.interfaces();
        let mut devices = Vec::new();
        let mut routers = Vec::new();
        let mut doors = BTreeMap::new();
        let mut known: BTreeMap<&NodeId, Vec<&str>> = BTreeMap::new();
        for (node, interface) in interfaces.keys() {
            known.entry(node).or_default().push(interface.as_str());
        }
        for (at, node) in ted.nodes.keys().enumerate() {
            let host = FreshKey::generate()?;
            let (certificate, key) = authority.issue(node.as_str(), ExtendedKeyUsagePurpose::ServerAuth)?;
            self.put(&format!("{node}.hostkey"), &host.private)?;
            self.put(&format!("{node}.pem"), certificate)?;
            self.put(&format!("{node}.key"), key)?;
            let names = known.remove(node).unwrap_or_default();
            devices.push(device(at, node, &host.fingerprint));
            doors.insert(node.clone(), Door { address: address(at, NETCONF), host_key: host.fingerprint });
            routers.push(router(at, node, initial(node, &vrfs, &names)));
        }
        let inventory = json!({"apiVersion": "trunkline/v1", "kind": "Inventory", "devices": devices});
        self.put("inventory.yaml", serde_yaml::to_string(&inventory)?)?;
        let plan = json!({
            "apiVersion": "trunkline/v1",
            "kind": "Routers",
            "clientAuthority": "ca.pem",
            "users": [{"name": "trunkline", "keys": ["id_ed25519.pub"]}],
            "routers": routers,
        });
        self.put("network.yaml", formats::to_network_yaml(ted))?;
        let config = json!({
            "apiVersion": "trunkline/v1",
            "kind": "Controller",
            "network": "network.yaml",
            "inventory": "inventory.yaml",
            "state": "state",
            "listen": listen,
            "readEvery": "10s",
        });
        Ok(Written {
            routers: self.put("routers.json", serde_json::to_vec(&plan)?)?,
            world: self.put(
                "world.json",
                serde_json::to_vec(&json!({"ted": ted, "demands": demands, "seed": 7}))?,
            )?,
            controller: self.put("controller.yaml", serde_yaml::to_string(&config)?)?,
            state: self.path.join("state"),
            logs: self.path.clone(),
            doors,
            login: self.path.join("id_ed25519"),
        })
    }
}

/// The VRFs that routers have.
fn vrfs<'a>(demands: &'a Demands, more: &'a BTreeSet<VrfName>) -> BTreeSet<&'a str> {
    let offered = demands.values().map(|demand| demand.vrf.as_str());
    offered.chain(more.iter().map(VrfName::as_str)).collect()
}

/// The lab's own certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> anyhow::Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "Trunkline lab");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok(Self(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?))
    }

    /// A certificate for a name, and its key, both PEM.
    fn issue(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> anyhow::Result<(String, String)> {
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.0)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }
}

/// The loopback network of this run, so that two runs at once do not meet.
fn address(at: usize, port: u16) -> SocketAddr {
    let run = 1 + std::process::id() % 200;
    let byte = |number: u32| u8::try_from(number % 256).unwrap_or(0);
    let at = u32::try_from(at).unwrap_or(0);
    (Ipv4Addr::new(127, byte(run), byte(1 + at / 250), byte(1 + at % 250)), port).into()
}

/// Every second router is configured over NETCONF, the others over gNMI.
fn device(at: usize, node: &NodeId, host_key: &str) -> Value {
    let gnmi = json!({"gnmi": address(at, GNMI), "ca": "file:ca.pem", "name": node});
    let config = if at.is_multiple_of(2) {
        json!({"netconf": address(at, NETCONF), "hostKey": host_key})
    } else {
        gnmi.clone()
    };
    json!({
        "name": node,
        "config": config,
        "telemetry": gnmi,
        "dialect": "openconfig",
        "login": {
            "user": "trunkline",
            "key": "file:id_ed25519",
            "certificate": "file:client.pem",
            "certificateKey": "file:client.key",
        },
    })
}

/// Half of the routers offer commit-confirmed over gNMI: half of those that are configured over it, and half of the others.
fn router(at: usize, node: &NodeId, config: Value) -> Value {
    json!({
        "name": node,
        "netconf": address(at, NETCONF),
        "gnmi": address(at, GNMI),
        "hostKey": format!("{node}.hostkey"),
        "certificate": format!("{node}.pem"),
        "key": format!("{node}.key"),
        "commitConfirmed": at % 4 < 2,
        "config": config,
    })
}

/// What a router has before any controller comes: its interfaces, and the VRFs of its customers.
fn initial(node: &NodeId, vrfs: &BTreeSet<&str>, interfaces: &[&str]) -> Value {
    let instance = |name: &str, kind: &str| {
        let kind = format!("openconfig-network-instance-types:{kind}");
        json!({"name": name, "config": {"name": name, "type": kind}})
    };
    let mut instances = vec![instance("default", "DEFAULT_INSTANCE")];
    instances.extend(vrfs.iter().map(|vrf| instance(vrf, "L3VRF")));
    let interfaces: Vec<Value> = interfaces
        .iter()
        .map(|name| {
            let config = json!({"name": name, "type": "iana-if-type:ethernetCsmacd", "enabled": true});
            json!({"name": name, "config": config})
        })
        .collect();
    json!({
        "openconfig-system:system": {"config": {"hostname": node}},
        "openconfig-interfaces:interfaces": {"interface": interfaces},
        "openconfig-network-instance:network-instances": {"network-instance": instances},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_speak_netconf_and_half_gnmi_and_half_of_each_can_take_a_gnmi_commit_back() {
        let node = NodeId::lit("r");
        let all: Vec<(bool, bool)> = (0..120)
            .map(|at| {
                let over_netconf = !device(at, &node, "SHA256:x")["config"]["netconf"].is_null();
                let confirmed = router(at, &node, Value::Null)["commitConfirmed"] == true;
                (over_netconf, confirmed)
            })
            .collect();
        for kind in [(true, true), (true, false), (false, true), (false, false)] {
            assert_eq!(all.iter().filter(|each| **each == kind).count(), 30, "{kind:?}");
        }
    }
}
