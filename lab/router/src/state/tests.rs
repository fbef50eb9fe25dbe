use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::datastore::{
    Pattern,
    fixture::{base, schema, tree},
    json::write_tree,
    path::PatternStep,
};

mod routing;

fn shown(running: &crate::datastore::Tree, state: &RouterState) -> serde_json::Value {
    shown_of(running, state, Parts::all())
}

fn shown_of(running: &crate::datastore::Tree, state: &RouterState, parts: Parts) -> serde_json::Value {
    let builder = Builder::new(schema(), &["urn:ietf:params:netconf:base:1.1".into()]);
    let view = builder.overlay(&builder.applied(running, None), state, parts);
    serde_json::from_str(&write_tree(&schema(), &view)).unwrap()
}

fn busy() -> RouterState {
    let queue = QueueState { sent: Traffic { pkts: 2, octets: 3000 }, ..QueueState::default() };
    let neighbour = Neighbour { system: NodeId::lit("r2"), port: InterfaceName::lit("eth7") };
    let interface = InterfaceState {
        up: true,
        index: Some(1),
        neighbour: Some(neighbour),
        sent: Traffic { pkts: 5, octets: 6000 },
        measurement: Measurement { delay: Some(Delay::from_micros(8200)), ..Measurement::default() },
        queues: [(QueueName::lit("af4"), queue)].into(),
        ..InterfaceState::default()
    };
    let key = PolicyKey { color: 1.try_into().unwrap(), endpoint: "10.0.0.2".parse().unwrap() };
    let gone = PolicyKey { color: 99.try_into().unwrap(), endpoint: "10.0.0.2".parse().unwrap() };
    let policy = steered();
    RouterState {
        system_name: Some("r1".into()),
        interfaces: [(InterfaceName::lit("eth1"), interface)].into(),
        policies: [(key, policy.clone()), (gone, policy)].into(),
        rules: BTreeMap::new(),
        sids: local_sids(),
        lsdb: Some(Arc::new(told())),
    }
}

/// The SRv6 SIDs of a list of the fixture's.
fn list(sids: &[&str]) -> Vec<model::Sid> {
    sids.iter().map(|sid| sid.parse().unwrap()).collect()
}

/// The first path of the fixture's first policy forwards, and its list is measured; nothing is known of the backup's.
fn steered() -> PolicyState {
    let measurement = Measurement {
        delay: Some(Delay::from_micros(12_300)),
        loss: Some(Loss::from_ppb(5)),
        ..Measurement::default()
    };
    let state = ListState { valid: Some(true), probes: Probes::Answered, measurement };
    PolicyState {
        active: Active::Path(PathKey { preference: 200, discriminator: 1 }),
        traffic: Some(Traffic { pkts: 1, octets: 100 }),
        lists: [(list(&["fd00:0:1::", "fd00:0:2::"]), state)].into(),
    }
}

fn local_sids() -> BTreeMap<SidPrefix, SidState> {
    let address = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap();
    let node = SidState::uncounted(SidBehaviour::End, Some(Flavour::NextCsid));
    let link = SidState {
        traffic: Some(Traffic { pkts: 7, octets: 700 }),
        errors: Some(0),
        ..SidState::uncounted(SidBehaviour::EndX, None)
    };
    [(SidPrefix::of(address("fd00:0:1:2::3"), 48), node), (SidPrefix::from(address("fd00:0:1:e000::")), link)]
        .into()
}

/// What IS-IS tells of three routers; two lines lead from the first to the second, and the third takes no transit.
fn told() -> Lsdb {
    use model::{
        IgpMetric, TeMetric,
        lsdb::{Adjacency, LsRouter, SystemId},
    };
    let id = |number: u8| SystemId::of([10, 0, 0, number].into());
    let router = |number: u8, adjacencies| LsRouter {
        name: Some(format!("r{number}")),
        router_id: Some([10, 0, 0, number].into()),
        overload: Some(number == 3),
        adjacencies,
        ..LsRouter::default()
    };
    let line = |to, igp| Adjacency { te: Some(TeMetric(igp + 1)), ..Adjacency::new(id(to), IgpMetric(igp)) };
    let first = router(1, vec![line(2, 10), line(2, 20), Adjacency::new(id(3), IgpMetric(30))]);
    let routers = [(1, first), (2, router(2, vec![line(1, 11), line(1, 21)])), (3, router(3, Vec::new()))];
    Lsdb { routers: routers.into_iter().map(|(number, router)| (id(number), router)).collect() }
}

