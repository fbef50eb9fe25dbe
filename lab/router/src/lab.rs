//! Routers with a world around them: what they are configured with drives the simulated network, and what it counts and
//! measures is what they show. Faults of lines and routers come in as [`Command`]s, one JSON object a line.

mod shown;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use model::{
    Bandwidth, Delay, Demand, Demands, DeviceConfig, Jitter, LinkId, Loss, Lsdb, NodeId, Ratio, Side, Ted,
    VrfName,
};
use serde::{Deserialize, Serialize};
use sim::World;
use thiserror::Error;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock,
    datastore::Tree,
    fault::Fault,
    fleet::Fleet,
    forwarding,
    router::Router,
    state::{RouterState, StateSource},
};

/// The file that describes the world: JSON.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorldFile {
    /// The network.
    pub ted: Ted,
    /// What is offered to it.
    pub demands: Demands,
    /// Seed of the noise of measurements.
    pub seed: u64,
}

/// What can be done to the world.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Makes a line worse than it is; replaces what was done to the same direction before.
    Impair {
        /// The line.
        link: LinkId,
        /// The end whose outgoing traffic suffers; both where absent.
        #[serde(default)]
        from: Option<Side>,
        /// Delay to add.
        #[serde(default)]
        delay: Option<Delay>,
        /// Variation to add.
        #[serde(default)]
        jitter: Option<Jitter>,
        /// Loss to add.
        #[serde(default)]
        loss: Option<Loss>,
    },
    /// Takes all impairments away.
    Heal {
        /// The line.
        link: LinkId,
    },
    /// Cuts a line, or joins it again.
    SetUp {
        /// The line.
        link: LinkId,
        /// Joined, or cut.
        up: bool,
    },
    /// Switches a router's servers off or on; it forwards all the same.
    Power {
        /// The router.
        node: NodeId,
        /// On, or off.
        on: bool,
    },
    /// Restarts a router with the configuration that it started with: what clients brought is gone.
    Restart {
        /// The router.
        node: NodeId,
    },
    /// Plans a fault of a router's servers.
    Fault {
        /// The router.
        node: NodeId,
        /// The fault.
        fault: Fault,
    },
    /// Takes away all faults that are planned for a router's servers.
    Mend {
        /// The router.
        node: NodeId,
    },
    /// Makes customers send more, or less, than the file says, until they are told otherwise.
    Surge {
        /// The VRF whose traffic it is.
        vrf: VrfName,
        /// Only what begins or ends at this router; everywhere where absent.
        #[serde(default)]
        at: Option<NodeId>,
        /// How much of the file's rate is sent; `100%` ends the surge.
        to: Ratio,
    },
    /// Tells how a demand fares, for whoever judges the lab.
    Flow {
        /// The demand.
        demand: model::DemandId,
    },
}

