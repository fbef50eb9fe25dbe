use super::*;
use crate::doc::Connectivity;

fn faults(text: &str) -> Vec<(String, u32, u32, String)> {
    let found = parse(&SourceFile::new("x.yaml", text)).expect_err("the text has a fault");
    found
        .into_iter()
        .map(|finding| {
            let place = finding.place.expect("every fault has a place");
            assert_eq!(place.file, "x.yaml");
            let end = place.offset + place.length;
            assert!(end <= text.len() && text.is_char_boundary(place.offset), "{place:?}");
            (finding.code, place.line, place.column, finding.message)
        })
        .collect()
}

fn places(text: &str) -> Vec<(String, u32, u32)> {
    faults(text).into_iter().map(|(code, line, column, _)| (code, line, column)).collect()
}

const CLASS: &str = "apiVersion: trunkline/v1\nkind: TrafficClass\nmetadata: {name: gold}\nspec: {value: 10, dscp: [ef], queue: q, profile: p}\n";

#[test]
fn one_bad_document_hides_no_other_and_lines_stay_right() {
    let bad = "apiVersion: trunkline/v1\nkind: TrafficClass\nmetadata: {name: x\nspec: {}\n";
    let text = format!("{CLASS}---\n{bad}---\n{}", CLASS.replace("value: 10", "valeu: 10"));
    let found = places(&text);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].0, codes::SYNTAX);
    assert!((8..=10).contains(&found[0].1), "{found:?}");
    assert_eq!(found[1], (codes::UNKNOWN_FIELD.to_owned(), 14, 8));
}

#[test]
fn a_fault_of_the_syntax_stands_where_the_parser_stopped() {
    let cases = [
        ("a bracket that is not closed", "kind: X\nspec:\n  dscp: [1\n  ünit: 2\n", 4, 7),
        ("a quote that is not closed", "kind: X\nname: 'a\nspec: {}\n", 2, 7),
        ("an alias of nothing", "kind: X\nname: *there\n", 2, 7),
    ];
    for (what, bad, line, column) in cases {
        let text = format!("{CLASS}---\n{bad}");
        let found = parse(&SourceFile::new("x.yaml", &text)).expect_err(what);
        let place = found[0].place.as_ref().expect("a place");
        assert_eq!(
            (found[0].code.as_str(), place.line, place.column),
            (codes::SYNTAX, 5 + line, column),
            "{what}"
        );
        let written = &text[place.offset..];
        let lines = text.len() - written.len();
        assert_eq!(
            text[..lines].matches('\n').count(),
            4 + line as usize,
            "{what}: the place and the bytes are one"
        );
    }
}

#[test]
fn all_faults_of_a_document_come_at_once() {
    let text = "apiVersion: trunkline/v2\nkind: ServiceIntent\nmetadata: {name: a b, ownr: me}\nspec:\n  connectivity: {type: p2p, endpoints: [hq-pe1, 'x y'], both: true}\n  match:\n    - {prefix: 10.16.0.1/16, dscp: [ef, af99]}\n  vrf: production\n  class: production\n  slo: {oneWayDelay: 30, bandwidth: 20Mb, loss: 0.1%}\n  assurance: {breach: {all: [delay > 30Mbps]}, mode: off}\n";
    let found = places(text);
    let codes: Vec<&str> = found.iter().map(|(code, ..)| code.as_str()).collect();
    let expected = [
        (codes::UNKNOWN_KIND, 1, 13),
        (codes::UNKNOWN_FIELD, 3, 23),
        (codes::BAD_VALUE, 3, 18),
        (codes::UNKNOWN_FIELD, 5, 57),
        (codes::BAD_VALUE, 5, 49),
        (codes::BAD_VALUE, 7, 16),
        (codes::BAD_VALUE, 7, 41),
        (codes::BAD_UNIT, 10, 22),
        (codes::BAD_UNIT, 10, 37),
        (codes::BAD_VALUE, 11, 30),
        (codes::BAD_VALUE, 11, 54),
    ];
    assert_eq!(codes.len(), expected.len(), "{:#?}", faults(text));
    for one in expected {
        assert!(found.contains(&(one.0.to_owned(), one.1, one.2)), "{one:?} is not in {:#?}", faults(text));
    }
}

