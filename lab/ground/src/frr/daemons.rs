//! The daemons: started in the namespaces, asked over their sockets, ended by their numbers.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _, Write as _},
    os::unix::{fs::chown, net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use model::{LinkId, NodeId};
use rustix::{
    net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with,
        sockopt::{Timeout, set_socket_timeout},
    },
    process::Signal,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::{isisd, zebra};
use crate::{
    layout::Layout,
    process::{self, Held},
    record::{self, ProcessId},
    rights,
    space::{self, SpaceError},
};

/// The daemons of a router, in the order in which they start.
const PROGRAMS: [&str; 2] = ["zebra", "isisd"];
/// The user that they run as: they refuse to run as root.
const USER: &str = "frr";
/// How long one may take to answer or to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer of one.
const ANSWER: u64 = 16 << 20;

/// Why FRR does not do its part.
#[derive(Debug, Error)]
pub enum FrrError {
    /// It is not installed.
    #[error("FRR's {0} is not there: install the package frr, or take --igp builtin")]
    Missing(&'static str),
    /// Its user is not there.
    #[error(
        "there is no user `frr` on this machine, and FRR's daemons run as no other: install the package frr"
    )]
    User,
    /// Something in a namespace.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// A daemon does not start.
    #[error("{program} of {node} does not start: {said}")]
    Start {
        /// Which program.
        program: &'static str,
        /// Of which router.
        node: NodeId,
        /// What it said.
        said: String,
    },
    /// A daemon does not answer.
    #[error("isisd of {node} does not answer: {cause}")]
    Silent {
        /// Of which router.
        node: NodeId,
        /// Why.
        cause: io::Error,
    },
}

/// A neighbour of a router, as its isisd says.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Adjacency {
    /// By which interface, as Linux calls it.
    pub interface: String,
    /// What it is like: `Up`, `Initializing`, `Down`.
    pub state: String,
}

/// A router's daemons.
#[derive(Clone, Debug)]
struct Of {
    space: PathBuf,
    folder: PathBuf,
}

/// The daemons of a lab.
#[derive(Clone, Debug)]
pub struct Daemons {
    all: BTreeMap<NodeId, Of>,
}

impl Daemons {
    /// Those of a layout's routers, whose files are below `folder`.
    pub fn of(layout: &Layout, folder: &Path) -> Self {
        let all = layout.routers().enumerate().map(|(number, (id, stand, _))| {
            // Sockets have short names only: nodes are counted.
            let folder = folder.join(format!("{}{number}", record::FRR));
            (id.clone(), Of { space: Path::new(space::FOLDER).join(&stand.space), folder })
        });
        Self { all: all.collect() }
    }

    /// Writes their files and starts all of them, some at a time.
    ///
    /// # Errors
    /// FRR is not installed, or one does not start.
    pub fn start(&self, layout: &Layout) -> Result<(), FrrError> {
        let programs = programs()?;
        let (user, group) =
            fs::read_to_string("/etc/passwd").ok().and_then(|text| user(&text)).ok_or(FrrError::User)?;
        for (id, of) in &self.all {
            let write = || {
                fs::create_dir_all(&of.folder)?;
                for (program, text) in
                    PROGRAMS.into_iter().zip([zebra(layout, id, &of.folder), isisd(layout, id, &of.folder)])
                {
                    let file = of.folder.join(format!("{program}.conf"));
                    fs::write(&file, text)?;
                    chown(&file, Some(user), Some(group))?;
                }
                chown(&of.folder, Some(user), Some(group))
            };
            write().map_err(|cause| space::of_file(&of.folder, cause))?;
        }
        let all: Vec<(&NodeId, &Of)> = self.all.iter().collect();
        let started = space::each(
            &all,
            |(_, of)| name(&of.space),
            |(id, of)| {
                Ok(PROGRAMS
                    .into_iter()
                    .zip(&programs)
                    .try_for_each(|(program, path)| run(id, of, program, path)))
            },
        )?;
        started.into_iter().collect()
    }

    /// The daemons of a router that run.
    fn running(&self, id: &NodeId) -> Vec<ProcessId> {
        self.all.get(id).map(|of| running(&of.folder, &of.space)).unwrap_or_default()
    }

    /// How many daemons of a router run, of two.
    pub fn count(&self, id: &NodeId) -> usize {
        self.running(id).len()
    }

    /// Sends a signal to the daemons of a router; how many got it.
    pub fn send(&self, id: &NodeId, signal: Signal) -> usize {
        self.running(id).into_iter().filter_map(Held::of).filter(|held| held.send(signal)).count()
    }

