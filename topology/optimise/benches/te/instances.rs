//! The published instances and what is known of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use formats::repetita::read_repetita;
use model::dense::Instance;

/// Instances on which a change for the worse shows first.
pub const HARD: [&str; 8] = [
    "Abilene.0001",
    "AttMpls.0001",
    "Ntt.0004",
    "Chinanet.0001",
    "Cogentco.0000",
    "rf6461_real_hard",
    "synth50_opt_hard",
    "synth100_opt_hard",
];

/// An instance and what is known of it.
pub struct Published {
    path: PathBuf,
    name: String,
    /// The optimum of multi-commodity flow.
    pub mcf: f64,
    /// The optimum of divided demands over node segments, where it is known.
    pub srlp: Option<f64>,
    /// What the best published local search reaches in one second.
    pub srls: f64,
}

impl Published {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file of the network.
    pub fn graph(&self) -> PathBuf {
        let (network, _) = self.name.split_once('.').unwrap_or((&self.name, ""));
        self.path.with_file_name(format!("{network}.graph"))
    }

    /// The file of the demands.
    pub fn demands(&self) -> &Path {
        &self.path
    }

    /// Reads both files.
    pub fn read(&self) -> Instance {
        read_repetita(&fs::read(self.graph()).unwrap(), &fs::read(self.demands()).unwrap()).unwrap()
    }
}

/// Where they are.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/te")
}

/// All of them, where they are there.
pub fn all() -> Option<Vec<Published>> {
    let table = fs::read_to_string(folder().join("optima.tsv")).ok()?;
    let row = |row: &str| {
        let columns: Vec<&str> = row.split('\t').collect();
        let path = folder().join(columns[0]);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let number = |column: usize| columns[column].parse::<f64>().ok();
        Published { path, name, mcf: number(5).unwrap(), srlp: number(6), srls: number(7).unwrap() }
    };
    Some(table.lines().skip(1).map(row).collect())
}
