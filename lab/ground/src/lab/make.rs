//! What is made, in its order: settings before interfaces, interfaces before addresses, addresses before routes.

use std::collections::BTreeMap;

use model::{LinkId, NodeId, Side};

use super::{GroundError, Igp, Options, Progress, ROUTES};
use crate::{
    follow::Follow,
    frr::Daemons,
    layout::{Layout, Stand},
    recipe,
    record::IgpKind,
    space::{self, Refusal, SpaceError},
    tap::{self, WiredLine, Wires},
};

/// Told what has been done; an error where that is where it ends.
pub(super) type Step<'a> = &'a mut dyn FnMut(Progress) -> Result<(), GroundError>;

/// Makes everything, unless a step is the last.
pub(super) fn all(layout: &Layout, options: &Options, step: Step<'_>) -> Result<(Wires, Igp), GroundError> {
    let nodes: Vec<(&NodeId, &Stand)> = layout.nodes.iter().collect();
    space::ip(&recipe::spaces(nodes.iter().map(|(_, stand)| stand.space.as_str())), Refusal::Stops)?;
    space::each(&nodes, |(_, stand)| &stand.space, |(_, stand)| space::set(&recipe::settings(&stand.kind)))?;
    step(Progress::Namespaces(nodes.len()))?;
    space::ip(&recipe::pairs(layout), Refusal::Stops)?;
    let wired = wired(layout, &nodes)?;
    step(Progress::Lines(layout.lines.len(), wired.len()))?;
    space::each(
        &nodes,
        |(_, stand)| &stand.space,
        |(_, stand)| space::ip(&recipe::node(layout, stand), Refusal::Stops),
    )?;
    step(Progress::Addresses(nodes.len()))?;
    let wires = Wires::start(wired, options.seed);
    let wires = wires.map_err(|cause| SpaceError::Run { program: "the wires", cause })?;
    let igp = match options.igp {
        IgpKind::Builtin => {
            let (follow, routes) = Follow::start(layout, ROUTES)?;
            step(Progress::Routes(routes))?;
            Igp::Builtin(follow)
        }
        IgpKind::Frr => {
            let daemons = Daemons::of(layout, &options.folder);
            daemons.start(layout)?;
            step(Progress::Daemons(layout.ted.nodes.len()))?;
            Igp::Frr(daemons)
        }
    };
    Ok((wires, igp))
}

/// Makes the ends of all lines that need a wire, each in its namespace.
fn wired(layout: &Layout, nodes: &[(&NodeId, &Stand)]) -> Result<Vec<WiredLine>, SpaceError> {
    let made = space::each(
        nodes,
        |(_, stand)| &stand.space,
        |(_, stand)| {
            let wired = stand
                .interfaces
                .values()
                .filter(|at| layout.lines.get(&at.line).is_some_and(|line| line.wire.is_some()));
            let end = |at: &crate::layout::Interface| {
                let end = tap::end(&at.device)
                    .map_err(|cause| SpaceError::Run { program: "/dev/net/tun", cause })?;
                Ok(((at.line.clone(), at.side), end))
            };
            wired.map(end).collect::<Result<Vec<_>, SpaceError>>()
        },
    )?;
    let mut ends: BTreeMap<(LinkId, Side), tap::End> = made.into_iter().flatten().collect();
    let lines = layout.lines.iter().filter_map(|(id, line)| {
        let impairments = line.wire?;
        let [a, z] = [Side::A, Side::Z].map(|side| ends.remove(&(id.clone(), side)));
        Some(WiredLine { line: id.clone(), ends: [a?, z?], impairments })
    });
    Ok(lines.collect())
}
