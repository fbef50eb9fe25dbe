//! `solve`: from nothing, from what runs, and what it says to a wrong call.

use std::fs;

use tempfile::TempDir;

use crate::call::{Called, trunkline};

/// A ring of four: from node 0 to node 2 by node 1 (the IGP's way, large), or by node 3 (small).
const GRAPH: &str = "\
NODES 4
label x y
a 0 0
b 0 0
c 0 0
d 0 0

EDGES 8
label src dest weight bw delay
ab 0 1 1 10 1
ba 1 0 1 10 1
bc 1 2 1 10 1
cb 2 1 1 10 1
ad 0 3 2 5 1
da 3 0 2 5 1
dc 3 2 2 5 1
cd 2 3 2 5 1
";
/// All by node 1 is 90% of its links; the best is 60% of all.
const DEMANDS: &str = "DEMANDS 3\nlabel src dest bw\nd0 0 2 4\nd1 0 2 3\nd2 0 2 2\n";

struct Case(TempDir);

impl Case {
    fn new() -> Self {
        let case = Self(tempfile::tempdir().unwrap());
        case.write("ring.graph", GRAPH);
        case.write("ring.demands", DEMANDS);
        case
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Calls the command with the same answer everywhere.
    fn solve(&self, options: &[&str]) -> Called {
        let (graph, demands) = (self.path("ring.graph"), self.path("ring.demands"));
        trunkline(&[&["solve", &graph, &demands, "--effort", "5"], options].concat())
    }
}

/// The last line without its seconds.
fn last(called: &Called) -> String {
    assert_eq!(called.err, "");
    let words: Vec<&str> = called.out.lines().last().unwrap().split(' ').collect();
    assert_eq!(
        (words[0], words[2], words[4], words[6]),
        ("mlu", "bound", "gap", "seconds"),
        "{}",
        called.out
    );
    words[7].parse::<f64>().unwrap();
    format!("mlu {} {}", words[1], words[8..].join(" ")).trim_end().to_owned()
}

#[test]
fn from_nothing_it_counts_no_moves() {
    let case = Case::new();
    let called = case.solve(&["--out", &case.path("paths")]);
    assert_eq!((called.code, last(&called)), (Some(0), "mlu 0.600000".to_owned()), "{}", called.err);
    assert_eq!(called.out.lines().count(), 1);
    assert_eq!(case.read("paths").lines().count(), 3);
    // Its own answer runs on as it is.
    let again = case.solve(&["--running", &case.path("paths"), "--out", &case.path("again")]);
    assert_eq!(last(&again), "mlu 0.600000 moved 0");
    assert_eq!(case.read("again"), case.read("paths"));
}

#[test]
fn a_time_is_kept_to_and_is_not_asked_for_beside_an_effort() {
    let case = Case::new();
    let (graph, demands, out) = (case.path("ring.graph"), case.path("ring.demands"), case.path("paths"));
    let called = trunkline(&["solve", &graph, &demands, "--time", "300ms", "--out", &out]);
    assert_eq!((called.code, last(&called)), (Some(0), "mlu 0.600000".to_owned()), "{}", called.err);
    assert_eq!(case.read("paths").lines().count(), 3);
    let seconds: f64 = called.out.lines().last().unwrap().split(' ').nth(7).unwrap().parse().unwrap();
    // Whoever does not say a time gives a second. What is between is for a machine that others use too.
    assert!(seconds < 0.7, "{}", called.out);
    let both = case.solve(&["--time", "300ms"]);
    assert_eq!(both.code, Some(2), "{}", both.out);
    assert!(
        both.err.contains("cannot be used with")
            && both.err.contains("--effort")
            && both.err.contains("--time"),
        "{}",
        both.err
    );
    let none = trunkline(&["solve", &graph, &demands, "--time", "soon"]);
    assert!(none.code == Some(2) && none.err.contains("'soon' for '--time <TIME>'"), "{}", none.err);
}

#[test]
fn lists_with_weights_and_links_run_on_as_they_are() {
    let case = Case::new();
    let running = r#"{"demands":[
        {"index": 0, "lists": [{"weight": 3, "segments": [{"node": 2}]}, {"weight": 1, "segments": [{"link": 4}, {"node": 2}]}]},
        {"index": 2, "lists": [{"weight": 1, "segments": [{"node": 2}]}]},
        {"index": 1, "lists": [{"weight": 1, "segments": [{"node": 3}, {"node": 2}]}]}]}"#;
    let running = case.write("running.json", running);
    let options = ["--running", &running, "--changes", "0", "--lists", "2", "--adjacency"];
    let called = case.solve(&[&options[..], &["--out", &case.path("a.json")]].concat());
    assert_eq!(last(&called), "mlu 0.800000 moved 0", "1 and 3 of 5 by node 3: {}", called.err);
    let options = ["--running", &case.path("a.json"), "--changes", "0", "--lists", "2", "--adjacency"];
    let called = case.solve(&[&options[..], &["--out", &case.path("b.json")]].concat());
    assert_eq!(last(&called), "mlu 0.800000 moved 0");
    assert_eq!(case.read("a.json"), case.read("b.json"));
    let refused = case.solve(&["--running", &running]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.err.contains("running.json") && refused.err.contains("`--lists 2 --adjacency`"),
        "{}",
        refused.err
    );
}

