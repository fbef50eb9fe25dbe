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
        place(&format!("{head}d0 0 2 -40\n")),
        (3, 8, "the demand's rate in kbit/s is -40; it has to be 0 or above".to_owned())
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

#[test]
fn demands_that_no_number_can_hold_are_refused_at_the_one_that_goes_over() {
    let head = "DEMANDS 3\nlabel src dest bw\n";
    let rows = format!("{head}d0 0 2 9e301\nd1 0 2 9e301\nd2 0 2 1\n");
    let error = read_demands(rows.as_bytes(), 3).unwrap_err();
    assert_eq!((error.line, error.column), (4, 8), "{error}");
    assert!(error.message.starts_with("with this one the demands add up to more"), "{error}");
    assert!(read_demands(rows.replace("9e301", "8e301").as_bytes(), 3).is_ok());
    // Beside a narrow link less is too much.
    let graph = GRAPH.replace("e1 1 2 5", "e1 1 2 5 1e-300 1\ne2 1 2 5");
    let graph = graph.replace("EDGES 2", "EDGES 3");
    let (file, error) =
        read_repetita(graph.as_bytes(), format!("{head}d0 0 2 4000\n").as_bytes()).unwrap_err();
    assert_eq!((file, error.line), (RepetitaFile::Demands, 3), "{error}");
}

#[test]
fn the_labels_of_edges_are_those_of_their_rows() {
    assert_eq!(read_edge_labels(GRAPH.as_bytes()).unwrap(), ["e0", "e1"]);
    let damaged = GRAPH.replace("e1 1 2 5", "e1 1 9 5");
    assert_eq!(
        read_edge_labels(damaged.as_bytes()).unwrap_err(),
        read_graph(damaged.as_bytes()).unwrap_err()
    );
}

#[test]
fn every_demand_has_a_level() {
    assert_eq!(
        read_priorities(
            b"0
255

 1",
            3
        )
        .unwrap(),
        [0, 255, 1]
    );
    assert_eq!(read_priorities(b"", 0).unwrap(), [0_u8; 0]);
    let place = |text: &str| {
        let error = read_priorities(text.as_bytes(), 2).unwrap_err();
        (error.line, error.column, error.message)
    };
    let few = "the file ends after 1 of 2 levels: each demand has a line, in the order of the demands";
    assert_eq!(place("0\n"), (2, 1, few.to_owned()));
    assert_eq!(
        place("0\n1\n2\n"),
        (3, 1, "a line too many: there are 2 demands, and each has one line".to_owned())
    );
    assert_eq!(
        place("0\n256\n"),
        (2, 1, "the level of a demand is 256; it lies between 0 and 255".to_owned())
    );
    assert_eq!(place("0\n1 1\n"), (2, 3, "`1` is one column too many".to_owned()));
    assert_eq!(place("low\n"), (1, 1, "the level of a demand is `low`, not a whole number".to_owned()));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_graph(&bytes);
        let _ = read_demands(&bytes, 5);
        let _ = read_priorities(&bytes, 5);
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
