//! Labs that really stand: namespaces, wires, routes and daemons of this machine, where it lets the tests make them. Elsewhere they say
//! why they are skipped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "what it waits for happens in real time")]

use std::{
    io::{BufRead as _, BufReader},
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use ground::{
    Ground, GroundError, Layout,
    lab::{self, Fault, Options, Progress},
    layout::{Kind, Wires, names},
    record::{IgpKind, Record, Stage},
    rights, space,
    wire::Impairment,
};
use model::{LinkId, NodeId, Side};

/// Whether labs can be made here; says why not.
fn possible(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| rights::find(program).is_none());
    match (rights::check(true), missing) {
        (Ok(()), None) => true,
        (Err(lacking), _) => {
            println!("skipped: {lacking}");
            false
        }
        (_, Some(program)) => {
            let required = std::env::var("TRUNKLINE_PEERS").is_ok_and(|peers| peers == "required");
            assert!(!required, "TRUNKLINE_PEERS=required, and the program `{program}` is not installed");
            println!("skipped: the program `{program}` is not installed");
            false
        }
    }
}

/// Three routers, each with a line to both others, and a host at two of them. One line is slow.
fn triangle(lab: &str) -> Layout {
    let text = format!(
        r#"
name: {lab}
topology:
  nodes:
    a: {{kind: linux, image: frr}}
    b: {{kind: linux, image: frr}}
    c: {{kind: linux, image: frr}}
    h: {{kind: linux, image: alpine}}
    k: {{kind: linux, image: alpine}}
  links:
    - {{endpoints: ["a:eth1", "b:eth1"], vars: {{name: ab}}}}
    - {{endpoints: ["b:eth2", "c:eth1"], vars: {{name: bc}}}}
    - {{endpoints: ["a:eth2", "c:eth2"], vars: {{name: ac, delay: 10ms}}}}
    - {{endpoints: ["a:eth3", "h:eth1"]}}
    - {{endpoints: ["c:eth3", "k:eth1"]}}
"#
    );
    layout(&text)
}

fn layout(text: &str) -> Layout {
    let network = formats::read("lab.clab.yml", text).unwrap();
    let said = formats::lab("lab.clab.yml", text).unwrap();
    Layout::of(&network, &said, "lab", Wires::WhereNeeded).unwrap()
}

/// Three routers whose lines have metrics, one of them another each way, and IPv4 addresses.
fn graphed(lab: &str) -> Layout {
    layout(&format!(
        r#"
name: {lab}
topology:
  nodes:
    a: {{kind: linux, image: frr}}
    b: {{kind: linux, image: frr}}
    c: {{kind: linux, image: frr}}
  links:
    - {{endpoints: ["a:eth1", "b:eth1"], ipv4: ["198.51.100.0/31", "198.51.100.1/31"], vars: {{igp: 7}}}}
    - {{endpoints: ["b:eth2", "c:eth1"], ipv4: ["198.51.100.2/31", "198.51.100.3/31"], vars: {{igp: 11}}}}
    - type: veth
      endpoints:
        - {{node: a, interface: eth2, ipv4: 198.51.100.4/31, vars: {{igp: 30}}}}
        - {{node: c, interface: eth2, ipv4: 198.51.100.5/31, vars: {{igp: 31}}}}
"#
    ))
}

/// A lab of this test alone; nothing of it stays, however the test ends.
struct Own {
    name: String,
    folder: PathBuf,
    _parent: tempfile::TempDir,
}

