//! A lab that stands: made, looked at, hurt, and taken away.
//!
//! [`Ground::up`] makes it and gives a value that keeps it: as long as it lives, wires carry frames and routes follow lines. What it
//! makes is recorded first, and [`remove`] takes away what a record or the name of a namespace says is ours: after
//! [`Ground::down`], after a crash of who kept it, and before the next `up`.

mod fault;
mod make;
mod status;

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use thiserror::Error;

use crate::{
    follow::Follow,
    frr::{self, Daemons, FrrError},
    layout::{Layout, Stand, names},
    process, recipe,
    record::{IgpKind, Lock, ProcessId, Record, Stage},
    rights::{self, Lacking},
    space::{self, Refusal, SpaceError, of_file},
    tap::Wires,
};

pub use fault::Fault;
pub use status::{LineStatus, NodeStatus, Status, look};

/// How long the lab's own IGP may take to give every router its routes.
const ROUTES: Duration = Duration::from_secs(60);
/// How long who keeps a lab may take to end it when it is asked to, and how long a daemon may.
const ENDING: Duration = Duration::from_secs(10);
/// How long who makes one may: a step of it comes to its end first, and the longest is that of FRR's daemons in a large lab.
const MAKING: Duration = Duration::from_secs(120);
/// How long after what was left of a lab in the making is looked for again: a program that somebody started who was killed may still be
/// at work.
const AGAIN: Duration = Duration::from_millis(200);
/// How often it is looked whether a program that was just started runs its own code, and how long is waited in between.
const LOOKS: usize = 50;
const MOMENT: Duration = Duration::from_millis(10);

/// Why something was not done to a lab.
#[derive(Debug, Error)]
pub enum GroundError {
    /// The machine or the process lacks something.
    #[error(transparent)]
    Lacking(#[from] Lacking),
    /// Somebody else is at it.
    #[error(
        "the lab {lab} is up, or is being made or removed by another process: `trunkline lab down` ends it first"
    )]
    Busy {
        /// Which lab.
        lab: String,
    },
    /// Something in a namespace, or a program or file.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// FRR.
    #[error(transparent)]
    Frr(#[from] FrrError),
    /// Something was named that the lab does not have.
    #[error("the lab has no {what} {name}: check the name in its file")]
    Unknown {
        /// A link, or a node.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// It cannot be done to this.
    #[error("{0}")]
    Impossible(String),
    /// It was not made to its end.
    #[error("it was told to end while it was made: nothing of it stays")]
    Stopped,
}

/// What has been done so far.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Progress {
    /// Leftovers of an earlier lab of this name went: so many namespaces, and so many processes.
    Cleared(usize, usize),
    /// Namespaces stand.
    Namespaces(usize),
    /// Lines join them; of so many of these a wire holds the ends.
    Lines(usize, usize),
    /// So many nodes have addresses.
    Addresses(usize),
    /// So many routes are set.
    Routes(usize),
    /// FRR runs at so many routers.
    Daemons(usize),
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cleared(spaces, processes) => {
                write!(
                    f,
                    "removed what was left of an earlier lab: {spaces} namespaces, {processes} processes"
                )
            }
            Self::Namespaces(count) => write!(f, "{count} namespaces stand"),
            Self::Lines(count, wires) => {
                write!(f, "{count} lines join them, {wires} of them with delay, jitter or loss")
            }
            Self::Addresses(count) => write!(f, "{count} nodes have their addresses"),
            Self::Routes(count) => write!(f, "{count} routes are set"),
            Self::Daemons(count) => write!(f, "FRR's IS-IS runs at {count} routers"),
        }
    }
}

/// Who is told what has been done.
pub type Tell<'a> = &'a mut dyn FnMut(Progress);

/// How a lab is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file that it is made of, for the record.
    pub file: PathBuf,
    /// Where its record, its sockets and its daemons' files are: a folder for this lab alone.
    pub folder: PathBuf,
    /// Who computes routes.
    pub igp: IgpKind,
    /// Decides which frames are lost and how delay varies.
    pub seed: u64,
}

