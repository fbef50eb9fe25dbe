//! What goes wrong: in each run another six leased lines, each of another branch, of all three kinds, at moments that drift against
//! the telemetry's beat. The loop decides at most six times a minute, so a run has six faults and nothing heals in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::{LinkId, NodeId};

use crate::stage::root;

/// Faults in a run: as many as the loop may answer within a minute.
const FAULTS: usize = 6;
/// When the first comes, milliseconds after the start: the changes of the profile are done by then.
const FIRST: usize = 12_000;
/// From one to the next.
const GAP: usize = 3_500;
/// How long the last may take to be answered.
const LAST: usize = 9_000;

/// The three leased lines of every branch, in the order of branches and lines.
fn lines() -> Vec<[LinkId; 3]> {
    let file = root().join("lab/ceb.clab.yml");
    let network = formats::read("ceb.clab.yml", &std::fs::read_to_string(file).unwrap()).unwrap().ted;
    let mut lines: BTreeMap<&NodeId, Vec<LinkId>> = BTreeMap::new();
    for link in network.links.values().filter(|link| link.role.as_deref() == Some("leased-line")) {
        lines.entry(&link.z.node).or_default().push(link.id.clone());
    }
    lines.into_values().map(|three| three.try_into().unwrap()).collect()
}

/// The scenario of a run, counted from zero.
pub fn scenario(run: usize) -> String {
    let lines = lines();
    let mut text = "apiVersion: trunkline/v1\nkind: Scenario\nsteps:\n".to_owned();
    for number in 0..FAULTS {
        let fault = run * FAULTS + number;
        let kind = fault % 3;
        let line = &lines[fault % lines.len()][kind];
        let at = FIRST + number * GAP + fault * 137 % 1_000;
        // What rides the third line bears much; what should stay on the second bears 3%. In tenths of a percent.
        let loss = if kind == 2 { 70 + fault % 20 } else { 15 + fault % 10 };
        let (delay, loss) = (60 + 10 * (fault % 4), format!("{}.{}%", loss / 10, loss % 10));
        writeln!(text, "  - {{at: {at}ms, do: {{impair: \"{line}\", delay: {delay}ms, loss: {loss}}}}}")
            .unwrap();
    }
    let end = FIRST + FAULTS * GAP + LAST;
    writeln!(text, "  - {{expect: {{reroutes: {FAULTS}}}, by: {end}ms}}").unwrap();
    writeln!(text, "  - {{expect: {{intent: \"*\", kept: true}}, by: {end}ms}}").unwrap();
    text
}
