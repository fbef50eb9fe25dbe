//! Everything that a search reads and never changes.

use std::sync::Arc;

use model::dense::Instance;

use crate::{
    ecmp::{Hit, Routes},
    network::{Flow, Network, Unsolvable, flows, small},
    options::Options,
};

/// The problem in the tables that searches use.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub network: Arc<Network>,
    pub routes: Arc<Routes>,
    /// What each place carries of flows that are not among these and stay where they are.
    pub base: Vec<f64>,
    /// By destination, then source.
    pub flows: Arc<Vec<Flow>>,
    /// Where the flows of each destination start; one more than there are nodes.
    pub towards: Arc<Vec<u32>>,
    /// The most segments of a list.
    pub segments: usize,
    /// Whether an edge may be a segment.
    pub adjacency: bool,
    /// The smallest capacity.
    pub smallest: f64,
}

impl Problem {
    /// Checks the instance and works out its routes.
    pub fn new(instance: &Instance, options: &Options) -> Result<Self, Unsolvable> {
        let network = Network::new(instance, options)?;
        let flows = flows(instance, &options.priorities)?;
        let routes = Routes::new(&network, options.threads)?;
        for flow in &flows {
            if routes.delay(flow.from, flow.to).is_infinite() {
                return Err(Unsolvable::Demand {
                    demand: flow.index as usize,
                    what: "no path leads from where it enters to where it leaves",
                });
            }
        }
        let towards = Arc::new(towards(&flows, network.nodes));
        let smallest = network.smallest();
        let (segments, adjacency) = (options.max_segments, options.adjacency);
        let base = vec![0.0; network.places()];
        let (network, routes, flows) = (Arc::new(network), Arc::new(routes), Arc::new(flows));
        Ok(Self { network, routes, base, flows, towards, segments, adjacency, smallest })
    }

    /// The same without some edges, and which ways are other than before. Whether every flow still has a way is not looked at.
    ///
    /// # Errors
    /// One of the edges does not exist, or the ways do not fit into the tables.
    pub fn without(&self, edges: &[u32], threads: usize) -> Result<(Self, Hit), Unsolvable> {
        let network = self.network.without(edges)?;
        let cut: Vec<u16> = edges.iter().map(|&edge| small(edge as usize)).collect();
        let (routes, hit) = self.routes.without(&network, &cut, threads)?;
        let smallest = network.smallest();
        let (network, routes) = (Arc::new(network), Arc::new(routes));
        Ok((Self { network, routes, smallest, ..self.clone() }, hit))
    }

    /// The same with some of the flows, in their order, above what the others put on each place.
    pub fn among(&self, places: &[usize], base: Vec<f64>) -> Self {
        let flows: Vec<Flow> = places.iter().map(|at| self.flows[*at]).collect();
        let towards = Arc::new(towards(&flows, self.network.nodes));
        let flows = Arc::new(flows);
        let (network, routes) = (Arc::clone(&self.network), Arc::clone(&self.routes));
        Self { network, routes, base, flows, towards, ..*self }
    }

    /// The highest utilisation under some load of each place.
    pub fn highest(&self, load: &[f64]) -> f64 {
        load.iter().zip(&self.network.inverse).map(|(load, inverse)| load * inverse).fold(0.0, f64::max)
    }

    /// The flows to a destination, as places in `flows`.
    pub fn flows_to(&self, node: usize) -> std::ops::Range<usize> {
        self.towards[node] as usize..self.towards[node + 1] as usize
    }
}

/// Where the flows of each destination start.
fn towards(flows: &[Flow], nodes: usize) -> Vec<u32> {
    let mut towards = vec![0_u32; nodes + 1];
    flows.iter().for_each(|flow| towards[usize::from(flow.to) + 1] += 1);
    (0..nodes).for_each(|node| towards[node + 1] += towards[node]);
    towards
}
