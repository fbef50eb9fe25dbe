//! What answers work with: everything that the server shares, and one request without its body.

use std::{sync::Arc, time::Duration};

use engine::handle::{Command, Engine, Reply};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use warp::http::{HeaderMap, Method, StatusCode};

use crate::{Problem, guard::Guard};

/// The longest that a command may take. A change of a whole network takes seconds; this is for a loop that hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// Everything that answers need.
#[derive(Debug)]
pub(crate) struct Context {
    pub engine: Engine,
    pub journal: store::Journal,
    pub guard: Guard,
    pub stop: CancellationToken,
    pub streams: Arc<Semaphore>,
}

/// A request without its body.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub context: &'a Arc<Context>,
    pub method: &'a Method,
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a HeaderMap,
}

impl<'a> Asked<'a> {
    /// The value of a name in the query, as it was written: names in it may want [`crate::segment::decoded`].
    pub fn value(&self, name: &str) -> Option<&'a str> {
        self.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

/// Asks the engine; a refusal becomes a problem.
pub(crate) async fn ask<T>(
    context: &Context,
    command: impl FnOnce(Reply<T>) -> Command,
) -> Result<T, Problem> {
    ask_longer(context, Duration::ZERO, command).await
}

/// The same for a command that waits for so long by itself.
pub(crate) async fn ask_longer<T>(
    context: &Context,
    longer: Duration,
    command: impl FnOnce(Reply<T>) -> Command,
) -> Result<T, Problem> {
    let patience = PATIENCE.saturating_add(longer);
    match tokio::time::timeout(patience, context.engine.ask(command)).await {
        Ok(answer) => answer.map_err(Problem::from),
        Err(_) => {
            let after = patience.as_secs();
            let why = format!(
                "the controller gave no answer in {after} s; it may still carry the command out: look at the timeline"
            );
            Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, "slow", why))
        }
    }
}
