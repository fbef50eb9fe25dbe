//! What a lab is like, as the kernel and the daemons tell it now.

use std::{collections::BTreeMap, path::Path};

use model::{LinkId, NodeId};
use serde::{Deserialize, Serialize};

use super::{Ground, GroundError, Igp};
use crate::{
    frr::Adjacency,
    layout::names,
    record::{IgpKind, Record, Stage},
    space::{self, of_file},
    watch,
    wire::{Count, Impairment},
};

/// A lab now.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Its name.
    pub lab: String,
    /// Who computes its routes.
    pub igp: IgpKind,
    /// Its nodes.
    pub nodes: BTreeMap<NodeId, NodeStatus>,
    /// Its lines; none where nobody keeps the lab, who would know them.
    pub lines: BTreeMap<LinkId, LineStatus>,
}

/// A node now.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// Its namespace.
    pub space: String,
    /// Whether that is there.
    pub stands: bool,
    /// Whether it is a host; unknown where nobody keeps the lab.
    pub host: Option<bool>,
    /// How many daemons of it run; none where it has none to run.
    pub daemons: Option<usize>,
    /// Its IS-IS adjacencies, where its daemon tells them.
    pub adjacencies: Option<Vec<Adjacency>>,
}

/// A line now.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LineStatus {
    /// Its ends: node and interface.
    pub ends: [String; 2],
    /// Whether both ends are up; unknown where one does not tell.
    pub up: Option<bool>,
    /// What it does to frames now, out of A first; none where it has no wire.
    pub impairments: Option<[Impairment; 2]>,
    /// What of that was added by faults, out of A first.
    #[serde(default)]
    pub added: [Impairment; 2],
    /// What its wire has seen, out of A first.
    pub counts: Option<[Count; 2]>,
}

impl Ground {
    /// What the lab is like now.
    ///
    /// # Errors
    /// A namespace that stands cannot be entered.
    pub fn status(&self) -> Result<Status, GroundError> {
        let standing = space::standing(&names::of_lab(&self.layout.lab));
        let here: Vec<_> =
            self.layout.nodes.iter().filter(|(_, stand)| standing.contains(&stand.space)).collect();
        let told = space::each(&here, |(_, stand)| &stand.space, |_| watch::now())?;
        let interfaces: BTreeMap<&NodeId, BTreeMap<String, bool>> =
            here.iter().map(|(id, _)| *id).zip(told).collect();
        let nodes = self.layout.nodes.iter().map(|(id, stand)| {
            let is_router = self.layout.ted.nodes.contains_key(id);
            let daemons = match &self.igp {
                Igp::Frr(daemons) if is_router => Some(daemons),
                _ => None,
            };
            let status = NodeStatus {
                space: stand.space.clone(),
                stands: standing.contains(&stand.space),
                host: Some(!is_router),
                daemons: daemons.map(|daemons| daemons.count(id)),
                // One that does not answer, or is frozen, is unknown.
                adjacencies: daemons.and_then(|daemons| daemons.adjacencies(id).ok()),
            };
            (id.clone(), status)
        });
        let nodes = nodes.collect();
        let counts = self.wires.counts();
        let lines = self.layout.lines.iter().map(|(id, line)| {
            let of_end = |end: &crate::layout::End| interfaces.get(&end.node)?.get(&end.device).copied();
            let [a, z] = &line.ends;
            let faults = self.faults.get(id).copied().unwrap_or_default();
            let [fault_a, fault_z] = faults;
            let status = LineStatus {
                ends: [a, z].map(|end| format!("{}:{}", end.node, end.interface)),
                up: of_end(a).zip(of_end(z)).map(|(a, z)| a && z),
                impairments: line.wire.map(|[own_a, own_z]| [own_a.then(fault_a), own_z.then(fault_z)]),
                added: faults,
                counts: counts.get(id).copied(),
            };
            (id.clone(), status)
        });
        Ok(Status { lab: self.layout.lab.clone(), igp: self.options.igp, nodes, lines: lines.collect() })
    }

    /// The network as a router's daemon of IS-IS has it, see [`Daemons::graph`](crate::frr::Daemons::graph); none with the lab's own IGP.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub fn graph(&self, router: &NodeId) -> Result<Option<String>, GroundError> {
        match &self.igp {
            Igp::Frr(daemons) => Ok(daemons.graph(router)?),
            Igp::Builtin(_) => Ok(None),
        }
    }
}

/// What is left of a lab that nobody keeps, by its record; none where there is no record. Nothing is asked of anybody.
///
/// # Errors
/// The record cannot be read.
pub fn look(folder: &Path) -> Result<Option<(Status, Stage)>, GroundError> {
    let Some(record) = Record::read(folder).map_err(|cause| of_file(folder, cause))? else { return Ok(None) };
    let standing = space::standing(&names::of_lab(&record.lab));
    let nodes = record.spaces.into_iter().map(|(id, space)| {
        let stands = standing.contains(&space);
        (id, NodeStatus { space, stands, ..NodeStatus::default() })
    });
    let status = Status { lab: record.lab, igp: record.igp, nodes: nodes.collect(), lines: BTreeMap::new() };
    Ok(Some((status, record.stage)))
}
