//! The inventory as devices: every entry with its keys resolved, ready to be driven and watched. Nothing is connected here.
//!
//! What is wrong with the inventory's text ends the start. A key or certificate that cannot be had concerns one device: it is
//! shown as one that cannot be reached, with the reason, and all others are driven.

use std::{collections::BTreeMap, net::IpAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use dialects::Dialect;
use engine::{
    inventory::{ConfigAccess, Entry, GnmiAccess, Inventory, Login, Reference, SecretError},
    tasks::DeviceHandle,
};
use gnmi::{
    GnmiDevice, PreImages, Target,
    tls::{self, ClientTls, Identity},
};
use model::{NodeId, Sample, Ted};
use netconf::{
    device::{Library, NetconfDevice, Options},
    ssh::{HostKeyPin, LoginKey, SshTarget},
};
use tokio::{sync::mpsc, task::JoinSet, time::sleep};
use tracing::warn;

use super::{dialect, unusable::Unusable};

/// No order to a device takes longer; a device that needs more is silent.
const LONGEST: Duration = Duration::from_secs(30);
/// The starts of all watches are spread over no more than this: no line should be unknown for long.
const LONGEST_SPREAD: Duration = Duration::from_secs(5);

/// A device that nobody has connected to yet.
enum Driver {
    Netconf(Box<NetconfDevice>),
    Gnmi(Box<GnmiDevice>),
    /// What it needs to be reached cannot be had.
    Unusable(Unusable),
}

/// The devices of an inventory.
pub struct Fleet {
    /// How each is driven.
    pub devices: BTreeMap<NodeId, Device>,
    /// How each is watched, where it is.
    telemetry: BTreeMap<NodeId, Target>,
    /// By which protocol each is configured.
    protocols: BTreeMap<NodeId, String>,
}

/// One of them.
pub struct Device(Driver);

/// A device's dialect, and its own address in the policies of others.
type Speaks = (Dialect, IpAddr);

/// What many entries share: keys, certificates and the modules that routers of a kind serve are read once.
struct Keys<'i> {
    folder: &'i Path,
    library: Library,
    logins: BTreeMap<String, LoginKey>,
    trust: BTreeMap<String, ClientTls>,
    /// What came of each reference, a failure too: a vault that is dead for one entry is not waited for again with the next.
    secrets: BTreeMap<String, Result<Vec<u8>, SecretError>>,
}

/// How long each of so many watches waits before it starts.
fn starts(interval: Duration, watches: usize) -> impl Iterator<Item = Duration> {
    let apart = interval.min(LONGEST_SPREAD) / u32::try_from(watches).unwrap_or(u32::MAX).max(1);
    (0..).map(move |number| apart * number).take(watches)
}

