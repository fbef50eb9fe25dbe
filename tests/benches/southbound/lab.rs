//! Many routers in one process of their own, `trunkline-router`, as the demonstration starts them. There is no world around them:
//! it would move on beside what is measured, in the same process.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use model::NodeId;
use netconf::ssh::{HostKeyPin, LoginKey, SshTarget, keys::FreshKey};
use serde_json::{Value, json};

use crate::{papers::Papers, stage};

/// The user whom they let in.
pub const USER: &str = "trunkline";

/// The routers' process. Ends it when dropped.
pub struct Lab {
    child: Child,
    folder: tempfile::TempDir,
    login: LoginKey,
    /// The routers, by their numbers.
    pub doors: Vec<Door>,
}

/// A router's NETCONF server.
pub struct Door {
    /// Its name.
    pub name: NodeId,
    /// Where it listens.
    pub address: SocketAddr,
    pin: HostKeyPin,
}

impl Lab {
    /// Starts so many and waits until all of them take connections.
    pub fn start(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let papers = Papers::new();
        put(folder.path(), "ca.pem", &papers.authority_pem);
        put(folder.path(), "device.pem", &papers.device.certificates_pem);
        put(folder.path(), "device.key", &papers.device.key_pem);
        let login = FreshKey::generate().unwrap();
        put(folder.path(), "id_ed25519", &login.private);
        put(folder.path(), "id_ed25519.pub", &login.public);
        let (mut doors, mut routers) = (Vec::new(), Vec::new());
        for at in 0..count {
            let host = FreshKey::generate().unwrap();
            let name = NodeId::lit(&format!("r{:03}", at + 1));
            put(folder.path(), &format!("{name}.hostkey"), &host.private);
            let address = address(at, NETCONF);
            routers.push(router(&name, address, at));
            doors.push(Door { name, address, pin: host.fingerprint.parse().unwrap() });
        }
        let plan = json!({"apiVersion": "trunkline/v1", "kind": "Routers", "clientAuthority": "ca.pem",
            "users": [{"name": USER, "keys": ["id_ed25519.pub"]}], "routers": routers});
        put(folder.path(), "routers.json", plan.to_string());
        let login = LoginKey::from_text(&login.private, None).unwrap();
        let child = process(folder.path());
        let mut lab = Self { child, folder, login, doors };
        lab.wait_ready();
        lab
    }

    fn wait_ready(&mut self) {
        let mut said = String::new();
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let log = || fs::read_to_string(self.file("routers.log")).unwrap_or_default();
        assert!(said.starts_with("ready"), "the routers did not start: {said}{}", log());
    }

    /// The number of their process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// A file of the run.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How a router is reached over SSH.
    pub fn target(&self, door: &Door) -> SshTarget {
        SshTarget::new(door.address.to_string(), door.pin, USER, self.login.clone())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn process(folder: &Path) -> Child {
    Command::new(stage::trunkline().with_file_name("trunkline-router"))
        .arg("--config")
        .arg(folder.join("routers.json"))
        // A line of log for each commit would be measured too.
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(folder.join("routers.log")).unwrap())
        .spawn()
        .unwrap()
}

fn put(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    fs::write(folder.join(name), content).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
}

/// Ports of the routers; each has an address of its own. Others than the demonstration's, which may run beside.
const NETCONF: u16 = 8310;
const GNMI: u16 = 9349;

/// The loopback network of this run, so that two runs at once do not meet.
fn address(at: usize, port: u16) -> SocketAddr {
    let byte = |number: usize| u8::try_from(number % 256).unwrap();
    let run = 1 + usize::try_from(std::process::id()).unwrap() % 200;
    (Ipv4Addr::new(127, byte(run), byte(1 + at / 250), byte(1 + at % 250)), port).into()
}

/// A router with two interfaces and an instance to steer in.
fn router(name: &NodeId, netconf: SocketAddr, at: usize) -> Value {
    let instance = |name: &str, kind: &str| {
        let kind = format!("openconfig-network-instance-types:{kind}");
        json!({"name": name, "config": {"name": name, "type": kind}})
    };
    let interface =
        |name: &str| json!({"name": name, "config": {"name": name, "type": "iana-if-type:ethernetCsmacd"}});
    json!({
        "name": name, "netconf": netconf, "gnmi": address(at, GNMI), "hostKey": format!("{name}.hostkey"),
        "certificate": "device.pem", "key": "device.key",
        "config": {
            "openconfig-system:system": {"config": {"hostname": name}},
            "openconfig-interfaces:interfaces": {"interface": [interface("eth1"), interface("eth2")]},
            "openconfig-network-instance:network-instances": {"network-instance": [
                instance("default", "DEFAULT_INSTANCE"), instance("production", "L3VRF"),
            ]},
        },
    })
}
