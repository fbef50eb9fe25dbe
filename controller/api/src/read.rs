//! Answers to reads.

use model::{NodeId, Revision};
use store::StoreError;
use warp::{http::StatusCode, reply::Response};

use engine::handle::{Command, Refusal};

use crate::{
    Live, Problem, Topology,
    asked::{Asked, ask},
    reply::{json, plain},
    request::{AuditLog, RevisionSummary},
    route::Route,
    segment, stream,
};

/// Most entries of a list in one answer.
const MOST: usize = 1_000;

/// Answers a row of the table whose method is `GET`. `rest` is the segment of its path that is free, where one is.
pub(crate) async fn answer(asked: Asked<'_>, route: Route, rest: Option<&str>) -> Result<Response, Problem> {
    let now = asked.context.engine.snapshot.borrow().clone();
    match route {
        Route::State => json(&*now),
        Route::Topology => json(&Topology::of(&now)),
        Route::Live => json(&Live::of(&now)),
        Route::Devices => json(&now.nodes),
        Route::Schema => schema(asked, rest.unwrap_or("")).await,
        Route::Sources => json(&*now.sources),
        Route::Alarms => json(&now.alarms),
        Route::Timeline => json(&now.timeline),
        Route::Intents => intents(asked, now.intents).await,
        Route::IntentFiles => intent_files(asked, rest.unwrap_or("")).await,
        Route::Audit => {
            let most = limit(asked)?;
            json(&journal(asked, move |journal| audit(journal, most)).await?)
        }
        Route::Snapshot => json(&ask(asked.context, |reply| Command::State { reply }).await?),
        Route::Events => stream::answer(asked),
        Route::Healthz => Ok(plain("the process lives\n")),
        Route::Readyz => ready(asked, &now),
        Route::Apply
        | Route::Plan
        | Route::Rollback
        | Route::Mode
        | Route::Adopt
        | Route::Drain
        | Route::Undrain
        | Route::Restore
        | Route::Optimise
        | Route::Balance
        | Route::Unbalance => Err(Refusal::NotFound { what: "read at this path".into() }.into()),
    }
}

/// The newest entries, and whether the whole chain holds.
fn audit(journal: &store::Journal, most: usize) -> Result<AuditLog, StoreError> {
    let broken_at = journal.verify_audit()?.err().map(|broken| broken.at);
    Ok(AuditLog { intact: broken_at.is_none(), broken_at, entries: journal.audit(most)? })
}

/// Runs a read of the journal where it may block.
async fn journal<T: Send + 'static>(
    asked: Asked<'_>,
    read: impl FnOnce(&store::Journal) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let journal = asked.context.journal.clone();
    let done = tokio::task::spawn_blocking(move || read(&journal)).await;
    let failed = |why: String| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "journal", why);
    done.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))
}

async fn intents(asked: Asked<'_>, current: Revision) -> Result<Response, Problem> {
    let most = limit(asked)?;
    let accepted = journal(asked, move |journal| journal.intents(most)).await?;
    let summaries = accepted.into_iter().map(|set| RevisionSummary {
        current: set.revision == current,
        revision: set.revision,
        at: set.at,
        who: set.who,
        message: set.message,
        files: set.files.into_keys().collect(),
    });
    json(&summaries.collect::<Vec<_>>())
}

async fn intent_files(asked: Asked<'_>, number: &str) -> Result<Response, Problem> {
    let revision = number.parse().map(Revision).map_err(|_| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "revision",
            "a revision is a whole number, as `trunkline intents` shows them",
        )
    })?;
    match journal(asked, move |journal| journal.intents_at(revision)).await? {
        Some(set) => json(&set),
        None => Err(Refusal::NotFound { what: format!("revision {} of the intents", revision.0) }.into()),
    }
}

/// A device's own modules; `?module=NAME` asks for one. It asks the device, which takes a minute at most.
async fn schema(asked: Asked<'_>, name: &str) -> Result<Response, Problem> {
    let bad = |what: &str| {
        let why = format!("{what} is named as `trunkline devices` shows it, with %2F for a slash");
        Problem::new(StatusCode::BAD_REQUEST, "name", why)
    };
    let node = segment::decoded(name).and_then(|name| name.parse::<NodeId>().ok());
    let node = node.ok_or_else(|| bad("a device"))?;
    let module = match asked.value("module") {
        Some(text) => Some(segment::decoded(text).ok_or_else(|| bad("a module"))?),
        None => None,
    };
    json(&ask(asked.context, |reply| Command::Schema { node, module, reply }).await?)
}

/// The query `limit=N`.
fn limit(asked: Asked<'_>) -> Result<usize, Problem> {
    let Some(text) = asked.value("limit") else { return Ok(100) };
    match text.parse() {
        Ok(most) if (1..=MOST).contains(&most) => Ok(most),
        _ => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "limit",
            format!("`limit` is a whole number from 1 to {MOST}"),
        )),
    }
}

/// Ready means: the loop runs and has published a picture.
fn ready(asked: Asked<'_>, now: &engine::snapshot::Snapshot) -> Result<Response, Problem> {
    let not = |why: &str| Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", why));
    if asked.context.engine.commands.is_closed() {
        return not("the loop has ended");
    }
    if now.at.as_micros() == 0 {
        return not("the loop has not published a picture yet");
    }
    Ok(plain("ready\n"))
}
