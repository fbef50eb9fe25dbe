//! What a controller is told that steers by measurements: a service with short waits, an alarm on the lines, and the line that
//! goes bad.

use router::lab::Command;
use serde_json::{Value, json};

use crate::{
    lab::{Files, Lab, intents},
    outside::Settings,
};

/// The line that the service prefers.
pub const LINE: &str = "line1-br-1";
/// The demand of the lab that the service carries.
const DEMAND: &str = "payments";

const SERVICE: &str = "\
apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: payments-br-1, owner: netops}
spec:
  connectivity: {type: p2p, endpoints: [hq-pe1, br-1], bidirectional: true}
  match: [{prefix: 10.16.0.0/16, dscp: [af21]}]
  vrf: office
  class: business
  slo: {oneWayDelay: 30ms, bandwidth: 20Mbps}
  path: {dataplane: srv6, minimise: delay}
  assurance: {breach: {all: [delay > 30ms], for: 1s}, holdDown: 1s, waitToRestore: 2s}
";

const ALARM: &str = "\
apiVersion: trunkline/v1
kind: AlarmPolicy
metadata: {name: line-degraded, owner: netops}
spec:
  on: {links: {role: leased-line}}
  when: {all: [delay > contract + 20ms], over: 1s, for: 1s}
  clear: {for: 1s}
  severity: major
";

/// The service, the alarm, and the classes that they need.
pub fn files() -> Files {
    let mut files = intents(0);
    files.insert("services.yaml".into(), SERVICE.into());
    files.insert("alarms.yaml".into(), ALARM.into());
    files
}

/// Routers tell what they measure, and the loop may act again and again; `more` beside that.
pub fn settings(more: &Value) -> Settings {
    let mut all = json!({"limits": {"rate": 1000, "moveMemory": "1ms"}});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Settings { measured: true, more: all }
}

/// Makes the line slow in both directions, or as it was.
pub fn degrade(lab: &Lab, bad: bool) {
    let link = LINE.parse().unwrap();
    let delay = Some(model::Delay::from_micros(60_000));
    lab.tell(&match bad {
        true => Command::Impair { link, from: None, delay, jitter: None, loss: None },
        false => Command::Heal { link },
    });
}

/// Whether the service's packets cross the line, as the lab tells.
pub fn rides_the_line(lab: &Lab) -> bool {
    let told = lab.tell(&Command::Flow { demand: DEMAND.parse().unwrap() });
    told["links"].as_array().unwrap().iter().any(|link| link.as_str().unwrap().contains(LINE))
}
