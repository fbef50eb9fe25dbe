use super::*;
use crate::{
    AsOf,
    tests::{CLASSES, SERVICES, documents, minimal_ted, service, set_of},
    validate,
    validate::{MOST, Most, judged_within},
    validate_as_of,
};

fn window(name: &str, on: &str, when: &str) -> String {
    format!(
        "apiVersion: trunkline/v1\nkind: MaintenanceWindow\nmetadata: {{name: {name}, owner: netops, labels: {{change: CHG1}}}}\nspec:\n  on: {on}\n  when: {when}\n"
    )
}

/// From one hour of 5 December 2026 to another, by the clock of Beijing.
fn hours(from: u32, to: u32) -> String {
    format!("{{from: \"2026-12-05T{from:02}:00:00+08:00\", to: \"2026-12-05T{to:02}:00:00+08:00\"}}")
}

fn findings(texts: &[&str]) -> Vec<Finding> {
    match validate(&documents(texts), &minimal_ted()) {
        Ok((_, warnings)) => warnings,
        Err(findings) => findings,
    }
}

fn codes_of(texts: &[&str]) -> Vec<String> {
    findings(texts).into_iter().map(|finding| finding.code).collect()
}

#[test]
fn selectors_take_nodes_and_links() {
    let on = "{nodes: {role: core}, links: {role: leased-line, affinity: line1}}";
    let set = set_of(&[&window("w", on, &hours(1, 5))], &minimal_ted());
    let made = &set.windows["w"];
    let names: Vec<&str> = made.work.links.iter().map(LinkId::as_str).collect();
    assert_eq!(names, ["line1-br-1", "line1-br-2"]);
    assert_eq!(made.work.nodes.len(), 2);
    assert_eq!((made.owner.as_deref(), made.labels["change"].as_str()), (Some("netops"), "CHG1"));
    assert_eq!(made.when.to_string(), "from 2026-12-05 01:00+08:00 to 2026-12-05 05:00+08:00");
    let by_risk = set_of(&[&window("w", "{links: {srlg: cable-3}}", &hours(1, 5))], &minimal_ted());
    assert_eq!(by_risk.windows["w"].work.links, BTreeSet::from([LinkId::lit("line1-br-2")]));
}

#[test]
fn a_name_that_is_not_there_is_told_with_the_nearest_one() {
    let on = "{nodes: [core-9], links: [line1-br-1, line1-br1]}";
    let found = findings(&[&window("w", on, &hours(1, 5))]);
    let told: Vec<(&str, &str)> =
        found.iter().map(|finding| (finding.code.as_str(), finding.help.as_deref().unwrap_or(""))).collect();
    assert_eq!(
        told,
        [
            (codes::UNKNOWN_NODE, "did you mean `core-1`?"),
            (codes::UNKNOWN_LINK, "did you mean `line1-br-1`?")
        ]
    );
    let risk = findings(&[&window("w", "{links: {srlg: cable-33}}", &hours(1, 5))]);
    assert_eq!(risk[0].help.as_deref(), Some("did you mean `cable-3`?"), "{risk:#?}");
}

#[test]
fn a_window_on_nothing_is_no_window() {
    for on in ["{}", "{nodes: []}", "{links: []}", "{nodes: [], links: []}"] {
        assert_eq!(codes_of(&[&window("w", on, &hours(1, 5))]), [codes::WORKS_ON_NOTHING], "{on}");
    }
}

#[test]
fn a_window_that_is_over_is_told_where_a_moment_is_known() {
    let docs = documents(&[
        &window("over", "{links: [line1-br-1]}", &hours(1, 5)),
        &window(
            "weekly",
            "{links: [line1-br-1]}",
            "{every: [sat], from: \"01:00\", for: 4h, offset: \"+08:00\"}",
        ),
    ]);
    let set = validate(&docs, &minimal_ted()).unwrap().0;
    let at = |text: &str| ended(&set, &docs, crate::moment(text).unwrap().at);
    assert!(at("2026-12-05T04:59:59+08:00").is_empty());
    let [finding] = at("2026-12-05T05:00:00+08:00").try_into().unwrap();
    assert_eq!((finding.code.as_str(), finding.severity), (codes::WINDOW_ENDED, Severity::Warning));
    assert!(finding.message.contains("2026-12-05 05:00+08:00") && finding.place.is_some(), "{finding:?}");
}

