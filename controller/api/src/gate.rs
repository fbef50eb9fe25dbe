//! Every request comes through here: name, table, rights, then the answer; and every answer leaves with the headers that
//! keep a browser honest.

use std::{convert::Infallible, sync::Arc};

use bytes::Buf;
use futures_util::Stream;
use warp::{
    Filter,
    filters::path::FullPath,
    host::Authority,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    reply::Response,
};

use crate::{
    Problem,
    asked::{Asked, Context},
    assets, body, read,
    route::{self, Access, Verb},
    write,
};

/// Nothing but our own files, no inline code, no frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The one filter: every request becomes an answer, errors too.
pub(crate) fn gate(
    context: Arc<Context>,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    warp::any()
        .map(move || context.clone())
        .and(warp::method())
        .and(warp::path::full())
        .and(warp::query::raw().or_else(|_| async { Ok::<_, Infallible>((String::new(),)) }))
        .and(warp::header::headers_cloned())
        .and(warp::host::optional())
        .and(warp::body::stream())
        .then(|context, method, path, query, headers, authority, body| {
            answer(context, method, path, query, headers, authority, body)
        })
        .recover(|_| async {
            let problem =
                Problem::new(StatusCode::BAD_REQUEST, "request", "the head of the request cannot be read");
            Ok::<_, Infallible>(secure(problem.response()))
        })
        .unify()
}

async fn answer<B: Buf>(
    context: Arc<Context>,
    method: Method,
    path: FullPath,
    query: String,
    headers: HeaderMap,
    authority: Option<Authority>,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Response {
    let asked =
        Asked { context: &context, method: &method, path: path.as_str(), query: &query, headers: &headers };
    let answered = match context.guard.check_host(authority.as_ref(), &headers) {
        Ok(()) => dispatch(asked, body).await,
        Err(problem) => Err(problem),
    };
    secure(answered.unwrap_or_else(|problem| {
        tracing::debug!(status = problem.status, path = path.as_str(), "refused: {}", problem.detail);
        problem.response()
    }))
}

async fn dispatch<B: Buf>(
    asked: Asked<'_>,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<Response, Problem> {
    let Some((entry, rest)) = route::find(asked.path) else { return dashboard(asked) };
    if !entry.method.allows(asked.method) {
        return Ok(not_allowed(entry.method));
    }
    asked.context.guard.check_access(entry.access, asked.headers)?;
    if entry.method == Verb::Get {
        return read::answer(asked, entry.route, rest).await;
    }
    let body = body::read(entry.route, asked.headers, body).await?;
    if entry.access == Access::Token {
        return write::look(asked, entry.route, &body).await;
    }
    write::answer(asked, entry.route, &body).await
}

/// Whatever is not in the table may be a file of the dashboard.
fn dashboard(asked: Asked<'_>) -> Result<Response, Problem> {
    let file = assets::find(asked.path).filter(|_| !asked.path.starts_with("/api/"));
    match file {
        Some(file) if Verb::Get.allows(asked.method) => Ok(file),
        Some(_) => Ok(not_allowed(Verb::Get)),
        None => Err(Problem::new(
            StatusCode::NOT_FOUND,
            "unknown-path",
            "there is nothing at this path; the API lies under /api/v1, the dashboard at /",
        )),
    }
}

fn not_allowed(verb: Verb) -> Response {
    let detail = format!("this path takes {}", verb.allow());
    let mut response = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail).response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(verb.allow()));
    response
}

/// Adds what every answer carries.
fn secure(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 5] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
