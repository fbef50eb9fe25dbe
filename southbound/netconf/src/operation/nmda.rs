//! The operations of the Network Management Datastore Architecture (RFC 8526): they name datastores that the base operations have not, what
//! is in force above all. A peer has them where its hello lists their module.

use super::{DefaultOperation, Filter, Operation};
use crate::ns;
use crate::rpc_error::RpcError;
use crate::xml::Element;

use super::parameters::{Parameters, invalid, missing};

/// A datastore (RFC 8342, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataStore {
    /// What was configured.
    Running,
    /// What is being prepared.
    Candidate,
    /// What the device boots with.
    Startup,
    /// What the device tries to put in force.
    Intended,
    /// What is in force, and what it finds out by itself.
    Operational,
}

impl DataStore {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Running, Self::Candidate, Self::Startup, Self::Intended, Self::Operational];

    /// The name of its identity in `ietf-datastores`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Candidate => "candidate",
            Self::Startup => "startup",
            Self::Intended => "intended",
            Self::Operational => "operational",
        }
    }

    fn to_element(self) -> Element {
        Element::new(ns::NMDA, "datastore")
            .with_binding("ds", ns::DATASTORES)
            .with_text(format!("ds:{}", self.as_str()))
    }

    fn parse(e: &Element) -> Result<Self, Box<RpcError>> {
        let text = e.text.trim();
        let (prefix, name) = text.split_once(':').unwrap_or(("", text));
        let is_ours = e.bindings.iter().any(|bound| *bound.prefix == *prefix && *bound.ns == *ns::DATASTORES);
        let found = Self::ALL.into_iter().find(|store| store.as_str() == name && is_ours);
        found.ok_or_else(|| invalid("datastore", text))
    }
}

/// `<get-data>`.
pub(super) fn get_data(datastore: DataStore, filter: Option<&Filter>) -> Element {
    let e = Element::new(ns::NMDA, "get-data").with_child(datastore.to_element());
    match filter {
        None => e,
        Some(Filter::Subtree(content)) => {
            e.with_child(Element::new(ns::NMDA, "subtree-filter").with_children(content.iter().cloned()))
        }
        Some(Filter::XPath { select, bindings }) => {
            let mut filter = Element::new(ns::NMDA, "xpath-filter").with_text(select.as_str());
            filter.bindings.clone_from(bindings);
            e.with_child(filter)
        }
    }
}

/// `<edit-data>`.
pub(super) fn edit_data(
    datastore: DataStore,
    default_operation: Option<DefaultOperation>,
    config: &[Element],
) -> Element {
    let e = Element::new(ns::NMDA, "edit-data").with_child(datastore.to_element());
    let e = match default_operation {
        Some(operation) => e.with_leaf("default-operation", operation.as_str()),
        None => e,
    };
    e.with_child(Element::new(ns::NMDA, "config").with_children(config.iter().cloned()))
}

pub(super) fn parse_get(e: Element) -> Result<Operation, Box<RpcError>> {
    let mut p = Parameters::of(e, &["datastore", "subtree-filter", "xpath-filter"])?;
    let datastore = DataStore::parse(&p.require("datastore")?)?;
    let filter = match (p.take("subtree-filter"), p.take("xpath-filter")) {
        (None, None) => None,
        (Some(subtree), None) => Some(Filter::Subtree(subtree.children)),
        (None, Some(xpath)) => {
            Some(Filter::XPath { select: xpath.text.trim().to_owned(), bindings: xpath.bindings })
        }
        (Some(_), Some(_)) => return Err(invalid("xpath-filter", "beside a subtree-filter")),
    };
    Ok(Operation::GetData { datastore, filter })
}

pub(super) fn parse_edit(e: Element) -> Result<Operation, Box<RpcError>> {
    let mut p = Parameters::of(e, &["datastore", "default-operation", "config"])?;
    let datastore = DataStore::parse(&p.require("datastore")?)?;
    let default_operation = p.word("default-operation", DefaultOperation::from_word)?;
    let config = p.take("config").ok_or_else(|| missing("config"))?.children;
    Ok(Operation::EditData { datastore, default_operation, config })
}
