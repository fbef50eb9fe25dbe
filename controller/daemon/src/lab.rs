//! `trunkline lab`: a lab from a containerlab file. A process of its own keeps each lab that is up; the commands ask it over a socket
//! in the lab's folder, so that they can be called from anywhere, one after the other.

mod call;
mod controller;
mod keep;
mod pages;
mod play;
mod real;
mod show;
mod simulated;
mod traffic;
mod words;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};
use formats::Format as FileFormat;
use ground::{
    Layout, export,
    lab::{self, Fault},
    layout::{Wires, names},
    wire::Impairment,
};
use model::{Delay, Finding, Jitter, LinkId, Loss, NodeId, Side, VrfName};
use serde::{Deserialize, Serialize};

use self::words::Ask;
use crate::{
    args::Format,
    draw, input,
    outcome::{Stop, say},
    sources::Sources,
};

/// What can be done with labs.
#[derive(Debug, Subcommand)]
pub enum LabCommand {
    /// Make a lab of a containerlab file, or of a network file
    #[command(after_help = pages::UP)]
    Up(UpArgs),
    /// Take a lab away, also after a crash
    #[command(after_help = pages::DOWN)]
    Down(Which),
    /// Show nodes, lines, adjacencies and sessions of a lab
    #[command(after_help = pages::STATUS)]
    Status(StatusArgs),
    /// Cut a line, make it worse, kill a router's processes
    #[command(after_help = pages::FAULT)]
    Fault(FaultArgs),
    /// Have hosts of a lab send to each other, and see what becomes of it
    #[command(after_help = pages::TRAFFIC)]
    Traffic(traffic::TrafficArgs),
    /// Play a scenario on a lab that is up, and judge its controller
    #[command(after_help = pages::PLAY)]
    Play(play::PlayArgs),
    /// Write a lab as files for containerlab, with FRR's configuration for each router
    #[command(after_help = pages::EXPORT)]
    Export(ExportArgs),
    /// Keep a lab: what `up` starts
    #[command(after_help = pages::UP, hide = true)]
    Keep(UpArgs),
}

/// Labs from containerlab files.
#[derive(Debug, Args)]
pub struct LabArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: LabCommand,
}

/// What forwards packets.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A simulation: software routers and a controller, without privileges
    #[default]
    Process,
    /// This machine's kernel: a network namespace for each node; needs root
    Netns,
}

/// Who computes routes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Igp {
    /// The lab itself: fast, for large labs
    #[default]
    Builtin,
    /// FRR's IS-IS: real daemons
    Frr,
}

/// Which lines can be made worse later.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum WhichWires {
    /// Those with delay, jitter or loss
    #[default]
    Needed,
    /// All of them
    All,
}

/// A lab to make.
#[derive(Clone, Debug, Args)]
pub struct UpArgs {
    /// Which lab.
    #[command(flatten)]
    pub which: Which,
    /// What forwards packets
    #[arg(long, value_enum, default_value_t)]
    pub mode: Mode,
    /// netns: who computes routes
    #[arg(long, value_enum, default_value_t)]
    pub igp: Igp,
    /// netns: which lines can be made worse while the lab is up
    #[arg(long, value_enum, default_value_t)]
    pub wires: WhichWires,
    /// netns: decides which frames are lost and how delay varies
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub seed: u64,
    /// netns: no agents at the routers and no controller: namespaces, lines and routes alone
    #[arg(long)]
    pub bare: bool,
    /// Where the dashboard is; loopback only; port 0 takes one that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// process: what is offered to the network, a file of kind Traffic; nothing where absent
    #[arg(long, value_name = "FILE")]
    pub traffic: Option<PathBuf>,
    /// A VRF that all routers have, beside those of the traffic and of the hosts
    #[arg(long, value_name = "NAME")]
    pub vrf: Vec<VrfName>,
}

