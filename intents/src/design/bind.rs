//! Values of an instance to the parameters of its design.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use model::finding::{Finding, Place, Severity};

use super::{Design, INSTANCE, value::Declared};
use crate::{
    codes,
    doc::{Document, InstanceSpec, ParameterType},
    faults::Fault,
    read::suggest,
    tree::{Node, Value, short},
};

/// A value of a parameter.
#[derive(Clone, Debug)]
pub(super) struct Bound<'a> {
    /// The value.
    pub node: Cow<'a, Node>,
    /// The document that it stands in.
    pub from: &'a Document,
    /// Where the parameter is declared; nothing where every design has it.
    pub declared: Option<Place>,
    /// Whether it is made up, to judge a design without an instance.
    pub sample: Option<Sample>,
}

/// A value that is made up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sample {
    /// As good as any of its type.
    Typical,
    /// Other values of its type may fit where this one does not.
    Vague,
}

/// Values by parameter; nothing where an optional one has none.
pub(super) type Bindings<'a> = BTreeMap<&'a str, Option<Bound<'a>>>;

/// The parameters of a design in the order of their names.
pub(super) fn declared<'a>(design: Design<'a>) -> impl Iterator<Item = Declared<'a>> + Clone {
    design.spec.parameters.iter().map(move |(name, spec)| Declared {
        doc: design.doc,
        name: &name.value.0,
        spec: &spec.value,
    })
}

/// The name of an instance as a value.
pub(super) fn instance<'a>(text: &str, from: &'a Document) -> Option<Bound<'a>> {
    let node = Node { mark: from.metadata.name.mark, value: Value::Scalar(text.to_owned()) };
    Some(Bound { node: Cow::Owned(node), from, declared: None, sample: None })
}

/// Whether a parameter may be without a value.
pub(super) fn is_optional(declared: &Declared<'_>) -> bool {
    declared.spec.optional.is_some_and(|optional| optional.value)
}

/// The values for all parameters of a design; findings and nothing where they do not fit.
pub(super) fn bind<'a>(
    design: Design<'a>,
    doc: &'a Document,
    given: &'a InstanceSpec,
    findings: &mut Vec<Finding>,
) -> Option<Bindings<'a>> {
    let before = findings.len();
    let names: BTreeSet<&str> = declared(design).map(|declared| declared.name).collect();
    for name in given.parameters.keys().filter(|name| !names.contains(name.value.0.as_str())) {
        let message =
            format!("the design `{}` has no parameter `{}`", design.doc.name(), short(&name.value.0));
        Fault::on(findings, Severity::Error, codes::UNKNOWN_PARAMETER, doc, name.mark, message)
            .help(suggest(&name.value.0, names.iter().copied(), "its parameters are"))
            .related(design.doc.place(design.doc.metadata.name.mark), "the design");
    }
    let values: BTreeMap<&str, &Node> =
        given.parameters.iter().map(|(name, value)| (name.value.0.as_str(), &value.0)).collect();
    let mut bindings = Bindings::from([(INSTANCE, instance(doc.name(), doc))]);
    // That one is declared wrongly, which is told there.
    for declared in declared(design).filter(|declared| declared.name != INSTANCE) {
        let value = values.get(declared.name).copied();
        let (node, from) = match (value, &declared.spec.default) {
            (Some(value), _) => (value, doc),
            (None, Some(default)) => (&default.0, design.doc),
            (None, None) if is_optional(&declared) => {
                bindings.insert(declared.name, None);
                continue;
            }
            (None, None) => {
                missing(&declared, doc, given, findings);
                continue;
            }
        };
        // A default was judged with its design.
        if value.is_none() || declared.takes(node, from, findings) {
            let bound =
                Bound { node: Cow::Borrowed(node), from, declared: Some(declared.place()), sample: None };
            bindings.insert(declared.name, Some(bound));
        }
    }
    (findings.len() == before).then_some(bindings)
}

/// Judges the values of an instance whose design has a fault, so that it makes nothing: those of parameters that have none themselves.
/// What is missing, or not known, may be so because of the design.
pub(super) fn values(
    design: Design<'_>,
    doc: &Document,
    given: &InstanceSpec,
    unclear: Option<&BTreeSet<&str>>,
    findings: &mut Vec<Finding>,
) {
    for declared in declared(design).filter(|declared| declared.name != INSTANCE) {
        let value = given.parameters.iter().find(|(name, _)| name.value.0 == declared.name);
        if let Some((_, value)) = value
            && unclear.is_none_or(|unclear| !unclear.contains(declared.name))
        {
            declared.takes(&value.0, doc, findings);
        }
    }
}

fn missing(declared: &Declared<'_>, doc: &Document, given: &InstanceSpec, findings: &mut Vec<Finding>) {
    let name = declared.name;
    let kind = match declared.spec.kind.value {
        ParameterType::List => format!("a list of {} values", word(declared.single())),
        single => word(single),
    };
    let message = format!("the design `{}` needs a value of `{name}`", given.design.value.0);
    let what = short(&declared.spec.description.value.0);
    Fault::on(findings, Severity::Error, codes::MISSING_PARAMETER, doc, given.design.mark, message)
        .help(format!("add `{name}: …` to `parameters`, {kind}: {what}"))
        .related(declared.place(), "the parameter is declared here");
}

/// The word of a type.
pub(super) fn word(kind: ParameterType) -> String {
    format!("{kind:?}").to_lowercase()
}
