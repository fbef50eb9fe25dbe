use model::finding::{Finding, Place};

use super::*;
use crate::{
    SourceFile, parse,
    tests::{CLASSES, documents, minimal_ted},
    validate,
};

mod any;

/// A design with every kind of use, `design.yaml` of the tests.
const DESIGN: &str = "apiVersion: trunkline/v1
kind: Design
metadata: {name: site}
spec:
  description: One site.
  parameters:
    branches: {description: where, type: selector}
    bandwidth: {description: how much, type: bandwidth, default: 2Mbps, max: 1Gbps}
    jitter: {description: how steady, type: jitter, optional: true}
    lines: {description: which first, type: list, of: affinity, default: [line1], allowed: [line1, line2, line9]}
    avoid: {description: which never, type: list, of: links, default: []}
    delay: {description: how far, type: delay, default: 30ms}
  documents:
    - kind: ServiceIntent
      metadata: {name: $(instance)-site}
      spec:
        connectivity: {type: hub-spoke, hubs: [hq-pe1], spokes: $(branches)}
        vrf: $(instance)
        class: business
        slo: {bandwidth: $(bandwidth), jitter: $(jitter), oneWayDelay: $(delay)}
        path: {avoid: $(avoid)}
        assurance: {breach: {any: [delay > $(delay)]}}
    - kind: AlarmPolicy
      metadata: {name: \"$(instance)-busy\", labels: {lines: $(lines)}}
      spec: {when: {any: [utilisation > 80%]}, severity: minor}
";

fn design() -> String {
    DESIGN.replace(", labels: {lines: $(lines)}", "").replace(
        "    lines: {description: which first, type: list, of: affinity, default: [line1], allowed: [line1, line2, line9]}\n",
        "",
    )
}

fn instance(name: &str, parameters: &str) -> String {
    format!(
        "apiVersion: trunkline/v1\nkind: DesignInstance\nmetadata: {{name: {name}, owner: me}}\nspec:\n  design: site\n  parameters:\n{parameters}"
    )
}

fn read(files: &[(&str, &str)]) -> Vec<Document> {
    let read = files.iter().flat_map(|(name, text)| {
        parse(&SourceFile::new(*name, *text)).unwrap_or_else(|faults| panic!("{faults:#?}"))
    });
    read.collect()
}

/// The findings of designs and of what they make, on the minimal network.
fn faults(files: &[(&str, &str)]) -> Vec<Finding> {
    let mut docs = documents(&[CLASSES]);
    docs.extend(read(files));
    match validate(&docs, &minimal_ted()) {
        Ok((_, findings)) | Err(findings) => findings,
    }
}

fn one(findings: &[Finding], code: &str) -> Finding {
    let found: Vec<&Finding> = findings.iter().filter(|finding| finding.code == code).collect();
    let [one] = found.as_slice() else { panic!("{code} is not one of {findings:#?}") };
    (*one).clone()
}

/// `file:line:column` and the text that stands there.
fn at(place: &Place, files: &[(&str, &str)]) -> String {
    let text = files.iter().find(|(name, _)| *name == place.file).map_or("", |(_, text)| *text);
    let there = text.get(place.offset..place.offset + place.length).unwrap_or("nothing");
    format!("{}:{}:{} {there}", place.file, place.line, place.column)
}

fn shown(finding: &Finding, files: &[(&str, &str)]) -> Vec<String> {
    let mut shown = vec![at(finding.place.as_ref().expect("a place"), files)];
    shown.extend(finding.related.iter().map(|one| format!("{} {}", at(&one.place, files), one.message)));
    shown
}

#[test]
fn an_instance_makes_documents_with_its_values_in_place() {
    let text = instance(
        "jinan",
        "    branches: {site: jinan}\n    bandwidth: 10Mbps\n    avoid: [{affinity: line2}]\n",
    );
    let design = design();
    let docs = read(&[("a.yaml", &text), ("b.yaml", &design)]);
    let made = expand(&docs).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let written = documents(&["apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: jinan-site, owner: me}
spec:
  connectivity: {type: hub-spoke, hubs: [hq-pe1], spokes: {site: jinan}}
  vrf: jinan
  class: business
  slo: {bandwidth: 10Mbps, oneWayDelay: 30ms}
  path: {avoid: [{affinity: line2}]}
  assurance: {breach: {any: [delay > 30ms]}}
---
apiVersion: trunkline/v1
kind: AlarmPolicy
metadata: {name: jinan-busy, owner: me}
spec: {when: {any: [utilisation > 80%]}, severity: minor}
"]);
    let mut classes = documents(&[CLASSES]);
    let by_hand = validate(&[classes.clone(), written].concat(), &minimal_ted()).expect("by hand");
    classes.extend(docs.clone());
    assert_eq!(validate(&classes, &minimal_ted()).expect("by design"), by_hand);
    assert_eq!(made.documents.len(), 2);
    assert!(
        expand(&made.documents).is_ok_and(|again| again.documents == made.documents),
        "nothing is left to make"
    );
}

#[test]
fn a_finding_points_at_the_value_that_is_to_blame() {
    let text = instance("far", "    branches: {role: branch}\n    delay: 2ms\n");
    let design = design();
    let files = [("i.yaml", text.as_str()), ("d.yaml", design.as_str())];
    assert_eq!(
        shown(&one(&faults(&files), codes::SLO_IMPOSSIBLE), &files),
        [
            "i.yaml:8:12 2ms",
            "d.yaml:11:41 delay the parameter `delay` is declared here",
            "d.yaml:19:72 $(delay) used here",
            "i.yaml:3:18 far made by this instance",
        ]
    );
    // Items of a list have places of their own.
    let text = instance("x", "    branches: [br-1, br-9]\n");
    let files = [("i.yaml", text.as_str()), ("d.yaml", design.as_str())];
    let found = shown(&one(&faults(&files), codes::UNKNOWN_NODE), &files);
    assert_eq!(found[0], "i.yaml:7:22 br-9");
    assert_eq!(found[2], "d.yaml:16:65 $(branches) used here");
    // What the design says by itself is the design's.
    let other = design.replace("class: business", "class: busines");
    let text = instance("x", "    branches: [br-1]\n");
    let files = [("i.yaml", text.as_str()), ("d.yaml", other.as_str())];
    assert_eq!(
        shown(&one(&faults(&files), codes::UNKNOWN_REFERENCE), &files),
        ["d.yaml:18:16 busines", "i.yaml:3:18 x made by this instance"]
    );
}

#[test]
fn a_text_that_was_put_together_names_what_it_was_made_of() {
    let strange = design().replace("type: delay, default: 30ms", "type: string, default: 30ms");
    let text = instance("x", "    branches: [br-1]\n    delay: soon\n");
    let files = [("i.yaml", text.as_str()), ("d.yaml", strange.as_str())];
    let found = faults(&files);
    let breach = found
        .iter()
        .find(|finding| finding.message.contains("delay > soon") || finding.message.contains("`soon`"));
    assert!(breach.is_some(), "{found:#?}");
    let breach = found
        .iter()
        .find(|finding| finding.place.as_ref().is_some_and(|place| place.line == 21))
        .expect("the breach");
    assert_eq!(
        shown(breach, &files),
        [
            "d.yaml:21:36 delay > $(delay)",
            "i.yaml:8:12 soon `delay` is this",
            "i.yaml:3:18 x made by this instance"
        ]
    );
}

#[test]
fn values_go_through_designs_of_designs_and_keep_their_place() {
    let outer = "apiVersion: trunkline/v1
kind: Design
metadata: {name: region}
spec:
  description: A region.
  parameters:
    limit: {description: how far, type: delay}
  documents:
    - kind: DesignInstance
      metadata: {name: $(instance)-inner}
      spec: {design: site, parameters: {branches: {role: branch}, delay: $(limit)}}
";
    let inst = "apiVersion: trunkline/v1\nkind: DesignInstance\nmetadata: {name: north}\nspec: {design: region, parameters: {limit: 3ms}}\n";
    let design = design();
    let files = [("i.yaml", inst), ("o.yaml", outer), ("d.yaml", design.as_str())];
    assert_eq!(
        shown(&one(&faults(&files), codes::SLO_IMPOSSIBLE), &files),
        [
            "i.yaml:4:44 3ms",
            "o.yaml:7:41 delay the parameter `limit` is declared here",
            "o.yaml:11:74 $(limit) used here",
            "d.yaml:11:41 delay the parameter `delay` is declared here",
            "d.yaml:19:72 $(delay) used here",
            "o.yaml:10:24 $(instance)-inner made by this instance",
            "i.yaml:3:18 north made by this instance",
        ]
    );
}

#[test]
fn all_faults_of_an_instance_come_at_once() {
    let text = instance(
        "x",
        "    bandwith: 1Mbps\n    bandwidth: 2Gbps\n    delay: 1Mbps\n    avoid: [{affinity: a b}, line1]\n",
    );
    let design = design();
    let files = [("i.yaml", text.as_str()), ("d.yaml", design.as_str())];
    let found: Vec<(String, String)> = faults(&files)
        .iter()
        .map(|finding| (finding.code.clone(), at(finding.place.as_ref().expect("a place"), &files)))
        .collect();
    let expected = [
        (codes::UNKNOWN_PARAMETER, "i.yaml:7:5 bandwith"),
        (codes::WRONG_TYPE, "i.yaml:10:24 a b"),
        (codes::WRONG_TYPE, "i.yaml:10:30 line1"),
        (codes::NOT_ALLOWED, "i.yaml:8:16 2Gbps"),
        (codes::MISSING_PARAMETER, "i.yaml:5:11 site"),
        (codes::WRONG_TYPE, "i.yaml:9:12 1Mbps"),
    ];
    assert_eq!(found, expected.map(|(code, place)| (code.to_owned(), place.to_owned())));
}

#[test]
fn a_design_with_a_fault_hides_no_wrong_value_of_its_instance() {
    let wrong =
        instance("x", "    branches: [br-1]\n    bandwidth: 2Gbps\n    delay: 1Mbps\n    jiter: 1ms\n");
    let errors = |from: &str, to: &str| -> Vec<(String, String)> {
        let design = design().replacen(from, to, 1);
        assert!(design.contains(to), "{from}");
        let files = [("i.yaml", wrong.as_str()), ("d.yaml", design.as_str())];
        let found = faults(&files);
        let own = found.iter().filter(|one| one.place.as_ref().is_some_and(|place| place.file == "i.yaml"));
        own.map(|one| (one.code.clone(), at(one.place.as_ref().unwrap(), &files))).collect()
    };
    let told = |expected: &[(&str, &str)]| -> Vec<(String, String)> {
        expected.iter().map(|(code, place)| ((*code).to_owned(), (*place).to_owned())).collect()
    };
    let (large, no_delay) =
        ((codes::NOT_ALLOWED, "i.yaml:8:16 2Gbps"), (codes::WRONG_TYPE, "i.yaml:9:12 1Mbps"));
    assert_eq!(errors("class: business", "clas: business"), told(&[large, no_delay]));
    // Whether `delay` is what its author meant, or is used where it should be, nobody knows.
    assert_eq!(errors("type: delay, default: 30ms", "type: jitter, default: 30"), told(&[large]));
    assert_eq!(errors("type: delay, default: 30ms", "type: number, default: 3"), told(&[large]));
    assert_eq!(errors("vrf: $(instance)", "vrf: a-$(branches)"), told(&[large, no_delay]));
}

/// Findings on a design that has no instance.
fn of_design(text: &str) -> Vec<(String, String)> {
    let files = [("d.yaml", text)];
    let found = faults(&files);
    let shown = found
        .iter()
        .map(|finding| (finding.code.clone(), at(finding.place.as_ref().expect("a place"), &files)));
    shown.filter(|(code, _)| code != codes::UNUSED && code != codes::UNUSED_DESIGN).collect()
}

#[test]
fn a_design_is_judged_without_an_instance() {
    let good = design();
    assert_eq!(of_design(&good), []);
    let cases = [
        ("class: business", "clas: business", codes::UNKNOWN_FIELD, "d.yaml:18:9 clas"),
        ("bandwidth: $(bandwidth)", "bandwidth: $(delay)", codes::BAD_UNIT, "d.yaml:11:57 30ms"),
        ("type: delay, default: 30ms", "type: bandwidth", codes::BAD_UNIT, "d.yaml:19:72 $(delay)"),
        ("vrf: $(instance)", "vrf: $(vrf)", codes::UNKNOWN_PARAMETER, "d.yaml:17:14 $(vrf)"),
        ("vrf: $(instance)", "vrf: a-$(branches)", codes::WRONG_TYPE, "d.yaml:17:16 $(branches)"),
        ("vrf: $(instance)", "vrf: \"a$(\"", codes::BAD_VALUE, "d.yaml:17:16 $("),
        ("vrf: $(instance)", "$(jitter): x", codes::BAD_VALUE, "d.yaml:17:9 $(jitter)"),
        ("vrf: $(instance)", "vrf: $(jitter)", codes::MISSING_FIELD, "d.yaml:16:9 connectivity"),
        ("$(instance)-site", "site", codes::BAD_VALUE, "d.yaml:14:24 site"),
        ("kind: ServiceIntent", "kind: Design", codes::UNKNOWN_KIND, "d.yaml:13:13 Design"),
        ("default: 30ms", "default: 30", codes::WRONG_TYPE, "d.yaml:11:57 30"),
        ("default: 30ms", "default: 30ms, max: 20ms", codes::NOT_ALLOWED, "d.yaml:11:57 30ms"),
        ("default: 30ms", "default: 30ms, max: x", codes::WRONG_TYPE, "d.yaml:11:68 x"),
        ("default: 30ms", "default: 30ms, allowed: []", codes::LIMIT, "d.yaml:11:72 "),
        ("type: selector", "type: selector, allowed: [[br-1]]", codes::WRONG_TYPE, "d.yaml:7:63 br-1"),
        ("default: 30ms", "default: 30ms, optional: true", codes::CONTRADICTION, "d.yaml:11:73 true"),
        ("of: links, ", "", codes::MISSING_FIELD, "d.yaml:10:45 list"),
        ("delay: {desc", "instance: {desc", codes::BAD_VALUE, "d.yaml:11:5 instance"),
    ];
    let mut wrong = Vec::new();
    for (from, to, code, place) in cases {
        let found = of_design(&good.replacen(from, to, 1));
        if !found.iter().any(|(one, at)| one == code && at.starts_with(place)) {
            wrong.push(format!("{from} → {to} earns {found:?}, not {code} at {place}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn allowed_values_are_compared_by_what_they_are_worth() {
    let listed = DESIGN
        .replace("default: 2Mbps, max: 1Gbps", "default: 2Mbps, allowed: [2Mbps, 1Gbps]")
        .replace("{lines: $(lines)}", "{x: y}");
    let judged = |value: &str| {
        let text = instance("x", &format!("    branches: [br-1]\n    bandwidth: {value}\n"));
        faults(&[("i.yaml", &text), ("d.yaml", &listed)])
    };
    assert!(!judged("2000kbps").iter().any(|finding| finding.is_error()));
    assert_eq!(
        one(&judged("3Mbps"), codes::NOT_ALLOWED).help.as_deref(),
        Some("it takes one of `2Mbps`, `1Gbps`")
    );
}

#[test]
fn two_instances_that_make_one_name_are_told_with_both_instances() {
    let qos = "apiVersion: trunkline/v1\nkind: Design\nmetadata: {name: site}\nspec:\n  description: x\n  documents:\n    - kind: QosProfile\n      metadata: {name: p}\n      spec: {queues: {q: {discipline: strict}}}\n";
    let (a, b) = (instance("a", "    {}\n"), instance("b", "    {}\n"));
    let files = [("a.yaml", a.as_str()), ("b.yaml", b.as_str()), ("d.yaml", qos)];
    assert_eq!(
        shown(&one(&faults(&files), codes::DUPLICATE_NAME), &files),
        ["b.yaml:3:18 b", "a.yaml:3:18 a the other instance", "d.yaml:8:24 p the first of the names"]
    );
}

#[test]
fn an_instance_that_makes_all_of_another_again_is_told_once() {
    let qos = include_str!("../../library/six-class-qos.yaml");
    let text = |name: &str| instance(name, "    {}\n").replace("design: site", "design: six-class-qos");
    let (a, b) = (text("a"), text("b"));
    // Without the usual classes, which would be there twice as well.
    let docs: Vec<Document> = read(&[("a.yaml", &a), ("b.yaml", &b), ("d.yaml", qos)]).into_iter().collect();
    let found = match validate(&docs, &minimal_ted()) {
        Ok((_, findings)) | Err(findings) => findings,
    };
    let one = one(&found, codes::DUPLICATE_NAME);
    assert_eq!(found.iter().filter(|finding| finding.is_error()).count(), 1, "{found:#?}");
    assert!(one.message.contains("makes QosProfile six-class, TrafficClass "), "{}", one.message);
    assert!(one.message.contains("and 4 more already"), "{}", one.message);
    assert!(one.help.unwrap().starts_with("one instance serves all"));
}

fn nest(name: &str, inner: &[&str]) -> String {
    let inner: String = inner
        .iter()
        .enumerate()
        .map(|(number, inner)| {
            format!("    - {{kind: DesignInstance, metadata: {{name: $(instance)-{number}}}, spec: {{design: {inner}}}}}\n")
        })
        .collect();
    format!(
        "apiVersion: trunkline/v1\nkind: Design\nmetadata: {{name: {name}}}\nspec:\n  description: x\n  library: true\n  documents:\n{inner}"
    )
}

#[test]
fn cycles_are_named_once_from_their_first_name_on() {
    let text =
        [nest("z", &["b"]), nest("c", &["a"]), nest("a", &["b"]), nest("b", &["c"]), nest("self", &["self"])]
            .join("---\n");
    let found = faults(&[("d.yaml", &text)]);
    let messages: Vec<&str> =
        found.iter().filter(|finding| finding.is_error()).map(|finding| finding.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the design `a` is made of itself: a → b → c → a",
            "the design `self` is made of itself: self → self"
        ]
    );
    assert_eq!(found.iter().find(|finding| finding.is_error()).map(|finding| finding.related.len()), Some(2));
}

#[test]
fn what_would_make_too_much_is_refused_before_it_is_made() {
    let leaf = "apiVersion: trunkline/v1\nkind: Design\nmetadata: {name: e}\nspec:\n  description: x\n  documents:\n    - {kind: AlarmPolicy, metadata: {name: $(instance)-a}, spec: {when: {any: [loss > 1%]}, severity: minor}}\n";
    let wide = |name: &str, inner: &str| nest(name, &[inner; 30]);
    let text =
        [wide("a", "b"), wide("b", "c"), wide("c", "d"), wide("d", "e"), leaf.to_owned()].join("---\n");
    let bomb = format!("{text}---\n{}", instance("boom", "    {}\n").replace("design: site", "design: a"));
    assert!(one(&faults(&[("d.yaml", &bomb)]), codes::EXPANSION_TOO_LARGE).message.contains("100000"));
    let calm = format!("{text}---\n{}", instance("calm", "    {}\n").replace("design: site", "design: c"));
    assert!(!faults(&[("d.yaml", &calm)]).iter().any(Finding::is_error));
    // Texts that double on their way down.
    let double = |name: &str, inner: &str| {
        nest(name, &[inner])
            .replace("  library: true\n", "  parameters: {t: {description: x, type: string}}\n")
            .replace(
                &format!("design: {inner}}}"),
                &format!("design: {inner}, parameters: {{t: $(t)$(t)$(t)$(t)$(t)$(t)$(t)$(t)$(t)$(t)}}}}"),
            )
    };
    let end = nest("e", &["f"])
        .replace("  library: true\n", "  parameters: {t: {description: x, type: string}}\n")
        .replace("$(instance)-0", "$(instance)-$(t)");
    let last = "apiVersion: trunkline/v1\nkind: Design\nmetadata: {name: f}\nspec:\n  description: x\n  documents:\n    - {kind: AlarmPolicy, metadata: {name: $(instance)-a}, spec: {when: {any: [loss > 1%]}, severity: minor}}\n";
    let text = [double("b", "c"), double("c", "d"), double("d", "e"), end, last.to_owned()].join("---\n");
    let bomb = format!(
        "{text}---\n{}",
        instance("boom", "    t: 0123456789\n").replace("design: site", "design: b")
    );
    let found = faults(&[("d.yaml", &bomb)]);
    assert!(one(&found, codes::EXPANSION_TOO_LARGE).message.contains("longer than 1024 bytes"), "{found:#?}");
}

#[test]
fn documents_that_hold_too_much_together_are_refused() {
    let nodes: Vec<String> = (0..100).map(|number| format!("n{number}")).collect();
    let body = "    - {kind: ServiceIntent, metadata: {name: $(instance)-NUMBER}, spec: {connectivity: {type: hub-spoke, hubs: $(l), spokes: $(l)}, vrf: v, class: c}}\n";
    let bodies: String = (0..5).map(|number| body.replace("NUMBER", &number.to_string())).collect();
    let design = format!(
        "apiVersion: trunkline/v1\nkind: Design\nmetadata: {{name: site}}\nspec:\n  description: x\n  parameters: {{l: {{description: x, type: list, of: node, default: [{}]}}}}\n  documents:\n{bodies}",
        nodes.join(", ")
    );
    let instances: Vec<String> =
        (0..60).map(|number| instance(&format!("i{number:02}"), "    {}\n")).collect();
    let docs = read(&[("d.yaml", &design), ("i.yaml", &instances.join("---\n"))]);
    let found = make_within(&docs, &Unread::default(), 155_300).findings;
    let one = one(&found, codes::EXPANSION_TOO_LARGE);
    assert!(one.message.contains("hold more than is safe"), "{one:#?}");
    assert_eq!(one.subject, "DesignInstance i37", "the first 37 fit, by name");
}

#[test]
fn a_library_and_what_it_is_made_of_are_not_warned_of() {
    let design = design();
    assert_eq!(
        one(&faults(&[("d.yaml", &design)]), codes::UNUSED_DESIGN).message,
        "nothing is an instance of the design `site`"
    );
    let shelf = design.replace("  description: One", "  library: true\n  description: One");
    assert!(!faults(&[("d.yaml", &shelf)]).iter().any(|finding| finding.code == codes::UNUSED_DESIGN));
    let unused = shelf.replace("spokes: $(branches)", "spokes: [br-1]");
    assert_eq!(
        one(&faults(&[("d.yaml", &unused)]), codes::UNUSED_DESIGN).message,
        "nothing in this design uses the parameter `branches`"
    );
}

#[test]
fn an_unknown_design_says_where_designs_come_from() {
    let text = instance("x", "    {}\n");
    let none = one(&faults(&[("i.yaml", &text)]), codes::UNKNOWN_DESIGN);
    assert!(none.help.as_ref().is_some_and(|help| help.contains("-i library/ -i my/")), "{none:#?}");
    let design = design().replace("name: site", "name: sites");
    let near = one(&faults(&[("i.yaml", &text), ("d.yaml", &design)]), codes::UNKNOWN_DESIGN);
    assert!(near.help.as_ref().is_some_and(|help| help.starts_with("did you mean `sites`?")), "{near:#?}");
}

#[test]
fn findings_of_the_compiler_find_the_instance() {
    let text = instance("x", "    branches: [br-1]\n");
    let design = design();
    let docs = read(&[("i.yaml", &text), ("d.yaml", &design)]);
    let mut findings =
        [Finding::new(codes::DOES_NOT_FIT, Severity::Error, "x-site/hq-pe1~br-1", "does not fit")];
    crate::locate(&mut findings, &docs);
    assert_eq!(
        shown(&findings[0], &[("i.yaml", &text), ("d.yaml", &design)]),
        [
            "d.yaml:8:66 2Mbps",
            "d.yaml:8:46 bandwidth the parameter `bandwidth` is declared here",
            "d.yaml:19:26 $(bandwidth) used here",
            "i.yaml:3:18 x made by this instance"
        ]
    );
}

#[test]
fn regions_are_labels_of_the_network() {
    let network = include_str!("../../examples/minimal/network.yaml");
    let ted = crate::tests::ted(&network.replace("site: jinan,", "site: jinan, labels: {region: east},"));
    let by = |selector: &str| {
        let star = format!("  connectivity: {{type: hub-spoke, hubs: [hq-pe1], spokes: {selector}}}");
        let docs = documents(&[CLASSES, &crate::tests::service("x", &star)]);
        let set = validate(&docs, &ted).map(|(set, _)| set);
        set.map(|set| set.services.keys().map(ToString::to_string).collect::<Vec<_>>()).unwrap_or_default()
    };
    assert_eq!(by("{region: east}"), ["x/hq-pe1~br-1"]);
    assert_eq!(by("{labels: {region: east}}"), by("{region: east}"));
    assert_eq!(by("{site: baoding}"), ["x/hq-pe1~br-2"]);
    assert_eq!(by("{role: branch}").len(), 2);
    assert_eq!(by("{region: west}").len(), 0);
}
