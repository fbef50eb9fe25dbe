//! Commands that change something: intents, drains, the stop switch. Each is logged by the controller with who and why.

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode};

use api::{
    Client,
    request::{AdoptRequest, ApplyRequest, PlanRequest, Reason, RestoreRequest},
};
use clap::{Args, ValueEnum};
use engine::{
    handle::{Applied, Subject},
    terms::{LONGEST_SETTLE, SHORTEST_SETTLE, USUAL_SETTLE, Waves},
};
use intents::SourceFile;
use model::{Finding, NodeId, Revision, Span, calendar::Moment, intent::Mode};

use super::{
    Access,
    left_out::LeftOut,
    refused,
    rehearsal::{self, Meant},
    wait,
};
use crate::{
    args::Format,
    check::plural,
    draw, input, offline,
    outcome::{FOUND, Stop, say, say_json},
    sources::Sources,
};

const AFTER_APPLY: &str = "\
The files together are the whole set of intents: what is not in them is removed from the network.
All routers that can be reached change, or none; the command returns when they have answered. Others that
it concerns are left out and named, and get their part when they answer. Ctrl-C ends the waiting and not
the change.

With --dry-run each router that would change is asked whether it would take its part, where its protocol
can: it checks, and is left as it was. That takes a lock for a moment, so under the stop switch none is
asked. The last line counts the answers.

With --waves services move in two waves: those of a few far ends, such as branches, first. Then the
controller looks at the network for the time of --settle. Where a promise around what was touched gets
worse, an alarm is raised there or a router there is lost, it goes no further, takes back what it did, and
says why; else the others follow.

A change that touches more devices or services than the configuration's `limits` allow is refused with the
figures. --beyond-limit with -m WHY carries it out.

Examples:
  trunkline apply intents/ --dry-run
  trunkline apply intents/ -m CHG1042
  trunkline apply intents/ -m CHG1042 --waves 2 --settle 5min

Exit codes: 0 the whole network has followed, 1 refused, rolled back, or some routers were left out, 2
called wrongly, 129, 130 or 143 a signal ended the waiting. With --dry-run: 0 nothing is known to stand
against it, 1 it would be refused, or a router that should change was not reached, 2 called wrongly.";

/// Whether a change may touch more than one change may.
#[derive(Clone, Copy, Debug, Args)]
pub struct Limit {
    /// Carry it out also where it touches more devices or services than the limit; needs -m
    #[arg(long)]
    pub beyond_limit: bool,
}

impl Limit {
    /// The reason of a change, which must be said for one beyond the limit.
    ///
    /// # Errors
    /// It is not said.
    pub fn reason(self, message: String) -> Result<Reason, Stop> {
        let Self { beyond_limit } = self;
        if beyond_limit && message.trim().is_empty() {
            return Err(Stop::usage("--beyond-limit needs -m WHY: the log has to say why it was meant"));
        }
        Ok(Reason { message, beyond_limit })
    }
}

/// What every change has.
#[derive(Debug, Args)]
pub struct Change {
    /// Why; stands in the log
    #[arg(short, long, default_value = "")]
    pub message: String,
    /// Whether it may touch more than one change may.
    #[command(flatten)]
    pub limit: Limit,
    /// Which controller.
    #[command(flatten)]
    pub access: Access,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Make files the intents, and the network follow them
#[derive(Debug, Args)]
#[command(after_help = AFTER_APPLY)]
pub struct ApplyArgs {
    /// Intent files, or folders of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Why; stands in the log
    #[arg(short, long, default_value = "")]
    pub message: String,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Let files without any intent take all services off the network
    #[arg(long)]
    pub remove_all: bool,
    /// Move the services of so many far ends first, look at the network, then move the others
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub waves: Option<u32>,
    /// How long to look at the network between the waves, 1s to 15min [default: 60s]
    #[arg(long, value_name = "TIME", requires = "waves", value_parser = settle)]
    pub settle: Option<Span>,
    /// Whether it may touch more than one change may.
    #[command(flatten)]
    pub limit: Limit,
    /// Which controller.
    #[command(flatten)]
    pub access: Access,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Go back to an earlier set of intents; it becomes the newest
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// Its number, as `trunkline intents` lists it
    pub revision: u64,
    /// Why, which controller, and how the answer is shown.
    #[command(flatten)]
    pub change: Change,
}

/// Take traffic off a link or node, or let it on again; make before break
#[derive(Debug, Args)]
pub struct DrainArgs {
    /// The link or node, by its name; `link:NAME` or `node:NAME` where both exist
    #[arg(value_name = "LINK|NODE")]
    pub subject: String,
    /// Why, which controller, and how the answer is shown.
    #[command(flatten)]
    pub change: Change,
}

/// Put back what somebody changed by hand on routers
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The routers
    #[arg(required = true, value_name = "ROUTER")]
    pub routers: Vec<NodeId>,
    /// Why, which controller, and how the answer is shown.
    #[command(flatten)]
    pub change: Change,
}

