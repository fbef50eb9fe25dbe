//! Everything that a search reads and never changes.

use model::dense::Instance;

use crate::{
    ecmp::Routes,
    network::{Flow, Network, Unsolvable, flows},
    options::Options,
};

/// The problem in the tables that searches use.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub network: Network,
    pub routes: Routes,
    /// By destination, then source.
    pub flows: Vec<Flow>,
    /// Where the flows of each destination start; one more than there are nodes.
    pub towards: Vec<u32>,
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
        let flows = flows(instance)?;
        let routes = Routes::new(&network, options.threads);
        let mut towards = vec![0_u32; network.nodes + 1];
        for flow in &flows {
            if routes.delay(flow.from, flow.to).is_infinite() {
                return Err(Unsolvable::Demand {
                    demand: flow.index as usize,
                    what: "no path leads from where it enters to where it leaves",
                });
            }
            towards[usize::from(flow.to) + 1] += 1;
        }
        for node in 0..network.nodes {
            towards[node + 1] += towards[node];
        }
        let smallest = network.working().map(|edge| network.capacity[edge]).fold(f64::INFINITY, f64::min);
        let (segments, adjacency) = (options.max_segments, options.adjacency);
        Ok(Self { network, routes, flows, towards, segments, adjacency, smallest })
    }

    /// The flows to a destination, as places in `flows`.
    pub fn flows_to(&self, node: usize) -> std::ops::Range<usize> {
        self.towards[node] as usize..self.towards[node + 1] as usize
    }
}
