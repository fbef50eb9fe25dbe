//! Answers to writes: each stands in the audit log before it is carried out, or is not carried out. So does a refusal, after it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use engine::{
    balance::{Limits, MOST_EFFORT, MOST_LINKS, MOST_MOVES, MOST_SERVICES},
    clock,
    handle::{Balancing, Command, Refusal, Reply, Subject},
    terms::{LONGEST_SETTLE, Manner, SHORTEST_SETTLE, Waves},
};
use model::{
    ServiceId,
    calendar::{Moment, Offset},
    hint::Balance,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::Said;
use tracing::warn;
use warp::{
    http::{HeaderMap, StatusCode},
    reply::Response,
};

use crate::{
    Problem,
    asked::{Asked, Context, ask, ask_longer},
    body::{self, Body},
    guard,
    reply::json,
    request::{
        AdoptRequest, ApplyRequest, BalanceRequest, DrainRequest, ModeRequest, OptimiseRequest, PlanRequest,
        RestoreRequest, RollbackRequest, UnbalanceRequest,
    },
    route::Route,
};

/// Longest reason of a write, characters.
const LONGEST_MESSAGE: usize = 1_000;
/// Services, and links of each, that an entry of the log names; more are counted.
const NAMED: usize = 5;
/// Most files of a set.
const MOST_FILES: usize = 4_096;

/// What is about to be done.
#[derive(Clone)]
struct Write {
    who: String,
    what: String,
    why: String,
}

/// Writes it down. Until this returns, nothing is done.
async fn log(context: &Context, write: &Write) -> Result<(), Problem> {
    let journal = context.journal.clone();
    let Write { who, what, why } = write.clone();
    let said = Said { at: clock::now(), who, what, why };
    let logged = tokio::task::spawn_blocking(move || journal.log(&said)).await;
    let failed = |why: String| {
        Problem::from(Refusal::Journal { why: format!("not carried out, for it cannot be logged: {why}") })
    };
    match logged {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Logs it, asks for it, and logs a refusal. Where devices had been changed, the change itself says how it ended.
async fn carry_out<T: Serialize>(
    context: &Context,
    write: Write,
    command: impl FnOnce(Write, Reply<T>) -> Command,
) -> Result<Response, Problem> {
    carry_out_longer(context, write, Duration::ZERO, command).await
}

/// The same for what waits for so long by itself.
async fn carry_out_longer<T: Serialize>(
    context: &Context,
    write: Write,
    longer: Duration,
    command: impl FnOnce(Write, Reply<T>) -> Command,
) -> Result<Response, Problem> {
    log(context, &write).await?;
    let asked = write.clone();
    let answer = ask_longer(context, longer, |reply| command(asked, reply)).await;
    if let Err(Problem { refusal: Some(refusal), .. }) = &answer
        && !matches!(
            **refusal,
            Refusal::RolledBack { .. } | Refusal::HalfDone { .. } | Refusal::Unresolved { .. }
        )
    {
        let what = format!("refused: {}: {refusal}", write.what);
        if let Err(problem) = log(context, &Write { what, ..write }).await {
            warn!(why = problem.detail, "a refusal could not be logged");
        }
    }
    json(&answer?)
}

/// Works out what would change. Nothing is written, so nothing is logged.
pub(crate) async fn look(asked: Asked<'_>, route: Route, bytes: &[u8]) -> Result<Response, Problem> {
    if route == Route::Optimise {
        let OptimiseRequest(limits) = body::parse(asked.headers, bytes)?;
        check_limits(&limits)?;
        return json(&ask(asked.context, |reply| Command::Optimise { limits, reply }).await?);
    }
    let PlanRequest { files, waves, rehearse } = body::parse(asked.headers, bytes)?;
    check_files(&files)?;
    check_waves(waves)?;
    let manner = Manner { waves, beyond_limit: false };
    json(&ask(asked.context, |reply| Command::Plan { files, manner, rehearse, reply }).await?)
}

/// Answers a row of the table that changes something.
pub(crate) async fn answer(asked: Asked<'_>, route: Route, bytes: &[u8]) -> Result<Response, Problem> {
    let Asked { context, headers, .. } = asked;
    let who = guard::user(headers)?;
    match route {
        Route::Apply => apply(context, who, body::parse(headers, bytes)?).await,
        Route::Rollback => {
            let RollbackRequest { revision: to, message, beyond_limit } = body::parse(headers, bytes)?;
            let what = format!("roll back to revision {}{}", to.0, beyond(beyond_limit, &message)?);
            let write = Write { who, what, why: reason(message)? };
            let rollback = |Write { who, why: message, .. }, reply| Command::Rollback {
                to,
                who,
                message,
                beyond_limit,
                reply,
            };
            carry_out(context, write, rollback).await
        }
        Route::Mode => {
            let ModeRequest { mode, message } = body::parse(headers, bytes)?;
            let name = format!("{mode:?}").to_lowercase();
            let write = Write { who, what: format!("set the mode to {name}"), why: reason(message)? };
            carry_out(context, write, |write, reply| Command::SetMode { mode, who: write.who, reply }).await
        }
        Route::Adopt => adopt(context, who, or_default(headers, bytes)?).await,
        Route::Drain | Route::Undrain => {
            drain(context, who, route == Route::Drain, body::parse(headers, bytes)?).await
        }
        Route::Restore => restore(context, who, body::parse(headers, bytes)?).await,
        Route::Balance => balance(context, who, body::parse(headers, bytes)?).await,
        Route::Unbalance => unbalance(context, who, or_default(headers, bytes)?).await,
        _ => Err(Refusal::NotFound { what: "write at this path".into() }.into()),
    }
}

async fn apply(context: &Arc<Context>, who: String, request: ApplyRequest) -> Result<Response, Problem> {
    let manner = request.manner();
    let ApplyRequest { files, message, remove_all, waves, beyond_limit } = request;
    check_files(&files)?;
    check_waves(waves)?;
    let allowed = if remove_all { ", which may promise nothing" } else { "" };
    let so = waves.map_or_else(String::new, |waves| {
        let Waves { first, settle } = waves;
        format!(", in waves: {first} far end(s) first, the others after {settle}")
    });
    let beyond = beyond(beyond_limit, &message)?;
    let print = fingerprint(&files);
    let what = format!("apply {} intent file(s), sha256 {print}{allowed}{so}{beyond}", files.len());
    let write = Write { who, what, why: reason(message)? };
    let settle = waves.map_or(Duration::ZERO, |waves| waves.settle.as_duration());
    let apply = |Write { who, why: message, .. }, reply| Command::Apply {
        files,
        who,
        message,
        remove_all,
        manner,
        reply,
    };
    carry_out_longer(context, write, settle, apply).await
}

/// What the log says of a change that may touch more than one change may: that is never done without a reason.
fn beyond(beyond_limit: bool, message: &str) -> Result<&'static str, Problem> {
    if beyond_limit && message.trim().is_empty() {
        let detail = "a change beyond the limit needs a `message` that says why";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "message", detail));
    }
    Ok(if beyond_limit { ", beyond the limit if need be" } else { "" })
}