#[test]
fn readers_see_the_applied_configuration_and_what_is_counted() {
    let mut content = base();
    content["openconfig-interfaces:interfaces"]["interface"][0]["config"]["mtu"] = json!(9000);
    let view = shown(&tree(&content), &busy());
    let interface = &view["openconfig-interfaces:interfaces"]["interface"][0];
    assert_eq!(interface["state"]["mtu"], 9000);
    assert_eq!(interface["state"]["oper-status"], "UP");
    assert_eq!(interface["state"]["counters"]["out-octets"], "6000");
    assert_eq!(interface["trunkline-measurement:measurement"], json!({"one-way-delay": 8200}));
    let other = &view["openconfig-interfaces:interfaces"]["interface"][1];
    assert!(other["state"].get("oper-status").is_none(), "what is not known is not shown");
    let queue = &view["openconfig-qos:qos"]["interfaces"]["interface"][0]["output"]["queues"]["queue"][0];
    assert_eq!((&queue["name"], &queue["state"]["transmit-octets"]), (&json!("af4"), &json!("3000")));
}

#[test]
fn neighbours_are_shown_where_they_are_heard() {
    let view = shown(&tree(&base()), &busy());
    let lldp = &view["openconfig-lldp:lldp"];
    assert_eq!(lldp["state"]["system-name"], "r1");
    let heard = json!([{"name": "eth1", "neighbors": {"neighbor": [{"id": "1", "state": {
        "system-name": "r2", "chassis-id": "r2", "chassis-id-type": "LOCAL", "id": "1",
        "port-id": "eth7", "port-id-type": "INTERFACE_NAME"}}]}}]);
    assert_eq!(lldp["interfaces"]["interface"], heard);
    assert_eq!(view["openconfig-interfaces:interfaces"]["interface"][0]["state"]["ifindex"], 1);
    let silent = shown(&tree(&base()), &RouterState::default());
    assert!(silent.get("openconfig-lldp:lldp").is_none(), "who hears nobody and sends nothing shows nothing");
}

/// Routers with some interfaces, some of which hear somebody.
fn around() -> impl Strategy<Value = RouterState> {
    let name = || "[a-z]{1,6}[0-9]?(-[a-z0-9]{1,4})?";
    let heard = prop::option::of((name(), name())).prop_map(|heard| {
        heard
            .map(|(system, port)| Neighbour { system: NodeId::lit(&system), port: InterfaceName::lit(&port) })
    });
    let interface =
        (any::<bool>(), prop::option::of(any::<u32>()), heard).prop_map(|(up, index, neighbour)| {
            InterfaceState { up, index, neighbour, ..InterfaceState::default() }
        });
    let named = (name(), interface).prop_map(|(name, interface)| (InterfaceName::lit(&name), interface));
    (prop::option::of(name()), prop::collection::vec(named, 0..6)).prop_map(|(system_name, interfaces)| {
        RouterState { system_name, interfaces: interfaces.into_iter().collect(), ..RouterState::default() }
    })
}

