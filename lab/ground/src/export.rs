//! A lab as files for containerlab: a topology whose routers run FRR, with the configuration of each. The file reads as the same
//! network here, with the same tenants and addresses. containerlab has no words for delay, jitter and loss: they ride in `vars`, and its
//! `tools netem set` sets them.

use std::{collections::BTreeMap, fmt::Write as _};

use ipnet::IpNet;
use model::{Link, LinkId, Node, Side, link::Direction};
use serde_json::{Map, Value, json};

use crate::{
    frr,
    layout::{Kind, Layout, Stand, names},
};

/// Images of a lab's nodes.
#[derive(Clone, Debug)]
pub struct Images {
    /// Of routers: one with FRR.
    pub router: String,
    /// Of hosts: one with `ip`.
    pub host: String,
}

impl Default for Images {
    fn default() -> Self {
        Self { router: "frrouting/frr:v8.4.1".to_owned(), host: "alpine:3".to_owned() }
    }
}

/// Which daemons FRR's image starts.
const DAEMONS: &str = "zebra=yes\nisisd=yes\nvtysh_enable=yes\n";

/// The files, by their names relative to the topology's folder.
///
/// # Errors
/// The topology cannot be written as YAML.
pub fn containerlab(layout: &Layout, images: &Images) -> Result<BTreeMap<String, String>, serde_yaml::Error> {
    let mut files = BTreeMap::new();
    let mut nodes = Map::new();
    for (id, stand) in &layout.nodes {
        let folder = stand.space.strip_prefix(&names::of_lab(&layout.lab)).unwrap_or(&stand.space);
        let node = match &stand.kind {
            Kind::Router(_) => {
                files.insert(format!("{folder}/frr.conf"), frr::whole(layout, id));
                files.insert(format!("{folder}/daemons"), DAEMONS.to_owned());
                router(layout.ted.nodes.get(id), folder, images)
            }
            Kind::Host(host) => {
                let mut exec = addresses(stand);
                exec.extend(host.gateways.iter().map(|gateway| {
                    let family = if gateway.is_ipv6() { "-6 " } else { "" };
                    format!("ip {family}route replace default via {gateway}")
                }));
                let mut labels = Map::from_iter([("trunkline.role".to_owned(), json!("host"))]);
                labels.extend(host.tenant.iter().map(|tenant| ("trunkline.vrf".to_owned(), json!(tenant))));
                json!({"kind": "linux", "image": images.host, "labels": labels, "exec": exec})
            }
        };
        nodes.insert(id.to_string(), node);
    }
    let links: Vec<Value> = layout.lines.keys().map(|id| link(layout, id)).collect();
    let topology = json!({"name": layout.lab, "topology": {"nodes": nodes, "links": links}});
    files.insert(format!("{}.clab.yml", layout.lab), serde_yaml::to_string(&topology)?);
    Ok(files)
}

fn router(node: Option<&Node>, folder: &str, images: &Images) -> Value {
    let setting = |name: &str| (format!("net.ipv6.conf.{name}"), json!("1"));
    let settings: Map<String, Value> =
        ["all.forwarding", "default.forwarding", "all.seg6_enabled", "default.seg6_enabled"]
            .map(setting)
            .into_iter()
            .chain([("net.ipv4.ip_forward".to_owned(), json!("1"))])
            .collect();
    json!({
        "kind": "linux",
        "image": images.router,
        "labels": node.map(labels).unwrap_or_default(),
        "binds": [format!("{folder}/daemons:/etc/frr/daemons"), format!("{folder}/frr.conf:/etc/frr/frr.conf")],
        "sysctls": settings,
    })
}

/// What a router is, in labels.
fn labels(node: &Node) -> Map<String, Value> {
    let msd = node.msd.value;
    let depths =
        [msd.mpls_imposition, msd.srv6_encaps, msd.srv6_segments_left, msd.srv6_end_pop, msd.srv6_end_d]
            .map(|depth| depth.to_string());
    let mut labels: Map<String, Value> =
        node.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let function = node.service_function.as_ref().map(|function| function.value).unwrap_or_default();
    let ours = [
        ("role", node.role.clone()),
        ("site", node.site.as_ref().map(ToString::to_string)),
        ("lat", node.location.map(|location| location.lat.to_string())),
        ("lon", node.location.map(|location| location.lon.to_string())),
        ("router-id", Some(node.router_id.to_string())),
        ("locator", node.locator.as_ref().map(|locator| locator.value.to_string())),
        (
            "next-csid",
            node.next_csid.map(|csid| format!("{}/{}", csid.locator_block_length, csid.locator_node_length)),
        ),
        ("node-sid", node.node_sid.as_ref().map(|sid| sid.value.to_string())),
        ("service-sid", function.sid.map(|sid| sid.to_string())),
        ("service-label", function.label.map(|label| label.number().to_string())),
        ("srgb", Some(format!("{}/{}", node.srgb.base, node.srgb.size))),
        ("srlb", Some(format!("{}/{}", node.srlb.base, node.srlb.size))),
        ("msd", Some(depths.join("/"))),
        ("queues", Some(node.queues.to_string())),
        ("overload", node.overload.then(|| "true".to_owned())),
        ("dialect", Some(node.dialect.clone())),
    ];
    labels.extend(
        ours.into_iter().filter_map(|(word, value)| Some((format!("trunkline.{word}"), json!(value?)))),
    );
    labels
}

