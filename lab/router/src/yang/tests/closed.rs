//! What judging top-level nodes apart rests on (`datastore::validate::after`): nothing in one of them speaks of another.

use std::collections::BTreeMap;

use yang5::schema::{SchemaNodeKind, SchemaPathFormat};

use super::{super::*, text};
use crate::datastore::validate::LOOKS_OUT;

/// All types that a type consists of.
fn members(of: &text::Type) -> Vec<&text::Type> {
    std::iter::once(of).chain(of.members.iter().flat_map(members)).collect()
}

/// Whether an expression goes ways that are not looked at here: axes, references that are followed, conditions within a path.
fn is_beyond_us(expression: &str) -> bool {
    ["::", "deref(", "["].iter().any(|way| expression.contains(way))
}

/// How many levels a path climbs before it goes down.
fn climbs(path: &str) -> usize {
    path.split('/').take_while(|step| step.trim() == "..").count()
}

/// Whether an XPath expression has a path that begins at the root.
fn from_root(expression: &str) -> bool {
    let before = |at: usize| expression[..at].trim_end().chars().next_back();
    expression.match_indices('/').any(|(at, _)| {
        before(at).is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '*' | ']' | ')' | '-' | '_')))
    })
}

fn statements<'a>(of: &'a text::Stmt, keyword: &str, found: &mut Vec<&'a str>) {
    for stmt in &of.inside {
        if stmt.keyword == keyword {
            found.push(&stmt.argument);
        }
        statements(stmt, keyword, found);
    }
}

#[test]
fn no_reference_leads_out_of_a_top_level_node() {
    let texts: BTreeMap<_, _> = MODULES.iter().map(|module| (module.name, module.text)).collect();
    let mut library = text::Library::default();
    for module in MODULES {
        library.take(module.name, &|wanted| texts.get(wanted).map(|text| (*text).to_owned()));
    }
    let mut references = 0;
    for (path, kind) in library.leaves() {
        let depth = path.split('/').filter(|step| !step.is_empty()).count();
        for reference in members(&kind).into_iter().filter_map(|member| member.leafref.as_deref()) {
            references += 1;
            if path.starts_with(&format!("/{LOOKS_OUT}/")) && from_root(reference) {
                // It is judged with all the rest.
                continue;
            }
            assert!(!from_root(reference), "{path}: {reference} begins at the root");
            assert!(!is_beyond_us(reference), "{path}: {reference} goes ways that are not looked at here");
            assert!(climbs(reference) < depth, "{path}: {reference} leaves its top-level node");
        }
    }
    assert!(references > 15, "only {references} references were looked at");
}

#[test]
fn no_condition_looks_out_of_a_top_level_node() {
    let mut conditions = Vec::new();
    let parsed: Vec<_> = MODULES.iter().map(|module| text::parse(module.text)).collect();
    for module in &parsed {
        statements(module, "must", &mut conditions);
        statements(module, "when", &mut conditions);
    }
    for condition in &conditions {
        assert!(!from_root(condition), "{condition} begins at the root");
        assert!(!is_beyond_us(condition), "{condition} goes ways that are not looked at here");
        assert!(!condition.contains('*'), "{condition} speaks of nodes without their names");
        assert!(
            !condition.contains("../.."),
            "{condition} climbs twice: is it still inside its top-level node?"
        );
    }
    assert!(conditions.len() > 2, "only {} conditions were looked at", conditions.len());
    // One step up is inside, because no top-level node has a condition of its own.
    let schema = Schema::load().unwrap();
    for module in schema.modules() {
        for node in schema.context.get_module_implemented(&module.name).unwrap().data() {
            let path = node.path(SchemaPathFormat::DATA);
            assert_eq!(node.musts().into_iter().flatten().count() + node.whens().count(), 0, "{path}");
            // Entries of a list would be judged apart from one another.
            assert_eq!(node.kind(), SchemaNodeKind::Container, "{path}");
        }
    }
}

#[test]
fn leaves_whose_value_is_their_own_affair_are_told_from_others() {
    let schema = Schema::load().unwrap();
    let alone = |path: &str| schema.node(schema.at(path).unwrap()).alone;
    let scheduler = "qos/scheduler-policies/scheduler-policy/schedulers/scheduler";
    for free in ["interfaces/interface/config/mtu".into(), format!("{scheduler}/inputs/input/config/weight")]
    {
        assert!(alone(&free), "{free}");
    }
    for bound in [
        "interfaces/interface/name".into(),
        "interfaces/interface/config/name".into(),
        "qos/queues/queue/config/name".into(),
        format!("{scheduler}/inputs/input/config/queue"),
        format!("{scheduler}/inputs/input/config/input-type"),
        "interfaces/interface".into(),
    ] {
        assert!(!alone(&bound), "{bound}");
    }
}

#[test]
fn what_begins_at_the_root_is_seen() {
    for absolute in ["/a/b", "not(/a)", "../x = /a", "//a", "current()/../x != /oc:b"] {
        assert!(from_root(absolute), "{absolute}");
    }
    for relative in
        ["../a/b", "a/b", "a[name='x']/b", "current()/../b", "not(segment/label and segment/srv6-sid)"]
    {
        assert!(!from_root(relative), "{relative}");
    }
}
