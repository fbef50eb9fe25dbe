//! The figures of labs: how long they take to stand, what a router of them costs, how soon a kernel takes a change, how true probes are,
//! how much hosts send.
//!
//! `cargo bench -p acceptance --bench lab [-- WORD…]`. Each part has its word; `short` is all but the long ones, nothing is all. Needs
//! root, and says of each part why it is skipped elsewhere. All that it makes is in namespaces and folders of its own, which go again.
//! The table goes to the standard output, with what stands behind its rows; it judges nothing.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should end")]
#![expect(clippy::disallowed_methods, reason = "what it measures happens in real time")]

mod bare;
#[expect(dead_code, reason = "here parts are asked for, not runs")]
#[path = "../whole/call.rs"]
mod call;
mod driven;
mod figures;
mod hosts;
mod line;
#[path = "../whole/machine.rs"]
mod machine;
mod policies;
mod probes;
#[expect(dead_code, reason = "other benches have other targets")]
#[path = "../whole/series.rs"]
mod series;
#[expect(dead_code, reason = "it can do more than is needed here")]
#[path = "../../tests/demo/stage.rs"]
mod stage;
#[expect(dead_code, reason = "it can do more than is needed here")]
#[path = "../../../lab/kernel/tests/namespaces/ground.rs"]
mod three;

use std::process::ExitCode;

use figures::Figures;
use ground::rights;

/// As in the programs.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What a part needs of the machine.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Namespaces,
    /// And the ends of lines with delay.
    Wires,
    /// And FRR.
    Frr,
}

/// A part of the bench. It gives figures, or says why it cannot.
struct Part {
    word: &'static str,
    is_long: bool,
    needs: Needs,
    measure: fn(&mut Figures) -> Result<(), String>,
}

const fn part(word: &'static str, needs: Needs, measure: fn(&mut Figures) -> Result<(), String>) -> Part {
    Part { word, is_long: false, needs, measure }
}

const fn long(word: &'static str, needs: Needs, measure: fn(&mut Figures) -> Result<(), String>) -> Part {
    Part { word, is_long: true, needs, measure }
}

/// All of it, in the order of the table.
const PARTS: &[Part] = &[
    part("ceb", Needs::Wires, bare::ceb),
    long("large", Needs::Namespaces, bare::large),
    long("frr", Needs::Frr, bare::frr),
    part("agents", Needs::Wires, driven::agents),
    part("packed", Needs::Wires, driven::packed),
    long("packed-frr", Needs::Frr, driven::packed_frr),
    long("packed-large", Needs::Wires, driven::packed_large),
    part("policy", Needs::Namespaces, policies::measure),
    part("probe", Needs::Wires, probes::measure),
    part("hosts", Needs::Namespaces, hosts::measure),
    part("tcp", Needs::Wires, bare::tcp),
    part("frames", Needs::Nothing, bare::frames),
];

fn main() -> ExitCode {
    let Some(called) = call::words() else { return ExitCode::SUCCESS };
    let words: Vec<&str> = called.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
    let known: Vec<&str> = PARTS.iter().map(|part| part.word).chain(["short"]).collect();
    if let Some(word) = words.iter().find(|word| !known.contains(word)) {
        eprintln!("there is no part `{word}`: take some of {}", known.join(", "));
        return ExitCode::FAILURE;
    }
    let is_wanted = |part: &&Part| {
        words.is_empty() || words.contains(&part.word) || (words.contains(&"short") && !part.is_long)
    };
    let wanted: Vec<&Part> = PARTS.iter().filter(is_wanted).collect();
    let before = machine::load();
    let mut figures = Figures::default();
    let mut ended = ExitCode::SUCCESS;
    for part in &wanted {
        eprintln!("{}", part.word);
        if let Err(why) = part.lacks() {
            println!("skipped: {}: {why}", part.word);
        } else if let Err(why) = (part.measure)(&mut figures) {
            println!("failed: {}: {why}", part.word);
            ended = ExitCode::FAILURE;
        }
    }
    println!("\n{}\n", machine::told(&before));
    let words: Vec<&str> = wanted.iter().map(|part| part.word).collect();
    println!("{}", figures.table(&words));
    ended
}

impl Part {
    /// Why this machine cannot do it.
    fn lacks(&self) -> Result<(), String> {
        let checked = match self.needs {
            Needs::Nothing => return Ok(()),
            Needs::Namespaces => rights::check(false),
            Needs::Wires => rights::check(true),
            Needs::Frr if rights::find("isisd").is_none() => return Err("FRR is not installed".to_owned()),
            Needs::Frr => rights::check(true),
        };
        checked.map_err(|lacking| lacking.to_string())
    }
}