/// The commands that give a host its addresses.
fn addresses(stand: &Stand) -> Vec<String> {
    let mut commands = Vec::new();
    for at in stand.interfaces.values() {
        commands.push(format!("ip link set dev {} up", at.device));
        commands.extend(
            at.addresses.iter().map(|address| format!("ip addr replace {address} dev {}", at.device)),
        );
    }
    commands
}

/// A line in the extended form, with what each direction is like at the end where it begins.
fn link(layout: &Layout, id: &LinkId) -> Value {
    let Some(line) = layout.lines.get(id) else { return Value::Null };
    // Lines to hosts are not in the network of routers: nothing is known of them but their ends.
    let link = layout.ted.links.get(id);
    let ends: Vec<Value> = [Side::A, Side::Z]
        .into_iter()
        .map(|side| {
            let end = line.end(side);
            let at = layout.nodes.get(&end.node).and_then(|stand| stand.interfaces.get(&end.interface));
            let addresses = at.map(|at| at.addresses.as_slice()).unwrap_or_default();
            // Between routers the first is the plan's, which goes without saying.
            let said = addresses.iter().skip(usize::from(link.is_some()));
            let mut value = json!({"node": end.node, "interface": end.device});
            if let Some(object) = value.as_object_mut() {
                object.extend(said.map(|net| (family(net).to_owned(), json!(net))));
                object.extend(link.map(|link| ("vars".to_owned(), direction(link.direction(side)))));
            }
            value
        })
        .collect();
    let vars = link.map_or_else(|| json!({"name": id}), vars);
    json!({"type": "veth", "endpoints": ends, "mtu": line.mtu, "vars": vars})
}

/// The word for an address at the end of a line.
const fn family(net: &IpNet) -> &'static str {
    match net {
        IpNet::V4(_) => "ipv4",
        IpNet::V6(_) => "ipv6",
    }
}

fn direction(direction: &Direction) -> Value {
    let mut words = json!({
        "bandwidth": direction.bandwidth.value,
        "delay": direction.delay.value,
        "jitter": direction.jitter.value,
        "loss": direction.loss.value,
        "igp": direction.igp.value,
        "te": direction.te.value,
    });
    if let Some(words) = words.as_object_mut() {
        words.extend(
            direction.adjacency_label.as_ref().map(|label| ("adjacencyLabel".to_owned(), json!(label.value))),
        );
        words.extend(direction.end_x.as_ref().map(|sid| ("endX".to_owned(), json!(sid.value))));
    }
    words
}

/// What holds for a line as a whole.
fn vars(link: &Link) -> Value {
    let mut words = json!({"name": link.id, "encryption": link.encryption});
    let contract = json!({
        "delay": link.contract.delay,
        "jitter": link.contract.jitter,
        "loss": link.contract.loss,
    });
    let said: Map<String, Value> = contract
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    if let Some(words) = words.as_object_mut() {
        words.extend(link.role.as_ref().map(|role| ("role".to_owned(), json!(role))));
        words.extend((!link.affinity.is_empty()).then(|| ("affinity".to_owned(), json!(link.affinity))));
        words.extend((!link.srlg.is_empty()).then(|| ("srlg".to_owned(), json!(link.srlg))));
        words.extend((!said.is_empty()).then(|| ("contract".to_owned(), Value::Object(said))));
        words.extend(link.price.map(|price| ("price".to_owned(), json!(price))));
    }
    words
}

