//! What a solution is worth, worked out apart from the optimiser: distances by Bellman and Ford, flows pushed node by node.

use std::collections::BTreeMap;

use model::dense::Instance;
use optimise::{Segment, WeightedList};

/// The utilisation of each edge when every demand goes by its weighted lists; those in `down` carry nothing.
///
/// # Panics
/// A list is no answer: it ends elsewhere, leaves a node that it is not at, or has no weight.
pub fn utilisation(instance: &Instance, lists: &[Vec<WeightedList>], down: &[u32]) -> Vec<f64> {
    let mut load = vec![0.0; instance.edges.len()];
    // What enters at each node for each target of a node segment.
    let mut enters: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    assert_eq!(lists.len(), instance.demands.len(), "every demand has an answer");
    for (demand, lists) in instance.demands.iter().zip(lists) {
        if demand.from == demand.to || demand.volume == 0.0 {
            continue;
        }
        let sum: f64 = lists.iter().map(|list| f64::from(list.weight)).sum();
        assert!(sum > 0.0, "a demand has a list with a weight");
        for WeightedList { weight, segments } in lists {
            let volume = demand.volume * f64::from(*weight) / sum;
            let mut at = demand.from;
            for &segment in segments {
                match segment {
                    Segment::Node(to) => {
                        let row = enters.entry(to).or_insert_with(|| vec![0.0; instance.nodes as usize]);
                        row[at as usize] += volume;
                        at = to;
                    }
                    Segment::Link(id) => {
                        let edge = &instance.edges[id as usize];
                        assert_eq!(edge.from, at, "a link segment starts where the packet is");
                        assert!(!down.contains(&id), "a link segment over a working link");
                        load[id as usize] += volume;
                        at = edge.to;
                    }
                }
            }
            assert_eq!(at, demand.to, "the last segment ends at the destination");
        }
    }
    for (to, row) in enters {
        push(instance, to, row, down, &mut load);
    }
    load.iter().zip(&instance.edges).map(|(load, edge)| load / edge.capacity).collect()
}

/// Pushes what enters towards one node, farthest node first.
fn push(instance: &Instance, to: u32, mut held: Vec<f64>, down: &[u32], load: &mut [f64]) {
    let mut distance = vec![u64::MAX; held.len()];
    distance[to as usize] = 0;
    let usable = |id: usize| !down.contains(&(id as u32));
    loop {
        let mut changed = false;
        for (_, edge) in instance.edges.iter().enumerate().filter(|(id, _)| usable(*id)) {
            let onward = distance[edge.to as usize].saturating_add(u64::from(edge.metric));
            if onward < distance[edge.from as usize] {
                distance[edge.from as usize] = onward;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut hops = vec![Vec::new(); held.len()];
    for (id, edge) in instance.edges.iter().enumerate().filter(|(id, _)| usable(*id)) {
        let (from, far) = (edge.from as usize, distance[edge.to as usize]);
        if far != u64::MAX && far + u64::from(edge.metric) == distance[from] {
            hops[from].push(id);
        }
    }
    let mut order: Vec<usize> = (0..held.len()).filter(|&node| node != to as usize).collect();
    order.sort_by_key(|&node| std::cmp::Reverse(distance[node]));
    for node in order {
        if held[node] == 0.0 {
            continue;
        }
        assert!(!hops[node].is_empty(), "node {node} does not reach {to}");
        let each = held[node] / hops[node].len() as f64;
        for &id in &hops[node] {
            load[id] += each;
            held[instance.edges[id].to as usize] += each;
        }
    }
}
