//! Operations to elements.

use super::{
    Commit, Datastore, DefaultOperation, DefaultsMode, EditConfig, ErrorOption, Filter, Operation, Source,
    Target, TestOption, nmda,
};
use crate::ns;
use crate::xml::{Element, Name};

impl Operation {
    /// The operation as it stands inside `<rpc>`.
    pub fn to_element(&self) -> Element {
        match self {
            Self::Get { filter, with_defaults } => {
                read(Element::new(ns::BASE, "get"), filter.as_ref(), *with_defaults)
            }
            Self::GetConfig { source, filter, with_defaults } => {
                let e = Element::new(ns::BASE, "get-config").with_child(store("source", *source));
                read(e, filter.as_ref(), *with_defaults)
            }
            Self::EditConfig(edit) => edit.to_element(),
            Self::CopyConfig { target: t, source: s } => {
                Element::new(ns::BASE, "copy-config").with_child(target(t)).with_child(source(s))
            }
            Self::DeleteConfig { target: t } => Element::new(ns::BASE, "delete-config").with_child(target(t)),
            Self::Lock { target } => Element::new(ns::BASE, "lock").with_child(store("target", *target)),
            Self::Unlock { target } => Element::new(ns::BASE, "unlock").with_child(store("target", *target)),
            Self::Validate { source: s } => Element::new(ns::BASE, "validate").with_child(source(s)),
            Self::Commit(commit) => commit.to_element(),
            Self::CancelCommit { persist_id } => {
                optional(Element::new(ns::BASE, "cancel-commit"), "persist-id", persist_id.as_deref())
            }
            Self::DiscardChanges => Element::new(ns::BASE, "discard-changes"),
            Self::CloseSession => Element::new(ns::BASE, "close-session"),
            Self::KillSession { session_id } => {
                Element::new(ns::BASE, "kill-session").with_leaf("session-id", session_id.to_string())
            }
            Self::GetSchema { identifier, version, format } => {
                let e =
                    Element::new(ns::MONITORING, "get-schema").with_leaf("identifier", identifier.as_str());
                optional(optional(e, "version", version.as_deref()), "format", format.as_deref())
            }
            Self::GetData { datastore, filter } => nmda::get_data(*datastore, filter.as_ref()),
            Self::EditData { datastore, default_operation, config } => {
                nmda::edit_data(*datastore, *default_operation, config)
            }
            Self::CreateSubscription { stream, filter: f, start, stop } => {
                let e = Element::new(ns::NOTIFICATION, "create-subscription");
                let e = optional(e, "stream", stream.as_deref());
                let e = match f {
                    Some(f) => e.with_child(filter(ns::NOTIFICATION, f)),
                    None => e,
                };
                optional(optional(e, "startTime", start.as_deref()), "stopTime", stop.as_deref())
            }
            Self::Other(e) => e.clone(),
        }
    }
}

impl EditConfig {
    fn to_element(&self) -> Element {
        let e = Element::new(ns::BASE, "edit-config").with_child(store("target", self.target));
        let e = optional(e, "default-operation", self.default_operation.map(DefaultOperation::as_str));
        let e = optional(e, "test-option", self.test_option.map(TestOption::as_str));
        let e = optional(e, "error-option", self.error_option.map(ErrorOption::as_str));
        e.with_child(config(&self.config))
    }
}

impl Commit {
    fn to_element(&self) -> Element {
        let mut e = Element::new(ns::BASE, "commit");
        if let Some(confirmed) = &self.confirmed {
            e = e.with_empty("confirmed");
            let timeout = confirmed.timeout_s.map(|s| s.to_string());
            e = optional(e, "confirm-timeout", timeout.as_deref());
            e = optional(e, "persist", confirmed.persist.as_deref());
        }
        optional(e, "persist-id", self.persist_id.as_deref())
    }
}

fn optional(e: Element, name: &str, value: Option<&str>) -> Element {
    match value {
        Some(value) => e.with_leaf(name, value),
        None => e,
    }
}

fn store(role: &str, datastore: Datastore) -> Element {
    Element::new(ns::BASE, role).with_empty(datastore.as_str())
}

fn target(target: &Target) -> Element {
    match target {
        Target::Datastore(d) => store("target", *d),
        Target::Url(url) => Element::new(ns::BASE, "target").with_leaf("url", url.as_str()),
    }
}

fn source(source: &Source) -> Element {
    match source {
        Source::Datastore(d) => store("source", *d),
        Source::Url(url) => Element::new(ns::BASE, "source").with_leaf("url", url.as_str()),
        Source::Config(content) => Element::new(ns::BASE, "source").with_child(config(content)),
    }
}

/// `<config>` spells its namespace out, since some servers look for it there although it is inherited.
fn config(content: &[Element]) -> Element {
    Element::new(ns::BASE, "config").with_binding("", ns::BASE).with_children(content.iter().cloned())
}

fn read(e: Element, f: Option<&Filter>, with_defaults: Option<DefaultsMode>) -> Element {
    let e = match f {
        Some(f) => e.with_child(filter(ns::BASE, f)),
        None => e,
    };
    match with_defaults {
        Some(mode) => e.with_child(Element::new(ns::WITH_DEFAULTS, "with-defaults").with_text(mode.as_str())),
        None => e,
    }
}

/// The attributes of `<filter>` are in no namespace although RFC 6241's YANG module defines them by extension.
fn filter(namespace: &str, filter: &Filter) -> Element {
    let e = Element::new(namespace, "filter");
    match filter {
        Filter::Subtree(content) => {
            e.with_attribute("", "type", "subtree").with_children(content.iter().cloned())
        }
        Filter::XPath { select, bindings } => {
            let mut e = e.with_attribute("", "type", "xpath").with_attribute("", "select", select.as_str());
            e.bindings.clone_from(bindings);
            e
        }
    }
}

/// Gives an enum its words on the wire, in both directions.
macro_rules! words {
    ($kind:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $kind {
            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
            /// From the word on the wire.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words!(DefaultOperation { Merge = "merge", Replace = "replace", None = "none" });
words!(TestOption { TestThenSet = "test-then-set", Set = "set", TestOnly = "test-only" });
words!(ErrorOption {
    StopOnError = "stop-on-error",
    ContinueOnError = "continue-on-error",
    RollbackOnError = "rollback-on-error",
});
words!(DefaultsMode {
    ReportAll = "report-all",
    ReportAllTagged = "report-all-tagged",
    Trim = "trim",
    Explicit = "explicit",
});

impl Datastore {
    /// From an element such as `<running/>`; `None` if it names no datastore.
    pub fn from_name(name: &Name) -> Option<Self> {
        let all = [Self::Running, Self::Candidate, Self::Startup];
        all.into_iter().find(|d| *name.ns == *ns::BASE && *name.local == *d.as_str())
    }
}
