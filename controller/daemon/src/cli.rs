//! The command line: every command in its group, with examples and exit codes.

mod pages;

use std::{ffi::OsString, fmt::Write as _};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::{check, client, convert, demo, explain, init, lab, plan, schema, serve, solve, verify, why};

const AFTER: &str = "\
Examples:
  trunkline init my-bank                              start a folder of intents
  trunkline check my-bank -n my-bank/network.yaml     judge it
  trunkline plan -n my-bank/network.yaml -i my-bank/intents
  trunkline demo                                      the whole thing on this machine

Exit codes: 0 done, 1 findings or a refusal, 2 called wrongly.
`trunkline COMMAND --help` has examples of each command.";

/// Steers a wide-area network by intents: judge and plan them offline, run the controller, ask a running one.
#[derive(Debug, Parser)]
#[command(name = "trunkline", version, after_help = AFTER, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of their groups.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try everything on this machine: routers, faults, controller, dashboard
    #[command(after_help = pages::DEMO)]
    Demo(demo::DemoArgs),
    /// Make a lab of a containerlab file, hurt it, take it away
    Lab(lab::LabArgs),
    /// Start a new folder of intents
    Init(init::InitArgs),
    /// Judge intent files
    Check(check::CheckArgs),
    /// Show what intents would change; nothing is sent
    Plan(plan::PlanArgs),
    /// Tell why an intent goes where it goes, or why it cannot
    Why(why::WhyArgs),
    /// Judge every promise under every failure, for a pipeline
    Verify(verify::VerifyArgs),
    /// Explain the code of a finding
    Explain(explain::ExplainArgs),
    /// Print the JSON Schema of a kind of file
    Schema(schema::SchemaArgs),
    /// Work with network files
    Network(NetworkArgs),
    /// Spread a published instance's demands over segment lists, with a proof
    Solve(solve::SolveArgs),
    /// Run the controller
    Serve(serve::ServeArgs),
    /// Show how the network and the promises are
    #[command(after_help = pages::STATUS)]
    Status(client::Target),
    /// List the accepted sets of intents
    #[command(after_help = pages::INTENTS)]
    Intents(client::tables::IntentsArgs),
    /// List the routers and their sessions
    #[command(after_help = pages::DEVICES)]
    Devices(client::schema::DevicesArgs),
    /// Show who says what of the network, and who says otherwise
    #[command(after_help = pages::TOPOLOGY)]
    Topology(client::topology::TopologyArgs),
    /// List the alarms that stand
    #[command(after_help = pages::ALARMS)]
    Alarms(client::Target),
    /// Show who changed what, when and why
    #[command(after_help = pages::LOG)]
    Log(client::log::LogArgs),
    /// Print the state that `plan --state` takes
    #[command(after_help = pages::SNAPSHOT)]
    Snapshot(client::Access),
    /// Make files the intents, and the network follow them
    Apply(client::change::ApplyArgs),
    /// Go back to an earlier set of intents
    #[command(after_help = pages::ROLLBACK)]
    Rollback(client::change::RollbackArgs),
    /// Take traffic off a link or node, make before break
    #[command(after_help = pages::DRAIN)]
    Drain(client::change::DrainArgs),
    /// Use a drained link or node again
    #[command(after_help = pages::UNDRAIN)]
    Undrain(client::change::DrainArgs),
    /// Put back what somebody changed by hand on routers
    #[command(after_help = pages::RESTORE)]
    Restore(client::change::RestoreArgs),
    /// Move a few services off full links, with a proof of how good that is
    Optimise(client::optimise::OptimiseArgs),
    /// Say whether the controller may act: the stop switch
    #[command(after_help = pages::MODE)]
    Mode(client::change::ModeArgs),
    /// Let the controller change the network; or keep what routers hold otherwise
    #[command(after_help = pages::ADOPT)]
    Adopt(client::change::AdoptArgs),
}

/// The groups of the help page, in order.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Start here", &["demo", "lab", "init"]),
    ("Files only", &["check", "plan", "why", "verify", "explain", "schema", "network", "solve"]),
    ("The controller", &["serve", "status", "intents", "devices", "topology", "alarms", "log", "snapshot"]),
    (
        "Changing the network",
        &["apply", "rollback", "drain", "undrain", "restore", "optimise", "mode", "adopt"],
    ),
];

/// Work with network files.
#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: NetworkCommand,
}

/// What can be done with network files.
#[derive(Debug, Subcommand)]
pub enum NetworkCommand {
    /// Read a containerlab, native or RFC 8345 file, or what FRR prints of IS-IS, and write it in another form
    Convert(convert::ConvertArgs),
}

/// All commands, with their pages as clap wraps them.
fn command() -> clap::Command {
    Cli::command().mut_subcommands(flowing)
}

