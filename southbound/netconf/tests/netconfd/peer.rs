//! Debian's `netconfd` behind an `sshd` of its own, both on loopback and in a folder of their own, both ended
//! by process id when the test is over.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use netconf::ssh::{HostKeyPin, LoginKey, SshTarget};
use tempfile::TempDir;
use tokio::time::Instant;

const NETCONFD: &str = "/usr/sbin/netconfd";
const SUBSYSTEM: &str = "/usr/sbin/netconf-subsystem";
const SSHD: &str = "/usr/sbin/sshd";
const MODULES: &str = "/usr/share/yuma/modules";

/// Lines of each log that a failed test shows.
const LAST: usize = 60;
/// Another process may take a port between its choice and its use; so often another one is tried.
const PORTS: usize = 3;

/// Both processes and the folder that they live in.
pub struct Netconfd {
    folder: TempDir,
    children: Vec<Child>,
    port: u16,
    user: String,
}

impl Drop for Netconfd {
    fn drop(&mut self) {
        // A test that failed is of little use without the other side's story.
        if std::thread::panicking() {
            for name in ["netconfd.log", "sshd.log"] {
                let text = fs::read(self.path(name)).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                let lines: Vec<&str> = text.lines().collect();
                eprintln!("the end of {name}:\n{}", lines[lines.len().saturating_sub(LAST)..].join("\n"));
            }
        }
        for child in &mut self.children {
            // A process that is gone already is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Netconfd {
    /// Starts both, or says what is missing on this machine.
    pub async fn start() -> Result<Self, String> {
        for program in [NETCONFD, SUBSYSTEM, SSHD, "/usr/bin/ssh-keygen"] {
            if !Path::new(program).exists() {
                return Err(format!("{program} is not installed (packages netconfd, openssh-server)"));
            }
        }
        let _alone = one_at_a_time().map_err(|e| format!("netconfd waits for another to start: {e}"))?;
        let mut result = Self::try_start().await;
        for _ in 1..PORTS {
            let Err(why) = &result else { break };
            eprintln!("tried again on another port: {why}");
            result = Self::try_start().await;
        }
        result
    }

    async fn try_start() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let user = run(Command::new("id").arg("-un"))?.trim().to_owned();
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(|e| e.to_string())?.port();
        let mut peer = Self { folder, children: Vec::new(), port, user };
        peer.start_netconfd().map_err(|e| format!("netconfd does not start: {e}"))?;
        peer.start_sshd()?;
        peer.wait().await?;
        Ok(peer)
    }

    /// How to reach it; the pin is of its RSA host key, although it has an ed25519 one too.
    pub fn target(&self) -> SshTarget {
        let listed = run(Command::new("ssh-keygen").arg("-lf").arg(self.path("host_rsa.pub"))).unwrap();
        let pin: HostKeyPin = listed.split_whitespace().nth(1).unwrap().parse().unwrap();
        let key = LoginKey::from_text(&fs::read_to_string(self.path("login")).unwrap(), None).unwrap();
        SshTarget::new(format!("127.0.0.1:{}", self.port), pin, self.user.clone(), key)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start_netconfd(&mut self) -> io::Result<()> {
        let log = fs::File::create(self.path("netconfd.log"))?;
        let child = Command::new(NETCONFD)
            .args(["--no-startup", "--target=candidate", "--with-startup=false", "--module=iana-if-type"])
            .arg("--log-level=debug")
            .arg("--module=ietf-interfaces")
            .arg(format!("--superuser={}", self.user))
            .arg(format!("--port={}", self.port))
            .arg(format!("--ncxserver-sockname={}", self.path("ncx").display()))
            .arg(format!("--modpath={MODULES}/ietf:{MODULES}/netconfcentral:{MODULES}/yuma123:{MODULES}"))
            .env("YUMA_RUNPATH", "/usr/lib/x86_64-linux-gnu/yuma")
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.children.push(child);
        Ok(())
    }

    fn start_sshd(&mut self) -> Result<(), String> {
        for (kind, name) in [("rsa", "host_rsa"), ("ed25519", "host_ed25519"), ("ed25519", "login")] {
            run(Command::new("ssh-keygen").args(["-q", "-N", "", "-t", kind, "-f"]).arg(self.path(name)))?;
        }
        let failed = |e: io::Error| format!("sshd does not start: {e}");
        fs::copy(self.path("login.pub"), self.path("authorized_keys")).map_err(failed)?;
        let subsystem =
            format!("{SUBSYSTEM} --ncxserver-sockname={}@{}", self.port, self.path("ncx").display());
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {}\nHostKey {}\nHostKey {}\nAuthorizedKeysFile {}\nUsePAM no\n\
             StrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nPidFile none\nLogLevel DEBUG\n\
             Subsystem netconf \"{subsystem}\"\n",
            self.port,
            self.path("host_rsa").display(),
            self.path("host_ed25519").display(),
            self.path("authorized_keys").display(),
        );
        fs::write(self.path("sshd_config"), config).map_err(failed)?;
        // sshd's privilege separation insists on this folder; only root can make it, and only root needs it.
        let _ = fs::create_dir("/run/sshd")
            .and_then(|()| fs::set_permissions("/run/sshd", PermissionsExt::from_mode(0o755)));
        let child = Command::new(SSHD)
            .arg("-D")
            .arg("-f")
            .arg(self.path("sshd_config"))
            .arg("-E")
            .arg(self.path("sshd.log"))
            .stdin(Stdio::null())
            .spawn()
            .map_err(failed)?;
        self.children.push(child);
        Ok(())
    }

    /// Waits until both take connections.
    async fn wait(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let read = |name| fs::read_to_string(self.path(name)).unwrap_or_default();
            let server = UnixStream::connect(self.path("ncx")).is_ok();
            // Not a connection: what answers at the port may be somebody else's.
            let ssh = read("sshd.log").contains(&format!("Server listening on 127.0.0.1 port {}", self.port));
            let dead = self.children.iter_mut().any(|c| !matches!(c.try_wait(), Ok(None)));
            if server && ssh && !dead {
                return Ok(());
            }
            if dead || Instant::now() > deadline {
                let read = |name| fs::read_to_string(self.path(name)).unwrap_or_default();
                return Err(format!("does not come up: {}{}", read("netconfd.log"), read("sshd.log")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Whatever `HOME` says, netconfd makes `.yuma` in the user's real home at its first start, and gives up when another one is
/// just making it. So only one of them starts at a time, across processes too.
fn one_at_a_time() -> io::Result<fs::File> {
    let lock = fs::File::create(std::env::temp_dir().join("trunkline-netconfd-starts"))?;
    lock.lock()?;
    Ok(lock)
}

fn run(command: &mut Command) -> Result<String, String> {
    let out = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if !out.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&out.stderr)));
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}
