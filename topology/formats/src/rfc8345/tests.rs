use std::collections::BTreeSet;

use model::Source;

use super::{beyond, ours};
use crate::{
    read,
    tests::{faults, told},
    to_network_yaml, to_rfc8345,
};

const TWO: &str = r#"{"ietf-network:networks": {"network": [
  {"network-id": "other", "network-types": {}},
  {"network-id": "te", "network-types": {"ietf-te-topology:te-topology": {}},
   "node": [
     {"node-id": "r1", "ietf-te-topology:te-node-id": "10.0.0.1",
      "ietf-te-topology:te": {"geolocation": {"latitude": "39.9", "longitude": "116.4"}}},
     {"node-id": "r2", "ietf-l3-unicast-topology:l3-node-attributes": {"router-id": ["10.0.0.2"]}},
     {"node-id": "r3"}],
   "ietf-network-topology:link": [
     {"link-id": "r2,r1 with blanks", "source": {"source-node": "r2", "source-tp": "b"}, "destination": {"dest-node": "r1", "dest-tp": "a"},
      "ietf-te-topology:te": {"te-link-attributes": {"te-delay-metric": 700, "administrative-group": "05"}}},
     {"link-id": "r1,r2", "source": {"source-node": "r1", "source-tp": "a"}, "destination": {"dest-node": "r2", "dest-tp": "b"},
      "ietf-te-topology:te": {"te-link-attributes": {"te-delay-metric": 500, "te-srlgs": {"value": [7]}, "te-igp-metric": 3,
        "max-link-bandwidth": {"te-bandwidth": {"generic": "0x1.2a05f2p+30"}}, "interface-switching-capability": []}}},
     {"link-id": "r2-r3", "source": {"source-node": "r2", "source-tp": "c"}, "destination": {"dest-node": "r3", "dest-tp": "a"},
      "ietf-l3-unicast-topology:l3-link-attributes": {"metric1": "44"}}]}
]}}"#;

#[test]
fn what_others_write_is_read() {
    let network = read("te.json", TWO).unwrap_or_else(|f| panic!("{}", told(&f)));
    let ted = network.ted;
    assert_eq!(ted.nodes.len(), 3);
    assert_eq!(ted.nodes[&"r2".parse().unwrap()].router_id.to_string(), "10.0.0.2");
    assert_eq!(ted.nodes[&"r1".parse().unwrap()].location.unwrap().lat, 39.9);
    let pair = &ted.links[&"r2:b--r1:a".parse().unwrap()];
    assert_eq!([&pair.a_to_z, &pair.z_to_a].map(|d| d.delay.value.as_micros()), [700, 500]);
    assert_eq!(pair.z_to_a.bandwidth.value.to_string(), "10Gbps");
    assert_eq!(pair.a_to_z.bandwidth.source, Source::Derived);
    assert!(pair.affinity.contains(&"bit-2".parse().unwrap()) && pair.srlg.contains("srlg-7"));
    assert_eq!(
        pair.a_to_z.adjacency_label, None,
        "the models say nothing of segments, so nothing is made up"
    );
    assert_eq!(ted.links[&"r2-r3".parse().unwrap()].z_to_a.igp.value.0, 44);
    let notes = told(&network.notes);
    for what in ["TL0126", "TL0127", "interface-switching-capability", "TL0123"] {
        assert!(notes.contains(what), "{what} in {notes}");
    }
}