    /// Ends the daemons of a router and starts them again.
    ///
    /// # Errors
    /// One does not start.
    pub fn restart(&self, id: &NodeId) -> Result<(), FrrError> {
        let programs = programs()?;
        let Some(of) = self.all.get(id) else { return Ok(()) };
        process::end(self.running(id), PATIENCE);
        space::inside(name(&of.space), || {
            Ok(PROGRAMS.into_iter().zip(&programs).try_for_each(|(program, path)| run(id, of, program, path)))
        })?
    }

    /// The adjacencies of a router.
    ///
    /// # Errors
    /// Its isisd does not answer.
    pub fn adjacencies(&self, id: &NodeId) -> Result<Vec<Adjacency>, FrrError> {
        let Some(answer) = self.asked(id, "show isis neighbor json")? else { return Ok(Vec::new()) };
        let mut all = adjacencies(&answer);
        all.sort();
        Ok(all)
    }

    /// The network as a router's isisd has it, in JSON that [`formats::read`] takes; none where the router has no isisd. Only lines with
    /// IPv4 addresses are in it.
    ///
    /// # Errors
    /// Its isisd does not answer.
    pub fn graph(&self, id: &NodeId) -> Result<Option<String>, FrrError> {
        self.asked(id, "show isis mpls-te database json")
    }

    /// What a router's isisd answers; none where it has none. One that is frozen is not waited for.
    fn asked(&self, id: &NodeId, command: &str) -> Result<Option<String>, FrrError> {
        let Some(of) = self.all.get(id) else { return Ok(None) };
        let silent = |cause| FrrError::Silent { node: id.clone(), cause };
        let daemon = process::of_file(&of.folder.join("isisd.pid"), "isisd", &of.space);
        if daemon.is_some_and(ProcessId::is_frozen) {
            return Err(silent(io::Error::new(io::ErrorKind::TimedOut, "it is frozen")));
        }
        ask(&of.folder.join("isisd.vty"), command, PATIENCE).map(Some).map_err(silent)
    }

    /// The lines over which neither router, or only one, has an adjacency that is up.
    ///
    /// # Errors
    /// Some isisd does not answer.
    pub fn waiting(&self, layout: &Layout) -> Result<Vec<LinkId>, FrrError> {
        let mut up = BTreeMap::new();
        for id in self.all.keys() {
            let all = self.adjacencies(id)?;
            let all = all.into_iter().filter(|adjacency| adjacency.state == "Up");
            up.insert(id, all.map(|adjacency| adjacency.interface).collect::<Vec<_>>());
        }
        let is_up = |end: &crate::layout::End| up.get(&end.node).is_some_and(|all| all.contains(&end.device));
        let between = layout.ted.links.keys().filter_map(|id| Some((id, layout.lines.get(id)?)));
        Ok(between.filter(|(_, line)| !line.ends.iter().all(is_up)).map(|(id, _)| id.clone()).collect())
    }
}