#[test]
fn what_runs_is_kept_when_links_go_down() {
    let case = Case::new();
    let running = case.write("paths", "0 0 2\n1 0 3 2\n2 0 2\n");
    let called = case.solve(&["--running", &running, "--down", "bc,cb"]);
    assert_eq!(last(&called), "mlu 1.800000 moved 0", "all is on the small way, and there is no other");
    let called =
        case.solve(&["--running", &running, "--down", "4", "--down=5", "--out", &case.path("after")]);
    assert_eq!(last(&called), "mlu 0.900000 moved 0", "the list over node 3 is the IGP's affair");
    let cut = case.solve(&["--down", "ab,ad"]);
    assert_eq!(cut.code, Some(1), "{}", cut.out);
    assert!(cut.err.contains("with these links down: demand 0: no path leads"), "{}", cut.err);
}

#[test]
fn so_many_demands_move_as_are_permitted() {
    let case = Case::new();
    for (changes, expected) in
        [("0", "mlu 0.900000 moved 0"), ("1", "mlu 0.600000 moved 1"), ("3", "mlu 0.600000 moved 1")]
    {
        assert_eq!(last(&case.solve(&["--changes", changes])), expected);
    }
}

#[test]
fn a_link_is_relieved_or_it_is_said_that_it_is_not() {
    let case = Case::new();
    let paths = case.path("paths");
    let called = case.solve(&["--relieve", "ab=65%", "--out", &paths]);
    assert_eq!((called.code, last(&called)), (Some(0), "mlu 0.600000 moved 1".to_owned()));
    assert!(
        called.out.starts_with("link ab utilisation 0.600000 goal 0.650000 reached\nmlu "),
        "{}",
        called.out
    );
    let again = case.solve(&["--running", &paths, "--relieve", "0=0.6"]);
    assert_eq!((again.code, last(&again)), (Some(0), "mlu 0.600000 moved 0".to_owned()));
    let missed = case.solve(&["--relieve", "ab=10%", "--out", &paths]);
    assert_eq!(missed.code, Some(1));
    assert!(
        missed.out.starts_with("link ab utilisation ")
            && missed.out.contains(" goal 0.100000 missed: no other demand was found whose move takes load off it and leaves every"),
        "{}",
        missed.out
    );
    let spent = case.solve(&["--relieve", "ab=10%", "--changes", "0"]);
    assert!(
        spent.out.contains(" missed: as many demands have moved as --changes permits\n"),
        "{}",
        spent.out
    );
    assert_eq!(case.read("paths").lines().count(), 3, "what was found is there all the same");
}

#[test]
fn with_failures_in_mind_the_worst_of_them_counts() {
    let case = Case::new();
    let called = case.solve(&["--failures", "--out", &case.path("paths")]);
    let told = (called.code, last(&called));
    assert_eq!(
        told,
        (Some(0), "mlu 1.800000".to_owned()),
        "where ab fails, all 9 are on links of 5: {}",
        called.err
    );
    let bound: f64 = called.out.split(' ').nth(3).unwrap().parse().unwrap();
    assert!(bound > 0.5 && bound <= 1.8, "{}", called.out);
    assert_eq!(case.read("paths").lines().count(), 3);
    // Where the small way is down, whatever fails of the other cuts everything off, and that counts for nothing.
    let called = case.solve(&["--failures", "--down", "ad,da,dc,cd"]);
    assert_eq!(last(&called), "mlu 0.900000 moved 0");
    for (other, told) in [
        (
            &["--adjacency"][..],
            "--failures: not with --adjacency: a link that fails takes its segment with it",
        ),
        (&["--relieve", "ab=50%"][..], "--failures: not with --relieve, which looks at the network as it is"),
    ] {
        let called = case.solve(&[&["--failures"][..], other].concat());
        assert_eq!(called.code, Some(2), "{}", called.out);
        assert!(
            called.err.contains(told) && called.err.contains("leave one of the two out"),
            "{}",
            called.err
        );
    }
}

