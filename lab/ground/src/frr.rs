//! FRR's IS-IS in a lab: a zebra and an isisd in every router's namespace, each with files, sockets and number of its own. FRR has no
//! SRv6 in IS-IS in the versions that distributions carry: locators are prefixes to it, and SIDs are the routers' own work.
//!
//! The configuration says the process first and its interfaces after it, and the process's title last of its own lines: read the
//! other way round, an interface starts with usual timers and adjacencies take half a minute.

mod daemons;

use std::{fmt::Write as _, path::Path};

use ipnet::IpNet;
use model::NodeId;

use crate::layout::{Interface, Layout, Router};

pub use daemons::{Adjacency, Daemons, FrrError, left};

/// The name of the routing process.
const PROCESS: &str = "lab";
/// From how many routers on hellos are sent less often: daemons of hundreds of routers share few processors.
const MANY: usize = 60;

/// What zebra is told; `folder` is where it logs.
pub fn zebra(id: &NodeId, folder: &Path) -> String {
    format!("hostname {}\nlog file {} errors\n", host(id), folder.join("zebra.log").display())
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
    // Writing into a string cannot fail.
    let _ = write!(
        text,
        "router isis {PROCESS}\n is-type level-2-only\n metric-style wide\n lsp-gen-interval 1\n \
         spf-delay-ietf init-delay 50 short-delay 200 long-delay 1000 holddown 2000 time-to-learn 500\n{set_overload} net {}\n!\n\
         interface lo\n ipv6 router isis {PROCESS}\n isis passive\n!\n",
        title(router)
    );
    let hello = if layout.routers().count() < MANY { 1 } else { 3 };
    // What a tenant has is no business of the IGP.
    let is_tenants = |at: &&Interface| layout.far(at).is_some_and(|far| layout.tenant(&far.node).is_some());
    for at in stand.interfaces.values().filter(|at| !is_tenants(at)) {
        let _ = write!(text, "interface {}\n ipv6 router isis {PROCESS}\n", at.device);
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
    text + &process(layout, id)
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
        insta::assert_snapshot!(zebra(&id, folder) + "----\n" + &isisd(&layout, &id, folder));
    }
}