#[test]
fn what_cannot_be_understood_is_an_error() {
    let text = TWO
        .replace("0x1.2a05f2p+30", "plenty")
        .replace("\"05\"", "\"5\"")
        .replace("\"node-id\": \"r1\"", "\"node-id\": \"r9\"");
    let told = faults(&text);
    assert!(told.contains("`max-link-bandwidth`: `plenty` cannot be understood"), "{told}");
    assert!(told.contains("`administrative-group`: `5` cannot be understood"), "{told}");
    assert!(told.contains("there is no node `r1`"), "{told}");
    let told = faults(&TWO.replace("116.4", "216.4"));
    assert!(told.contains("node r1, geolocation: `longitude`: degrees go from -180 to 180"), "{told}");
    assert!(faults(r#"{"ietf-network:networks": {}}"#).contains("the file holds no network"));
}

#[test]
fn the_direction_of_our_own_links_survives() {
    let native = "apiVersion: trunkline/v1\nkind: Network\nnodes: [{name: a, routerId: 1.1.1.1}, {name: b, routerId: 1.1.1.2}]\n\
                  links: [{name: x, a: \"b:1\", z: \"a:1\", aToZ: {delay: 1ms}, zToA: {delay: 2ms}, affinity: [red]}]\n";
    let ted = read("n.yaml", native).unwrap().ted;
    let back = read("n.json", &to_rfc8345(&ted)).unwrap();
    let link = &back.ted.links[&"x".parse().unwrap()];
    assert_eq!((link.a.node.as_str(), link.a_to_z.delay.value.to_string()), ("b", "1ms".to_owned()));
    assert_eq!(back.notes, []);
    let said = beyond(&ted).expect("the name of an affinity is ours").message;
    assert_eq!(
        said,
        "RFC 8345 has no place for these, so members of our own (`trunkline:…`) say them: segment identifiers and label blocks and \
         names of affinities"
    );
    assert_eq!(back.ted, ted, "and nothing of it is lost");
    let others = read("te.json", TWO).unwrap().ted;
    assert_eq!(beyond(&others), None, "what is not there has no place either");
}

/// The attributes of one link, in both directions.
fn attributes(text: &str) -> Vec<serde_json::Value> {
    let document: serde_json::Value = serde_json::from_str(text).unwrap();
    let links = document[super::ROOT]["network"][0]["ietf-network-topology:link"].as_array().unwrap().clone();
    links.iter().map(|link| link["ietf-te-topology:te"]["te-link-attributes"].clone()).collect()
}

/// Two routers and a line with these attributes in each direction.
fn pair(forth: &str, back: &str) -> String {
    let link = |id: &str, from: &str, to: &str, attributes: &str| {
        format!(
            r#"{{"link-id": "link:x{id}",
  "source": {{"source-node": "node:{from}", "source-tp": "if:1"}}, "destination": {{"dest-node": "node:{to}", "dest-tp": "if:1"}},
  {attributes}}}"#
        )
    };
    format!(
        r#"{{"ietf-network:networks": {{"network": [{{"network-id": "network:trunkline",
 "node": [{{"node-id": "node:a", "ietf-te-topology:te-node-id": "10.0.0.1"}},
  {{"node-id": "node:b", "ietf-te-topology:te-node-id": "10.0.0.2"}}],
 "ietf-network-topology:link": [
{},
{}]}}]}}}}"#,
        link("#forth", "a", "b", forth),
        link("#back", "b", "a", back)
    )
}

#[test]
fn numbers_of_groups_and_risks_are_kept() {
    let te = r#""ietf-te-topology:te": {"te-link-attributes": {"te-srlgs": {"value": [7, 9, 4000000000]}, "administrative-group": "00:00:00:20"}}"#;
    let read_again = |text: &str| read("again", text).unwrap_or_else(|f| panic!("{}", told(&f))).ted;
    let native = to_network_yaml(&read_again(&pair(te, te)));
    assert!(native.contains("- bit-5\n") && native.contains("- srlg-9\n"), "{native}");
    for each in attributes(&to_rfc8345(&read_again(&native))) {
        let wanted = serde_json::json!({
            "admin-status": "up", "te-srlgs": {"value": [7, 9, 4_000_000_000_u32]}, "administrative-group": "00:00:00:20"
        });
        assert_eq!(each, wanted, "what nobody said is not written");
    }
    // A number that a name has is not given to another name, and is the same in another network.
    let named = |names: &str| {
        let native = native.replace("- srlg-7\n", &format!("- {names}\n"));
        attributes(&to_rfc8345(&read_again(&native)))[0]["te-srlgs"]["value"].clone()
    };
    assert_eq!(named("duct-3"), serde_json::json!([9, 3_219_748_225_u32, 4_000_000_000_u32]));
    assert_eq!(
        named("a\n  - duct-3"),
        serde_json::json!([9, 3_219_748_225_u32, 3_826_002_220_u32, 4_000_000_000_u32])
    );
}

#[test]
fn members_of_our_own_are_read_and_others_in_our_name_are_refused() {
    let members = |node: &str, network: &str| {
        pair(
            "\"trunkline:price\": \"1200\", \"trunkline:contract\": {\"delay\": \"9ms\"}",
            "\"trunkline:loss\": \"0.1%\"",
        )
        .replace("\"node-id\": \"node:a\",", &format!("\"node-id\": \"node:a\", {node},"))
        .replace(
            "\"network-id\": \"network:trunkline\",",
            &format!("\"network-id\": \"network:trunkline\", {network},"),
        )
    };
    let names = r#""trunkline:srlg": [{"number": 7, "name": "duct"}]"#;
    let text = members(
        r#""trunkline:role": "hq", "trunkline:labels": [{"name": "region", "value": "north"}]"#,
        names,
    );
    let network = read("net.json", &text).unwrap_or_else(|f| panic!("{}", told(&f)));
    let node = &network.ted.nodes[&"a".parse().unwrap()];
    assert_eq!((node.role.as_deref(), node.labels["region"].as_str()), (Some("hq"), "north"));
    let link = &network.ted.links[&"x".parse().unwrap()];
    assert_eq!(link.price.map(|price| price.0), Some(1200));
    assert_eq!(link.contract.delay.unwrap().to_string(), "9ms");
    assert_eq!(
        (link.z_to_a.loss.value.to_string(), &link.a_to_z.loss.source),
        ("0.1%".to_owned(), &Source::Derived)
    );

    let told = faults(&members(
        r#""trunkline:rolle": "hq", "trunkline:name": "b""#,
        r#""trunkline:srlg": [{"number": 7, "name": "duct"}, {"number": 8, "name": "duct"}, {"number": 9, "name": "srlg-1"}],
  "trunkline:affinity": [{"bit": 3, "name": "two words"}]"#,
    ));
    for said in [
        "1:126 error[TL0104] network, srlg: `duct` is the name of two numbers",
        "1:157 error[TL0104] network, srlg: `srlg-1` is the name of another number than 9",
        "2:26 error[TL0104] network, affinity: `name`: ",
        "3:33 error[TL0102] node node:a: `rolle` is not a word that is known here (did you mean `role`?)",
        "3:58 error[TL0102] node node:a: `name` is not a word that is known here",
    ] {
        assert!(told.contains(said), "{said}\nin\n{told}");
    }
}

