//! What Linux is told so that a lab stands, as the lines that `ip -batch` takes. Words stand before every name (`dev NAME`), because
//! `ip` would take some names for words of its own.

use std::{collections::BTreeSet, fmt::Write as _, net::IpAddr};

use ipnet::IpNet;

use crate::{
    igp::{Change, Hop},
    layout::{Interface, Kind, Layout, Line, Router, Stand},
};

/// Writes a line. Writing into a string cannot fail.
macro_rules! line {
    ($text:expr, $($words:tt)*) => { let _ = writeln!($text, $($words)*); };
}

/// The number of the routing protocol under which the lab's own routes stand (RTPROT_ISIS of rtnetlink).
pub const PROTOCOL: u8 = 187;

/// The group of all interfaces of lines: a namespace's go together, for each alone would wait until no packet can be in it any more.
const GROUP: u8 = 77;

/// Removes all interfaces of lines. Told in their namespace.
pub fn no_interfaces() -> String {
    format!("link del group {GROUP}\n")
}

/// Settings of a namespace, by their files below `/proc/sys/net`. They hold for interfaces that are made afterwards.
pub fn settings(kind: &Kind) -> Vec<(String, &'static str)> {
    let mut settings = Vec::new();
    for which in ["all", "default"] {
        let mut ipv6 = vec![("accept_dad", "0"), ("accept_ra", "0"), ("keep_addr_on_down", "1")];
        let mut ipv4 = vec![("rp_filter", "0")];
        if matches!(kind, Kind::Router(_)) {
            ipv6.extend([("forwarding", "1"), ("seg6_enabled", "1")]);
            ipv4.push(("forwarding", "1"));
        }
        settings.extend(ipv6.into_iter().map(|(name, value)| (format!("ipv6/conf/{which}/{name}"), value)));
        settings.extend(ipv4.into_iter().map(|(name, value)| (format!("ipv4/conf/{which}/{name}"), value)));
    }
    // The last SID of a container is the first address of its router's locator. On a loopback that forwards, the kernel would take that
    // for itself, as the anycast address of all routers of the locator (RFC 4291 section 2.6.1), and never ask for a SID.
    if matches!(kind, Kind::Router(router) if router.reads_containers) {
        settings.push(("ipv6/conf/lo/forwarding".to_owned(), "0"));
    }
    // Flows share equal paths by their ports too.
    settings.extend(["ipv6", "ipv4"].map(|family| (format!("{family}/fib_multipath_hash_policy"), "1")));
    settings
}

/// Makes namespaces. Told outside of them.
pub fn spaces<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    names.for_each(|name| {
        line!(text, "netns add {name}");
    });
    text
}

/// Removes namespaces. Told outside of them.
pub fn no_spaces<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    names.for_each(|name| {
        line!(text, "netns del {name}");
    });
    text
}

/// Makes the lines that need no wire: pairs of interfaces, each in its namespace from the start. Told outside of them.
pub fn pairs(layout: &Layout) -> String {
    let mut text = String::new();
    for line in layout.lines.values().filter(|line| line.wire.is_none()) {
        let [a, z] = &line.ends;
        let [mac_a, mac_z] = macs(layout, line);
        let mtu = line.mtu;
        line!(
            text,
            "link add dev {} mtu {mtu} address {mac_a} netns {} type veth peer name {} mtu {mtu} address {mac_z} netns {}",
            a.device,
            a.space,
            z.device,
            z.space
        );
    }
    text
}

fn at_end<'a>(layout: &'a Layout, line: &Line, end: usize) -> Option<&'a Interface> {
    let end = line.ends.get(end)?;
    layout.nodes.get(&end.node)?.interfaces.get(&end.interface)
}

fn macs(layout: &Layout, line: &Line) -> [String; 2] {
    [0, 1].map(|end| at_end(layout, line, end).map(|at| at.mac.to_string()).unwrap_or_default())
}

/// Gives a node its addresses, takes its interfaces up, and says where its neighbours are. Told in its namespace, when all its
/// interfaces are there.
pub fn node(layout: &Layout, stand: &Stand) -> String {
    let mut text = String::from("link set dev lo up\n");
    if let Kind::Router(router) = &stand.kind {
        for address in router.addresses() {
            line!(text, "addr add {address} dev lo{}", nodad(&address));
        }
    }
    stand.interfaces.values().for_each(|at| text.push_str(&interface(layout, stand, at)));
    text
}