impl Fleet {
    /// Resolves all secrets, relative to the inventory's folder, and makes the devices. `network` is the file that the network
    /// is from.
    ///
    /// # Errors
    /// A device is not in the network, or what stands there of it cannot be meant.
    pub fn build(
        inventory: &Inventory,
        path: &Path,
        ted: &Ted,
        network: &Path,
        pre_images: Arc<dyn PreImages>,
    ) -> anyhow::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut keys = Keys::new(folder);
        let mut fleet =
            Self { devices: BTreeMap::new(), telemetry: BTreeMap::new(), protocols: BTreeMap::new() };
        for entry in &inventory.devices {
            let place = || format!("{}: device {}", path.display(), entry.name);
            let Some(node) = ted.nodes.get(&entry.name) else {
                bail!("{}: the network file has no node of this name", place());
            };
            check(entry).with_context(place)?;
            let dialect = dialect::of(entry, node, network).with_context(place)?;
            let speaks = (dialect, node.router_id.into());
            fleet.add(entry, speaks, &mut keys, &pre_images);
        }
        for node in ted.nodes.keys().filter(|node| !fleet.devices.contains_key(*node)) {
            warn!(%node, "it is not in the inventory: it is neither read nor changed");
        }
        for entry in inventory.devices.iter().filter(|entry| entry.telemetry.is_none()) {
            warn!(node = %entry.name, "it has no telemetry in the inventory: its lines stay unknown");
        }
        Ok(fleet)
    }

    /// Adds a device, usable or not.
    fn add(&mut self, entry: &Entry, speaks: Speaks, keys: &mut Keys<'_>, pre_images: &Arc<dyn PreImages>) {
        let node = &entry.name;
        let driver = keys.driver(entry, speaks, Arc::clone(pre_images)).unwrap_or_else(|error| {
            let why = format!("{error:#}; mend that and start the controller again");
            warn!(%node, why, "it can be neither read nor changed; all others are");
            Driver::Unusable(Unusable { node: node.clone(), why })
        });
        self.devices.insert(node.clone(), Device(driver));
        let protocol = match &entry.config {
            ConfigAccess::Netconf(_) => "netconf",
            ConfigAccess::Gnmi(_) => "gnmi",
        };
        self.protocols.insert(node.clone(), protocol.to_owned());
        match entry.telemetry.as_ref().map(|access| keys.target(access, &entry.login)) {
            Some(Ok(target)) => drop(self.telemetry.insert(node.clone(), target)),
            Some(Err(error)) => {
                let why = format!("{error:#}; mend that and start the controller again");
                warn!(%node, why, "its telemetry cannot be had: its lines stay unknown");
            }
            None => {}
        }
    }

    /// By which protocol each device is configured.
    pub fn protocols(&self) -> BTreeMap<NodeId, String> {
        self.protocols.clone()
    }

    /// Starts to watch, each device over a connection of its own, until what is given back is dropped. They start one after the
    /// other, spread over an interval: devices sample from when they are asked, and would all talk at the same moment for ever.
    pub fn watch(&self, interval: Duration, out: &mpsc::Sender<Vec<Sample>>) -> JoinSet<()> {
        let watch = |(pause, (node, target)): (Duration, (&NodeId, &Target))| {
            let watch = gnmi::telemetry::watch(node.clone(), target.clone(), interval, out.clone());
            async move {
                sleep(pause).await;
                watch.await;
            }
        };
        starts(interval, self.telemetry.len()).zip(&self.telemetry).map(watch).collect()
    }

    /// Gives every device to a task.
    pub fn spawn(self) -> BTreeMap<NodeId, DeviceHandle> {
        let spawn = |device| match device {
            Device(Driver::Netconf(device)) => DeviceHandle::spawn(*device, LONGEST),
            Device(Driver::Gnmi(device)) => DeviceHandle::spawn(*device, LONGEST),
            Device(Driver::Unusable(device)) => DeviceHandle::spawn(device, LONGEST),
        };
        self.devices.into_iter().map(|(node, device)| (node, spawn(device))).collect()
    }
}

/// What the text alone tells to be wrong.
fn check(entry: &Entry) -> anyhow::Result<()> {
    let port = match &entry.config {
        ConfigAccess::Netconf(access) => {
            access.host_key.parse::<HostKeyPin>()?;
            access.netconf.port()
        }
        ConfigAccess::Gnmi(access) => access.gnmi.port(),
    };
    if port == 0 {
        bail!("nothing listens on port 0: name the port of its management");
    }
    if entry.login.certificate.is_some() != entry.login.certificate_key.is_some() {
        bail!("login.certificate and login.certificateKey belong together: give both or neither");
    }
    Ok(())
}

impl<'i> Keys<'i> {
    fn new(folder: &'i Path) -> Self {
        Self {
            folder,
            library: Library::default(),
            logins: BTreeMap::new(),
            trust: BTreeMap::new(),
            secrets: BTreeMap::new(),
        }
    }

    fn driver(
        &mut self,
        entry: &Entry,
        (dialect, address): Speaks,
        pre_images: Arc<dyn PreImages>,
    ) -> anyhow::Result<Driver> {
        match &entry.config {
            ConfigAccess::Netconf(access) => {
                let key = self.login(&entry.login)?;
                let pin = access.host_key.parse()?;
                let target = SshTarget::new(access.netconf.to_string(), pin, &entry.login.user, key);
                let device = NetconfDevice::new(entry.name.clone(), target, Options::default());
                let device = device.speaking(dialect, address).with_library(self.library.clone());
                Ok(Driver::Netconf(Box::new(device.keeping(pre_images))))
            }
            ConfigAccess::Gnmi(access) => {
                let target = self.target(access, &entry.login)?;
                let device = GnmiDevice::new(entry.name.clone(), target, pre_images);
                Ok(Driver::Gnmi(Box::new(device.speaking(dialect, address))))
            }
        }
    }