#[test]
fn levels_of_priority_have_a_line_each() {
    let case = Case::new();
    let levels = case.write("levels", "7\n0\n7\n");
    let called = case.solve(&["--priorities", &levels]);
    let lines: Vec<&str> = called.out.lines().collect();
    assert!(lines[0].starts_with("level 0 demands 1 mlu 0.300000 bound 0."), "{}", called.out);
    assert!(lines[1].starts_with("level 7 demands 2 mlu 0."), "{}", called.out);
    assert!(lines.len() == 3 && !last(&called).contains("moved"), "{}", called.out);
}

#[test]
fn the_bound_is_one_of_all_levels_together() {
    let case = Case::new();
    // The first level alone lies best on the way that the second needs.
    case.write("ring.graph", &GRAPH.replace("cb 2 1 1 10 1", "cb 2 1 1 0.1 1"));
    case.write("ring.demands", "DEMANDS 2\nlabel src dest bw\nd0 0 2 3.5\nd1 0 1 10\n");
    let levels = case.write("levels", "0\n1\n");
    let called = case.solve(&["--priorities", &levels]);
    let bound: f64 = called.out.lines().last().unwrap().split(' ').nth(3).unwrap().parse().unwrap();
    // 3.5 of 5 by node 3, and 10 of 10 to node 1.
    assert!(bound <= 1.0 && bound > 0.9, "{}", called.out);
    let help = case.solve(&["--help"]).out;
    assert!(
        help.split_whitespace().collect::<Vec<_>>().join(" ").contains("whatever their levels"),
        "{help}"
    );
}

#[test]
fn what_is_read_is_not_overwritten() {
    let case = Case::new();
    let (running, levels) = (case.write("paths", "0 0 2\n1 0 2\n2 0 2\n"), case.write("levels", "0\n0\n0\n"));
    let files = ["ring.graph", "ring.demands", "paths", "levels"];
    let before = files.map(|name| case.read(name));
    let linked = case.path("linked");
    fs::hard_link(case.path("ring.graph"), &linked).unwrap();
    for (out, what) in [
        (case.path("ring.graph"), "that is the file of the network, "),
        (linked, "that is the file of the network, "),
        (case.path("ring.demands"), "that is the file of the demands, "),
        (running.clone(), "that is the file of --running, "),
        (levels.clone(), "that is the file of --priorities, "),
    ] {
        let called = case.solve(&["--running", &running, "--priorities", &levels, "--out", &out]);
        assert_eq!(called.code, Some(2), "{out}: {}", called.out);
        assert!(called.err.contains(&out) && called.err.contains(what), "{out}: {}", called.err);
    }
    assert_eq!(files.map(|name| case.read(name)), before);
}

#[test]
fn a_label_that_is_a_number_is_told_and_a_place_has_a_sign() {
    let case = Case::new();
    // The label of the first row is the place of the fifth, and the other way round.
    let graph = GRAPH.replace("\nab 0", "\n4 0").replace("\nad 0", "\n0 0");
    case.write("ring.graph", &graph);
    let called = case.solve(&["--relieve", "4=65%"]);
    assert!(called.out.starts_with("link 4 utilisation 0.600000"), "{}", called.out);
    assert!(
        called.err.contains("note: --relieve: `4` is the label of the link at place 0"),
        "{}",
        called.err
    );
    let called = case.solve(&["--relieve", "#0=65%"]);
    assert_eq!((called.code, called.err.as_str()), (Some(0), ""));
    assert!(called.out.starts_with("link 4 utilisation 0.600000"), "{}", called.out);
}

