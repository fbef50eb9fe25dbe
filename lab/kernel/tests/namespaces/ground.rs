//! h1 - r1 - r2 - r3 - h3: namespaces, links, addresses, and what each router is told of where it stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::{Command, Output},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use ipnet::{IpNet, Ipv6Net};
use kernel::{
    Attachment, Csid, EndX, Hop, Locator, Peer, Place, Port, Program, Remote, Service, Tenant, TenantNo,
    Underlay, live::Namespace,
};
use model::{
    Bandwidth, CandidatePath, Classifier, DeviceConfig, Discipline, InterfaceName, InterfaceQos, NodeId,
    PolicyKey, QueueName, QueueShare, SegmentList, SrPolicy, SteeringKey, SteeringRule, VrfName,
    sr::LastResort, steering::Dscp,
};

/// Places among the routers.
pub const R1: usize = 0;
pub const R2: usize = 1;
pub const R3: usize = 2;

/// A router.
pub struct Router {
    pub namespace: Namespace,
    pub place: Place,
}

/// The network. It goes with this value.
pub struct Ground {
    prefix: String,
    pub routers: Vec<Router>,
    pub h1: Namespace,
    pub h3: Namespace,
}

const NAMES: [&str; 5] = ["r1", "r2", "r3", "h1", "h3"];

/// Namespaces that go when this goes.
struct Names(String);

impl Drop for Names {
    fn drop(&mut self) {
        for name in NAMES {
            let _ = Command::new("ip").args(["netns", "del", &format!("{}-{name}", self.0)]).output();
        }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        drop(Names(self.prefix.clone()));
    }
}

fn ip(arguments: &str) -> Result<Output, String> {
    let words: Vec<&str> = arguments.split(' ').collect();
    let ended =
        Command::new("ip").args(&words).output().map_err(|error| format!("ip cannot be run: {error}"))?;
    if ended.status.success() {
        return Ok(ended);
    }
    Err(format!("`ip {arguments}` says: {}", String::from_utf8_lossy(&ended.stderr).trim()))
}

/// What this machine lacks, and nothing else: what fails behind that is a failure. Tools must be there where the environment says so.
fn lacking() -> Result<(), String> {
    for tool in ["ip", "nft", "tc"] {
        if let Err(error) = Command::new(tool).arg("-V").output() {
            let required = std::env::var("TRUNKLINE_PEERS").is_ok_and(|peers| peers == "required");
            assert!(!required, "TRUNKLINE_PEERS=required, and {tool} cannot be run: {error}");
            return Err(format!("{tool} cannot be run: {error}"));
        }
    }
    let seg6 = "/proc/sys/net/ipv6/conf/all/seg6_enabled";
    if !std::path::Path::new(seg6).exists() {
        return Err(format!("{seg6} is not there: this kernel has no SRv6"));
    }
    let tried = format!("tlk{}-try", std::process::id());
    ip(&format!("netns add {tried}")).map_err(|why| format!("no network namespaces here: {why}"))?;
    ip(&format!("netns del {tried}")).map(drop)
}

