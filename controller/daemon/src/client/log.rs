//! The audit log of a running controller: who changed what, when and why, and whether all of it is still as it was written.

use std::{fmt::Write as _, process::ExitCode};

use api::request::AuditLog;
use clap::Args;

use super::{Target, moment, tables::table};
use crate::{
    args::Format,
    outcome::{FOUND, say, say_json},
};

/// Show who changed what, when and why
#[derive(Debug, Args)]
pub struct LogArgs {
    /// Which controller.
    #[command(flatten)]
    pub target: Target,
    /// At most so many entries, the newest ones
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
}

/// Shows the log, its newest entry last, as one reads it.
///
/// # Errors
/// The controller does not answer, or there is no token.
pub async fn run(args: LogArgs) -> anyhow::Result<ExitCode> {
    let need = "the log tells who changed what, so it needs the controller's token";
    let log = args.target.access.client_with_token(need)?.audit(args.limit.into()).await?;
    match args.target.format {
        Format::Json => say_json(&log)?,
        Format::Text => say(&told(&log)),
    }
    Ok(if log.intact { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

fn told(log: &AuditLog) -> String {
    if log.entries.is_empty() {
        return "nobody asked for a change yet".to_owned();
    }
    let oldest_first: Vec<_> = log.entries.iter().rev().collect();
    let mut text = table(&oldest_first, ["ENTRY", "WHEN", "WHO", "WHAT", "WHY"], |entry| {
        [entry.number.to_string(), moment(entry.at), entry.who.clone(), entry.what.clone(), entry.why.clone()]
    });
    if let Some(number) = log.broken_at {
        let _ = write!(
            text,
            "\n\nThe log is not intact: entry {number} does not follow from the one before it. It was changed or spoiled there; compare \
             it with a copy of the state folder, and with what syslog got."
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use store::AuditEntry;

    use super::*;

    fn entry(number: u64, what: &str) -> AuditEntry {
        let [who, why, hash] = ["mei", "CHG1", "00"].map(str::to_owned);
        AuditEntry {
            number,
            at: Timestamp::from_micros(0),
            who,
            what: what.into(),
            why,
            previous: hash.clone(),
            hash,
        }
    }

    #[test]
    fn the_newest_is_last_and_a_broken_chain_is_told() {
        let entries = vec![entry(8, "mode observe"), entry(7, "adopt")];
        let mut log = AuditLog { intact: true, broken_at: None, entries };
        let text = told(&log);
        assert!(text.find("adopt").unwrap() < text.find("mode observe").unwrap(), "{text}");
        assert!(!text.contains("not intact"), "{text}");
        log.broken_at = Some(3);
        assert!(told(&log).contains("not intact: entry 3 does not follow"), "{}", told(&log));
        log = AuditLog { intact: true, broken_at: None, entries: Vec::new() };
        assert_eq!(told(&log), "nobody asked for a change yet");
    }
}
