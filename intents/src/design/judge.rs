//! A design judged by itself, before it has an instance: what is declared, what is named, and whether its documents can be
//! read at all. What does not depend on values is told once here, and not again with each of a thousand instances.

mod uses;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use model::finding::{Finding, Severity};

use super::{
    Design, Designs, INSTANCE,
    bind::{self, Bindings, Bound, Sample, declared, is_optional},
    body::whole,
    fill::{Filler, Room, TooMuch},
    nest::{Nesting, kind},
    text::{Piece, is_name, pieces},
    value::{Declared, Worth, is_composed, is_ordered, quoted, sample},
};
use crate::{
    codes,
    doc::{AnyValue, Body, Document, ParameterType, Spec},
    faults::{Fault, Faults},
    kinds::MADE,
    origin::Origin,
    parse,
    source::Mark,
    tree::{Node, Value},
};

/// How many values a parameter may list as allowed.
const MAX_ALLOWED: usize = 100;

/// Judges all designs, and tells which are faulty.
pub(super) fn judge<'a>(designs: &Designs<'a>, findings: &mut Vec<Finding>) -> Nesting<'a> {
    let mut nesting = Nesting::of(designs, findings);
    for (name, design) in designs {
        let mut found = Vec::new();
        let mut unclear = BTreeSet::new();
        for declared in declared(*design) {
            let before = found.len();
            declaration(&declared, &mut found);
            if !declared.is_typed() || found[before..].iter().any(Finding::is_error) {
                unclear.insert(declared.name);
            }
        }
        uses::judge(*design, designs, &mut found);
        documents(*design, designs, &unclear, &mut found);
        if found.iter().any(Finding::is_error) {
            nesting.faulty.insert(name);
            unclear.extend(doubtful(*design, &found));
            nesting.unclear.insert(name, unclear);
        }
        findings.append(&mut found);
    }
    nesting
}

/// The parameters that stand where something is wrong, in a document or as their own default: whether their values are right nobody knows.
fn doubtful<'a>(design: Design<'a>, found: &[Finding]) -> BTreeSet<&'a str> {
    let places = found.iter().filter(|one| one.is_error()).filter_map(|one| one.place.as_ref());
    let at: BTreeSet<usize> =
        places.filter(|place| *place.file == *design.doc.file).map(|place| place.offset).collect();
    let is_hit = |mark: Mark| {
        let end = mark.offset.saturating_add((mark.length as usize).max(1));
        at.range(mark.offset..end).next().is_some()
    };
    let mut names = BTreeSet::new();
    for body in &design.spec.documents.value {
        scalars(&body.0, &mut |mark, text| {
            if is_hit(mark) {
                uses_of(text, &mut |name| {
                    names.insert(name);
                });
            }
        });
    }
    for declared in declared(design) {
        let Some(AnyValue(default)) = &declared.spec.default else { continue };
        scalars(default, &mut |mark, _| {
            if is_hit(mark) {
                names.insert(declared.name);
            }
        });
    }
    names
}

fn error<'f>(
    findings: &'f mut Vec<Finding>,
    code: &str,
    doc: &Document,
    mark: Mark,
    message: impl Into<String>,
) -> Fault<'f> {
    Fault::on(findings, Severity::Error, code, doc, mark, message)
}

/// Judges how a parameter is declared.
fn declaration(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let Declared { doc, name, spec } = *declared;
    if !is_name(name) || name == INSTANCE {
        let key = match &doc.spec {
            Spec::Design(design) => design.parameters.keys().find(|key| key.value.0 == name),
            _ => None,
        };
        let why = match name {
            INSTANCE => "it is the name of the instance in every design".to_owned(),
            _ => "use a letter, then letters, digits, `_` and `-`, at most 64 of them".to_owned(),
        };
        let message = format!("{} is not the name of a parameter", quoted(name));
        error(findings, codes::BAD_VALUE, doc, key.map_or(spec.kind.mark, |key| key.mark), message).help(why);
    }
    if spec.kind.mark != Mark::HOLE {
        types(declared, findings);
    }
    // Of a type that nobody knows, any value may be.
    if declared.is_typed() {
        let can_be_met = limits(declared, findings);
        allowed(declared, can_be_met, findings);
        // No default fits limits that none can fit.
        if can_be_met && let Some(AnyValue(default)) = &spec.default {
            declared.takes(default, doc, findings);
        }
    }
    if spec.default.is_some()
        && let Some(optional) = spec.optional.filter(|optional| optional.value)
    {
        let message = format!("the parameter `{name}` is optional and has a default");
        error(findings, codes::CONTRADICTION, doc, optional.mark, message)
            .help("remove one of the two: without a value an optional one leaves its fields out");
    }
}

