use model::{Hints, Verdict};

use crate::{
    codes,
    tests::{CLASSES, compiled, service, set_of, ted},
    why,
};

/// From r1 to r4 over r2 by metric, over r3 and r5 by delay.
const TWO_WAYS: &str = "
apiVersion: trunkline/v1
kind: Network
nodes:
  - {name: r1, routerId: 10.0.0.1, locator: \"fd00:0:101::/48\", CSID}
  - {name: r2, routerId: 10.0.0.2, locator: \"fd00:0:102::/48\", CSID}
  - {name: r3, routerId: 10.0.0.3, locator: \"fd00:0:103::/48\", CSID}
  - {name: r4, routerId: 10.0.0.4, locator: \"fd00:0:104::/48\", CSID}
  - {name: r5, routerId: 10.0.0.5, locator: \"fd00:0:105::/48\", CSID}
links:
  - {name: r1r2, a: \"r1:eth1\", z: \"r2:eth1\", igp: 10, delay: 9ms}
  - {name: r2r4, a: \"r2:eth2\", z: \"r4:eth1\", igp: 10, delay: 9ms}
  - {name: r1r3, a: \"r1:eth2\", z: \"r3:eth1\", igp: 50, delay: 1ms}
  - {name: r3r5, a: \"r3:eth2\", z: \"r5:eth1\", igp: 50, delay: 1ms}
  - {name: r5r4, a: \"r5:eth2\", z: \"r4:eth2\", igp: 50, delay: 1ms}
";

/// The list from r1 to r4 and what `why` says of its addresses; all routers read containers but for what is changed.
fn list(pin: &str, (from, to): (&str, &str)) -> (Vec<String>, Option<String>) {
    let reads = "nextCsid: {locatorBlockLength: 32, locatorNodeLength: 16}";
    let ted = ted(&TWO_WAYS.replace(from, to).replace("CSID", reads));
    let rest = format!(
        "  connectivity: {{type: p2p, endpoints: [r1, r4]}}\n  path: {{dataplane: srv6, minimise: delay{pin}}}"
    );
    let set = set_of(&[CLASSES, &service("x", &rest)], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    let Verdict::Carried { directions, .. } = done.verdicts.values().next().unwrap() else {
        panic!("{done:?}")
    };
    let segments = directions[0].primary.segments.iter().map(ToString::to_string).collect();
    let told = why("x", &set, &done).unwrap();
    let packed = told.lines().find(|line| line.contains("several SIDs")).map(|line| line.trim().to_owned());
    (segments, packed)
}

#[test]
fn what_all_nodes_of_a_list_read_is_one_address_and_is_told_part_by_part() {
    let (segments, packed) = list("", ("", ""));
    assert_eq!(segments, ["fd00:0:103:e001:104::"]);
    assert_eq!(
        packed.unwrap(),
        "because: several SIDs in one address: destination fd00:0:103:e001:104:: (uA r3 by r3r5, uN r4)"
    );
    let (segments, packed) = list(", pin: links", ("", ""));
    assert_eq!(segments, ["fd00:0:101:e001:103:e001:105:e001"]);
    assert!(packed.unwrap().ends_with("(uA r1 by r1r3, uA r3 by r3r5, uA r5 by r5r4)"));
}

#[test]
fn what_one_node_of_a_list_cannot_read_is_written_in_full() {
    // What is told of containers is that of the way back, over the nodes that read them.
    let full = |last: &str| vec!["fd00:0:103:e001::".to_owned(), last.to_owned()];
    assert_eq!(list("", ("104::/48\", CSID", "104::/48\"")).0, full("fd00:0:104:1::"));
    assert_eq!(list("", ("103::/48\", CSID", "103::/48\"")).0, full("fd00:0:104:1::"));
    // Of another block, and with a block of another length, which fewer nodes have.
    assert_eq!(list("", ("fd00:0:104::", "fd00:1:104::")).0, full("fd00:1:104:1::"));
    let longer = "fd00:0:1:104::/64\", nextCsid: {locatorBlockLength: 48, locatorNodeLength: 16}";
    assert_eq!(list("", ("fd00:0:104::/48\", CSID", longer)).0, full("fd00:0:1:104:1::"));
    // The others go on in one address, and what is behind it stands in the SRH.
    let (segments, packed) = list(", pin: links", ("105::/48\", CSID", "105::/48\""));
    assert_eq!(segments, ["fd00:0:101:e001:103:e001::", "fd00:0:105:e001::"]);
    assert_eq!(
        packed.unwrap(),
        "because: several SIDs in one address: destination fd00:0:101:e001:103:e001:: (uA r1 by r1r3, uA r3 by r3r5), then by \
         the SRH fd00:0:105:e001::"
    );
}

#[test]
fn a_service_is_not_led_past_a_function_that_has_no_sid_in_its_data_plane() {
    let text = include_str!("../../../examples/minimal/network.yaml").replace(
        "nodeSid: 2, locator: \"fd00:0:2::/48\"",
        "nodeSid: 2, serviceLabel: 15900, locator: \"fd00:0:2::/48\"",
    );
    let ted = ted(&text);
    let through = |name: &str, dataplane: &str| {
        service(
            name,
            &format!(
                "  connectivity: {{type: p2p, endpoints: [hq-pe1, br-1]}}\n  sle: {{waypoints: [core-1]}}\n  \
                 path: {{dataplane: {dataplane}, minimise: igp}}"
            ),
        )
    };
    let texts = [CLASSES.to_owned(), through("labels", "sr-mpls"), through("sids", "srv6")];
    let set = set_of(&texts.each_ref().map(String::as_str), &ted);
    let done = compiled(&set, &ted, &Hints::default());
    let verdict = |name: &str| &done.verdicts[&name.parse().unwrap()];
    let Verdict::Carried { directions, .. } = verdict("labels") else { panic!("{:?}", verdict("labels")) };
    let labels: Vec<String> = directions[0].primary.segments.iter().map(ToString::to_string).collect();
    assert_eq!(labels, ["16002", "15900", "16004"]);
    assert!(matches!(verdict("sids"), Verdict::Refused { .. }));
    let error = done.findings.iter().find(|finding| finding.code == codes::NOT_ENCODABLE).unwrap();
    assert_eq!(
        error.message,
        "the service function of node core-1 has no SRv6 SID that means it alone there: give the node a `serviceSid`, or \
         choose the other data plane"
    );
}

#[test]
fn an_encrypted_path_that_is_too_deep_names_both_headends_and_no_help_that_does_not_mend_it() {
    let shallow = "locator: \"fd00:0:N::/48\"";
    let mut text = include_str!("../../../../tests/diagnostics/TL0056/wrong/network.yaml").to_owned();
    for number in ["1", "3"] {
        let with = shallow.replace('N', number);
        text = text
            .replace(&format!("{with}, msd: {{mplsImposition: 2}}"), &with)
            .replace(&with, &format!("{with}, msd: {{mplsImposition: 2}}"));
    }
    let ted = ted(&text);
    let rest = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  sle: {encryption: required}\n  path: {dataplane: sr-mpls}";
    let done = compiled(&set_of(&[CLASSES, &service("x", rest)], &ted), &ted, &Hints::default());
    let error = done.findings.iter().find(|finding| finding.code == codes::NOT_ENCODABLE).unwrap();
    for node in ["node hq-pe1 has room for 2", "node br-1 has room for 2"] {
        assert!(error.message.contains(node), "{}", error.message);
    }
    assert!(error.message.contains("encryption pins every link"), "{}", error.message);
    let help = error.help.as_deref().unwrap();
    assert!(help.contains("fewer encrypted links") && !error.message.contains("closer to the IGP"), "{help}");
}
