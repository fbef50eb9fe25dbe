//! a - b - c: three routers in network namespaces of this test alone. Each has SIDs, as `ip` makes them.

use std::{
    fs::File,
    io,
    net::Ipv6Addr,
    os::fd::AsFd as _,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Routers.
pub const NAMES: [&str; 3] = ["a", "b", "c"];

/// The address of c that answers, and those of a that ask.
pub const C: &str = "fc00:0:3:ffff::1";
pub const A: &str = "fc00:0:1:ffff::1";

/// Leads from a over its own link to b.
pub const A_TO_B: &str = "fc00:0:1:e000::";
pub const B_END: &str = "fc00:0:2:1::";
pub const C_END: &str = "fc00:0:3:1::";
/// Takes the outer header off and gives what is in it to c itself.
pub const C_ITSELF: &str = "fc00:0:3:d07::";

/// The network. It goes with this value.
pub struct Ground {
    prefix: String,
}

impl Drop for Ground {
    fn drop(&mut self) {
        for name in NAMES {
            let _ = Command::new("ip").args(["netns", "del", &self.space(name)]).output();
        }
    }
}

fn run(words: &str) -> Result<String, String> {
    let mut parts = words.split(' ');
    let program = parts.next().unwrap();
    let ended = Command::new(program)
        .args(parts)
        .output()
        .map_err(|error| format!("{program} cannot be run: {error}"))?;
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).into_owned());
    }
    Err(format!("`{words}` says: {}", String::from_utf8_lossy(&ended.stderr).trim()))
}

const SETTINGS: [&str; 4] = ["forwarding=1", "seg6_enabled=1", "accept_dad=0", "keep_addr_on_down=1"];

const LINES: &[(&str, &str)] = &[
    ("a", "addr add fc00:0:1:ffff::1/128 dev lo"),
    ("b", "addr add fc00:0:2:ffff::1/128 dev lo"),
    ("c", "addr add fc00:0:3:ffff::1/128 dev lo"),
    ("a", "addr add fd00:12::1/64 dev eth1"),
    ("b", "addr add fd00:12::2/64 dev eth1"),
    ("b", "addr add fd00:23::2/64 dev eth2"),
    ("c", "addr add fd00:23::3/64 dev eth1"),
    ("a", "-6 route add fc00::/16 via fd00:12::2 dev eth1"),
    ("b", "-6 route add fc00:0:1::/48 via fd00:12::1 dev eth1"),
    ("b", "-6 route add fc00:0:3::/48 via fd00:23::3 dev eth2"),
    ("c", "-6 route add fc00::/16 via fd00:23::2 dev eth1"),
    ("a", "-6 route add fc00:0:1:e000::/128 encap seg6local action End.X nh6 fd00:12::2 count dev sr0"),
    ("b", "-6 route add fc00:0:2:1::/128 encap seg6local action End count dev sr0"),
    ("c", "-6 route add fc00:0:3:1::/128 encap seg6local action End count dev sr0"),
    // 255 is the table of the router's own addresses: in the main one, they lead nowhere.
    ("c", "-6 route add fc00:0:3:d07::/128 encap seg6local action End.DT6 table 255 count dev sr0"),
];

impl Ground {
    /// Lays it; says why where there are no namespaces to be had, or no `sysctl`. What fails behind that is a failure.
    pub fn lay() -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("tlp{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let ground = Self { prefix };
        for name in NAMES {
            let space = ground.space(name);
            run(&format!("ip netns add {space}"))
                .map_err(|why| format!("no network namespaces here: {why}"))?;
            for setting in SETTINGS {
                for kind in ["all", "default"] {
                    run(&format!("ip netns exec {space} sysctl -qw net.ipv6.conf.{kind}.{setting}"))?;
                }
            }
            ground.ip(name, "link set dev lo up").unwrap();
            // SIDs die with their device, and this one never goes down.
            ground.ip(name, "link add sr0 type bridge").unwrap();
            ground.ip(name, "link set dev sr0 up").unwrap();
        }
        for (a, port_a, z, port_z) in [("a", "eth1", "b", "eth1"), ("b", "eth2", "c", "eth1")] {
            let peer = ground.space(z);
            ground
                .ip(a, &format!("link add name {port_a} type veth peer name {port_z} netns {peer}"))
                .unwrap();
            ground.ip(a, &format!("link set dev {port_a} up")).unwrap();
            ground.ip(z, &format!("link set dev {port_z} up")).unwrap();
        }
        LINES.iter().try_for_each(|(name, line)| ground.ip(name, line).map(drop)).unwrap();
        Ok(ground)
    }

    fn space(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// `ip` in the namespace of a router.
    pub fn ip(&self, name: &str, line: &str) -> Result<String, String> {
        run(&format!("ip -n {} {line}", self.space(name)))
    }

    /// A rule of nftables for what comes into a router, which is the only one of it.
    pub fn filter(&self, name: &str, rule: &str) -> Result<(), String> {
        let space = self.space(name);
        let nft = |words: &str| run(&format!("ip netns exec {space} nft {words}")).map(drop);
        nft("add table ip6 probes")?;
        nft("flush table ip6 probes")?;
        nft("add chain ip6 probes come { type filter hook input priority 0 ; }")?;
        nft(&format!("add rule ip6 probes come {rule}"))
    }

    /// Cuts the line between b and c, or mends it.
    pub fn cut(&self, is_cut: bool) {
        if is_cut {
            self.ip("b", "link set dev eth2 down").unwrap();
            return;
        }
        self.ip("b", "link set dev eth2 up").unwrap();
        self.ip("b", "-6 route replace fc00:0:3::/48 via fd00:23::3 dev eth2").unwrap();
    }

    /// What takes a thread into the namespace of a router.
    pub fn enter(&self, name: &str) -> impl FnOnce() -> io::Result<()> + Send + 'static + use<> {
        let file = Path::new("/run/netns").join(self.space(name));
        move || {
            let space = File::open(file)?;
            Ok(move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network))?)
        }
    }

    /// How many packets a SID has counted.
    pub fn counted(&self, name: &str, sid: &str) -> u64 {
        let told = self.ip(name, &format!("-6 -s route show {sid}")).unwrap();
        let mut words = told.split_whitespace().skip_while(|word| *word != "packets").skip(1);
        words.next().unwrap_or_else(|| panic!("no count in `{told}`")).parse().unwrap()
    }
}

/// An address.
pub fn address(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}
