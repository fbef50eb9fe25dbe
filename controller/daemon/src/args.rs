//! Arguments that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use model::{Timestamp, calendar::Moment};

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

/// The moment that is asked about.
#[derive(Debug, Args)]
pub struct At {
    /// Answer as of this moment, like 2026-12-05T01:00:00+08:00: windows that are open drain, and services count by their schedules.
    /// Without it, and without --state, all services count at once and no window is open
    #[arg(long, value_name = "MOMENT", value_parser = intents::moment)]
    pub at: Option<Moment>,
}

impl At {
    /// The moment, where one is given.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.at.map(|moment| moment.at)
    }
}