#[test]
fn the_order_of_rows_makes_no_difference() {
    let case = Case::new();
    let options = ["--lists", "2", "--adjacency", "--running"];
    let running = r#"{"demands":[
        {"index": 0, "lists": [{"weight": 1, "segments": [{"link": LINK}, {"node": 2}]}]},
        {"index": 1, "lists": [{"weight": 1, "segments": [{"node": 2}]}]},
        {"index": 2, "lists": [{"weight": 1, "segments": [{"node": 2}]}]}]}"#;
    let mut told = Vec::new();
    for turned in [false, true] {
        let (head, rows) = GRAPH.split_once("delay\n").unwrap();
        let mut rows: Vec<&str> = rows.lines().collect();
        if turned {
            rows.reverse();
        }
        let link = rows.iter().position(|row| row.starts_with("ad ")).unwrap().to_string();
        case.write("ring.graph", &format!("{head}delay\n{}\n", rows.join("\n")));
        let running = case.write("running.json", &running.replace("LINK", &link));
        let stays = case.solve(
            &[&options[..], &[running.as_str(), "--changes", "0", "--out", &case.path("stays")]].concat(),
        );
        assert_eq!(last(&stays), "mlu 0.800000 moved 0", "4 of 5 by node 3");
        assert!(
            case.read("stays").replace(' ', "").contains(&format!("\"link\":{link}}}")),
            "{}",
            case.read("stays")
        );
        let called = case.solve(&["--relieve", "ab=65%", "--out", &case.path("paths")]);
        let figures: Vec<String> =
            called.out.lines().map(|line| line.split(" seconds").next().unwrap().to_owned()).collect();
        told.push((figures, case.read("paths")));
    }
    assert_eq!(told[0], told[1]);
}

#[test]
fn demands_beyond_all_numbers_are_refused_and_large_figures_are_short() {
    let case = Case::new();
    case.write("ring.demands", "DEMANDS 3\nlabel src dest bw\nd0 0 2 1e308\nd1 0 2 1\nd2 0 2 2\n");
    let called = case.solve(&[]);
    assert_eq!(called.code, Some(2), "{}", called.out);
    assert!(
        called.err.contains("ring.demands:3:8: with this one the demands add up to more"),
        "{}",
        called.err
    );
    case.write("ring.demands", "DEMANDS 1\nlabel src dest bw\nd0 0 2 1e13\n");
    let called = case.solve(&[]);
    assert!(called.code == Some(0) && called.out.starts_with("mlu 1.000000e12 bound "), "{}", called.out);
}

#[test]
fn a_wrong_call_says_what_where_and_what_to_do() {
    let case = Case::new();
    let short = case.write("short", "0 0 2\n1 0 2\n");
    let other = case.write("other", "0 0 2\n1 1 2\n2 0 2\n");
    let broken = case.write(
        "broken.json",
        "{\"demands\": [\n{\"index\": 0, \"lists\": [{\"weight\": 1, \"segments\": [{\"hop\": 2}]}]}]}",
    );
    let levels = case.write("levels", "0\n1\n256\n");
    let long = case.write("long", "0 0 1 2 1 2 1 2\n1 0 2\n2 0 2\n");
    let longest = case.write("longest", &format!("0 0{} 2\n1 0 2\n2 0 2\n", " 1".repeat(9)));
    let cases: &[(&[&str], &str)] = &[
        (
            &["--running", &short],
            "short:3:1: demand 2 is missing: every demand stands here, one on the IGP's way as `2 0 2`",
        ),
        (
            &["--running", &other],
            "other:2:3: demand 1 enters at node 0, and not at 1; are these lists of other demands?",
        ),
        (&["--running", &broken], "broken.json:2:56: unknown variant `hop`, expected `node` or `link`"),
        (
            &["--running", &long],
            "long: what runs there is not of the kind that is asked for; add `--max-segments 6`",
        ),
        (&["--running", &longest], "10 segments of a list run there; at most 64 and 8 can be handled"),
        (&["--running", &case.path("none")], "none: there is no such file"),
        (
            &["--running", &case.path("ring.graph")],
            "ring.graph:1:1: the number of a demand is `NODES`, not a whole number",
        ),
        (&["--priorities", &levels], "levels:3:1: the level of a demand is 256; it lies between 0 and 255"),
        (&["--down", "bc,dd"], "--down: there is no link `dd`; did you mean `ad`?"),
        (&["--down", "8"], "--down: there is no link `8`; they are counted from 0, and there are 8"),
        (&["--down", "ab", "--relieve", "0=50%"], "--relieve: link `0` is also said to be down"),
        (&["--relieve", "ab"], "it names a link and a utilisation: `17=80%`"),
        (&["--relieve", "ab=80"], "write `80%`"),
        (&["--changes", "some"], "invalid value 'some' for '--changes <N>'"),
    ];
    for (options, told) in cases {
        let called = case.solve(options);
        assert_eq!(called.code, Some(2), "{options:?}: {}", called.out);
        assert!(called.err.contains(told), "{options:?}: {}", called.err);
    }
}