/// Who has every router's routes follow its lines.
enum Igp {
    Builtin(#[expect(dead_code, reason = "it works until it is dropped")] Follow),
    Frr(Daemons),
}

/// A lab that stands. Its namespaces stay when this value goes: [`Ground::down`] or [`remove`] takes them away.
pub struct Ground {
    layout: Layout,
    options: Options,
    wires: Wires,
    igp: Igp,
    /// What was done to lines on top of what they do by themselves, out of A first.
    faults: fault::Faults,
    lock: Lock,
}

impl Ground {
    /// Makes a lab. Leftovers of an earlier one of the same name go first. Where it fails, what was made goes again.
    ///
    /// # Errors
    /// Privileges, programs or parts of the kernel are missing; the lab is up already; or something cannot be made.
    pub fn up(layout: Layout, options: Options, tell: Tell<'_>) -> Result<Self, GroundError> {
        Self::up_unless(layout, options, &|| false, tell)
    }

    /// The same, but that `stopped` is asked after each step, and what was made goes again where it says so.
    ///
    /// # Errors
    /// As above; or it was stopped.
    pub fn up_unless(
        layout: Layout,
        options: Options,
        stopped: &dyn Fn() -> bool,
        tell: Tell<'_>,
    ) -> Result<Self, GroundError> {
        rights::check(layout.lines.values().any(|line| line.wire.is_some()))?;
        rights::files(layout.nodes.len(), layout.lines.len())?;
        must_be_own(&options.folder)?;
        let busy = || GroundError::Busy { lab: layout.lab.clone() };
        let lock =
            Lock::take(&options.folder).map_err(|cause| of_file(&options.folder, cause))?.ok_or_else(busy)?;
        let cleared = clear(&options.folder, &layout.lab)?;
        if cleared != Cleared::default() {
            tell(Progress::Cleared(cleared.spaces, cleared.processes));
        }
        record(&layout, &options, Stage::Making)?;
        let mut step = |progress| {
            tell(progress);
            if stopped() { Err(GroundError::Stopped) } else { Ok(()) }
        };
        match make::all(&layout, &options, &mut step)
            .and_then(|made| record(&layout, &options, Stage::Up).map(|()| made))
        {
            Ok((wires, igp)) => {
                Ok(Self { layout, options, wires, igp, faults: fault::Faults::default(), lock })
            }
            Err(error) => {
                // The reason is told; what cannot be removed now goes with the next `down` or `up`.
                let _ = clear(&options.folder, &layout.lab);
                let _ = Record::forget(&options.folder);
                Err(error)
            }
        }
    }

    /// The layout that it was made of.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whether routers have daemons of an IGP of their own.
    pub const fn has_daemons(&self) -> bool {
        matches!(self.igp, Igp::Frr(_))
    }