/// Judges the least and the greatest value; false where no value can be between them.
fn limits(declared: &Declared<'_>, findings: &mut Vec<Finding>) -> bool {
    let Declared { doc, name, spec } = *declared;
    // Both are judged before the first ends it.
    let (least, greatest) =
        (limit(declared, spec.min.as_ref(), findings), limit(declared, spec.max.as_ref(), findings));
    let (Some((least, min)), Some((greatest, max))) = (least, greatest) else { return true };
    let can_be_met = least <= greatest;
    if !can_be_met {
        let message = format!(
            "`{name}` takes no value: its `min` {} is above its `max` {}",
            crate::read::shape(min),
            crate::read::shape(max)
        );
        error(findings, codes::CONTRADICTION, doc, max.mark, message)
            .help("lower `min` or raise `max`")
            .related(doc.place(min.mark), "the least value is said here");
    }
    can_be_met
}

/// What a limit is worth, and where it stands.
fn limit<'a>(
    declared: &Declared<'a>,
    limit: Option<&'a AnyValue>,
    findings: &mut Vec<Finding>,
) -> Option<(Worth, &'a Node)> {
    let limit = &limit?.0;
    if is_ordered(declared.single()) {
        return declared.worth(limit, declared.doc, findings).map(|worth| (worth, limit));
    }
    let message =
        format!("values of the type `{}` are not smaller or greater", bind::word(declared.single()));
    error(findings, codes::WRONG_TYPE, declared.doc, limit.mark, message).help("list them under `allowed`");
    None
}

/// Judges the values that are listed as allowed: each must be within the limits, where these can be met at all.
fn allowed(declared: &Declared<'_>, can_be_met: bool, findings: &mut Vec<Finding>) {
    let Declared { doc, name, spec } = *declared;
    let Some(allowed) = &spec.allowed else { return };
    if is_composed(declared.single()) {
        let message = format!("values of the type `{}` cannot be listed", bind::word(declared.single()));
        error(findings, codes::WRONG_TYPE, doc, allowed.mark, message)
            .help("leave `allowed` out; a parameter of the type `node` or `affinity` can list its values");
    }
    for one in allowed.value.iter().take(MAX_ALLOWED) {
        let Some(worth) = declared.worth(&one.0, doc, findings) else { continue };
        if let Some(bounds) = declared.beyond(&worth).filter(|_| can_be_met) {
            let message =
                format!("`{name}` allows {} and, by its limits, does not", crate::read::shape(&one.0));
            error(findings, codes::CONTRADICTION, doc, one.0.mark, message)
                .help(format!("{bounds}: leave the value out, or widen `min` and `max`"));
        }
    }
    if !(1..=MAX_ALLOWED).contains(&allowed.value.len()) {
        let message = format!("`allowed` lists {} values", allowed.value.len());
        error(findings, codes::LIMIT, doc, allowed.mark, message)
            .help(format!("list 1 to {MAX_ALLOWED}, or leave it out: then every value is allowed"));
    }
}

