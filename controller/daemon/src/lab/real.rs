//! A lab in netns mode: namespaces that forward, an agent of ours at every router, and a controller that drives them.
//!
//! Probes are answered here, and not by the agents: one that is killed or frozen leaves a router that forwards, and its neighbours must
//! see that it does.
//!
//! Agents serve NETCONF and gNMI on addresses of the loopback network of the machine, as in process mode; what they forward with is in
//! their namespaces. A small lab has a process for each router, so that each can be killed by itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow, bail};
use ground::{
    Ground, GroundError, Layout,
    lab::{Fault, Options, Progress},
    record::FILES,
    space,
};
use model::{Demands, NodeId};
use nix::sys::signal::Signal;
use probe::Reflectors;
use serde_json::json;
use tokio::{task::block_in_place, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{ControllerFault, Mode, UpArgs, controller::Driven, words::Kept};
use crate::demo::{
    self,
    files::{Folder, Written},
    process::{Forwarding, Routers},
};

/// Routers of a lab with that many have a process each; those of larger ones share one.
const APART: usize = 16;

/// A lab whose routers forward.
pub(super) struct Real {
    ground: Ground,
    driven: Option<(Agents, Driven)>,
    /// Answers the probes of agents at every router; none where there are none.
    reflectors: Option<Reflectors>,
}

/// The agents.
struct Agents {
    written: Written,
    layout: PathBuf,
    keep: PathBuf,
    running: Running,
    /// Those that were frozen: they take nothing that they are told.
    frozen: BTreeSet<NodeId>,
}

/// Their processes.
enum Running {
    /// One for each; none where it was killed.
    Apart(BTreeMap<NodeId, Option<Routers>>),
    Together(Box<Routers>),
}

impl Real {
    /// Makes it, unless it is told to `stop` before; `tell` hears how far it is. Where it fails, nothing of it stays.
    pub(super) async fn start(
        layout: Layout,
        args: &UpArgs,
        options: Options,
        stop: &CancellationToken,
        tell: impl Fn(String),
    ) -> anyhow::Result<Self> {
        let folder = options.folder.clone();
        let mut told = |progress: Progress| tell(progress.to_string());
        let stopped = || stop.is_cancelled();
        let ground = block_in_place(|| Ground::up_unless(layout, options, &stopped, &mut told))?;
        if args.bare {
            return Ok(Self { ground, driven: None, reflectors: None });
        }
        let driven = async {
            let reflectors = block_in_place(|| reflect(ground.layout()))?;
            Ok::<_, anyhow::Error>((drive(ground.layout(), args, &folder, tell).await?, reflectors))
        };
        let driven = stop.run_until_cancelled(driven).await;
        match driven.unwrap_or_else(|| Err(anyhow!(GroundError::Stopped))) {
            Ok((driven, reflectors)) => {
                Ok(Self { ground, driven: Some(driven), reflectors: Some(reflectors) })
            }
            Err(error) => {
                // The reason is told; what cannot be removed now goes with the next `down` or `up`.
                let _ = block_in_place(|| ground.down());
                Err(error)
            }
        }
    }

    /// What there is to know when it stands.
    pub(super) fn told(&self) -> String {
        let layout = self.ground.layout();
        let (lab, count) = (&layout.lab, layout.ted.nodes.len());
        match &self.driven {
            Some((_, driven)) => {
                format!("the lab {lab} is up: {count} routers forward\n{}", driven.door.told())
            }
            None => format!("the lab {lab} is up: {count} routers forward by the IGP; nobody drives them"),
        }
    }

    pub(super) const fn layout(&self) -> &Layout {
        self.ground.layout()
    }

    pub(super) fn status(&self) -> anyhow::Result<Kept> {
        let status = block_in_place(|| self.ground.status())?;
        let controller = self.driven.as_ref().map(|(_, driven)| driven.door.clone());
        Ok(Kept { mode: Mode::Netns, status, controller })
    }

    /// Does something to it.
    pub(super) async fn fault(&mut self, fault: &Fault) -> anyhow::Result<()> {
        let nobody = "the lab was made with --bare: no agent runs";
        match fault {
            Fault::NodeKill { node } | Fault::NodeRestart { node } | Fault::NodeFreeze { node } => {
                let mut done = Vec::new();
                if self.ground.has_daemons() {
                    done.push(block_in_place(|| self.ground.fault(fault)).map_err(anyhow::Error::from));
                }
                if let Some((agents, _)) = &mut self.driven {
                    done.push(agents.fault(fault, node).await);
                }
                if done.is_empty() {
                    bail!(nobody);
                }
                joined(matches!(fault, Fault::NodeRestart { .. }), done)
            }
            Fault::ControlPlaneCut { node } | Fault::ControlPlaneJoin { node } => {
                let (agents, _) = self.driven.as_mut().context(nobody)?;
                let on = matches!(fault, Fault::ControlPlaneJoin { .. });
                agents.of(node)?.tell(&json!({"do": "power", "node": node, "on": on})).await.map(drop)
            }
            _ => Ok(block_in_place(|| self.ground.fault(fault))?),
        }
    }

    /// Kills its controller, or starts it again.
    pub(super) async fn controller(&mut self, what: ControllerFault) -> anyhow::Result<()> {
        let (agents, driven) =
            self.driven.as_mut().context("the lab was made with --bare: no controller runs")?;
        driven.fault(what, &agents.written).await
    }

    /// Ends it: the controller first, which would miss the routers.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        let Self { ground, driven, reflectors } = self;
        if let Some((agents, driven)) = driven {
            driven.end().await;
            match agents.running {
                Running::Together(routers) => routers.end().await,
                Running::Apart(each) => {
                    let ends = each.into_values().flatten().map(|routers| tokio::spawn(routers.end()));
                    for end in ends.collect::<Vec<_>>() {
                        // One that panicked has said so; its process goes with its value.
                        let _ = end.await;
                    }
                }
            }
        }
        // A namespace stays as long as somebody has a socket in it.
        block_in_place(|| drop(reflectors));
        Ok(block_in_place(|| ground.down()).map(drop)?)
    }
}

