//! Inside a network namespace: the one place that enters them, and that runs `ip`.
//!
//! A thread that has entered a namespace does its work and ends; no thread that others use is ever in one.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Write as _},
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use thiserror::Error;

use crate::rights;

/// Where named namespaces are, by convention of `ip netns`.
pub const FOLDER: &str = "/run/netns";

/// Why something in a namespace was not done.
#[derive(Debug, Error)]
pub enum SpaceError {
    /// It cannot be entered.
    #[error("the namespace {space} cannot be entered: {cause}")]
    Enter {
        /// Which.
        space: String,
        /// Why.
        cause: io::Error,
    },
    /// A program cannot be run.
    #[error("`{program}` cannot be run: {cause}")]
    Run {
        /// Which.
        program: &'static str,
        /// Why.
        cause: io::Error,
    },
    /// `ip` did not do what it was told.
    #[error("`ip` refused `{line}`: {said}")]
    Refused {
        /// The line that it did not take.
        line: String,
        /// What it said.
        said: String,
    },
    /// A file of the kernel or of the lab.
    #[error("{}: {cause}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// In which namespace something else went wrong.
    #[error("in the namespace {space}: {cause}")]
    In {
        /// Which.
        space: String,
        /// What.
        cause: Box<SpaceError>,
    },
    /// A thread ended without an answer.
    #[error("a thread of the lab ended early; its message stands above")]
    Thread,
}

/// An error about a file.
pub fn of_file(file: &Path, cause: io::Error) -> SpaceError {
    SpaceError::File { file: file.to_owned(), cause }
}

/// Takes the calling thread into a namespace. It must end there.
///
/// # Errors
/// There is none of that name, or it may not be entered.
pub fn enter(space: &str) -> Result<(), SpaceError> {
    let fail = |cause| SpaceError::Enter { space: space.to_owned(), cause };
    let file = File::open(Path::new(FOLDER).join(space)).map_err(fail)?;
    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
        .map_err(|cause| fail(cause.into()))
}

/// Does something inside a namespace.
///
/// # Errors
/// The namespace cannot be entered, or the work's own.
pub fn inside<R: Send>(
    space: &str,
    work: impl FnOnce() -> Result<R, SpaceError> + Send,
) -> Result<R, SpaceError> {
    let told = |cause| SpaceError::In { space: space.to_owned(), cause: Box::new(cause) };
    thread::scope(|scope| {
        let ended = scope.spawn(|| enter(space).and_then(|()| work().map_err(told))).join();
        ended.unwrap_or(Err(SpaceError::Thread))
    })
}

/// Does something for each item inside its namespace, on as many threads as there are processors. Answers come in the order of the
/// items.
///
/// # Errors
/// The first of all, by the order of the items.
pub fn each<T: Sync, R: Send>(
    items: &[T],
    space: impl Fn(&T) -> &str + Sync,
    work: impl Fn(&T) -> Result<R, SpaceError> + Sync,
) -> Result<Vec<R>, SpaceError> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        while let Some((at, item)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            items.get(at).map(|item| (at, item))
        } {
            let name = space(item);
            let told = |cause| SpaceError::In { space: name.to_owned(), cause: Box::new(cause) };
            done.push((at, enter(name).and_then(|()| work(item).map_err(told))));
        }
        done
    };
    let threads = thread::available_parallelism().map_or(2, usize::from).clamp(1, 8);
    let mut all = Vec::with_capacity(items.len());
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        for thread in running {
            all.extend(thread.join().map_err(|_| SpaceError::Thread)?);
        }
        Ok::<(), SpaceError>(())
    })?;
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, answer)| answer).collect()
}

/// Whether `ip` goes on after a line that it cannot carry out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// It stops there, which is an error.
    Stops,
    /// It goes on: what is gone already needs no removal.
    GoesOn,
}

