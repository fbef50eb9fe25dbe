//! What is printed while a scenario is played: a line for people, or a JSON object, for each thing that happens.

use std::io::Write as _;

use engine::{
    event::{Event, EventKind},
    handle::Applied,
};
use jiff::{Timestamp, tz::TimeZone};
use net::Judgement;
use serde::Serialize;
use serde_json::json;

use super::summary::Summary;
use crate::client::{change::did, left_out::LeftOut};

/// Prints.
pub struct Teller {
    json: bool,
    /// Who plays, in JSON.
    player: &'static str,
}

impl Teller {
    /// For people, or as JSON; `player` is the kind of what is said of its own.
    pub const fn new(json: bool, player: &'static str) -> Self {
        Self { json, player }
    }

    fn line(&self, text: &str) {
        // A reader that went away is no reason to stop.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    fn object(&self, value: &impl Serialize) {
        if let Ok(text) = serde_json::to_string(value) {
            self.line(&text);
        }
    }

    /// Something of the player's own.
    pub fn say(&self, text: &str) {
        if self.json {
            self.object(&json!({"kind": self.player, "text": text}));
        } else {
            self.line(&format!("{:12}  {text}", ""));
        }
    }

    /// Something that the controller said. A device that comes up is no news among 120.
    pub fn event(&self, event: &Event) {
        if self.json {
            return self.object(event);
        }
        if matches!(event.kind, EventKind::DeviceUp { .. }) {
            return;
        }
        let at = i64::try_from(event.at.as_micros())
            .ok()
            .and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let at = at.map(|at| at.to_zoned(TimeZone::system()).strftime("%H:%M:%S%.3f").to_string());
        self.line(&format!("{}  {}", at.unwrap_or_default(), api::sentence(&event.kind)));
    }

    /// What a change did.
    pub fn applied(&self, applied: &Applied) {
        self.say(&did(applied, &LeftOut::named(applied)));
    }

    /// The end.
    pub fn summary(&self, summary: &Summary) {
        if self.json {
            return self.object(summary);
        }
        for Judgement { what, met, at, why, .. } in &summary.expectations {
            let met = if *met { "as expected" } else { "NOT AS EXPECTED" };
            self.say(&format!("{met}: {what} ({why}, at {:.1} s)", at.as_duration().as_secs_f64()));
        }
        for surprise in &summary.surprises {
            self.say(&format!("UNEXPECTED: {surprise}"));
        }
        let figure = |value: Option<f64>| value.map_or("none".to_owned(), |value| format!("{value:.0} ms"));
        self.line(&format!(
            "{:12}  {} routers, {} intents, {} policies; breach to plan {}, to acknowledgement {}, read-back {}, confirm {}; \
             promises kept again: {}; re-routes: {}; unexpected: {}; controller {} MiB",
            "",
            summary.routers,
            summary.intents,
            summary.policies,
            figure(summary.first.breach_to_plan_ms),
            figure(summary.first.breach_to_ack_ms),
            figure(summary.first.readback_ms),
            figure(summary.first.confirm_ms),
            if summary.slo_restored { "yes" } else { "no" },
            summary.reroutes,
            summary.unexpected,
            summary.controller_rss_mib.map_or("unknown".to_owned(), |mib| mib.to_string()),
        ));
    }
}