/// What became of a fault that came to several processes of a router. Where one of them could not have it, because it was dead
/// already for instance, the others have it all the same, and that is the fault; but all must start again.
fn joined(is_restart: bool, done: Vec<anyhow::Result<()>>) -> anyhow::Result<()> {
    let count = done.len();
    let failed: Vec<anyhow::Error> = done.into_iter().filter_map(Result::err).collect();
    if failed.len() == count || is_restart && !failed.is_empty() {
        let told: Vec<String> = failed.iter().map(|error| format!("{error:#}")).collect();
        bail!("{}", told.join("; "));
    }
    for error in failed {
        tracing::info!(error = format!("{error:#}"), "a process of a router had no part in its fault");
    }
    Ok(())
}

/// Has probes answered at every router.
fn reflect(layout: &Layout) -> anyhow::Result<Reflectors> {
    let routers = layout.routers().map(|(id, stand, _)| {
        let space = stand.space.clone();
        (id.to_string(), move || space::enter(&space).map_err(io::Error::other))
    });
    Reflectors::start(routers).context("probes cannot be answered")
}

/// Starts agents and controller, and waits until they answer.
async fn drive(
    layout: &Layout,
    args: &UpArgs,
    folder: &Path,
    tell: impl Fn(String),
) -> anyhow::Result<(Agents, Driven)> {
    let begun = Instant::now();
    let (written, listen) = write(layout, args, folder)?;
    let file = folder.join(FILES).join("layout.json");
    std::fs::write(&file, serde_json::to_vec(layout)?).with_context(|| file.display().to_string())?;
    let keep = folder.join(FILES).join("routers");
    std::fs::create_dir_all(&keep).with_context(|| keep.display().to_string())?;
    let nodes: Vec<&NodeId> = layout.ted.nodes.keys().collect();
    let start = |only| Routers::start(&written, Forwarding::Real { layout: &file, keep: &keep, only });
    let running = if nodes.len() <= APART {
        let mut each = BTreeMap::new();
        // Two at once: a machine of a laptop has few processors, and each of them compiles its modules first.
        for pair in nodes.chunks(2) {
            let started = futures_util::future::join_all(pair.iter().map(|node| start(Some(*node)))).await;
            for (node, routers) in pair.iter().zip(started) {
                each.insert((*node).clone(), Some(routers?));
            }
        }
        Running::Apart(each)
    } else {
        Running::Together(Box::new(start(None).await?))
    };
    tell(format!("agents of {} routers run, {:.1} s", nodes.len(), begun.elapsed().as_secs_f64()));
    let driven = Driven::start(&written, listen).await?;
    tell(format!("the controller answers, {:.1} s", begun.elapsed().as_secs_f64()));
    Ok((Agents { written, layout: file, keep, running, frozen: BTreeSet::new() }, driven))
}

