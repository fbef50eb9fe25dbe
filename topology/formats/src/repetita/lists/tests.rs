//! Both forms give back what was written, and faults are said where they are.

use model::dense::Edge;
use proptest::prelude::*;

use super::*;

/// A ring of four: links 0 to 3 one way round, 4 to 7 the other.
fn ring() -> Instance {
    let edge = |from, to| Edge { from, to, metric: 1, capacity: 10.0, delay: 1.0 };
    let edges = (0..4).map(|node| edge(node, (node + 1) % 4)).chain((0..4).map(|n| edge((n + 1) % 4, n)));
    let demand = |from, to, volume| Demand { from, to, volume, max_delay: None };
    Instance {
        nodes: 4,
        edges: edges.collect(),
        demands: vec![demand(0, 2, 3.0), demand(1, 1, 1.0), demand(2, 0, 0.0)],
    }
}

fn list(weight: u32, segments: &[Segment]) -> WeightedList {
    WeightedList { weight, segments: segments.to_vec() }
}

use Segment::{Link, Node};

#[test]
fn rows_are_read_as_they_were_written() {
    let lists =
        vec![vec![list(1, &[Node(3), Node(2)])], vec![list(1, &[Node(1)])], vec![list(1, &[Node(0)])]];
    let text = to_rows(&ring(), &lists).unwrap();
    assert_eq!(text, "0 0 3 2\n1 1 1\n2 2 0\n");
    assert_eq!(read(text.as_bytes(), &ring()).unwrap(), lists);
    let shuffled = "\n2 2 0\r\n  0\t0 3 2 \n\n1 1 1";
    assert_eq!(read(shuffled.as_bytes(), &ring()).unwrap(), lists, "in any order, with any white space");
}

#[test]
fn json_is_read_as_it_was_written_and_has_a_place_for_what_rows_have_not() {
    let lists = vec![
        vec![list(3, &[Link(7), Node(2)]), list(1, &[Node(2)])],
        vec![list(1, &[Node(1)])],
        vec![list(1, &[Node(0)])],
    ];
    let text = to_json(&lists);
    assert!(text.starts_with(
        r#"{"demands":[{"index":0,"lists":[{"weight":3,"segments":[{"link":7},{"node":2}]},{"weight":1,"#
    ));
    assert_eq!(read(text.as_bytes(), &ring()).unwrap(), lists);
    let other_order = r#" {"demands": [
        {"lists": [{"segments": [{"node": 0}], "weight": 1}], "index": 2},
        {"lists": [{"segments": [{"node": 1}], "weight": 1}], "index": 1},
        {"lists": [{"segments": [{"link": 7}, {"node": 2}], "weight": 3}, {"weight": 1, "segments": [{"node": 2}]}],
         "index": 0}]}"#;
    assert_eq!(read(other_order.as_bytes(), &ring()).unwrap(), lists);
    assert_eq!(to_rows(&ring(), &lists), None, "rows would lose the second list");
    let over_a_link = vec![vec![list(1, &[Link(7), Node(2)])], lists[1].clone(), lists[2].clone()];
    assert_eq!(to_rows(&ring(), &over_a_link), None, "rows would lose the link");
}

/// What is said of a text, with its place.
fn fault(text: &str) -> (u32, u32, String) {
    let error = read(text.as_bytes(), &ring()).expect_err(text);
    (error.line, error.column, error.message)
}

#[test]
fn a_fault_of_a_row_is_said_with_its_place() {
    let cases = [
        (
            "",
            1,
            1,
            "demand 0 and 2 more are missing: every demand stands here, one on the IGP's way as `0 0 2`",
        ),
        (
            "0 0 2\n2 2 0\n",
            3,
            1,
            "demand 1 is missing: every demand stands here, one on the IGP's way as `1 1 1`",
        ),
        ("0 0 2\n3 1 1\n", 2, 1, "there is no demand 3: there are 3, counted from 0"),
        ("0 0 2\n0 0 2\n", 2, 1, "demand 0 stands here for the second time; leave one of the two"),
        ("0 1 2\n", 1, 3, "demand 0 enters at node 0, and not at 1; are these lists of other demands?"),
        (
            "0 0 2 3\n",
            1,
            7,
            "demand 0, list 1: it ends at node 3, and the demand leaves at 2; are these lists of other demands?",
        ),
        ("0 0 4 2\n", 1, 5, "a node of the list is 4; it lies between 0 and 3"),
        ("0 0\n", 1, 4, "the row ends where a node of the list should stand"),
        ("0 0 \u{1b}[31m\n", 1, 5, "a node of the list is `\\u{1b}[31m`, not a whole number"),
        (
            "-1 0 2\n",
            1,
            1,
            "the number of a demand is `-1`, not a whole number; a row is `demand source middle… destination`",
        ),
        (
            "99999999999 0 2\n",
            1,
            1,
            "the number of a demand is 99999999999; it lies between 0 and 4294967295; a row is `demand source middle… destination`",
        ),
    ];
    for (text, line, column, message) in cases {
        assert_eq!(fault(text), (line, column, message.to_owned()), "{text:?}");
    }
    let long = format!("0 0{}\n", " 3".repeat(1000));
    assert_eq!(fault(&long).2, "a list has at most 64 segments; does a line end miss here?");
}

