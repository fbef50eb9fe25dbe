//! What can be done to a lab, and undone.

use std::collections::BTreeMap;

use model::{LinkId, NodeId, Side};
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::{Ground, GroundError, Igp};
use crate::{
    layout::Line,
    recipe,
    space::{self, Refusal},
    wire::Impairment,
};

/// What was done to lines, out of A first.
pub(super) type Faults = BTreeMap<LinkId, [Impairment; 2]>;

/// Something to do to a lab.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Cuts a line.
    LinkDown {
        /// Which.
        link: LinkId,
    },
    /// Joins it again.
    LinkUp {
        /// Which.
        link: LinkId,
    },
    /// Makes a line worse than it is by itself. What was done to the same direction before is replaced; a fault of nothing heals.
    Impair {
        /// Which.
        link: LinkId,
        /// The end whose outgoing traffic suffers; both where absent.
        #[serde(default)]
        from: Option<Side>,
        /// What comes on top.
        #[serde(default)]
        by: Impairment,
    },
    /// Kills the daemons of a router at once. What it forwards by stays.
    NodeKill {
        /// Which.
        node: NodeId,
    },
    /// Ends them in order and starts them again; thaws them, too.
    NodeRestart {
        /// Which.
        node: NodeId,
    },
    /// Freezes them: they do not run, and do not know it.
    NodeFreeze {
        /// Which.
        node: NodeId,
    },
    /// Keeps a router and its controller from each other. It forwards all the same.
    ControlPlaneCut {
        /// Which.
        node: NodeId,
    },
    /// Lets them reach each other again.
    ControlPlaneJoin {
        /// Which.
        node: NodeId,
    },
}

impl Ground {
    /// Does something to the lab.
    ///
    /// # Errors
    /// There is no such line or router, or it cannot be done to it.
    pub fn fault(&mut self, fault: &Fault) -> Result<(), GroundError> {
        match fault {
            Fault::LinkDown { link } => self.switch(link, false),
            Fault::LinkUp { link } => self.switch(link, true),
            Fault::Impair { link, from, by } => self.impair(link, *from, *by),
            Fault::NodeKill { node } => self.signal(node, Signal::KILL),
            Fault::NodeFreeze { node } => self.signal(node, Signal::STOP),
            Fault::ControlPlaneCut { .. } | Fault::ControlPlaneJoin { .. } => {
                let why = "the control plane is not of the ground: who runs the agents keeps them from their controller";
                Err(GroundError::Impossible(why.to_owned()))
            }
            Fault::NodeRestart { node } => {
                self.is_router(node)?;
                match &self.igp {
                    Igp::Frr(daemons) => Ok(daemons.restart(node)?),
                    Igp::Builtin(_) => Err(no_daemons(node)),
                }
            }
        }
    }

    fn line(&self, link: &LinkId) -> Result<&Line, GroundError> {
        let unknown = || GroundError::Unknown { what: "link", name: link.to_string() };
        self.layout.lines.get(link).ok_or_else(unknown)
    }

    fn is_router(&self, node: &NodeId) -> Result<(), GroundError> {
        if self.layout.ted.nodes.contains_key(node) {
            return Ok(());
        }
        Err(GroundError::Unknown { what: "router", name: node.to_string() })
    }

    /// Takes both ends of a line down, or up with all that the kernel forgot.
    fn switch(&self, link: &LinkId, up: bool) -> Result<(), GroundError> {
        for end in &self.line(link)?.ends {
            let Some(stand) = self.layout.nodes.get(&end.node) else { continue };
            let Some(at) = stand.interfaces.get(&end.interface) else { continue };
            let text = if up { recipe::interface(&self.layout, stand, at) } else { recipe::down(at) };
            space::inside(&end.space, || space::ip(&text, Refusal::Stops))?;
        }
        Ok(())
    }

    fn impair(&mut self, link: &LinkId, from: Option<Side>, by: Impairment) -> Result<(), GroundError> {
        let Some(own) = self.line(link)?.wire else {
            return Err(GroundError::Impossible(format!(
                "the line {link} has no wire that could make it worse: give it a delay in its `vars` (1us will do), or make the lab with --wires all"
            )));
        };
        let faults = self.faults.entry(link.clone()).or_default();
        for (fault, side) in faults.iter_mut().zip([Side::A, Side::Z]) {
            if from.is_none_or(|from| from == side) {
                *fault = by;
            }
        }
        let [a, z] = *faults;
        let [own_a, own_z] = own;
        self.wires.set(link, [own_a.then(a), own_z.then(z)]);
        Ok(())
    }

    fn signal(&self, node: &NodeId, signal: Signal) -> Result<(), GroundError> {
        self.is_router(node)?;
        let Igp::Frr(daemons) = &self.igp else { return Err(no_daemons(node)) };
        if daemons.send(node, signal) == 0 {
            return Err(GroundError::Impossible(format!("no daemon of {node} runs")));
        }
        Ok(())
    }
}

fn no_daemons(node: &NodeId) -> GroundError {
    GroundError::Impossible(format!(
        "{node} has no process of its own: with --igp builtin the lab computes all routes in one; make it with --igp frr"
    ))
}
