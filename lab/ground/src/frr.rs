//! FRR's IS-IS in a lab: a zebra and an isisd in every router's namespace, each with files, sockets and number of its own. FRR has no
//! SRv6 in IS-IS in the versions that distributions carry: locators are prefixes to it, and SIDs are the routers' own work.
//!
//! The configuration says the process first and its interfaces after it, and the process's title last of its own lines: read the
//! other way round, an interface starts with usual timers and adjacencies take half a minute.
//!
//! Lines to which the file gives IPv4 addresses are also in the graph that isisd keeps for traffic engineering: it knows lines by these
//! addresses, and IS-IS tells them only where an interface has parameters of traffic engineering.

mod daemons;

use std::{fmt::Write as _, path::Path};

use ipnet::IpNet;
use model::NodeId;

use crate::layout::{Interface, Layout, Router};

pub use daemons::{Adjacency, Daemons, FrrError, left};

/// The name of the routing process.
const PROCESS: &str = "lab";
/// From how many routers on hellos are sent less often and no graph is kept: daemons of hundreds of routers share few processors.
const MANY: usize = 60;

/// What zebra is told; `folder` is where it logs.
pub fn zebra(layout: &Layout, id: &NodeId, folder: &Path) -> String {
    let log = folder.join("zebra.log");
    format!("hostname {}\nlog file {} errors\n{}", host(id), log.display(), parameters(layout, id))
}

/// What isisd is told; `folder` is where it logs.
pub fn isisd(layout: &Layout, id: &NodeId, folder: &Path) -> String {
    let log = folder.join("isisd.log");
    format!("hostname {}\nlog file {} errors\n{}", host(id), log.display(), process(layout, id))
}

/// The routing process and its interfaces.
fn process(layout: &Layout, id: &NodeId) -> String {
    let mut text = String::new();
    let Some((_, stand, router)) = layout.routers().find(|(known, _, _)| *known == id) else { return text };
    let overload = layout.ted.nodes.get(id).is_some_and(|node| node.overload);
    let set_overload = if overload { " set-overload-bit\n" } else { "" };
    let graph = match stand.interfaces.values().any(|at| is_graphed(layout, at)) {
        true => format!(" mpls-te on\n mpls-te router-address {}\n", router.router_id),
        false => String::new(),
    };
    // Writing into a string cannot fail.
    let _ = write!(
        text,
        "router isis {PROCESS}\n is-type level-2-only\n metric-style wide\n lsp-gen-interval 1\n \
         spf-delay-ietf init-delay 50 short-delay 200 long-delay 1000 holddown 2000 time-to-learn 500\n{set_overload}{graph} net {}\n!\n\
         interface lo\n ipv6 router isis {PROCESS}\n isis passive\n!\n",
        title(router)
    );
    let hello = if layout.routers().count() < MANY { 1 } else { 3 };
    // What a tenant has is no business of the IGP.
    let is_tenants = |at: &&Interface| layout.far(at).is_some_and(|far| layout.tenant(&far.node).is_some());
    for at in stand.interfaces.values().filter(|at| !is_tenants(at)) {
        let _ = writeln!(text, "interface {}", at.device);
        if is_graphed(layout, at) {
            let _ = writeln!(text, " ip router isis {PROCESS}");
        }
        let _ = writeln!(text, " ipv6 router isis {PROCESS}");
        match metric(layout, at) {
            Some(metric) => {
                let _ = write!(
                    text,
                    " isis network point-to-point\n isis circuit-type level-2-only\n isis hello-interval {hello}\n \
                     isis hello-multiplier 3\n no isis hello padding\n isis metric {metric}\n!\n"
                );
            }
            // A host speaks no IS-IS, and its network is announced.
            None => text.push_str(" isis passive\n!\n"),
        }
    }
    text
}

/// What FRR is told in one file, as its own image reads it: addresses too, which nobody else sets there.
pub fn whole(layout: &Layout, id: &NodeId) -> String {
    let Some((_, stand, router)) = layout.routers().find(|(known, _, _)| *known == id) else {
        return String::new();
    };
    let mut text = format!("frr defaults traditional\nhostname {}\nlog stdout errors\n!\n", host(id));
    let mut of = |device: &str, addresses: &[IpNet]| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "interface {device}");
        for address in addresses {
            let family = if matches!(address, IpNet::V6(_)) { "ipv6" } else { "ip" };
            let _ = writeln!(text, " {family} address {address}");
        }
        text.push_str("!\n");
    };
    of("lo", &router.addresses());
    stand.interfaces.values().for_each(|at| of(&at.device, &at.addresses));
    text + &parameters(layout, id) + &process(layout, id)
}

