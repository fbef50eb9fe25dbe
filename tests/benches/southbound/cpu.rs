//! Processor time in seconds, in the program and in the kernel together.

use std::fs;

use nix::sys::resource::{Usage, UsageWho, getrusage};

/// Of this process, all its threads.
pub fn process() -> f64 {
    seconds(&getrusage(UsageWho::RUSAGE_SELF).unwrap())
}

/// Of the thread that asks.
pub fn thread() -> f64 {
    seconds(&getrusage(UsageWho::RUSAGE_THREAD).unwrap())
}

fn seconds(usage: &Usage) -> f64 {
    let times = [usage.user_time(), usage.system_time()];
    times.iter().map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6).sum()
}

/// What Linux counts in for programs, whatever the kernel's own beat: `proc(5)`, `/proc/pid/stat`.
const TICKS: f64 = 100.0;

/// Of another process, in steps of a hundredth.
pub fn of(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name of the program stands in brackets and may have blanks; time in the program is field 14, in the kernel 15.
    let (_, after) = text.rsplit_once(')').unwrap();
    let fields: Vec<&str> = after.split_whitespace().collect();
    fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum::<f64>() / TICKS
}
