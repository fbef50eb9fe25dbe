//! Which modules a device serves: by its hello (RFC 6020 section 5.6.4), by its YANG library (RFC 8525, and RFC 7895 before it),
//! and by its list of schemas (RFC 6022 section 2.1.3), each where the hello says that it is there.
//!
//! What a session tells by itself costs nothing; a device that refers to its library is asked for that, once for each session
//! that somebody learns from. The list of schemas has submodules too, and is for people who want to see all.

use std::collections::BTreeMap;

use device::{DeviceError, Lack, Module, Served, Step};
use dialects::Dialect;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::NetconfDevice;
use super::served::{Library, Offered};
use crate::ns;
use crate::operation::Filter;
use crate::session::{CallError, Session};
use crate::xml::Element;

/// The most modules that are looked at, of one device.
const MOST: usize = 4_096;
/// The longest name, revision or namespace that is taken.
const LONGEST: usize = 512;

/// Modules by name and revision, each as whoever told it first.
#[derive(Debug, Default)]
struct List {
    modules: BTreeMap<(String, String), Module>,
    /// The device told more than is taken, so that a module which is not here may be there.
    is_cut: bool,
}

impl List {
    fn note(&mut self, name: &str, revision: &str, namespace: Option<&str>) {
        let is_sane = |text: &str| text.len() <= LONGEST;
        let key = (name.to_owned(), revision.to_owned());
        let has_room = self.modules.len() < MOST || self.modules.contains_key(&key);
        if !is_sane(name) || !is_sane(revision) || !has_room {
            self.is_cut = true;
            return;
        }
        if name.is_empty() {
            return;
        }
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let module = Module {
            name: name.to_owned(),
            revision: some(revision),
            namespace: namespace.filter(|text| is_sane(text)).and_then(some),
            contents: None,
        };
        let known = self.modules.entry(key).or_insert_with(|| module.clone());
        if known.namespace.is_none() {
            known.namespace = module.namespace;
        }
    }

    fn note_hello(&mut self, session: &Session) {
        for (name, module) in &session.capabilities().modules {
            self.note(name, module.revision.as_deref().unwrap_or_default(), Some(&module.namespace));
        }
    }

    /// The modules of a YANG library that are implemented; those that are only imported hold no data.
    fn note_library(&mut self, data: &Element) {
        let of = |element: &Element, list: &mut Self| {
            let text = |name| element.child_text(ns::YANG_LIBRARY, name);
            if let Some(name) = text("name") {
                list.note(name, text("revision").unwrap_or_default(), text("namespace"));
            }
        };
        if let Some(library) = data.child(ns::YANG_LIBRARY, "yang-library") {
            for set in library.children_named(ns::YANG_LIBRARY, "module-set") {
                set.children_named(ns::YANG_LIBRARY, "module").for_each(|module| of(module, self));
            }
        }
        if let Some(state) = data.child(ns::YANG_LIBRARY, "modules-state") {
            for module in state.children_named(ns::YANG_LIBRARY, "module") {
                if module.child_text(ns::YANG_LIBRARY, "conformance-type") == Some("implement") {
                    of(module, self);
                }
            }
        }
    }

    /// The entries of a list of schemas that can be had as YANG.
    fn note_schemas(&mut self, data: &Element) {
        let schemas = data.child(ns::MONITORING, "netconf-state");
        let Some(schemas) = schemas.and_then(|state| state.child(ns::MONITORING, "schemas")) else { return };
        for schema in schemas.children_named(ns::MONITORING, "schema") {
            let text = |name| schema.child_text(ns::MONITORING, name).unwrap_or_default();
            // An identity, with a prefix before it.
            if text("format").rsplit(':').next() == Some("yang") {
                self.note(text("identifier"), text("version"), Some(text("namespace")));
            }
        }
    }

    fn into_modules(self) -> Vec<Module> {
        self.modules.into_values().collect()
    }
}

/// What a device answers to a question about its state; nothing where it refuses that.
async fn asked(session: &Session, filter: &str, deadline: Instant) -> Result<Option<Element>, CallError> {
    let filter = Filter::subtree(filter).expect("the filter is well-formed");
    match session.get(Some(filter), deadline).await {
        Ok(data) => Ok(Some(data)),
        Err(error @ (CallError::NotSent(_) | CallError::OutcomeUnknown(_))) => Err(error),
        Err(error) => {
            debug!(%error, "the device does not tell of its modules");
            Ok(None)
        }
    }
}

