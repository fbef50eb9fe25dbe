use model::Source;

use super::left_out;
use crate::{
    read,
    tests::{faults, told},
    to_rfc8345,
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
    let said = left_out(&ted).expect("the name of an affinity has no place").message;
    assert_eq!(
        said,
        "these have no place in RFC 8345 and are left out: segment identifiers and label blocks and names of affinities and \
         risk groups"
    );
    let named = left_out(&back.ted).expect("so has the one that was made of it").message;
    assert!(!named.contains("segment"), "what is not there is not lost: {named}");
}
