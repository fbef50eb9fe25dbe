//! The answer to `trunkline why`: where a service goes and why, or what stands in its way.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use model::{
    IntentSet, Service, Verdict,
    sr::{Dataplane, Sid},
    verdict::{DirectionVerdict, Route},
};
use thiserror::Error;

use crate::{compile::Compilation, read::nearest, validate::listed};

/// No intent or service has this name.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("there is no intent or service `{name}`{}", hint(near.as_deref(), within))]
pub struct UnknownName {
    /// The name that was given.
    pub name: String,
    /// The nearest one that exists.
    pub near: Option<String>,
    /// The intents whose names begin with it: an instance of a design calls what it makes after itself.
    pub within: Vec<String>,
}

fn hint(near: Option<&str>, within: &[String]) -> String {
    match (near, within) {
        (Some(near), _) => format!(": did you mean `{near}`?"),
        (None, []) => String::new(),
        (None, within) => format!(": the intents whose names begin so are {}", listed(within)),
    }
}

/// A service between two nodes under the name that it has: which of the two stands first, its intent decides.
fn turned(name: &str) -> Option<String> {
    let (intent, ends) = name.rsplit_once('/')?;
    let (a, z) = ends.split_once('~')?;
    Some(format!("{intent}/{z}~{a}"))
}

/// Explains a service, or all services of an intent, in the order of names.
///
/// # Errors
/// Nothing has that name.
pub fn why(name: &str, set: &IntentSet, compiled: &Compilation) -> Result<String, UnknownName> {
    let wanted = set
        .services
        .values()
        .filter(|service| service.id.as_str() == name || service.intent.as_str() == name);
    let mut text = String::new();
    for service in wanted {
        let verdict = compiled.verdicts.get(&service.id);
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{} ({}, class {}, vrf {})",
            service.id,
            plane(service.path.dataplane),
            service.class,
            service.vrf
        );
        steered(set, service, &mut text);
        let _ = match (verdict, &service.when) {
            (Some(verdict), _) => {
                explain(verdict, &mut text);
                Ok(())
            }
            (None, Some(when)) => {
                writeln!(text, "  not promised now, only {when}: its traffic follows the IGP")
            }
            (None, None) => writeln!(text, "  not promised now: its traffic follows the IGP"),
        };
        for finding in compiled.findings.iter().filter(|finding| finding.subject == service.id.as_str()) {
            let _ = writeln!(text, "  {}[{}]: {}", finding.severity, finding.code, finding.message);
        }
    }
    if !text.is_empty() {
        return Ok(text);
    }
    Err(unknown(name, set))
}

fn unknown(name: &str, set: &IntentSet) -> UnknownName {
    let names = set.services.values().flat_map(|service| [service.intent.as_str(), service.id.as_str()]);
    let begins =
        |intent: &&str| intent.strip_prefix(name).is_some_and(|rest| rest.starts_with(['-', '/', '.']));
    let within: BTreeSet<&str> =
        set.services.values().map(|service| service.intent.as_str()).filter(begins).collect();
    let turned = turned(name).filter(|turned| names.clone().any(|known| known == turned));
    // What begins with the name is meant rather than what is spelt like it.
    let near = || nearest(name, names.clone()).filter(|_| within.is_empty()).map(str::to_owned);
    UnknownName {
        name: name.to_owned(),
        near: turned.or_else(near),
        within: within.iter().map(ToString::to_string).collect(),
    }
}

const fn plane(plane: Dataplane) -> &'static str {
    match plane {
        Dataplane::Srv6 => "SRv6",
        Dataplane::SrMpls => "SR-MPLS",
    }
}

/// Which wishes are not the service's own.
fn steered(set: &IntentSet, service: &Service, text: &mut String) {
    let mut by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (field, policy) in set.steered.get(&service.intent).into_iter().flatten() {
        by.entry(policy).or_default().push(field);
    }
    for (policy, fields) in by {
        let _ = writeln!(text, "  {} from the policy `{policy}`", fields.join(", "));
    }
}

fn explain(verdict: &Verdict, text: &mut String) {
    match verdict {
        Verdict::Carried { directions, .. } => {
            directions.iter().for_each(|direction| carried(direction, text))
        }
        Verdict::Refused { constraint, nearest, .. } => {
            let _ = writeln!(text, "  not carried: {constraint}");
            if let Some(nearest) = nearest {
                let _ = writeln!(text, "  nearest path that breaks only this: {nearest}");
            }
        }
    }
}

fn carried(direction: &DirectionVerdict, text: &mut String) {
    let _ = writeln!(text, "  {} to {}", direction.from, direction.to);
    route("path", &direction.primary, text);
    if !direction.domains.is_empty() {
        let domains: Vec<String> = direction.domains.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "              domains {}", domains.join(", "));
    }
    match &direction.backup {
        Some(backup) => route("backup", backup, text),
        None => {
            let _ = writeln!(text, "    backup    none");
        }
    }
}

fn route(name: &str, route: &Route, text: &mut String) {
    let path = &route.path;
    let mut line = path.nodes.first().map(ToString::to_string).unwrap_or_default();
    for (hop, node) in path.hops.iter().zip(path.nodes.iter().skip(1)) {
        let _ = write!(line, " -[{}]- {node}", hop.link);
    }
    let sids: Vec<String> = route.segments.iter().map(Sid::to_string).collect();
    let _ = writeln!(text, "    {name:<10}{line}");
    let _ = writeln!(
        text,
        "              delay {}, jitter {}, loss {}, price {}",
        path.delay, path.jitter, path.loss, path.price.0
    );
    let _ = writeln!(text, "              segments {}", sids.join(", "));
    for reason in &route.why {
        let _ = writeln!(text, "              because: {reason}");
    }
}

#[cfg(test)]
mod tests;
