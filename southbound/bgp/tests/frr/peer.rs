//! The process, on loopback, in a folder of its own, ended by its id when the test is over.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::child::{absent, is_known};

const BGPD: &str = "/usr/lib/frr/bgpd";
/// Its versions whose manners are known.
const KNOWN: [&str; 1] = ["bgpd version 8.4."];
/// Lines of the log that a failed test shows.
const LAST: usize = 40;
/// So often it is looked whether it listens, ten times a second.
const LOOKS: usize = 200;
/// So often other ports are tried: a port that was free may be taken when it is used.
const TRIES: usize = 5;

pub struct Bgpd {
    folder: TempDir,
    child: Child,
    port: u16,
}

impl Drop for Bgpd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell();
        }
        // A process that is gone already is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bgpd {
    /// Starts it with one neighbour, 127.0.0.2, for whom it waits; or says why not. It needs no rights: it has no kernel to write
    /// routes to, and no zebra.
    pub fn start_or_say() -> Option<Self> {
        if !Path::new(BGPD).exists() {
            absent(&format!("{BGPD} is not installed (package frr)"));
            return None;
        }
        if !is_known(BGPD, Command::new(BGPD).arg("--version"), &KNOWN) {
            return None;
        }
        let started = (0..TRIES).find_map(|_| Self::start());
        Some(started.expect("it ends on all ports; the ends of its logs are above"))
    }

    /// Starts it on a free port; none when it ends by itself.
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("vty")).unwrap();
        fs::write(at("bgpd.conf"), config(&at("log"))).unwrap();
        let said = fs::File::create(at("said")).unwrap();
        let child = Command::new(BGPD)
            // Neither other users, nor zebra, nor the kernel.
            .args(["-S", "-Z", "-n", "-P", "0", "-l", "127.0.0.1"])
            .args(["-p", &port.to_string()])
            .arg("-f")
            .arg(at("bgpd.conf"))
            .arg("-i")
            .arg(at("pid"))
            .arg("--vty_socket")
            .arg(at("vty"))
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn()
            .unwrap();
        let mut peer = Self { folder, child, port };
        for _ in 0..LOOKS {
            std::thread::sleep(Duration::from_millis(100));
            if peer.child.try_wait().unwrap().is_some() {
                peer.tell();
                return None;
            }
            if TcpStream::connect(peer.address()).is_ok() {
                return Some(peer);
            }
        }
        panic!("it does not listen");
    }

    /// The ends of what it said.
    fn tell(&self) {
        for name in ["said", "log"] {
            let text = fs::read(self.folder.path().join(name)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.lines().collect();
            eprintln!("the end of its {name}:\n{}", lines[lines.len().saturating_sub(LAST)..].join("\n"));
        }
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Ends it at once, without a word to its neighbours.
    pub fn end(mut self) {
        self.child.kill().unwrap();
    }
}

fn config(log: &Path) -> String {
    format!(
        "log file {} debugging
router bgp 65000
 bgp router-id 10.0.0.100
 no bgp default ipv4-unicast
 no bgp network import-check
 neighbor 127.0.0.2 remote-as 65000
 neighbor 127.0.0.2 passive
 neighbor 127.0.0.2 timers 3 9
 address-family ipv4 unicast
  network 10.99.0.0/24
  neighbor 127.0.0.2 activate
 exit-address-family
",
        log.display()
    )
}