fn check_waves(waves: Option<Waves>) -> Result<(), Problem> {
    let Some(Waves { first, settle }) = waves else { return Ok(()) };
    if first > 0 && (SHORTEST_SETTLE..=LONGEST_SETTLE).contains(&settle) {
        return Ok(());
    }
    let detail =
        format!("`first` of `waves` is 1 or more, and `settle` {SHORTEST_SETTLE} to {LONGEST_SETTLE}");
    Err(Problem::new(StatusCode::BAD_REQUEST, "waves", detail))
}

async fn drain(
    context: &Arc<Context>,
    who: String,
    drain: bool,
    request: DrainRequest,
) -> Result<Response, Problem> {
    let subject = request.subject().ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "subject",
            "name either a `link` or a `node`, and only one of them",
        )
    })?;
    let verb = if drain { "drain" } else { "undrain" };
    let beyond_limit = request.beyond_limit;
    let beyond = beyond(beyond_limit, &request.message)?;
    let what = match &subject {
        Subject::Link(link) => format!("{verb} link {link}{beyond}"),
        Subject::Node(node) => format!("{verb} node {node}{beyond}"),
    };
    let write = Write { who, what, why: reason(request.message)? };
    let drain = |Write { who, .. }, reply| Command::Drain { subject, drain, who, beyond_limit, reply };
    carry_out(context, write, drain).await
}

async fn adopt(context: &Arc<Context>, who: String, request: AdoptRequest) -> Result<Response, Problem> {
    let AdoptRequest { nodes, message, until } = request;
    let bad = |what, detail: &str| Err(Problem::new(StatusCode::BAD_REQUEST, what, detail));
    if nodes.is_empty() {
        if until.is_some() {
            return bad("until", "`until` ends what is accepted on routers: name them in `nodes`");
        }
        let write = Write { who, what: "adopt the network".into(), why: reason(message)? };
        return carry_out(context, write, |write, reply| Command::Adopt { who: write.who, reply }).await;
    }
    if message.trim().is_empty() {
        return bad("message", "what is accepted on routers needs a `message` that says why");
    }
    if until.is_some_and(|until| until <= clock::now()) {
        return bad("until", "`until` has passed: give a later moment, in microseconds since 1970, or none");
    }
    let end = until.map_or_else(String::new, |at| format!(" until {}", Moment { at, offset: Offset::UTC }));
    let what = format!("accept what differs on {}{end}", few(nodes.iter()));
    let write = Write { who, what, why: reason(message)? };
    let accept =
        |Write { who, why: message, .. }, reply| Command::AdoptDrift { nodes, who, message, until, reply };
    carry_out(context, write, accept).await
}

async fn restore(context: &Arc<Context>, who: String, request: RestoreRequest) -> Result<Response, Problem> {
    let RestoreRequest { nodes, message, beyond_limit } = request;
    if nodes.is_empty() {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "nodes", "name one router or more in `nodes`"));
    }
    let what = format!("restore {}{}", few(nodes.iter()), beyond(beyond_limit, &message)?);
    let write = Write { who, what, why: reason(message)? };
    let restore = |Write { who, why: message, .. }, reply| Command::Restore {
        nodes,
        who,
        message,
        beyond_limit,
        reply,
    };
    carry_out(context, write, restore).await
}