#[test]
fn a_wrong_unit_is_told_in_the_words_of_the_unit() {
    let text = "apiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {name: a}\nspec:\n  connectivity: {type: p2p, endpoints: [a, b]}\n  vrf: v\n  class: c\n  slo:\n    oneWayDelay: 30Mbps\n";
    let found = faults(text);
    let expected = "`30Mbps` is not a delay: the unit `Mbps` is not one of us, ms, s; write it like `10ms`";
    assert_eq!(found, [(codes::BAD_UNIT.to_owned(), 9, 18, expected.to_owned())]);
}

#[test]
fn a_misspelt_field_gets_a_suggestion() {
    let text = CLASS.replace("profile:", "profil:");
    let found = parse(&SourceFile::new("x.yaml", text)).unwrap_err();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].help.as_deref(), Some("did you mean `profile`?"));
    assert_eq!(found[0].subject, "TrafficClass gold");
}

#[test]
fn a_key_given_twice_is_found_at_the_second_and_points_at_the_first() {
    let text = CLASS.replace("{value: 10,", "{value: 10, value: 11,");
    let found = parse(&SourceFile::new("x.yaml", text)).unwrap_err();
    let place = found[0].place.as_ref().unwrap();
    assert_eq!(
        (found[0].code.as_str(), place.line, place.column, place.length),
        (codes::DUPLICATE_KEY, 4, 19, 5)
    );
    assert_eq!(found[0].related[0].place.column, 8);
}

#[test]
fn tabs_are_named_where_they_stand() {
    let text = "apiVersion: trunkline/v1\nkind: TrafficClass\nmetadata:\n\tname: gold\n";
    assert_eq!(places(text), [(codes::TAB.to_owned(), 4, 1)]);
}

#[test]
fn yamls_guesses_are_not_made() {
    let documents = parse(&SourceFile::new("x.yaml", CLASS.replace("name: gold", "name: no"))).unwrap();
    assert_eq!(documents[0].name(), "no");
    let documents = parse(&SourceFile::new("x.yaml", CLASS.replace("name: gold", "name: 1e3"))).unwrap();
    assert_eq!(documents[0].name(), "1e3");
    for number in ["010", "0x10", "1_0", "1e1", "-1", "yes", "10.0", "99999999999"] {
        let found = places(&CLASS.replace("value: 10", &format!("value: {number}")));
        assert_eq!(found, [(codes::BAD_VALUE.to_owned(), 4, 15)], "{number}");
    }
    let found = places(&CLASS.replace("value: 10", "value: ~"));
    assert_eq!(found, [(codes::WRONG_SHAPE.to_owned(), 4, 8)]);
}

#[test]
fn bombs_and_depth_are_refused_quickly() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (this, before) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"])
    {
        let list = vec![format!("*{before}"); 10].join(", ");
        bomb += &format!("{this}: &{this} [{list}]\n");
    }
    assert_eq!(faults(&bomb)[0].0, codes::TOO_LARGE);
    let deep = format!("a: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(faults(&deep)[0].0, codes::TOO_LARGE, "{:?}", faults(&deep));
    let deep = (0..100).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
    assert_eq!(faults(&deep)[0].0, codes::TOO_LARGE, "{:?}", faults(&deep));
}

#[test]
fn anchors_and_merge_keys_work_within_limits() {
    let text = "apiVersion: trunkline/v1\nkind: QosProfile\nmetadata: {name: p}\nspec:\n  queues:\n    a: &same {discipline: weighted, weight: 10}\n    b: *same\n    c: {<<: *same, weight: 20}\n";
    let documents = parse(&SourceFile::new("x.yaml", text)).unwrap();
    let Spec::QosProfile(spec) = &documents[0].spec else { panic!("a profile") };
    let weights: Vec<u32> =
        spec.queues.value.values().map(|queue| queue.value.weight.unwrap().value).collect();
    assert_eq!(weights, [10, 10, 20]);
}

