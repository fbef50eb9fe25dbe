//! Arguments that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The network file of an offline command.
#[derive(Debug, Args)]
pub struct NetworkFile {
    /// The network: a containerlab file, a native network.yaml, or RFC 8345 JSON
    #[arg(short, long, value_name = "FILE")]
    pub network: PathBuf,
}

/// Text or JSON.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}
