//! Ending processes that the lab started, and nobody else's: by number and start, held by a descriptor while they are judged.

use std::{
    os::fd::OwnedFd,
    path::Path,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

use crate::record::ProcessId;

/// A process that cannot be mistaken for a later one of the same number.
pub struct Held(OwnedFd);

impl Held {
    /// Takes hold of a process, if it still is the one that is meant.
    pub fn of(process: ProcessId) -> Option<Self> {
        let held = pidfd_open(Pid::from_raw(process.pid)?, PidfdFlags::empty()).ok()?;
        // Judged after it is held: from here on the number is nobody else's.
        process.runs().then_some(Self(held))
    }

    /// Sends a signal; false where the process is gone.
    pub fn send(&self, signal: Signal) -> bool {
        pidfd_send_signal(&self.0, signal).is_ok()
    }

    /// Whether it has ended within that time.
    pub fn ends_within(&self, patience: Duration) -> bool {
        let mut waiting = [PollFd::new(&self.0, PollFlags::IN)];
        let patience = Timespec::try_from(patience).ok();
        poll(&mut waiting, patience.as_ref()).is_ok_and(|ready| ready > 0)
    }
}

/// Ends processes: asks all of them first, and makes those end that have not after `patience`. Gives how many there were.
pub fn end(processes: impl IntoIterator<Item = ProcessId>, patience: Duration) -> usize {
    let held: Vec<Held> = processes.into_iter().filter_map(Held::of).collect();
    held.iter().for_each(|process| {
        process.send(Signal::TERM);
        // One that is frozen could not hear it.
        process.send(Signal::CONT);
    });
    let until = now() + patience;
    for process in &held {
        if !process.ends_within(until.saturating_duration_since(now())) {
            process.send(Signal::KILL);
            process.ends_within(patience);
        }
    }
    held.len()
}

/// The process of a file that holds its number, where it runs a program of that name in that namespace.
pub fn of_file(file: &Path, program: &str, space: &Path) -> Option<ProcessId> {
    use std::os::linux::fs::MetadataExt as _;
    let text = std::fs::read_to_string(file).ok()?;
    let process = ProcessId::of(text.trim().parse().ok()?)?;
    let of = format!("/proc/{}", process.pid);
    let own = std::fs::metadata(format!("{of}/ns/net")).ok()?;
    let there = std::fs::metadata(space).ok()?;
    let named = std::fs::read_to_string(format!("{of}/comm")).ok()?;
    (own.st_ino() == there.st_ino() && own.st_dev() == there.st_dev() && named.trim() == program)
        .then_some(process)
}

#[expect(clippy::disallowed_methods, reason = "how long a process takes to end is no argument")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn sleeper() -> std::process::Child {
        Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().expect("sleep is everywhere")
    }

    #[test]
    fn a_process_is_ended_though_it_is_frozen_and_no_other_of_its_number() {
        let mut child = sleeper();
        let process = ProcessId::of(i32::try_from(child.id()).unwrap()).unwrap();
        let other = ProcessId { started: process.started + 1, ..process };
        assert_eq!(end([other], Duration::from_secs(5)), 0);
        assert!(process.runs());
        assert!(Held::of(process).unwrap().send(Signal::STOP));
        assert_eq!(end([process], Duration::from_secs(5)), 1);
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn a_file_of_a_process_counts_for_its_program_and_namespace_alone() {
        let mut child = sleeper();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sleep.pid");
        std::fs::write(&file, format!("{}\n", child.id())).unwrap();
        let own = Path::new("/proc/self/ns/net");
        // It is called after this program until it has become its own.
        let found = (0..500).find_map(|_| {
            std::thread::sleep(Duration::from_millis(2));
            of_file(&file, "sleep", own)
        });
        assert!(found.is_some_and(ProcessId::runs));
        assert!(of_file(&file, "zebra", own).is_none());
        assert!(of_file(&file, "sleep", Path::new("/proc/self/ns/mnt")).is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(of_file(&file, "sleep", own).is_none());
    }
}
