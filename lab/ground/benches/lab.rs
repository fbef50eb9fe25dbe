//! How long labs take, on this machine: `cargo bench -p ground --bench lab`. Needs root; prints figures and judges nothing.
//! `-- ceb large frr tcp frames` chooses.
//!
//! Memory is what the machine has less of while a lab stands, by router: namespaces, interfaces, routes, wires and daemons together.
//! Whatever else runs meanwhile counts too.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "what it measures is time")]

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use ground::{
    Ground, Layout,
    frr::Daemons,
    lab::{Options, Progress},
    layout::{Kind, Wires},
    record::IgpKind,
    rights, space,
    wire::{Impairment, Room, Wire},
};
use model::NodeId;
use rand::SeedableRng as _;

fn main() {
    if let Err(lacking) = rights::check(true) {
        println!("skipped: {lacking}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted = |word: &str| asked.is_empty() || asked.iter().any(|asked| asked == word);
    let plain = Wires::WhereNeeded;
    if wanted("frames") {
        println!("frames through a wire in memory: {:.1} million a second", frames());
    }
    let ceb = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../ceb.clab.yml")).unwrap();
    if wanted("ceb") {
        whole("the CEB case, builtin", &layout("benchceb", &ceb, plain), IgpKind::Builtin, folder.path());
    }
    if wanted("large") {
        whole(
            "a ring of 500, builtin",
            &layout("bench500", &ring(500, ""), plain),
            IgpKind::Builtin,
            folder.path(),
        );
    }
    if wanted("frr") && rights::find("isisd").is_none() {
        println!("skipped: FRR is not installed");
    } else if wanted("frr") {
        whole("the CEB case, FRR", &layout("benchceb", &ceb, plain), IgpKind::Frr, folder.path());
    }
    if wanted("tcp") {
        throughput(folder.path());
    }
}

/// Routers in a ring, each with a line to the one that stands 22 further, too.
fn ring(count: usize, vars: &str) -> String {
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

fn layout(name: &str, text: &str, wires: Wires) -> Layout {
    let network = formats::read("bench.clab.yml", text).unwrap();
    let mut said = formats::lab("bench.clab.yml", text).unwrap();
    said.name = Some(format!("{name}{}", std::process::id()));
    Layout::of(&network, &said, "bench", wires).unwrap()
}

fn options(folder: &Path, igp: IgpKind) -> Options {
    Options { file: "bench".into(), folder: folder.join("lab"), igp, seed: 1 }
}

/// Makes a lab, and takes it away.
fn whole(name: &str, layout: &Layout, igp: IgpKind, folder: &Path) {
    let before = available();
    let begun = Instant::now();
    let mut steps = Vec::new();
    let mut tell =
        |progress: Progress| steps.push(format!("    {:6.2} s  {progress}", begun.elapsed().as_secs_f64()));
    let ground = Ground::up(layout.clone(), options(folder, igp), &mut tell).unwrap();
    if igp == IgpKind::Frr {
        let daemons = Daemons::of(layout, &folder.join("lab"));
        while !daemons.waiting(layout).is_ok_and(|waiting| waiting.is_empty()) {
            thread::sleep(Duration::from_millis(200));
        }
    }
    let up = begun.elapsed();
    let routers = layout.ted.nodes.len();
    let each = before.saturating_sub(available()) / 1024 / routers as u64;
    let begun = Instant::now();
    ground.down().unwrap();
    println!(
        "{name}: {routers} routers, {} lines up in {:.1} s, {:.1} MiB each, down in {:.1} s\n{}",
        layout.lines.len(),
        up.as_secs_f64(),
        each as f64 / 1024.0,
        begun.elapsed().as_secs_f64(),
        steps.join("\n")
    );
}

/// Octets of memory that the machine has to give.
fn available() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

/// Millions of frames of 1,500 octets that go through a wire with delay and jitter, in a second.
fn frames() -> f64 {
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
    1.0 / begun.elapsed().as_secs_f64()
}

/// What TCP gets over one line, with and without a wire.
fn throughput(folder: &Path) {
    for (name, vars) in [
        ("a plain line", ""),
        ("a wire without delay", ", vars: {loss: 1ppb}"),
        ("a wire of 5 ms", ", vars: {delay: 5ms}"),
    ] {
        let text = ring(3, vars);
        let ground = Ground::up(
            layout("benchtcp", &text, Wires::WhereNeeded),
            options(folder, IgpKind::Builtin),
            &mut |_| (),
        )
        .unwrap();
        let stand = |node: &str| &ground.layout().nodes[&NodeId::lit(node)];
        let Kind::Router(far) = &stand("r1").kind else { panic!("a router") };
        println!(
            "TCP over {name}: {:.2} Gbit/s",
            gigabits(&stand("r0").space, &stand("r1").space, far.loopback)
        );
        ground.down().unwrap();
    }
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
