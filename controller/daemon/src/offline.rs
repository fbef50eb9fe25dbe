//! What `check`, `plan` and `why` share: the files of a network and its intents, understood, and a view for the stages of
//! the loop. The stages are the controller's own, so that the answers are too.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use engine::{cycle, learn::Learned, snapshot::StateFile, stages::View, terms::Terms};
use formats::Network;
use intents::{AsOf, Compilation, Reading, SourceFile};
use model::{
    ActualState, Allocations, DeviceConfig, DeviceReading, Finding, Hints, IntentSet, Season, Severity, Ted,
    Timestamp, state::Foreign,
};
use plan::Exceptions;

use crate::{input, outcome::Stop, sources::Sources};

/// A network and intents that fit it.
#[derive(Debug)]
pub struct Understood {
    /// The network.
    pub ted: Arc<Ted>,
    /// The intents.
    pub set: Arc<IntentSet>,
    /// The documents that they come from.
    pub documents: Vec<intents::Document>,
    /// Warnings so far, those about the network file first.
    pub findings: Vec<Finding>,
    /// How many of them are about the network file.
    pub of_network: usize,
    /// All texts.
    pub sources: Sources,
    /// How many intent files there are.
    pub files: usize,
}

/// Reads and understands a network and intents; the network with what a running controller has learned of it, where that is known.
/// What stands in the folders and is left out is named on standard error. Where there are faults, what has none is judged as far as that
/// goes, as of a moment or with all services at once.
///
/// # Errors
/// A file cannot be read, or files have faults: all of them, those of the network and of the intents.
pub fn understand(
    network: &Path,
    paths: &[PathBuf],
    at: Option<Timestamp>,
    known: Option<&Known<'_>>,
) -> Result<Understood, Stop> {
    let mut read = input::all_intents(paths)?;
    // The network may stand beside its intents: it is read, and not left out.
    read.left_out.retain(|left| !left.is(network));
    if let Some(line) = input::left_out(&read.left_out) {
        eprintln!("{line}");
    }
    if let Some(line) = input::empty_ones(&read.files) {
        eprintln!("{}", crate::draw::clean(&line));
    }
    let nothing = Learned::default();
    let learned = known.map_or(&nothing, |known| &known.state.learned);
    understood_with(network, read, at, learned)
}

/// As [`understand`], of intent files that were read.
///
/// # Errors
/// The network file cannot be read, or files have faults.
pub fn understood(
    network: &Path,
    intents: input::Intents,
    at: Option<Timestamp>,
) -> Result<Understood, Stop> {
    understood_with(network, intents, at, &Learned::default())
}

fn understood_with(
    network: &Path,
    intents: input::Intents,
    at: Option<Timestamp>,
    learned: &Learned,
) -> Result<Understood, Stop> {
    let count = intents.count();
    let input::Intents { files, unreadable, .. } = intents;
    let reading = reading(&files, unreadable);
    must_hold(&files, &reading)?;
    let mut sources = files;
    let (ted, mut findings) = match input::network(network, &mut sources) {
        Ok(Network { ted, mut notes, .. }) => {
            notes.retain(|note| note.severity > Severity::Info);
            (learned.lay(&ted), notes)
        }
        Err(Stop::Findings(mut judged)) => {
            judged.findings.extend(intents::judge_alone(&reading));
            return Err(Stop::Findings(judged));
        }
        Err(stop) => return Err(stop),
    };
    match intents::judge(&reading, &ted, at) {
        Ok((set, judged)) => {
            let (ted, set) = (Arc::new(ted), Arc::new(set));
            let (documents, of_network) = (reading.documents, findings.len());
            findings.extend(judged);
            Ok(Understood { ted, set, documents, findings, of_network, files: count, sources })
        }
        Err(judged) => {
            findings.extend(judged);
            Err(Stop::findings(findings, sources))
        }
    }
}

/// Intent files as far as they can be read, beside files that are no text.
pub fn reading(files: &Sources, unreadable: Vec<Finding>) -> Reading {
    let mut reading = Reading::default();
    for (name, text) in files {
        reading.add(Reading::of(&SourceFile::new(name, text)));
    }
    unreadable.into_iter().for_each(|finding| reading.lost(finding));
    reading
}

/// Refuses files in which there is no document at all: an empty set of intents is the end of every service, and seldom meant.
///
/// # Errors
/// All files are empty.
pub fn must_hold_intents(files: &Sources) -> Result<(), Stop> {
    must_hold(files, &reading(files, Vec::new()))
}

/// As [`must_hold_intents`], of files that were read already.
///
/// # Errors
/// All files are empty.
pub fn must_hold(files: &Sources, reading: &Reading) -> Result<(), Stop> {
    let empty = reading.documents.is_empty() && reading.findings.is_empty() && !files.is_empty();
    if !empty {
        return Ok(());
    }
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    Err(Stop::usage(format!(
        "{}: there is no intent in it, only an empty file or comments",
        names.join(", ")
    )))
}

