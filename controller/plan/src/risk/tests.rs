use super::*;
use crate::fixture::{diamond, link, service, set};

fn names(risks: &[Risk]) -> Vec<(&str, Vec<&str>)> {
    risks
        .iter()
        .map(|risk| (risk.link.as_str(), risk.services.iter().map(ServiceId::as_str).collect()))
        .collect()
}

#[test]
fn two_ways_are_no_risk() {
    assert_eq!(risks(&diamond(), &set(&[service("s", "a", "d")])), []);
}

#[test]
fn a_line_without_an_alternative_is_named_with_its_services() {
    let mut ted = diamond();
    ted.nodes.insert(NodeId::lit("e"), crate::fixture::node("e", 5));
    let spur = link(9, "d", "e", 1_000);
    ted.links.insert(spur.id.clone(), spur);
    let services = set(&[service("s", "a", "d"), service("t", "a", "e"), service("u", "e", "b")]);
    assert_eq!(names(&risks(&ted, &services)), [("d--e", vec!["t", "u"])]);
    // A second line beside it takes the risk away.
    let mut second = link(10, "d", "e", 1_000);
    second.id = LinkId::lit("d--e-2");
    ted.links.insert(second.id.clone(), second);
    assert_eq!(risks(&ted, &services), []);
}

#[test]
fn a_service_that_needs_encryption_counts_only_encrypted_lines() {
    let mut ted = diamond();
    for link in ["a--b", "b--d"] {
        ted.links.get_mut(&LinkId::lit(link)).unwrap().encryption = Encryption::Macsec;
    }
    let mut secret = service("secret", "a", "d");
    secret.sle.encrypted = true;
    let found = risks(&ted, &set(&[service("s", "a", "d"), secret]));
    assert_eq!(names(&found), [("a--b", vec!["secret"]), ("b--d", vec!["secret"])]);
}

#[test]
fn ends_that_were_never_connected_are_not_this_links_fault() {
    let mut ted = diamond();
    ted.nodes.insert(NodeId::lit("e"), crate::fixture::node("e", 5));
    assert_eq!(risks(&ted, &set(&[service("t", "a", "e")])), []);
}