/// A command and those below it, where each paragraph below the options is one line: clap wraps it to the terminal. A paragraph
/// that is broken in the source would be wrapped twice.
fn flowing(command: clap::Command) -> clap::Command {
    let page = command.get_after_help().map(|page| flow(&page.to_string()));
    let command = command.mut_subcommands(flowing);
    match page {
        Some(page) => command.after_help(page),
        None => command,
    }
}

/// Joins the lines of each paragraph. A line that is indented stands for itself, and so does what comes after one.
fn flow(page: &str) -> String {
    let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
    let mut flowing = String::new();
    let mut before = "";
    for line in page.lines() {
        let goes_on = is_prose(before) && is_prose(line);
        flowing.push_str(if goes_on { " " } else { "\n" });
        flowing.push_str(line);
        before = line;
    }
    flowing.trim_start_matches('\n').to_owned()
}

/// Reads the command line.
///
/// # Errors
/// It asks for help or the version, or it is wrong: the error knows what to print and how to exit.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let command = command();
    let template = template(&command);
    let mut command = command.help_template(template);
    let matches = command.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The page of `trunkline --help`: clap lists commands in one block, people look for them in groups.
fn template(command: &clap::Command) -> String {
    let mut page = "{about}\n\n{usage-heading} {usage}\n".to_owned();
    for (title, names) in GROUPS {
        // Writing into a string cannot fail.
        let _ = writeln!(page, "\n{title}:");
        for name in names {
            let about = command.find_subcommand(name).and_then(|found| found.get_about());
            let _ = writeln!(page, "  {name:<10}{}", about.map(ToString::to_string).unwrap_or_default());
        }
    }
    page + "\nOptions:\n{options}{after-help}"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_every_command_has_an_example_and_its_exit_codes() {
        let mut command = command();
        for each in command.get_subcommands_mut() {
            let pages: Vec<String> = match each.has_subcommands() {
                true => {
                    each.get_subcommands_mut().map(|inner| inner.render_long_help().to_string()).collect()
                }
                false => vec![each.render_long_help().to_string()],
            };
            for page in pages {
                let name = each.get_name();
                assert!(page.contains("Example") && page.contains("trunkline "), "{name}: {page}");
                assert!(page.contains("Exit codes:"), "{name}: {page}");
                assert!(page.lines().all(|line| line.chars().count() <= 100), "{name}: {page}");
                is_wrapped_once(name, &page);
            }
        }
    }

    /// A line of prose that ends early ends its paragraph: the first word of the next one would have found room.
    fn is_wrapped_once(name: &str, page: &str) {
        let prose = page.split("Print help").last().unwrap_or_default();
        let lines: Vec<&str> = prose.lines().collect();
        for pair in lines.windows(2) {
            let [line, next] = pair else { unreachable!("windows of two") };
            let whole = line.is_empty() || line.starts_with(' ') || next.is_empty() || next.starts_with(' ');
            let word = next.split(' ').next().unwrap_or_default();
            let room = line.chars().count() + 1 + word.chars().count() <= 100;
            assert!(whole || !room, "{name}: `{line}` is followed by `{next}`");
        }
    }

    #[test]
    fn devices_takes_names_or_asks_for_a_schema() {
        let read = |line: &str| match parse(line.split(' ').map(OsString::from)).unwrap().command {
            Command::Devices(args) => (args.routers.len(), args.command.is_some()),
            other => panic!("{other:?}"),
        };
        assert_eq!(read("trunkline devices"), (0, false));
        assert_eq!(read("trunkline devices br-1 hq-pe1 --format json"), (2, false));
        assert_eq!(read("trunkline devices schema hq-pe1"), (0, true));
        assert_eq!(read("trunkline devices schema --folder yang"), (0, true));
        for wrong in ["devices schema", "devices schema hq-pe1 --folder yang", "intents --limit 0"] {
            let words = ["trunkline"].into_iter().chain(wrong.split(' '));
            let error = parse(words.map(OsString::from)).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{wrong}: {error}");
        }
    }

    #[test]
    fn adopt_takes_the_network_or_routers_and_an_end_only_for_these() {
        let read = |line: &str| match parse(line.split(' ').map(OsString::from)).map(|cli| cli.command) {
            Ok(Command::Adopt(args)) => Ok((args.routers.len(), args.until.map(|until| until.to_string()))),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        };
        assert_eq!(read("trunkline adopt -m CHG1"), Ok((0, None)));
        let until = "2026-12-05T01:00:00+08:00";
        assert_eq!(
            read(&format!("trunkline adopt br-1 br-2 -m CHG9 --until {until}")),
            Ok((2, Some("2026-12-05 01:00+08:00".to_owned())))
        );
        assert!(read(&format!("trunkline adopt --until {until}")).unwrap_err().contains("ROUTER"));
        assert!(read("trunkline adopt br-1 --until tomorrow").is_err());
    }

    #[test]
    fn every_command_stands_in_exactly_one_group_of_the_help_page() {
        Cli::command().debug_assert();
        let command = Cli::command();
        let mut commands: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        commands.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(commands, grouped);
    }
}