/// Takes an interface of a node up, with its addresses, those of the far end, and a host's way out over it: all that the kernel forgets
/// when it goes down. Told in its namespace.
pub fn interface(layout: &Layout, stand: &Stand, at: &Interface) -> String {
    let (mut text, device) = (String::new(), &at.device);
    line!(text, "link set dev {device} group {GROUP} address {} mtu {}", at.mac, at.mtu);
    line!(text, "link set dev {device} up");
    for address in &at.addresses {
        line!(text, "addr replace {address} dev {device}{}", nodad(address));
    }
    let far = neighbours(layout, at);
    for (address, mac) in &far {
        line!(text, "neigh replace {address} lladdr {mac} dev {device} nud permanent");
    }
    if let Kind::Host(host) = &stand.kind {
        let is_far = |gateway: &&IpAddr| far.iter().any(|(address, _)| address == *gateway);
        for gateway in host.gateways.iter().filter(is_far) {
            // By plan it is at the end of this line; the kernel may not know yet that the line is up.
            line!(text, "route replace default via {gateway} dev {device} onlink");
        }
    }
    text
}

/// Takes an interface down. Told in its namespace.
pub fn down(at: &Interface) -> String {
    format!("link set dev {} down\n", at.device)
}

/// An address is used at once: nobody else has it, by plan.
const fn nodad(address: &IpNet) -> &'static str {
    match address {
        IpNet::V6(_) => " nodad",
        IpNet::V4(_) => "",
    }
}

/// The addresses at the far end that lie in networks of this interface.
fn neighbours(layout: &Layout, at: &Interface) -> Vec<(IpAddr, String)> {
    let far = layout.lines.get(&at.line).and_then(|line| {
        let end = line.end(at.side.other());
        layout.nodes.get(&end.node)?.interfaces.get(&end.interface)
    });
    let Some(far) = far else { return Vec::new() };
    let near = |net: &&IpNet| at.addresses.iter().any(|own| own.contains(&net.addr()));
    far.addresses.iter().filter(near).map(|net| (net.addr(), far.mac.to_string())).collect()
}

/// Carries changes of a router's routes out. What it sends itself comes from its loopback, which everybody has a route to. Told in its
/// namespace.
pub fn routes(router: &Router, changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        match change {
            Change::Set(prefix, hops) => {
                let from = match prefix {
                    IpNet::V6(_) => IpAddr::from(router.loopback),
                    IpNet::V4(_) => IpAddr::from(router.router_id),
                };
                line!(text, "route replace {prefix} proto {PROTOCOL} src {from}{}", ways(hops));
            }
            Change::Remove(prefix) => {
                line!(text, "route del {prefix} proto {PROTOCOL}");
            }
        }
    }
    text
}

fn ways(hops: &BTreeSet<Hop>) -> String {
    let word = if hops.len() > 1 { " nexthop" } else { "" };
    hops.iter().map(|Hop { via, device }| format!("{word} via inet6 {via} dev {device}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{igp::Igp, layout::tests::layout};

    const TEXT: &str = r#"
name: two
topology:
  nodes:
    a: {kind: linux, image: frr}
    b: {kind: linux, image: frr}
    h: {kind: linux, image: alpine}
  links:
    - {endpoints: ["a:eth1", "b:eth1"]}
    - {endpoints: ["a:eth2", "b:eth2"], vars: {delay: 3ms}}
    - {endpoints: ["b:eth3", "h:eth1"]}
"#;

    #[test]
    fn what_linux_is_told_for_two_routers_and_a_host() {
        let layout = layout(TEXT);
        insta::assert_snapshot!(
            spaces(layout.nodes.values().map(|stand| stand.space.as_str())) + &pairs(&layout)
        );
        let told: Vec<String> = layout
            .nodes
            .iter()
            .map(|(id, stand)| format!("in {id}, {:?}\n{}", settings(&stand.kind), node(&layout, stand)))
            .collect();
        insta::assert_snapshot!(told.join("\n"));
        let routes_of_a = &Igp::of(&layout).routes(&BTreeSet::new())[&model::NodeId::lit("a")];
        let mut changes = crate::igp::changes(&crate::igp::Routes::new(), routes_of_a);
        changes.extend(crate::igp::changes(routes_of_a, &crate::igp::Routes::new()).into_iter().take(1));
        let (_, _, router) = layout.routers().next().unwrap();
        insta::assert_snapshot!(routes(router, &changes));
    }

    #[test]
    fn only_the_loopback_of_a_router_that_reads_containers_forwards_nothing() {
        let labels =
            r#"image: frr, labels: {trunkline.locator: "fd00:0:2::/48", trunkline.next-csid: 32/16}}"#;
        let text = TEXT.replace("a: {kind: linux, image: frr}", &format!("a: {{kind: linux, {labels}"));
        let off = ("ipv6/conf/lo/forwarding".to_owned(), "0");
        let layout = layout(&text);
        let told = layout.nodes.values().map(|stand| settings(&stand.kind).contains(&off));
        assert_eq!(told.collect::<Vec<bool>>(), [true, false, false]);
    }
}