/// What is wrong, on which line, and how what is said of it begins.
fn json_faults() -> Vec<(String, u32, &'static str)> {
    let one =
        |lists: &str| format!("{{\"demands\":[\n{{\"index\":0,\"lists\":[\n{lists}]}},\n{{\"index\":1}}]}}");
    vec![
        ("{".to_owned(), 1, "this is no whole JSON: EOF while parsing an object"),
        ("{\"demands\":[]} x".to_owned(), 1, "demand 0 and 2 more are missing"),
        ("[]".to_owned(), 1, "invalid type: sequence, expected `{\"demands\": […]}`"),
        ("{}".to_owned(), 1, "missing field `demands`"),
        ("\n{\"demand\":1}".to_owned(), 2, "unknown field `demand`, expected `demands`"),
        ("{\"\\u001b[31m\":1}".to_owned(), 1, "unknown field `\\u{1b}[31m`, expected `demands`"),
        ("{\"demands\":[],\"demands\":[]}".to_owned(), 1, "duplicate field `demands`"),
        ("{\"demands\":[{\"index\":0}]}".to_owned(), 1, "missing field `lists`"),
        ("{\"demands\":[{\"lists\":[]}]}".to_owned(), 1, "missing field `index`"),
        ("{\"demands\":[{\"index\":0,\"lists\":[],\"index\":1}]}".to_owned(), 1, "duplicate field `index`"),
        ("{\"demands\":[\n\n{\"index\":9,\"lists\":[]}]}".to_owned(), 3, "there is no demand 9"),
        (one(""), 3, "demand 0 has no list; on the IGP's way it has one, to node 2 alone"),
        (one("{\"weight\":1}"), 3, "missing field `segments`"),
        (one("{\"weight\":-1,\"segments\":[]}"), 3, "invalid value: integer `-1`, expected u32"),
        (one("{\"weight\":1.5,\"segments\":[]}"), 3, "invalid type: floating point `1.5`, expected u32"),
        (
            one("{\"weight\":0,\"segments\":[{\"node\":2}]}"),
            3,
            "demand 0, list 1: its weight is 0; leave the list out",
        ),
        (one("{\"weight\":1,\"segments\":[]}"), 3, "demand 0, list 1: it has 0 segments; a list has 1 to 64"),
        (
            one("{\"weight\":1,\"segments\":[{\"hop\":2}]}"),
            3,
            "unknown variant `hop`, expected `node` or `link`",
        ),
        (
            one("{\"weight\":1,\"segments\":[{\"node\":4}]}"),
            3,
            "demand 0, list 1: there is no node 4: there are 4",
        ),
        (
            one("{\"weight\":1,\"segments\":[{\"link\":8}]}"),
            3,
            "demand 0, list 1: there is no link 8: there are 8",
        ),
        (
            one("{\"weight\":1,\"segments\":[{\"link\":1}]}"),
            3,
            "demand 0, list 1: link 1 starts at node 1, and the list has come to 0",
        ),
        (
            one("{\"weight\":1,\"segments\":[{\"link\":0}]}"),
            3,
            "demand 0, list 1: it ends at node 1, and the demand leaves at 2",
        ),
        (one("{\"weight\":1,\"segments\":[{\"node\":2}]}"), 4, "missing field `lists`"),
        ("[".repeat(100_000), 1, "invalid type: sequence"),
        (format!("{{\"demands\":{}", "[".repeat(100_000)), 1, "invalid type: sequence, expected a demand"),
    ]
}

#[test]
fn a_fault_of_json_is_said_with_its_place() {
    for (text, line, message) in &json_faults() {
        let (at, column, told) = fault(text);
        assert!(told.starts_with(message), "{text:?}: {told}");
        let length = text.lines().nth(at as usize - 1).map_or(0, str::len);
        assert!(at == *line && (1..=length as u32 + 1).contains(&column), "{text:?}: {at}:{column}");
    }
    let twice = "{\"demands\":[{\"index\":1,\"lists\":[{\"weight\":1,\"segments\":[{\"node\":1}]}]},\n\
                 {\"index\":1,\"lists\":[{\"weight\":1,\"segments\":[{\"node\":1}]}]}]}";
    assert_eq!(
        fault(twice),
        (2, 58, "demand 1 stands here for the second time; leave one of the two".to_owned())
    );
    let some = "{\"demands\":[{\"index\":1,\"lists\":[{\"weight\":1,\"segments\":[{\"node\":1}]}]}]}";
    let alone = r#"one on the IGP's way as `{"index":0,"lists":[{"weight":1,"segments":[{"node":2}]}]}`"#;
    assert!(fault(some).2.ends_with(alone), "{}", fault(some).2);
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_refused() {
    let lists = vec![vec![list(1, &[Node(2)])], vec![list(1, &[Node(1)])], vec![list(1, &[Node(0)])]];
    for text in [to_rows(&ring(), &lists).unwrap(), to_json(&lists)] {
        // The last line end alone may be missing.
        for end in 0..text.len() - 1 {
            assert!(read(&text.as_bytes()[..end], &ring()).is_err(), "{:?}", &text[..end]);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes, &ring());
    }
}
