//! Whether this process may and can make a lab, told before anything is made.

use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use thiserror::Error;

/// What is missing.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Lacking {
    /// Privileges.
    #[error(
        "a lab of network namespaces needs root, or the capabilities CAP_NET_ADMIN and CAP_SYS_ADMIN, and this process has not {0}; \
         run it as root, or take --mode process, which needs no privileges and simulates forwarding"
    )]
    Capability(&'static str),
    /// A program.
    #[error("the program `{0}` is not there: install the package {1}")]
    Program(&'static str, &'static str),
    /// A part of the kernel.
    #[error("{0} is not there: {1}")]
    Kernel(&'static str, &'static str),
    /// Open files.
    #[error(
        "a lab of this size needs up to {needed} open files in a process, and this one may have {allowed}: raise the hard limit \
         (`ulimit -Hn` of root's shell, `LimitNOFILE=` of a systemd unit, `--ulimit nofile=` of a container)"
    )]
    Files {
        /// How many it needs.
        needed: u64,
        /// How many this process may have.
        allowed: u64,
    },
}

/// Numbers of capabilities (capability.h).
const NET_ADMIN: u32 = 12;
const SYS_ADMIN: u32 = 21;

/// So many files may be open in one of our processes, where the system lets it have them: sockets of routers, hosts and flows, ends of
/// wires. It is not all that the system gives, for FRR sets room aside for each that it might open.
const FILES: u64 = 1 << 16;
/// What a node takes at most, in the process that has most of them: an agent its runtime, its sockets of netlink and probes, its servers
/// and their sessions.
const FILES_OF_NODE: u64 = 20;
/// The ends of a wire.
const FILES_OF_LINE: u64 = 2;
/// All else.
const FILES_BESIDE: u64 = 64;

/// Raises the limit of open files of this process and of those that it starts: the usual one is for programs with a few. Gives how many
/// it may have then; none where there is no limit.
pub fn open_more_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = raised(limit);
    if raised != limit && setrlimit(Resource::Nofile, raised).is_ok() {
        return raised.current;
    }
    limit.current
}

/// The soft limit goes up to the hard one, within bounds, and never down.
fn raised(limit: Rlimit) -> Rlimit {
    let most = limit.maximum.map_or(FILES, |hard| hard.min(FILES));
    Rlimit { current: limit.current.map(|current| current.max(most)), ..limit }
}

/// Whether a lab of so many nodes and lines may open all the files that it needs.
///
/// # Errors
/// It may not; nothing of it was made.
pub fn files(nodes: usize, lines: usize) -> Result<(), Lacking> {
    enough(nodes, lines, open_more_files())
}

fn enough(nodes: usize, lines: usize, allowed: Option<u64>) -> Result<(), Lacking> {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let (nodes, lines) =
        (count(nodes).saturating_mul(FILES_OF_NODE), count(lines).saturating_mul(FILES_OF_LINE));
    let needed = nodes.saturating_add(lines).saturating_add(FILES_BESIDE);
    match allowed {
        Some(allowed) if allowed < needed => Err(Lacking::Files { needed, allowed }),
        _ => Ok(()),
    }
}

/// Whether a lab can be made here; `wires` where it has lines that need them.
///
/// # Errors
/// The first thing that is missing.
pub fn check(wires: bool) -> Result<(), Lacking> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    capabilities(&status)?;
    find("ip").map(drop).ok_or(Lacking::Program("ip", "iproute2"))?;
    let files = [
        (
            "/proc/sys/net/ipv6/conf/all/seg6_enabled",
            "this kernel was built without SRv6 (CONFIG_IPV6_SEG6_LWTUNNEL)",
        ),
        ("/dev/net/tun", "lines with delay, jitter or loss need TAP devices (CONFIG_TUN)"),
    ];
    let wanted = files.into_iter().take(if wires { 2 } else { 1 });
    wanted
        .filter(|(file, _)| !std::path::Path::new(file).exists())
        .map(|(file, why)| Lacking::Kernel(file, why))
        .next()
        .map_or(Ok(()), Err)
}

/// Judges what `/proc/self/status` says of the effective capabilities.
fn capabilities(status: &str) -> Result<(), Lacking> {
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let has = |number: u32| mask >> number & 1 == 1;
    match (has(NET_ADMIN), has(SYS_ADMIN)) {
        (true, true) => Ok(()),
        (false, false) => Err(Lacking::Capability("either")),
        (false, true) => Err(Lacking::Capability("CAP_NET_ADMIN")),
        (true, false) => Err(Lacking::Capability("CAP_SYS_ADMIN")),
    }
}

/// Where a program is; also where only root's path has it.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin", "/sbin", "/usr/lib/frr"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lacks_a_capability_is_told_which_and_what_helps() {
        let told = |mask: &str| capabilities(&format!("Name:\tx\nCapEff:\t{mask}\n"));
        assert_eq!(told("000001ffffffffff"), Ok(()));
        assert_eq!(told("0000000000201000"), Ok(()));
        assert_eq!(told("0000000000001000"), Err(Lacking::Capability("CAP_SYS_ADMIN")));
        assert_eq!(told("0000000000200000"), Err(Lacking::Capability("CAP_NET_ADMIN")));
        let none = told("0000000000000000").unwrap_err().to_string();
        assert!(none.contains("has not either") && none.contains("--mode process"), "{none}");
        assert_eq!(capabilities(""), Err(Lacking::Capability("either")), "unknown is no");
    }
    #[test]
    fn the_limit_of_open_files_goes_up_within_bounds_and_never_down() {
        let to = |current, maximum| raised(Rlimit { current, maximum }).current;
        assert_eq!(to(Some(1_024), Some(4_096)), Some(4_096));
        assert_eq!(to(Some(1_024), Some(524_288)), Some(FILES));
        assert_eq!(to(Some(1_024), None), Some(FILES));
        assert_eq!(to(Some(200_000), Some(524_288)), Some(200_000));
        assert_eq!(to(None, None), None);
        // This process, too, whatever it may have.
        let before = getrlimit(Resource::Nofile);
        let raised = open_more_files();
        assert!(raised.is_none() || raised >= before.current, "{raised:?} after {before:?}");
        assert_eq!(getrlimit(Resource::Nofile).current, raised);
    }

    #[test]
    fn a_lab_that_is_too_large_for_the_limit_is_told_before_anything_is_made() {
        assert_eq!(enough(5, 5, Some(1_024)), Ok(()));
        assert_eq!(enough(220, 430, Some(FILES)), Ok(()), "the CEB case");
        assert_eq!(enough(100_000, 0, None), Ok(()));
        let told = enough(220, 430, Some(1_024)).unwrap_err();
        assert_eq!(told, Lacking::Files { needed: 5_324, allowed: 1_024 });
        assert!(told.to_string().contains("ulimit -Hn"), "{told}");
    }
}