/// Which lab.
#[derive(Clone, Debug, Args)]
pub struct Which {
    /// The file: containerlab, network.yaml or RFC 8345
    pub file: PathBuf,
    /// Where labs have their folders; below /run for root, in the user's own runtime folder otherwise
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// A lab to look at.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Which lab.
    #[command(flatten)]
    pub which: Which,
    /// How it is shown
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Something to do to a lab.
#[derive(Debug, Args)]
pub struct FaultArgs {
    /// Which lab.
    #[command(flatten)]
    pub which: Which,
    /// What to do.
    #[command(subcommand)]
    pub on: On,
}

/// To what it is done.
#[derive(Debug, Subcommand)]
pub enum On {
    /// A line
    Link {
        /// What to do.
        #[command(subcommand)]
        what: LinkFault,
    },
    /// A router's processes; what it forwards by stays
    Node {
        /// What to do.
        what: NodeFault,
        /// Which router
        node: NodeId,
    },
    /// The lab's controller; what it brought to the routers stays
    Controller {
        /// What to do.
        what: ControllerFault,
    },
    /// Keep routers and their controller from each other, or let them meet again
    ControlPlane {
        /// What to do.
        what: ControlPlaneFault,
        /// Which routers
        #[arg(required = true)]
        nodes: Vec<NodeId>,
    },
}

/// What can be done to a line.
#[derive(Debug, Subcommand)]
pub enum LinkFault {
    /// Cut it
    Down {
        /// Which
        link: LinkId,
    },
    /// Join it
    Up {
        /// Which
        link: LinkId,
    },
    /// Add delay, jitter and loss to what it has by itself; what was added before is replaced
    Impair {
        /// Which
        link: LinkId,
        /// Only for what leaves this end, the first or the second of the file
        #[arg(long, value_enum)]
        from: Option<Ending>,
        /// Delay to add, like 40ms
        #[arg(long)]
        delay: Option<Delay>,
        /// Jitter to add, like 5ms
        #[arg(long)]
        jitter: Option<Jitter>,
        /// Loss to add, like 2%
        #[arg(long)]
        loss: Option<Loss>,
    },
    /// Take away what was added
    Heal {
        /// Which
        link: LinkId,
    },
}

/// An end of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Ending {
    /// The first
    A,
    /// The second
    Z,
}

/// What can be done to a router's processes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum NodeFault {
    /// End them at once
    Kill,
    /// End them and start them again
    Restart,
    /// Stop them where they are; a restart thaws them
    Freeze,
}

/// What can be done to a lab's controller.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ControllerFault {
    /// End it at once
    Kill,
    /// Start it again, after it has ended in order where it runs
    Restart,
}

/// What can be done between routers and controller.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ControlPlaneFault {
    /// Keep them from each other
    Partition,
    /// Let them meet
    Join,
}

/// A lab to write.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The file: containerlab, network.yaml or RFC 8345
    pub file: PathBuf,
    /// For containerlab, which is all there is so far
    #[arg(long, required = true)]
    pub containerlab: bool,
    /// Where the files go: a folder that is new or empty
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The image of routers: one with FRR
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// The image of hosts: one with `ip`
    #[arg(long, value_name = "IMAGE")]
    pub host_image: Option<String>,
}

/// Runs a command on a lab.
///
/// # Errors
/// It cannot be done.
pub async fn run(args: LabArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        LabCommand::Up(args) => call::up(&args).await,
        LabCommand::Down(which) => call::down(&which).await,
        LabCommand::Status(args) => call::status(&args).await,
        LabCommand::Fault(args) => call::fault(&args).await,
        LabCommand::Traffic(args) => call::traffic(&args).await,
        LabCommand::Play(args) => play::run(&args).await,
        LabCommand::Export(args) => write(&args),
        LabCommand::Keep(args) => keep::run(&args).await,
    }
}

/// A lab as its file has it, and what is to be said about the file.
struct Read {
    layout: Layout,
    notes: Vec<Finding>,
    sources: Sources,
}

/// Reads a file.
fn read(file: &Path, wires: Wires) -> Result<Read, Stop> {
    let mut sources = Sources::new();
    let network = input::network(file, &mut sources)?;
    let name = file.display().to_string();
    let said = match network.format {
        FileFormat::Containerlab => {
            let text = sources.get(&name).map(String::as_str).unwrap_or_default();
            formats::lab(&name, text).map_err(|findings| Stop::findings(findings, sources.clone()))?
        }
        FileFormat::Native | FileFormat::Rfc8345 | FileFormat::Frr => formats::LabFile::default(),
    };
    let layout = Layout::of(&network, &said, stem(file), wires);
    let mut layout = layout.map_err(|findings| Stop::findings(findings, sources.clone()))?;
    let notes = network.notes.into_iter().chain(std::mem::take(&mut layout.notes)).collect();
    Ok(Read { layout, notes, sources })
}

