//! Elements to operations: the server's side. A fault becomes the `<rpc-error>` that the RFC prescribes for it.

use super::{
    Commit, Confirmed, Datastore, DefaultOperation, DefaultsMode, EditConfig, ErrorOption, Filter, Operation,
    Source, Target, TestOption, nmda,
    parameters::{Parameters, info, invalid, missing, protocol, unknown},
};
use crate::ns;
use crate::rpc_error::{ErrorTag, RpcError};
use crate::xml::Element;

impl Operation {
    /// Reads the element inside `<rpc>`. What is not one of the standard operations is [`Operation::Other`].
    ///
    /// # Errors
    /// The [`RpcError`] to answer with: a parameter is missing, unknown, doubled or has a wrong value.
    pub fn parse(e: Element) -> Result<Self, Box<RpcError>> {
        match (&*e.name.ns, &*e.name.local) {
            (ns::BASE, local) => match local.to_owned().as_str() {
                "get" | "get-config" => parse_read(e),
                "edit-config" => parse_edit(e),
                "commit" => parse_commit(&e),
                _ => parse_base(e),
            },
            (ns::MONITORING, "get-schema") => {
                let p = Parameters::of(e, &["identifier", "version", "format"])?;
                let identifier = p.text("identifier").ok_or_else(|| missing("identifier"))?;
                Ok(Self::GetSchema { identifier, version: p.text("version"), format: p.text("format") })
            }
            (ns::NMDA, "get-data") => nmda::parse_get(e),
            (ns::NMDA, "edit-data") => nmda::parse_edit(e),
            (ns::NOTIFICATION, "create-subscription") => {
                let mut p = Parameters::of(e, &["stream", "filter", "startTime", "stopTime"])?;
                let filter = p.take("filter").map(parse_filter).transpose()?;
                let (stream, start, stop) = (p.text("stream"), p.text("startTime"), p.text("stopTime"));
                Ok(Self::CreateSubscription { stream, filter, start, stop })
            }
            _ => Ok(Self::Other(e)),
        }
    }
}

fn parse_base(e: Element) -> Result<Operation, Box<RpcError>> {
    let name = e.name.local.to_string();
    match name.as_str() {
        "lock" => Ok(Operation::Lock { target: only_store(e, "target")? }),
        "unlock" => Ok(Operation::Unlock { target: only_store(e, "target")? }),
        "copy-config" => {
            let mut p = Parameters::of(e, &["target", "source", "with-defaults"])?;
            let target = parse_target(p.require("target")?)?;
            Ok(Operation::CopyConfig { target, source: parse_source(p.require("source")?)? })
        }
        "delete-config" => {
            let mut p = Parameters::of(e, &["target"])?;
            Ok(Operation::DeleteConfig { target: parse_target(p.require("target")?)? })
        }
        "validate" => {
            let mut p = Parameters::of(e, &["source"])?;
            Ok(Operation::Validate { source: parse_source(p.require("source")?)? })
        }
        "cancel-commit" => {
            let p = Parameters::of(e, &["persist-id"])?;
            Ok(Operation::CancelCommit { persist_id: p.text("persist-id") })
        }
        "discard-changes" => Parameters::of(e, &[]).map(|_| Operation::DiscardChanges),
        "close-session" => Parameters::of(e, &[]).map(|_| Operation::CloseSession),
        "kill-session" => {
            let p = Parameters::of(e, &["session-id"])?;
            let text = p.text("session-id").ok_or_else(|| missing("session-id"))?;
            let session_id =
                text.parse().ok().filter(|id| *id > 0).ok_or_else(|| invalid("session-id", &text))?;
            Ok(Operation::KillSession { session_id })
        }
        _ => Ok(Operation::Other(e)),
    }
}

fn parse_read(e: Element) -> Result<Operation, Box<RpcError>> {
    let get = *e.name.local == *"get";
    let known: &[&str] =
        if get { &["filter", "with-defaults"] } else { &["source", "filter", "with-defaults"] };
    let mut p = Parameters::of(e, known)?;
    let filter = p.take("filter").map(parse_filter).transpose()?;
    let with_defaults = p.word("with-defaults", DefaultsMode::from_word)?;
    if get {
        return Ok(Operation::Get { filter, with_defaults });
    }
    Ok(Operation::GetConfig { source: parse_store(&p.require("source")?)?, filter, with_defaults })
}

