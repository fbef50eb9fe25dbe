//! `trunkline`: one program for the engineer, the pipeline and the machine that runs the controller.
//!
//! Commands without a network connection (`check`, `plan`, `why`, …) call the pure crates and print; `serve` puts the crates
//! together around one engine; all other commands ask a running controller over its API. Every command ends with 0 (done),
//! 1 (findings, a refusal, or it could not be done) or 2 (called wrongly).

// The command line.
mod args;

mod cli;

mod outcome;
mod signals;

// Reading and showing.
mod secret;
mod sources;

mod draw;
mod input;

// Commands that need files only.
mod check;
mod convert;
mod explain;
mod init;
mod plan;
mod schema;
mod solve;
mod verify;
mod why;

mod offline;

// Commands around a running controller.
mod client;
mod play;

mod demo;
mod lab;
mod serve;

use std::process::ExitCode;

use anyhow::Context as _;
use cli::{Cli, Command, NetworkCommand};

/// A change makes and drops many small values on all threads; this allocator serves them a third faster than the system's, and
/// gives memory back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => outcome::misread(&error),
    };
    outcome::sealed(run(cli).unwrap_or_else(|error| outcome::report(&error)))
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Check(args) => check::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Why(args) => why::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Network(args) => match args.command {
            NetworkCommand::Convert(args) => convert::run(&args),
        },
        Command::Solve(args) => solve::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Demo(args) => runtime()?.block_on(demo::run(args)),
        Command::Lab(args) => runtime()?.block_on(lab::run(args)),
        Command::Serve(args) => runtime()?.block_on(serve::run(args)),
        Command::Status(args) => ask(client::status::run(args)),
        Command::Intents(args) => ask(client::tables::intents(args)),
        Command::Devices(args) => ask(client::schema::devices(args)),
        Command::Topology(args) => ask(client::topology::run(args)),
        Command::Alarms(args) => ask(client::tables::alarms(args)),
        Command::Log(args) => ask(client::log::run(args)),
        Command::Snapshot(args) => ask(client::tables::snapshot(args)),
        Command::Apply(args) => ask(client::change::apply(args)),
        Command::Rollback(args) => ask(client::change::rollback(args)),
        Command::Drain(args) => ask(client::change::drain(args, true)),
        Command::Undrain(args) => ask(client::change::drain(args, false)),
        Command::Restore(args) => ask(client::change::restore(args)),
        Command::Optimise(args) => ask(client::optimise::run(args)),
        Command::Mode(args) => ask(client::change::mode(args)),
        Command::Adopt(args) => ask(client::change::adopt(args)),
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime cannot start")
}

/// One question over one connection needs one thread.
fn ask(question: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the runtime cannot start")?.block_on(question)
}
