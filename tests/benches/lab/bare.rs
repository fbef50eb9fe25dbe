//! Labs without agents, made in this process: namespaces, lines, routes, daemons of FRR. And what their lines carry.
//!
//! Memory is what the machine has less of while a lab stands, by router: namespaces, interfaces, routes, wires and daemons together.
//! Whatever else runs meanwhile counts too.

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    thread,
    time::{Duration, Instant},
};

use ground::{
    Ground, Layout,
    frr::Daemons,
    lab::{Options, Progress, Tell},
    layout::{Kind, Stand, Wires},
    record::IgpKind,
    space,
    wire::{Impairment, Room, Wire},
};
use model::NodeId;
use rand::SeedableRng as _;

use crate::{figures::Figures, stage::root};

/// How long adjacencies may take to come up.
const PATIENCE: Duration = Duration::from_secs(300);

/// The CEB case, all of whose lines have delay.
pub fn ceb(figures: &mut Figures) -> Result<(), String> {
    let layout = layout("benchceb", &ceb_file(), Wires::WhereNeeded);
    whole(["ceb up", "ceb memory", "ceb down"], &layout, IgpKind::Builtin, figures)
}

/// Many routers, whose lines have none.
pub fn large(figures: &mut Figures) -> Result<(), String> {
    let layout = layout("bench500", &ring(500, ""), Wires::WhereNeeded);
    whole(["large up", "large memory", "large down"], &layout, IgpKind::Builtin, figures)
}

/// The CEB case with real daemons.
pub fn frr(figures: &mut Figures) -> Result<(), String> {
    let layout = layout("benchceb", &ceb_file(), Wires::WhereNeeded);
    whole(["frr up", "frr memory", "frr down"], &layout, IgpKind::Frr, figures)
}

fn ceb_file() -> String {
    std::fs::read_to_string(root().join("lab/ceb.clab.yml")).unwrap()
}

/// A folder that goes again, and that daemons may enter that are not root's.
pub fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Routers in a ring, each with a line to the one that stands 22 further, too.
pub fn ring(count: usize, vars: &str) -> String {
    let mut text = String::from("name: ring\ntopology:\n  defaults: {kind: linux, image: frr}\n  nodes:\n");
    for at in 0..count {
        let _ = writeln!(text, "    r{at}: {{}}");
    }
    text.push_str("  links:\n");
    for at in 0..count {
        for (number, step) in [(1, 1), (3, 22)] {
            let far = (at + step) % count;
            let _ = writeln!(
                text,
                "    - {{endpoints: [\"r{at}:eth{number}\", \"r{far}:eth{}\"]{vars}}}",
                number + 1
            );
        }
    }
    text
}

pub fn layout(name: &str, text: &str, wires: Wires) -> Layout {
    let network = formats::read("bench.clab.yml", text).unwrap();
    let mut said = formats::lab("bench.clab.yml", text).unwrap();
    said.name = Some(format!("{name}{}", std::process::id()));
    Layout::of(&network, &said, "bench", wires).unwrap()
}

/// A lab. It goes with this value, whatever becomes of the bench.
pub struct Standing {
    ground: Option<Ground>,
    _folder: tempfile::TempDir,
}

impl Standing {
    /// Makes it, in a folder of its own.
    pub fn up(
        layout: Layout,
        folder: tempfile::TempDir,
        igp: IgpKind,
        tell: Tell<'_>,
    ) -> Result<Self, String> {
        let options = Options { file: "bench".into(), folder: folder.path().join("lab"), igp, seed: 1 };
        let ground = Ground::up(layout, options, tell).map_err(|error| error.to_string())?;
        Ok(Self { ground: Some(ground), _folder: folder })
    }

    /// A node of it.
    pub fn stand(&self, node: &str) -> &Stand {
        &self.ground.as_ref().unwrap().layout().nodes[&NodeId::lit(node)]
    }

    /// Takes it away.
    pub fn down(mut self) -> Result<(), String> {
        let gone = self.ground.take().map(Ground::down);
        gone.transpose().map(drop).map_err(|error| error.to_string())
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.ground.take().map(Ground::down) {
            eprintln!("{error}");
        }
    }
}