/// The last part of a path: the name of a namespace.
fn name(space: &Path) -> &str {
    space.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn programs() -> Result<Vec<PathBuf>, FrrError> {
    PROGRAMS.into_iter().map(|program| rights::find(program).ok_or(FrrError::Missing(program))).collect()
}

/// The numbers of FRR's user and group, in the words of passwd(5).
fn user(passwd: &str) -> Option<(u32, u32)> {
    let line = passwd.lines().find(|line| line.starts_with(&format!("{USER}:")))?;
    let mut words = line.split(':').skip(2);
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// Starts a daemon in the namespace of the calling thread. It goes into the background by itself, when it is ready.
fn run(id: &NodeId, of: &Of, program: &'static str, path: &Path) -> Result<(), FrrError> {
    let fail = |said: String| FrrError::Start { program, node: id.clone(), said };
    let at = |name: String| of.folder.join(name);
    let output = Command::new(path)
        .arg("-d")
        .arg("-f")
        .arg(at(format!("{program}.conf")))
        .arg("-i")
        .arg(at(format!("{program}.pid")))
        .arg("-z")
        .arg(at("zserv.api".to_owned()))
        .arg("--vty_socket")
        .arg(&of.folder)
        .args(["-P", "0", "-u", USER, "-g", USER])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| fail(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(fail(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

/// The daemons whose numbers are in a folder and that run in a namespace.
fn running(folder: &Path, space: &Path) -> Vec<ProcessId> {
    let of = |program: &str| process::of_file(&folder.join(format!("{program}.pid")), program, space);
    PROGRAMS.into_iter().filter_map(of).collect()
}

/// All daemons below a lab's folder that run in one of these namespaces; also when nobody remembers the lab's layout.
pub fn left(folder: &Path, spaces: &[String]) -> Vec<ProcessId> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(record::FRR))
        .map(|entry| entry.path())
        .collect();
    let spaces: Vec<PathBuf> = spaces.iter().map(|space| Path::new(space::FOLDER).join(space)).collect();
    folders.iter().flat_map(|folder| spaces.iter().flat_map(|space| running(folder, space))).collect()
}

/// Connects to a daemon. That waits too: one that is frozen takes no connection, and where as many as may have been left to it the next is
/// not let in.
fn door(socket: &Path, patience: Duration) -> io::Result<UnixStream> {
    let door = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&door, Timeout::Send, Some(patience))?;
    set_socket_timeout(&door, Timeout::Recv, Some(patience))?;
    connect(&door, &SocketAddrUnix::new(socket)?)?;
    Ok(door.into())
}

/// Asks a daemon over its socket, as vtysh does: a command and a zero; the answer ends with three zeros and how it went. Each step of it
/// waits for `patience` at most.
fn ask(socket: &Path, command: &str, patience: Duration) -> io::Result<String> {
    let mut stream = door(socket, patience)?;
    stream.write_all(command.as_bytes())?;
    stream.write_all(&[0])?;
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    let mut stream = stream.take(ANSWER);
    loop {
        let length = stream.read(&mut piece)?;
        answer.extend_from_slice(piece.get(..length).unwrap_or_default());
        let ends = answer.len() >= 4 && answer.get(answer.len() - 4..answer.len() - 1) == Some(&[0, 0, 0]);
        if ends {
            answer.truncate(answer.len() - 4);
            return String::from_utf8(answer).map_err(|_| io::ErrorKind::InvalidData.into());
        }
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Reads `show isis neighbor json`.
fn adjacencies(answer: &str) -> Vec<Adjacency> {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    let list =
        |value: &Value, word: &str| value.get(word).and_then(Value::as_array).cloned().unwrap_or_default();
    let circuits = list(&answer, "areas").into_iter().flat_map(|area| list(&area, "circuits"));
    let text = |value: &Value, word: &str| value.get(word).and_then(Value::as_str).map(str::to_owned);
    circuits
        .filter_map(|circuit| {
            Some(Adjacency { interface: text(&circuit, "interface")?, state: text(&circuit, "state")? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjacencies_are_read_as_frr_writes_them() {
        let answer = r#"{"areas":[{"area":"lab","circuits":[
            {"circuit":0,"adj":"r2","interface":"eth1","level":2,"state":"Up","expires-in":"3s","snpa":"2020.2020.2020"},
            {"circuit":0,"adj":"r3","interface":"eth2","level":2,"state":"Initializing"},
            {"circuit":0}]}]}"#;
        let seen: Vec<(String, String)> =
            adjacencies(answer).into_iter().map(|each| (each.interface, each.state)).collect();
        let expected = [("eth1", "Up"), ("eth2", "Initializing")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(seen, expected);
        assert!(adjacencies("% Unknown command").is_empty());
    }

    #[test]
    fn the_user_is_found_by_its_name_alone() {
        let text = "root:x:0:0:root:/root:/bin/bash\nfrrx:x:7:7::/:/bin/false\nfrr:x:107:114:FRR:/nonexistent:/usr/sbin/nologin\n";
        assert_eq!(user(text), Some((107, 114)));
        assert_eq!(user("root:x:0:0::/:/bin/sh\n"), None);
    }

    #[test]
    fn an_answer_ends_where_the_daemon_says() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("isisd.vty");
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let daemon = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 5];
            stream.read_exact(&mut asked).unwrap();
            stream.write_all(b"line\nm").unwrap();
            stream.write_all(b"ore\n\0\0\0\0").unwrap();
            asked
        });
        assert_eq!(ask(&socket, "show", PATIENCE).unwrap(), "line\nmore\n");
        assert_eq!(&daemon.join().unwrap(), b"show\0");
        assert!(ask(&folder.path().join("none"), "show", PATIENCE).is_err());
    }

    #[test]
    fn a_daemon_that_takes_no_connection_is_not_waited_for_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("isisd.vty");
        let listener = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        rustix::net::bind(&listener, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        // One connection may wait to be taken; who comes later is not let in.
        rustix::net::listen(&listener, 0).unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for _ in 0..3 {
                let answer = ask(&path, "show", Duration::from_millis(50));
                tell.send(answer.map_err(|error| error.kind())).unwrap();
            }
        });
        for turn in 0..3 {
            let answer = told.recv_timeout(Duration::from_secs(20));
            assert_eq!(answer, Ok(Err(io::ErrorKind::WouldBlock)), "turn {turn}");
        }
    }
}
