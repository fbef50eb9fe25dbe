//! Reads a JSON body: bounded in size and time, and with errors that say where they are.

use std::{pin::pin, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use serde::de::DeserializeOwned;
use serde_json::Value;
use warp::http::{HeaderMap, StatusCode, header};

use crate::{Problem, route::Route};

/// The largest body, bytes.
pub(crate) const LIMIT: usize = 8 << 20;
/// The longest that a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a whole body.
pub(crate) async fn read<B: Buf>(
    route: Route,
    headers: &HeaderMap,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<Bytes, Problem> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LIMIT as u64) {
        return Err(too_large(route));
    }
    let gather = async {
        let mut body = pin!(body);
        let mut whole = BytesMut::new();
        while let Some(part) = body.next().await {
            let mut part = part.map_err(|error| {
                Problem::new(StatusCode::BAD_REQUEST, "body", format!("the body broke off: {error}"))
            })?;
            if whole.len() + part.remaining() > LIMIT {
                return Err(too_large(route));
            }
            whole.extend_from_slice(&part.copy_to_bytes(part.remaining()));
        }
        Ok(whole.freeze())
    };
    tokio::time::timeout(PATIENCE, gather).await.unwrap_or_else(|_| {
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body", "the body took longer than 30 s to arrive"))
    })
}

fn too_large(route: Route) -> Problem {
    let files = match route {
        Route::Apply | Route::Plan => "; are there files in the folder that are no intents?",
        _ => ", the most that is read",
    };
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body", format!("the body is larger than 8 MiB{files}"))
}

/// What a body holds, and what it looks like to whoever writes one.
pub(crate) trait Body: DeserializeOwned {
    /// As JSON, with words in the place of values.
    const LOOKS: &'static str;
}

/// The value in a JSON body.
pub(crate) fn parse<T: Body>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = media.split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "the body must be JSON, with `Content-Type: application/json`",
        ));
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "json", fault::<T>(body, &error)))
}

/// What is wrong with a body, in words about JSON. Read as a value first, it tells what is no JSON from what is other JSON; of the
/// latter serde speaks about our types where it reads text, and about fields where it reads a value.
fn fault<T: Body>(body: &[u8], error: &serde_json::Error) -> String {
    let looks = T::LOOKS;
    match serde_json::from_slice::<Value>(body) {
        Err(error) => format!("the body is no JSON: {error}; send {looks}"),
        Ok(value) if !value.is_object() => format!("the body is JSON and no object; send {looks}"),
        Ok(value) => {
            let why = T::deserialize(value).err().unwrap_or_else(|| serde::de::Error::custom(error));
            format!("the body is not what is asked here: {why}; send {looks}")
        }
    }
}