/// Makes a lab, and takes it away: how long that takes, and the memory of a router, under these names.
fn whole(
    [up, memory, down]: [&'static str; 3],
    layout: &Layout,
    igp: IgpKind,
    figures: &mut Figures,
) -> Result<(), String> {
    let folder = open_folder();
    let before = available();
    let begun = Instant::now();
    let mut steps = Vec::new();
    let mut tell =
        |progress: Progress| steps.push(format!("    {:6.2} s  {progress}", begun.elapsed().as_secs_f64()));
    let files = folder.path().join("lab");
    let lab = Standing::up(layout.clone(), folder, igp, &mut tell)?;
    let daemons = Daemons::of(layout, &files);
    while igp == IgpKind::Frr && !daemons.waiting(layout).is_ok_and(|waiting| waiting.is_empty()) {
        if begun.elapsed() > PATIENCE {
            return Err(format!("adjacencies are not up after {} s", PATIENCE.as_secs()));
        }
        thread::sleep(Duration::from_millis(200));
    }
    figures.add(up, begun.elapsed().as_secs_f64());
    let routers = layout.ted.nodes.len();
    figures.add(memory, before.saturating_sub(available()) as f64 / routers as f64 / f64::from(1 << 20));
    let begun = Instant::now();
    lab.down()?;
    figures.add(down, begun.elapsed().as_secs_f64());
    println!("{up}: {routers} routers, {} lines\n{}", layout.lines.len(), steps.join("\n"));
    Ok(())
}

/// Octets of memory that the machine has to give.
fn available() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

/// Millions of frames of 1,500 octets that go through a wire with delay and jitter, in a second.
pub fn frames(figures: &mut Figures) -> Result<(), String> {
    let mut dice = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let mut wire = Wire::new(Room::default());
    let slow = Impairment {
        delay: "10ms".parse().unwrap(),
        jitter: "1ms".parse().unwrap(),
        loss: "1%".parse().unwrap(),
    };
    let lanes: Vec<usize> = (0..100).map(|_| wire.add(slow)).collect();
    let frame = [0; 1500];
    let begun = Instant::now();
    for number in 0..1_000_000_u64 {
        let now = Duration::from_micros(number);
        wire.offer(lanes[number as usize % lanes.len()], &frame, now, &mut dice);
        while let Some((_, frame)) = wire.leave(now) {
            wire.done(frame);
        }
    }
    figures.add("frames", 1.0 / begun.elapsed().as_secs_f64());
    Ok(())
}

/// What TCP gets over one line, with and without a wire.
pub fn tcp(figures: &mut Figures) -> Result<(), String> {
    for (name, vars) in
        [("tcp plain", ""), ("tcp wire", ", vars: {loss: 1ppb}"), ("tcp slow", ", vars: {delay: 5ms}")]
    {
        let layout = layout("benchtcp", &ring(3, vars), Wires::WhereNeeded);
        let lab = Standing::up(layout, open_folder(), IgpKind::Builtin, &mut |_| ())?;
        let (near, far) = (lab.stand("r0"), lab.stand("r1"));
        let Kind::Router(router) = &far.kind else { return Err("r1 is no router".to_owned()) };
        figures.add(name, gigabits(&near.space, &far.space, router.loopback));
        lab.down()?;
    }
    Ok(())
}

fn gigabits(from: &str, to: &str, address: Ipv6Addr) -> f64 {
    let address = SocketAddr::from((address, 5001));
    let listener = space::inside(to, || Ok(TcpListener::bind(address).unwrap())).unwrap();
    let mut sender = space::inside(from, || Ok(TcpStream::connect(address).unwrap())).unwrap();
    let (mut receiver, _) = listener.accept().unwrap();
    let begun = Instant::now();
    let sending = thread::spawn(move || {
        let piece = vec![0; 1 << 17];
        while begun.elapsed() < Duration::from_secs(5) {
            sender.write_all(&piece).unwrap();
        }
    });
    let (mut piece, mut octets) = (vec![0; 1 << 17], 0_u64);
    while let Ok(length) = receiver.read(&mut piece) {
        if length == 0 {
            break;
        }
        octets += length as u64;
    }
    sending.join().unwrap();
    octets as f64 * 8.0 / begun.elapsed().as_secs_f64() / 1e9
}