#[test]
fn two_windows_that_meet_and_leave_no_way_name_each_other_the_time_and_the_services() {
    let first = window("carrier-a", "{links: [line1-br-1]}", &hours(1, 5));
    let second = |when: &str| window("carrier-b", "{links: {srlg: cable-2}}", when);
    let found = findings(&[CLASSES, SERVICES, &first, &second(&hours(4, 8))]);
    let together: Vec<&Finding> =
        found.iter().filter(|finding| finding.code == codes::WINDOWS_TOGETHER).collect();
    let [finding] = together.as_slice() else { panic!("{found:#?}") };
    assert_eq!(finding.subject, "MaintenanceWindow carrier-b");
    for part in [
        "`carrier-a`",
        "from 2026-12-05 04:00+08:00 to 2026-12-05 05:00+08:00",
        "2 services",
        "payments-br-1, voice/hq-pe1~br-1",
    ] {
        assert!(finding.message.contains(part), "{part}: {}", finding.message);
    }
    assert!(finding.is_error() && finding.related.len() == 1);
    let weekly = "{every: [sat], from: \"04:30\", for: 1h, offset: \"+08:00\"}";
    assert!(
        codes_of(&[CLASSES, SERVICES, &first, &second(weekly)]).contains(&codes::WINDOWS_TOGETHER.to_owned())
    );
    for apart in [hours(5, 8), weekly.replace("sat", "sun")] {
        assert_eq!(codes_of(&[CLASSES, SERVICES, &first, &second(&apart)]), Vec::<String>::new(), "{apart}");
    }
}

#[test]
fn a_window_that_cuts_alone_is_a_warning_and_not_told_again_with_another() {
    let alone = window("both", "{links: [line1-br-1, line2-br-1]}", &hours(1, 5));
    let other = window("other", "{links: [line1-br-2]}", &hours(1, 5));
    let found = findings(&[CLASSES, SERVICES, &alone, &other]);
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((finding.code.as_str(), finding.severity), (codes::WINDOW_CUTS, Severity::Warning));
    assert!(finding.message.contains("2 services are cut off"), "{}", finding.message);
    let at_its_end = codes_of(&[CLASSES, SERVICES, &window("w", "{nodes: [br-2]}", &hours(1, 5))]);
    assert_eq!(at_its_end, [codes::WINDOW_CUTS]);
    assert!(finding.help.as_deref().unwrap().starts_with("add a line for them"), "{finding:?}");
    let at_its_end = findings(&[CLASSES, SERVICES, &window("w", "{nodes: [br-2]}", &hours(1, 5))]);
    let help = at_its_end[0].help.as_deref().unwrap();
    assert!(help.contains("no line helps") && !help.contains("add a line"), "{help}");
}

#[test]
fn what_is_not_promised_then_is_not_cut_off_and_what_needs_encryption_has_fewer_ways() {
    let night = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  when: {every: [sun], from: \"20:00\", for: 6h, offset: \"+08:00\"}";
    let both = "{links: [line1-br-1, line2-br-1]}";
    let service = |rest: &str| service("night", rest);
    // 5 December 2026 is a Saturday.
    assert_eq!(
        codes_of(&[CLASSES, &service(night), &window("w", both, &hours(1, 5))])
            .iter()
            .filter(|code| *code == codes::WINDOW_CUTS)
            .count(),
        0
    );
    let saturday = night.replace("[sun]", "[fri]");
    assert!(
        codes_of(&[CLASSES, &service(&saturday), &window("w", both, &hours(1, 5))])
            .contains(&codes::WINDOW_CUTS.to_owned())
    );
    let secret = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-2]}\n  sle: {encryption: required}";
    let on_first = window("w", "{links: [line1-br-2]}", &hours(1, 5));
    assert!(
        codes_of(&[CLASSES, &service(secret), &on_first]).contains(&codes::WINDOW_CUTS.to_owned()),
        "line 2 is open"
    );
}

#[test]
fn one_claim_at_different_times_is_no_clash() {
    let with = |name: &str, day: &str| {
        let rest = format!(
            "  connectivity: {{type: p2p, endpoints: [hq-pe1, br-1]}}\n  when: {{every: [{day}], from: \"20:00\", for: 24h, offset: \"+08:00\"}}"
        );
        service(name, &rest).replace(&format!("vrf: {name}"), "vrf: shared")
    };
    let clash = |texts: &[&str]| {
        let found = findings(texts);
        found.into_iter().find(|finding| finding.code == codes::SAME_TRAFFIC)
    };
    assert_eq!(clash(&[CLASSES, &with("one", "mon"), &with("two", "tue")]), None);
    let found = clash(&[CLASSES, &with("one", "mon"), &with("two", "mon")]).unwrap();
    assert!(
        found.message.contains("both promised every mon from 20:00 for 24h (+08:00)"),
        "{}",
        found.message
    );
    let elsewhere = with("two", "mon").replace("+08:00", "+00:00");
    let found = clash(&[CLASSES, &with("one", "mon"), &elsewhere]).unwrap();
    assert!(found.message.ends_with("(+08:00), on the clock of `one`"), "{}", found.message);
    // The third is told of the one that it meets, though another claimed it first.
    let found = clash(&[CLASSES, &with("one", "mon"), &with("two", "tue"), &with("three", "tue")]).unwrap();
    assert!(found.subject.ends_with("three") && found.message.contains("`two`"), "{found:?}");
    // One that clashes hides nothing: the third meets the second alone.
    let middle = with("two", "mon").replace("[mon]", "[mon, tue]");
    let texts = [CLASSES, &with("one", "mon"), &middle, &with("three", "tue")];
    let of_three: Vec<(String, bool)> = findings(&texts)
        .into_iter()
        .filter(|finding| finding.code == codes::SAME_TRAFFIC)
        .map(|finding| (finding.subject, finding.message.contains("`two`")))
        .collect();
    let expected = [("ServiceIntent two".to_owned(), false), ("ServiceIntent three".to_owned(), true)];
    assert!(expected.iter().all(|one| of_three.contains(one)) && of_three.len() == 2, "{of_three:?}");
    let always =
        with("two", "tue").lines().filter(|line| !line.contains("when:")).collect::<Vec<_>>().join("\n");
    let found = clash(&[CLASSES, &with("one", "mon"), &always]).unwrap();
    assert!(found.message.contains("both promised every mon"), "{}", found.message);
}

