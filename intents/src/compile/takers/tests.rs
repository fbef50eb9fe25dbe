use model::{Finding, Hints, Severity};

use crate::{
    codes,
    tests::{CLASSES, compiled, minimal_ted, service, set_of},
};

/// The findings of a code on a service, where all of them want the same two lines of 100 Mbit/s.
fn told(services: &[(&str, &str, &str)], code: &str) -> Vec<Finding> {
    let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";
    let texts: Vec<String> = services
        .iter()
        .map(|(name, class, rate)| {
            let text = service(name, &format!("{ends}\n  slo: {{bandwidth: {rate}}}"));
            text.replace("class: business", &format!("class: {class}"))
        })
        .collect();
    let mut all = vec![CLASSES];
    all.extend(texts.iter().map(String::as_str));
    let ted = minimal_ted();
    let done = compiled(&set_of(&all, &ted), &ted, &Hints::default());
    done.findings.into_iter().filter(|finding| finding.code == code).collect()
}

#[test]
fn who_does_not_fit_is_told_who_has_the_bandwidth_and_why() {
    let found = told(
        &[
            ("a", "voice", "60Mbps"),
            ("b", "voice", "70Mbps"),
            ("c", "voice", "1Mbps"),
            ("d", "voice", "2Mbps"),
            ("e", "voice", "3Mbps"),
            ("z", "business", "50Mbps"),
        ],
        codes::DOES_NOT_FIT,
    );
    let [one] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((one.subject.as_str(), one.severity), ("z", Severity::Error));
    let takers = one.message.split_once("; ").unwrap().1;
    assert_eq!(
        takers,
        "line1-br-1< is promised to a (60Mbps, value 90), e (3Mbps, value 90), d (2Mbps, value 90) and 1 more"
    );
    let help = one.help.as_deref().unwrap();
    assert!(help.starts_with("services of higher value have the bandwidth"), "{help}");
}

#[test]
fn among_services_of_one_value_nobody_is_called_higher() {
    let equal = [("a", "voice", "60Mbps"), ("b", "voice", "70Mbps"), ("c", "voice", "50Mbps")];
    let found = told(&equal, codes::DOES_NOT_FIT);
    let [one] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(one.subject, "c");
    let help = one.help.as_deref().unwrap();
    assert!(help.starts_with("bandwidth goes by the value of the class, then by name"), "{help}");
    for one in told(&equal[..2], codes::BACKUP_WEAKER) {
        let help = one.help.as_deref().unwrap();
        assert!(help.starts_with("paths go before backups"), "{help}");
        assert!(one.message.contains(" is promised to "), "{}", one.message);
    }
}

#[test]
fn a_backup_without_bandwidth_is_told_who_has_it() {
    let found = told(&[("a", "voice", "60Mbps"), ("z", "business", "70Mbps")], codes::BACKUP_WEAKER);
    let subjects: Vec<&str> = found.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(subjects, ["a", "z"]);
    assert!(found[0].message.contains("is promised to z (70Mbps, value "), "{}", found[0].message);
    let help = found[0].help.as_deref().unwrap();
    assert!(help.starts_with("paths go before backups"), "a path of lower value has it: {help}");
    let help = found[1].help.as_deref().unwrap();
    assert!(help.starts_with("services of higher value have it"), "{help}");
}

#[test]
fn where_a_longer_way_has_room_the_bandwidth_is_what_is_missing() {
    let ted = minimal_ted();
    let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";
    let voice = service("a", &format!("{ends}\n  slo: {{bandwidth: 90Mbps, oneWayDelay: 8ms}}"))
        .replace("class: business", "class: voice");
    let business = service("b", &format!("{ends}\n  slo: {{bandwidth: 60Mbps, oneWayDelay: 8ms}}"));
    let set = set_of(&[CLASSES, &voice, &business], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    let errors: Vec<&Finding> = done.findings.iter().filter(|finding| finding.is_error()).collect();
    let [one] = errors.as_slice() else { panic!("{errors:#?}") };
    assert_eq!((one.subject.as_str(), one.code.as_str()), ("b", codes::DOES_NOT_FIT));
    assert_eq!(
        one.message,
        "no path from hq-pe1 to br-1 because of bandwidth: at most 10Mbps of 60Mbps are free (hq-pe1 > core-1 > br-1); \
         line1-br-1< is promised to a (90Mbps, value 90)"
    );
    assert_eq!(
        one.help.as_deref().unwrap(),
        "services of higher value have the bandwidth: promise less, raise its class, or add a line; where there is room, the \
         least delay is 11ms, 3ms over 8ms (hq-pe1 > core-2 > br-1)"
    );
    let text = crate::why("b", &set, &done).unwrap();
    assert!(text.contains("not carried: bandwidth"), "{text}");
    assert!(text.contains("line1-br-1< is promised to a (90Mbps, value 90)"), "{text}");
}
