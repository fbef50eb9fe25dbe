//! The inventory as devices: every entry with its keys resolved, ready to be driven and watched. Nothing is connected here.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use engine::{
    inventory::{ConfigAccess, Entry, GnmiAccess, Inventory, Login, Reference},
    tasks::DeviceHandle,
};
use gnmi::{
    GnmiDevice, PreImages, Target,
    tls::{ClientTls, Identity},
};
use model::{NodeId, Sample, Ted};
use netconf::{
    device::{Library, NetconfDevice, Options},
    ssh::{LoginKey, SshTarget},
};
use tokio::{sync::mpsc, task::JoinSet};
use tracing::warn;

/// No order to a device takes longer; a device that needs more is silent.
const LONGEST: Duration = Duration::from_secs(30);

/// A device that nobody has connected to yet.
enum Driver {
    Netconf(Box<NetconfDevice>),
    Gnmi(Box<GnmiDevice>),
}

/// The devices of an inventory.
pub struct Fleet {
    /// How each is driven.
    pub devices: BTreeMap<NodeId, Device>,
    /// How each is watched, where it is.
    telemetry: BTreeMap<NodeId, Target>,
}

/// One of them.
pub struct Device(Driver);

/// What many entries share: keys, certificates and the modules that routers of a kind serve are read once.
struct Keys<'i> {
    folder: &'i Path,
    library: Library,
    logins: BTreeMap<String, LoginKey>,
    trust: BTreeMap<String, ClientTls>,
}

impl Fleet {
    /// Resolves all secrets, relative to the inventory's folder, and makes the devices.
    ///
    /// # Errors
    /// A device is not in the network, a secret cannot be had, or is not what it should be.
    pub fn build(
        inventory: &Inventory,
        path: &Path,
        ted: &Ted,
        pre_images: Arc<dyn PreImages>,
    ) -> anyhow::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let library = Library::default();
        let mut keys = Keys { folder, library, logins: BTreeMap::new(), trust: BTreeMap::new() };
        let mut fleet = Self { devices: BTreeMap::new(), telemetry: BTreeMap::new() };
        for entry in &inventory.devices {
            let place = || format!("{}: device {}", path.display(), entry.name);
            if !ted.nodes.contains_key(&entry.name) {
                bail!("{}: the network file has no node of this name", place());
            }
            let driver = keys.driver(entry, Arc::clone(&pre_images)).with_context(place)?;
            fleet.devices.insert(entry.name.clone(), Device(driver));
            if let Some(access) = &entry.telemetry {
                let target = keys.target(access, &entry.login).with_context(place)?;
                fleet.telemetry.insert(entry.name.clone(), target);
            }
        }
        for node in ted.nodes.keys().filter(|node| !fleet.devices.contains_key(*node)) {
            warn!(%node, "it is not in the inventory: it is neither read nor changed");
        }
        for node in fleet.devices.keys().filter(|node| !fleet.telemetry.contains_key(*node)) {
            warn!(%node, "it has no telemetry in the inventory: its lines stay unknown");
        }
        Ok(fleet)
    }

    /// By which protocol each device is configured.
    pub fn protocols(&self) -> BTreeMap<NodeId, String> {
        let name = |device: &Device| match device.0 {
            Driver::Netconf(_) => "netconf".to_owned(),
            Driver::Gnmi(_) => "gnmi".to_owned(),
        };
        self.devices.iter().map(|(node, device)| (node.clone(), name(device))).collect()
    }

    /// Starts to watch, each device over a connection of its own, until what is given back is dropped.
    pub fn watch(&self, interval: Duration, out: &mpsc::Sender<Vec<Sample>>) -> JoinSet<()> {
        let watch = |(node, target): (&NodeId, &Target)| {
            gnmi::telemetry::watch(node.clone(), target.clone(), interval, out.clone())
        };
        self.telemetry.iter().map(watch).collect()
    }

    /// Gives every device to a task.
    pub fn spawn(self) -> BTreeMap<NodeId, DeviceHandle> {
        let spawn = |device| match device {
            Device(Driver::Netconf(device)) => DeviceHandle::spawn(*device, LONGEST),
            Device(Driver::Gnmi(device)) => DeviceHandle::spawn(*device, LONGEST),
        };
        self.devices.into_iter().map(|(node, device)| (node, spawn(device))).collect()
    }
}

impl Keys<'_> {
    fn driver(&mut self, entry: &Entry, pre_images: Arc<dyn PreImages>) -> anyhow::Result<Driver> {
        match &entry.config {
            ConfigAccess::Netconf(access) => {
                let key = self.login(&entry.login)?;
                let pin = access.host_key.parse()?;
                let target = SshTarget::new(access.netconf.to_string(), pin, &entry.login.user, key);
                let device = NetconfDevice::new(entry.name.clone(), target, Options::default());
                Ok(Driver::Netconf(Box::new(device.with_library(self.library.clone()))))
            }
            ConfigAccess::Gnmi(access) => {
                let target = self.target(access, &entry.login)?;
                Ok(Driver::Gnmi(Box::new(GnmiDevice::new(entry.name.clone(), target, pre_images))))
            }
        }
    }

    fn login(&mut self, login: &Login) -> anyhow::Result<LoginKey> {
        let reference = login.key.as_ref().context("login.key is missing: NETCONF logs in over SSH")?;
        let place = reference.to_string();
        if let Some(key) = self.logins.get(&place) {
            return Ok(key.clone());
        }
        let text = self.resolve(reference)?;
        let text = String::from_utf8(text).map_err(|_| anyhow!("login.key at {place}: not text"))?;
        let key = LoginKey::from_text(&text, None).with_context(|| format!("login.key at {place}"))?;
        self.logins.insert(place, key.clone());
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
            places.iter().map(|place| place.map(ToString::to_string).unwrap_or_default()).collect();
        let name = name.join("\n");
        if let Some(trust) = self.trust.get(&name) {
            return Ok(trust.clone());
        }
        let identity = match (&login.certificate, &login.certificate_key) {
            (Some(certificate), Some(key)) => {
                Some(Identity { certificates_pem: self.resolve(certificate)?, key_pem: self.resolve(key)? })
            }
            (None, None) => None,
            _ => bail!("login.certificate and login.certificateKey belong together: give both or neither"),
        };
        let authority = self.resolve(ca)?;
        let trust = ClientTls::new(&authority, identity.as_ref()).with_context(|| format!("ca at {ca}"))?;
        self.trust.insert(name, trust.clone());
        Ok(trust)
    }

    fn resolve(&self, reference: &Reference) -> anyhow::Result<Vec<u8>> {
        Ok(reference.resolve(self.folder)?)
    }
}
