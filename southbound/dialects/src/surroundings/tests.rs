//! What is rendered as a router renders it is read back the same, over both encodings; no octets make the reader panic.

use std::{collections::BTreeMap, fmt::Write as _};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn all() -> Topics {
    Topics::of(["openconfig-lldp", "ietf-interfaces", "openconfig-interfaces", "openconfig-if-ethernet"])
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn leaf(out: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        write!(out, "<{name}>{}</{name}>", escaped(text)).unwrap();
    }
}

fn kind(neighbour: &Neighbour) -> Option<&'static str> {
    match (&neighbour.port_id, neighbour.is_interface) {
        (Some(_), true) => Some(BY_NAME),
        (Some(_), false) => Some("MAC_ADDRESS"),
        (None, _) => None,
    }
}

fn speed_name(speed: Bandwidth) -> String {
    format!("openconfig-if-ethernet:SPEED_{}GB", speed.as_bps() / 1_000_000_000)
}

/// As a router answers over NETCONF.
fn over_netconf(of: &Surroundings) -> String {
    let mut out = String::from("<oc:interfaces xmlns:oc=\"urn:i\">");
    for (name, port) in &of.ports {
        write!(out, "<oc:interface><oc:name>{name}</oc:name><oc:state>").unwrap();
        leaf(&mut out, "oper-status", port.oper.map(Oper::name));
        leaf(&mut out, "ifindex", port.index.map(|index| index.to_string()).as_deref());
        out.push_str("</oc:state>");
        if let Some(speed) = port.speed {
            write!(out, "<ethernet><state><port-speed>{}</port-speed></state></ethernet>", speed_name(speed))
                .unwrap();
        }
        out.push_str("</oc:interface>");
    }
    out.push_str("</oc:interfaces><lldp xmlns=\"urn:l\"><state>");
    leaf(&mut out, "system-name", of.system_name.as_deref());
    out.push_str("</state><interfaces>");
    for (name, neighbours) in &of.neighbours {
        write!(out, "<interface><name>{name}</name><neighbors>").unwrap();
        for (at, neighbour) in neighbours.iter().enumerate() {
            write!(out, "<neighbor><id>{at}</id><state><id>{at}</id>").unwrap();
            leaf(&mut out, "system-name", neighbour.system_name.as_deref());
            leaf(&mut out, "chassis-id", neighbour.chassis_id.as_deref());
            leaf(&mut out, "port-id", neighbour.port_id.as_deref());
            leaf(&mut out, "port-id-type", kind(neighbour));
            out.push_str("</state></neighbor>");
        }
        out.push_str("</neighbors></interface>");
    }
    out.push_str("</interfaces></lldp>");
    out
}

fn some(members: Vec<(&str, Option<Value>)>) -> Value {
    let told = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(told.collect::<Map<_, _>>())
}

/// As a router answers over gNMI.
fn over_gnmi(of: &Surroundings) -> Value {
    let interface = |(name, port): (&InterfaceName, &Port)| {
        let state = some(vec![
            ("oper-status", port.oper.map(|oper| json!(oper.name()))),
            ("ifindex", port.index.map(|index| json!(index))),
        ]);
        let speed = port.speed.map(|speed| json!({"state": {"negotiated-port-speed": speed_name(speed)}}));
        some(vec![
            ("name", Some(json!(name.as_str()))),
            ("state", Some(state)),
            ("openconfig-if-ethernet:ethernet", speed),
        ])
    };
    let neighbour = |(at, neighbour): (usize, &Neighbour)| {
        let state = some(vec![
            ("id", Some(json!(at.to_string()))),
            ("system-name", neighbour.system_name.as_ref().map(|name| json!(name))),
            ("chassis-id", neighbour.chassis_id.as_ref().map(|id| json!(id))),
            ("port-id", neighbour.port_id.as_ref().map(|id| json!(id))),
            ("port-id-type", kind(neighbour).map(|kind| json!(kind))),
        ]);
        json!({"id": at.to_string(), "state": state})
    };
    let heard = |(name, all): (&InterfaceName, &Vec<Neighbour>)| {
        let all: Vec<Value> = all.iter().enumerate().map(neighbour).collect();
        json!({"name": name.as_str(), "neighbors": {"neighbor": all}})
    };
    let interfaces: Vec<Value> = of.ports.iter().map(interface).collect();
    let heard: Vec<Value> = of.neighbours.iter().map(heard).collect();
    let state = some(vec![("system-name", of.system_name.as_ref().map(|name| json!(name)))]);
    json!({
        "openconfig-interfaces:interfaces": {"interface": interfaces},
        "openconfig-lldp:lldp": {"state": state, "interfaces": {"interface": heard}},
    })
}

