//! What a device's own modules say of the nodes that the dialect writes, found out before anything is sent.
//!
//! Two questions, from the cheap one to the dear one. Does the hello name the module? Where it does: does the text that the
//! device serves for it (RFC 6022 section 3.1), with all that it imports and includes, define a node of that name? Texts are
//! fetched and read once for each module and revision, for as many devices as share the [`Library`], which keeps the latest
//! of them. What cannot be found out is not held against a device: it says for itself, at the edit, what it does not know.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use device::{Contents, Lack, Module};
use dialects::{
    Operation, Vocabulary,
    catalogue::{ModuleEntry, read_module},
    operation::names,
};
use tokio::{
    sync::OnceCell,
    time::{Instant, timeout_at},
};
use tracing::{debug, warn};

use crate::session::{CallError, Session};

/// The longest text that is read.
const LONGEST: usize = 2 << 20;
/// The most texts that are fetched for one module of the dialect.
const MOST: usize = 64;
/// The most texts that are kept, of all devices together: a fleet of three makers, each with all its modules in two releases.
const KEPT: usize = 6_000;

/// How long is waited.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// For all answers of one look, on one device.
    look: Duration,
    /// For a text that is being fetched from another device. Orders of a change wait behind it, for each text anew: whoever learns asks again.
    others: Duration,
    /// Texts that one judgement asks a device for: others want to ask it something in between.
    texts: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self { look: Duration::from_secs(10), others: Duration::from_millis(20), texts: 4 }
    }
}

/// One look at a device's texts.
struct Look<'a> {
    session: &'a Session,
    deadline: Instant,
    /// Texts that it may still ask for.
    left: AtomicUsize,
    /// Something was not found out for want of time, and may be with another look.
    is_cut: AtomicBool,
}

impl Look<'_> {
    /// Whether one more text may be asked for.
    fn may_ask(&self) -> bool {
        Instant::now() < self.deadline
            && self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// One text: read, or known to be of no use.
type Text = Arc<OnceCell<Option<Arc<ModuleEntry>>>>;

/// The revisions of the modules that a device serves, by name.
pub(super) type Offered = BTreeMap<String, Option<String>>;

/// What is known of each module that was judged to lack, or nothing where it has all.
pub(super) type Judged = BTreeMap<String, Option<Lack>>;

/// What was found out of a module.
enum Verdict {
    /// Nothing.
    Untold,
    /// It has all that is wanted.
    Whole,
    /// It lacks this.
    Lacks(Lack),
}

/// Modules that devices serve, by name and revision. A fleet shares one, so that a hundred routers of a kind cost one reading.
#[derive(Clone, Debug, Default)]
pub struct Library {
    shelf: Arc<Mutex<Shelf>>,
    patience: Patience,
    /// Texts that one device does not give, by their keys. It may be that our user may not read them there; another device gives them.
    denied: Arc<Mutex<BTreeSet<String>>>,
}

#[derive(Debug, Default)]
struct Shelf {
    texts: BTreeMap<String, Text>,
    /// Their keys, the oldest first.
    order: VecDeque<String>,
}

impl Shelf {
    /// The place of a text. The oldest one goes for it where the shelf is full; whoever still reads that has it.
    fn place(&mut self, key: &str) -> Text {
        if let Some(text) = self.texts.get(key) {
            return Arc::clone(text);
        }
        while self.texts.len() >= KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.texts.remove(&oldest);
        }
        self.order.push_back(key.to_owned());
        Arc::clone(self.texts.entry(key.to_owned()).or_default())
    }
}

impl Library {
    /// One that waits no longer than this for a look, and a tenth of it for others.
    #[cfg(test)]
    pub(super) fn hasty(look: Duration) -> Self {
        let patience = Patience { look, others: look / 10, ..Patience::default() };
        Self { patience, ..Self::default() }
    }

    /// One that judges with one text at a time.
    #[cfg(test)]
    pub(super) fn step_by_step() -> Self {
        Self { patience: Patience { texts: 1, ..Patience::default() }, ..Self::default() }
    }