    /// Takes it away: routes stop to follow, daemons end, wires are cut, namespaces go.
    ///
    /// # Errors
    /// A namespace cannot be removed; the rest has gone.
    pub fn down(self) -> Result<Cleared, GroundError> {
        let Self { layout, options, wires, igp, lock, .. } = self;
        drop(igp);
        // What cannot be removed together goes one by one, with its wire.
        let wired = |stand: &&Stand| stand.interfaces.values().any(|at| wires.has(&at.line));
        let wired: Vec<&Stand> = layout.nodes.values().filter(wired).collect();
        let _ = space::each(
            &wired,
            |stand| &stand.space,
            |_| space::ip(&recipe::no_interfaces(), Refusal::GoesOn),
        );
        drop(wires);
        let cleared = clear(&options.folder, &layout.lab)?;
        Record::forget(&options.folder).map_err(|cause| of_file(&options.folder, cause))?;
        drop(lock);
        Ok(cleared)
    }
}

/// Takes the right to make or remove a lab. A program that was started beside it, by another thread of whoever had it, has it too until
/// it runs its own code: that moment is waited for.
fn lock(folder: &Path, lab: &str) -> Result<Lock, GroundError> {
    for _ in 0..LOOKS {
        if let Some(lock) = Lock::take(folder).map_err(|cause| of_file(folder, cause))? {
            return Ok(lock);
        }
        std::thread::sleep(MOMENT);
    }
    Err(GroundError::Busy { lab: lab.to_owned() })
}

/// What a folder of somebody else's says is not followed: it names processes to end.
fn must_be_own(folder: &Path) -> Result<(), GroundError> {
    use std::os::unix::fs::MetadataExt as _;
    let user = |path: &Path| std::fs::metadata(path).map(|path| path.uid()).ok();
    match user(folder) {
        Some(other) if Some(other) != user(Path::new("/proc/self")) => Err(GroundError::Impossible(format!(
            "the folder {} belongs to another user: take another with --folder",
            folder.display()
        ))),
        _ => Ok(()),
    }
}

/// Writes down what will be made, or that it stands.
fn record(layout: &Layout, options: &Options, stage: Stage) -> Result<(), GroundError> {
    let record = Record {
        lab: layout.lab.clone(),
        file: options.file.clone(),
        igp: options.igp,
        stage,
        keeper: ProcessId::own(),
        spaces: layout.nodes.iter().map(|(id, stand)| (id.clone(), stand.space.clone())).collect(),
    };
    Ok(record.write(&options.folder).map_err(|cause| of_file(&options.folder, cause))?)
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Cleared {
    /// Namespaces.
    pub spaces: usize,
    /// Processes.
    pub processes: usize,
}

/// Takes a lab away, whoever made it and whatever became of them; who keeps it is asked to end it first. Nothing is removed that is
/// not this lab's: only namespaces whose names begin as its do, and processes in them whose files are in its folder.
///
/// # Errors
/// Who keeps it does not end, or a namespace cannot be removed.
pub fn remove(folder: &Path, lab: &str) -> Result<Cleared, GroundError> {
    must_be_own(folder)?;
    // One that cannot be read says no keeper; the names of namespaces say the rest.
    let record = Record::read(folder).ok().flatten();
    let is_made = record.as_ref().is_some_and(|record| record.stage == Stage::Making);
    let keeper = record.and_then(|record| record.keeper);
    let is_other = |process: &ProcessId| Some(*process) != ProcessId::own();
    let ended = process::end(keeper.filter(is_other), if is_made { MAKING } else { ENDING });
    let known = space::standing(&names::of_lab(lab));
    if known.is_empty() && !folder.exists() {
        return Ok(Cleared { processes: ended, ..Cleared::default() });
    }
    let lock = self::lock(folder, lab)?;
    let mut cleared = clear(folder, lab)?;
    let mut is_growing = is_made;
    while is_growing {
        std::thread::sleep(AGAIN);
        let more = clear(folder, lab)?;
        is_growing = more != Cleared::default();
        cleared.spaces += more.spaces;
        cleared.processes += more.processes;
    }
    Record::forget(folder).map_err(|cause| of_file(folder, cause))?;
    drop(lock);
    // One that ended in order took its namespaces with it.
    Ok(Cleared { processes: cleared.processes + ended, spaces: cleared.spaces })
}

/// Ends daemons and removes namespaces of a lab. The lock is held.
fn clear(folder: &Path, lab: &str) -> Result<Cleared, GroundError> {
    let spaces = space::standing(&names::of_lab(lab));
    let processes = process::end(frr::left(folder, &spaces), ENDING);
    if !spaces.is_empty() {
        space::ip(&recipe::no_spaces(spaces.iter().map(String::as_str)), Refusal::GoesOn)?;
    }
    match space::standing(&names::of_lab(lab)).first() {
        None => Ok(Cleared { spaces: spaces.len(), processes }),
        Some(left) => Err(GroundError::Impossible(format!(
            "the namespace {left} cannot be removed: try `ip netns del {left}`"
        ))),
    }
}