fn parse_edit(e: Element) -> Result<Operation, Box<RpcError>> {
    let known = ["target", "default-operation", "test-option", "error-option", "config"];
    let mut p = Parameters::of(e, &known)?;
    Ok(Operation::EditConfig(EditConfig {
        target: parse_store(&p.require("target")?)?,
        default_operation: p.word("default-operation", DefaultOperation::from_word)?,
        test_option: p.word("test-option", TestOption::from_word)?,
        error_option: p.word("error-option", ErrorOption::from_word)?,
        config: p.require("config")?.children,
    }))
}

fn parse_commit(e: &Element) -> Result<Operation, Box<RpcError>> {
    let mut p = Parameters::of(e.clone(), &["confirmed", "confirm-timeout", "persist", "persist-id"])?;
    let timeout_s = match p.text("confirm-timeout") {
        Some(text) => {
            let seconds = text.parse().ok().filter(|s| *s > 0);
            Some(seconds.ok_or_else(|| invalid("confirm-timeout", &text))?)
        }
        None => None,
    };
    let persist = p.text("persist");
    let confirmed = match p.take("confirmed") {
        Some(_) => Some(Confirmed { timeout_s, persist }),
        None if timeout_s.is_some() || persist.is_some() => return Err(missing("confirmed")),
        None => None,
    };
    Ok(Operation::Commit(Commit { confirmed, persist_id: p.text("persist-id") }))
}

fn parse_filter(e: Element) -> Result<Filter, Box<RpcError>> {
    // Clients in the field qualify these attributes or not; both are meant the same.
    let attribute = |local| e.attribute("", local).or_else(|| e.attribute(ns::BASE, local));
    match attribute("type").unwrap_or("subtree") {
        "subtree" => Ok(Filter::Subtree(e.children)),
        "xpath" => {
            let select = attribute("select").map(str::to_owned).ok_or_else(|| {
                let error =
                    protocol(ErrorTag::MissingAttribute, "an xpath filter needs the attribute select");
                error.with_info(info("bad-attribute", "select")).with_info(info("bad-element", "filter"))
            })?;
            Ok(Filter::XPath { select, bindings: e.bindings })
        }
        _ => {
            let error = protocol(ErrorTag::BadAttribute, "a filter is of type subtree or xpath");
            Err(error
                .with_info(info("bad-attribute", "type"))
                .with_info(info("bad-element", "filter"))
                .into())
        }
    }
}

fn only_store(e: Element, role: &str) -> Result<Datastore, Box<RpcError>> {
    parse_store(&Parameters::of(e, &[role])?.require(role)?)
}

fn parse_store(e: &Element) -> Result<Datastore, Box<RpcError>> {
    match e.children.as_slice() {
        [one] => Datastore::from_name(&one.name).ok_or_else(|| unknown(&one.name.local)),
        _ => Err(missing("datastore")),
    }
}

fn parse_target(mut e: Element) -> Result<Target, Box<RpcError>> {
    match e.children.pop() {
        Some(url) if url.is(ns::BASE, "url") && e.children.is_empty() => {
            Ok(Target::Url(url.text.trim().to_owned()))
        }
        Some(one) if e.children.is_empty() => {
            Datastore::from_name(&one.name).map(Target::Datastore).ok_or_else(|| unknown(&one.name.local))
        }
        _ => Err(missing("datastore")),
    }
}

fn parse_source(mut e: Element) -> Result<Source, Box<RpcError>> {
    match e.children.pop() {
        Some(config) if config.is(ns::BASE, "config") && e.children.is_empty() => {
            Ok(Source::Config(config.children))
        }
        Some(one) => {
            e.children.push(one);
            Ok(match parse_target(e)? {
                Target::Datastore(d) => Source::Datastore(d),
                Target::Url(url) => Source::Url(url),
            })
        }
        None => Err(missing("datastore")),
    }
}
