//! The inventory as devices: every entry with its keys resolved, ready to be driven and watched. Nothing is connected here.
//!
//! What is wrong with the inventory's text ends the start. A key or certificate that cannot be had concerns one device: it is
//! shown as one that cannot be reached, with the reason, and all others are driven.

mod ahead;
mod secrets;

use std::{collections::BTreeMap, net::IpAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use dialects::Dialect;
use engine::{
    inventory::{ConfigAccess, Entry, GnmiAccess, Inventory, Login},
    tasks::DeviceHandle,
};
use gnmi::{GnmiDevice, PreImages, Target};
use model::{NodeId, Sample, Ted};
use netconf::{
    comware::{self, ComwareDevice},
    device::{Library, NetconfDevice, Options, Target as NetconfTarget},
    ssh::{HostKeyPin, SshTarget},
    tls::TlsTarget,
};
use tokio::{sync::mpsc, task::JoinSet, time::sleep};
use tracing::warn;

use super::{dialect, unusable::Unusable};
use secrets::Secrets;

/// No order to a device takes longer; a device that needs more is silent.
const LONGEST: Duration = Duration::from_secs(30);
/// The starts of all watches are spread over no more than this: no line should be unknown for long.
const LONGEST_SPREAD: Duration = Duration::from_secs(5);

/// A device that nobody has connected to yet.
enum Driver {
    Netconf(Box<NetconfDevice>),
    /// H3C Comware: read and never written.
    Comware(Box<ComwareDevice>),
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

/// What makes devices of entries. What many entries share, keys, certificates and the modules that routers of a kind serve, is read
/// once.
struct Workshop<'i> {
    secrets: Secrets<'i>,
    library: Library,
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
        let mut workshop = Workshop { secrets: Secrets::new(folder), library: Library::default() };
        let mut fleet =
            Self { devices: BTreeMap::new(), telemetry: BTreeMap::new(), protocols: BTreeMap::new() };
        let mut entries: Vec<(&Entry, Speaks)> = Vec::new();
        for entry in &inventory.devices {
            let place = || format!("{}: device {}", path.display(), entry.name);
            let Some(node) = ted.nodes.get(&entry.name) else {
                bail!("{}: the network file has no node of this name", place());
            };
            check(entry).with_context(place)?;
            let dialect = dialect::of(entry, node, network).with_context(place)?;
            dialect::travels(entry, dialect).with_context(place)?;
            entries.push((entry, (dialect, node.router_id.into())));
        }
        workshop.secrets.print_ahead(entries.iter().map(|(entry, _)| *entry));
        for (entry, speaks) in entries {
            fleet.add(entry, speaks, &mut workshop, &pre_images);
        }
        for node in ted.nodes.keys().filter(|node| !fleet.devices.contains_key(*node)) {
            warn!(%node, "this router is not in the inventory: it is neither read nor changed");
        }
        for entry in inventory.devices.iter().filter(|entry| entry.telemetry.is_none()) {
            warn!(node = %entry.name, "this router has no telemetry in the inventory: its lines stay unknown");
        }
        Ok(fleet)
    }

    /// Adds a device, usable or not.
    fn add(
        &mut self,
        entry: &Entry,
        speaks: Speaks,
        workshop: &mut Workshop<'_>,
        pre_images: &Arc<dyn PreImages>,
    ) {
        let node = &entry.name;
        let driver = workshop.driver(entry, speaks, Arc::clone(pre_images)).unwrap_or_else(|error| {
            let why = format!("{error:#}; mend that and start the controller again");
            warn!(%node, why, "this router can be neither read nor changed");
            Driver::Unusable(Unusable { node: node.clone(), why })
        });
        self.devices.insert(node.clone(), Device(driver));
        let protocol = match &entry.config {
            ConfigAccess::Netconf(_) | ConfigAccess::NetconfTls(_) => "netconf",
            ConfigAccess::Gnmi(_) => "gnmi",
        };
        self.protocols.insert(node.clone(), protocol.to_owned());
        match entry.telemetry.as_ref().map(|access| workshop.target(access, &entry.login)) {
            Some(Ok(target)) => drop(self.telemetry.insert(node.clone(), target)),
            Some(Err(error)) => {
                let why = format!("{error:#}; mend that and start the controller again");
                warn!(%node, why, "the telemetry of this router cannot be had: its lines stay unknown");
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
            Device(Driver::Comware(device)) => DeviceHandle::spawn(*device, LONGEST),
            Device(Driver::Gnmi(device)) => DeviceHandle::spawn(*device, LONGEST),
            Device(Driver::Unusable(device)) => DeviceHandle::spawn(device, LONGEST),
        };
        self.devices.into_iter().map(|(node, device)| (node, spawn(device))).collect()
    }
}

/// What the text alone tells to be wrong, beside what the inventory's own reader finds.
fn check(entry: &Entry) -> anyhow::Result<()> {
    let port = match &entry.config {
        ConfigAccess::Netconf(access) => {
            access.host_key.parse::<HostKeyPin>()?;
            access.netconf.port()
        }
        ConfigAccess::NetconfTls(access) => access.netconf_tls.port(),
        ConfigAccess::Gnmi(access) => access.gnmi.port(),
    };
    if port == 0 || entry.telemetry.as_ref().is_some_and(|access| access.gnmi.port() == 0) {
        bail!("nothing listens on port 0: name the port of its management");
    }
    Ok(())
}

impl Workshop<'_> {
    fn driver(
        &mut self,
        entry: &Entry,
        speaks: Speaks,
        pre_images: Arc<dyn PreImages>,
    ) -> anyhow::Result<Driver> {
        let login = &entry.login;
        Ok(match &entry.config {
            ConfigAccess::Netconf(access) => {
                let proof = self.secrets.proof(login)?;
                let pin: HostKeyPin = access.host_key.parse()?;
                let target = SshTarget::new(access.netconf.to_string(), pin, &login.user, proof);
                let target = target.sharing(self.secrets.account(login));
                self.netconf(entry, target, speaks, pre_images)
            }
            ConfigAccess::NetconfTls(access) => {
                let tls = self.secrets.trust(&access.known_by()?, login)?;
                let target = TlsTarget::new(access.netconf_tls.to_string(), access.server_name(), tls);
                self.netconf(entry, target, speaks, pre_images)
            }
            ConfigAccess::Gnmi(access) => {
                let (dialect, address) = speaks;
                let target = self.target(access, login)?;
                let device = GnmiDevice::new(entry.name.clone(), target, pre_images);
                let device = device.speaking(dialect, address);
                Driver::Gnmi(Box::new(if entry.isis_database { device.telling_database() } else { device }))
            }
        })
    }

    fn netconf(
        &self,
        entry: &Entry,
        target: impl Into<NetconfTarget>,
        (dialect, address): Speaks,
        pre_images: Arc<dyn PreImages>,
    ) -> Driver {
        if dialect == Dialect::Comware {
            let device = ComwareDevice::new(entry.name.clone(), target, comware::Options::default());
            return Driver::Comware(Box::new(device));
        }
        let device = NetconfDevice::new(entry.name.clone(), target, Options::default());
        let device = device.speaking(dialect, address).with_library(self.library.clone());
        let device = if entry.isis_database { device.telling_database() } else { device };
        Driver::Netconf(Box::new(device.keeping(pre_images)))
    }

    fn target(&mut self, access: &GnmiAccess, login: &Login) -> anyhow::Result<Target> {
        Ok(Target {
            address: access.gnmi.to_string(),
            server_name: access.server_name(),
            tls: self.secrets.trust(&access.known_by()?, login)?,
            credentials: self.secrets.credentials(login)?,
            limits: gnmi::target::Limits::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn every_device_speaks_the_dialect_of_its_node() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        };
        put("id", &netconf::ssh::keys::FreshKey::generate().unwrap().private);
        put("password", "hunter2\n");
        let signed = rcgen::generate_simple_self_signed(["r1".to_owned()]).unwrap();
        put("me.pem", &signed.cert.pem());
        put("me.key", &signed.signing_key.serialize_pem());
        let pin = gnmi::tls::CertificatePin::of_pem(signed.cert.pem().as_bytes()).unwrap();
        let host_key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
        let certificate = "certificate: \"file:me.pem\", certificateKey: \"file:me.key\"";
        let ways = [
            (format!("netconf: \"127.0.0.1:830\", hostKey: \"{host_key}\""), "key: \"file:id\""),
            (format!("netconfTls: \"127.0.0.1:6513\", fingerprint: \"{pin}\""), certificate),
            ("netconfTls: \"127.0.0.1:6513\", ca: \"file:me.pem\", name: r1".to_owned(), certificate),
            (
                "gnmi: \"127.0.0.1:9339\", ca: \"file:me.pem\", name: r1".to_owned(),
                "password: \"file:password\"",
            ),
        ];
        let (mut nodes, mut devices) = (String::new(), String::new());
        for (at, dialect) in (1..).zip(Dialect::ALL) {
            // What has no words is read over NETCONF alone.
            let spoken = |config: &str| dialect.has_words() || !config.starts_with("gnmi");
            for (way, (config, login)) in ways.iter().enumerate().filter(|(_, (config, _))| spoken(config)) {
                nodes += &format!(
                    "  - {{name: r{way}-{dialect}, routerId: 10.0.{way}.{at}, dialect: {dialect}}}\n"
                );
                devices += &format!(
                    "  - name: r{way}-{dialect}\n    config: {{{config}}}\n    login: {{user: u, {login}}}\n"
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
                Driver::Comware(_) => Dialect::Comware,
                Driver::Gnmi(device) => device.dialect(),
                Driver::Unusable(device) => panic!("{node}: {}", device.why),
            };
            assert!(node.as_str().ends_with(&format!("-{spoken}")), "{node} speaks {spoken}");
        }
        let worded = Dialect::ALL.into_iter().filter(|dialect| dialect.has_words()).count();
        let over = |protocol: &str| fleet.protocols().values().filter(|own| **own == protocol).count();
        assert_eq!((over("netconf"), over("gnmi")), (3 * Dialect::ALL.len(), worded));
    }

    #[test]
    fn watches_start_spread_over_an_interval_and_no_line_is_unknown_for_long() {
        let at = |interval, watches| starts(Duration::from_millis(interval), watches).collect::<Vec<_>>();
        let ms = |all: &[u64]| all.iter().map(|ms| Duration::from_millis(*ms)).collect::<Vec<_>>();
        assert_eq!(at(1_000, 4), ms(&[0, 250, 500, 750]));
        assert_eq!(at(60_000, 2), ms(&[0, 2_500]));
        assert_eq!(at(1_000, 0), ms(&[]));
    }
}