/// Has `ip` carry lines out, in the namespace of the calling thread.
///
/// # Errors
/// It cannot be run, or it refuses a line and nobody said that this does not matter.
pub fn ip(lines: &str, refusal: Refusal) -> Result<(), SpaceError> {
    if lines.is_empty() {
        return Ok(());
    }
    let output = batch(lines, refusal)?;
    if output.status.success() || refusal == Refusal::GoesOn {
        return Ok(());
    }
    Err(refused(lines, &String::from_utf8_lossy(&output.stderr)))
}

/// Has `ip` carry out all lines that it can, in the namespace of the calling thread. Gives the places of those that it refused, from 0.
///
/// # Errors
/// It cannot be run, or ends before it has come to the last line.
pub fn ip_all(lines: &str) -> Result<BTreeSet<usize>, SpaceError> {
    if lines.is_empty() {
        return Ok(BTreeSet::new());
    }
    let output = batch(lines, Refusal::GoesOn)?;
    let said = String::from_utf8_lossy(&output.stderr);
    let places: BTreeSet<usize> = refused_places(&said).collect();
    // Without a line that it names it did not fail by one.
    if places.is_empty() && !output.status.success() { Err(refused(lines, &said)) } else { Ok(places) }
}

/// Runs `ip` for lines.
fn batch(lines: &str, refusal: Refusal) -> Result<Output, SpaceError> {
    let fail = |cause| SpaceError::Run { program: "ip", cause };
    let program = rights::find("ip").ok_or_else(|| fail(io::ErrorKind::NotFound.into()))?;
    let mut command = Command::new(program);
    if refusal == Refusal::GoesOn {
        command.arg("-force");
    }
    command.args(["-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(fail)?;
    let input = child.stdin.take();
    // What it says must be read while it is told, or both would wait for ever.
    let output = thread::scope(|scope| {
        scope.spawn(move || input.map(|mut input| input.write_all(lines.as_bytes())));
        child.wait_with_output()
    });
    output.map_err(fail)
}

/// The places of lines that were refused, from 0: `ip` says `Command failed -:5` after the reason.
fn refused_places(said: &str) -> impl Iterator<Item = usize> + '_ {
    let number = |line: &str| line.strip_prefix("Command failed -:")?.trim().parse::<usize>().ok();
    said.lines().filter_map(number).filter_map(|number| number.checked_sub(1))
}

/// Which line was refused, and why.
fn refused(lines: &str, said: &str) -> SpaceError {
    let line = refused_places(said).next().and_then(|place| lines.lines().nth(place)).unwrap_or("a line");
    let why: Vec<&str> = said.lines().filter(|line| !line.starts_with("Command failed")).collect();
    SpaceError::Refused { line: line.to_owned(), said: why.join("; ") }
}

/// Sets settings of the namespace of the calling thread, by their files below `/proc/sys/net`.
///
/// # Errors
/// One of them is not there or does not take the value.
pub fn set(settings: &[(String, &str)]) -> Result<(), SpaceError> {
    for (name, value) in settings {
        let file = Path::new("/proc/sys/net").join(name);
        std::fs::write(&file, value).map_err(|cause| of_file(&file, cause))?;
    }
    Ok(())
}

/// The namespaces whose names begin so.
pub fn standing(prefix: &str) -> Vec<String> {
    let entries = std::fs::read_dir(FOLDER).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_line() {
        let said = "Cannot find device \"eth1\"\nCommand failed -:2\n";
        let told = refused("link set dev lo up\nlink set dev eth1 up\n", said).to_string();
        assert_eq!(told, "`ip` refused `link set dev eth1 up`: Cannot find device \"eth1\"");
        assert!(refused("", "broken").to_string().contains("broken"));
    }

    #[test]
    fn each_line_that_was_refused_has_its_place() {
        let said = "RTNETLINK answers: Network is down\nCommand failed -:2\nRTNETLINK answers: No such process\n\
                    Command failed -:17\nCommand failed -:x\n";
        assert_eq!(refused_places(said).collect::<Vec<_>>(), [1, 16]);
        assert_eq!(refused_places("Command failed -:0\n").count(), 0);
    }
}
