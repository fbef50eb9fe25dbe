use proptest::prelude::*;
use quick_xml::{Reader, events::Event};

use super::*;
use crate::{Expectation, Figure, MOST_POINTS, Mark, MarkKind, Move, Series, Span, Verdict};

/// A run in which everything is called so.
fn called(name: &str, points: usize) -> Run {
    let text = || name.to_owned();
    let series = |plot: &str| Series {
        plot: format!("{plot} {name}"),
        unit: text(),
        name: text(),
        points: (0..).zip((0..points).map(|at| (at % 7 != 3).then_some(1.5))).collect(),
    };
    Run {
        title: text(),
        about: text(),
        cites: vec![text()],
        network: text(),
        length_ms: 9_000,
        series: vec![series("loss"), series("delay")],
        marks: [MarkKind::Fault, MarkKind::Heal, MarkKind::Decision, MarkKind::Restore, MarkKind::Note]
            .map(|kind| Mark { at_ms: 4_000, kind, text: text() })
            .into(),
        spans: vec![Span { from_ms: 1_000, to_ms: 2_000, what: text() }],
        moves: vec![Move {
            services: vec![text()],
            from: vec![text()],
            to: vec![text()],
            why: text(),
            ..Move::default()
        }],
        expectations: vec![Expectation { what: text(), met: true, at_ms: 1, why: text() }],
        figures: vec![Figure { name: text(), value: text() }],
        verdict: Verdict { passed: false, text: text() },
    }
}

/// All elements of a page, each as often as it is there, but for the places where a name may wrap: these differ from name to name. Panics
/// where it is not well-formed.
fn elements(page: &str) -> Vec<String> {
    let mut reader = Reader::from_str(page);
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::new();
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error} in\n{page}"));
        match event {
            Event::Start(tag) => {
                let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
                assert!(tag.attributes().all(|attribute| attribute.is_ok()), "{tag:?}");
                all.push(name.clone());
                open.push(name);
            }
            Event::Empty(tag) => {
                assert!(tag.attributes().all(|attribute| attribute.is_ok()), "{tag:?}");
                all.push(String::from_utf8_lossy(tag.name().as_ref()).into_owned());
            }
            Event::End(tag) => {
                let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
                assert_eq!(open.pop(), Some(name));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, Vec::<String>::new());
    all.retain(|name| name != "wbr");
    all
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    let page = page(&called("line1:core-sh1--br-hangzhou", 20));
    for foreign in ["http", "//", "url(", "@import", "src=", "href=", "<script", "<link", "<img"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for part in ["NOT as expected", "prefers-color-scheme: dark", "@media print", "Shows line1", "<svg"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn names_never_become_markup() {
    let plain = elements(&page(&called("name", 20)));
    for name in
        ["</title></style></svg><script>alert(1)</script>", "\" onload=\"x", "a & b <c> 'd'", "]]><!--"]
    {
        let page = page(&called(name, 20));
        assert_eq!(elements(&page), plain, "{name}");
        assert!(!page.contains("<script") && !page.contains(" onload=\"x"), "{name}");
    }
}

#[test]
fn a_long_run_makes_a_page_of_bounded_size() {
    let short = page(&called("name", MOST_POINTS)).len();
    let long = page(&called("name", 500_000)).len();
    assert!(long < short * 2 && long < 300_000, "{short} {long}");
}

#[test]
fn a_run_of_nothing_is_a_page_too() {
    let page = page(&Run::default());
    assert_eq!(elements(&page).iter().filter(|name| *name == "svg").count(), 1);
}

#[test]
fn a_run_is_written_and_read_back() {
    let run = called("line1", 10);
    let written = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<Run>(&written).unwrap(), run);
    assert!(written.contains(r#""points":[[0,1.5],[1,1.5],[2,1.5],[3,null]"#), "{written}");
    let least = r#"{"title": "t", "lengthMs": 5, "verdict": {"passed": true, "text": ""}}"#;
    assert_eq!(serde_json::from_str::<Run>(least).unwrap().length_ms, 5);
}

fn small() -> Run {
    let series = |plot: &str, unit: &str, name: &str, points: &[(u32, Option<f64>)]| Series {
        plot: plot.into(),
        unit: unit.into(),
        name: name.into(),
        points: points.into(),
    };
    let mark = |at_ms, kind, text: &str| Mark { at_ms, kind, text: text.into() };
    let (one, two) = ("line1:core-sh1--br-hangzhou", "line2:pv-hangzhou--br-hangzhou");
    let loss = [(0, Some(0.0)), (10_000, Some(2.5)), (20_000, None), (30_000, Some(0.0))];
    let delay = [(0, Some(1.5)), (10_000, Some(61.5)), (30_000, Some(1.5))];
    Run {
        title: "ceb line <degrades>".into(),
        about: "A line goes bad & heals.".into(),
        cites: vec!["E1".into(), "E6".into()],
        network: "CEB: 120 routers, 330 lines".into(),
        length_ms: 40_000,
        series: vec![
            series("loss of lines", "%", one, &loss),
            series("loss of lines", "%", two, &[(0, Some(0.0)), (30_000, Some(0.25))]),
            series("delay of lines, one way", "ms", one, &delay),
        ],
        marks: vec![
            mark(10_000, MarkKind::Fault, "line1 goes bad: delay +60ms"),
            mark(12_500, MarkKind::Note, "alarm line-degraded"),
            mark(13_000, MarkKind::Decision, "2 services moved"),
            mark(13_500, MarkKind::Decision, "1 service moved"),
            mark(20_000, MarkKind::Heal, "line1 heals"),
            mark(38_000, MarkKind::Restore, "3 services went back"),
        ],
        spans: [(11_000, 13_000, "p"), (12_000, 14_000, "q")]
            .map(|(from_ms, to_ms, what)| Span { from_ms, to_ms, what: what.into() })
            .into(),
        moves: vec![Move {
            at_ms: 13_000,
            back: false,
            services: vec!["production/a~b".into(), "voice/a~b".into()],
            from: vec![one.into()],
            to: vec![two.into()],
            why: "delay 70ms, promised 55ms".into(),
            breach_to_plan_ms: Some(60.0),
            breach_to_ack_ms: Some(104.0),
            readback_ms: Some(6.0),
            confirm_ms: Some(7.0),
        }],
        expectations: vec![Expectation {
            what: "production* is kept".into(),
            met: true,
            at_ms: 14_000,
            why: "all are kept since production/a~b".into(),
        }],
        figures: vec![Figure { name: "re-routes".into(), value: "2".into() }],
        verdict: Verdict { passed: true, text: "1 of 1 expectations met".into() },
    }
}

#[test]
fn a_small_run_is_the_page_that_it_was() {
    insta::assert_snapshot!("a_small_run", page(&small()));
}

#[test]
fn words_of_tables_stay_whole_in_a_narrow_window() {
    let page = page(&small());
    for style in ["overflow-wrap", "word-break", "hyphens"] {
        assert!(!page.contains(style), "{style}");
    }
    let heads = page.split("<th").filter_map(|rest| rest.split_once('>')?.1.split_once("</th>"));
    let longest = heads.flat_map(|(head, _)| head.split(' ')).map(str::len).max();
    assert!(
        longest.is_some_and(|longest| (4..=8).contains(&longest)),
        "{longest:?}: nine columns fit into 700 px"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_name_gives_a_well_formed_page(name in any::<String>()) {
        let page = page(&called(&name, 5));
        prop_assert!(elements(&page).contains(&"svg".to_owned()));
    }
}
