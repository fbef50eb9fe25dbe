use kernel::{Behaviour, Program, RouteKey, Table, Target};
use model::{DeviceConfig, InterfaceName, LinkId};

use super::*;
use crate::{
    fixture::{layout, posted},
    sight::Sight,
};

#[test]
fn a_layout_is_read_as_it_was_written() {
    let layout = layout();
    let read: Layout = serde_json::from_str(&serde_json::to_string(&layout).unwrap()).unwrap();
    assert_eq!(read, Layout { notes: Vec::new(), ..layout });
}

#[test]
fn tenants_know_their_customers_here_and_behind_other_routers() {
    let [a, b] = posted();
    let [bank, guest] = ["bank", "guest"].map(VrfName::lit);
    let at_a = &a.place.tenants[&bank];
    assert_eq!(at_a.customers.len(), 1);
    let behind_b: Vec<String> = at_a.remote.iter().map(|(net, to)| format!("{net} {}", to.node)).collect();
    assert_eq!(behind_b, ["10.2.0.0/24 b", "2001:db8:2::/64 b"]);
    // The SID that a puts last is one that b has for that customer.
    let (_, v4) = at_a.remote.first_key_value().unwrap();
    let served = &b.place.tenants[&bank].services[&v4.sid];
    assert_eq!(*served, Service::Dx4("eth4".parse().unwrap()));
    assert!(a.place.tenants[&guest].customers.is_empty() && a.place.tenants[&guest].remote.len() == 2);
    assert!(b.place.tenants[&guest].number != b.place.tenants[&bank].number);
}

#[test]
fn lines_are_ports_and_customers_are_none() {
    let [a, _] = posted();
    let ports: Vec<&str> = a.place.ports.keys().map(InterfaceName::as_str).collect();
    assert_eq!(ports, ["eth1", "eth2"]);
    let one = &a.place.ports[&InterfaceName::lit("eth1")];
    assert_eq!(one.rate, "20Mbps".parse().ok());
    let layout = layout();
    let far = ground::layout::next_hop(&layout, &LinkId::lit("one"), model::Side::A).unwrap();
    assert_eq!(one.end_x.unwrap().neighbour, far);
    assert_eq!(a.neighbours.len(), 2, "probes of both lines have where to go");
}

#[test]
fn the_core_holds_all_routers_and_lines_and_no_customer() {
    let [a, b] = posted();
    let core = |address: Ipv6Addr| a.place.core.iter().any(|net| net.contains(&address));
    for inside in [a.loopback, b.loopback, a.place.source, b.place.source] {
        assert!(core(inside), "{inside}");
    }
    assert!(a.place.ports.values().all(|port| core(port.end_x.unwrap().neighbour)));
    assert!(!core("2001:db8:1::2".parse().unwrap()));
    let layout = layout();
    let anyone = &layout.nodes[&NodeId::lit("anyone")].interfaces.values().next().unwrap().addresses;
    assert!(
        anyone
            .iter()
            .all(|net| matches!(net, IpNet::V4(_)) || !matches!(net.addr(), IpAddr::V6(own) if core(own)))
    );
}

#[test]
fn a_router_that_nobody_configured_forwards_by_the_igp() {
    for post in posted() {
        let devices = post.place.ports.values().map(|port| (port.device.clone(), true)).collect();
        let place = post.place(&Sight { devices, ..Sight::default() });
        Program::of(&DeviceConfig::default(), &place).unwrap();
    }
}

#[test]
fn a_line_that_nobody_sees_is_down() {
    let [a, _] = posted();
    let eth1 = (a.place.ports[&InterfaceName::lit("eth1")].device.clone(), true);
    let place = a.place(&Sight { devices: [eth1].into(), ..Sight::default() });
    let up: Vec<bool> = place.ports.values().map(|port| port.up).collect();
    assert_eq!(up, [true, false]);
}

#[test]
fn a_router_that_reads_containers_has_a_un_for_its_locator_and_uas_for_its_lines() {
    let mut layout = layout();
    let lengths = NextCsid { locator_block_length: 32, locator_node_length: 16 };
    layout.ted.nodes.get_mut(&NodeId::lit("b")).unwrap().next_csid = Some(lengths);
    let posts = posts(&layout).unwrap();
    let [a, b] = ["a", "b"].map(|name| &posts[&NodeId::lit(name)]);
    assert_eq!(a.place.locator.unwrap().csid, None);
    assert_eq!(b.place.locator.unwrap().csid, Some(Csid { node: 16, function: 16 }));
    let devices = b.place.ports.values().map(|port| (port.device.clone(), true)).collect();
    let place = b.place(&Sight { devices, ..Sight::default() });
    let program = Program::of(&DeviceConfig::default(), &place).unwrap();
    let target = |to: &str| {
        let key = RouteKey { table: Table::Main, to: to.parse().unwrap() };
        program.routes.get(&key).cloned()
    };
    let node = kernel::NextCsid { block: 32, taken: 16 };
    assert_eq!(target("fd00:ff:2::/48"), Some(Target::Local(Behaviour::End(Some(node)))));
    match target("fd00:ff:2:e000::/64") {
        Some(Target::Local(Behaviour::EndX { csid: Some(link), .. })) => {
            assert_eq!(link, kernel::NextCsid { block: 32, taken: 32 });
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(target("fd00:ff:2:e000::/128"), None);
}

#[test]
fn whatever_interfaces_are_called_a_router_can_be_posted() {
    let names =
        ["1/1/1", "1/1/c2/1", "1-1-c2-1", "e+1", "lo", "Gi0/0/0/0", "GigabitEthernet0/0/0/1", "9", "_x"];
    let lines = (1..)
        .zip(names)
        .map(|(number, name)| format!("    - {{endpoints: [\"r:{name}\", \"s:eth{number}\"]}}\n"));
    let text = format!(
        "name: odd\ntopology:\n  nodes:\n    r: {{kind: linux, image: frr}}\n    s: {{kind: linux, image: frr}}\n  links:\n{}",
        lines.collect::<String>()
    );
    let network = formats::read("odd.clab.yml", &text).unwrap();
    let lab = formats::lab("odd.clab.yml", &text).unwrap();
    let layout = Layout::of(&network, &lab, "odd", ground::layout::Wires::WhereNeeded).unwrap();
    let posts = posts(&layout).unwrap();
    assert_eq!(posts[&NodeId::lit("r")].place.ports.len(), names.len());
}
