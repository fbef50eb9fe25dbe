//! The table.

use std::time::{Duration, Instant};

/// Lines of the table.
#[derive(Default)]
pub struct Report {
    lines: Vec<[String; 4]>,
}

impl Report {
    /// A line without a promise.
    pub fn say(&mut self, what: &str, value: String) {
        self.line(what, value, "", String::new());
    }

    /// A line with a promise.
    pub fn promise(&mut self, what: &str, value: String, promise: &str, holds: bool) {
        self.line(what, value, promise, (if holds { "yes" } else { "no" }).to_owned());
    }

    fn line(&mut self, what: &str, value: String, promise: &str, verdict: String) {
        eprintln!("{what}: {value} {promise} {verdict}");
        self.lines.push([what.to_owned(), value, promise.to_owned(), verdict]);
    }

    /// Prints it.
    pub fn print(&self) {
        let widths: [usize; 4] = std::array::from_fn(|column| {
            self.lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        });
        for line in &self.lines {
            let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
    }
}

/// How long something takes.
pub fn timed<T>(what: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = std::hint::black_box(what());
    (start.elapsed(), value)
}

/// The time below which this share of all lie.
pub fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let place = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(place).copied().unwrap_or_default()
}

/// The middle.
pub fn median(times: &mut [Duration]) -> Duration {
    quantile(times, 0.5)
}

/// The most memory that this process has had, MiB, where the system says.
pub fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}
