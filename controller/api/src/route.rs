//! The table of everything that can be asked: path, method, and who may.

use warp::http::Method;

/// What a request asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Route {
    /// The whole picture ([`engine::snapshot::Snapshot`]).
    State,
    /// What does not change by itself ([`crate::Topology`]).
    Topology,
    /// What changes by itself ([`crate::Live`]).
    Live,
    /// Routers.
    Devices,
    /// A router's own modules ([`engine::schema::DeviceSchema`]).
    Schema,
    /// Who says what of the network ([`engine::learn::Sources`]).
    Sources,
    /// Alarms that stand.
    Alarms,
    /// Accepted sets of intents, newest first.
    Intents,
    /// One accepted set with its files.
    IntentFiles,
    /// What happened last.
    Timeline,
    /// Who did what and why.
    Audit,
    /// What `plan --state` needs ([`engine::snapshot::StateFile`]).
    Snapshot,
    /// Events as they happen.
    Events,
    /// Makes files the intents.
    Apply,
    /// Works out what files would change.
    Plan,
    /// Goes back to an earlier set of intents.
    Rollback,
    /// Allows or forbids acting.
    Mode,
    /// Gives the controller the right to change the network.
    Adopt,
    /// Drains a link or node.
    Drain,
    /// Uses it again.
    Undrain,
    /// Puts back what somebody changed of ours on routers.
    Restore,
    /// Works out which services should leave full links.
    Optimise,
    /// Moves services off links.
    Balance,
    /// Lets them back.
    Unbalance,
    /// Whether the process lives.
    Healthz,
    /// Whether it has a picture and takes commands.
    Readyz,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Everybody who reaches the socket: the NOC's view.
    Open,
    /// Holders of the token.
    Token,
    /// Holders of the token; logged before it is carried out.
    Write,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Method; `HEAD` goes wherever `GET` does.
    pub method: Verb,
    /// Path. A segment `*`, of which there is one at most, stands for any one segment.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// What it is.
    pub route: Route,
}

/// The two methods in use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verb {
    /// Reads.
    Get,
    /// All else.
    Post,
}

impl Verb {
    /// Whether a request's method is this one.
    pub fn allows(self, method: &Method) -> bool {
        match self {
            Self::Get => *method == Method::GET || *method == Method::HEAD,
            Self::Post => *method == Method::POST,
        }
    }

    /// The value of the `Allow` header (RFC 9110 section 10.2.1).
    pub fn allow(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Post => "POST",
        }
    }
}

const fn get(path: &'static str, access: Access, route: Route) -> Entry {
    Entry { method: Verb::Get, path, access, route }
}

const fn post(path: &'static str, access: Access, route: Route) -> Entry {
    Entry { method: Verb::Post, path, access, route }
}

/// The table.
pub const TABLE: &[Entry] = &[
    get("/api/v1/state", Access::Open, Route::State),
    get("/api/v1/topology", Access::Open, Route::Topology),
    get("/api/v1/live", Access::Open, Route::Live),
    get("/api/v1/devices", Access::Open, Route::Devices),
    get("/api/v1/devices/*/schema", Access::Token, Route::Schema),
    get("/api/v1/sources", Access::Open, Route::Sources),
    get("/api/v1/alarms", Access::Open, Route::Alarms),
    get("/api/v1/intents", Access::Open, Route::Intents),
    get("/api/v1/intents/*", Access::Token, Route::IntentFiles),
    get("/api/v1/timeline", Access::Open, Route::Timeline),
    get("/api/v1/audit", Access::Token, Route::Audit),
    get("/api/v1/snapshot", Access::Token, Route::Snapshot),
    get("/api/v1/events", Access::Open, Route::Events),
    post("/api/v1/intents/apply", Access::Write, Route::Apply),
    post("/api/v1/intents/plan", Access::Token, Route::Plan),
    post("/api/v1/rollback", Access::Write, Route::Rollback),
    post("/api/v1/mode", Access::Write, Route::Mode),
    post("/api/v1/adopt", Access::Write, Route::Adopt),
    post("/api/v1/drain", Access::Write, Route::Drain),
    post("/api/v1/undrain", Access::Write, Route::Undrain),
    post("/api/v1/restore", Access::Write, Route::Restore),
    post("/api/v1/optimise", Access::Token, Route::Optimise),
    post("/api/v1/balance", Access::Write, Route::Balance),
    post("/api/v1/unbalance", Access::Write, Route::Unbalance),
    get("/healthz", Access::Open, Route::Healthz),
    get("/readyz", Access::Open, Route::Readyz),
];

/// The row of a path; an exact path goes before one with `*`. The second value is the segment that `*` stood for.
pub fn find(path: &str) -> Option<(&'static Entry, Option<&str>)> {
    if let Some(entry) = TABLE.iter().find(|entry| entry.path == path) {
        return Some((entry, None));
    }
    TABLE.iter().find_map(|entry| {
        let (before, after) = entry.path.split_once('*')?;
        let rest = path.strip_prefix(before)?.strip_suffix(after)?;
        (!rest.is_empty() && !rest.contains('/')).then_some((entry, Some(rest)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_the_api_has_every_row() {
        let page = include_str!("../../../docs/api.md");
        for Entry { method, path, access, .. } in TABLE {
            let verb = if *method == Verb::Get { "GET" } else { "POST" };
            let who = if *access == Access::Open { "all" } else { "token" };
            assert!(page.contains(&format!("| `{verb} {path}` | {who} |")), "{verb} {path}");
        }
        assert_eq!(page.matches("\n| `").count(), TABLE.len());
    }

    #[test]
    fn a_path_leads_to_its_row() {
        assert_eq!(find("/api/v1/intents").unwrap().0.route, Route::Intents);
        assert_eq!(find("/api/v1/intents/apply").unwrap().0.route, Route::Apply);
        let (entry, rest) = find("/api/v1/intents/12").unwrap();
        assert_eq!((entry.route, rest), (Route::IntentFiles, Some("12")));
        let (entry, rest) = find("/api/v1/devices/site%2Fr1/schema").unwrap();
        assert_eq!((entry.route, rest), (Route::Schema, Some("site%2Fr1")));
        for nowhere in ["/api/v1/devices/schema", "/api/v1/devices//schema", "/api/v1/devices/a/b/schema"] {
            assert!(find(nowhere).is_none(), "{nowhere}");
        }
        for unknown in ["/api/v1", "/api/v1/intents/", "/api/v1/intents/1/2", "/api/v1/state/", "/", ""] {
            assert!(find(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn whatever_changes_something_is_a_write() {
        for entry in TABLE.iter().filter(|entry| entry.method == Verb::Post) {
            let looks = [Route::Plan, Route::Optimise].contains(&entry.route);
            let expected = if looks { Access::Token } else { Access::Write };
            assert_eq!(entry.access, expected, "{}", entry.path);
        }
        assert!(TABLE.iter().all(|e| e.method == Verb::Post || e.access != Access::Write));
    }
}
