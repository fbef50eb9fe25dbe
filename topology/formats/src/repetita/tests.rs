//! What is read, and where faults are said to be.

use proptest::prelude::*;

use super::*;

const GRAPH: &str = "NODES 3\nlabel x y\na 0.5 1\nb 1 -2e1\nc 3 4\n\nEDGES 2\nlabel src dest weight bw delay\n\
                     e0 0 1 10 1000 7\ne1 1 2 5 2500.5 0\n";

#[test]
fn a_network_and_its_demands_are_read() {
    let demands = "DEMANDS 2\nlabel src dest bw\nd0 0 2 40\nd1 1 1 3\n";
    let instance = read_repetita(GRAPH.as_bytes(), demands.as_bytes()).unwrap();
    assert_eq!(instance.nodes, 3);
    assert_eq!(instance.edges[1], Edge { from: 1, to: 2, metric: 5, capacity: 2500.5, delay: 0.0 });
    assert_eq!(instance.demands[1], Demand { from: 1, to: 1, volume: 3.0, max_delay: None });
}

#[test]
fn line_ends_of_other_systems_are_read() {
    let text = GRAPH.replace('\n', "\r\n");
    assert_eq!(read_graph(text.as_bytes()), read_graph(GRAPH.as_bytes()));
}

#[test]
fn a_fault_is_said_with_its_place() {
    let place = |demands: &str| {
        let error = read_demands(demands.as_bytes(), 3).unwrap_err();
        (error.line, error.column, error.message)
    };
    let head = "DEMANDS 2\nlabel src dest bw\n";
    assert_eq!(
        place(&format!("{head}d0 0 3 40\n")),
        (3, 6, "the node where the demand leaves is 3; it lies between 0 and 2".to_owned())
    );
    assert_eq!(
        place("DEMANDS 99999999999999999999999999\nlabel src dest bw\n"),
        (
            1,
            9,
            "the count after `DEMANDS` is 999999999999999999999999…; it lies between 0 and 10000000"
                .to_owned()
        )
    );
    assert_eq!(
        place(&format!("{head}d0 0 2 4o\n")),
        (3, 8, "the demand's rate in kbit/s is `4o`, not a number".to_owned())
    );
    assert_eq!(
        place(&format!("{head}d0 0 2 4\n")),
        (4, 1, "the file ends where a demand's label should stand".to_owned())
    );
    assert_eq!(place(&format!("{head}d0 0 2 4 5\n")), (3, 10, "`5` is one column too many".to_owned()));
    assert_eq!(place("DEMAND 2\n"), (1, 1, "expected `DEMANDS` and a count, found `DEMAND`".to_owned()));
    assert_eq!(place("DEMANDS 99999999999\nx\n").1, 9);
    assert_eq!(place("DEMANDS 0\nlabel\nmore\n").0, 3);
}

#[test]
fn a_count_beyond_the_file_reserves_nothing() {
    let error = read_demands(b"DEMANDS 10000000\nlabel src dest bw\n", 3).unwrap_err();
    assert_eq!((error.line, error.column), (3, 1));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_graph(&bytes);
        let _ = read_demands(&bytes, 5);
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0..GRAPH.len(), byte in any::<u8>(), cut in 0..GRAPH.len()) {
        let mut bytes = GRAPH.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = read_graph(&bytes);
        bytes.truncate(cut);
        let _ = read_graph(&bytes);
    }
}
