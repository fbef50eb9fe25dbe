use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Path, PathError> {
    text.parse()
}

#[test]
fn the_examples_of_the_path_string_convention_read_and_write_alike() {
    for (text, value) in [(r"/foo[name=\]]", "]"), (r"/foo[name=[]", "["), (r"/foo[name=[\\\]]", r"[\]")] {
        let path = parse(text).expect("an example of the convention");
        assert_eq!(path, Path::root().child("foo").key("name", value), "{text}");
        assert_eq!(path.to_string(), text);
    }
    let path =
        parse("/interfaces/interface[name=Ethernet1/2/3]/state").expect("a slash in a key value is plain");
    assert_eq!(
        path,
        Path::root().child("interfaces").child("interface").key("name", "Ethernet1/2/3").child("state")
    );
    assert_eq!(parse("/").expect("the root"), Path::root());
}

#[test]
fn origins_stand_before_the_path() {
    let path = parse("cli:/a[k=v:/w]").expect("an origin");
    assert_eq!(path, Path::root().with_origin("cli").child("a").key("k", "v:/w"));
    assert_eq!(path.to_string(), "cli:/a[k=v:/w]");
    assert_eq!(parse("cli:/").expect("root of an origin"), Path::root().with_origin("cli"));
    // A module prefix is part of a name, not an origin.
    assert_eq!(parse("/oc-if:interfaces").expect("a module prefix").origin, "");
}

#[test]
fn escapes_for_line_ends_and_characters_are_read() {
    let path = parse(r"/a[k=x\ny\r\u0041\U0042]").expect("escapes");
    assert_eq!(path, Path::root().child("a").key("k", "x\ny\rAB"));
    assert_eq!(path.to_string(), r"/a[k=x\ny\rAB]");
}

#[test]
fn what_is_not_a_path_is_refused_with_its_place() {
    assert_eq!(parse("a/b"), Err(PathError::NotAbsolute));
    assert_eq!(parse(""), Err(PathError::NotAbsolute));
    assert_eq!(parse("/a//b"), Err(PathError::Empty { what: "element name" }));
    assert_eq!(parse("/a/"), Err(PathError::Empty { what: "element name" }));
    assert_eq!(parse("/a[k]"), Err(PathError::Text { at: 4, why: "expected `=` after the key name" }));
    assert_eq!(parse("/a[k=v"), Err(PathError::Text { at: 6, why: "expected `]` after the key value" }));
    assert_eq!(parse("/a[k=v]x"), Err(PathError::Text { at: 7, why: "expected `/` or `[`" }));
    assert_eq!(parse("/a[k=1][k=2]"), Err(PathError::Text { at: 12, why: "key given twice" }));
    assert_eq!(parse("/a[=1]"), Err(PathError::Empty { what: "key name" }));
    assert_eq!(parse(r"/a\"), Err(PathError::Text { at: 3, why: "nothing after the backslash" }));
    assert!(matches!(parse(r"/a\u12"), Err(PathError::Text { at: 3, .. })));
    assert_eq!(parse("x y:/a"), Err(PathError::Origin("x y".into())));
}

#[test]
fn size_is_bounded() {
    let deep = "/a".repeat(MAX_ELEMS + 1);
    assert_eq!(parse(&deep), Err(PathError::TooLong { what: "elements", limit: MAX_ELEMS }));
    let long = format!("/{}", "a".repeat(MAX_NAME + 1));
    assert_eq!(parse(&long), Err(PathError::TooLong { what: "element name", limit: MAX_NAME }));
    let text = format!("/{}", "a".repeat(MAX_TEXT));
    assert_eq!(parse(&text), Err(PathError::TooLong { what: "text", limit: MAX_TEXT }));
    let half = Path { origin: String::new(), elems: vec![Elem::new("a"); MAX_ELEMS / 2 + 1] };
    let wire = proto::Path::from(half.clone());
    assert!(matches!(Path::decode_below(&half, wire), Err(PathError::TooLong { what: "elements", .. })));
}

#[test]
fn a_path_of_the_old_form_is_not_taken_for_the_root() {
    #[expect(deprecated, reason = "the old form is what is tested")]
    let wire = proto::Path { element: vec!["interfaces".into()], ..Default::default() };
    assert_eq!(Path::try_from(wire), Err(PathError::Outdated));
}

#[test]
fn prefix_and_path_may_not_name_two_origins() {
    let prefix = Path::root().with_origin("openconfig").child("a");
    let wire = proto::Path::from(Path::root().with_origin("cli").child("b"));
    assert!(matches!(Path::decode_below(&prefix, wire), Err(PathError::TwoOrigins { .. })));
    let wire = proto::Path::from(Path::root().child("b"));
    let joined = Path::decode_below(&prefix, wire).expect("one origin");
    assert_eq!(joined.to_string(), "openconfig:/a/b");
}

fn any_path() -> impl Strategy<Value = Path> {
    let word = "[ -~\\n\\r\\t\u{7f}äλ\u{1F980}]{1,12}";
    let elem = (word, prop::collection::btree_map(word, "[ -~\\n\\r\u{1}ä]{0,12}", 0..4))
        .prop_map(|(name, keys)| Elem { name, keys });
    ("[a-z0-9._-]{0,8}", prop::collection::vec(elem, 0..6)).prop_map(|(origin, elems)| Path { origin, elems })
}

proptest! {
    #[test]
    fn every_path_survives_its_text(path in any_path()) {
        let text = path.to_string();
        prop_assert!(!text.contains(|c: char| c.is_control()));
        prop_assert_eq!(parse(&text), Ok(path));
    }

    #[test]
    fn every_path_survives_the_wire(path in any_path()) {
        prop_assert_eq!(Path::try_from(proto::Path::from(path.clone())), Ok(path));
    }

    #[test]
    fn no_text_makes_the_parser_fail_otherwise_than_by_an_error(text in "\\PC{0,40}|[/\\[\\]=\\\\u0:a]{0,20}") {
        let _ = parse(&text);
    }
}
