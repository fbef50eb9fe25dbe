//! Who may come in: `Host` against rebinding, `Origin` against foreign pages, the token against everybody else.

use warp::{
    host::Authority,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};

use crate::{Origin, Problem, Token, route::Access};

/// Header with the name of the person or program that asks.
pub(crate) const USER: &str = "x-trunkline-user";
/// Longest such name, bytes.
const LONGEST_USER: usize = 64;

/// The names and the secret that a server goes by.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Names with port under which the server may be addressed, lower case.
    pub hosts: Vec<String>,
    /// Under which a TLS proxy shows the dashboard.
    pub outer: Option<Origin>,
    /// What writes need.
    pub token: Token,
}

impl Guard {
    /// The name in the request must be one of ours: a foreign name that resolves to this machine gets nothing, so that
    /// a page of that name cannot read us through a browser.
    pub fn check_host(&self, authority: Option<&Authority>, headers: &HeaderMap) -> Result<(), Problem> {
        let one = headers.get_all(header::HOST).iter().count() <= 1;
        let name = authority.filter(|_| one).map(Authority::as_str).ok_or_else(|| {
            Problem::new(StatusCode::BAD_REQUEST, "host", "the request must carry one readable `Host` header")
        })?;
        if self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name)) {
            return Ok(());
        }
        let detail =
            format!("this controller does not answer to that name; use one of {}", self.hosts.join(", "));
        Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "host", detail))
    }

    /// What a row of the table asks for beyond the name.
    pub fn check_access(&self, access: Access, headers: &HeaderMap) -> Result<(), Problem> {
        if access == Access::Open {
            return Ok(());
        }
        self.check_origin(headers)?;
        self.check_token(headers)
    }

    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Problem> {
        // All of them, so that nobody hides one behind another.
        if headers.get_all(header::ORIGIN).iter().all(|origin| self.is_ours(origin)) {
            return Ok(());
        }
        let detail = "a page of another origin asked; only the dashboard of this controller may: where a TLS proxy shows it, \
                      `outerOrigin` of the configuration says under which origin";
        Err(Problem::new(StatusCode::FORBIDDEN, "origin", detail))
    }

    fn is_ours(&self, origin: &HeaderValue) -> bool {
        let Ok(text) = origin.to_str() else { return false };
        let is_own = |name: &str| self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name));
        text.strip_prefix("http://").is_some_and(is_own)
            || self.outer.as_ref().is_some_and(|outer| outer.as_str() == text)
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let denied = |detail: &str| Problem::new(StatusCode::UNAUTHORIZED, "token", detail);
        let Some(value) = headers.get(header::AUTHORIZATION) else {
            return Err(denied(
                "this needs the token: send `Authorization: Bearer TOKEN`; the controller made it at its first start and keeps it in its token file",
            ));
        };
        let offered = value.to_str().ok().and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        match offered {
            Some(offered) if self.token.matches(offered) => Ok(()),
            _ => Err(denied("the token is not the one of this controller: read it from its token file")),
        }
    }
}

/// Who asks, for the log; `operator` when nothing is said.
pub(crate) fn user(headers: &HeaderMap) -> Result<String, Problem> {
    let Some(value) = headers.get(USER) else { return Ok("operator".to_owned()) };
    let name = std::str::from_utf8(value.as_bytes()).ok().map(str::trim);
    match name {
        Some(name)
            if !name.is_empty() && name.len() <= LONGEST_USER && !name.chars().any(char::is_control) =>
        {
            Ok(name.to_owned())
        }
        _ => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "user",
            format!("`X-Trunkline-User` must be 1 to {LONGEST_USER} bytes of readable text"),
        )),
    }
}