#[test]
fn line_ends_and_a_byte_order_mark_do_not_matter() {
    let text =
        format!("\u{feff}{CLASS}---\n{}", CLASS.replace("value: 10", "value: x")).replace('\n', "\r\n");
    assert_eq!(places(&text), [(codes::BAD_VALUE.to_owned(), 9, 15)]);
}

#[test]
fn a_carriage_return_within_a_line_is_told_and_lines_are_counted_by_line_feeds() {
    let text = format!("{CLASS}---\r\n# a\rb\n{{");
    let lines = u32::try_from(CLASS.lines().count()).unwrap();
    assert_eq!(places(&text), [(codes::SYNTAX.to_owned(), lines + 2, 4)]);
}

#[test]
fn an_empty_file_and_comments_are_no_documents() {
    for text in ["", "\n", "# nothing\n", "---\n---\n# still nothing\n...\n"] {
        assert_eq!(parse(&SourceFile::new("x.yaml", text)).map(|docs| docs.len()), Ok(0), "{text:?}");
    }
}

#[test]
fn kinds_of_other_files_are_told_where_they_belong() {
    let found = parse(&SourceFile::new("x.yaml", CLASS.replace("TrafficClass", "Inventory"))).unwrap_err();
    assert_eq!(found[0].code, codes::UNKNOWN_KIND);
    assert!(found[0].help.as_ref().unwrap().contains("configuration"));
}

#[test]
fn the_example_of_the_manual_is_read() {
    let text = "apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: payments-hq-hangzhou, owner: netops, labels: {change: CHG1042}}
spec:
  connectivity: {type: p2p, endpoints: [hq-pe1, hangzhou-pe1], bidirectional: true}
  match: [{prefix: 10.16.0.0/16, dscp: [af41]}]
  vrf: production
  class: production
  slo: {oneWayDelay: 30ms, jitter: 5ms, loss: 0.1%, bandwidth: 200Mbps, availability: 99.99%}
  sle: {diversity: srlg, encryption: required, waypoints: [fw-hq]}
  path: {dataplane: srv6, minimise: delay, prefer: [{affinity: line1}], avoid: [{affinity: mstp}], lastResort: igp}
  assurance: {breach: {all: [delay > 30ms], for: 3s}, improvementMargin: 10%, holdDown: 30s, waitToRestore: 120s, mode: act}
---
apiVersion: trunkline/v1
kind: TrafficClass
metadata: {name: production}
spec: {value: 100, dscp: [af41, cs4], queue: af4, profile: six-class}
---
apiVersion: trunkline/v1
kind: AlarmPolicy
metadata: {name: line-degraded}
spec:
  on: {links: {role: leased-line}}
  when: {any: [{all: [utilisation > 80%, queue(production).drops > 0]}, delay > contract + 20ms, loss > 0.5%], over: 10s, for: 3s}
  clear: {for: 30s}
  severity: major
";
    let documents = parse(&SourceFile::new("x.yaml", text)).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(
        documents.iter().map(Document::kind).collect::<Vec<_>>(),
        ["ServiceIntent", "TrafficClass", "AlarmPolicy"]
    );
    let Spec::ServiceIntent(spec) = &documents[0].spec else { panic!("a service") };
    assert!(matches!(spec.connectivity.value, Connectivity::P2p(_)));
    assert_eq!(spec.slo.as_ref().unwrap().value.bandwidth.unwrap().value.as_bps(), 200_000_000);
}

#[test]
fn an_alias_of_another_document_is_named_and_anchors_end_with_theirs() {
    let text = format!("{}---\n{}", CLASS.replace("[ef]", "&points [ef]"), CLASS.replace("[ef]", "*points"));
    let found = parse(&SourceFile::new("x.yaml", text)).unwrap_err();
    let [one] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(one.message, "the alias `*points` stands for nothing");
    assert_eq!(
        one.help.as_deref(),
        Some("write `&points` before a value further up in this document: anchors end at `---`")
    );
    assert_eq!(one.place.as_ref().map(|place| (place.line, place.column)), Some((9, 25)));
}

