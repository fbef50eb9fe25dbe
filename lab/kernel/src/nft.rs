//! Marks as nftables says them: written as text for `nft -f`, read back from what `nft -j list table` tells.
//!
//! Where packets enter: what a customer sends to SIDs is dropped, the code point of an IPv4 packet goes into its mark (the kernel does
//! not copy it to the outer header), and the first rule that matches adds its slot. Where packets leave: the outer code point is set
//! from the mark, and each packet is given its class. Neighbour discovery has none: it never waits behind traffic.

use std::fmt::Write as _;

use ipnet::IpNet;
use model::steering::Dscp;

use crate::{
    number::{HTB, INNER4, Minor, TenantNo},
    object::{Marking, PortClasses, Steer, TenantMarks},
};

mod read;

pub use read::{Strange, read};

/// The family and name of our table.
pub const TABLE: &str = "inet trunkline";

/// So many code points there are.
const CODE_POINTS: u16 = 64;

/// What replaces our table by that of a marking, at one moment; or takes it away.
pub fn script(marking: Option<&Marking>) -> String {
    // Made first, so that there is one to take away.
    let mut text = format!("table {TABLE}\ndelete table {TABLE}\n");
    if let Some(marking) = marking {
        // Writing to a text cannot fail.
        let _ = table(&mut text, marking);
    }
    text
}

fn table(text: &mut String, marking: &Marking) -> std::fmt::Result {
    writeln!(text, "table {TABLE} {{")?;
    for (tenant, marks) in &marking.tenants {
        tenant_chain(text, marking, *tenant, marks)?;
    }
    for (place, classes) in marking.ports.values().enumerate() {
        port_chain(text, place, classes)?;
    }
    let entering = marking.tenants.iter().flat_map(|(tenant, marks)| {
        marks.devices.iter().map(move |device| format!("\"{device}\" : jump tenant-{tenant}"))
    });
    chain(text, "enter", "prerouting", &vmap("iifname", &entering.collect::<Vec<_>>()))?;
    let ports = marking.ports.keys().enumerate();
    let leaving = ports.map(|(place, device)| format!("\"{device}\" : jump port-{place}"));
    let outer = (0..CODE_POINTS).map(|dscp| format!("{dscp} : {}", outer(dscp)));
    let mut rules = vec![
        format!(
            "icmpv6 type {{ nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }} meta priority set {HTB:x}:0 return"
        ),
        format!(
            "meta nfproto ipv6 meta mark & {INNER4:#x} != 0 @nh,0,16 set meta mark & 0x3f map {{ {} }}",
            outer.collect::<Vec<_>>().join(", ")
        ),
    ];
    rules.extend(vmap("oifname", &leaving.collect::<Vec<_>>()));
    chain(text, "leave", "postrouting", &rules)?;
    writeln!(text, "}}")
}

/// The first 16 bits of an IPv6 header with a code point: version 6, traffic class, and the first bits of the flow label.
const fn outer(dscp: u16) -> u16 {
    0x6000 | dscp << 6
}

fn vmap(key: &str, verdicts: &[String]) -> Vec<String> {
    // A set without elements is no text that nft reads.
    if verdicts.is_empty() {
        return Vec::new();
    }
    vec![format!("{key} vmap {{ {} }}", verdicts.join(", "))]
}

fn chain(text: &mut String, name: &str, hook: &str, rules: &[String]) -> std::fmt::Result {
    writeln!(text, "  chain {name} {{")?;
    writeln!(text, "    type filter hook {hook} priority -150; policy accept;")?;
    rules.iter().try_for_each(|rule| writeln!(text, "    {rule}"))?;
    writeln!(text, "  }}")
}

fn tenant_chain(
    text: &mut String,
    marking: &Marking,
    tenant: TenantNo,
    marks: &TenantMarks,
) -> std::fmt::Result {
    writeln!(text, "  chain tenant-{tenant} {{")?;
    for net in &marking.core {
        writeln!(text, "    ip6 daddr {net} drop")?;
    }
    let inner = (0..u32::from(CODE_POINTS)).map(|dscp| format!("{dscp} : {:#x}", INNER4 | dscp));
    writeln!(text, "    meta mark set ip dscp map {{ {} }}", inner.collect::<Vec<_>>().join(", "))?;
    for rule in &marks.rules {
        for matches in conditions(rule) {
            writeln!(text, "    {matches}meta mark set meta mark | {:#x} return", rule.slot.mark())?;
        }
    }
    writeln!(text, "  }}")
}

/// What a rule asks; of both families one after the other where it asks for code points alone.
fn conditions(rule: &Steer) -> Vec<String> {
    let dscp = |family: &str| {
        if rule.dscp.is_empty() {
            return String::new();
        }
        let numbers: Vec<String> = rule.dscp.iter().map(|dscp| dscp.number().to_string()).collect();
        format!("{family} dscp {{ {} }} ", numbers.join(", "))
    };
    let (family, all) = match rule.prefix {
        Some(IpNet::V4(_)) => ("ip", "meta nfproto ipv4 "),
        Some(IpNet::V6(_)) => ("ip6", "meta nfproto ipv6 "),
        None if rule.dscp.is_empty() => return vec![String::new()],
        None => return vec![dscp("ip"), dscp("ip6")],
    };
    match rule.prefix {
        Some(net) if net.prefix_len() > 0 => vec![format!("{family} daddr {net} {}", dscp(family))],
        _ if rule.dscp.is_empty() => vec![all.to_owned()],
        _ => vec![dscp(family)],
    }
}

fn port_chain(text: &mut String, place: usize, port: &PortClasses) -> std::fmt::Result {
    writeln!(text, "  chain port-{place} {{")?;
    writeln!(text, "    meta priority set {}", port.rest)?;
    let class = |(dscp, minor): (&Dscp, &Minor)| format!("{} : {minor}", dscp.number());
    let classes = port.classes.iter().map(class).collect::<Vec<_>>().join(", ");
    if !classes.is_empty() {
        for family in ["ip6", "ip"] {
            writeln!(text, "    meta priority set {family} dscp map {{ {classes} }}")?;
        }
    }
    writeln!(text, "  }}")
}

#[cfg(test)]
mod tests;