/// What the loop would start from.
#[derive(Debug)]
pub struct Start {
    /// The network as it is known.
    pub view: View,
    /// What the loop has learned.
    pub hints: Hints,
    /// Whether this is a network on which nothing of ours stands yet.
    pub empty: bool,
    /// When it was so, where that is known.
    pub at: Option<Timestamp>,
}

/// The hints as of a moment; without one all services count at once but for those that cannot, and no window is open.
pub fn as_of(hints: Hints, set: &IntentSet, at: Option<Timestamp>) -> Hints {
    Season::as_of(set, at).over(hints)
}

/// A network of which every device was read and holds nothing of ours.
fn empty(ted: &Arc<Ted>) -> Start {
    let nothing = || DeviceReading::Read {
        owned: DeviceConfig::default(),
        foreign: Foreign::default(),
        at: Timestamp::default(),
    };
    let devices = ted.nodes.keys().map(|node| (node.clone(), nothing())).collect();
    let actual = Arc::new(ActualState { devices, ..ActualState::default() });
    let (ids, before) = (Allocations::default(), Arc::default());
    let (hints, lacks, terms) = (Hints::default(), Arc::default(), Terms::default());
    let exceptions = Arc::default();
    let view = View { ted: Arc::clone(ted), actual, ids, before, hints, lacks, exceptions, terms };
    Start { view, hints: Hints::default(), empty: true, at: None }
}

/// What a running controller knows, from the file that `trunkline snapshot` wrote.
#[derive(Debug)]
pub struct Known<'p> {
    path: &'p Path,
    state: StateFile,
}

/// Reads that file, where one is named.
///
/// # Errors
/// It cannot be read.
pub fn known(path: Option<&Path>) -> Result<Option<Known<'_>>, Stop> {
    let Some(path) = path else { return Ok(None) };
    let refuse = |why: String| Stop::usage(format!("{}: {why}", path.display()));
    let state: StateFile = serde_json::from_str(&input::our_text(path)?).map_err(|error| {
        let why = match error.is_data() {
            // The words are about types of this program.
            true => format!("it is JSON of another kind, at line {} column {}", error.line(), error.column()),
            false => format!("it is no whole JSON: {error}"),
        };
        refuse(format!("not a snapshot as `trunkline snapshot` prints it: {why}"))
    })?;
    if state.version != 1 {
        return Err(refuse(format!("a snapshot of format {}, only 1 is read here", state.version)));
    }
    Ok(Some(Known { path, state }))
}

/// What the loop would start from: what a running controller knows, or an empty network where nobody knows anything. Exceptions are those
/// that stand at a moment; at that of the file, where none is given.
///
/// # Errors
/// The intents of the file do not fit the network, or its devices are of another one.
pub fn start(known: Option<Known<'_>>, ted: &Arc<Ted>, at: Option<Timestamp>) -> Result<Start, Stop> {
    let Some(Known { path, state }) = known else { return Ok(empty(ted)) };
    let refuse = |why: String| Stop::usage(format!("{}: {why}", path.display()));
    let strangers: Vec<&str> = state
        .actual
        .devices
        .keys()
        .filter(|node| !ted.nodes.contains_key(*node))
        .map(|node| node.as_str())
        .collect();
    if let Some(stranger) = strangers.first() {
        let why = format!(
            "it has the device {stranger}, which the network file does not have; are they of one network?"
        );
        return Err(refuse(why));
    }
    let before = Arc::new(in_force(&state, ted)?);
    let exceptions = standing(&state, at.or(state.at), ted);
    let view = View {
        ted: Arc::clone(ted),
        actual: Arc::new(state.actual),
        ids: state.ids,
        before,
        hints: state.hints.clone(),
        lacks: Arc::new(state.lacks),
        exceptions: Arc::new(exceptions),
        terms: Terms::default(),
    };
    Ok(Start { view, hints: state.hints, empty: false, at: state.at })
}

/// The exceptions of a snapshot that stand at a moment.
fn standing(state: &StateFile, at: Option<Timestamp>, ted: &Ted) -> Exceptions {
    state.exceptions.as_of(at, |node| ted.nodes.contains_key(node))
}

/// What the intents of a snapshot come to, with the exceptions from them; none were accepted yet where it has no files.
fn in_force(state: &StateFile, ted: &Ted) -> Result<Compilation, Stop> {
    if state.intents.is_empty() {
        return Ok(Compilation::default());
    }
    let as_of = state.at.map_or_else(AsOf::default, AsOf::moment).in_force();
    match cycle::understand(&state.intents, ted, as_of) {
        Ok((set, _)) => {
            let mut compiled = intents::compile(&set, ted, &state.hints, &state.ids);
            standing(state, state.at, ted).lay(&mut compiled.desired);
            Ok(compiled)
        }
        Err(findings) => Err(Stop::findings(findings, state.intents.clone())),
    }
}
