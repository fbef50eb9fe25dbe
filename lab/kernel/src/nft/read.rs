//! What `nft -j list table` tells, back as a [`Marking`]. Whatever is not as we write it is said to be strange, and is written again.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::steering::Dscp;
use serde_json::Value;
use thiserror::Error;

use super::outer;
use crate::{
    number::{Device, HTB, INNER4, Minor, Slot, TenantNo},
    object::{Marking, PortClasses, Steer, TenantMarks},
};

/// A listing that is not of a table as we write it.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{0}")]
pub struct Strange(pub String);

fn strange<T>(what: &str, found: &Value) -> Result<T, Strange> {
    let found: String = found.to_string().chars().take(200).collect();
    Err(Strange(format!("{what}: {found}")))
}

/// Reads a listing of our table.
///
/// # Errors
/// It is not one, or somebody else had a hand in it.
pub fn read(json: &str) -> Result<Marking, Strange> {
    let listing: Value = serde_json::from_str(json).map_err(|error| Strange(error.to_string()))?;
    let Some(items) = listing["nftables"].as_array() else { return strange("no listing", &listing) };
    let mut chains: BTreeMap<&str, Vec<&[Value]>> = BTreeMap::new();
    for item in items {
        if let Some(name) = item["chain"]["name"].as_str() {
            chains.entry(name).or_default();
        } else if let (Some(name), Some(parts)) =
            (item["rule"]["chain"].as_str(), item["rule"]["expr"].as_array())
        {
            chains.entry(name).or_default().push(parts);
        } else if item.get("metainfo").is_none() && item.get("table").is_none() {
            return strange("neither chain nor rule", item);
        }
    }
    let mut marking = Marking::default();
    let enter = chains.remove("enter").unwrap_or_default();
    for (device, chain) in jumps("iifname", &enter)? {
        let Some(tenant) = tenant_of(&chain) else { return Err(Strange(format!("a jump to {chain}"))) };
        marking.tenants.entry(tenant).or_default().devices.insert(device);
    }
    // Nobody comes to some: their tenant has no customer here.
    for tenant in chains.keys().filter_map(|chain| tenant_of(chain)) {
        marking.tenants.entry(tenant).or_default();
    }
    let mut core: BTreeSet<BTreeSet<Ipv6Net>> = BTreeSet::new();
    for (tenant, marks) in &mut marking.tenants {
        let rules = chains.remove(format!("tenant-{tenant}").as_str()).unwrap_or_default();
        core.insert(read_tenant(&rules, marks)?);
    }
    if core.len() > 1 {
        return Err(Strange("tenants that may send to different SIDs".to_owned()));
    }
    marking.core = core.pop_first().unwrap_or_default();
    let leave = chains.remove("leave").unwrap_or_default();
    let fixed = leave.len().min(2);
    check_leave(&leave[..fixed])?;
    for (device, chain) in jumps("oifname", &leave[fixed..])? {
        let rules = chains.remove(chain.as_str()).unwrap_or_default();
        marking.ports.insert(device, read_port(&rules)?);
    }
    match chains.keys().next() {
        Some(other) => Err(Strange(format!("a chain {other}"))),
        None => Ok(marking),
    }
}

/// The tenant that a chain is of.
fn tenant_of(chain: &str) -> Option<TenantNo> {
    chain.strip_prefix("tenant-").and_then(|number| number.parse().ok()).and_then(TenantNo::new)
}

/// Devices and the chains that they lead to.
fn jumps(key: &str, rules: &[&[Value]]) -> Result<Vec<(Device, String)>, Strange> {
    let only = match rules {
        [] => return Ok(Vec::new()),
        [[only]] if only["vmap"]["key"]["meta"]["key"] == key => only,
        [first, ..] => return strange("more than a map of devices", &Value::from(first.to_vec())),
    };
    let Some(pairs) = only["vmap"]["data"]["set"].as_array() else { return strange("no map", only) };
    let jump = |pair: &Value| {
        let device = pair[0].as_str().and_then(|name| name.parse::<Device>().ok());
        let chain = pair[1]["jump"]["target"].as_str().map(str::to_owned);
        device.zip(chain).map_or_else(|| strange("no jump", pair), Ok)
    };
    pairs.iter().map(jump).collect()
}

