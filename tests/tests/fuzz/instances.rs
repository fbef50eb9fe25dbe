//! Published traffic-engineering instances, the lists that run on them, and the levels of their demands.

use std::sync::LazyLock;

use formats::repetita::{
    RepetitaError, lists, read_demands, read_edge_labels, read_graph, read_priorities, read_repetita,
};
use model::dense::{Instance, Segment, WeightedList};

use crate::mutate::mutate;
use crate::target;

/// A ring of four with a parallel link; one demand stays where it is, one carries nothing.
const GRAPH: &str = "NODES 4\nlabel x y\na 0.0 1\nb 1 -2e1\nc 3.5 4\nd 0 0\n\nEDGES 6\nlabel src dest weight bw delay\n\
                     ab 0 1 1 10 7\nbc 1 2 1 2500.5 0\ncd 2 3 2 10 1\nda 3 0 4294967295 10 1\nac 0 2 3 10 1\nac2 0 2 3 10 1\n";
const DEMANDS: &str = "DEMANDS 4\nlabel src dest bw\nd0 0 2 40\nd1 1 1 3\nd2 3 1 0\nd3 2 0 1e3\n";
const ROWS: &str = "0 0 1 2\n1 1 1\n2 3 0 2 1\n3 2 0\n";
const JSON: &str = r#"{"demands":[{"index":0,"lists":[{"weight":3,"segments":[{"link":4}]},{"weight":1,"segments":[{"node":1},{"link":1}]}]},
{"index":1,"lists":[{"weight":1,"segments":[{"node":1}]}]},{"lists":[{"segments":[{"node":1}],"weight":7}],"index":2},
{"index":3,"lists":[{"weight":1,"segments":[{"link":2},{"link":3}]}]}]}"#;

static INSTANCE: LazyLock<Instance> =
    LazyLock::new(|| read_repetita(GRAPH.as_bytes(), DEMANDS.as_bytes()).unwrap());

const TABLE: &[&str] = &[
    "\n",
    "\r\n",
    " ",
    "\t",
    "NODES 4\n",
    "EDGES ",
    "DEMANDS ",
    "label\n",
    "0",
    "-1",
    "4",
    "4294967295",
    "4294967296",
    "99999999999999999999",
    "1e308",
    "1e309",
    "nan",
    "inf",
    "-0",
    ".",
    "\0",
    "\u{feff}",
    "\u{1b}[31m",
    "é",
];
const LISTS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "-1",
    "0",
    "4",
    "1.5",
    "1e400",
    "4294967296",
    "\\u001b",
    "\\ud800",
    "\n",
    " ",
    "{\"node\":2}",
    "{\"link\":1}",
    "\"index\"",
    "\"lists\"",
    "\"weight\":0,",
    "\"demands\":",
    "0 0 2\n",
    "{\"a\":",
];

/// A fault stands in the text, or right behind it, and does nothing to a terminal.
fn is_placed(text: &[u8], error: &RepetitaError) {
    let line = text.split(|byte| *byte == b'\n').nth(error.line as usize - 1);
    let length = line.unwrap_or_else(|| panic!("no line {} in {text:?}", error.line)).len();
    assert!((1..=length + 1).contains(&(error.column as usize)), "{error} in {text:?}");
    assert!(!error.message.contains(char::is_control), "{error:?}");
    assert!(error.message.len() < 1000, "{error}");
}

/// An answer that was read, where there is one; a fault is judged by its place.
fn judged<T>(text: &[u8], read: Result<T, RepetitaError>) -> Option<T> {
    read.inspect_err(|error| is_placed(text, error)).ok()
}

fn usable(number: f64) -> bool {
    number >= 0.0 && number.is_finite()
}

target!(published_instances, |script| {
    let graph = mutate(GRAPH.as_bytes(), TABLE, script);
    if let Some(instance) = judged(&graph, read_graph(&graph)) {
        assert_eq!(read_edge_labels(&graph).unwrap().len(), instance.edges.len());
        for edge in &instance.edges {
            assert!(edge.from < instance.nodes && edge.to < instance.nodes, "{edge:?}");
            assert!(edge.metric > 0 && edge.capacity > 0.0, "{edge:?}");
            assert!(usable(edge.capacity) && usable(edge.delay), "{edge:?}");
        }
    }
    let demands = mutate(DEMANDS.as_bytes(), TABLE, script);
    for demand in judged(&demands, read_demands(&demands, INSTANCE.nodes)).unwrap_or_default() {
        assert!(
            demand.from < INSTANCE.nodes && demand.to < INSTANCE.nodes && usable(demand.volume),
            "{demand:?}"
        );
    }
    let levels = mutate(b"0\n255\n7\n0\n", TABLE, script);
    assert!(judged(&levels, read_priorities(&levels, 4)).is_none_or(|levels| levels.len() == 4));
});

// Whatever is read is written so that it is read as the same, in each form that has a place for it.
target!(segment_lists, |script| {
    for seed in [ROWS, JSON] {
        let text = mutate(seed.as_bytes(), LISTS, script);
        let Some(mut read) = judged(&text, lists::read(&text, &INSTANCE)) else { continue };
        let json = lists::to_json(&read);
        assert_eq!(lists::read(json.as_bytes(), &INSTANCE).as_ref(), Ok(&read), "{json}");
        let is_node = |segment: &Segment| matches!(segment, Segment::Node(_));
        let is_plain = |lists: &Vec<WeightedList>| lists.len() == 1 && lists[0].segments.iter().all(is_node);
        let rows = lists::to_rows(&INSTANCE, &read);
        assert_eq!(rows.is_some(), read.iter().all(is_plain), "{read:?}");
        if let Some(rows) = rows {
            // The weight of a list that is alone says nothing, and rows have none.
            read.iter_mut().flatten().for_each(|list| list.weight = 1);
            assert_eq!(lists::read(rows.as_bytes(), &INSTANCE), Ok(read), "{rows}");
        }
    }
});
