//! On what it was measured.

use std::{fs, process::Command};

/// Processors, memory, system and compiler, one line.
fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = line_of("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
        .map_or("unknown".to_owned(), |kib| format!("{}", kib.div_ceil(1 << 20)));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let compiler =
        Command::new("rustc").arg("--version").output().map(|done| done.stdout).unwrap_or_default();
    let compiler = String::from_utf8_lossy(&compiler).trim().to_owned();
    format!(
        "{cores} processors ({model}), {memory} GiB, Linux {}, {compiler}, release profile",
        kernel.trim()
    )
}

/// How many processes wanted to run in the last minute; more than there are processors means that others worked too.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

/// The machine, and how much others worked there, before and now.
pub fn told(before: &str) -> String {
    format!("{}\nload average before {before}, after {}", describe(), load())
}

fn line_of(file: &str, word: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(word))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