/// Fills in the rules; gives what customers may not send to.
fn read_tenant(rules: &[&[Value]], marks: &mut TenantMarks) -> Result<BTreeSet<Ipv6Net>, Strange> {
    let mut core = BTreeSet::new();
    let is_drop = |rule: &&&[Value]| rule.last().is_some_and(|last| last.get("drop").is_some());
    let drops = rules.iter().take_while(is_drop).count();
    for rule in &rules[..drops] {
        match rule {
            [only, _] if is_payload(&only["match"]["left"], "ip6", "daddr") => {
                match net(&only["match"]["right"]) {
                    Some(IpNet::V6(net)) => core.insert(net),
                    _ => return strange("a drop", only),
                }
            }
            _ => return strange("a drop", &Value::from(rule.to_vec())),
        };
    }
    let Some((first, rest)) = rules[drops..].split_first() else {
        return Err(Strange("a tenant without code points".to_owned()));
    };
    check_inner(first)?;
    marks.rules = rest.iter().map(|rule| steer(rule)).collect::<Result<_, _>>()?;
    Ok(core)
}

/// The rule that puts the code point of IPv4 packets into their marks.
fn check_inner(rule: &[Value]) -> Result<(), Strange> {
    let [only] = rule else { return strange("not the code points", &Value::from(rule.to_vec())) };
    let map = &only["mangle"]["value"]["map"];
    let fits = is_meta(&only["mangle"]["key"], "mark") && is_payload(&map["key"], "ip", "dscp");
    let pairs = map["data"]["set"].as_array().filter(|pairs| fits && pairs.len() == 64);
    let right = |pair: &Value| {
        let dscp = dscp(&pair[0])?;
        (pair[1].as_u64() == Some(u64::from(INNER4) | u64::from(dscp.number()))).then_some(dscp)
    };
    let found: Option<BTreeSet<Dscp>> = pairs.and_then(|pairs| pairs.iter().map(right).collect());
    if found.is_some_and(|found| found.len() == 64) { Ok(()) } else { strange("not the code points", only) }
}

/// A rule that marks.
fn steer(rule: &[Value]) -> Result<Steer, Strange> {
    let odd = || strange("not a rule of ours", &Value::from(rule.to_vec()));
    let [conditions @ .., mangle, back] = rule else { return odd() };
    let value = &mangle["mangle"]["value"]["|"];
    let mark = value[1].as_u64().and_then(|mark| u32::try_from(mark).ok());
    let slot = mark.filter(|mark| mark & 0xff == 0).and_then(Slot::from_mark);
    let marks = is_meta(&mangle["mangle"]["key"], "mark") && is_meta(&value[0], "mark");
    let (Some(slot), true, true) = (slot, marks, back.get("return").is_some()) else { return odd() };
    let mut steer = Steer { prefix: None, dscp: BTreeSet::new(), slot };
    for condition in conditions {
        let (left, right) = (&condition["match"]["left"], &condition["match"]["right"]);
        if condition["match"]["op"] != "==" {
            return odd();
        }
        if is_meta(left, "nfproto") {
            steer.prefix = steer.prefix.or(all(right.as_str().unwrap_or_default()));
            continue;
        }
        let family = left["payload"]["protocol"].as_str().unwrap_or_default();
        match left["payload"]["field"].as_str() {
            Some("daddr") => steer.prefix = net(right),
            Some("dscp") => {
                let each = right["set"].as_array().map_or_else(|| vec![right], |set| set.iter().collect());
                let found: Option<BTreeSet<Dscp>> = each.into_iter().map(dscp).collect();
                let Some(found) = found else { return odd() };
                steer.dscp = found;
                steer.prefix = steer.prefix.or(all(family));
            }
            _ => return odd(),
        }
        if steer.prefix.is_none() {
            return odd();
        }
    }
    // Whatever the order in which the conditions stand.
    let families = conditions.iter().map(|one| &one["match"]["left"]["payload"]["protocol"]);
    let mixed = families.filter_map(Value::as_str).any(|family| {
        matches!((family, steer.prefix), ("ip", Some(IpNet::V6(_))) | ("ip6", Some(IpNet::V4(_))))
    });
    if mixed { odd() } else { Ok(steer) }
}

/// All destinations of a family.
fn all(family: &str) -> Option<IpNet> {
    match family {
        "ip" | "ipv4" => Some(IpNet::V4(Ipv4Net::default())),
        "ip6" | "ipv6" => Some(IpNet::V6(Ipv6Net::default())),
        _ => None,
    }
}

