//! What a router serves of its database is read back the same, over both encodings; what does not belong to the network is left out.

use std::net::Ipv6Addr;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// JSON as XML, without namespaces.
fn xml(value: &Value) -> String {
    let element = |(name, value): (&String, &Value)| {
        let name = name.rsplit_once(':').map_or(name.as_str(), |(_, local)| local);
        let all = match value {
            Value::Array(all) => all.iter().collect(),
            one => vec![one],
        };
        all.into_iter().map(|value| format!("<{name}>{}</{name}>", xml(value))).collect::<String>()
    };
    match value {
        Value::Object(members) => members.iter().map(element).collect(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// LSPs as a router serves them.
fn served(instance: &str, lsps: &[Value]) -> Value {
    let level = json!({"level-number": 2, "link-state-database": {"lsp": lsps}});
    let protocol = json!({"identifier": "openconfig-policy-types:ISIS", "name": "lab", "isis": {"levels": {"level": [level]}}});
    let instance = json!({"name": instance, "protocols": {"protocol": [protocol]}});
    json!({"openconfig-network-instance:network-instances": {"network-instance": [instance]}})
}

fn over_both(answer: &Value) -> Lsdb {
    let json = read(&View::from_json(answer)).unwrap().unwrap();
    let xml = read(&View::from_xml(&xml(answer)).unwrap()).unwrap().unwrap();
    assert_eq!(json, xml);
    json
}

fn subtlvs(adjacency: &Adjacency) -> Vec<Value> {
    let mut all = Vec::new();
    for (end, word) in [(&adjacency.near, "interface"), (&adjacency.far, "neighbor")] {
        for address in end {
            let family = if address.is_ipv4() { "ipv4" } else { "ipv6" };
            let mut subtlv = Map::new();
            subtlv.insert(
                format!("{family}-{word}-address"),
                json!({"state": {"address": [address.to_string()]}}),
            );
            all.push(Value::Object(subtlv));
        }
    }
    all.extend(adjacency.te.map(|te| json!({"te-default-metric": {"state": {"metric": te.0}}})));
    all.extend(adjacency.delay.map(|delay| json!({"link-delay": {"state": {"delay": delay.as_micros()}}})));
    all.extend(
        adjacency
            .jitter
            .map(|jitter| json!({"link-delay-variation": {"state": {"delay": jitter.as_micros()}}})),
    );
    all.extend(
        adjacency.loss.map(|loss| json!({"link-loss": {"state": {"link-loss": loss.as_ppb() / LOSS_STEP}}})),
    );
    all.extend(adjacency.label.map(|label| {
        let backup =
            json!({"value": 15_999, "state": {"value": 15_999, "flags": ["VALUE", "LOCAL", "BACKUP"]}});
        let sid =
            json!({"value": label.number(), "state": {"value": label.number(), "flags": ["VALUE", "LOCAL"]}});
        json!({"adjacency-sids": {"adjacency-sid": [backup, sid]}})
    }));
    all
}

/// The LSP of a router, in two fragments.
fn lsps(system: SystemId, router: &LsRouter) -> [Value; 2] {
    let mut tlvs = Vec::new();
    tlvs.extend(router.name.as_ref().map(|name| json!({"hostname": {"state": {"hostname": [name]}}})));
    tlvs.extend(
        router.router_id.map(|id| json!({"ipv4-te-router-id": {"state": {"router-id": [id.to_string()]}}})),
    );
    tlvs.extend(router.srgb.map(|block| {
        let state = json!({"range": block.size, "label": block.base});
        let descriptor = json!({"range": block.size, "state": state});
        let capability = json!({"srgb-descriptors": {"srgb-descriptor": [descriptor]}});
        json!({"router-capabilities": {"capability": [{"subtlvs": {"subtlv": [{"segment-routing-capability": capability}]}}]}})
    }));
    tlvs.extend(router.node_sid.map(|index| {
        let state = json!({"value": index, "flags": ["NODE"], "algorithm": 0});
        let sids = json!({"prefix-sids": {"prefix-sid": [{"value": index, "state": state}]}});
        let prefix = router.router_id.unwrap_or(Ipv4Addr::new(10, 9, 9, 9));
        json!({"extended-ipv4-reachability": {"prefixes": {"prefix": [
            {"prefix": format!("{prefix}/32"), "subtlvs": {"subtlv": [sids]}}]}}})
    }));
    let neighbour = |adjacency: &Adjacency| {
        let state = json!({"id": 0, "metric": adjacency.igp.0});
        let instance = json!({"id": 0, "state": state, "subtlvs": {"subtlv": subtlvs(adjacency)}});
        json!({"system-id": adjacency.to.to_string(), "instances": {"instance": [instance]}})
    };
    let reach: Vec<Value> = router.adjacencies.iter().map(neighbour).collect();
    let flags = if router.overload == Some(true) { json!(["OVERLOAD"]) } else { json!([]) };
    let first =
        json!({"lsp-id": format!("{system}.00-00"), "state": {"flags": flags}, "tlvs": {"tlv": tlvs}});
    let reach = json!({"tlv": [{"extended-is-reachability": {"neighbors": {"neighbor": reach}}}]});
    [first, json!({"lsp-id": format!("{system}.00-01"), "state": {}, "tlvs": reach})]
}

fn adjacency() -> impl Strategy<Value = Adjacency> {
    let ends = || {
        let address = prop_oneof![
            any::<u32>().prop_map(|bits| IpAddr::from(Ipv4Addr::from(bits))),
            any::<u128>().prop_map(|bits| IpAddr::from(Ipv6Addr::from(bits)))
        ];
        prop::collection::vec(address, 0..3).prop_map(|mut all| {
            // One family after the other, as they are read.
            all.sort_by_key(IpAddr::is_ipv6);
            all
        })
    };
    let label = prop::option::of((16_u32..1 << 20).prop_map(|number| Label::try_from(number).unwrap()));
    let measured = (
        prop::option::of(0_u32..1 << 24),
        prop::option::of(0_u32..1 << 24),
        prop::option::of(0_u32..1 << 24),
    );
    let to = prop::array::uniform6(any::<u8>()).prop_map(SystemId);
    (to, ends(), ends(), 1_u32..1 << 24, prop::option::of(any::<u32>()), label, measured).prop_map(
        |(to, near, far, igp, te, label, (delay, jitter, loss))| Adjacency {
            near,
            far,
            te: te.map(TeMetric),
            label,
            delay: delay.map(|delay| Delay::from_micros(delay.into())),
            jitter: jitter.map(|jitter| Jitter::from_micros(jitter.into())),
            loss: loss.map(|steps| Loss::from_ppb(steps * LOSS_STEP)),
            ..Adjacency::new(to, IgpMetric(igp))
        },
    )
}

fn lsdb() -> impl Strategy<Value = Lsdb> {
    let router = (
        prop::option::of("[a-z][a-z0-9-]{0,8}"),
        prop::option::of(any::<u32>().prop_map(Ipv4Addr::from)),
        any::<bool>(),
        prop::option::of((16_u32..100_000, 1_u32..10_000).prop_map(|(base, size)| LabelBlock { base, size })),
        prop::option::of(any::<u32>()),
        prop::collection::vec(adjacency(), 0..4),
    );
    let router = router.prop_map(|(name, router_id, overload, srgb, node_sid, adjacencies)| LsRouter {
        name,
        router_id,
        overload: Some(overload),
        srgb,
        node_sid,
        adjacencies,
    });
    let id = prop::array::uniform6(any::<u8>()).prop_map(SystemId);
    prop::collection::btree_map(id, router, 0..4).prop_map(|routers| Lsdb { routers })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_a_router_serves_of_it_is_read_back_over_both_encodings(of in lsdb()) {
        let all: Vec<Value> =
            of.routers.iter().flat_map(|(system, router)| lsps(*system, router)).collect();
        // An empty list is nothing in XML and in JSON alike.
        let answer = served("DEFAULT", &all);
        if all.is_empty() {
            prop_assert_eq!(read(&View::from_json(&answer)).unwrap(), Some(Lsdb::default()));
        } else {
            prop_assert_eq!(over_both(&answer), of);
        }
    }
}

#[test]
fn lans_purged_lsps_and_those_of_customers_are_left_out() {
    let lsp = |id: &str, life: u32| json!({"lsp-id": id, "state": {"remaining-lifetime": life}, "tlvs": {"tlv": []}});
    let all =
        [lsp("0000.0000.0001.00-00", 900), lsp("0000.0000.0001.03-00", 900), lsp("0000.0000.0002.00-00", 0)];
    let found = over_both(&served("default", &all));
    let systems: Vec<String> = found.routers.keys().map(ToString::to_string).collect();
    assert_eq!(systems, ["0000.0000.0001"]);
    assert_eq!(read(&View::from_json(&served("bank", &all))).unwrap(), None, "a VRF's");
    assert_eq!(read(&View::default()).unwrap(), None);
}

#[test]
fn what_the_module_does_not_allow_is_an_error_with_its_place() {
    let error = |lsp: Value| read(&View::from_json(&served("default", &[lsp]))).unwrap_err().to_string();
    let named = error(json!({"lsp-id": "core-1.00-00"}));
    assert_eq!(named, "lsp: `core-1.00-00` is not the name of an LSP, like 0000.0000.0001.00-00");
    let neighbour =
        json!({"system-id": "0000.0000.0002", "instances": {"instance": [{"state": {"metric": -1}}]}});
    let tlv = json!({"extended-is-reachability": {"neighbors": {"neighbor": [neighbour]}}});
    let metric = error(json!({"lsp-id": "0000.0000.0001.00-00", "tlvs": {"tlv": [tlv]}}));
    assert_eq!(metric, "lsp 0000.0000.0001.00-00, neighbor 0000.0000.0002: `-1` is not a metric");
}

#[test]
fn more_lsps_than_there_is_room_for_are_an_error() {
    let lsps = |count: usize| -> Vec<Value> {
        (0..count).map(|at| json!({"lsp-id": format!("0000.0000.{at:04x}.00-00")})).collect()
    };
    let read = |count| read(&View::from_json(&served("default", &lsps(count))));
    assert_eq!(read(LSPS).unwrap().unwrap().routers.len(), LSPS);
    assert!(read(LSPS + 1).unwrap_err().to_string().contains("at most 65536 LSPs"));
}