async fn unbalance(
    context: &Arc<Context>,
    who: String,
    request: UnbalanceRequest,
) -> Result<Response, Problem> {
    let UnbalanceRequest { services, message, beyond_limit } = request;
    let beyond = beyond(beyond_limit, &message)?;
    let what = match services.is_empty() {
        true => format!("let back what was moved off full links{beyond}"),
        false => format!("let back {}, off full links so far{beyond}", few(services.iter())),
    };
    let write = Write { who, what, why: reason(message)? };
    let balancing = Balancing::Back(services);
    let unbalance = |Write { who, .. }, reply| Command::Balance { balancing, who, beyond_limit, reply };
    carry_out(context, write, unbalance).await
}

async fn balance(context: &Arc<Context>, who: String, request: BalanceRequest) -> Result<Response, Problem> {
    let BalanceRequest { services, message, beyond_limit } = request;
    let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "services", detail);
    if services.is_empty() || services.len() > MOST_SERVICES {
        let many = services.len();
        return Err(bad(format!("{many} services: name 1 to {MOST_SERVICES}, as `optimise` answered them")));
    }
    if let Some((id, _)) =
        services.iter().find(|(_, kept)| kept.off.is_empty() || kept.off.len() > MOST_LINKS)
    {
        return Err(bad(format!("{id}: name 1 to {MOST_LINKS} links that it is kept off")));
    }
    if let Some((id, _)) = services.iter().find(|(_, kept)| kept.held.len() > usize::from(MOST_MOVES)) {
        return Err(bad(format!("{id}: `held` names at most {MOST_MOVES} services that were moved")));
    }
    for kept in services.values() {
        reason(kept.why.clone())?;
    }
    let what = format!("{}{}", moves(&services), beyond(beyond_limit, &message)?);
    let write = Write { who, what, why: reason(message)? };
    let balancing = Balancing::Off(services);
    let balance = |Write { who, .. }, reply| Command::Balance { balancing, who, beyond_limit, reply };
    carry_out(context, write, balance).await
}

/// Who is moved off what, for the log: an entry that nobody can read helps nobody.
fn moves(services: &BTreeMap<ServiceId, Balance>) -> String {
    let (held, movers): (Vec<_>, Vec<_>) = services.iter().partition(|(_, kept)| kept.is_held());
    let mut parts: Vec<String> = movers
        .iter()
        .take(NAMED)
        .map(|(id, kept)| format!("move {id} off {}", few(kept.off.iter())))
        .collect();
    if movers.len() > NAMED {
        parts.push(format!("move {} more", movers.len() - NAMED));
    }
    if !held.is_empty() {
        parts.push(format!("hold {} in place", few(held.iter().map(|(id, _)| *id))));
    }
    parts.join("; ")
}

/// The first of several, and how many there are beside them.
fn few<T: std::fmt::Display>(items: impl ExactSizeIterator<Item = T>) -> String {
    let more = items.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named: Vec<String> = items.take(NAMED).map(|item| item.to_string()).collect();
    format!("{}{rest}", named.join(", "))
}

fn check_limits(limits: &Limits) -> Result<(), Problem> {
    if (1..=MOST_EFFORT).contains(&limits.effort) && limits.moves <= usize::from(MOST_MOVES) {
        return Ok(());
    }
    let detail = format!("`effort` is 1 to {MOST_EFFORT} million steps, and `moves` at most {MOST_MOVES}");
    Err(Problem::new(StatusCode::BAD_REQUEST, "limits", detail))
}

/// A body that may be left out.
fn or_default<T: Body + Default>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() { Ok(T::default()) } else { body::parse(headers, bytes) }
}

/// A reason that fits into the log.
fn reason(message: String) -> Result<String, Problem> {
    let fits = message.chars().count() <= LONGEST_MESSAGE
        && !message.chars().any(|c| is_unseen(c) && c != '\n' && c != '\t');
    if fits {
        return Ok(message);
    }
    let detail = format!("`message` may have {LONGEST_MESSAGE} characters and no control characters");
    Err(Problem::new(StatusCode::BAD_REQUEST, "message", detail))
}

fn check_files(files: &BTreeMap<String, String>) -> Result<(), Problem> {
    let bad = |detail: String| Err(Problem::new(StatusCode::BAD_REQUEST, "files", detail));
    if files.len() > MOST_FILES {
        return bad(format!("{} files are more than the {MOST_FILES} that a set may have", files.len()));
    }
    match files.keys().find(|name| name.is_empty() || name.len() > 255 || name.chars().any(is_unseen)) {
        Some(_) => bad("a file's name must have 1 to 255 readable bytes".to_owned()),
        None => Ok(()),
    }
}

/// Whether a character makes people read something else than what stands there.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// SHA-256 over names and contents, each with its length before it, so that the log says what exactly was sent.
fn fingerprint(files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for text in files.iter().flat_map(|(name, content)| [name, content]) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