impl Ground {
    /// Lays it; says why where that is not possible here.
    pub async fn lay(csid: bool) -> Result<Self, String> {
        static LACKING: OnceLock<Result<(), String>> = OnceLock::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        LACKING.get_or_init(lacking).clone()?;
        let prefix = format!("tlk{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let names = Names(prefix.clone());
        let mut namespaces = Vec::new();
        for name in NAMES {
            ip(&format!("netns add {prefix}-{name}")).unwrap();
            let namespace = Namespace::open(&format!("{prefix}-{name}")).await.unwrap();
            namespace.prepare().await.unwrap();
            namespaces.push(namespace);
        }
        links(&prefix).unwrap();
        std::mem::forget(names);
        let [r1, r2, r3, h1, h3] = <[Namespace; 5]>::try_from(namespaces).unwrap();
        let routers = [r1, r2, r3].into_iter().zip(places(csid));
        let routers = routers.map(|(namespace, place)| Router { namespace, place }).collect();
        let ground = Self { prefix, routers, h1, h3 };
        for router in [R1, R2, R3] {
            ground.configure(router, &DeviceConfig::default()).await;
        }
        Ok(ground)
    }

    /// Makes a router hold what a configuration says, from whatever it holds.
    pub async fn configure(&self, router: usize, config: &DeviceConfig) {
        let Router { namespace, place } = &self.routers[router];
        let wanted = Program::of(config, place).unwrap();
        let held = namespace.read().await.unwrap();
        namespace.write(&Program::changes(&held, &wanted)).await.unwrap();
    }

    /// A command in a router's namespace, which must succeed.
    pub async fn run(&self, router: usize, words: &[&str]) {
        let name = self.routers[router].namespace.name();
        let ended = Command::new("ip").args(["netns", "exec", name]).args(words).output().unwrap();
        assert!(ended.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}

fn links(prefix: &str) -> Result<(), String> {
    let ends = [
        ("r1", "eth1", "r2", "eth1"),
        ("r2", "eth2", "r3", "eth1"),
        ("h1", "eth1", "r1", "cust0"),
        ("h3", "eth1", "r3", "cust0"),
        // A line that leads nowhere.
        ("r1", "eth2", "h3", "spare"),
    ];
    for (a, port_a, z, port_z) in ends {
        ip(&format!(
            "-n {prefix}-{a} link add name {port_a} mtu 2000 type veth peer name {port_z} mtu 2000 netns {prefix}-{z}"
        ))?;
        for (node, port) in [(a, port_a), (z, port_z)] {
            ip(&format!("-n {prefix}-{node} link set dev {port} up"))?;
        }
    }
    for name in NAMES {
        ip(&format!("-n {prefix}-{name} link set dev lo up"))?;
    }
    let addresses = [
        ("r1", "lo", "fc00:0:1:ffff::1/128"),
        ("r2", "lo", "fc00:0:2:ffff::1/128"),
        ("r3", "lo", "fc00:0:3:ffff::1/128"),
        ("r1", "eth1", "fd00:12::1/64"),
        ("r2", "eth1", "fd00:12::2/64"),
        ("r2", "eth2", "fd00:23::2/64"),
        ("r3", "eth1", "fd00:23::3/64"),
        ("h1", "eth1", "10.1.0.2/24"),
        ("r1", "cust0", "10.1.0.1/24"),
        ("h3", "eth1", "10.3.0.2/24"),
        ("r3", "cust0", "10.3.0.1/24"),
        ("h1", "eth1", "2001:db8:1::2/64"),
        ("r1", "cust0", "2001:db8:1::1/64"),
        ("h3", "eth1", "2001:db8:3::2/64"),
        ("r3", "cust0", "2001:db8:3::1/64"),
    ];
    for (node, port, address) in addresses {
        ip(&format!("-n {prefix}-{node} addr add {address} dev {port}"))?;
    }
    for (host, via4, via6) in [("h1", "10.1.0.1", "2001:db8:1::1"), ("h3", "10.3.0.1", "2001:db8:3::1")] {
        ip(&format!("-n {prefix}-{host} route add default via {via4}"))?;
        ip(&format!("-n {prefix}-{host} -6 route add default via {via6}"))?;
    }
    Ok(())
}

fn locator(node: u8) -> Ipv6Net {
    format!("fc00:0:{node}::/48").parse().unwrap()
}

/// Where the routers stand. SIDs of adjacencies count ports from e000.
fn places(csid: bool) -> Vec<Place> {
    let port = |node: u8, port: u16, neighbour: &str| {
        let sid = format!("fc00:0:{node}:{:x}::", 0xe000 - 1 + port).parse().unwrap();
        let name = format!("eth{port}");
        let end_x = Some(EndX { sid, neighbour: neighbour.parse().unwrap() });
        let rate = Some(Bandwidth::from_bps(20_000_000));
        (
            name.parse::<InterfaceName>().unwrap(),
            Port { device: name.parse().unwrap(), rate, end_x, up: true },
        )
    };
    let route = |node: u8, device: &str, via: &str| {
        let hop = Hop { device: device.parse().unwrap(), via: via.parse().ok() };
        (IpNet::V6(locator(node)), BTreeSet::from([hop]))
    };
    let place = |node: u8, ports: Vec<_>, routes: Vec<_>, tenants: BTreeMap<VrfName, Tenant>| Place {
        node: format!("r{node}").parse().unwrap(),
        source: format!("fc00:0:{node}:ffff::1").parse().unwrap(),
        locator: Some(Locator { net: locator(node), csid: csid.then_some(Csid { node: 16, function: 16 }) }),
        functions: BTreeSet::new(),
        core: BTreeSet::from(["fc00::/16".parse().unwrap(), "fd00::/16".parse().unwrap()]),
        ports: ports.into_iter().collect(),
        underlay: Underlay { routes: routes.into_iter().collect(), ours: true },
        peers: (1..=3)
            .filter(|peer| *peer != node)
            .map(|peer: u8| {
                let id: NodeId = format!("r{peer}").parse().unwrap();
                (id, Peer { router_id: [10, 0, 0, peer].into(), locator: Some(locator(peer)) })
            })
            .collect(),
        tenants,
        down: BTreeSet::new(),
        broken: BTreeSet::new(),
        silent: BTreeSet::new(),
    };
    let bank = |here: u8, there: u8| BTreeMap::from([(VrfName::lit("bank"), tenant(here, there))]);
    vec![
        place(
            1,
            vec![port(1, 1, "fd00:12::2"), port(1, 2, "fd00:13::3")],
            vec![route(2, "eth1", "fd00:12::2"), route(3, "eth1", "fd00:12::2")],
            bank(1, 3),
        ),
        place(
            2,
            vec![port(2, 1, "fd00:12::1"), port(2, 2, "fd00:23::3")],
            vec![route(1, "eth1", "fd00:12::1"), route(3, "eth2", "fd00:23::3")],
            BTreeMap::new(),
        ),
        place(
            3,
            vec![port(3, 1, "fd00:23::2")],
            vec![route(1, "eth1", "fd00:23::2"), route(2, "eth1", "fd00:23::2")],
            bank(3, 1),
        ),
    ]
}

fn tenant(here: u8, there: u8) -> Tenant {
    let remote = |net: String, function: &str| {
        let node = format!("r{there}").parse().unwrap();
        let sid = format!("fc00:0:{there}:{function}::").parse().unwrap();
        (net.parse::<IpNet>().unwrap(), Remote { node, sid })
    };
    let device: kernel::Device = "cust0".parse().unwrap();
    let customer = Attachment {
        v4: format!("10.{here}.0.2").parse().ok(),
        v6: format!("2001:db8:{here}::2").parse().ok(),
        prefixes: [format!("10.{here}.0.0/24"), format!("2001:db8:{here}::/64")]
            .into_iter()
            .map(|net| net.parse().unwrap())
            .collect(),
    };
    let service = |function: &str, service| (format!("fc00:0:{here}:{function}::").parse().unwrap(), service);
    Tenant {
        number: TenantNo::new(3).unwrap(),
        customers: BTreeMap::from([(device.clone(), customer)]),
        remote: BTreeMap::from([
            remote(format!("10.{there}.0.0/24"), "d40"),
            remote(format!("2001:db8:{there}::/64"), "d60"),
        ]),
        services: BTreeMap::from([
            service("d40", Service::Dx4(device.clone())),
            service("d60", Service::Dx6(device)),
        ]),
    }
}

/// Voice of the bank, from r1 to r3 over these segments.
pub fn steered(sids: &[&str]) -> DeviceConfig {
    let key = PolicyKey { color: 1000.try_into().unwrap(), endpoint: "fc00:0:3:1::".parse().unwrap() };
    let list = SegmentList { weight: 1, sids: sids.iter().map(|sid| sid.parse().unwrap()).collect() };
    let path =
        CandidatePath { discriminator: 1, preference: 200, name: "primary".to_owned(), lists: vec![list] };
    let policy = SrPolicy {
        key,
        name: "tl-voice".to_owned(),
        binding_sid: None,
        candidates: vec![path],
        last_resort: LastResort::Igp,
    };
    let rule = SteeringRule {
        key: SteeringKey { vrf: VrfName::lit("bank"), sequence: 10 },
        prefix: None,
        dscp: BTreeSet::from(["ef".parse::<Dscp>().unwrap()]),
        color: key.color,
    };
    DeviceConfig {
        policies: BTreeMap::from([(key, policy)]),
        steering: BTreeMap::from([(rule.key.clone(), rule)]),
        ..DeviceConfig::default()
    }
}

/// Three queues for a line of 20 Mbit/s.
pub fn queues() -> (InterfaceQos, Classifier) {
    let share = |discipline, megabits: u64| QueueShare {
        discipline,
        guarantee: Bandwidth::from_bps(megabits * 1_000_000),
    };
    let queues = BTreeMap::from([
        (QueueName::lit("voice"), share(Discipline::Strict, 3)),
        (QueueName::lit("production"), share(Discipline::Weighted(30), 12)),
        (QueueName::lit("rest"), share(Discipline::Weighted(10), 1)),
    ]);
    let names = [("ef", "voice"), ("af41", "production")];
    let classes = names.map(|(dscp, queue)| (dscp.parse::<Dscp>().unwrap(), QueueName::lit(queue)));
    (InterfaceQos { queues }, Classifier { queues: BTreeMap::from(classes) })
}