fn types(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let Declared { doc, name, spec } = *declared;
    match (spec.kind.value, spec.of) {
        (ParameterType::List, None) => {
            let message = format!("the parameter `{name}` is a list of nobody knows what");
            error(findings, codes::MISSING_FIELD, doc, spec.kind.mark, message).help("add `of: node`");
        }
        (ParameterType::List, Some(of)) if of.value == ParameterType::List => {
            error(findings, codes::BAD_VALUE, doc, of.mark, "a list cannot have lists as its items")
                .help("write one of the other types");
        }
        (kind, Some(of)) if kind != ParameterType::List => {
            let message = format!("`of` stands with `type: list` only, not with `{}`", bind::word(kind));
            error(findings, codes::CONTRADICTION, doc, of.mark, message).help("remove it");
        }
        _ => {}
    }
}

/// Reads the documents with values that are made up, all given, and once more without those that may be absent. Of parameters that
/// are unclear, any value may fit: what is declared or named wrongly is not told again as values that do not.
fn documents(
    design: Design<'_>,
    designs: &Designs<'_>,
    unclear: &BTreeSet<&str>,
    findings: &mut Vec<Finding>,
) {
    let any_optional = declared(design).any(|declared| is_optional(&declared));
    let told: BTreeSet<usize> = findings.iter().filter_map(|one| Some(one.place.as_ref()?.offset)).collect();
    let bodies = &design.spec.documents.value;
    for absent in [false, true] {
        if absent && (!any_optional || findings.iter().any(Finding::is_error)) {
            return;
        }
        let bindings = samples(design, unclear, absent);
        for body in bodies.iter().filter(|body| can_be_made(body)) {
            let mut room = Room(super::MAX_ROOM);
            let mut filler = Filler::new(design, &bindings, &mut room);
            match filler.fill(&body.0) {
                Ok(Some(node)) => {
                    let (vias, samples) = (filler.vias, filler.samples);
                    let origin = Origin::new(Vec::new(), vias);
                    let mut found = read(design, designs, &whole(node), &origin);
                    found.retain(|finding| !depends_on_values(finding, design.doc, &samples));
                    // What is wrong with how it is written is told.
                    found
                        .retain(|finding| finding.place.as_ref().is_none_or(|at| !told.contains(&at.offset)));
                    findings.append(&mut found);
                }
                Ok(None) => {}
                Err(TooMuch::Text(mark)) => {
                    let message =
                        format!("this text is longer than {} bytes with its defaults", super::fill::MAX_TEXT);
                    error(findings, codes::EXPANSION_TOO_LARGE, design.doc, mark, message)
                        .help("make it shorter");
                }
                Err(TooMuch::Total) => {
                    let mark = design.doc.metadata.name.mark;
                    error(
                        findings,
                        codes::EXPANSION_TOO_LARGE,
                        design.doc,
                        mark,
                        "one document holds more than is safe",
                    )
                    .help("name a long list once only");
                }
            }
        }
    }
}

/// Whether a design may make documents of that kind; where a parameter should say it, nobody knows.
fn can_be_made(body: &Body) -> bool {
    kind(body).is_none_or(|kind| MADE.contains(&kind))
}

/// Whether a finding is about a value that is made up, and another value might earn none.
fn depends_on_values(finding: &Finding, doc: &Document, samples: &BTreeMap<usize, Sample>) -> bool {
    let place = finding.place.as_ref().filter(|place| *place.file == *doc.file);
    match place.and_then(|place| samples.get(&place.offset)) {
        Some(Sample::Vague) => true,
        Some(Sample::Typical) => finding.code == codes::NOT_ALLOWED,
        None => false,
    }
}

/// The faults of one document: as it is read, and of an instance, what its design says to it.
fn read(design: Design<'_>, designs: &Designs<'_>, node: &Node, origin: &Origin) -> Vec<Finding> {
    let mut faults = Faults::new(&design.doc.file);
    faults.origin = Some(origin);
    let doc = parse::document(&design.doc.file, node, &mut faults);
    let mut findings = faults.findings;
    // With a field unread, its design would say what only follows from that.
    if findings.is_empty()
        && let Some(mut doc) = doc
        && let Spec::DesignInstance(given) = doc.spec.clone()
    {
        doc.origin = Some(std::sync::Arc::new(origin.clone()));
        match designs.get(given.design.value.0.as_str()) {
            Some(inner) => drop(bind::bind(*inner, &doc, &given, &mut findings)),
            None => super::unknown(designs, &doc, &given, &mut findings),
        }
    }
    findings
}

