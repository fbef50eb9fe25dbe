//! `trunkline schema`: the JSON Schema of every kind of file, for editors.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::{outcome::say_json, serve::config};

const AFTER: &str = "\
Example:
  trunkline schema intents > intents.schema.json
and in an intent file, for editors with a YAML language server:
  # yaml-language-server: $schema=intents.schema.json

Exit codes: 0 done, 2 called wrongly.";

/// Print the JSON Schema of a kind of file, for editors that complete and explain
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct SchemaArgs {
    /// Which file
    #[arg(value_enum)]
    pub kind: Kind,
}

/// The kinds of files.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Kind {
    /// One document of an intent file
    Intents,
    /// network.yaml
    Network,
    /// inventory.yaml
    Inventory,
    /// The controller's configuration
    Config,
    /// A scenario of the lab
    Scenario,
}

/// Runs the command.
///
/// # Errors
/// The schema cannot be written.
pub fn run(args: &SchemaArgs) -> anyhow::Result<ExitCode> {
    say_json(&match args.kind {
        Kind::Intents => intents::schema(),
        Kind::Network => formats::network_schema(),
        Kind::Inventory => engine::inventory::Inventory::schema(),
        Kind::Config => config::schema(),
        Kind::Scenario => net::scenario_schema(),
    })?;
    Ok(ExitCode::SUCCESS)
}
