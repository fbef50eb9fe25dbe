//! Errors as RFC 9457 problem details: one shape for people, programs and the command line.

use engine::handle::Refusal;
use serde::{Deserialize, Serialize};
use warp::{
    http::{HeaderValue, StatusCode, header},
    reply::Response,
};

/// What went wrong, as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// The kind of problem; stable.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// This case, and what to do.
    pub detail: String,
    /// Why the controller refused, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Box<Refusal>>,
}

impl Problem {
    /// A problem of a kind; the title is the status in words.
    pub fn new(status: StatusCode, kind: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:trunkline:problem:{kind}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            refusal: None,
        }
    }

    /// The answer that carries it.
    pub fn response(&self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(self).unwrap_or_default();
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, kind) = match &refusal {
            Refusal::Findings { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "findings"),
            Refusal::NotAdopted => (StatusCode::CONFLICT, "not-adopted"),
            Refusal::Mode { .. } => (StatusCode::CONFLICT, "mode"),
            Refusal::Reading => (StatusCode::CONFLICT, "reading"),
            Refusal::Busy => (StatusCode::CONFLICT, "busy"),
            Refusal::RolledBack { .. } => (StatusCode::BAD_GATEWAY, "rolled-back"),
            Refusal::HalfDone { .. } => (StatusCode::BAD_GATEWAY, "half-done"),
            Refusal::Misfit { .. } => (StatusCode::CONFLICT, "misfit"),
            Refusal::Unresolved { .. } => (StatusCode::BAD_GATEWAY, "unresolved"),
            Refusal::Device { .. } => (StatusCode::BAD_GATEWAY, "device"),
            Refusal::NotFound { .. } => (StatusCode::NOT_FOUND, "not-found"),
            Refusal::Journal { .. } => (StatusCode::SERVICE_UNAVAILABLE, "journal"),
            Refusal::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        };
        let mut problem = Self::new(status, kind, refusal.to_string());
        problem.refusal = Some(Box::new(refusal));
        problem
    }
}