#[test]
fn a_fault_of_the_syntax_says_where_to_look() {
    let found = parse(&SourceFile::new("x.yaml", CLASS.replace("gold}", "gold"))).unwrap_err();
    assert!(found[0].help.as_deref().unwrap().contains("is not closed"), "{found:#?}");
}

#[test]
fn an_error_in_the_last_line_of_a_thousand_documents_is_told_at_that_line() {
    let one = |number: usize| CLASS.replace("gold", &format!("gold-{number}"));
    let mut texts: Vec<String> = (0..1_000).map(one).collect();
    assert_eq!(parse(&SourceFile::new("x.yaml", texts.join("---\n"))).unwrap().len(), 1_000);
    texts[999] = texts[999].replace("value: 10", "valeu: 10");
    let text = texts.join("---\n");
    let last = u32::try_from(text.lines().count()).unwrap();
    assert_eq!(places(&text), [(codes::UNKNOWN_FIELD.to_owned(), last, 8)]);
    texts[0] = texts[0].replace("value: 10", "valeu: 10");
    let found = places(&texts.join("---\n"));
    assert_eq!(found.len(), 2, "in the order of the file, whichever thread was first: {found:?}");
    assert_eq!((found[0].1, found[1].1), (4, last));
}

proptest::proptest! {
    #[test]
    fn any_text_is_judged_without_a_panic(text in "[a-c:{}\\[\\]\\-&*#|>'\" \n\t]{0,80}") {
        let _ = parse(&SourceFile::new("x.yaml", text));
    }

    #[test]
    fn any_change_of_a_good_file_is_judged_with_places_inside_it(at in 0_usize..160, with in "\\PC{0,3}") {
        let text: String = CLASS.chars().take(at).chain(with.chars()).chain(CLASS.chars().skip(at + 1)).collect();
        if let Err(found) = parse(&SourceFile::new("x.yaml", text.clone())) {
            for place in found.into_iter().filter_map(|finding| finding.place) {
                proptest::prop_assert!(place.offset <= text.len(), "{place:?}");
            }
        }
    }
}

#[test]
fn every_fault_of_a_file_is_told_or_one_says_from_where_on_they_are_not() {
    let many = |faults: usize| {
        let wrong: Vec<String> = (0..faults).map(|at| format!("x{at}: 1")).collect();
        let text = CLASS.replace("spec: {", &format!("spec: {{{}, ", wrong.join(", ")));
        parse(&SourceFile::new("x.yaml", text)).expect_err("unknown fields")
    };
    assert_eq!(many(2_000).len(), 2_000);
    assert_eq!(many(MAX_FINDINGS).len(), MAX_FINDINGS);
    let found = many(MAX_FINDINGS + 1);
    let last = found.last().expect("there are some");
    assert_eq!((found.len(), last.code.as_str()), (MAX_FINDINGS + 1, codes::TOO_LARGE));
    assert!(last.message.contains("more than 10000 faults") && last.place.is_some(), "{last:?}");
}

#[test]
fn a_number_with_a_zero_in_front_is_refused_as_a_code_point_too() {
    for point in ["010", "08"] {
        let found = places(&CLASS.replace("[ef]", &format!("[{point}]")));
        assert_eq!(found, [(codes::BAD_VALUE.to_owned(), 4, 26)], "{point}");
    }
}

/// `line:column code message / help` of the first fault of a text.
fn first(text: &str) -> String {
    let found = parse(&SourceFile::new("x.yaml", text)).expect_err("the text has a fault");
    let place = found[0].place.as_ref().expect("a place");
    let help = found[0].help.as_deref().unwrap_or_default();
    format!("{}:{} {} {} / {help}", place.line, place.column, found[0].code, found[0].message)
}