/// A value for each parameter: its default, else the first that is allowed, else its least or greatest, else any of its type.
/// Of those that are unclear or not declared, something that may be anything.
fn samples<'a>(design: Design<'a>, unclear: &BTreeSet<&str>, absent: bool) -> Bindings<'a> {
    let doc = design.doc;
    let anything = || bind::instance("x", doc).map(|bound| Bound { sample: Some(Sample::Vague), ..bound });
    let mut bindings = Bindings::new();
    for body in &design.spec.documents.value {
        scalars(&body.0, &mut |_, text| uses_of(text, &mut |name| drop(bindings.insert(name, anything()))));
    }
    for declared in declared(design) {
        let bound = (!absent || !is_optional(&declared)).then(|| {
            let (node, sample) = sample_of(&declared);
            Bound { node, from: doc, declared: Some(declared.place()), sample }
        });
        let bound = if unclear.contains(declared.name) { anything() } else { bound };
        bindings.insert(declared.name, bound);
    }
    let name = bind::instance("x", doc).map(|bound| Bound { sample: Some(Sample::Typical), ..bound });
    bindings.insert(INSTANCE, name);
    bindings
}

/// Every single value of a tree, with its mark.
fn scalars<'a>(node: &'a Node, each: &mut impl FnMut(Mark, &'a str)) {
    match &node.value {
        Value::Null => {}
        Value::Scalar(text) => each(node.mark, text),
        Value::List(items) => items.iter().for_each(|item| scalars(item, each)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| scalars(value, each)),
    }
}

/// Every parameter that a text names.
fn uses_of<'a>(text: &'a str, each: &mut impl FnMut(&'a str)) {
    for piece in pieces(text).unwrap_or_default() {
        if let Piece::Use(name, _) = piece {
            each(name);
        }
    }
}

fn sample_of<'a>(declared: &Declared<'a>) -> (Cow<'a, Node>, Option<Sample>) {
    use ParameterType as Type;
    let spec = declared.spec;
    if let Some(AnyValue(default)) = &spec.default {
        return (Cow::Borrowed(default), None);
    }
    let single = declared.single();
    let allowed = spec.allowed.as_ref().and_then(|allowed| allowed.value.first());
    let made_up = || Node { mark: spec.kind.mark, value: Value::Scalar(sample(single).to_owned()) };
    let known = allowed.or(spec.min.as_ref()).or(spec.max.as_ref());
    let item = known.map_or_else(made_up, |value| value.0.clone());
    let vague = known.is_none() && matches!(single, Type::String | Type::Name);
    let value = match (spec.kind.value, single) {
        (_, Type::Selector | Type::Match | Type::Links | Type::Schedule) if allowed.is_none() => {
            parts(single, item)
        }
        _ => item,
    };
    let value = match spec.kind.value {
        Type::List => Node { mark: spec.kind.mark, value: Value::List(vec![value]) },
        _ => value,
    };
    (Cow::Owned(value), Some(if vague { Sample::Vague } else { Sample::Typical }))
}

/// A made-up value with parts.
fn parts(kind: ParameterType, item: Node) -> Node {
    let mark = item.mark;
    let value = match kind {
        ParameterType::Selector => Value::List(vec![item]),
        ParameterType::Links => {
            Value::Map(vec![(crate::tree::Key { mark, text: "affinity".to_owned() }, item)])
        }
        ParameterType::Schedule => {
            let field = |name: &str, text: &str| {
                let key = crate::tree::Key { mark, text: name.to_owned() };
                (key, Node { mark, value: Value::Scalar(text.to_owned()) })
            };
            Value::Map(vec![field("from", "2000-01-01T00:00:00Z"), field("to", "2000-01-02T00:00:00Z")])
        }
        _ => Value::Map(Vec::new()),
    };
    Node { mark, value }
}

#[cfg(test)]
mod tests;
