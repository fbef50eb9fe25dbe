//! The process, on loopback, in a folder of its own, ended by its id when the test is over.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::child::{absent, is_known, run};

const GOBGPD: &str = "/usr/bin/gobgpd";
const GOBGP: &str = "/usr/bin/gobgp";
/// Its versions whose manners are known: what it passes on and what it has no words for differs between them.
const KNOWN: [&str; 1] = ["gobgpd version 3.10."];
/// Lines of the log that a failed test shows.
const LAST: usize = 60;
/// So often it is looked whether it listens, ten times a second.
const LOOKS: usize = 200;
/// So often other ports are tried: a port that was free may be taken when it is used.
const TRIES: usize = 5;

pub struct Gobgpd {
    folder: TempDir,
    child: Child,
    port: u16,
    api: u16,
}

impl Drop for Gobgpd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell();
        }
        // A process that is gone already is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Gobgpd {
    /// Starts it with neighbours at 127.0.0.x, all clients of its reflector; or says why not.
    pub fn start_or_say(neighbours: &[u8]) -> Option<Self> {
        for program in [GOBGPD, GOBGP] {
            if !Path::new(program).exists() {
                absent(&format!("{program} is not installed (package gobgpd)"));
                return None;
            }
        }
        if !is_known(GOBGPD, Command::new(GOBGPD).arg("--version"), &KNOWN) {
            return None;
        }
        let started = (0..TRIES).find_map(|_| Self::start(neighbours));
        Some(started.expect("it ends on all ports; the ends of its logs are above"))
    }

    /// Starts it on free ports; none when it ends by itself.
    fn start(neighbours: &[u8]) -> Option<Self> {
        let (port, api) = (free_port(), free_port());
        let config = Self::config(port, neighbours);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gobgpd.toml");
        fs::write(&file, config).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(GOBGPD)
            .arg("-f")
            .arg(&file)
            .args(["-p", "--pprof-disable", "-l", "debug"])
            .arg(format!("--api-hosts=127.0.0.1:{api}"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut peer = Self { folder, child, port, api };
        for _ in 0..LOOKS {
            std::thread::sleep(Duration::from_millis(100));
            let listens = [port, api].iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok());
            if peer.child.try_wait().unwrap().is_some() {
                peer.tell();
                return None;
            }
            if listens {
                return Some(peer);
            }
        }
        panic!("it does not listen");
    }

    fn config(port: u16, neighbours: &[u8]) -> String {
        let mut config = format!(
            "[global.config]\nas = 65000\nrouter-id = \"10.0.0.100\"\nport = {port}\nlocal-address-list = [\"127.0.0.1\"]\n"
        );
        for last in neighbours {
            config += &format!(
                "[[neighbors]]\n[neighbors.config]\nneighbor-address = \"127.0.0.{last}\"\npeer-as = 65000\n\
                 [neighbors.transport.config]\npassive-mode = true\n\
                 [neighbors.timers.config]\nhold-time = 9\nkeepalive-interval = 3\n\
                 [neighbors.route-reflector.config]\nroute-reflector-client = true\nroute-reflector-cluster-id = \"10.0.0.100\"\n"
            );
            for family in ["ls", "ipv4-srpolicy", "ipv6-srpolicy"] {
                config += &format!(
                    "[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\nafi-safi-name = \"{family}\"\n"
                );
            }
        }
        config
    }

    /// The end of its log.
    fn tell(&self) {
        let text = fs::read(self.folder.path().join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        eprintln!("the end of its log:\n{}", lines[lines.len().saturating_sub(LAST)..].join("\n"));
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// What its command line says.
    pub fn ask(&self, words: &[&str]) -> String {
        let output = run(Command::new(GOBGP).arg("-p").arg(self.api.to_string()).args(words)).unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// How many routes of a neighbour it has accepted, in all families.
    pub fn accepted(&self, last: u8) -> u64 {
        let neighbour = format!("127.0.0.{last}");
        let said = self.ask(&["-j", "neighbor", &neighbour]);
        let json: serde_json::Value =
            serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
        let families = json["afi_safis"].as_array().cloned().unwrap_or_default();
        families.iter().filter_map(|family| family["state"]["accepted"].as_u64()).sum()
    }

    /// Ends it.
    pub fn end(mut self) {
        self.child.kill().unwrap();
    }
}
