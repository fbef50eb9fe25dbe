//! An answer as people read it.

use std::fmt::Write as _;

use model::{Delay, ServiceId, unit::Ratio};

use super::{Balanced, End, Heat, Move, Way};

/// Moves that are not offered, services that are held, backups that change: so many are named.
const NAMED: usize = 3;

/// A tenth of a per cent, in millionths.
const TENTH: u64 = 1_000;

/// A share in per cent with one digit, rounded up: what is full is not shown as less.
pub(super) fn up(ratio: Ratio) -> String {
    tenths(ratio.as_ppm().div_ceil(TENTH))
}

/// The same rounded down, for what nothing goes below.
fn down(ratio: Ratio) -> String {
    tenths(ratio.as_ppm() / TENTH)
}

fn tenths(tenths: u64) -> String {
    match tenths % 10 {
        0 => format!("{}%", tenths / 10),
        digit => format!("{}.{digit}%", tenths / 10),
    }
}

impl Heat {
    fn place(&self) -> String {
        format!("{} ({} to {})", self.link, self.from, self.to)
    }
}

impl Balanced {
    /// What is gained, in one sentence.
    pub fn headline(&self) -> String {
        let proven = self.proven();
        let moves = match self.moves.len() {
            1 => "1 move".to_owned(),
            many => format!("{many} moves"),
        };
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            return "Nothing is promised on any link, so there is nothing to spread".to_owned();
        };
        let highest = match self.moves.is_empty() {
            true => format!("highest utilisation {} on {}", up(before.utilisation), before.place()),
            false => {
                let place =
                    if before.link == after.link { String::new() } else { format!(" on {}", after.place()) };
                format!(
                    "highest utilisation {} on {} -> {}{place}",
                    up(before.utilisation),
                    before.place(),
                    up(after.utilisation)
                )
            }
        };
        match &self.relieved {
            Some((was, is)) if self.moves.is_empty() => {
                format!("{} stays at {} with no moves; {highest}; {proven}", was.place(), up(is.utilisation))
            }
            Some((was, is)) => format!(
                "{} {} -> {} with {moves}; {highest}; {proven}",
                was.link,
                up(was.utilisation),
                up(is.utilisation)
            ),
            None if self.moves.is_empty() => format!("No moves: {highest}; {proven}"),
            None => format!("{highest} with {moves}; {proven}"),
        }
    }

    /// How good that is: a bound that is as good as reached is not told as a figure that looks lower by rounding.
    fn proven(&self) -> String {
        let reached = self.after.as_ref().map_or(0, |after| after.utilisation.as_ppm());
        match reached.saturating_sub(self.bound.as_ppm()) < TENTH {
            true => "no arrangement gets even 0.1% lower (proven)".to_owned(),
            false => format!("no arrangement gets below {} (proven)", down(self.bound)),
        }
    }

    /// Why there are no more moves.
    fn ending(&self) -> String {
        let goal = down(Ratio::from_ppm(self.limits.goal()));
        match (self.end, &self.relieved) {
            (End::Goal, Some((_, is))) => format!("{} is at or below {goal}.", is.link),
            (End::Goal, None) => format!("Every link is at or below {goal}."),
            (End::Moves, _) => "More moves than these were not asked for (--moves).".to_owned(),
            (End::NoBetter, _) => {
                "No further single move of a service lowers a hot link and keeps every promise.".to_owned()
            }
            (End::Effort, _) => {
                "The effort is spent; with more of it there may be more moves (--effort).".to_owned()
            }
        }
    }

    /// For the terminal.
    pub fn text(&self) -> String {
        let mut text = format!("Optimisation: {}\n", self.headline());
        for (number, one) in (1..).zip(&self.moves) {
            let _ = writeln!(text, "  {number}. {}", one.line());
            one.details().iter().for_each(|line| text.push_str(&format!("     {line}\n")));
        }
        let _ = writeln!(text, "  {}", self.ending());
        self.untold().iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        text
    }

    /// For a change ticket.
    pub fn markdown(&self) -> String {
        let mut text = format!("## Optimisation\n\n{}\n", self.headline());
        for (number, one) in (1..).zip(&self.moves) {
            let start = if number == 1 { "\n" } else { "" };
            let _ = writeln!(text, "{start}{number}. {}", one.line());
            one.details().iter().for_each(|line| text.push_str(&format!("   - {line}\n")));
        }
        let _ = writeln!(text, "\n{}", self.ending());
        let untold = self.untold();
        if !untold.is_empty() {
            text.push('\n');
        }
        untold.iter().for_each(|line| text.push_str(&format!("- {line}\n")));
        text
    }

    /// Moves that looked good and are not offered.
    fn untold(&self) -> Vec<String> {
        let line = |passed: &super::Passed| {
            format!("Not offered: {} off {}: {}", passed.service, passed.link, passed.why)
        };
        self.passed.iter().take(NAMED).map(line).collect()
    }
}

impl Move {
    fn line(&self) -> String {
        let Self { service, off, after, .. } = self;
        format!("{service} off {}: {} -> {}", off.place(), up(off.utilisation), up(*after))
    }

    fn details(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.ways.iter().map(Way::line).collect();
        lines.extend(self.preferred.iter().map(|line| format!("it prefers {line}, and leaves that")));
        let also: Vec<&str> =
            self.avoids.iter().filter(|link| **link != self.off.link).map(|link| link.as_str()).collect();
        if !also.is_empty() {
            lines.push(format!("kept off {} too, so that it takes this path", also.join(", ")));
        }
        if !self.held.is_empty() {
            lines.push(format!("kept where they are, and not let into the room: {}", named(&self.held)));
        }
        if !self.backups.is_empty() {
            lines
                .push(format!("backups that are laid anew, of services that stay: {}", named(&self.backups)));
        }
        lines
    }
}

/// The first of several.
fn named(services: &[ServiceId]) -> String {
    let names: Vec<&str> = services.iter().take(NAMED).map(|id| id.as_str()).collect();
    let more = services.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", names.join(", "))
}

impl Way {
    fn line(&self) -> String {
        let nodes: Vec<&str> = self.nodes.iter().map(|node| node.as_str()).collect();
        let promised = |delay: Delay| format!(", {delay} promised");
        format!(
            "{} to {}: delay {} -> {}{}; by {}",
            self.from,
            self.to,
            self.before,
            self.after,
            self.promised.map(promised).unwrap_or_default(),
            nodes.join(", ")
        )
    }
}
