//! Reads a JSON body: bounded in size and time, and with errors that say where they are.

use std::{pin::pin, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use serde::de::DeserializeOwned;
use warp::http::{HeaderMap, StatusCode, header};

use crate::Problem;

/// The largest body, bytes.
pub(crate) const LIMIT: usize = 8 << 20;
/// The longest that a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a whole body.
pub(crate) async fn read<B: Buf>(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<Bytes, Problem> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LIMIT as u64) {
        return Err(too_large());
    }
    let gather = async {
        let mut body = pin!(body);
        let mut whole = BytesMut::new();
        while let Some(part) = body.next().await {
            let mut part = part.map_err(|error| {
                Problem::new(StatusCode::BAD_REQUEST, "body", format!("the body broke off: {error}"))
            })?;
            if whole.len() + part.remaining() > LIMIT {
                return Err(too_large());
            }
            whole.extend_from_slice(&part.copy_to_bytes(part.remaining()));
        }
        Ok(whole.freeze())
    };
    tokio::time::timeout(PATIENCE, gather).await.unwrap_or_else(|_| {
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body", "the body took longer than 30 s to arrive"))
    })
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body",
        "the body is larger than 8 MiB; are there files in the folder that are no intents?",
    )
}

/// The value in a JSON body.
pub(crate) fn parse<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = media.split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "the body must be JSON, with `Content-Type: application/json`",
        ));
    }
    serde_json::from_slice(body).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "json", format!("the body is not what is asked here: {error}"))
    })
}