/// Writes all files of agents and controller, below the lab's folder.
fn write(layout: &Layout, args: &UpArgs, folder: &Path) -> anyhow::Result<(Written, SocketAddr)> {
    let files = folder.join(FILES);
    // What an earlier one left: who holds the lab's lock is the only one that needs it.
    match std::fs::remove_dir_all(&files) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let listen = demo::free(args.listen)?;
    let vrfs: BTreeSet<_> = args.vrf.iter().chain(layout.tenants()).cloned().collect();
    Ok((Folder::make(Some(&files))?.write(&layout.ted, &Demands::new(), &vrfs, listen)?, listen))
}

impl Agents {
    /// The process of a router, where it listens.
    fn of(&mut self, node: &NodeId) -> anyhow::Result<&mut Routers> {
        if self.frozen.contains(node) {
            bail!("the agent of {node} is frozen, and hears nothing: `node restart` starts it again");
        }
        match &mut self.running {
            Running::Together(routers) => Ok(routers),
            Running::Apart(each) => {
                let routers = each.get_mut(node).with_context(|| format!("the lab has no router {node}"))?;
                routers.as_mut().with_context(|| {
                    format!("the agent of {node} was killed: `node restart` starts it again")
                })
            }
        }
    }

    async fn fault(&mut self, fault: &Fault, node: &NodeId) -> anyhow::Result<()> {
        let Self { written, layout, keep, running, frozen } = self;
        let Running::Apart(each) = running else {
            bail!(
                "the agents of a lab of more than {APART} routers share a process: {node} has none of its own"
            );
        };
        let routers = each.get_mut(node).with_context(|| format!("the lab has no router {node}"))?;
        match fault {
            Fault::NodeFreeze { .. } => match routers {
                Some(routers) => {
                    routers.signal(Signal::SIGSTOP)?;
                    frozen.insert(node.clone());
                    Ok(())
                }
                None => bail!("the agent of {node} was killed: there is nothing to freeze"),
            },
            _ => {
                let is_restart = matches!(fault, Fault::NodeRestart { .. });
                frozen.remove(node);
                match routers.take() {
                    Some(old) => old.kill().await?,
                    None if is_restart => {}
                    None => bail!("the agent of {node} was killed already"),
                }
                if is_restart {
                    let forwarding = Forwarding::Real { layout, keep, only: Some(node) };
                    *routers = Some(Routers::start(written, forwarding).await?);
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_came_to_one_process_is_done_and_a_restart_is_one_of_all() {
        let failed = || Err(anyhow!("no daemon of a runs"));
        assert!(joined(false, vec![failed(), Ok(())]).is_ok(), "the agent was killed, FRR was dead already");
        assert!(joined(false, vec![Ok(())]).is_ok() && joined(true, vec![Ok(()), Ok(())]).is_ok());
        assert!(joined(true, vec![failed(), Ok(())]).is_err(), "half a router is none");
        let both = joined(false, vec![failed(), Err(anyhow!("it was killed already"))]).unwrap_err();
        assert_eq!(both.to_string(), "no daemon of a runs; it was killed already");
    }
}
