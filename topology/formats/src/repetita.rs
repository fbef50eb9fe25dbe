//! Repetita files: published traffic-engineering instances, one file for the network and one for its demands.
//!
//! The form is that of the Repetita collection (Gay, Schaus, Vissicchio: "REPETITA: Repeatable Experiments for Performance
//! Evaluation of Traffic-Engineering Algorithms", 2017): a count, a line that names the columns, and so many rows. Rates are
//! kbit/s, delays microseconds, ids count from 0. Columns are told apart by white space, so labels have none.
//!
//! Beside them stand files of ours about the same demands: the lists that they go by ([`lists`]) and their levels
//! ([`read_priorities`]).
//!
//! Reading is one pass over the bytes without a copy: 99,000 demands take a few milliseconds.

mod cursor;

pub mod lists;

use model::dense::{Demand, Edge, Instance};
use thiserror::Error;

use cursor::Cursor;

/// The most nodes that are read.
pub const MAX_NODES: u32 = 10_000;
/// The most edges, and a tenth of the most demands, that are read.
pub const MAX_EDGES: u32 = 1_000_000;

const MAX_DEMANDS: u32 = 10 * MAX_EDGES;

/// Why a file cannot be read, and where.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("line {line}, column {column}: {message}")]
pub struct RepetitaError {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in bytes.
    pub column: u32,
    /// What is wrong there and what was expected.
    pub message: String,
}

/// Reads the network (`.graph`) and what it carries (`.demands`).
///
/// # Errors
/// The first thing that is wrong, and in which of the two files.
pub fn read_repetita(graph: &[u8], demands: &[u8]) -> Result<Instance, (RepetitaFile, RepetitaError)> {
    let mut instance = read_graph(graph).map_err(|error| (RepetitaFile::Graph, error))?;
    instance.demands = rows_of_demands(demands, &instance).map_err(|error| (RepetitaFile::Demands, error))?;
    Ok(instance)
}

/// Which of the two files.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RepetitaFile {
    /// The network.
    Graph,
    /// What it carries.
    Demands,
}

/// Reads a `.graph` file; the instance has no demands.
///
/// # Errors
/// The first thing that is wrong.
pub fn read_graph(text: &[u8]) -> Result<Instance, RepetitaError> {
    graph(text, |_| ())
}

/// The labels of the edges of a `.graph` file, by id; what is not UTF-8 in them is replaced. People name links by these, so they
/// are read where somebody does.
///
/// # Errors
/// The first thing that is wrong.
pub fn read_edge_labels(text: &[u8]) -> Result<Vec<String>, RepetitaError> {
    let mut labels = Vec::new();
    graph(text, |label| labels.push(String::from_utf8_lossy(label).into_owned()))?;
    Ok(labels)
}

fn graph<'a>(text: &'a [u8], mut label: impl FnMut(&'a [u8])) -> Result<Instance, RepetitaError> {
    let mut cursor = Cursor::new(text);
    let nodes = cursor.section("NODES", MAX_NODES)?;
    for _ in 0..nodes {
        cursor.word("a node's label")?;
        cursor.number("the node's x")?;
        cursor.number("the node's y")?;
        cursor.end_of_row()?;
    }
    let count = cursor.section("EDGES", MAX_EDGES)?;
    let mut edges = Vec::new();
    for _ in 0..count {
        label(cursor.word("an edge's label")?);
        let from = cursor.id("the node where the edge starts", nodes)?;
        let to = cursor.id("the node where the edge ends", nodes)?;
        let metric = cursor.integer("the edge's weight", 1, u32::MAX)?;
        let capacity = cursor.rate("the edge's bandwidth in kbit/s", true)?;
        let delay = cursor.rate("the edge's delay in microseconds", false)?;
        cursor.end_of_row()?;
        edges.push(Edge { from, to, metric, capacity, delay });
    }
    cursor.end()?;
    Ok(Instance { nodes, edges, demands: Vec::new() })
}

/// Reads a `.demands` file for a network of `nodes` nodes.
///
/// # Errors
/// The first thing that is wrong.
pub fn read_demands(text: &[u8], nodes: u32) -> Result<Vec<Demand>, RepetitaError> {
    rows_of_demands(text, &Instance { nodes, ..Instance::default() })
}

/// How far below the largest number sums of rates stay: a list crosses a link several times, and what is reckoned with the
/// utilisations weighs them by thousands.
const HEADROOM: f64 = 1e6;

/// The demands on a network. Utilisations are quotients of their sums, so what would make one of these no number is refused here,
/// where its row is known.
fn rows_of_demands(text: &[u8], network: &Instance) -> Result<Vec<Demand>, RepetitaError> {
    let nodes = network.nodes;
    let narrowest = network.edges.iter().map(|edge| edge.capacity).fold(f64::INFINITY, f64::min);
    let most = f64::MAX / HEADROOM * narrowest.min(1.0);
    let mut sum = 0.0;
    let mut cursor = Cursor::new(text);
    let count = cursor.section("DEMANDS", MAX_DEMANDS)?;
    // A row has at least eight bytes, so a count that the file cannot hold reserves nothing.
    let mut demands = Vec::with_capacity((count as usize).min(text.len() / 8));
    for _ in 0..count {
        cursor.word("a demand's label")?;
        let from = cursor.id("the node where the demand enters", nodes)?;
        let to = cursor.id("the node where the demand leaves", nodes)?;
        let volume = cursor.rate("the demand's rate in kbit/s", false)?;
        sum += volume;
        if sum > most {
            return Err(cursor.refuse_word(format!(
                "with this one the demands add up to more than can be reckoned with, {most:.3e} kbit/s on this network"
            )));
        }
        cursor.end_of_row()?;
        demands.push(Demand { from, to, volume, max_delay: None });
    }
    cursor.end()?;
    Ok(demands)
}

/// Reads the level of each of so many demands, 0 to 255: one number on a line, in the order of the demands.
///
/// # Errors
/// The first thing that is wrong.
pub fn read_priorities(text: &[u8], demands: usize) -> Result<Vec<u8>, RepetitaError> {
    let mut cursor = Cursor::new(text);
    let mut priorities = Vec::new();
    while cursor.has_row() {
        if priorities.len() == demands {
            let message = format!("a line too many: there are {demands} demands, and each has one line");
            return Err(cursor.refuse(message));
        }
        let level = cursor.integer("the level of a demand", 0, u32::from(u8::MAX))?;
        priorities.push(u8::try_from(level).expect("it was read as at most 255"));
        cursor.end_of_row()?;
    }
    if priorities.len() < demands {
        let message = format!(
            "the file ends after {} of {demands} levels: each demand has a line, in the order of the demands",
            priorities.len()
        );
        return Err(cursor.refuse(message));
    }
    Ok(priorities)
}

#[cfg(test)]
mod tests;
