//! How a command ends: the exit codes that scripts rely on, and errors as people read them.

use std::{
    io::{BufWriter, Write as _},
    process::ExitCode,
    sync::OnceLock,
};

use model::Finding;
use thiserror::Error;

use crate::{draw, signals::Ended, sources::Sources};

/// There are findings, or the controller refused, or it could not be done.
pub const FOUND: u8 = 1;
/// The command was called wrongly: a bad argument, a file that is not there.
pub const USAGE: u8 = 2;

/// What ends a command early.
#[derive(Debug, Error)]
pub enum Stop {
    /// It was called wrongly.
    #[error("{0}")]
    Usage(String),
    /// Files have faults.
    #[error("{} finding(s) stand against it", .0.findings.len())]
    Findings(Box<Judged>),
    /// A signal ended the waiting for a change, and not the change.
    #[error(
        "no longer waiting. The change goes on at the controller, if it has arrived there: `trunkline status` shows whether it is \
         under way, `trunkline intents` which set of intents holds; {undo} takes it back"
    )]
    Left {
        /// Which signal.
        by: Ended,
        /// What takes the change back.
        undo: String,
    },
}

/// Findings with the texts that they are about.
#[derive(Debug, Default)]
pub struct Judged {
    /// The findings.
    pub findings: Vec<Finding>,
    /// The texts.
    pub sources: Sources,
}

impl Stop {
    /// It was called wrongly.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// Files have faults.
    pub fn findings(findings: Vec<Finding>, sources: Sources) -> Self {
        Self::Findings(Box::new(Judged { findings, sources }))
    }
}

/// Writes an error for people and gives the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref::<Stop>() {
        Some(Stop::Usage(message)) => {
            eprintln!("error: {}", draw::clean(message));
            ExitCode::from(USAGE)
        }
        Some(stop @ Stop::Left { by, .. }) => {
            eprintln!("{stop}");
            ExitCode::from(by.exit_code())
        }
        Some(Stop::Findings(judged)) => {
            say(&draw::all(&judged.findings, &judged.sources));
            say(&draw::count(&judged.findings));
            ExitCode::from(FOUND)
        }
        None => {
            let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
            eprintln!("error: {}", draw::clean(&chain.join(": ")));
            ExitCode::from(FOUND)
        }
    }
}

/// Ends the program with what the command line came to: a page, or why it cannot be read. Arguments are quoted as they were given,
/// so what they would do to a terminal is shown and not done.
pub fn misread(error: &clap::Error) -> ! {
    let shown = error.render().to_string();
    let clean = draw::clean(&shown);
    if clean == shown {
        error.exit();
    }
    eprint!("{clean}");
    std::process::exit(error.exit_code())
}

/// Why standard output did not take what was written to it.
static LOST: OnceLock<String> = OnceLock::new();

/// Writes a text to standard output, with a line end. A reader that has gone away, such as `head`, is no error; a disk that is
/// full is one, see [`sealed`].
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let end: &[u8] = if text.ends_with('\n') { b"" } else { b"\n" };
    written(out.write_all(text.as_bytes()).and_then(|()| out.write_all(end)).and_then(|()| out.flush()));
}

fn written(result: std::io::Result<()>) {
    if let Err(error) = result
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        LOST.get_or_init(|| error.to_string());
    }
}

/// How the program ends: as the command did, or with an error where part of its output was lost, so that no script takes half a
/// file for a whole one.
pub fn sealed(code: ExitCode) -> ExitCode {
    let Some(why) = LOST.get() else { return code };
    eprintln!("error: standard output cannot be written: {why}");
    ExitCode::from(FOUND)
}

/// Writes a value to standard output as JSON, as it goes: a plan for ten thousand routers has hundreds of megabytes.
///
/// # Errors
/// The value cannot be written as JSON.
pub fn say_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    match serde_json::to_writer_pretty(&mut out, value) {
        Ok(()) => written(out.write_all(b"\n").and_then(|()| out.flush())),
        Err(error) if error.is_io() => written(Err(error.into())),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