async fn library(session: &Session, deadline: Instant) -> Result<Option<Element>, CallError> {
    let ns = ns::YANG_LIBRARY;
    let set = "<module-set><module><name/><revision/><namespace/></module></module-set>";
    let state = "<module><name/><revision/><namespace/><conformance-type/></module>";
    let filter = format!(
        "<yang-library xmlns=\"{ns}\">{set}</yang-library><modules-state xmlns=\"{ns}\">{state}</modules-state>"
    );
    asked(session, &filter, deadline).await
}

/// What a session tells, with the library where the hello refers to it; and whether that is all of it. A hello that refers to
/// a library names a few modules at most.
async fn told(session: &Session, deadline: Instant) -> Result<(List, bool), CallError> {
    let mut list = List::default();
    list.note_hello(session);
    if session.capabilities().yang_library.is_none() {
        let is_whole = !list.is_cut;
        return Ok((list, is_whole));
    }
    let Some(data) = library(session, deadline).await? else { return Ok((list, false)) };
    let mut of_library = List::default();
    of_library.note_library(&data);
    let is_whole = !of_library.modules.is_empty();
    list.note_library(&data);
    let is_whole = is_whole && !list.is_cut;
    Ok((list, is_whole))
}

/// The names of the modules that a session tells, with the library where the hello refers to it and `is_asked`.
pub(super) async fn names(
    session: &Session,
    is_asked: bool,
    deadline: Instant,
) -> Result<Vec<String>, CallError> {
    if !is_asked {
        return Ok(session.capabilities().modules.keys().cloned().collect());
    }
    let (list, _) = told(session, deadline).await?;
    Ok(list.into_modules().into_iter().map(|module| module.name).collect())
}

/// Also what only people want to know.
async fn all(session: &Session, deadline: Instant) -> Result<Vec<Module>, CallError> {
    let (mut list, _) = told(session, deadline).await?;
    let offered = session.capabilities();
    if offered.monitoring {
        let filter = format!("<netconf-state xmlns=\"{}\"><schemas/></netconf-state>", ns::MONITORING);
        if let Some(data) = asked(session, &filter, deadline).await? {
            list.note_schemas(&data);
        }
    }
    // Devices of before RFC 8525 name the library as one module among all.
    if offered.yang_library.is_none()
        && offered.modules.contains_key("ietf-yang-library")
        && let Some(data) = library(session, deadline).await?
    {
        list.note_library(&data);
    }
    Ok(list.into_modules())
}

/// The modules that a session told, kept while they are judged bit by bit.
#[derive(Clone, Debug)]
pub(super) struct Told {
    modules: Vec<Module>,
    is_whole: bool,
}

/// What a session tells, and what is missing in it; that is looked up where there is a library to keep it. `told_before` is what
/// it told before, where it is asked again for the rest.
async fn learnt(
    session: &Session,
    library: Option<&Library>,
    dialect: Dialect,
    told_before: Option<Told>,
    deadline: Instant,
) -> Result<(Served, Option<Told>), CallError> {
    let Some(library) = library else {
        let mut list = List::default();
        list.note_hello(session);
        return Ok((Served { modules: list.into_modules(), ..Served::default() }, None));
    };
    let told = match told_before {
        Some(told) => told,
        None => {
            let (list, is_whole) = told(session, deadline).await?;
            Told { modules: list.into_modules(), is_whole }
        }
    };
    let offered: Offered =
        told.modules.iter().map(|module| (module.name.clone(), module.revision.clone())).collect();
    let (mut judged, unfinished) = library.judge(session, &offered, &dialect.vocabulary()).await?;
    if !told.is_whole {
        judged.retain(|_, lack| *lack != Some(Lack::Module));
    }
    let lacking = judged.iter().filter_map(|(module, lack)| Some((module.clone(), lack.clone()?)));
    let lacks = lacking.collect();
    let judged = judged.into_keys().collect();
    let served = Served { modules: told.modules.clone(), lacks, judged, unfinished };
    Ok((served, unfinished.then_some(told)))
}

impl NetconfDevice {
    /// A device that was asked for its modules and did not answer is not asked again. That its session had ended before says
    /// nothing of that.
    pub(super) fn unanswered(&mut self, error: &CallError) {
        if error.is_outcome_unknown() {
            warn!(node = %self.node, %error, "it does not answer for its modules and is not asked again");
            self.library = None;
        }
    }

