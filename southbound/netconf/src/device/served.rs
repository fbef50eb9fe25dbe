//! What a device's own modules say of the nodes that the dialect writes, found out before anything is sent.
//!
//! Two questions, from the cheap one to the dear one. Does the hello name the module? Where it does: does the text that the
//! device serves for it (RFC 6022 section 3.1), with all that it imports and includes, define a node of that name? Texts are
//! fetched and read once for each module and revision, for as many devices as share the [`Library`]. What cannot be found
//! out is not held against a device: it says for itself, at the edit, what it does not know.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use dialects::{
    Operation,
    catalogue::{ModuleEntry, read_module},
    operation::names,
};
use tokio::{sync::OnceCell, time::Instant};
use tracing::{debug, warn};

use crate::session::{CallError, Session};

/// The longest text that is read.
const LONGEST: usize = 2 << 20;
/// The most texts that are fetched for one module of the dialect.
const MOST: usize = 64;
/// The longest that one look may take, on one device.
const WITHIN: Duration = Duration::from_secs(10);

/// One text: read, or known to be of no use.
type Text = Arc<OnceCell<Option<Arc<ModuleEntry>>>>;

/// Modules that devices serve, by name and revision. A fleet shares one, so that a hundred routers of a kind cost one reading.
#[derive(Clone, Debug, Default)]
pub struct Library(Arc<Mutex<BTreeMap<String, Text>>>);

impl Library {
    /// The modules that were read so far, in order.
    pub fn modules(&self) -> Vec<Arc<ModuleEntry>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().filter_map(|text| text.get().cloned().flatten()).collect()
    }

    /// What the operations need and the device has not, in words; none where it has all of it, or it cannot be told.
    ///
    /// # Errors
    /// A request was not answered: the session is of no use any more.
    pub(super) async fn lacking(
        &self,
        session: &Session,
        operations: &[Operation],
    ) -> Result<Option<String>, CallError> {
        let offered = session.capabilities();
        let deadline = Instant::now() + WITHIN;
        for (module, wanted) in names(operations) {
            let Some(revision) = offered.modules.get(module).map(|found| found.revision.clone()) else {
                // Who names no module, or refers to its YANG library, has not answered the question in its hello.
                if offered.modules.is_empty() || offered.yang_library.is_some() {
                    continue;
                }
                return Ok(Some(format!("it does not serve the module {module}")));
            };
            if !offered.monitoring {
                return Ok(None);
            }
            let Some(defined) = self.defined(session, module, revision.as_deref(), deadline).await? else {
                continue;
            };
            let has = |name: &&str| defined.iter().any(|entry| entry.nodes.contains(*name));
            let missing = wanted.into_iter().find(|name| !has(name));
            if let Some(name) = missing {
                let revision = revision.unwrap_or_else(|| "of no revision".into());
                return Ok(Some(format!("its module {module} ({revision}) defines no node `{name}`")));
            }
        }
        Ok(None)
    }

    /// A module and all it needs; none where a text is not to be had.
    async fn defined(
        &self,
        session: &Session,
        module: &str,
        revision: Option<&str>,
        deadline: Instant,
    ) -> Result<Option<Vec<Arc<ModuleEntry>>>, CallError> {
        // What the hello gives no revision of is known by the module that needs it, which has one.
        let root = format!("{module}@{}", revision.unwrap_or_default());
        let mut entries = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = vec![module.to_owned()];
        while let Some(name) = next.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            if seen.len() > MOST {
                return Ok(None);
            }
            let offered = session.capabilities().modules.get(&name).and_then(|found| found.revision.clone());
            let key = match &offered {
                Some(revision) => format!("{name}@{revision}"),
                None => format!("{root}/{name}"),
            };
            let Some(entry) = self.text(session, &key, &name, offered.as_deref(), deadline).await? else {
                return Ok(None);
            };
            next.extend(entry.imports.iter().chain(&entry.includes).cloned());
            entries.push(entry);
        }
        Ok(Some(entries))
    }

    /// One text, fetched by whoever needs it first.
    async fn text(
        &self,
        session: &Session,
        key: &str,
        name: &str,
        revision: Option<&str>,
        deadline: Instant,
    ) -> Result<Option<Arc<ModuleEntry>>, CallError> {
        let cell = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(key.to_owned()).or_default())
        };
        let read = cell.get_or_try_init(|| fetch(session, name, revision, deadline));
        read.await.cloned()
    }
}

/// A text that is served and can be read. That it is not served, too long or no module is an answer too, and kept.
async fn fetch(
    session: &Session,
    name: &str,
    revision: Option<&str>,
    deadline: Instant,
) -> Result<Option<Arc<ModuleEntry>>, CallError> {
    let text = match session.get_schema(name, revision, deadline).await {
        Ok(text) => text,
        Err(error @ (CallError::NotSent(_) | CallError::OutcomeUnknown(_))) => return Err(error),
        Err(error) => {
            debug!(name, %error, "the device does not give a module's text");
            return Ok(None);
        }
    };
    if text.len() > LONGEST {
        warn!(name, octets = text.len(), "a module's text is too long to be read");
        return Ok(None);
    }
    let read = tokio::task::spawn_blocking(move || read_module(&text)).await;
    match read {
        Ok(Ok(entry)) => Ok(Some(Arc::new(entry))),
        Ok(Err(error)) => {
            warn!(name, %error, "a module's text could not be read");
            Ok(None)
        }
        Err(error) => {
            warn!(name, %error, "a module's text could not be read");
            Ok(None)
        }
    }
}