/// What makes IS-IS tell the addresses of a router's interfaces: each has parameters of traffic engineering.
fn parameters(layout: &Layout, id: &NodeId) -> String {
    let interfaces = layout.nodes.get(id).into_iter().flat_map(|stand| stand.interfaces.values());
    let graphed = interfaces.filter(|at| is_graphed(layout, at));
    graphed
        .map(|at| format!("interface {}\n link-params\n  enable\n exit-link-params\n!\n", at.device))
        .collect()
}

/// Whether the line of a router's interface is in the graph: both of its ends are routers' and have IPv4 addresses.
fn is_graphed(layout: &Layout, at: &Interface) -> bool {
    let has_ipv4 = |at: &Interface| at.addresses.iter().any(|address| matches!(address, IpNet::V4(_)));
    let far = layout.far(at).and_then(|end| layout.nodes.get(&end.node)?.interfaces.get(&end.interface));
    layout.routers().count() < MANY
        && metric(layout, at).is_some()
        && has_ipv4(at)
        && far.is_some_and(has_ipv4)
}

/// The metric of an interface to another router.
fn metric(layout: &Layout, at: &Interface) -> Option<u32> {
    let link = layout.ted.links.get(&at.line)?;
    Some(link.direction(at.side).igp.value.0.clamp(1, 0x00ff_ffff))
}

/// The name as FRR takes it: without blanks, which it has none of, and not longer than a host's.
fn host(id: &NodeId) -> String {
    id.as_str()
        .chars()
        .take(63)
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
        .collect()
}

/// The network entity title: area 49.0001, and the router id in twelve decimal digits as the system id.
pub fn title(router: &Router) -> String {
    let digits: String = router.router_id.octets().iter().map(|octet| format!("{octet:03}")).collect();
    let parts: Vec<&str> = [0..4, 4..8, 8..12].into_iter().filter_map(|range| digits.get(range)).collect();
    format!("49.0001.{}.00", parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::tests::layout;

    #[test]
    fn what_the_daemons_of_a_router_are_told() {
        let layout = layout(
            r#"
name: two
topology:
  nodes:
    a: {kind: linux, image: frr}
    b: {kind: linux, image: frr}
    h: {kind: linux, image: alpine}
  links:
    - {endpoints: ["a:eth1", "b:eth1"], vars: {igp: 7}}
    - {endpoints: ["a:eth2", "h:eth1"]}
"#,
        );
        let (id, folder) = (NodeId::lit("a"), Path::new("/run/lab/1"));
        insta::assert_snapshot!(zebra(&layout, &id, folder) + "----\n" + &isisd(&layout, &id, folder));
    }

    #[test]
    fn a_line_with_ipv4_addresses_is_in_the_graph_and_no_other() {
        let layout = layout(
            r#"
name: three
topology:
  nodes:
    a: {kind: linux, image: frr}
    b: {kind: linux, image: frr}
    h: {kind: linux, image: alpine}
  links:
    - {endpoints: ["a:eth1", "b:eth1"], ipv4: ["198.51.100.0/31", "198.51.100.1/31"]}
    - {endpoints: ["a:eth2", "b:eth2"], ipv4: ["198.51.100.2/31", ""]}
    - {endpoints: ["a:eth3", "h:eth1"]}
"#,
        );
        let (id, folder) = (NodeId::lit("a"), Path::new("/run/lab/1"));
        let told = zebra(&layout, &id, folder);
        assert!(told.ends_with("interface eth1\n link-params\n  enable\n exit-link-params\n!\n"), "{told}");
        assert_eq!(told.matches("link-params\n").count(), 2, "of one interface: {told}");
        let told = isisd(&layout, &id, folder);
        assert_eq!(told.matches(" mpls-te on\n mpls-te router-address ").count(), 1, "{told}");
        assert!(told.contains("interface eth1\n ip router isis lab\n ipv6 router isis lab\n"), "{told}");
        assert_eq!(told.matches(" ip router isis").count(), 1, "{told}");
    }
}
