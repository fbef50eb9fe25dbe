//! The same edits on the same routers by `ncclient`, in a thread for each router: `drive_ncclient.py`. Each of its runs is a process
//! of its own, because its idle sessions use the processor too.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    ROUNDS, edits,
    lab::{Lab, USER},
    stage,
};

const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";
/// Longer than a run takes on a slow machine, opening the sessions included.
const LIMIT: Duration = Duration::from_secs(600);

/// One round, in seconds.
pub struct Round {
    /// From the first request to the last answer.
    pub wall: f64,
    /// Processor time of the client.
    pub client: f64,
    /// Processor time of the routers.
    pub routers: f64,
}

/// The interpreter that has `ncclient`; none where there is none.
pub fn python() -> Option<PathBuf> {
    let given = std::env::var_os("TRUNKLINE_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|| stage::root().join("tests/.venv/bin/python"));
    let mut ask = Command::new(&python);
    ask.args(["-c", "import ncclient"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    ask.status().is_ok_and(|status| status.success()).then_some(python)
}

/// Rounds over fresh sessions, measured after one that is not. The first has this number.
pub fn run(python: &Path, lab: &Lab, first: usize) -> Vec<Round> {
    let job = lab.file("job.json");
    fs::write(&job, work(lab, first).to_string()).unwrap();
    let mut command = Command::new(python);
    command.arg(stage::root().join("tests/benches/southbound/drive_ncclient.py")).arg(&job);
    let done = stage::bounded(command, LIMIT);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    let rounds: Vec<Round> = told["rounds"].as_array().unwrap().iter().map(round).collect();
    assert_eq!(rounds.len(), ROUNDS);
    rounds
}

fn round(told: &Value) -> Round {
    let seconds = |name: &str| told[name].as_f64().unwrap();
    Round { wall: seconds("wall"), client: seconds("client"), routers: seconds("routers") }
}

fn work(lab: &Lab, first: usize) -> Value {
    let routers: Vec<Value> = lab
        .doors
        .iter()
        .map(|door| json!({"host": door.address.ip(), "port": door.address.port()}))
        .collect();
    let rounds: Vec<Value> = (first..=first + ROUNDS)
        .map(|round| {
            json!({
                "config": format!("<config xmlns=\"{BASE}\">{}</config>", edits::xml(round)),
                "mark": edits::destination(round),
                "name": format!("ncclient-{round}"),
            })
        })
        .collect();
    json!({
        "routers": routers,
        "process": lab.process(),
        "user": USER,
        "key": lab.file("id_ed25519"),
        "filter": format!("<filter xmlns=\"{BASE}\" type=\"subtree\">{}</filter>", edits::filter()),
        "rounds": rounds,
    })
}
