//! What a lab does to a network, as values: the traffic that it offers and the scenarios that it plays.
//!
//! Both files are read here and both are carried out elsewhere: [`demands`] turns traffic into the demands that the simulator
//! sends, [`Run`] says what to do when and judges what was seen. Nothing here opens a file, asks a clock or draws a random
//! number: the moment and the seed are arguments.

mod selector;

mod traffic;

mod event;
mod scenario;

mod run;

pub use event::Event;
pub use run::{Judgement, Outcome, Run};
pub use scenario::{
    Action, Allowed, Deadline, Expectation, Process, Scenario, Sent, Step, Variant, scenario_schema,
};
pub use selector::Selector;
pub use traffic::{Directions, Flow, Pairing, Traffic, demands, traffic_schema};

use formats::text::{Fields, Report, Tree};
use model::Finding;

const API_VERSION: &str = "trunkline/v1";

/// Reads a document of one kind: `body` reads what stands beside `apiVersion` and `kind`.
fn document<T>(
    file: &str,
    text: &str,
    kind: &str,
    body: impl FnOnce(&mut Fields<'_>, &mut Report) -> T,
    words: &[&str],
) -> Result<T, Vec<Finding>> {
    let mut report = Report::new(file);
    let read = formats::text::parse(text, &mut report).and_then(|tree: Tree| {
        let mut fields = Fields::of(&tree, kind, &mut report)?;
        for (word, wanted) in [("apiVersion", API_VERSION), ("kind", kind)] {
            let mark = fields.get(word).and_then(|tree| tree.mark);
            if let Some(found) = fields.required::<String>(word, &mut report)
                && found != wanted
            {
                let message = format!("`{word}` is `{found}`, but only `{wanted}` is read here");
                report.error(formats::code::WRONG_VALUE, kind, message, mark);
            }
        }
        let read = body(&mut fields, &mut report);
        fields.finish(&[&["apiVersion", "kind"], words].concat(), &mut report);
        Some(read)
    });
    match read {
        Some(read) if !report.has_errors() => Ok(read),
        _ => Err(report.into_findings()),
    }
}