#[test]
fn what_contradicts_itself_is_told() {
    let bandwidth = r#""ietf-te-topology:te": {"te-link-attributes": {"max-link-bandwidth": {"te-bandwidth": {"generic": "0x1.74876ep+33"}}}}"#;
    let exact = format!("{bandwidth}, \"trunkline:bandwidth\": \"100Gbps\"");
    let ted = read("net.json", &pair(&exact, bandwidth)).unwrap_or_else(|f| panic!("{}", told(&f))).ted;
    let link = &ted.links[&"x".parse().unwrap()];
    assert_eq!(link.a_to_z.bandwidth.value.to_string(), "100Gbps", "a 32-bit float cannot say it");
    assert_ne!(link.z_to_a.bandwidth.value.to_string(), "100Gbps");
    let told = faults(&pair(&exact.replace("100Gbps", "10Gbps"), bandwidth));
    assert!(
        told.starts_with("7:146 error[TL0104] link link:x#forth: `trunkline:bandwidth` says 10Gbps and `max-link-bandwidth` says "),
        "{told}"
    );
    let role = |name: &str| format!("\"trunkline:role\": \"{name}\"");
    let network = read("net.json", &pair(&role("core"), &role("leased"))).unwrap();
    let notes = self::told(&network.notes);
    assert!(
        notes.contains("5:13 warning[TL0125] link x#forth: its two directions differ in `trunkline:role`"),
        "{notes}"
    );
    assert_eq!(network.ted.links[&"x".parse().unwrap()].role.as_deref(), Some("core"));
}

#[test]
fn what_is_said_of_a_file_has_its_place() {
    let notes = told(&read("te.json", TWO).unwrap().notes);
    for said in [
        "3:18 warning[TL0126] file: the file holds 2 networks; `te` is read",
        "14:80 info[TL0125] network: attributes that are not used: interface-switching-capability",
        "15:18 warning[TL0127] link r2-r3: only one direction is given",
    ] {
        assert!(notes.contains(said), "{said}\nin\n{notes}");
    }
    let twice = faults(&TWO.replace("\"node-id\": \"r3\"", "\"node-id\": \"r1\""));
    assert!(twice.contains("8:18 error[TL0107] node r1: there is another node `r1`"), "{twice}");
    assert_eq!(
        faults("{\"ietf-network:networks\": {\"network\": [\n"),
        "1:39 error[TL0100] file: the file ends where a value belongs (the file was probably cut off: get it again)"
    );
}

#[test]
fn the_module_has_exactly_our_members() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/trunkline.yang");
    let module = std::fs::read_to_string(path).unwrap();
    let parts: Vec<&str> = module.split("\n  augment ").skip(1).collect();
    // Four blanks: what stands right in the augment.
    let members = |part: &str| {
        let nodes = part.lines().filter_map(|line| {
            let (kind, name) = line.strip_prefix("    ")?.strip_suffix(" {")?.split_once(' ')?;
            ["leaf", "container", "list"].contains(&kind).then(|| name.to_owned())
        });
        nodes.collect::<BTreeSet<_>>()
    };
    let ours = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(parts.len(), 3);
    assert_eq!(members(parts[0]), ours(&ours::NETWORK));
    assert_eq!(members(parts[1]), ours(&ours::NODE));
    assert_eq!(members(parts[2]), ours(&[&ours::LINE[..], &ours::DIRECTION[..]].concat()));
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/network.md");
    let page = std::fs::read_to_string(page).unwrap();
    let table = page.split_once("## RFC 8345").unwrap().1;
    let all = [&ours::NETWORK[..], &ours::NODE, &ours::LINE, &ours::DIRECTION].concat();
    let told =
        |word: &&&str| table.contains(&format!("`{word}`")) || table.contains(&format!("`trunkline:{word}`"));
    assert_eq!(all.iter().filter(|word| !told(word)).collect::<Vec<_>>(), [&""; 0]);
}
