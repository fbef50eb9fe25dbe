//! A lab in process mode: software routers and a controller as processes of their own, and lines that are simulated between them.
//! What the demonstration starts, on any network and without a scenario.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
};

use anyhow::{Context as _, anyhow, bail};
use ground::{
    GroundError, Layout,
    lab::{Fault, LineStatus, NodeStatus, Status},
    record::{FILES, IgpKind, Lock, ProcessId, Record, Stage},
    wire::Impairment,
};
use model::{Demands, LinkId, NodeId, Side};
use net::Traffic;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{ControllerFault, Mode, UpArgs, controller::Driven, words::Kept};
use crate::{
    demo::{
        self,
        files::{Folder, Written},
        process::{Forwarding, Routers},
    },
    outcome::Stop,
    sources::Sources,
};

/// A running simulation.
pub(super) struct Simulated {
    layout: Layout,
    routers: Routers,
    driven: Driven,
    written: Written,
    folder: std::path::PathBuf,
    /// Lines that were cut, and what was added to lines, out of A first.
    cut: BTreeSet<LinkId>,
    added: BTreeMap<LinkId, [Impairment; 2]>,
    _lock: Lock,
}

impl Simulated {
    /// Starts it, unless it is told to `stop` before; `tell` hears how far it is. Where it fails, nothing of it stays.
    pub(super) async fn start(
        layout: Layout,
        args: &UpArgs,
        folder: &Path,
        stop: &CancellationToken,
        tell: impl Fn(String),
    ) -> anyhow::Result<Self> {
        let lock = Lock::take(folder)?.with_context(|| format!("the lab {} is up already", layout.lab))?;
        let record = Record {
            lab: layout.lab.clone(),
            file: args.which.file.clone(),
            igp: IgpKind::Builtin,
            stage: Stage::Making,
            keeper: ProcessId::own(),
            spaces: BTreeMap::new(),
        };
        record.write(folder)?;
        let started = stop.run_until_cancelled(processes(&layout, args, folder, tell)).await;
        match started.unwrap_or_else(|| Err(anyhow!(GroundError::Stopped))) {
            Ok((routers, driven, written)) => {
                Record { stage: Stage::Up, ..record }.write(folder)?;
                let (folder, cut, added) = (folder.to_owned(), BTreeSet::new(), BTreeMap::new());
                Ok(Self { layout, routers, driven, written, folder, cut, added, _lock: lock })
            }
            Err(error) => {
                // The reason is told; the next `up` or `down` removes what is left.
                let _ = Record::forget(folder);
                Err(error)
            }
        }
    }

    /// What there is to know when it stands.
    pub(super) fn told(&self) -> String {
        format!(
            "the lab {} is up, simulated: {} routers\n{}",
            self.layout.lab,
            self.layout.ted.nodes.len(),
            self.driven.door.told()
        )
    }

    /// What it is like: as it was told, since simulated lines are what one says they are.
    pub(super) fn status(&self) -> Kept {
        let node = |id: &NodeId| {
            (
                id.clone(),
                NodeStatus { stands: true, host: Some(self.layout.is_host(id)), ..NodeStatus::default() },
            )
        };
        let lines = self.layout.ted.links.values().map(|link| {
            let own = [Side::A, Side::Z].map(|side| {
                let direction = link.direction(side);
                Impairment {
                    delay: direction.delay.value,
                    jitter: direction.jitter.value,
                    loss: direction.loss.value,
                }
            });
            let added = self.added.get(&link.id).copied().unwrap_or_default();
            let ([own_a, own_z], [added_a, added_z]) = (own, added);
            let status = LineStatus {
                ends: [&link.a, &link.z].map(|end| format!("{}:{}", end.node, end.interface)),
                up: Some(!self.cut.contains(&link.id)),
                impairments: Some([own_a.then(added_a), own_z.then(added_z)]),
                added,
                counts: None,
            };
            (link.id.clone(), status)
        });
        let status = Status {
            lab: self.layout.lab.clone(),
            igp: IgpKind::Builtin,
            nodes: self.layout.ted.nodes.keys().map(node).collect(),
            lines: lines.collect(),
        };
        Kept { mode: Mode::Process, status, controller: Some(self.driven.door.clone()) }
    }

