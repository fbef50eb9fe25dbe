//! The ways of one service, for people: where it goes without failure and under each failure that moves it, how long that takes, and what
//! is spare on it.

use std::fmt::Write as _;

use model::{Bandwidth, Delay, LinkId};
use plan::verify::{Verification, outcome::WayView};

/// The ways of a service, or of all services of an intent.
pub fn render(verification: &Verification, name: &str) -> String {
    let is_asked = |service: &&plan::verify::ServiceView| {
        service.service.as_str() == name || service.intent.as_str() == name
    };
    let mut out = String::new();
    for service in verification.services.iter().filter(is_asked) {
        // Writing into a string cannot fail.
        let _ = writeln!(out, "\nways of {}", service.service);
        let mut before = None;
        for way in &service.ways {
            let ends = (&way.from, &way.to);
            if before.replace(ends) != Some(ends) {
                let _ = writeln!(out, "  {} to {}", way.from, way.to);
            }
            one(way, &mut out);
        }
    }
    if out.is_empty() { format!("\n{name} is not promised then\n") } else { out }
}

fn one(way: &WayView, out: &mut String) {
    let links: Vec<&str> = way.links.iter().map(LinkId::as_str).collect();
    let links = match (links.is_empty(), way.split) {
        (true, _) => "no line".to_owned(),
        (false, true) => format!("split over {}", links.join(", ")),
        (false, false) => links.join(", "),
    };
    let more = match way.failures.saturating_sub(way.under.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let broken = if way.kept { "" } else { "; the promise does not hold on it" };
    let _ = writeln!(out, "    {links}");
    let _ = writeln!(
        out,
        "      by {}: delay {}, spare {}{broken}",
        way.by,
        shown(way.delay.as_ref(), Delay::to_string),
        shown(way.spare.as_ref(), Bandwidth::to_string)
    );
    let _ = writeln!(out, "      under {}{more}", way.under.join(", "));
}

fn shown<T>(value: Option<&T>, show: impl Fn(&T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
}