#[test]
fn yaml_that_cannot_be_read_is_told_in_words_that_help() {
    let utf16: String = CLASS.chars().flat_map(|c| [c, '\0']).collect();
    let class = |end: &str| format!("{CLASS}{end}");
    let told = [
        class("---\n\u{feff}kind: x\n"),
        class("...\nfoo: bar\n"),
        class("? {a: b}\n: 1\n"),
        class("x: &p {prefer: *p}\n"),
        CLASS.replace("gold", "\"go\u{1b}ld\""),
        CLASS.replace("gold", "go\0ld"),
        utf16,
        CLASS.replace("gold", "!!binary Z29sZA=="),
        CLASS.replace("10", "&a !!int 10"),
        CLASS.replace("gold", "!gold gold"),
        format!("a: {}{}\n", "[".repeat(40), "]".repeat(40)),
        format!("a: &a {{x: 1}}\nb: [{}]\n", vec!["*a"; 10_001].join(", ")),
    ]
    .map(|text| first(&text));
    let expected = [
        "6:1 TL0003 a byte order mark (U+FEFF) stands here, within the file / remove it: it may stand at the start of a file only, and comes here where files were joined",
        "6:1 TL0003 text stands behind the end of the document, which `...` says / remove the `...`, or begin the next document with `---`",
        "5:3 TL0003 a key is a single text, not a list or a mapping / write it like `key: value`, without `?`",
        "5:16 TL0003 this alias stands for the value that it is part of / write the value out here",
        "3:21 TL0003 the control character U+001B stands here, which is no text / remove it; an editor may not show it",
        "3:20 TL0003 the control character U+0000 stands here, which is no text / remove it; an editor may not show it",
        "1:2 TL0003 the file is UTF-16, or another encoding of two bytes / save it as UTF-8",
        "3:18 TL0012 YAML tags are not supported: `!!binary` / remove the tag; the field decides what its value means",
        "4:18 TL0012 YAML tags are not supported: `!!int` / remove the tag; the field decides what its value means",
        "3:18 TL0012 YAML tags are not supported: `!gold` / remove the tag; the field decides what its value means",
        "1:36 TL0002 the document is too large or too deep to be read safely: more than 32 levels / split the document, or write it out flatter",
        "2:40005 TL0002 the document is too large or too deep to be read safely: more than 10000 aliases (`*name`) / split the document, or write it out flatter",
    ];
    assert_eq!(told, expected);
    let text = CLASS.replace("gold", "!!str gold");
    assert!(parse(&SourceFile::new("x.yaml", text)).is_ok(), "a text may be called one");
    let text = CLASS.replace("{name: gold}", "{name: gold, labels: {\"a !b\": c !d, \"\u{a0}!e\" : f}}");
    assert!(parse(&SourceFile::new("x.yaml", text)).is_ok(), "an exclamation mark is no tag");
}

#[test]
fn what_was_meant_is_told_by_a_part_of_it_and_none_means_none() {
    let service = |rest: &str| {
        format!(
            "apiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {{name: s}}\nspec: {{connectivity: {{type: p2p, endpoints: [a, b]}}, vrf: v, class: c, {rest}}}\n"
        )
    };
    let delay = first(&service("slo: {delay: 30ms}"));
    assert!(delay.ends_with("did you mean `oneWayDelay`?"), "{delay}");
    let none = first(&service("sle: {diversity: none}"));
    assert!(none.ends_with("write one of link, node, srlg"), "{none}");
    let traffic = first(&CLASS.replace("TrafficClass", "Traffic"));
    assert!(traffic.contains("did you mean `TrafficClass`?"), "{traffic}");
}

#[test]
fn a_value_in_place_of_a_field_and_a_comma_in_a_number_are_seen_for_what_they_are() {
    let of = |rest: &str| {
        first(&crate::tests::service(
            "s",
            &format!("  connectivity: {{type: p2p, endpoints: [a, b]}}\n  {rest}"),
        ))
    };
    let told = of("path: {avoid: [radio]}");
    assert!(
        told.ends_with("a mapping is expected, not `radio` / write it like `{affinity: radio}`"),
        "{told}"
    );
    let told = of("slo: {loss: 1%, bandwidth: 1%, 5Mbps}");
    assert!(told.contains("the fields here are"), "no number stands before the comma: {told}");
    let told = of("slo: {bandwidth: 1,5Mbps}");
    assert!(told.ends_with("no field `5Mbps` here / a comma ends a value here: write `1.5Mbps`"), "{told}");
    let told = of("slo:\n    bandwidth: 1,5Mbps");
    assert!(told.ends_with("decimals have a point: did you mean `1.5Mbps`? / "), "{told}");
}
