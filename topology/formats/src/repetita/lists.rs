//! Segment lists of an instance's demands: what an optimiser answers, and what runs when it is asked again.
//!
//! Two forms, told apart by the first character. Rows, `demand source middle… destination`, have a place for one list of node
//! segments a demand. JSON, `{"demands":[{"index":0,"lists":[{"weight":1,"segments":[{"node":5},{"link":12}]}]}]}`, has one
//! for all lists, their weights, and links.
//!
//! What is read fits its instance: every demand stands there once, and each of its lists leads from where it enters to where it
//! leaves. So a file of other demands, or one that was cut off, is an error and no strange network.

mod json;
mod rows;

use std::fmt::Write as _;

use model::dense::{Demand, Instance, Segment, WeightedList};

use super::RepetitaError;

/// The most segments of a list that are read.
const MOST_SEGMENTS: usize = 64;

/// Reads the lists of every demand, by its place in the instance.
///
/// # Errors
/// The first thing that is wrong.
pub fn read(text: &[u8], instance: &Instance) -> Result<Vec<Vec<WeightedList>>, RepetitaError> {
    let mut taken = Taken { instance, lists: vec![Vec::new(); instance.demands.len()] };
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => json::read(text, &mut taken)?,
        _ => rows::read(text, &mut taken)?,
    }
    Ok(taken.lists)
}

/// Writes a row for every demand; nothing where a demand has several lists, or a link is a segment: rows have no place for these.
pub fn to_rows(instance: &Instance, lists: &[Vec<WeightedList>]) -> Option<String> {
    let mut text = String::with_capacity(16 * instance.demands.len());
    for (index, (demand, lists)) in instance.demands.iter().zip(lists).enumerate() {
        let [list] = &lists[..] else { return None };
        // Writing into a string cannot fail.
        let _ = write!(text, "{index} {}", demand.from);
        for segment in &list.segments {
            let Segment::Node(node) = segment else { return None };
            let _ = write!(text, " {node}");
        }
        text.push('\n');
    }
    Some(text)
}

/// Writes all lists with their weights as one line of JSON.
pub fn to_json(lists: &[Vec<WeightedList>]) -> String {
    json::write(lists)
}

/// What was read so far.
struct Taken<'a> {
    instance: &'a Instance,
    /// Empty where a demand has not come yet.
    lists: Vec<Vec<WeightedList>>,
}

impl<'a> Taken<'a> {
    /// A demand that comes now.
    fn demand(&self, index: u32) -> Result<&'a Demand, String> {
        let count = self.lists.len();
        match self.lists.get(index as usize) {
            None => Err(format!("there is no demand {index}: there are {count}, counted from 0")),
            Some(lists) if !lists.is_empty() => {
                Err(format!("demand {index} stands here for the second time; leave one of the two"))
            }
            Some(_) => Ok(&self.instance.demands[index as usize]),
        }
    }

    fn take(&mut self, index: u32, lists: Vec<WeightedList>) -> Result<(), String> {
        let demand = self.demand(index)?;
        if lists.is_empty() {
            let to = demand.to;
            return Err(format!(
                "demand {index} has no list; on the IGP's way it has one, to node {to} alone"
            ));
        }
        for (place, list) in lists.iter().enumerate() {
            fits(self.instance, demand, list)
                .map_err(|why| format!("demand {index}, list {}: {why}", place + 1))?;
        }
        self.lists[index as usize] = lists;
        Ok(())
    }

    /// Whether every demand has come; `alone` writes one that goes the IGP's way.
    fn all(&self, alone: impl Fn(u32, &Demand) -> String) -> Result<(), String> {
        let missing = || self.lists.iter().enumerate().filter(|(_, lists)| lists.is_empty());
        let Some((first, _)) = missing().next() else { return Ok(()) };
        let more = match missing().count() - 1 {
            0 => "is".to_owned(),
            more => format!("and {more} more are"),
        };
        let alone = alone(u32::try_from(first).unwrap_or(u32::MAX), &self.instance.demands[first]);
        Err(format!(
            "demand {first} {more} missing: every demand stands here, one on the IGP's way as `{alone}`"
        ))
    }
}

/// Whether a list leads from where its demand enters to where it leaves.
fn fits(instance: &Instance, demand: &Demand, list: &WeightedList) -> Result<(), String> {
    if list.weight == 0 {
        return Err("its weight is 0; leave the list out, or give it at least 1".to_owned());
    }
    if list.segments.is_empty() || list.segments.len() > MOST_SEGMENTS {
        let found = list.segments.len();
        return Err(format!("it has {found} segments; a list has 1 to {MOST_SEGMENTS}"));
    }
    let mut at = demand.from;
    for segment in &list.segments {
        at = match *segment {
            Segment::Node(node) if node < instance.nodes => node,
            Segment::Node(node) => {
                let nodes = instance.nodes;
                return Err(format!("there is no node {node}: there are {nodes}, counted from 0"));
            }
            Segment::Link(link) => match instance.edges.get(link as usize) {
                Some(edge) if edge.from == at => edge.to,
                Some(edge) => {
                    let from = edge.from;
                    return Err(format!("link {link} starts at node {from}, and the list has come to {at}"));
                }
                None => {
                    let edges = instance.edges.len();
                    return Err(format!("there is no link {link}: there are {edges}, counted from 0"));
                }
            },
        };
    }
    if at == demand.to {
        return Ok(());
    }
    Err(format!(
        "it ends at node {at}, and the demand leaves at {}; are these lists of other demands?",
        demand.to
    ))
}

#[cfg(test)]
mod tests;
