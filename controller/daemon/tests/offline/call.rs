//! Calls the program as a person would: from the workspace's root, without a terminal and without settings.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

/// The example that every test plans on.
pub const NETWORK: &str = "intents/examples/minimal/network.yaml";
/// Its intents.
pub const INTENTS: &str = "intents/examples/minimal";

/// What a call gave.
pub struct Called {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The workspace's root: paths in findings are as they were given, so they are the same everywhere.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Calls the program.
pub fn trunkline(arguments: &[&str]) -> Called {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    command.args(arguments).current_dir(root());
    for variable in ["COLUMNS", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "TRUNKLINE_CONTROLLER"] {
        command.env_remove(variable);
    }
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    Called {
        code: status.code(),
        out: String::from_utf8(stdout).expect("it writes UTF-8"),
        err: String::from_utf8(stderr).expect("it writes UTF-8"),
    }
}

/// A bad intent file of the tests.
pub fn bad(name: &str) -> String {
    format!("controller/daemon/tests/offline/bad/{name}")
}