impl Own {
    fn new(name: &str) -> Self {
        let parent = tempfile::tempdir().unwrap();
        // FRR's daemons run as another user, who must come to their sockets.
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(parent.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let folder = parent.path().join("lab");
        Self { name: format!("{name}{}", std::process::id()), folder, _parent: parent }
    }

    fn up(&self, igp: IgpKind) -> Ground {
        self.up_with(triangle(&self.name), igp)
    }

    fn up_with(&self, layout: Layout, igp: IgpKind) -> Ground {
        let options = Options { file: "lab.clab.yml".into(), folder: self.folder.clone(), igp, seed: 1 };
        Ground::up(layout, options, &mut |_| ()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn standing(&self) -> Vec<String> {
        space::standing(&names::of_lab(&names::lab(&self.name)))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        lab::remove(&self.folder, &names::lab(&self.name)).unwrap();
    }
}

fn space_of(ground: &Ground, node: &str) -> String {
    ground.layout().nodes[&NodeId::lit(node)].space.clone()
}

/// Round trips of some pings, in milliseconds; none where nothing came back.
fn pings(from: &str, to: IpAddr, count: u32) -> Vec<f64> {
    let ping = Command::new("ip")
        .args([
            "netns",
            "exec",
            from,
            "ping",
            "-n",
            "-i",
            "0.02",
            "-W",
            "1",
            "-c",
            &count.to_string(),
            &to.to_string(),
        ])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&ping.stdout).into_owned();
    text.lines().filter_map(|line| line.split_once("time=")?.1.split(' ').next()?.parse().ok()).collect()
}

fn loopback(ground: &Ground, node: &str) -> IpAddr {
    match &ground.layout().nodes[&NodeId::lit(node)].kind {
        Kind::Router(router) => router.loopback.into(),
        Kind::Host(_) => panic!("{node} is a host"),
    }
}

/// Waits until a ping comes back.
fn comes_back(from: &str, to: IpAddr, within: Duration) {
    let until = Instant::now() + within;
    while pings(from, to, 1).is_empty() {
        assert!(Instant::now() < until, "nothing comes back from {to} to {from} within {within:?}");
    }
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

#[test]
fn a_triangle_stands_and_its_packets_follow_its_lines() {
    if !possible(&["ping"]) {
        return;
    }
    let own = Own::new("tri");
    let mut ground = own.up(IgpKind::Builtin);
    let [a, h] = ["a", "h"].map(|node| space_of(&ground, node));
    for (to, far) in [("b", 1.0), ("c", 20.0)] {
        let back = pings(&a, loopback(&ground, to), 5);
        assert!(back.len() == 5 && least(&back) < far + 5.0, "{to}: {back:?}");
    }
    // From host to host, over both families: the far one has the second network.
    for address in ["172.16.1.2", "fdfe:2:0:1::2"] {
        assert_eq!(pings(&h, address.parse().unwrap(), 3).len(), 3, "{address}");
    }
    // The direct line falls: packets go around by b, which has no delay.
    ground.fault(&Fault::LinkDown { link: LinkId::lit("ac") }).unwrap();
    comes_back(&a, loopback(&ground, "c"), Duration::from_secs(10));
    assert!(least(&pings(&a, loopback(&ground, "c"), 5)) < 10.0, "the way around has no delay");
    let status = ground.status().unwrap();
    let up = |link: &str| status.lines[&LinkId::lit(link)].up;
    assert_eq!((up("ac"), up("ab")), (Some(false), Some(true)));
    ground.fault(&Fault::LinkUp { link: LinkId::lit("ac") }).unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while least(&pings(&a, loopback(&ground, "c"), 2)) < 20.0 {
        assert!(Instant::now() < until, "the line is not used again");
    }
    let unknown = ground.fault(&Fault::LinkDown { link: LinkId::lit("xy") }).unwrap_err();
    assert!(matches!(unknown, GroundError::Unknown { .. }), "{unknown}");
    assert_eq!(ground.down().unwrap().spaces, 5);
    assert!(own.standing().is_empty() && !own.folder.exists());
}

#[test]
fn a_host_whose_line_was_cut_has_its_way_out_again() {
    if !possible(&["ping"]) {
        return;
    }
    let own = Own::new("out");
    let mut ground = own.up(IgpKind::Builtin);
    let h = space_of(&ground, "h");
    let far: [IpAddr; 2] = ["172.16.1.2", "fdfe:2:0:1::2"].map(|address| address.parse().unwrap());
    let link = LinkId::lit("a:eth3--h:eth1");
    for _ in 0..2 {
        for address in far {
            comes_back(&h, address, Duration::from_secs(10));
        }
        ground.fault(&Fault::LinkDown { link: link.clone() }).unwrap();
        assert!(far.iter().all(|address| pings(&h, *address, 1).is_empty()), "it is cut");
        ground.fault(&Fault::LinkUp { link: link.clone() }).unwrap();
    }
    for address in far {
        comes_back(&h, address, Duration::from_secs(10));
    }
}

#[test]
fn a_line_takes_the_time_that_it_is_told_to_take_also_when_that_changes() {
    if !possible(&["ping"]) {
        return;
    }
    let own = Own::new("slow");
    let mut ground = own.up(IgpKind::Builtin);
    let a = space_of(&ground, "a");
    let c = loopback(&ground, "c");
    // The machine may be busy, so that only the least of many is bounded above.
    let must_be = |ground: &Ground, milliseconds: f64| {
        let back = pings(&space_of(ground, "a"), c, 30);
        assert!(back.len() == 30 && back.iter().all(|each| *each >= milliseconds), "{back:?}");
        assert!(least(&back) < milliseconds + 1.5, "{} in place of {milliseconds}", least(&back));
    };
    must_be(&ground, 20.0);
    let impair = |from, delay: &str, loss: &str| Fault::Impair {
        link: LinkId::lit("ac"),
        from,
        by: Impairment {
            delay: delay.parse().unwrap(),
            loss: loss.parse().unwrap(),
            ..Impairment::default()
        },
    };
    ground.fault(&impair(Some(Side::Z), "30ms", "0%")).unwrap();
    must_be(&ground, 50.0);
    ground.fault(&impair(None, "0us", "100%")).unwrap();
    assert!(pings(&a, c, 3).is_empty(), "everything is lost");
    ground.fault(&impair(None, "0us", "0%")).unwrap();
    must_be(&ground, 20.0);
    let counts = ground.status().unwrap().lines[&LinkId::lit("ac")].counts.unwrap();
    assert!(counts[0].lost >= 3 && counts[0].full == 0 && counts[1].entered > 90, "{counts:?}");
    let plain =
        ground.fault(&Fault::Impair { link: LinkId::lit("ab"), from: None, by: Impairment::default() });
    assert!(plain.unwrap_err().to_string().contains("--wires all"));
}

/// A dozen files as people write them for containerlab: what they join can talk.
#[test]
fn a_dozen_files_for_containerlab_stand() {
    if !possible(&["ping"]) {
        return;
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clab");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert_eq!(files.len(), 12);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let told = |what: &str| format!("{}: {what}", file.display());
        let network = formats::read("lab.clab.yml", &text).unwrap_or_else(|findings| panic!("{findings:?}"));
        let mut said = formats::lab("lab.clab.yml", &text).unwrap_or_else(|findings| panic!("{findings:?}"));
        let own = Own::new("clab");
        said.name = Some(own.name.clone());
        let layout = Layout::of(&network, &said, "lab", Wires::WhereNeeded)
            .unwrap_or_else(|findings| panic!("{}", told(&format!("{findings:?}"))));
        assert!(layout.ted.links.len() >= 2, "{}", told("it joins nothing"));
        let options =
            Options { file: file.clone(), folder: own.folder.clone(), igp: IgpKind::Builtin, seed: 1 };
        let ground = Ground::up(layout, options, &mut |_| ())
            .unwrap_or_else(|error| panic!("{}", told(&error.to_string())));
        for line in ground.layout().ted.links.values() {
            let back =
                pings(&space_of(&ground, line.a.node.as_str()), loopback(&ground, line.z.node.as_str()), 1);
            assert_eq!(back.len(), 1, "{}", told(line.id.as_str()));
        }
        ground.down().unwrap();
    }
}

#[test]
fn nothing_stays_of_a_lab_that_is_told_to_end_while_it_is_made() {
    if !possible(&[]) {
        return;
    }
    for stop in ["Namespaces", "Lines", "Addresses", "Routes"] {
        let own = Own::new("stop");
        let options = Options {
            file: "lab.clab.yml".into(),
            folder: own.folder.clone(),
            igp: IgpKind::Builtin,
            seed: 1,
        };
        let is_told = std::cell::Cell::new(false);
        let mut tell = |progress: Progress| {
            assert!(!is_told.get(), "{progress:?} after {stop}");
            is_told.set(format!("{progress:?}").starts_with(stop));
        };
        let made = Ground::up_unless(triangle(&own.name), options, &|| is_told.get(), &mut tell);
        assert!(matches!(made.map(drop), Err(GroundError::Stopped)), "{stop}");
        assert!(own.standing().is_empty() && !own.folder.exists(), "{stop}");
    }
}

/// Not a test: makes a lab in a process of its own and stands still at a step, for the tests below.
#[test]
fn child() {
    let Ok(told) = std::env::var("GROUND_TEST_CHILD") else { return };
    let [name, folder, stop] = told.split('|').collect::<Vec<_>>().try_into().unwrap();
    let options =
        Options { file: "lab.clab.yml".into(), folder: folder.into(), igp: IgpKind::Builtin, seed: 1 };
    let mut tell = |progress: Progress| {
        if format!("{progress:?}").starts_with(stop) {
            println!("\nstands still");
            std::thread::sleep(Duration::from_secs(600));
        }
    };
    let _ground = Ground::up(triangle(name), options, &mut tell).unwrap();
    println!("\nstands still");
    std::thread::sleep(Duration::from_secs(600));
}

/// Makes a lab in another process and kills that at a step.
fn killed(own: &Own, stop: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .env("GROUND_TEST_CHILD", format!("{}|{}|{stop}", own.name, own.folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "stands still"), "it came to {stop}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn nothing_stays_of_a_lab_whose_maker_was_killed_at_any_step() {
    if !possible(&[]) {
        return;
    }
    let links = || {
        let output = Command::new("ip").args(["-o", "link"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter_map(|line| Some(line.split(": ").nth(1)?.to_owned())).collect::<Vec<_>>()
    };
    let before = links();
    for stop in ["Namespaces", "Lines", "Addresses", "Routes", "it stands"] {
        let own = Own::new("dead");
        let other = Own::new(&format!("dead{}", std::process::id()));
        let beside = other.up(IgpKind::Builtin);
        killed(&own, stop);
        assert_eq!(own.standing().len(), 5, "{stop}");
        let (status, stage) = lab::look(&own.folder).unwrap().unwrap();
        assert_eq!(stage, if stop == "it stands" { Stage::Up } else { Stage::Making });
        assert!(status.nodes.len() == 5 && status.nodes.values().all(|node| node.stands), "{stop}");
        lab::remove(&own.folder, &names::lab(&own.name)).unwrap();
        assert!(own.standing().is_empty() && !own.folder.exists(), "{stop}");
        assert_eq!(other.standing().len(), 5, "a lab whose name begins alike is another");
        beside.down().unwrap();
    }
    assert_eq!(links(), before, "the machine's own interfaces are what they were");
}

#[test]
fn a_second_lab_of_the_name_takes_the_place_of_what_was_left_and_of_nothing_that_lives() {
    if !possible(&["ping"]) {
        return;
    }
    let own = Own::new("again");
    killed(&own, "Addresses");
    let mut told = Vec::new();
    let options =
        Options { file: "lab.clab.yml".into(), folder: own.folder.clone(), igp: IgpKind::Builtin, seed: 1 };
    let ground =
        Ground::up(triangle(&own.name), options.clone(), &mut |progress| told.push(progress)).unwrap();
    assert_eq!(told.first(), Some(&Progress::Cleared(5, 0)));
    assert_eq!(pings(&space_of(&ground, "a"), loopback(&ground, "b"), 2).len(), 2);
    let refused = Ground::up(triangle(&own.name), options, &mut |_| ()).map(drop).unwrap_err();
    assert!(matches!(refused, GroundError::Busy { .. }), "{refused}");
    assert_eq!(pings(&space_of(&ground, "a"), loopback(&ground, "b"), 2).len(), 2, "it still stands");
    assert_eq!(Record::read(&own.folder).unwrap().unwrap().stage, Stage::Up);
}

#[test]
fn frr_converges_over_the_same_lines_and_its_daemons_end_with_the_lab() {
    if !possible(&["ping", "zebra", "isisd"]) {
        return;
    }
    let own = Own::new("frr");
    let begun = Instant::now();
    let mut ground = own.up(IgpKind::Frr);
    let [a, h] = ["a", "h"].map(|node| space_of(&ground, node));
    comes_back(&a, loopback(&ground, "c"), Duration::from_secs(60));
    comes_back(&h, "fdfe:2:0:1::2".parse().unwrap(), Duration::from_secs(60));
    println!("three routers with FRR: {:.1} s", begun.elapsed().as_secs_f64());
    let of = |ground: &Ground| ground.status().unwrap().nodes[&NodeId::lit("a")].clone();
    let seen = of(&ground);
    let up: Vec<(String, String)> =
        seen.adjacencies.unwrap().into_iter().map(|each| (each.interface, each.state)).collect();
    assert_eq!(up, [("eth1", "Up"), ("eth2", "Up")].map(|(x, y)| (x.to_owned(), y.to_owned())));
    assert_eq!(seen.daemons, Some(2));
    ground.fault(&Fault::LinkDown { link: LinkId::lit("ac") }).unwrap();
    comes_back(&a, loopback(&ground, "c"), Duration::from_secs(60));
    let node = NodeId::lit("a");
    ground.fault(&Fault::NodeFreeze { node: node.clone() }).unwrap();
    assert_eq!((of(&ground).daemons, of(&ground).adjacencies), (Some(2), None), "frozen: it does not tell");
    ground.fault(&Fault::NodeKill { node: node.clone() }).unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while of(&ground).daemons != Some(0) {
        assert!(Instant::now() < until, "they were killed");
    }
    assert!(!pings(&a, loopback(&ground, "b"), 3).is_empty(), "the kernel forwards as before");
    ground.fault(&Fault::NodeRestart { node }).unwrap();
    assert_eq!(of(&ground).daemons, Some(2));
    let cleared = ground.down().unwrap();
    assert_eq!((cleared.spaces, cleared.processes), (5, 6));
    assert!(own.standing().is_empty() && !own.folder.exists());
}

#[test]
fn the_graph_of_a_real_isisd_reads_as_the_network_that_it_is() {
    if !possible(&["zebra", "isisd"]) {
        return;
    }
    let own = Own::new("graph");
    let ground = own.up_with(graphed(&own.name), IgpKind::Frr);
    let until = Instant::now() + Duration::from_secs(60);
    let ted = loop {
        let text = ground.graph(&NodeId::lit("a")).unwrap().expect("FRR runs there");
        match formats::read("isis.json", &text) {
            Ok(network) if network.ted.links.len() == 3 => break network.ted,
            read => assert!(Instant::now() < until, "within a minute: {read:?} of\n{text}"),
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    let routers: Vec<(&str, Ipv4Addr)> =
        ted.nodes.values().map(|node| (node.id.as_str(), node.router_id)).collect();
    let laid: Vec<(&str, Ipv4Addr)> =
        ground.layout().routers().map(|(id, _, router)| (id.as_str(), router.router_id)).collect();
    assert_eq!(routers, laid);
    let mut lines: Vec<(&str, &str, u32, u32)> = ted
        .links
        .values()
        .map(|link| {
            let [there, back] = [&link.a_to_z, &link.z_to_a].map(|direction| direction.igp.value.0);
            (link.a.node.as_str(), link.z.node.as_str(), there, back)
        })
        .collect();
    lines.sort_unstable();
    assert_eq!(lines, [("a", "b", 7, 7), ("a", "c", 30, 31), ("b", "c", 11, 11)]);
}
