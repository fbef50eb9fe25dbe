use super::*;

const NETWORK: &str = r#"
apiVersion: trunkline/v1
kind: Network
nodes:
  - {name: hq-1, role: hq, routerId: 1.1.1.1, lat: 40, lon: 116}
  - {name: hq-2, role: hq, routerId: 1.1.1.2, lat: 31, lon: 121}
  - {name: br-a, role: branch, routerId: 1.1.1.3, lat: 30, lon: 120, labels: {tier: "1"}}
  - {name: br-b, role: branch, routerId: 1.1.1.4, lat: 39, lon: 117, site: north}
  - {name: br-c, role: branch, routerId: 1.1.1.5, lat: 30, lon: 119}
"#;

fn offered(flows: &str) -> Result<Vec<String>, String> {
    let ted = formats::read("n.yaml", NETWORK).unwrap().ted;
    let tell =
        |findings: Vec<Finding>| findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let text = format!("apiVersion: trunkline/v1\nkind: Traffic\nflows:\n{flows}");
    let traffic = Traffic::read("t.yaml", &text).map_err(tell)?;
    demands(&traffic, &ted).map(|demands| demands.keys().map(ToString::to_string).collect()).map_err(tell)
}

const REST: &str = "vrf: v, dscp: ef, rate: 1Mbps";

#[test]
fn hubs_take_turns_over_the_spokes() {
    let all = offered(&format!(
        "  - {{name: x, hubs: {{role: hq}}, spokes: {{role: branch}}, directions: to-spokes, {REST}}}\n"
    ));
    assert_eq!(all.unwrap(), ["x/hq-1~br-a", "x/hq-1~br-c", "x/hq-2~br-b"]);
}

#[test]
fn the_nearest_hub_serves() {
    let all = offered(&format!(
        "  - {{name: x, hubs: {{role: hq}}, spokes: {{name: \"br-*\"}}, pair: nearest, directions: to-hubs, {REST}}}\n"
    ));
    assert_eq!(all.unwrap(), ["x/br-a~hq-2", "x/br-b~hq-1", "x/br-c~hq-2"]);
}

#[test]
fn every_pair_in_both_directions() {
    let all = offered(&format!(
        "  - {{name: x, hubs: {{role: hq}}, spokes: {{labels: {{tier: \"1\"}}}}, pair: every, {REST}}}\n"
    ));
    assert_eq!(all.unwrap(), ["x/br-a~hq-1", "x/br-a~hq-2", "x/hq-1~br-a", "x/hq-2~br-a"]);
    let all = offered(&format!(
        "  - {{name: x, hubs: {{role: hq}}, spokes: {{site: north}}, directions: to-hubs, {REST}}}\n"
    ));
    assert_eq!(all.unwrap(), ["x/br-b~hq-1"]);
}

#[test]
fn faults_of_a_traffic_file_are_told() {
    let told =
        offered("  - {name: x, hubs: {rol: hq}, spokes: {}, pair: nearset, vrf: v, dscp: af99, rate: 1}\n")
            .unwrap_err();
    for what in
        ["`rol` is not a word", "did you mean `nearest`?", "is not a DSCP", "`rate`: `1` is not a bandwidth"]
    {
        assert!(told.contains(what), "{what} in {told}");
    }
    let told = offered("  - {name: x y}\n").unwrap_err();
    for what in ["`hubs` is missing", "`vrf` is missing", "is not a name"] {
        assert!(told.contains(what), "{what} in {told}");
    }
    let flow = format!("  - {{name: x, hubs: {{role: hq}}, spokes: {{role: branch}}, {REST}}}\n");
    assert!(offered(&format!("{flow}{flow}")).unwrap_err().contains("TL0161"));
    let told = offered(&format!("  - {{name: x, hubs: {{role: h}}, spokes: {{role: branch}}, {REST}}}\n"))
        .unwrap_err();
    assert!(told.contains("error[TL0160] flow x: `hubs` means no node"), "{told}");
}

#[test]
fn the_schema_has_the_words_of_the_reader() {
    let schema = traffic_schema();
    let mut words: Vec<&str> =
        schema["$defs"]["Flow"]["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut known = FLOW;
    words.sort_unstable();
    known.sort_unstable();
    assert_eq!(words, known);
}
