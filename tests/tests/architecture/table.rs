//! The contract as data. A change here is a change of the architecture: it wants a reason, not only a green test.

/// One crate.
pub struct Row {
    /// Its folder, from the root.
    pub folder: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Which of our crates it may depend on.
    pub may: &'static [&'static str],
    /// Whether it must not reach `tokio` by any way: no IO, no clock.
    pub pure: bool,
}

const fn pure(folder: &'static str, name: &'static str, may: &'static [&'static str]) -> Row {
    Row { folder, name, may, pure: true }
}

const fn io(folder: &'static str, name: &'static str, may: &'static [&'static str]) -> Row {
    Row { folder, name, may, pure: false }
}

/// All crates in flow order. A crate that is not built yet may be absent from the workspace; no other crate may be in it.
pub const CRATES: &[Row] = &[
    pure("topology/model", "model", &[]),
    pure("topology/formats", "formats", &["model"]),
    pure("topology/paths", "paths", &["model"]),
    pure("topology/traffic", "traffic", &["model"]),
    pure("topology/optimise", "optimise", &["model", "paths", "traffic"]),
    pure("intents", "intents", &["model", "formats", "paths", "optimise"]),
    pure("controller/plan", "plan", &["model", "traffic"]),
    pure("controller/assess", "assess", &["model"]),
    pure("southbound/device", "device", &["model"]),
    pure("southbound/dialects", "dialects", &["model"]),
    // In the place of the published crate of that name: it opens nothing. Nobody of ours may use it.
    pure("southbound/no-ssh2", "ssh2", &[]),
    io("southbound/netconf", "netconf", &["model", "device", "dialects"]),
    io("southbound/gnmi", "gnmi", &["model", "device", "dialects"]),
    io("southbound/bgp", "bgp", &["model", "device", "dialects"]),
    io("controller/store", "store", &["model"]),
    io(
        "controller/engine",
        "engine",
        &[
            "model", "formats", "paths", "traffic", "optimise", "intents", "plan", "assess", "device",
            "dialects", "netconf", "gnmi", "bgp", "store",
        ],
    ),
    io("controller/api", "api", &["model", "engine", "store"]),
    io(
        "controller/daemon",
        "daemon",
        &[
            "model", "formats", "paths", "traffic", "optimise", "intents", "plan", "assess", "device",
            "dialects", "netconf", "gnmi", "bgp", "store", "engine", "api", "sim", "net", "report", "router",
            "ground", "host", "probe",
        ],
    ),
    pure("lab/sim", "sim", &["model", "formats", "traffic"]),
    pure("lab/net", "net", &["model", "formats"]),
    // It serves every kind of lab, and so knows none of them.
    pure("lab/report", "report", &[]),
    io("lab/kernel", "kernel", &["model"]),
    io("lab/router", "router", &["model", "dialects", "netconf", "gnmi", "sim"]),
    io("lab/vigil", "vigil", &[]),
    io("lab/ground", "ground", &["model", "formats", "vigil"]),
    io("lab/probe", "probe", &["model"]),
    io("lab/agent", "agent", &["model", "formats", "router", "ground", "kernel", "probe"]),
    io("lab/host", "host", &["model", "vigil"]),
    // Its dependencies are those of tests, which are free.
    io("tests", "acceptance", &[]),
];

/// Crates of the table that are not built yet.
pub const LATER: &[&str] = &[];

/// A library that does IO, and the crates of ours that may use it. Tests may use more of them, see `.deny.toml`.
pub const OWNERS: &[(&str, &[&str])] = &[
    ("russh", &["netconf", "router"]),
    ("tonic", &["gnmi", "router"]),
    ("redb", &["store"]),
    ("warp", &["api"]),
    ("netconf-rs", &["netconf"]),
    ("rtnetlink", &["kernel"]),
    ("tun-rs", &["ground"]),
];

/// Libraries that have work to do somewhere in this product.
pub const AT_WORK: &[&str] =
    &["tokio", "tonic", "netconf-rs", "yang-rs", "petgraph", "serde_yaml", "warp", "tracing", "bytes", "nom"];

/// Libraries of which the same is asked, whose work has not begun.
pub const AT_WORK_LATER: &[&str] = &[];

/// Libraries in C that nothing may bring in: a fresh machine lacks what they want, and no key that they trust is pinned.
pub const NOT_LINKED: &[&str] = &["libssh2-sys", "openssl-sys"];