/// Say whether the controller may act: the stop switch
#[derive(Debug, Args)]
pub struct ModeArgs {
    /// From now on
    #[arg(value_enum)]
    pub mode: ModeWord,
    /// Why; stands in the log
    #[arg(short, long, default_value = "")]
    pub message: String,
    /// Which controller.
    #[command(flatten)]
    pub access: Access,
}

/// Who may act.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ModeWord {
    /// Only watch
    Observe,
    /// Watch and propose; change only what people ask for
    Recommend,
    /// Watch and act
    Act,
}

/// Let the controller change the network, which it only observes before; or, with routers, accept what they hold otherwise
#[derive(Debug, Args)]
pub struct AdoptArgs {
    /// The routers of which what differs is accepted; the whole network is adopted where none is named
    #[arg(value_name = "ROUTER")]
    pub routers: Vec<NodeId>,
    /// Why; stands in the log, and beside what is accepted
    #[arg(short, long, default_value = "")]
    pub message: String,
    /// When what is accepted ends, like 2026-12-05T01:00:00+08:00; by `restore`, where absent
    #[arg(long, value_name = "MOMENT", value_parser = intents::moment, requires = "routers")]
    pub until: Option<Moment>,
    /// Which controller.
    #[command(flatten)]
    pub access: Access,
    /// How the answer is shown, where routers are named
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What takes back a change of the intents.
const UNDO: &str = "`trunkline rollback N`, where N is an earlier set,";

/// Makes files the intents.
///
/// # Errors
/// It was called wrongly, refused or rolled back.
pub async fn apply(args: ApplyArgs) -> anyhow::Result<ExitCode> {
    let client = args.access.client_that_may_change()?;
    let read = input::all_intents(&args.paths).map_err(|stop| match args.remove_all {
        true => {
            Stop::usage(format!("{stop}; an empty file, such as `intents.yaml`, says that none is meant"))
        }
        false => stop,
    })?;
    if !read.unreadable.is_empty() {
        return Err(Stop::findings(read.unreadable, read.files).into());
    }
    if let Some(line) = input::left_out(&read.left_out) {
        eprintln!("{line}");
    }
    let files = read.files;
    if let Some(line) = input::empty_ones(&files) {
        eprintln!("{}", draw::clean(&line));
    }
    must_be_intents(&files)?;
    if !args.remove_all {
        offline::must_hold_intents(&files).map_err(|stop| {
            Stop::usage(format!("{stop}; to take every service off the network, say --remove-all"))
        })?;
    }
    let waves = args.waves();
    if args.dry_run {
        let meant = Meant { remove_all: args.remove_all, beyond_limit: args.limit.beyond_limit };
        let request = PlanRequest { files, waves, rehearse: true };
        return rehearsal::dry_run(&client, request, meant, args.format).await;
    }
    let Reason { message, beyond_limit } = args.limit.reason(args.message.clone())?;
    let remove_all = args.remove_all;
    let request = ApplyRequest { files: files.clone(), message, remove_all, waves, beyond_limit };
    let answer = async {
        match request.waves {
            Some(_) => wait::telling(&client, client.apply(&request)).await,
            None => client.apply(&request).await,
        }
    };
    match wait::answer(answer, UNDO).await? {
        Ok(applied) => show(args.format, &applied, &files, &LeftOut::of(&applied, &client).await),
        Err(error) => refused(error, &files),
    }
}

/// How long a wave is looked at.
fn settle(text: &str) -> Result<Span, String> {
    let range = SHORTEST_SETTLE..=LONGEST_SETTLE;
    text.parse::<Span>()
        .ok()
        .filter(|span| range.contains(span))
        .ok_or_else(|| "write 1s to 15min, like 60s".to_owned())
}

impl ApplyArgs {
    fn waves(&self) -> Option<Waves> {
        let first = usize::try_from(self.waves?).unwrap_or(usize::MAX);
        Some(Waves { first, settle: self.settle.unwrap_or(USUAL_SETTLE) })
    }
}

/// A file of ours of another kind, named by itself, is a slip of the hand: the controller has files of those kinds of its own.
fn must_be_intents(files: &Sources) -> Result<(), Stop> {
    let kind = |name: &String, text: &String| intents::foreign(&SourceFile::new(name, text));
    let stranger = files.iter().find_map(|(name, text)| Some((name, kind(name, text)?)));
    stranger.map_or(Ok(()), |(name, kind)| {
        Err(Stop::usage(format!("{name}: it is a file of the kind {kind}, and no intents; leave it out")))
    })
}

/// Goes back to an earlier set.
///
/// # Errors
/// It was refused or rolled back.
pub async fn rollback(args: RollbackArgs) -> anyhow::Result<ExitCode> {
    let Change { message, limit, access, format } = args.change;
    let client = access.client_that_may_change()?;
    let reason = limit.reason(message)?;
    match wait::answer(client.rollback(Revision(args.revision), reason), UNDO).await? {
        Ok(applied) => show(format, &applied, &Sources::new(), &LeftOut::of(&applied, &client).await),
        Err(error) => refused(error, &Sources::new()),
    }
}

/// Drains, or uses again.
///
/// # Errors
/// There is no such link or node, or it was refused or rolled back.
pub async fn drain(args: DrainArgs, drain: bool) -> anyhow::Result<ExitCode> {
    let Change { message, limit, access, format } = args.change;
    let client = access.client_that_may_change()?;
    let reason = limit.reason(message)?;
    let subject = subject(&client, &args.subject).await?;
    let done = match drain {
        true => wait::answer(client.drain(&subject, reason), "`trunkline undrain` of the same").await?,
        false => wait::answer(client.undrain(&subject, reason), "`trunkline drain` of the same").await?,
    };
    let applied = match done {
        Ok(applied) => applied,
        Err(error) => return refused(error, &Sources::new()),
    };
    let left = LeftOut::of(&applied, &client).await;
    if drain {
        return drained(format, &applied, &subject, &left);
    }
    let code = show(format, &applied, &Sources::new(), &left)?;
    if format == Format::Text {
        say(&format!("{} is not drained now", name(&subject)));
    }
    Ok(code)
}

/// Puts back what somebody changed.
///
/// # Errors
/// There is no such router, or it was refused or rolled back.
pub async fn restore(args: RestoreArgs) -> anyhow::Result<ExitCode> {
    let Change { message, limit, access, format } = args.change;
    let client = access.client_that_may_change()?;
    let Reason { message, beyond_limit } = limit.reason(message)?;
    let request = RestoreRequest { nodes: args.routers.into_iter().collect(), message, beyond_limit };
    match wait::answer(client.restore(&request), "a change of the intents").await? {
        Ok(applied) => show(format, &applied, &Sources::new(), &not_restored(&request.nodes, &applied)),
        Err(error) => refused(error, &Sources::new()),
    }
}

/// The routers, of those that were named, that could not be read: they may hold anything still.
fn not_restored(named: &BTreeSet<NodeId>, applied: &Applied) -> LeftOut {
    let unread = applied.findings.iter().filter(|finding| finding.code == plan::codes::UNREADABLE);
    let unread = unread.map(|finding| finding.subject.clone());
    LeftOut::among(named.len(), unread.chain(applied.left_out.iter().map(ToString::to_string)).collect())
}

/// What a name means: the prefix decides, or else the controller's network does.
async fn subject(client: &Client, text: &str) -> anyhow::Result<Subject> {
    let bad = |error: model::id::BadName| Stop::usage(error.to_string());
    if let Some(name) = text.strip_prefix("link:") {
        return Ok(Subject::Link(name.parse().map_err(bad)?));
    }
    if let Some(name) = text.strip_prefix("node:") {
        return Ok(Subject::Node(name.parse().map_err(bad)?));
    }
    let topology = client.topology().await?;
    let node = topology.nodes.iter().find(|node| node.id.as_str() == text).map(|node| node.id.clone());
    let link = topology.links.iter().find(|link| link.id.as_str() == text).map(|link| link.id.clone());
    match (node, link) {
        (Some(node), None) => Ok(Subject::Node(node)),
        (None, Some(link)) => Ok(Subject::Link(link)),
        (Some(_), Some(_)) => {
            Err(Stop::usage(format!("`{text}` is a node and a link: write node:{text} or link:{text}"))
                .into())
        }
        (None, None) => {
            let nodes = topology.nodes.iter().map(|node| node.id.as_str());
            let known = nodes.chain(topology.links.iter().map(|link| link.id.as_str()));
            Err(super::no_such("router and no link", text, known).into())
        }
    }
}

/// Sets who may act.
///
/// # Errors
/// It was refused.
pub async fn mode(args: ModeArgs) -> anyhow::Result<ExitCode> {
    let (mode, told) = match args.mode {
        ModeWord::Observe => (Mode::Observe, "observe: the controller only watches"),
        ModeWord::Recommend => {
            (Mode::Recommend, "recommend: the controller watches and proposes, and changes nothing by itself")
        }
        ModeWord::Act => (Mode::Act, "act: the controller watches and acts"),
    };
    args.access.client_that_may_change()?.mode(mode, &args.message).await?;
    say(told);
    Ok(ExitCode::SUCCESS)
}

/// Gives the controller the right to change the network; or accepts what routers hold otherwise than they should.
///
/// # Errors
/// It was called wrongly, or refused.
pub async fn adopt(args: AdoptArgs) -> anyhow::Result<ExitCode> {
    let client = args.access.client_that_may_change()?;
    let AdoptArgs { routers, message, until, format, .. } = args;
    if routers.is_empty() {
        client.adopt(&message).await?;
        say("adopted: the controller may change what it creates on these routers, and nothing else");
        return Ok(ExitCode::SUCCESS);
    }
    if message.trim().is_empty() {
        return Err(
            Stop::usage("accepting what routers hold otherwise needs -m WHY: it stands beside them").into()
        );
    }
    let nodes = routers.into_iter().collect();
    let request = AdoptRequest { nodes, message, until: until.map(|until| until.at) };
    match wait::answer(client.accept(&request), "`trunkline restore` of the same").await? {
        Ok(applied) => show(format, &applied, &Sources::new(), &LeftOut::of(&applied, &client).await),
        Err(error) => refused(error, &Sources::new()),
    }
}

/// What a change did, for people.
pub fn did(applied: &Applied, left: &LeftOut) -> String {
    let Applied { devices, transactions, edits, took_ms, unseen, accepted, .. } = applied;
    // An object that is made, moved and unmade is one object and several edits.
    let done = (*edits > 0).then(|| {
        let (edits, devices) = (plural(*edits, "edit"), plural(*devices, "device"));
        format!("{edits} on {devices} in {}, {took_ms:.0} ms", plural(*transactions, "transaction"))
    });
    let kept = (*accepted > 0).then(|| format!("{} accepted as found", plural(*accepted, "object")));
    let blind = match unseen.len() {
        0 => String::new(),
        many => format!("; nothing is known of {} that moved in the first wave", plural(many, "service")),
    };
    left.told(done.or(kept)) + &blind
}

/// Shows what a change did, and tells a script whether all has followed.
///
/// # Errors
/// It cannot be written as JSON.
pub fn show(
    format: Format,
    applied: &Applied,
    sources: &Sources,
    left: &LeftOut,
) -> anyhow::Result<ExitCode> {
    let findings = &applied.findings;
    let wrong = findings.iter().any(Finding::is_error) || !left.is_nobody();
    let code = if wrong { ExitCode::from(FOUND) } else { ExitCode::SUCCESS };
    if format == Format::Json {
        say_json(applied)?;
        return Ok(code);
    }
    if !findings.is_empty() {
        say(&draw::all(findings, sources));
    }
    say(&format!("revision {}: {}", applied.revision.0, did(applied, left)));
    Ok(code)
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Link(link) => link.to_string(),
        Subject::Node(node) => node.to_string(),
    }
}

/// How something stands that was drained, also where it was so before and nothing had to change.
fn is_drained(subject: &Subject, stays: bool) -> String {
    let name = name(subject);
    match stays {
        true => {
            format!("{name} is drained now, and what has no other way stays on it: work there would cut it")
        }
        false => format!("{name} is drained now: `trunkline undrain {name}` when the work is done"),
    }
}

/// As [`show`]; but where something that is drained carries services of ours all the same, nobody may go to work on it, and a
/// script must not take it for done.
fn drained(format: Format, applied: &Applied, subject: &Subject, left: &LeftOut) -> anyhow::Result<ExitCode> {
    let code = show(format, applied, &Sources::new(), left)?;
    let stays = applied.findings.iter().any(|finding| finding.code == intents::codes::STAYS_ON_DRAINED);
    if format == Format::Text {
        say(&is_drained(subject, stays));
        for router in &left.routers {
            say(&format!("{router} was not told; it may still send over {}", name(subject)));
        }
    }
    Ok(if stays { ExitCode::from(FOUND) } else { code })
}

#[cfg(test)]
mod tests;
