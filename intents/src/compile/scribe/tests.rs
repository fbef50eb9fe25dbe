use model::{Hints, Verdict};

use crate::{
    codes,
    tests::{CLASSES, compiled, service, set_of, ted},
};

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