fn told() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[a-zA-Z0-9&<]([ -~äß]{0,12}[a-zA-Z0-9&>])?")
}

fn ports() -> impl Strategy<Value = BTreeMap<InterfaceName, Port>> {
    let port = (
        prop::option::of(prop::sample::select(Oper::ALL.to_vec())),
        prop::option::of(any::<u32>()),
        prop::option::of((1_u64..800).prop_map(|number| Bandwidth::from_bps(number * 1_000_000_000))),
    );
    let port = port.prop_map(|(oper, index, speed)| Port { oper, index, speed });
    prop::collection::btree_map(interface(), port, 0..5)
}

fn interface() -> impl Strategy<Value = InterfaceName> {
    "[a-z]{1,4}[0-9]{1,2}(/[0-9]){0,3}".prop_map(|name| name.parse().unwrap())
}

fn surroundings() -> impl Strategy<Value = Surroundings> {
    let neighbour =
        (told(), told(), told(), any::<bool>()).prop_map(|(system_name, chassis_id, port_id, by_name)| {
            let is_interface = by_name && port_id.is_some();
            Neighbour { system_name, chassis_id, port_id, is_interface }
        });
    let neighbours = prop::collection::vec(neighbour, 1..4).prop_map(|mut all| {
        all.sort();
        all
    });
    let neighbours = prop::collection::btree_map(interface(), neighbours, 0..5);
    (told(), ports(), neighbours).prop_map(|(system_name, ports, neighbours)| Surroundings {
        system_name,
        ports,
        neighbours,
        lsdb: None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_a_router_renders_is_read_back_over_both_encodings(of in surroundings()) {
        prop_assert_eq!(&read(&View::from_xml(&over_netconf(&of)).unwrap()).unwrap(), &of);
        prop_assert_eq!(&read(&View::from_json(&over_gnmi(&of))).unwrap(), &of);
    }

    #[test]
    fn no_octets_make_the_reader_panic(octets in prop::collection::vec(any::<u8>(), 0..400), at in any::<usize>()) {
        let text = String::from_utf8_lossy(&octets).into_owned();
        drop(View::from_xml(&text).map(|view| read(&view)));
        drop(serde_json::from_slice::<Value>(&octets).map(|value| read(&View::from_json(&value))));
        // Also where the garbage stands in the middle of what could be an answer.
        let whole = over_netconf(&sample());
        let cut = (0..=at % (whole.len() + 1)).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        let torn = format!("{}{text}{}", &whole[..cut], &whole[cut..]);
        drop(View::from_xml(&torn).map(|view| read(&view)));
    }
}

fn sample() -> Surroundings {
    let port = Port {
        oper: Some(Oper::LowerLayerDown),
        index: Some(7),
        speed: Some(Bandwidth::from_bps(10_000_000_000)),
    };
    let neighbour = Neighbour {
        system_name: Some("core-1.bank.example".into()),
        chassis_id: Some("02:00:00:00:00:01".into()),
        port_id: Some("eth3".into()),
        is_interface: true,
    };
    Surroundings {
        system_name: Some("br-1".into()),
        ports: BTreeMap::from([(InterfaceName::lit("eth1"), port)]),
        neighbours: BTreeMap::from([(InterfaceName::lit("eth1"), vec![neighbour])]),
        lsdb: None,
    }
}

#[test]
fn a_router_is_asked_by_the_modules_that_it_names_and_by_no_others() {
    let of = |modules: &[&'static str]| Topics::of(modules.iter().copied());
    assert!(of(&["openconfig-qos", "openconfig-if-ethernet"]).is_empty());
    let lldp = of(&["openconfig-lldp"]);
    assert_eq!(lldp.paths(), ["/openconfig-lldp:lldp"]);
    assert!(!lldp.is_empty() && !lldp.filter_xml().contains("ifindex"), "{}", lldp.filter_xml());
    let interfaces = of(&["openconfig-interfaces"]);
    assert_eq!(interfaces.paths(), ["/openconfig-interfaces:interfaces"]);
    assert!(!interfaces.filter_xml().contains("ethernet"), "{}", interfaces.filter_xml());
    assert_eq!(all().paths().len(), 2);
    // The database comes from whom it is wanted, where that has one.
    assert!(!all().filter_xml().contains("link-state-database"));
    assert!(of(&["openconfig-network-instance"]).with_database().is_empty());
    let isis = of(&["openconfig-isis"]);
    assert!(isis.is_empty() && !isis.with_database().is_empty());
    assert_eq!(isis.with_database().paths(), [database::PATH]);
    let filter = View::from_xml(&isis.with_database().filter_xml()).unwrap();
    let path = ["network-instances", "network-instance", "protocols", "protocol", "isis", "levels", "level"];
    assert!(filter.at(&path).is_some_and(|level| level.child("link-state-database").is_some()));
    let filter = View::from_xml(&all().filter_xml()).unwrap();
    for path in [
        &["interfaces", "interface", "state", "oper-status"][..],
        &["interfaces", "interface", "ethernet", "state", "port-speed"],
        &["lldp", "interfaces", "interface", "neighbors", "neighbor", "state", "port-id-type"],
    ] {
        assert!(filter.at(path).is_some(), "{path:?}");
    }
}

#[test]
fn speeds_are_read_by_their_identities() {
    let of = |identity| speed(identity).map(Bandwidth::as_bps);
    assert_eq!(of("oc-eth:SPEED_100MB"), Some(100_000_000));
    assert_eq!(of("SPEED_2500MB"), Some(2_500_000_000));
    assert_eq!(of("openconfig-if-ethernet:SPEED_400GB"), Some(400_000_000_000));
    for unknown in ["SPEED_UNKNOWN", "SPEED_", "SPEED_GB", "10GB", "SPEED_99999999999999999999GB"] {
        assert_eq!(of(unknown), None, "{unknown}");
    }
}

#[test]
fn values_that_the_modules_do_not_allow_are_errors_and_names_that_no_file_has_are_left_out() {
    let read_xml = |text: &str| read(&View::from_xml(text).unwrap());
    let port = |name: &str, leaf: &str| {
        format!("<interfaces><interface><name>{name}</name><state>{leaf}</state></interface></interfaces>")
    };
    let bad = read_xml(&port("eth1", "<oper-status>ALIVE</oper-status>")).unwrap_err();
    assert_eq!(bad.to_string(), "interface eth1: `ALIVE` is not an operational status");
    assert!(read_xml(&port("eth1", "<ifindex>-1</ifindex>")).is_err());
    let none = read_xml(&port("a name with blanks", "<ifindex>1</ifindex>")).unwrap();
    assert_eq!(none, Surroundings::default());
    // One box on a customer's port hides nothing of what is heard beside it.
    let heard =
        |chassis: &str| format!("<neighbor><state><chassis-id>{chassis}</chassis-id></state></neighbor>");
    let long = format!(
        "<lldp><interfaces><interface><name>eth1</name><neighbors>{}{}</neighbors></interface></interfaces></lldp>",
        heard(&"\\x80".repeat(64)),
        heard("r2\u{202e}x")
    );
    let told = read_xml(&long).unwrap();
    let all = told.neighbours.values().flatten().map(|one| one.chassis_id.as_deref());
    assert_eq!(all.collect::<Vec<_>>(), [None, Some("r2x")]);
    let told = read_xml("<lldp><state><system-name> r\u{7}1 </system-name></state></lldp>").unwrap();
    assert_eq!(told.system_name.as_deref(), Some("r1"));
}

#[test]
fn more_than_there_is_room_for_is_an_error() {
    let answer = |count: usize| {
        let heard: Vec<Value> = (0..count).map(|at| json!({"id": at.to_string()})).collect();
        let interface = json!({"name": "eth1", "neighbors": {"neighbor": heard}});
        read(&View::from_json(&json!({"lldp": {"interfaces": {"interface": [interface]}}})))
    };
    assert_eq!(answer(MOST).unwrap().neighbours.values().map(Vec::len).sum::<usize>(), MOST);
    assert!(answer(MOST + 1).unwrap_err().to_string().contains("at most 8192 neighbours"));
}