/// The two rules that come first where packets leave.
fn check_leave(rules: &[&[Value]]) -> Result<(), Strange> {
    let [discovery, outer_rule] = rules else {
        return Err(Strange("no rule for outer code points".to_owned()));
    };
    let discovery_fits = match discovery {
        [types, class, back] => {
            is_payload(&types["match"]["left"], "icmpv6", "type")
                && types["match"]["right"]["set"].as_array().is_some_and(|set| set.len() == 4)
                && class["mangle"]["value"].as_str() == Some(format!("{HTB:x}:0").as_str())
                && back.get("return").is_some()
        }
        _ => false,
    };
    if !discovery_fits {
        return strange("not the rule for neighbours", &Value::from(discovery.to_vec()));
    }
    let [family, mark, mangle] = outer_rule else {
        return strange("not the rule for outer code points", &Value::from(outer_rule.to_vec()));
    };
    let marked = &mark["match"];
    let pairs = mangle["mangle"]["value"]["map"]["data"]["set"].as_array();
    let right = |pair: &Value| {
        let dscp = pair[0].as_u64().and_then(|dscp| u16::try_from(dscp).ok()).filter(|dscp| *dscp < 64);
        dscp.is_some_and(|dscp| pair[1].as_u64() == Some(outer(dscp).into()))
    };
    let fits = is_meta(&family["match"]["left"], "nfproto")
        && family["match"]["right"] == "ipv6"
        && marked["op"] == "!="
        && marked["left"]["&"][1].as_u64() == Some(INNER4.into())
        && mangle["mangle"]["key"]["payload"]["base"] == "nh"
        && pairs.is_some_and(|pairs| pairs.len() == 64 && pairs.iter().all(right));
    if fits { Ok(()) } else { strange("not the rule for outer code points", mangle) }
}

/// The classes of a device.
fn read_port(rules: &[&[Value]]) -> Result<PortClasses, Strange> {
    let minor = |value: &Value| value.as_str().and_then(|text| text.parse::<Minor>().ok());
    let Some(([first], rest)) = rules.split_first().map(|(first, rest)| (*first, rest)) else {
        return Err(Strange("a device without a class".to_owned()));
    };
    let rest_class =
        minor(&first["mangle"]["value"]).filter(|_| is_meta(&first["mangle"]["key"], "priority"));
    let Some(class) = rest_class else { return strange("no class", first) };
    let mut port = PortClasses { rest: class, classes: BTreeMap::new() };
    let mut maps = Vec::new();
    for rule in rest {
        let [only] = *rule else { return strange("no map of classes", &Value::from(rule.to_vec())) };
        let map = &only["mangle"]["value"]["map"];
        let pairs = map["data"]["set"].as_array().filter(|_| is_meta(&only["mangle"]["key"], "priority"));
        let pair = |pair: &Value| dscp(&pair[0]).zip(minor(&pair[1]));
        let read: Option<BTreeMap<Dscp, Minor>> = pairs.and_then(|pairs| pairs.iter().map(pair).collect());
        let Some(read) = read else { return strange("no map of classes", only) };
        maps.push((map["key"]["payload"]["protocol"].as_str().unwrap_or_default(), read));
    }
    match maps.as_slice() {
        [] => Ok(port),
        [("ip6", six), ("ip", four)] if six == four => {
            port.classes.clone_from(six);
            Ok(port)
        }
        _ => Err(Strange("classes that differ by family".to_owned())),
    }
}

fn is_meta(value: &Value, key: &str) -> bool {
    value["meta"]["key"] == key
}

fn is_payload(value: &Value, protocol: &str, field: &str) -> bool {
    value["payload"]["protocol"] == protocol && value["payload"]["field"] == field
}

/// A code point by name or number; nft has names of its own for two of them.
fn dscp(value: &Value) -> Option<Dscp> {
    match value.as_str() {
        Some("lephb") => Dscp::new(1).ok(),
        Some("df" | "be") => Dscp::new(0).ok(),
        Some(name) => name.parse().ok(),
        None => value.as_u64().and_then(|number| u8::try_from(number).ok()).and_then(|n| Dscp::new(n).ok()),
    }
}

/// A prefix, or one address.
fn net(value: &Value) -> Option<IpNet> {
    if let Some(address) = value.as_str() {
        return address.parse::<IpAddr>().ok().map(IpNet::from);
    }
    let address: IpAddr = value["prefix"]["addr"].as_str()?.parse().ok()?;
    IpNet::new(address, u8::try_from(value["prefix"]["len"].as_u64()?).ok()?).ok()
}