    fn login(&mut self, login: &Login) -> anyhow::Result<LoginKey> {
        let reference = login.key.as_ref().context("login.key is missing: NETCONF logs in over SSH")?;
        let name = reference.text();
        if let Some(key) = self.logins.get(&name) {
            return Ok(key.clone());
        }
        let text = self.key(reference).context("login.key")?;
        let text = String::from_utf8(text).map_err(|_| anyhow!("login.key at {reference}: not text"))?;
        let key = LoginKey::from_text(&text, None).with_context(|| format!("login.key at {reference}"))?;
        self.logins.insert(name, key.clone());
        Ok(key)
    }

    fn target(&mut self, access: &GnmiAccess, login: &Login) -> anyhow::Result<Target> {
        let tls = self.trust(&access.ca, login)?;
        Ok(Target {
            address: access.gnmi.to_string(),
            server_name: access.name.clone(),
            tls,
            credentials: None,
            limits: gnmi::session::Limits::default(),
        })
    }

    fn trust(&mut self, ca: &Reference, login: &Login) -> anyhow::Result<ClientTls> {
        let places = [Some(ca), login.certificate.as_ref(), login.certificate_key.as_ref()];
        let name: Vec<String> =
            places.iter().map(|place| place.map(Reference::text).unwrap_or_default()).collect();
        let name = name.join("\n");
        if let Some(trust) = self.trust.get(&name) {
            return Ok(trust.clone());
        }
        let identity = match (&login.certificate, &login.certificate_key) {
            (Some(certificate), Some(key)) => {
                let certificates_pem = self.resolve(certificate).context("login.certificate")?;
                let key_pem = self.key(key).context("login.certificateKey")?;
                Some(Identity { certificates_pem, key_pem })
            }
            _ => None,
        };
        let authority = self.resolve(ca).context("ca")?;
        let trust = ClientTls::new(&authority, identity.as_ref()).map_err(|error| {
            let (key, place) = match (error.what(), &login.certificate, &login.certificate_key) {
                (tls::CLIENT_KEY, _, Some(place)) => ("login.certificateKey", place),
                (what, Some(place), _) if what != tls::AUTHORITY => ("login.certificate", place),
                _ => ("ca", ca),
            };
            anyhow::Error::new(error).context(format!("{key} at {place}"))
        })?;
        self.trust.insert(name, trust.clone());
        Ok(trust)
    }

    fn key(&mut self, reference: &Reference) -> Result<Vec<u8>, SecretError> {
        reference.keeps_key(self.folder)?;
        self.resolve(reference)
    }

