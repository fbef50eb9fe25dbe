//! `trunkline network convert`: one network, another form.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};

use crate::{
    draw, input,
    outcome::{FOUND, Stop, say},
    sources::Sources,
};

const AFTER: &str = "\
What was filled in or left out, what other systems will not read, and lines whose loss cuts the network are told on standard error.

Examples:
  trunkline network convert lab/ceb.clab.yml > network.yaml
  trunkline network convert network.yaml --to dot | dot -Tsvg > network.svg
  vtysh -c 'show isis mpls-te database json' > isis.json; trunkline network convert isis.json

Exit codes: 0 done, 1 the file has errors, 2 called wrongly.";

/// Read a containerlab, native or RFC 8345 file, or what FRR prints of IS-IS, and write it in another form
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct ConvertArgs {
    /// The network file; its form is recognised by what it holds
    pub file: PathBuf,
    /// The form to write
    #[arg(long, value_enum, default_value_t)]
    pub to: Form,
}

/// Forms of a network.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Form {
    /// network.yaml
    #[default]
    Network,
    /// RFC 8345 JSON with the traffic-engineering attributes of RFC 8795, and members of our own for the rest
    Rfc8345,
    /// Graphviz
    Dot,
}

/// Runs the command.
///
/// # Errors
/// The file cannot be read or has errors.
pub fn run(args: &ConvertArgs) -> anyhow::Result<ExitCode> {
    let mut sources = Sources::new();
    let network = match input::network(&args.file, &mut sources) {
        // Standard output is where the other form is expected; a file that was redirected to shall not hold findings.
        Err(Stop::Findings(judged)) => {
            eprintln!("{}{}", draw::all(&judged.findings, &judged.sources), draw::count(&judged.findings));
            return Ok(ExitCode::from(FOUND));
        }
        read => read?,
    };
    let mut notes = network.connectivity();
    notes.extend(network.notes);
    if matches!(args.to, Form::Rfc8345) {
        notes.extend(formats::beyond_rfc8345(&network.ted));
    }
    if !notes.is_empty() {
        eprintln!("{}{}", draw::all(&notes, &sources), draw::count(&notes));
    }
    match args.to {
        Form::Network => say(&formats::to_network_yaml(&network.ted)),
        Form::Rfc8345 => say(&formats::to_rfc8345(&network.ted)),
        Form::Dot => say(&formats::to_dot(&network.ted)),
    }
    Ok(ExitCode::SUCCESS)
}