/// What has to be told beside the files: lines whose faults containerlab must be told of by hand.
pub fn netem(layout: &Layout) -> String {
    let mut text = String::new();
    let wired = layout.lines.values().filter_map(|line| Some((line, line.wire?)));
    for (line, wire) in wired {
        for (end, each) in line.ends.iter().zip(wire).filter(|(_, each)| !each.is_none()) {
            // Writing into a string cannot fail.
            let _ = writeln!(
                text,
                "containerlab tools netem set -n clab-{}-{} -i {} --delay {}us --jitter {}us --loss {}",
                layout.lab,
                end.node,
                end.device,
                each.delay.as_micros(),
                each.jitter.as_micros(),
                f64::from(each.loss.as_ppb()) / 1e7
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use model::NodeId;

    use super::*;
    use crate::layout::tests::layout;

    const TEXT: &str = r#"
name: three
topology:
  nodes:
    a: {kind: linux, labels: {trunkline.role: hq, trunkline.router-id: 10.0.0.1, trunkline.locator: "fd00:0:1::/48", floor: "3"}}
    b: {kind: linux, labels: {trunkline.role: core, trunkline.router-id: 10.0.0.2, trunkline.locator: "fd00:0:2::/48", trunkline.msd: 8/8}}
    h: {kind: linux, image: alpine}
  links:
    - type: veth
      endpoints: [{node: a, interface: eth1, vars: {delay: 4ms}}, {node: b, interface: eth1, vars: {igp: 20, loss: 1%}}]
      mtu: 9500
      vars: {name: line1, bandwidth: 20Mbps, affinity: [line1], srlg: [duct], contract: {delay: 5ms}, price: 3, role: leased-line}
    - {endpoints: ["h:eth1", "b:eth2"]}
"#;

    #[test]
    fn what_is_written_for_containerlab_reads_as_the_same_network() {
        let reads = "trunkline.next-csid: 32/16, trunkline.msd: 8/8";
        let before = layout(&TEXT.replace("trunkline.msd: 8/8", reads));
        assert!(before.ted.nodes[&NodeId::lit("b")].next_csid.is_some());
        let files = containerlab(&before, &Images::default()).unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["a/daemons", "a/frr.conf", "b/daemons", "b/frr.conf", "three.clab.yml"]);
        let after = layout(&files["three.clab.yml"]);
        let plain = |layout: &Layout| -> (Vec<String>, Vec<String>) {
            let node = |node: &Node| {
                let locator = node.locator.as_ref().map(|locator| locator.value);
                format!(
                    "{} {:?} {} {locator:?} {:?} {:?} {:?}",
                    node.id, node.role, node.router_id, node.msd.value, node.labels, node.next_csid
                )
            };
            let link = |link: &Link| {
                let ways = [Side::A, Side::Z].map(|side| direction(link.direction(side)).to_string());
                format!("{:?} {:?} {} {ways:?}", link.a, link.z, vars(link))
            };
            (layout.ted.nodes.values().map(node).collect(), layout.ted.links.values().map(link).collect())
        };
        assert_eq!(plain(&before), plain(&after));
        let lines: Vec<_> = before.lines.iter().map(|(id, line)| (id, line.mtu, line.wire)).collect();
        assert_eq!(lines, after.lines.iter().map(|(id, line)| (id, line.mtu, line.wire)).collect::<Vec<_>>());
        assert_eq!(before.is_host(&NodeId::lit("h")), after.is_host(&NodeId::lit("h")));
    }

    #[test]
    fn hosts_keep_their_tenants_and_all_their_addresses() {
        let text = r#"
name: tenants
topology:
  nodes:
    a: {kind: linux, image: frr}
    b: {kind: linux, image: frr}
    bank: {kind: linux, labels: {trunkline.vrf: bank}}
    guest: {kind: linux, labels: {trunkline.vrf: guest}}
    anyone: {kind: linux}
  links:
    - {endpoints: ["a:eth1", "b:eth1"], ipv4: ["192.0.2.1/30", "192.0.2.2/30"]}
    - {endpoints: ["b:eth2", "a:eth2"]}
    - {endpoints: ["a:eth3", "bank:eth1"], ipv4: ["10.1.0.1/24", "10.1.0.2/24"], ipv6: ["2001:db8:1::1/64", "2001:db8:1::2/64"]}
    - {endpoints: ["guest:eth1", "b:eth3"], ipv4: ["10.9.0.2/24", "10.9.0.1/24"]}
    - {endpoints: ["b:eth4", "anyone:eth1"]}
"#;
        let before = layout(text);
        let files = containerlab(&before, &Images::default()).unwrap();
        let after = layout(&files["tenants.clab.yml"]);
        // An address of the plan stands before one that was said, which says nothing.
        let sorted = |layout: &Layout| {
            let mut nodes = layout.nodes.clone();
            for stand in nodes.values_mut() {
                stand.interfaces.values_mut().for_each(|at| at.addresses.sort());
                if let Kind::Host(host) = &mut stand.kind {
                    host.gateways.sort();
                }
            }
            nodes
        };
        assert_eq!(sorted(&before), sorted(&after));
        assert_eq!(after.tenants().len(), 2);
    }

    #[test]
    fn the_files_of_a_small_lab() {
        let layout = layout(TEXT);
        let files = containerlab(&layout, &Images::default()).unwrap();
        let whole: Vec<String> = files.iter().map(|(name, text)| format!("==== {name}\n{text}")).collect();
        insta::assert_snapshot!(whole.concat() + "==== netem\n" + &netem(&layout));
    }
}