    fn resolve(&mut self, reference: &Reference) -> Result<Vec<u8>, SecretError> {
        let secret = self.secrets.entry(reference.text()).or_insert_with(|| reference.resolve(self.folder));
        secret.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn every_device_speaks_the_dialect_of_its_node() {
        let folder = tempfile::tempdir().unwrap();
        let key = netconf::ssh::keys::FreshKey::generate().unwrap();
        std::fs::write(folder.path().join("id"), key.private.as_bytes()).unwrap();
        std::fs::set_permissions(folder.path().join("id"), std::fs::Permissions::from_mode(0o600)).unwrap();
        let signed = rcgen::generate_simple_self_signed(["r1".to_owned()]).unwrap();
        std::fs::write(folder.path().join("ca.pem"), signed.cert.pem()).unwrap();
        let (mut nodes, mut devices) = (String::new(), String::new());
        for (at, dialect) in (1..).zip(Dialect::ALL) {
            let netconf =
                "netconf: \"127.0.0.1:830\", hostKey: \"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"";
            let gnmi = "gnmi: \"127.0.0.1:9339\", ca: \"file:ca.pem\", name: r1";
            for (octet, (name, config)) in [("n", netconf), ("g", gnmi)].into_iter().enumerate() {
                nodes += &format!(
                    "  - {{name: {name}-{dialect}, routerId: 10.0.{octet}.{at}, dialect: {dialect}}}\n"
                );
                devices += &format!(
                    "  - name: {name}-{dialect}\n    config: {{{config}}}\n    login: {{user: u, key: \"file:id\"}}\n"
                );
            }
        }
        let head = |kind| format!("apiVersion: trunkline/v1\nkind: {kind}\n");
        let network = format!("{}nodes:\n{nodes}", head("Network"));
        let ted = formats::read("network.yaml", &network).unwrap().ted;
        let inventory = Inventory::parse(&format!("{}devices:\n{devices}", head("Inventory"))).unwrap();
        let path = folder.path().join("inventory.yaml");
        let pre_images = Arc::new(gnmi::MemoryPreImages::new());
        let fleet = Fleet::build(&inventory, &path, &ted, Path::new("network.yaml"), pre_images).unwrap();
        for (node, Device(driver)) in &fleet.devices {
            let spoken = match driver {
                Driver::Netconf(device) => device.dialect(),
                Driver::Gnmi(device) => device.dialect(),
                Driver::Unusable(device) => panic!("{node}: {}", device.why),
            };
            assert!(node.as_str().ends_with(&format!("-{spoken}")), "{node} speaks {spoken}");
        }
        assert_eq!(fleet.devices.len(), 2 * Dialect::ALL.len());
    }

    #[test]
    fn watches_start_spread_over_an_interval_and_no_line_is_unknown_for_long() {
        let at = |interval, watches| starts(Duration::from_millis(interval), watches).collect::<Vec<_>>();
        let ms = |all: &[u64]| all.iter().map(|ms| Duration::from_millis(*ms)).collect::<Vec<_>>();
        assert_eq!(at(1_000, 4), ms(&[0, 250, 500, 750]));
        assert_eq!(at(60_000, 2), ms(&[0, 2_500]));
        assert_eq!(at(1_000, 0), ms(&[]));
    }

    #[test]
    fn a_vault_that_is_dead_is_asked_once_and_its_arguments_are_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let (script, asked) = (folder.path().join("vault"), folder.path().join("asked"));
        std::fs::write(&script, "echo asked >> $1; exit 3").unwrap();
        let reference = format!("exec:sh {} {} hunter2", script.display(), asked.display());
        let login = Login {
            user: "trunkline".into(),
            key: Some(reference.parse().unwrap()),
            certificate: None,
            certificate_key: None,
        };
        let mut keys = Keys::new(folder.path());
        for _ in 0..3 {
            let why = format!("{:#}", keys.login(&login).err().unwrap());
            assert!(why.contains("exec:sh …") && why.contains("exit status: 3"), "{why}");
            assert!(!why.contains("hunter2"), "{why}");
        }
        assert_eq!(std::fs::read_to_string(asked).unwrap(), "asked\n");
    }

    #[test]
    fn a_file_that_holds_no_key_is_told_by_its_own_field() {
        let folder = tempfile::tempdir().unwrap();
        let signed = rcgen::generate_simple_self_signed(["r1".to_owned()]).unwrap();
        let certificate = signed.cert.pem();
        for (name, text) in [("ca.pem", &*certificate), ("me.pem", &*certificate), ("me.key", "no key")] {
            std::fs::write(folder.path().join(name), text).unwrap();
            let only_mine = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(folder.path().join(name), only_mine).unwrap();
        }
        let place = |name: &str| format!("file:{name}").parse::<Reference>().unwrap();
        let login = Login {
            user: "trunkline".into(),
            key: None,
            certificate: Some(place("me.pem")),
            certificate_key: Some(place("me.key")),
        };
        let told = |ca: &str, login: &Login| {
            let why = Keys::new(folder.path()).trust(&place(ca), login).err().unwrap();
            format!("{why:#}")
        };
        let why = told("ca.pem", &login);
        assert!(
            why.starts_with("login.certificateKey at file:me.key: ") && why.contains("no private key"),
            "{why}"
        );
        let why = told("me.key", &login);
        assert!(why.starts_with("ca at file:me.key: "), "{why}");
        let why = told("ca.pem", &Login { certificate: Some(place("me.key")), ..login });
        assert!(why.starts_with("login.certificate at file:me.key: "), "{why}");
    }

    #[test]
    fn a_private_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id");
        std::fs::write(&path, netconf::ssh::keys::FreshKey::generate().unwrap().private.as_bytes()).unwrap();
        let key = Some("file:id".parse().unwrap());
        let login = Login { user: "trunkline".into(), key, certificate: None, certificate_key: None };
        let with = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            Keys::new(folder.path()).login(&login)
        };
        let why = format!("{:#}", with(0o640).err().unwrap());
        assert!(why.starts_with("login.key: ") && why.contains("others can read it (mode 640)"), "{why}");
        assert!(with(0o600).is_ok());
    }
}
