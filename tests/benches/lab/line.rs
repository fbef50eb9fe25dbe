//! Two namespaces and a bare pair between them, which delays and loses nothing of its own accord.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long the kernel may take to see that there is a line.
const PATIENCE: Duration = Duration::from_secs(10);

/// They go with this value.
pub struct Line(String);

impl Drop for Line {
    fn drop(&mut self) {
        for end in ["a", "b"] {
            // It may not have been made.
            let _ = ip(&format!("netns del {}", self.end(end)));
        }
    }
}

fn ip(arguments: &str) -> Result<String, String> {
    let ended = Command::new("ip").args(arguments.split(' ')).output();
    let ended = ended.map_err(|error| format!("ip cannot be run: {error}"))?;
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).into_owned());
    }
    Err(format!("`ip {arguments}` says: {}", String::from_utf8_lossy(&ended.stderr).trim()))
}

impl Line {
    /// From eth1 of `a`, with 10.9.0.1 and fd00:9::1, to eth1 of `b`, with 10.9.0.2 and fd00:9::2. Says why where that cannot be made.
    pub fn lay() -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let line = Self(format!("tlb{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        let (a, b) = (line.end("a"), line.end("b"));
        for end in [&a, &b] {
            ip(&format!("netns add {end}"))?;
        }
        let macs = ["02:54:00:00:00:0a", "02:54:00:00:00:0b"];
        let far = format!("peer name eth1 address {} netns {b}", macs[1]);
        ip(&format!("-n {a} link add name eth1 address {} type veth {far}", macs[0]))?;
        for (end, number, far, mac) in [(&a, 1, 2, macs[1]), (&b, 2, 1, macs[0])] {
            ip(&format!("-n {end} addr add 10.9.0.{number}/24 dev eth1"))?;
            ip(&format!("-n {end} addr add fd00:9::{number}/64 dev eth1 nodad"))?;
            ip(&format!("-n {end} link set dev lo up"))?;
            ip(&format!("-n {end} link set dev eth1 up"))?;
            // Nobody has to ask for the other first.
            for address in [format!("10.9.0.{far}"), format!("fd00:9::{far}")] {
                ip(&format!("-n {end} neigh replace {address} lladdr {mac} dev eth1 nud permanent"))?;
            }
        }
        line.wait()?;
        Ok(line)
    }

    /// The namespace of an end.
    pub fn end(&self, end: &str) -> String {
        format!("{}-{end}", self.0)
    }

    /// Waits until both ends are connected.
    fn wait(&self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        for end in ["a", "b"] {
            while !ip(&format!("-n {} link show dev eth1", self.end(end)))?.contains("LOWER_UP") {
                if Instant::now() > until {
                    return Err(format!("the line of {} does not come up", self.end(end)));
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }
}
