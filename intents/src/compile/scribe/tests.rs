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