    /// Does something to it.
    pub(super) async fn fault(&mut self, fault: &Fault) -> anyhow::Result<()> {
        for command in commands(fault)? {
            self.routers.tell(&command).await?;
        }
        match fault {
            Fault::LinkDown { link } => drop(self.cut.insert(link.clone())),
            Fault::LinkUp { link } => drop(self.cut.remove(link)),
            Fault::Impair { link, from, by } => {
                let added = self.added.entry(link.clone()).or_default();
                for (added, side) in added.iter_mut().zip([Side::A, Side::Z]) {
                    if from.is_none_or(|from| from == side) {
                        *added = *by;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Kills its controller, or starts it again.
    pub(super) async fn controller(&mut self, what: ControllerFault) -> anyhow::Result<()> {
        self.driven.fault(what, &self.written).await
    }

    /// Ends it: the controller first, which would miss the routers.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        self.driven.end().await;
        self.routers.end().await;
        Ok(Record::forget(&self.folder)?)
    }
}

/// Starts the processes, and waits until they answer.
async fn processes(
    layout: &Layout,
    args: &UpArgs,
    folder: &Path,
    tell: impl Fn(String),
) -> anyhow::Result<(Routers, Driven, Written)> {
    let (written, listen) = write(layout, args, folder)?;
    let begun = Instant::now();
    let routers = Routers::start(&written, Forwarding::Simulated).await?;
    let count = layout.ted.nodes.len();
    tell(format!("{count} software routers run, {:.1} s", begun.elapsed().as_secs_f64()));
    let driven = Driven::start(&written, listen).await?;
    tell(format!("the controller answers, {:.1} s", begun.elapsed().as_secs_f64()));
    Ok((routers, driven, written))
}

/// What the routers' process is told.
fn commands(fault: &Fault) -> anyhow::Result<Vec<Value>> {
    let none_is_nothing = |value: Value, is_nothing: bool| if is_nothing { Value::Null } else { value };
    Ok(match fault {
        Fault::LinkDown { link } => vec![json!({"do": "set-up", "link": link, "up": false})],
        Fault::LinkUp { link } => vec![json!({"do": "set-up", "link": link, "up": true})],
        Fault::Impair { link, from: None, by } if by.is_none() => vec![json!({"do": "heal", "link": link})],
        Fault::Impair { link, from, by } => vec![json!({
            "do": "impair",
            "link": link,
            "from": from,
            "delay": none_is_nothing(json!(by.delay), by.delay == model::Delay::ZERO),
            "jitter": none_is_nothing(json!(by.jitter), by.jitter == model::Jitter::ZERO),
            "loss": none_is_nothing(json!(by.loss), by.loss == model::Loss::ZERO),
        })],
        Fault::NodeKill { node } | Fault::ControlPlaneCut { node } => {
            vec![json!({"do": "power", "node": node, "on": false})]
        }
        Fault::ControlPlaneJoin { node } => vec![json!({"do": "power", "node": node, "on": true})],
        Fault::NodeRestart { node } => {
            vec![json!({"do": "restart", "node": node}), json!({"do": "power", "node": node, "on": true})]
        }
        Fault::NodeFreeze { .. } => bail!(
            "to freeze one router is not done yet in process mode, where all routers are one process; `node kill` takes its servers away"
        ),
    })
}

/// Writes all files of a lab, below its folder; gives the address of its dashboard too.
fn write(layout: &Layout, args: &UpArgs, folder: &Path) -> anyhow::Result<(Written, SocketAddr)> {
    let files = folder.join(FILES);
    // What an earlier one left: who holds the lock is the only one that needs it.
    match std::fs::remove_dir_all(&files) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let demands = match &args.traffic {
        Some(file) => demands(file, layout)?,
        None => Demands::new(),
    };
    let listen = demo::free(args.listen)?;
    let vrfs = args.vrf.iter().cloned().collect();
    Ok((Folder::make(Some(&files))?.write(&layout.ted, &demands, &vrfs, listen)?, listen))
}

/// What a traffic file offers to the routers of a lab.
pub(super) fn demands(file: &Path, layout: &Layout) -> anyhow::Result<Demands> {
    let text = crate::input::text(file)?;
    let name = file.display().to_string();
    let refused = |findings| Stop::findings(findings, Sources::from([(name.clone(), text.clone())]));
    let traffic = Traffic::read(&name, &text).map_err(refused)?;
    Ok(net::demands(&traffic, &layout.ted).map_err(refused)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_become_what_the_routers_process_takes() {
        let link = LinkId::lit("line1");
        let by = Impairment {
            delay: "40ms".parse().unwrap(),
            loss: "2%".parse().unwrap(),
            ..Impairment::default()
        };
        let told = |fault: Fault| commands(&fault).unwrap();
        let impair = told(Fault::Impair { link: link.clone(), from: Some(Side::Z), by });
        let expected = json!({"do": "impair", "link": "line1", "from": "z", "delay": "40ms", "jitter": null, "loss": "2%"});
        assert_eq!(impair, [expected]);
        let heal = told(Fault::Impair { link, from: None, by: Impairment::default() });
        assert_eq!(heal, [json!({"do": "heal", "link": "line1"})]);
        let node = NodeId::lit("r1");
        assert_eq!(told(Fault::NodeRestart { node: node.clone() }).len(), 2);
        let frozen = commands(&Fault::NodeFreeze { node }).unwrap_err().to_string();
        assert!(frozen.contains("not done yet"), "{frozen}");
    }
}