    fn look<'a>(&self, session: &'a Session, texts: usize) -> Look<'a> {
        let deadline = Instant::now() + self.patience.look;
        Look { session, deadline, left: AtomicUsize::new(texts), is_cut: AtomicBool::new(false) }
    }

    /// The same for a device of its own: what that one denies, it denies for itself.
    pub(super) fn of_one_device(self) -> Self {
        Self { denied: Arc::default(), ..self }
    }

    fn denied(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.denied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The modules that were read so far and are kept, in order.
    pub fn modules(&self) -> Vec<Arc<ModuleEntry>> {
        self.shelf().texts.values().filter_map(|text| text.get().cloned().flatten()).collect()
    }

    /// What the device's modules lack of all that its dialect can write; those of which it cannot be told are not among them. And
    /// whether asking again would tell more.
    ///
    /// # Errors
    /// A request was not answered: the session is of no use any more.
    pub(super) async fn judge(
        &self,
        session: &Session,
        offered: &Offered,
        written: &Vocabulary,
    ) -> Result<(Judged, bool), CallError> {
        let look = self.look(session, self.patience.texts);
        let mut judged = Judged::new();
        if offered.is_empty() {
            return Ok((judged, false));
        }
        for (module, wanted) in written {
            match self.lack(&look, module, wanted, offered).await? {
                Verdict::Untold => {}
                Verdict::Whole => drop(judged.insert((*module).to_owned(), None)),
                Verdict::Lacks(lack) => drop(judged.insert((*module).to_owned(), Some(lack))),
            }
        }
        Ok((judged, look.is_cut.into_inner()))
    }

    /// The same modules with what stands in their texts, as far as these are to be had in time.
    ///
    /// # Errors
    /// As for [`Self::judge`].
    pub(super) async fn contents(
        &self,
        session: &Session,
        modules: &[Module],
    ) -> Result<Vec<Module>, CallError> {
        let look = self.look(session, usize::MAX);
        let mut known = modules.to_vec();
        if !session.capabilities().monitoring {
            return Ok(known);
        }
        for module in &mut known {
            if !look.may_ask() {
                break;
            }
            let (name, revision) = (&*module.name, module.revision.as_deref());
            let entry = match revision {
                Some(known) => self.text(&look, &format!("{name}@{known}"), name, revision).await?,
                // It may be another one on every device, so it is kept for none.
                None => match fetch(&look, name, None).await {
                    Ok(entry) => entry,
                    Err(Missed::Late | Missed::Denied) => None,
                    Err(Missed::Unanswered(error)) => return Err(error),
                },
            };
            module.contents = entry.map(|entry| Contents {
                containers: entry.containers,
                lists: entry.lists,
                rpcs: entry.rpcs,
            });
        }
        Ok(known)
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
        let (offered, look) = (in_hello(session), self.look(session, usize::MAX));
        // Who names no module, or refers to its YANG library, has not answered the question in its hello.
        let is_whole = !offered.is_empty() && session.capabilities().yang_library.is_none();
        for (module, wanted) in &names(operations) {
            let Verdict::Lacks(lack) = self.lack(&look, module, wanted, &offered).await? else {
                continue;
            };
            if !is_whole && lack == Lack::Module {
                continue;
            }
            if let Some(missing) = lack.missing(module, wanted.iter().map(String::as_str)) {
                return Ok(Some(missing.to_string()));
            }
        }
        Ok(None)
    }

    /// What the device lacks of these nodes of a module.
    async fn lack(
        &self,
        look: &Look<'_>,
        module: &str,
        wanted: &BTreeSet<String>,
        offered: &Offered,
    ) -> Result<Verdict, CallError> {
        let Some(revision) = offered.get(module) else { return Ok(Verdict::Lacks(Lack::Module)) };
        if !look.session.capabilities().monitoring {
            return Ok(Verdict::Untold);
        }
        let Some(defined) = self.defined(look, module, offered).await? else {
            return Ok(Verdict::Untold);
        };
        let is_defined = |node: &str| defined.iter().any(|entry| entry.may_define(node));
        let mut names: BTreeSet<String> = wanted.iter().filter(|node| !is_defined(node)).cloned().collect();
        // Of what is not defined at all the places are not told too.
        let unknown: BTreeSet<String> = names.iter().filter(|node| !node.contains('/')).cloned().collect();
        names.retain(|node| node.rsplit_once('/').is_none_or(|(_, name)| !unknown.contains(name)));
        Ok(match names.is_empty() {
            true => Verdict::Whole,
            false => Verdict::Lacks(Lack::Nodes { revision: revision.clone(), names }),
        })
    }

    /// A module and all it needs; none where a text is not to be had.
    async fn defined(
        &self,
        look: &Look<'_>,
        module: &str,
        offered: &Offered,
    ) -> Result<Option<Vec<Arc<ModuleEntry>>>, CallError> {
        let revision = |name: &str| offered.get(name).cloned().flatten();
        // What has no revision there is known by the module that needs it, which has one.
        let root = format!("{module}@{}", revision(module).unwrap_or_default());
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
            let own = revision(&name);
            let key = match &own {
                Some(revision) => format!("{name}@{revision}"),
                None => format!("{root}/{name}"),
            };
            let Some(entry) = self.text(look, &key, &name, own.as_deref()).await? else {
                return Ok(None);
            };
            next.extend(entry.imports.iter().chain(&entry.includes).cloned());
            entries.push(entry);
        }
        Ok(Some(entries))
    }

    /// One text, fetched by whoever needs it first; nothing where another device is asked for it and does not give it soon.
    async fn text(
        &self,
        look: &Look<'_>,
        key: &str,
        name: &str,
        revision: Option<&str>,
    ) -> Result<Option<Arc<ModuleEntry>>, CallError> {
        let cell = self.shelf().place(key);
        if self.denied().contains(key) {
            return Ok(cell.get().cloned().flatten());
        }
        let asked = AtomicBool::new(false);
        let read = cell.get_or_try_init(|| async {
            // The turn came too late: nothing is asked, and nothing is known of this device.
            if !look.may_ask() {
                return Err(Missed::Late);
            }
            asked.store(true, Relaxed);
            fetch(look, name, revision).await
        });
        tokio::pin!(read);
        let patience = look.deadline.min(Instant::now() + self.patience.others);
        let read = match timeout_at(patience, &mut read).await {
            Ok(read) => read,
            // The question is our own, and has its own deadline.
            Err(_) if asked.load(Relaxed) => read.await,
            Err(_) => Err(Missed::Late),
        };
        match read {
            Ok(entry) => Ok(entry.clone()),
            Err(Missed::Late) => {
                look.is_cut.store(true, Relaxed);
                Ok(None)
            }
            Err(Missed::Denied) => {
                self.denied().insert(key.to_owned());
                Ok(None)
            }
            Err(Missed::Unanswered(error)) => Err(error),
        }
    }
}

/// The modules that a hello names.
pub(super) fn in_hello(session: &Session) -> Offered {
    let modules = &session.capabilities().modules;
    modules.iter().map(|(name, module)| (name.clone(), module.revision.clone())).collect()
}

/// Why a device did not give a text.
enum Missed {
    /// It was not asked in time.
    Late,
    /// It does not give it, or not as a text. That is its own answer, and says nothing of other devices.
    Denied,
    /// It did not answer: the session is of no use any more.
    Unanswered(CallError),
}

/// A text that is served and can be read. That it is too long or no module is so for all devices, and kept.
async fn fetch(
    look: &Look<'_>,
    name: &str,
    revision: Option<&str>,
) -> Result<Option<Arc<ModuleEntry>>, Missed> {
    let text = match look.session.get_schema(name, revision, look.deadline).await {
        Ok(text) => text,
        Err(error @ (CallError::NotSent(_) | CallError::OutcomeUnknown(_))) => {
            return Err(Missed::Unanswered(error));
        }
        Err(error) => {
            debug!(name, %error, "the device does not give a module's text");
            return Err(Missed::Denied);
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
