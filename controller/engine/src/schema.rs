//! What a device's own modules are, for people who want to know what it could be told: which it serves, what stands in them, and
//! which of them the dialects write.
//!
//! A device is taken up by one order at a time, so its texts are looked up a few at a time: whatever else is asked of it comes in
//! between, a re-route first of all.

use std::sync::Arc;
use std::time::Duration;

use device::{DeviceError, Lack, Lacks, Module, Served};
use dialects::{Dialect, Vocabulary};
use model::NodeId;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tracing::warn;

use crate::tasks::{DeviceHandle, Work};

/// Texts that are looked up in one order.
const AT_ONCE: usize = 4;
/// No order begins later than this after the first.
const WITHIN: Duration = Duration::from_secs(60);

/// A device and its modules.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceSchema {
    /// The device.
    pub node: NodeId,
    /// What it is configured in.
    pub dialect: String,
    /// Its modules, by name and revision.
    pub modules: Vec<ModuleView>,
    /// Modules that the dialect writes and the device does not serve.
    pub missing: Vec<String>,
    /// Modules that the dialect writes and of which it is not known whether they lack anything.
    pub unjudged: Vec<String>,
    /// Modules whose texts were not to be had, or not in time.
    pub unread: usize,
}

/// A module.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModuleView {
    /// Its name.
    pub name: String,
    /// Its revision, or its version over gNMI; absent where there is none.
    pub revision: Option<String>,
    /// Its namespace; absent where it is not known.
    pub namespace: Option<String>,
    /// Containers in its text; absent where that was not read.
    pub containers: Option<usize>,
    /// Lists in its text; absent where that was not read.
    pub lists: Option<usize>,
    /// Operations in its text; absent where that was not read.
    pub rpcs: Option<usize>,
    /// The dialects that write it.
    pub used_by: Vec<String>,
    /// Nodes that the device's dialect can write there, and that its text does not define.
    pub lacks: Vec<String>,
}

/// What each dialect writes, to say of a module who uses it.
#[derive(Debug)]
pub struct Writers(Vec<(Dialect, Vocabulary)>);

impl Default for Writers {
    fn default() -> Self {
        Self(Dialect::ALL.into_iter().map(|dialect| (dialect, dialect.vocabulary())).collect())
    }
}

impl Writers {
    /// A module as it is shown.
    pub fn view(&self, module: &Module, lacks: &Lacks) -> ModuleView {
        let contents = module.contents;
        let writers = self.0.iter().filter(|(_, writes)| writes.contains_key(module.name.as_str()));
        ModuleView {
            name: module.name.clone(),
            revision: module.revision.clone(),
            namespace: module.namespace.clone(),
            containers: contents.map(|contents| contents.containers),
            lists: contents.map(|contents| contents.lists),
            rpcs: contents.map(|contents| contents.rpcs),
            used_by: writers.map(|(dialect, _)| dialect.to_string()).collect(),
            lacks: match lacks.get(&module.name) {
                Some(Lack::Nodes { names, .. }) => names.iter().cloned().collect(),
                Some(Lack::Module) | None => Vec::new(),
            },
        }
    }
}

impl Writers {
    /// The modules that a dialect writes and of which nothing is known.
    fn unjudged(&self, dialect: &str, served: &Served, lacks: &Lacks) -> Vec<String> {
        let written = self.0.iter().filter(|(one, _)| one.to_string() == dialect);
        let modules = written.flat_map(|(_, writes)| writes.keys());
        let open = |module: &&&str| !served.judged.contains(**module) && !lacks.contains_key(**module);
        modules.filter(open).map(|module| (*module).to_owned()).collect()
    }
}