/// What the product has to understand of that.
fn understood(state: &RouterState) -> model::Surroundings {
    let port = |shown: &InterfaceState| model::Port {
        oper: Some(if shown.up { model::Oper::Up } else { model::Oper::Down }),
        index: shown.index,
        speed: None,
    };
    let heard = |shown: &InterfaceState| {
        shown.neighbour.as_ref().map(|heard| {
            let system = Some(heard.system.to_string());
            vec![model::Neighbour {
                system_name: system.clone(),
                chassis_id: system,
                port_id: Some(heard.port.to_string()),
                is_interface: true,
            }]
        })
    };
    let all = || state.interfaces.iter();
    model::Surroundings {
        system_name: state.system_name.clone(),
        ports: all().map(|(name, shown)| (name.clone(), port(shown))).collect(),
        neighbours: all().filter_map(|(name, shown)| Some((name.clone(), heard(shown)?))).collect(),
        lsdb: state.lsdb.as_deref().cloned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_shown_of_neighbours_is_what_the_product_reads(state in around()) {
        let view = dialects::View::from_json(&shown(&crate::datastore::Tree::default(), &state));
        prop_assert_eq!(dialects::surroundings::read(&view).unwrap(), understood(&state));
    }
}

#[test]
fn what_is_shown_of_the_database_is_what_the_product_reads() {
    let view = dialects::View::from_json(&shown(&tree(&base()), &busy()));
    assert_eq!(dialects::surroundings::read(&view).unwrap().lsdb, Some(told()));
    let without = shown_of(&tree(&base()), &busy(), Parts::all_but(Part::Database));
    let view = dialects::View::from_json(&without);
    assert_eq!(dialects::surroundings::read(&view).unwrap().lsdb, None, "it was not asked for");
}

#[test]
fn the_server_names_its_modules_and_capabilities() {
    let view = shown(&crate::datastore::Tree::default(), &RouterState::default());
    let state = &view["ietf-netconf-monitoring:netconf-state"];
    assert_eq!(state["capabilities"]["capability"], json!(["urn:ietf:params:netconf:base:1.1"]));
    let schemas = state["schemas"]["schema"].as_array().unwrap();
    assert_eq!(schemas.len(), crate::yang::MODULES.len());
}

#[test]
fn a_silent_source_knows_nothing() {
    let state = Silent::default().state(&NodeId::lit("r1"));
    assert_eq!(state, Arc::new(RouterState::default()));
}

#[test]
fn a_copy_made_from_an_earlier_one_is_the_copy_made_anew() {
    let builder = Builder::new(schema(), &[]);
    let old = tree(&base());
    let copy = builder.applied(&old, None);
    let mut new = old.clone();
    let more = crate::datastore::fixture::edits(&json!({"openconfig-interfaces:interfaces": {"interface": [
        {"name": "eth2", "config": {"mtu": 1500}}]}}));
    crate::datastore::edit::apply(&schema(), &mut new, &more, crate::datastore::Operation::Merge).unwrap();
    assert_eq!(builder.applied(&new, Some((&old, &copy))), builder.applied(&new, None));
}

fn parts_of(paths: &[&[&str]]) -> Parts {
    let level = |name: &str| PatternStep { node: schema().at(name).unwrap(), keys: Vec::new() };
    let patterns: Vec<Pattern> =
        paths.iter().map(|path| Pattern(path.iter().map(|name| level(name)).collect())).collect();
    Builder::new(schema(), &[]).parts(&patterns)
}

const PORT: [&str; 2] = ["interfaces", "interfaces/interface"];

#[test]
fn patterns_mean_the_kinds_of_state_on_their_way_and_below() {
    let port = |below: &[&'static str]| {
        let mut path = PORT.to_vec();
        path.extend(below);
        parts_of(&[&path])
    };
    let of = |parts: &[Part]| parts.iter().copied().collect::<Parts>();
    let state = "interfaces/interface/state";
    assert_eq!(port(&[]), of(&[Part::Status, Part::Counters, Part::Measurement]));
    assert_eq!(port(&[state]), of(&[Part::Status, Part::Counters]));
    assert_eq!(port(&[state, "interfaces/interface/state/oper-status"]), of(&[Part::Status]));
    assert_eq!(port(&[state, "interfaces/interface/state/mtu"]), Parts::default(), "that is configuration");
    assert_eq!(port(&["interfaces/interface/measurement"]), of(&[Part::Measurement]));
    let names = [
        "qos",
        "qos/interfaces",
        "qos/interfaces/interface",
        "qos/interfaces/interface/output",
        "qos/interfaces/interface/output/queues",
        "qos/interfaces/interface/output/queues/queue",
        "qos/interfaces/interface/output/queues/queue/name",
    ];
    assert_eq!(
        parts_of(&[&names]),
        of(&[Part::Queues]),
        "a queue that is there by its state alone has its key"
    );
    let steering = [Part::Queues, Part::Steering, Part::Lists, Part::Database];
    assert_eq!(parts_of(&[&["qos"], &["network-instances"]]), of(&steering));
    let sids = ["srv6", "srv6/local-sids", "srv6/local-sids/local-sid"];
    assert_eq!(parts_of(&[&sids]), of(&[Part::Sids]));
    assert_eq!(parts_of(&[&["qos"], &[]]), Parts::all(), "a path of no step is all");
    assert_eq!(parts_of(&[]), Parts::default());
}

#[test]
fn state_that_is_not_asked_for_is_left_out() {
    let (running, state) = (tree(&base()), busy());
    let ports = shown_of(&running, &state, parts_of(&[&PORT]));
    assert_eq!(ports["openconfig-interfaces:interfaces"]["interface"][0]["state"]["oper-status"], "UP");
    assert!(ports.get("openconfig-qos:qos").is_none(), "queues were not asked for");
    let queues = shown_of(&running, &state, parts_of(&[&["qos"]]));
    assert!(queues["openconfig-qos:qos"]["interfaces"]["interface"][0]["output"].is_object());
    assert!(queues["openconfig-interfaces:interfaces"]["interface"][0]["state"].get("oper-status").is_none());
}

#[test]
fn two_moments_are_the_same_as_far_as_they_show_the_same() {
    let before = busy();
    let name = InterfaceName::lit("eth1");
    let changed = |change: &dyn Fn(&mut RouterState)| {
        let mut after = before.clone();
        change(&mut after);
        let differs = |part: &Part| !Parts::from_iter([*part]).are_same(&before, &after);
        assert!(!Parts::all().are_same(&before, &after));
        Part::ALL.into_iter().filter(differs).collect::<Vec<_>>()
    };
    let port = |change: fn(&mut InterfaceState)| {
        let name = &name;
        changed(&move |state| change(state.interfaces.get_mut(name).unwrap()))
    };
    assert_eq!(port(|port| port.up = false), [Part::Status]);
    for counts in [
        (|port| port.sent.pkts += 1) as fn(&mut InterfaceState),
        |port| port.received.octets += 1,
        |port| port.in_discards += 1,
        |port| port.out_discards += 1,
        |port| port.in_errors += 1,
        |port| port.out_errors += 1,
    ] {
        assert_eq!(port(counts), [Part::Counters]);
    }
    assert_eq!(port(|port| port.measurement.loss = Some(Loss::ZERO)), [Part::Measurement]);
    assert_eq!(port(|port| port.queues.clear()), [Part::Queues]);
    assert_eq!(port(|port| port.index = Some(9)), [Part::Status]);
    assert_eq!(port(|port| port.neighbour = None), [Part::Neighbours]);
    assert_eq!(changed(&|state| state.system_name = None), [Part::Neighbours]);
    assert_eq!(changed(&|state| state.policies.clear()), [Part::Steering, Part::Lists]);
    let policies =
        |change: fn(&mut PolicyState)| changed(&move |state| state.policies.values_mut().for_each(change));
    assert_eq!(policies(|policy| policy.traffic = None), [Part::Steering]);
    assert_eq!(policies(|policy| policy.active = Active::Unknown), [Part::Steering, Part::Lists]);
    assert_eq!(policies(|policy| policy.lists.clear()), [Part::Lists]);
    assert_eq!(changed(&|state| state.sids.clear()), [Part::Sids]);
    assert_eq!(changed(&|state| state.lsdb = None), [Part::Database]);
    let all_but_steering = &Part::ALL[..5];
    assert_eq!(changed(&|state| state.interfaces.clear()), all_but_steering);
    let rename = |state: &mut RouterState| {
        let port = state.interfaces.remove(&name).unwrap();
        state.interfaces.insert(InterfaceName::lit("eth7"), port);
    };
    assert_eq!(changed(&rename), all_but_steering);
    assert!(Parts::all().are_same(&before, &before.clone()));
}

#[test]
fn parts_cover_and_join() {
    let (one, other) = (parts_of(&[&["qos"]]), parts_of(&[&["interfaces"]]));
    let both = one.and(other);
    assert!(both.cover(one) && both.cover(other) && !one.cover(both) && !one.cover(other));
    assert!(Parts::all().cover(both) && !both.cover(Parts::all()) && one.cover(Parts::default()));
}
