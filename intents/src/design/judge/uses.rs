//! What the documents of a design name: parameters that must be declared, kinds and designs that must not be parameters, and
//! names that must differ from instance to instance.

use std::collections::{BTreeMap, BTreeSet};

use model::finding::{Finding, Severity};

use super::error;
use crate::{
    codes,
    design::{
        Design, Designs, INSTANCE,
        bind::declared,
        nest::{field, kind, text},
        text::{Piece, may_use, pieces, within},
        value::{Declared, is_text},
    },
    doc::Body,
    faults::Fault,
    kinds::MADE,
    read::suggest,
    source::Mark,
    tree::{Node, Value, short},
};

/// Judges what the documents of a design name.
pub(super) fn judge(design: Design<'_>, designs: &Designs<'_>, findings: &mut Vec<Finding>) {
    let documents = &design.spec.documents;
    if documents.value.is_empty() {
        error(findings, codes::BAD_VALUE, design.doc, documents.mark, "a design that makes nothing")
            .help("write at least one document");
    }
    let mut uses =
        Uses { design, names: declared(design).map(|one| (one.name, one)).collect(), used: BTreeSet::new() };
    for body in &documents.value {
        uses.walk(&body.0, findings);
        fixed(design, designs, body, findings);
    }
    for one in declared(design).filter(|one| !uses.used.contains(one.name)) {
        let message = format!("nothing in this design uses the parameter `{}`", one.name);
        let mark = one.spec.kind.mark;
        Fault::on(findings, Severity::Warning, codes::UNUSED_DESIGN, design.doc, mark, message)
            .help(format!("remove it, or write `$({})` where its value belongs", one.name));
    }
}

/// The uses of parameters in a design.
struct Uses<'a> {
    design: Design<'a>,
    names: BTreeMap<&'a str, Declared<'a>>,
    used: BTreeSet<&'a str>,
}

impl<'a> Uses<'a> {
    fn walk(&mut self, node: &'a Node, findings: &mut Vec<Finding>) {
        match &node.value {
            Value::Null => {}
            Value::Scalar(text) if may_use(text) => self.scalar(node.mark, text, findings),
            Value::Scalar(_) => {}
            Value::List(items) => items.iter().for_each(|item| self.walk(item, findings)),
            Value::Map(entries) => {
                for (key, value) in entries {
                    if may_use(&key.text) {
                        let message = format!("`{}` names a parameter in a key", short(&key.text));
                        error(findings, codes::BAD_VALUE, self.design.doc, key.mark, message)
                            .help("parameters stand in values only");
                    }
                    self.walk(value, findings);
                }
            }
        }
    }

    fn scalar(&mut self, mark: Mark, whole: &'a str, findings: &mut Vec<Finding>) {
        let doc = self.design.doc;
        let found = match pieces(whole) {
            Ok(found) => found,
            Err(at) => {
                let mark = within(mark, whole, at.0, 2);
                error(findings, codes::BAD_VALUE, doc, mark, "`$(` names no parameter here")
                    .help("write it like `$(bandwidth)`; for a plain `$(` write `$$(`");
                return;
            }
        };
        let alone = found.len() == 1;
        for piece in found {
            let Piece::Use(name, at) = piece else { continue };
            let here = within(mark, whole, at, name.len() + "$()".len());
            if name == INSTANCE {
                continue;
            }
            let Some(one) = self.names.get(name) else {
                let names = self.names.keys().copied().chain([INSTANCE]);
                let help = suggest(name, names, "its parameters are");
                let message = format!("this design has no parameter `{name}`");
                error(findings, codes::UNKNOWN_PARAMETER, doc, here, message).help(help);
                continue;
            };
            self.used.insert(one.name);
            if !alone && !is_text(one.spec.kind.value) {
                let message = format!("the parameter `{name}` has parts, and cannot stand within a text");
                error(findings, codes::WRONG_TYPE, doc, here, message)
                    .help(format!("let `$({name})` stand alone, where its value as a whole belongs"))
                    .related(one.place(), "the parameter is declared here");
            }
        }
    }
}

/// Judges what must be the same for all instances: the kind, the design of an instance; and what must not: the name.
fn fixed(design: Design<'_>, designs: &Designs<'_>, body: &Body, findings: &mut Vec<Finding>) {
    let doc = design.doc;
    if let Some(found) = field(&body.0, "kind")
        && let Some(word) = text(Some(found))
        && !MADE.contains(&word)
    {
        let message = format!("a design does not make documents of the kind `{}`", short(word));
        let help = suggest(word, MADE.into_iter(), "the kinds that it makes are");
        error(findings, codes::UNKNOWN_KIND, doc, found.mark, message).help(help);
        return;
    }
    let inner = field(&body.0, "spec").and_then(|spec| field(spec, "design"));
    if kind(body) == Some("DesignInstance")
        && let Some(inner) = inner
        && let Some(word) = text(Some(inner))
        && may_use(word)
    {
        let message = "which design an instance is of cannot be a parameter";
        error(findings, codes::BAD_VALUE, doc, inner.mark, message).help(suggest(
            "",
            designs.keys().copied(),
            "name one: the designs are",
        ));
    }
    let name = field(&body.0, "metadata").and_then(|metadata| field(metadata, "name"));
    let shared = matches!(kind(body), Some("TrafficClass" | "QosProfile"));
    if let (Some(name), false) = (name, shared)
        && let Some(text) = text(Some(name))
        && let Ok(found) = pieces(text)
        && !found.iter().any(|piece| matches!(piece, Piece::Use(INSTANCE, _)))
    {
        let what = kind(body).unwrap_or("document");
        let message = format!("two instances of this design would make a {what} of one name");
        let help = format!("write it like `$(instance)-{}`", short(text));
        error(findings, codes::BAD_VALUE, doc, name.mark, message).help(help);
    }
}