/// Asks a device for its modules, or for one of them, as long as somebody wants to know. Texts that it does not give, or not in
/// time, are counted and no fault. What it was known to lack, and is not judged again, it still lacks.
///
/// # Errors
/// The device does not answer.
pub async fn look(
    handle: &DeviceHandle,
    dialect: &str,
    only: Option<&str>,
    known: &Lacks,
    wanted: &(impl Fn() -> bool + Sync),
) -> Result<DeviceSchema, DeviceError> {
    let begun = Instant::now();
    let mut served = handle.serves().await?;
    while served.unfinished && wanted() && begun.elapsed() < WITHIN {
        served = handle.serves().await?;
    }
    let lacks = served.over(known);
    let mut modules = handle.modules(Work::Modules).await?;
    modules.retain(|module| only.is_none_or(|only| module.name == only));
    let mut looked = Vec::with_capacity(modules.len());
    for part in modules.chunks(AT_ONCE) {
        if begun.elapsed() >= WITHIN || !wanted() {
            break;
        }
        match handle.modules(Work::Contents(Arc::new(part.to_vec()))).await {
            Ok(part) => looked.extend(part),
            Err(error) => {
                warn!(%error, "a device's modules were not all looked into");
                break;
            }
        }
    }
    let rest = looked.len();
    looked.extend(modules.into_iter().skip(rest));
    let writers = Writers::default();
    let missing = lacks.iter().filter(|(_, lack)| **lack == Lack::Module);
    Ok(DeviceSchema {
        node: handle.node().clone(),
        dialect: dialect.to_owned(),
        missing: missing.map(|(module, _)| module.clone()).collect(),
        unjudged: writers.unjudged(dialect, &served, &lacks),
        unread: looked.iter().filter(|module| module.contents.is_none()).count(),
        modules: looked.iter().map(|module| writers.view(module, &lacks)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use device::Contents;

    use super::*;
    use crate::teller::{Teller, Tells};

    /// A device with texts for all but one of its modules.
    struct Chassis {
        asked: Vec<usize>,
    }

    fn module(name: &str) -> Module {
        Module { name: name.into(), revision: Some("2024-01-01".into()), ..Module::default() }
    }

    impl Tells for Chassis {
        fn serves(&mut self) -> Served {
            let names = ["scheduler-policy".to_owned()].into();
            let nodes = Lack::Nodes { revision: None, names };
            let lacks =
                [("openconfig-qos".to_owned(), nodes), ("trunkline-sr-policy".to_owned(), Lack::Module)];
            let lacks = Lacks::from(lacks);
            let judged = lacks.keys().cloned().collect();
            Served { lacks, judged, ..Served::default() }
        }
        fn modules(&mut self) -> Vec<Module> {
            let others = (0..9).map(|number| module(&format!("other-{number}")));
            [module("bare"), module("openconfig-qos")].into_iter().chain(others).collect()
        }
        fn contents(&mut self, modules: &[Module]) -> Vec<Module> {
            self.asked.push(modules.len());
            assert!(modules.len() <= AT_ONCE, "{:?}", self.asked);
            let mut known = modules.to_vec();
            for module in known.iter_mut().filter(|module| module.name != "bare") {
                module.contents = Some(Contents { containers: 2, lists: 1, rpcs: 0 });
            }
            known
        }
    }

    fn spawned() -> DeviceHandle {
        DeviceHandle::spawn(Teller::new(Chassis { asked: Vec::new() }), Duration::from_secs(5))
    }

    #[tokio::test]
    async fn every_module_is_told_with_what_is_known_of_it() {
        let schema = look(&spawned(), "openconfig", None, &Lacks::new(), &|| true).await.unwrap();
        assert_eq!((schema.modules.len(), schema.unread), (11, 1));
        assert_eq!(schema.missing, ["trunkline-sr-policy"]);
        // What was known of it before, and cannot be found out now, is still told.
        assert_eq!(schema.unjudged, ["openconfig-network-instance"]);
        let names = ["policy-forwarding".to_owned()].into();
        let known =
            Lacks::from([("openconfig-network-instance".into(), Lack::Nodes { revision: None, names })]);
        let remembered = look(&spawned(), "openconfig", None, &known, &|| true).await.unwrap();
        assert_eq!(remembered.unjudged, Vec::<String>::new());
        let qos = &schema.modules[1];
        assert_eq!((qos.containers, qos.lists, qos.rpcs), (Some(2), Some(1), Some(0)));
        assert_eq!(
            (&qos.used_by[..], &qos.lacks[..]),
            (&["openconfig".into()][..], &["scheduler-policy".into()][..])
        );
        let bare = &schema.modules[0];
        assert_eq!((bare.containers, bare.used_by.len()), (None, 0));
        let one =
            look(&spawned(), "openconfig", Some("openconfig-qos"), &Lacks::new(), &|| true).await.unwrap();
        assert_eq!(one.modules, std::slice::from_ref(qos));
    }

    #[tokio::test]
    async fn nothing_is_looked_into_for_nobody() {
        let schema = look(&spawned(), "openconfig", None, &Lacks::new(), &|| false).await.unwrap();
        assert_eq!((schema.modules.len(), schema.unread), (11, 11));
    }
}