/// The name of a file without folder and endings.
fn stem(file: &Path) -> &str {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("lab")
}

impl Which {
    /// The lab's name in namespaces and folders. A file that is gone or has faults meanwhile still says it, by its own name.
    fn lab(&self) -> String {
        let text = input::text(&self.file).unwrap_or_default();
        let said = formats::lab(&self.file.display().to_string(), &text).ok().and_then(|lab| lab.name);
        names::lab(said.as_deref().unwrap_or_else(|| stem(&self.file)))
    }

    /// The lab's folder.
    fn folder(&self, lab: &str) -> PathBuf {
        self.folder.clone().unwrap_or_else(labs).join(lab)
    }
}

/// Where labs have their folders, if nobody says where.
fn labs() -> PathBuf {
    use std::os::unix::fs::MetadataExt as _;
    let user = std::fs::metadata("/proc/self").map_or(u32::MAX, |own| own.uid());
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty()) {
        _ if user == 0 => PathBuf::from("/run/trunkline/labs"),
        Some(folder) => PathBuf::from(folder).join("trunkline/labs"),
        None => std::env::temp_dir().join(format!("trunkline-labs-{user}")),
    }
}

impl FaultArgs {
    /// What is asked for, one after the other.
    fn asks(&self) -> Vec<Ask> {
        match &self.on {
            On::Controller { what } => vec![Ask::Controller(*what)],
            On::Link { what } => vec![Ask::Fault(what.fault())],
            On::Node { what, node } => {
                let node = node.clone();
                vec![Ask::Fault(match what {
                    NodeFault::Kill => Fault::NodeKill { node },
                    NodeFault::Restart => Fault::NodeRestart { node },
                    NodeFault::Freeze => Fault::NodeFreeze { node },
                })]
            }
            On::ControlPlane { what, nodes } => {
                let fault = |node: &NodeId| match what {
                    ControlPlaneFault::Partition => Fault::ControlPlaneCut { node: node.clone() },
                    ControlPlaneFault::Join => Fault::ControlPlaneJoin { node: node.clone() },
                };
                nodes.iter().map(|node| Ask::Fault(fault(node))).collect()
            }
        }
    }
}

impl LinkFault {
    fn fault(&self) -> Fault {
        match self {
            Self::Down { link } => Fault::LinkDown { link: link.clone() },
            Self::Up { link } => Fault::LinkUp { link: link.clone() },
            Self::Heal { link } => {
                Fault::Impair { link: link.clone(), from: None, by: Impairment::default() }
            }
            Self::Impair { link, from, delay, jitter, loss } => Fault::Impair {
                link: link.clone(),
                from: from.map(|from| if from == Ending::A { Side::A } else { Side::Z }),
                by: Impairment {
                    delay: delay.unwrap_or_default(),
                    jitter: jitter.unwrap_or_default(),
                    loss: loss.unwrap_or_default(),
                },
            },
        }
    }
}

/// Writes a lab for containerlab.
fn write(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let Read { layout, notes, sources } = read(&args.file, Wires::WhereNeeded)?;
    let usual = export::Images::default();
    let images = export::Images {
        router: args.image.clone().unwrap_or(usual.router),
        host: args.host_image.clone().unwrap_or(usual.host),
    };
    let files = export::containerlab(&layout, &images)?;
    let is_empty = std::fs::read_dir(&args.out).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty {
        return Err(Stop::usage(format!(
            "{} is not empty: give --out a folder that is new or empty",
            args.out.display()
        ))
        .into());
    }
    for (name, text) in &files {
        let path = args.out.join(name);
        let folder = path.parent().unwrap_or(&args.out);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| anyhow::anyhow!("{} cannot be written: {error}", path.display()))?;
    }
    told(&notes, &sources);
    say(&format!(
        "{} files are in {}; bring them up with `containerlab deploy`",
        files.len(),
        args.out.display()
    ));
    let netem = export::netem(&layout);
    if !netem.is_empty() {
        say(&format!(
            "containerlab has no words for delay, jitter and loss in its file; set them when it is up:\n{netem}"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells what is to be said about a file, on standard error.
fn told(notes: &[Finding], sources: &Sources) {
    if !notes.is_empty() {
        eprintln!("{}{}", draw::all(notes, sources), draw::count(notes));
    }
}