/// Why a command was not done.
#[derive(Debug, Error)]
pub enum CommandError {
    /// A name is not known.
    #[error(transparent)]
    Unknown(#[from] sim::UnknownName),
    /// A router is not known.
    #[error("there is no router {0}")]
    Router(NodeId),
    /// A demand is not known.
    #[error("there is no demand {0}")]
    Demand(model::DemandId),
    /// Nobody sends what should surge.
    #[error("nothing of VRF {vrf} is offered{}: see what the traffic file offers", place(.at.as_ref()))]
    Nothing {
        /// The VRF.
        vrf: VrfName,
        /// The router at which it should begin or end, where one was named.
        at: Option<NodeId>,
    },
    /// Lines and traffic are real.
    #[error("there is no simulated world around these routers: lines are told by who keeps the lab")]
    NoWorld,
}

fn place(at: Option<&NodeId>) -> String {
    at.map_or_else(String::new, |node| format!(" at {node}"))
}

/// Why a world cannot be made.
#[derive(Debug, Error)]
pub enum WorldError {
    /// The file cannot be read.
    #[error("{file}: {why}")]
    File {
        /// Which.
        file: String,
        /// Why.
        why: String,
    },
}

/// How often the world moves on.
const TICK: Duration = Duration::from_millis(200);

/// How much of the file's rate is sent, by VRF and place.
type Surges = BTreeMap<(VrfName, Option<NodeId>), Ratio>;

/// The world behind its lock, and what routers see of it.
pub struct Lab {
    world: Mutex<World>,
    /// What the file offers.
    usual: Demands,
    surges: Mutex<Surges>,
    seen: Mutex<BTreeMap<NodeId, Arc<RouterState>>>,
    /// What IS-IS tells, and which lines were down then.
    told: Mutex<(BTreeSet<LinkId>, Arc<Lsdb>)>,
    ticks: watch::Sender<u64>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lab {
    /// Makes the world that a file describes.
    ///
    /// # Errors
    /// The file cannot be read, or its network is not sound.
    pub fn read(file: &Path) -> Result<Arc<Self>, WorldError> {
        let fail = |why: String| WorldError::File { file: file.display().to_string(), why };
        let text = std::fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
        let WorldFile { ted, demands, seed } =
            serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
        let told = Arc::new(Lsdb::of(&ted, &BTreeSet::new()));
        let world = World::new(ted, demands.clone(), seed).map_err(|error| fail(error.to_string()))?;
        let lab = Self {
            world: Mutex::new(world),
            usual: demands,
            surges: Mutex::default(),
            seen: Mutex::default(),
            told: Mutex::new((BTreeSet::new(), told)),
            ticks: watch::Sender::new(0),
        };
        lab.advance();
        Ok(Arc::new(lab))
    }

    /// Lets the world follow the routers' configurations and the clock, until `stop`.
    pub async fn run(self: Arc<Self>, routers: Vec<Arc<Router>>, stop: CancellationToken) {
        let mut running: Vec<(Arc<Router>, watch::Receiver<Tree>)> = routers
            .into_iter()
            .map(|router| {
                let mut running = router.running();
                running.mark_changed();
                (router, running)
            })
            .collect();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            let changed: Vec<(NodeId, DeviceConfig)> = running
                .iter_mut()
                .filter(|(_, tree)| tree.has_changed().unwrap_or(false))
                .map(|(router, tree)| {
                    let tree = tree.borrow_and_update().clone();
                    (router.name().clone(), forwarding::read(router.schema(), &tree))
                })
                .collect();
            let lab = Arc::clone(&self);
            let moved = tokio::task::spawn_blocking(move || {
                for (node, config) in changed {
                    if let Err(error) = locked(&lab.world).configure(&node, config) {
                        tracing::warn!(%node, %error, "a router stands outside the world");
                    }
                }
                lab.advance();
            });
            if let Err(error) = moved.await {
                tracing::error!(%error, "the world stands still");
                return;
            }
        }
    }

    /// Moves on to now and shows it.
    fn advance(&self) {
        let mut world = locked(&self.world);
        world.advance(clock::now());
        let mut down = BTreeSet::new();
        let nodes = world.ted().nodes.keys();
        let seen: Vec<(NodeId, RouterState)> =
            nodes.filter_map(|node| Some((node.clone(), shown::shown(&world, node, &mut down)?))).collect();
        let lsdb = self.told(world.ted(), down);
        drop(world);
        let told = |(node, state)| (node, Arc::new(RouterState { lsdb: Some(Arc::clone(&lsdb)), ..state }));
        let seen = seen.into_iter().map(told).collect();
        *locked(&self.seen) = seen;
        self.ticks.send_modify(|tick| *tick += 1);
    }

    /// What IS-IS tells while these lines are down. Made anew where others were before.
    fn told(&self, ted: &Ted, down: BTreeSet<LinkId>) -> Arc<Lsdb> {
        let mut told = locked(&self.told);
        if told.0 != down {
            let lsdb = Arc::new(Lsdb::of(ted, &down));
            *told = (down, lsdb);
        }
        Arc::clone(&told.1)
    }

