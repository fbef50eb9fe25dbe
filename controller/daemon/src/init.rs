//! `trunkline init`: a small folder that checks and plans, to be changed piece by piece.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;

use crate::{
    draw,
    outcome::{Stop, say},
};

const AFTER: &str = "\
Nothing that exists is overwritten.

Example:
  trunkline init my-bank

Exit codes: 0 done, 1 a file cannot be written, 2 there is one already or called wrongly.";

/// The example that the tests of the intent language use too.
const FILES: [(&str, &str); 3] = [
    ("network.yaml", include_str!("../../../intents/examples/minimal/network.yaml")),
    ("intents/classes.yaml", include_str!("../../../intents/examples/minimal/classes.yaml")),
    ("intents/services.yaml", include_str!("../../../intents/examples/minimal/services.yaml")),
];

/// Start a new folder of intents: a network of five routers, two classes, two intents
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct InitArgs {
    /// The folder; made where it does not exist
    pub dir: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// One of the files exists, or cannot be written.
pub fn run(args: &InitArgs) -> anyhow::Result<ExitCode> {
    let dir = &args.dir;
    if let Some((name, _)) = FILES.iter().find(|(name, _)| dir.join(name).exists()) {
        let message =
            format!("{} exists: nothing was written; name another folder", dir.join(name).display());
        return Err(Stop::usage(message).into());
    }
    for (name, text) in FILES {
        let path = dir.join(name);
        let folder = path.parent().unwrap_or(dir);
        fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let dir = dir.display().to_string();
    let dir = draw::clean(&dir);
    say(&format!(
        "Wrote {dir}/network.yaml and the intents in {dir}/intents. Next:\n\n  \
         trunkline check {dir} -n {dir}/network.yaml\n  \
         trunkline plan -n {dir}/network.yaml -i {dir}/intents\n  \
         trunkline why -n {dir}/network.yaml -i {dir}/intents payments-br-1\n\n\
         Then put your own routers and lines into network.yaml (`trunkline network convert` reads containerlab and\n\
         RFC 8345 files), and say how to reach them in inventory.yaml (`trunkline schema inventory`)."
    ));
    Ok(ExitCode::SUCCESS)
}
