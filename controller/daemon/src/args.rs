//! Arguments that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use intents::balance::{Limits, MOST_EFFORT, MOST_MOVES};
use model::{LinkId, Timestamp, calendar::Moment, unit::Ratio};

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

/// How far an optimisation may go.
#[derive(Debug, Args)]
pub struct Moves {
    /// The most services that move [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(..=i64::from(MOST_MOVES)))]
    pub moves: Option<u16>,
    /// Relieve only this link, with the fewest moves
    #[arg(long, value_name = "LINK")]
    pub relieve: Option<LinkId>,
    /// Leave links alone that are not fuller than this [default: 50%]
    #[arg(long, value_name = "UTILISATION")]
    pub goal: Option<Ratio>,
    /// Millions of steps, half of them for the proof: the same answer on every machine [default: 500]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_EFFORT))]
    pub effort: Option<u64>,
}

impl Moves {
    /// Whether anything is said.
    pub const fn is_said(&self) -> bool {
        self.moves.is_some() || self.relieve.is_some() || self.goal.is_some() || self.effort.is_some()
    }

    /// What that comes to.
    pub fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            moves: self.moves.map_or(usual.moves, usize::from),
            effort: self.effort.unwrap_or(usual.effort),
            relieve: self.relieve.clone(),
            goal: self.goal,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Called {
        #[command(flatten)]
        moves: Moves,
    }

    #[test]
    fn what_can_be_typed_is_what_a_controller_takes() {
        let called = |args: [&str; 2]| Called::try_parse_from(["trunkline"].into_iter().chain(args));
        let limits = called(["--moves", "256"]).unwrap().moves.limits();
        assert_eq!(limits.moves, usize::from(MOST_MOVES));
        assert!(called(["--moves", "257"]).unwrap_err().to_string().contains("257"));
        assert_eq!(called(["--effort", "100000"]).unwrap().moves.limits().effort, MOST_EFFORT);
        assert!(called(["--effort", "100001"]).is_err() && called(["--effort", "0"]).is_err());
    }
}
