//! Whether this process may and can make a lab, told before anything is made.

use std::path::PathBuf;

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
}

/// Numbers of capabilities (capability.h).
const NET_ADMIN: u32 = 12;
const SYS_ADMIN: u32 = 21;

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
}
