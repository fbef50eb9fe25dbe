use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<Element, XmlError> {
    parse(text, &Limits::default())
}

fn kind(text: &str) -> XmlErrorKind {
    read(text).unwrap_err().kind
}

#[test]
fn names_are_resolved_whatever_the_prefix() {
    let a = read("<a xmlns='urn:x'><b/></a>").unwrap();
    let b = read("<p:a xmlns:p='urn:x'><q:b xmlns:q='urn:x'/></p:a>").unwrap();
    assert_eq!(a, b);
    assert!(a.child("urn:x", "b").is_some());
    assert!(a.child("", "b").is_none());
}

#[test]
fn a_subtree_keeps_the_prefixes_that_its_values_use() {
    let root =
        read("<r xmlns:if='urn:types' xmlns:unused='urn:u'><leaf>if:eth</leaf><f select='/if:a'/></r>")
            .unwrap();
    let leaf = root.at(&["leaf"]).unwrap();
    assert_eq!(leaf.binding("if"), Some("urn:types"));
    assert_eq!(leaf.to_xml(), "<leaf xmlns:if=\"urn:types\">if:eth</leaf>");
    assert_eq!(root.at(&["f"]).unwrap().binding("if"), Some("urn:types"));
    assert_eq!(root.bindings, []);
}

#[test]
fn operation_attributes_are_written_with_a_prefix() {
    let e = Element::new("urn:m", "x").with_attribute(crate::ns::BASE, "operation", "delete");
    let text = e.to_xml();
    assert_eq!(
        text,
        format!("<x xmlns=\"urn:m\" xmlns:nc=\"{}\" nc:operation=\"delete\"/>", crate::ns::BASE)
    );
    assert_eq!(read(&text).unwrap(), e);
}

#[test]
fn a_taken_prefix_is_not_taken_again() {
    let e = Element::new("urn:m", "x").with_binding("nc", "urn:other").with_text("nc:v").with_attribute(
        crate::ns::BASE,
        "operation",
        "merge",
    );
    assert_eq!(read(&e.to_xml()).unwrap(), e);
}

#[test]
fn whitespace_between_elements_is_dropped_and_in_leaves_is_kept() {
    let e = read("<a>\n  <b>  x\n</b>\n</a>").unwrap();
    assert_eq!(e.text, "");
    assert_eq!(e.at(&["b"]).unwrap().text, "  x\n");
}

#[test]
fn references_and_cdata_are_resolved() {
    let e = read("<a t='&#10;&quot;'>&lt;&#x41;&amp;<![CDATA[<&>]]></a>").unwrap();
    assert_eq!(e.text, "<A&<&>");
    assert_eq!(e.attribute("", "t"), Some("\n\""));
}

#[test]
fn hostile_or_broken_text_is_refused_with_a_reason() {
    assert_eq!(kind("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), XmlErrorKind::DocType);
    assert_eq!(kind("<a>&x;</a>"), XmlErrorKind::UnknownEntity("x".into()));
    assert_eq!(kind("<a>&#1;</a>"), XmlErrorKind::BadChar(1));
    assert_eq!(kind("<a>\u{1}</a>"), XmlErrorKind::BadChar(1));
    assert_eq!(kind("<p:a/>"), XmlErrorKind::UnknownPrefix("p".into()));
    assert_eq!(kind("<1a/>"), XmlErrorKind::BadName("1a".into()));
    let doubled = kind("<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>");
    assert_eq!(doubled, XmlErrorKind::Duplicate("q:x".into()));
    for text in [
        "",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "x<a/>",
        "<a/>x",
        "<a",
        "</a>",
        "<a x='1' x='2'/>",
        "<a x/>",
        "&amp;<a/>",
    ] {
        assert!(matches!(kind(text), XmlErrorKind::Malformed(_)), "{text}");
    }
    let latin = "<?xml version='1.0' encoding='ISO-8859-1'?><a/>";
    assert!(matches!(kind(latin), XmlErrorKind::Malformed(_)));
}

#[test]
fn every_limit_holds() {
    let limits = Limits { bytes: 100, depth: 3, elements: 4, attributes: 2 };
    let refused = |text: &str| match parse(text, &limits).unwrap_err().kind {
        XmlErrorKind::TooMuch { what, .. } => what,
        other => panic!("{other}"),
    };
    assert!(parse("<a><b><c/></b><d/></a>", &limits).is_ok());
    assert_eq!(refused(&" ".repeat(101)), "bytes");
    assert_eq!(refused("<a><b><c><d/></c></b></a>"), "levels");
    assert_eq!(refused("<a><b/><b/><b/><b/></a>"), "elements");
    assert_eq!(refused("<a x='' y='' z=''/>"), "attributes");
}

#[test]
fn a_fault_names_its_place() {
    let error = read("<a><b></b>&x;</a>").unwrap_err();
    assert_eq!(error.offset, 13);
    assert_eq!(error.to_string(), "xml at byte 13: reference `&x;` is not one of XML's own");
}

#[test]
fn a_fragment_may_hold_many_elements_or_none() {
    let limits = Limits::default();
    assert_eq!(parse_fragment(" <a/> <b/> ", &limits).unwrap().len(), 2);
    assert_eq!(parse_fragment("", &limits).unwrap().len(), 0);
    assert!(parse_fragment("</config><kill/>", &limits).is_err());
}

fn leaf_text() -> impl Strategy<Value = String> {
    "[ -~\t\n\r\u{e9}\u{4e2d}\u{1f600}]{0,12}"
}

fn namespace() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(""), Just("urn:a"), Just("urn:b&<\"'"), Just(crate::ns::BASE)]
}

fn tree() -> impl Strategy<Value = Element> {
    let attributes = proptest::collection::btree_map(("[a-c]", namespace()), leaf_text(), 0..3);
    let leaf = (namespace(), "[a-z][a-z0-9_.-]{0,5}", attributes, leaf_text()).prop_map(
        |(ns, local, attrs, text)| {
            let e = Element::new(ns, local).with_text(text);
            attrs.into_iter().fold(e, |e, ((local, ns), value)| e.with_attribute(ns, local, value))
        },
    );
    leaf.prop_recursive(5, 40, 6, |inner| {
        (namespace(), "[a-z]{1,5}", proptest::collection::vec(inner, 1..6))
            .prop_map(|(ns, local, children)| Element::new(ns, local).with_children(children))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_reads_back_the_same(e in tree()) {
        // Values may happen to look like `nc:…`, which reading then binds; only that may differ.
        let mut back = read(&e.to_xml()).unwrap();
        forget_bindings(&mut back);
        prop_assert_eq!(back, e);
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn arbitrary_markup_never_panics_and_what_is_accepted_is_stable(
        parts in proptest::collection::vec(prop_oneof![
            Just("<a"), Just(">"), Just("/>"), Just("</a>"), Just(" x='"), Just("'"), Just("xmlns:p='u'"), Just("<p:a>"),
            Just("</p:a>"), Just("p:v"), Just("&amp;"), Just("&#1"), Just(";"), Just("<![CDATA["), Just("]]>"), Just("<!--"),
            Just("-->"), Just("<!DOCTYPE"), Just("<?xml"), Just("?>"), Just(" "), Just("\r\n"), Just("\u{0}"), Just("é"),
        ], 0..24)
    ) {
        if let Ok(e) = read(&parts.concat()) {
            prop_assert_eq!(read(&e.to_xml()).unwrap(), e);
        }
    }
}

fn forget_bindings(e: &mut Element) {
    e.bindings.clear();
    e.children.iter_mut().for_each(forget_bindings);
}