    /// What the session tells, and what the modules lack. A device that leaves a question about them unanswered is not asked
    /// again.
    pub(super) async fn learn(&mut self) -> Result<Served, DeviceError> {
        self.expect_no_change(Step::Read)?;
        let open = self.take().await?;
        let library = self.library.clone();
        let told = self.told.take();
        let learnt = learnt(open.session(), library.as_ref(), self.dialect, told, open.answer()).await;
        match learnt {
            Ok((served, told)) => {
                (self.open, self.told) = (Some(open), told);
                Ok(served)
            }
            Err(error) if error.is_outcome_unknown() => {
                self.unanswered(&error);
                Ok(Served::default())
            }
            Err(error) => self.put_back(open, Step::Read, Err(error)),
        }
    }

    pub(super) async fn list_modules(&mut self) -> Result<Vec<Module>, DeviceError> {
        self.expect_no_change(Step::Read)?;
        let open = self.take().await?;
        let listed = all(open.session(), open.answer()).await;
        self.put_back(open, Step::Read, listed)
    }

    pub(super) async fn look_into(&mut self, modules: &[Module]) -> Result<Vec<Module>, DeviceError> {
        self.expect_no_change(Step::Read)?;
        let open = self.take().await?;
        // Without a library of the fleet, what is read is kept for this look alone.
        let library = self.library.clone().unwrap_or_default();
        let looked = library.contents(open.session(), modules).await;
        self.put_back(open, Step::Read, looked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{self, Limits};

    fn data(content: &str) -> Element {
        let children = xml::parse_fragment(content, &Limits::default()).unwrap();
        Element::new(ns::BASE, "data").with_children(children)
    }

    fn labels(list: List) -> Vec<String> {
        list.into_modules().iter().map(Module::label).collect()
    }

    #[test]
    fn a_library_tells_what_is_implemented_in_both_its_forms() {
        let text = format!(
            "<yang-library xmlns='{ns}'><module-set><name>all</name>
               <module><name>m</name><revision>2024-01-01</revision><namespace>urn:m</namespace></module>
               <module><name>bare</name></module>
               <import-only-module><name>types</name><revision>2020-01-01</revision></import-only-module>
             </module-set></yang-library>
             <modules-state xmlns='{ns}'>
               <module><name>m</name><revision>2024-01-01</revision><conformance-type>implement</conformance-type></module>
               <module><name>old</name><revision/><conformance-type>implement</conformance-type></module>
               <module><name>older</name><revision/><conformance-type>import</conformance-type></module>
             </modules-state>",
            ns = ns::YANG_LIBRARY
        );
        let mut list = List::default();
        list.note_library(&data(&text));
        assert_eq!(
            list.modules.values().find(|module| module.name == "m").unwrap().namespace.as_deref(),
            Some("urn:m")
        );
        assert_eq!(labels(list), ["bare", "m@2024-01-01", "old"]);
    }

    #[test]
    fn of_a_list_of_schemas_what_can_be_had_as_yang_counts_once() {
        let schema = |name: &str, format: &str| {
            format!(
                "<schema><identifier>{name}</identifier><version>2024-01-01</version><format>{format}</format>\
                 <namespace>urn:{name}</namespace><location>NETCONF</location></schema>"
            )
        };
        let all = [schema("m", "yang"), schema("m", "ncm:yin"), schema("n", "ncm:yang"), schema("", "yang")];
        let text = format!(
            "<netconf-state xmlns='{}'><schemas>{}</schemas></netconf-state>",
            ns::MONITORING,
            all.concat()
        );
        let mut list = List::default();
        list.note_schemas(&data(&text));
        list.note_schemas(&data(&text));
        list.note(&"x".repeat(LONGEST + 1), "", None);
        assert!(list.is_cut, "one of them has too long a name");
        assert_eq!(labels(list), ["m@2024-01-01", "n@2024-01-01"]);
        let mut list = List::default();
        (0..MOST).for_each(|number| list.note(&format!("m{number}"), "", None));
        list.note("m0", "", None);
        assert!(!list.is_cut);
        (0..MOST + 10).for_each(|number| list.note(&format!("m{number}"), "", None));
        assert!(list.is_cut, "that a module is not in it says nothing");
        assert_eq!(list.into_modules().len(), MOST);
    }
}