#[test]
fn a_schedule_goes_with_every_service_of_its_intent() {
    let rest = "  connectivity: {type: hub-spoke, hubs: [hq-pe1], spokes: {role: branch}}\n  when: {every: [mon, fri], from: \"23:00\", for: 6h, offset: \"+08:00\"}";
    let set = set_of(&[CLASSES, &service("night", rest)], &minimal_ted());
    let when: Vec<String> =
        set.services.values().map(|service| service.when.as_ref().unwrap().to_string()).collect();
    assert_eq!(when, ["every mon, fri from 23:00 for 6h (+08:00)"; 2]);
    let text = serde_json::to_string(&set.services.values().next().unwrap()).unwrap();
    let old = text.replace(&text[text.find(",\"when\"").unwrap()..text.len() - 1], "");
    assert_eq!(
        serde_json::from_str::<model::Service>(&old).unwrap().when,
        None,
        "what was stored before has none"
    );
}

#[test]
fn windows_that_are_over_are_no_error_and_what_is_in_force_is_told_mildly() {
    let texts = [
        CLASSES,
        SERVICES,
        &window("a", "{links: [line1-br-1]}", &hours(1, 5)),
        &window("b", "{links: [line2-br-1]}", &hours(4, 8)),
    ];
    let (docs, ted) = (documents(&texts), minimal_ted());
    let at = |text: &str| AsOf::moment(crate::moment(text).unwrap().at);
    assert!(validate(&docs, &ted).is_err());
    assert!(validate_as_of(&docs, &ted, at("2026-12-05T04:59:59+08:00")).is_err());
    let (set, findings) = validate_as_of(&docs, &ted, at("2026-12-05T05:00:00+08:00")).unwrap();
    assert!(set.windows.len() == 2 && findings.is_empty(), "{findings:?}");
    let (_, findings) = validate_as_of(&docs, &ted, AsOf::default().in_force()).unwrap();
    assert_eq!(findings.iter().map(|told| told.code.as_str()).collect::<Vec<_>>(), [codes::WINDOWS_TOGETHER]);
}

#[test]
fn three_windows_that_leave_no_way_only_together_are_told_as_three() {
    let windows = [
        window("a", "{links: [hq-pe1:eth1--core-1:eth1]}", &hours(1, 5)),
        window("b", "{links: [line2-br-1]}", &hours(2, 6)),
        window("c", "{links: [core-1:eth2--core-2:eth2]}", &hours(3, 7)),
    ];
    let found = findings(&[CLASSES, SERVICES, &windows[0], &windows[1], &windows[2]]);
    let together: Vec<&Finding> =
        found.iter().filter(|finding| finding.code == codes::WINDOWS_TOGETHER).collect();
    let [finding] = together.as_slice() else { panic!("{found:#?}") };
    for part in
        ["the windows `a`, `b`", "from 2026-12-05 03:00+08:00 to 2026-12-05 05:00+08:00", "fewer of them"]
    {
        assert!(finding.message.contains(part), "{part}: {}", finding.message);
    }
    assert_eq!(finding.related.len(), 2);
}

#[test]
fn more_sets_of_windows_than_are_looked_at_are_told_at_the_last_window() {
    let windows = ["a", "b", "c"].map(|name| window(name, "{links: [line1-br-1]}", &hours(1, 5)));
    let told = |windows: &[String], sets: usize| -> Vec<Finding> {
        let texts: Vec<&str> = windows.iter().map(String::as_str).collect();
        let (most, unread) = (Most { sets, ..MOST }, Unread::default());
        let (_, found) = judged_within(&documents(&texts), &minimal_ted(), AsOf::default(), &unread, most);
        found.into_iter().filter(|one| one.code == codes::TOO_MANY_WINDOWS).collect()
    };
    let found = told(&windows, 3);
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((finding.severity, finding.subject.as_str()), (Severity::Warning, "MaintenanceWindow c"));
    let place = finding.place.as_ref().unwrap();
    assert_eq!((place.line, place.column), (3, 18), "the name of the last window");
    assert_eq!(
        finding.message,
        "3 windows are too many to look at every 4 of them that are open together: 3 sets were tried, small ones first"
    );
    assert_eq!(told(&windows[..2], 3), [], "one window fewer: each alone, and both");
    assert_eq!(told(&windows, 6).len(), 1, "all three together are the seventh set");
    assert_eq!(told(&windows, 7), [], "as many as there are");
}