    /// Does something to the world; gives what there is to tell about it.
    ///
    /// # Errors
    /// A name is not known.
    pub fn act(&self, fleet: &Fleet, command: &Command) -> Result<serde_json::Value, CommandError> {
        let mut world = locked(&self.world);
        match command {
            Command::Impair { link, from, delay, jitter, loss } => {
                world.impair(link, *from, *delay, *jitter, *loss)?;
            }
            Command::Heal { link } => world.heal(link)?,
            Command::SetUp { link, up } => world.set_up(link, *up)?,
            Command::Power { .. }
            | Command::Restart { .. }
            | Command::Fault { .. }
            | Command::Mend { .. } => {
                act_on_routers(fleet, command)?;
            }
            Command::Surge { vrf, at, to } => {
                let key = (vrf.clone(), at.clone());
                if !self.usual.values().any(|demand| is_meant(&key, demand)) {
                    return Err(CommandError::Nothing { vrf: vrf.clone(), at: at.clone() });
                }
                let mut surges = locked(&self.surges);
                surges.insert(key, *to);
                world.offer(surged(&self.usual, &surges));
            }
            Command::Flow { demand } => {
                let flow = world.flow(demand).ok_or_else(|| CommandError::Demand(demand.clone()))?;
                return Ok(serde_json::json!({
                    "via": format!("{:?}", flow.via),
                    "delayUs": flow.delay.map(Delay::as_micros),
                    "lossPpb": flow.loss.as_ppb(),
                    "links": world.links(demand).iter().map(ToString::to_string).collect::<Vec<_>>(),
                }));
            }
        }
        Ok(serde_json::Value::Null)
    }
}

/// Does something to the servers of a router.
///
/// # Errors
/// There is no such router, or the command is not for routers' servers but for lines and traffic, which have to be simulated for it.
pub fn act_on_routers(fleet: &Fleet, command: &Command) -> Result<(), CommandError> {
    let unknown = |node: &NodeId| CommandError::Router(node.clone());
    let done = |done: bool, node: &NodeId| if done { Ok(()) } else { Err(unknown(node)) };
    match command {
        Command::Power { node, on } => done(fleet.power(node, *on), node),
        Command::Restart { node } => done(fleet.restart(node), node),
        Command::Fault { node, fault } => {
            fleet.router(node).ok_or_else(|| unknown(node))?.faults.plan(*fault);
            Ok(())
        }
        Command::Mend { node } => {
            fleet.router(node).ok_or_else(|| unknown(node))?.faults.clear();
            Ok(())
        }
        Command::Impair { .. }
        | Command::Heal { .. }
        | Command::SetUp { .. }
        | Command::Surge { .. }
        | Command::Flow { .. } => Err(CommandError::NoWorld),
    }
}

impl StateSource for Lab {
    fn state(&self, router: &NodeId) -> Arc<RouterState> {
        locked(&self.seen).get(router).cloned().unwrap_or_default()
    }

    fn ticks(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }
}

fn is_meant((vrf, at): &(VrfName, Option<NodeId>), demand: &Demand) -> bool {
    demand.vrf == *vrf && at.as_ref().is_none_or(|node| demand.from == *node || demand.to == *node)
}

/// What is offered while traffic surges. Where several surges mean a demand, the largest counts. O(demands x surges).
fn surged(usual: &Demands, surges: &Surges) -> Demands {
    let mut offered = usual.clone();
    for demand in offered.values_mut() {
        let meant = surges.iter().filter(|(key, _)| is_meant(key, demand));
        if let Some(to) = meant.map(|(_, to)| *to).max() {
            let rate = u128::from(demand.rate.as_bps()) * u128::from(to.as_ppm()) / 1_000_000;
            demand.rate = Bandwidth::from_bps(u64::try_from(rate).unwrap_or(u64::MAX));
        }
    }
    offered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> Demands {
        let demand = |id: &str, vrf: &str, from: &str, to: &str| Demand {
            id: id.parse().unwrap(),
            service: None,
            from: NodeId::lit(from),
            to: NodeId::lit(to),
            vrf: vrf.parse().unwrap(),
            destination: None,
            dscp: "ef".parse().unwrap(),
            rate: Bandwidth::from_bps(12_000_000),
        };
        let all = [
            demand("v1", "voice", "hq", "b1"),
            demand("v2", "voice", "b2", "hq"),
            demand("p1", "prod", "b1", "hq"),
        ];
        all.into_iter().map(|demand| (demand.id.clone(), demand)).collect()
    }

    fn rates(surges: &[(&str, Option<&str>, u64)]) -> Vec<u64> {
        let surges = surges
            .iter()
            .map(|(vrf, at, percent)| {
                ((vrf.parse().unwrap(), at.map(NodeId::lit)), Ratio::from_ppm(percent * 10_000))
            })
            .collect();
        // By name: p1, v1, v2.
        surged(&usual(), &surges).values().map(|demand| demand.rate.as_bps() / 1_000_000).collect()
    }

    #[test]
    fn a_surge_means_a_vrf_and_maybe_a_router_and_ends_at_the_usual_rate() {
        assert_eq!(rates(&[]), [12, 12, 12]);
        assert_eq!(rates(&[("voice", None, 300)]), [12, 36, 36]);
        assert_eq!(rates(&[("voice", Some("b2"), 300)]), [12, 12, 36]);
        assert_eq!(
            rates(&[("voice", None, 200), ("voice", Some("b2"), 300), ("prod", None, 50)]),
            [6, 24, 36]
        );
        assert_eq!(rates(&[("voice", None, 100)]), [12, 12, 12]);
    }
}
