//! A delay that is divided over domains, from the intent to what people read.

use model::{Hints, Severity};

use super::{CLASSES, compiled, service, set_of, ted};
use crate::{codes, why};

const NETWORK: &str = include_str!("../../examples/minimal/network.yaml");

/// What `why` says of domains, and the services of which a share is told to be exceeded. The branches are a domain of their own;
/// a path from headquarters takes 1 ms in the backbone and 5 ms on the line of the branch.
fn told(slo: &str) -> (Vec<String>, Vec<String>) {
    let ted = ted(&NETWORK.replace("role: branch,", "role: branch, labels: {domain: access},"));
    let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";
    let set = set_of(&[CLASSES, &service("x", &format!("{ends}\n  slo: {slo}"))], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    let over = done.findings.iter().filter(|finding| finding.code == codes::DOMAIN_OVER_SHARE);
    let over = over.inspect(|one| assert_eq!((one.severity, one.subject.as_str()), (Severity::Warning, "x")));
    let text = why("x", &set, &done).unwrap();
    let domains = text.lines().filter_map(|line| line.trim().strip_prefix("domains ").map(str::to_owned));
    (domains.collect(), over.map(|finding| finding.message.clone()).collect())
}

#[test]
fn a_promised_delay_is_shown_by_domain_in_each_direction() {
    let both = "access 5ms of 20ms (in proportion), backbone 1ms of 4ms (in proportion)";
    assert_eq!(told("{oneWayDelay: 24ms}"), (vec![both.to_owned(); 2], Vec::new()));
    assert_eq!(
        told("{bandwidth: 1Mbps}"),
        (Vec::new(), Vec::new()),
        "nothing is promised that could be divided"
    );
}

#[test]
fn a_share_that_the_path_exceeds_is_told_for_each_direction_and_the_service_is_carried() {
    let (domains, over) = told("{oneWayDelay: 24ms, domains: {access: 5ms}}");
    assert_eq!(domains, ["access 5ms of 5ms, backbone 1ms of 19ms (in proportion)"; 2]);
    assert_eq!(over, [""; 0], "as much as is given");
    let (domains, over) = told("{oneWayDelay: 24ms, domains: {access: 4999us, backbone: 1ms}}");
    assert_eq!(domains, ["access 5ms of 4.999ms, backbone 1ms of 1ms"; 2]);
    let ends = [("hq-pe1", "br-1"), ("br-1", "hq-pe1")];
    let expected = ends.map(|(from, to)| {
        format!("from {from} to {to}, the path takes 5ms in the domain access, and 4.999ms are its share")
    });
    assert_eq!(over, expected);
}

#[test]
fn a_share_of_the_only_domain_of_a_path_is_kept_or_told() {
    let ted = ted(&NETWORK.replace("site: ", "labels: {domain: access}, site: "));
    let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";
    let over = |share: &str| {
        let slo = format!("{ends}\n  slo: {{oneWayDelay: 40ms, domains: {{access: {share}}}}}");
        let set = set_of(&[CLASSES, &service("x", &slo)], &ted);
        let done = compiled(&set, &ted, &Hints::default());
        let over = done.findings.into_iter().filter(|finding| finding.code == codes::DOMAIN_OVER_SHARE);
        over.map(|finding| finding.message).collect::<Vec<_>>()
    };
    assert_eq!(over("6ms"), [""; 0], "as much as is given");
    assert_eq!(over("5ms").len(), 2, "in each direction");
    assert!(over("5ms")[0].contains("takes 6ms in the domain access, and 5ms are its share"));
}
