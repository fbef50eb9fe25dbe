use model::{Hints, intent::Minimise, intent::Mode, sr::Dataplane};

use super::*;
use crate::{
    SourceFile, parse,
    tests::{CLASSES, compiled, minimal_ted, service},
    validate, why,
};

const FAST: &str = "path: {minimise: delay, prefer: [{affinity: line2}]}";

fn policy(name: &str, on: &str, says: &str) -> String {
    format!(
        "apiVersion: trunkline/v1\nkind: SteeringPolicy\nmetadata: {{name: {name}}}\nspec:\n  on: {on}\n  {says}\n"
    )
}

/// A service of `business` with a label; `rest` are more lines of its `spec`.
fn labelled(name: &str, rest: &str) -> String {
    let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";
    service(name, &format!("{ends}\n{rest}")).replace("}\nspec", ", labels: {tier: key}}\nspec")
}

/// Each text is a file of its own: `services.yaml` the first, then `policy-1.yaml`, …
fn documents(texts: &[&str]) -> Vec<Document> {
    let mut docs = crate::tests::documents(&[CLASSES]);
    for (number, text) in texts.iter().enumerate() {
        let name = if number == 0 { "services.yaml".to_owned() } else { format!("policy-{number}.yaml") };
        docs.extend(parse(&SourceFile::new(name, *text)).unwrap_or_else(|faults| panic!("{faults:#?}")));
    }
    docs
}

fn judged(texts: &[&str]) -> Result<(model::IntentSet, Vec<Finding>), Vec<Finding>> {
    validate(&documents(texts), &minimal_ted())
}

fn faults(texts: &[&str]) -> Vec<Finding> {
    match judged(texts) {
        Ok((_, findings)) | Err(findings) => findings,
    }
}

fn of_code<'a>(findings: &'a [Finding], code: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.code == code).collect()
}

fn path(set: &model::IntentSet, name: &str) -> model::intent::PathPreference {
    set.services[&name.parse().unwrap()].path.clone()
}

#[test]
fn a_service_says_it_before_a_policy_field_by_field() {
    let own = labelled("own", "  path: {minimise: price, avoid: []}\n  assurance: {holdDown: 5s}");
    let silent = labelled("silent", "");
    let services = format!("{own}---\n{}", silent.replace("vrf: silent", "vrf: other"));
    let says = "path: {dataplane: sr-mpls, minimise: hops, prefer: [{affinity: line2}, {affinity: line1}], avoid: [{affinity: core}], lastResort: drop, coRouted: false, pin: links}
  assurance: {breach: {any: [delay > 90ms], for: 7s}, improvementMargin: 20%, holdDown: 40s, waitToRestore: 200s, mode: recommend}";
    // Everything avoids `core`, so only the service that says `avoid: []` has a path.
    let found = faults(&[&services, &policy("all", "{labels: {tier: key}}", says)]);
    assert_eq!(of_code(&found, codes::CONSTRAINT_IMPOSSIBLE).len(), 1, "{found:#?}");
    let says = says.replace("{affinity: core}", "{affinity: line1}");
    let says = says.replace("prefer: [{affinity: line2}, {affinity: line1}]", "prefer: [{affinity: line2}]");
    let (set, warnings) = judged(&[&services, &policy("all", "{labels: {tier: key}}", &says)]).unwrap();
    assert!(warnings.iter().all(|one| one.code == codes::UNUSED), "{warnings:#?}");
    let given = path(&set, "silent");
    assert_eq!((given.dataplane, given.minimise), (Dataplane::SrMpls, Minimise::Hops));
    assert_eq!(given.prefer.iter().map(ToString::to_string).collect::<Vec<_>>(), ["line2"]);
    assert_eq!(given.avoid.len(), 1);
    assert_eq!((given.last_resort, given.pin), (model::sr::LastResort::Drop, model::intent::Pin::Links));
    let silent = &set.services[&"silent".parse().unwrap()];
    assert!(!silent.co_routed);
    let watched = &silent.assurance;
    assert_eq!(watched.mode, Mode::Recommend);
    let spans = [watched.hold, watched.hold_down, watched.wait_to_restore];
    assert_eq!(spans, [7, 40, 200].map(model::Span::from_secs));
    assert_eq!(watched.improvement_margin, model::Ratio::from_ppm(200_000));
    let mine = path(&set, "own");
    assert_eq!((mine.minimise, mine.avoid.len()), (Minimise::Price, 0), "`[]` is something said");
    assert_eq!(mine.dataplane, Dataplane::SrMpls, "it says nothing of the plane");
    let own = &set.services[&"own".parse().unwrap()].assurance;
    assert_eq!((own.hold_down, own.mode), (model::Span::from_secs(5), Mode::Recommend));
}

#[test]
fn every_given_line_must_hold_of_a_service() {
    let services = [labelled("pay-1", ""), service("pay-2", ""), labelled("mail", "")].map(|one| {
        match one.contains("connectivity") {
            true => one,
            false => service("pay-2", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-2]}"),
        }
    });
    let services = services.join("---\n");
    let preferring = |on: &str| {
        let (set, _) =
            judged(&[&services, &policy("p", on, FAST)]).unwrap_or_else(|faults| panic!("{faults:#?}"));
        let chosen = set.services.values().filter(|service| !service.path.prefer.is_empty());
        chosen.map(|service| service.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(preferring("{class: business}"), ["mail", "pay-1", "pay-2"]);
    assert_eq!(preferring("{services: \"pay-*\"}"), ["pay-1", "pay-2"]);
    assert_eq!(preferring("{labels: {tier: key}}"), ["mail", "pay-1"]);
    assert_eq!(preferring("{labels: {tier: key}, services: \"pay-?\", class: business}"), ["pay-1"]);
    assert_eq!(preferring("{labels: {tier: silver}}"), [""; 0]);
    assert_eq!(preferring("{class: voice}"), [""; 0]);
}

#[test]
fn a_policy_that_changes_nothing_is_told() {
    let unheard = |services: &[String], says: &str| {
        let found = faults(&[&services.join("---\n"), &policy("p", "{labels: {tier: key}}", says)]);
        let told = found.iter().filter(|one| one.code == codes::UNUSED && one.subject == "SteeringPolicy p");
        told.map(|one| one.message.clone()).collect::<Vec<_>>()
    };
    let own = |name: &str| labelled(name, "  path: {minimise: hops, prefer: []}");
    let message = "the policy `p` changes nothing: every service that it applies to says `path.minimise`, `path.prefer` itself";
    assert_eq!(unheard(&[own("a"), own("b").replace("br-1", "br-2")], FAST), [message]);
    // Of several services one that is silent is enough, and one field of several.
    assert_eq!(unheard(&[own("a"), labelled("b", "").replace("br-1", "br-2")], FAST), [""; 0]);
    assert_eq!(unheard(&[own("a")], "path: {minimise: delay, coRouted: false}"), [""; 0]);
    assert_eq!(unheard(&[own("a")], "assurance: {mode: act}"), [""; 0]);
    // Who says the same as another policy is heard as well; who selects nothing is told so, and not twice.
    let texts =
        [labelled("a", ""), policy("p", "{class: business}", FAST), policy("q", "{class: business}", FAST)];
    let found = faults(&texts.each_ref().map(String::as_str));
    assert!(of_code(&found, codes::UNUSED).iter().all(|one| !one.subject.starts_with("SteeringPolicy")));
    assert_eq!(
        unheard(&[service("a", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}")], FAST).len(),
        1
    );
}

#[test]
fn what_is_wrong_with_a_selection_is_told_at_its_place() {
    let mail = labelled("mail", "");
    let cases = [
        ("{}", codes::MISSING_FIELD, "does not say which services"),
        ("{class: busines}", codes::UNKNOWN_REFERENCE, "there is no traffic class `busines`"),
        ("{services: \"pay-[\"}", codes::BAD_VALUE, "is not a pattern"),
        ("{services: \"pay-*\"}", codes::UNUSED, "applies to no service"),
    ];
    for (on, code, message) in cases {
        let found = faults(&[&mail, &policy("p", on, FAST)]);
        let found: Vec<&Finding> = found.iter().filter(|one| one.subject == "SteeringPolicy p").collect();
        let [one] = found.as_slice() else { panic!("{on}: {found:#?}") };
        assert_eq!((one.code.as_str(), one.is_error()), (code, code != codes::UNUSED), "{on}");
        assert!(one.message.contains(message), "{}", one.message);
        let place = one.place.as_ref().unwrap();
        assert_eq!((place.file.as_str(), place.line), ("policy-1.yaml", 5), "{on}");
        if code == codes::UNKNOWN_REFERENCE {
            assert_eq!(one.help.as_deref(), Some("did you mean `business`?"));
        }
    }
}

#[test]
fn a_policy_that_says_nothing_is_told() {
    for says in ["path: {}", "assurance: {}"] {
        let found = faults(&[&labelled("mail", ""), &policy("p", "{class: business}", says)]);
        let said = of_code(&found, codes::UNUSED);
        assert!(said.iter().any(|one| one.message.contains("`p` says nothing")), "{says}: {found:#?}");
    }
}

#[test]
fn policies_that_disagree_are_told_once_for_two_policies_and_a_field() {
    let services: Vec<String> = (1..6).map(|number| labelled(&format!("s{number}"), "")).collect();
    let services = services.join("---\n");
    let one = policy(
        "a",
        "{class: business}",
        "path: {minimise: delay, avoid: [{affinity: line1}, {affinity: line2}]}",
    );
    let same = "path: {minimise: hops, avoid: [{affinity: line2}, {affinity: line1}]}";
    let other = policy("b", "{services: \"s?\"}", same);
    for order in [[services.as_str(), &one, &other], [services.as_str(), &other, &one]] {
        let found = faults(&order);
        let clashes = of_code(&found, codes::POLICY_CLASH);
        let [clash] = clashes.as_slice() else { panic!("{found:#?}") };
        assert!(clash.is_error());
        let expected = "`a` says something else about `path.minimise`, and both policies apply to `s1`, `s2`, `s3` and 2 more";
        assert_eq!((clash.subject.as_str(), clash.message.as_str()), ("SteeringPolicy b", expected));
        let place = clash.place.as_ref().unwrap();
        assert_eq!((place.line, place.column), (6, 20), "at what the second says");
        let related = &clash.related[0];
        assert_eq!(
            (related.message.as_str(), related.place.line, related.place.column),
            ("said otherwise here", 6, 20)
        );
        assert_ne!(related.place.file, place.file);
    }
}

#[test]
fn hundreds_that_disagree_are_told_by_what_they_say() {
    let mut texts = vec![labelled("mail", "")];
    let says = ["delay", "hops", "te"];
    texts.extend((100..400).map(|number| {
        policy(
            &format!("p{number}"),
            "{services: \"*\"}",
            &format!("path: {{minimise: {}}}", says[number % 3]),
        )
    }));
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = faults(&texts);
    let clashes = of_code(&found, codes::POLICY_CLASH);
    let told: Vec<(&str, &str)> =
        clashes.iter().map(|clash| (clash.subject.as_str(), clash.message.as_str())).collect();
    let message = "`p100` says something else about `path.minimise`, and both policies apply to `mail`; 99 more policies say the same as this one";
    assert_eq!(told, [("SteeringPolicy p101", message), ("SteeringPolicy p102", message)]);
}

#[test]
fn the_same_said_twice_and_what_a_service_says_itself_do_not_clash() {
    let one = policy(
        "a",
        "{class: business}",
        "path: {minimise: hops}\n  assurance: {breach: {any: [delay > 90ms]}}",
    );
    let same = policy(
        "b",
        "{services: \"*\"}",
        "path: {minimise: hops}\n  assurance: {breach: {any: [delay > 90ms]}}",
    );
    let found = faults(&[&labelled("mail", ""), &one, &same]);
    assert_eq!(of_code(&found, codes::POLICY_CLASH), [&found[0]; 0], "{found:#?}");
    let other = same.replace("minimise: hops", "minimise: te").replace("90ms", "91ms");
    let found = faults(&[&labelled("mail", ""), &one, &other]);
    assert_eq!(of_code(&found, codes::POLICY_CLASH).len(), 2, "the near miss clashes: {found:#?}");
    let decided = labelled("mail", "  path: {minimise: igp}\n  assurance: {breach: {any: [delay > 80ms]}}");
    let found = faults(&[&decided, &one, &other]);
    assert_eq!(of_code(&found, codes::POLICY_CLASH), [&found[0]; 0], "{found:#?}");
}

#[test]
fn a_finding_on_a_value_of_a_policy_points_at_the_policy_once_and_names_services() {
    let services = [labelled("s1", ""), labelled("s2", "").replace("vrf: s2", "vrf: other")].join("---\n");
    let typo = policy("p", "{class: business}", "path: {prefer: [{affinity: line9}]}");
    let found = faults(&[&services, &typo]);
    let typos = of_code(&found, codes::UNKNOWN_AFFINITY);
    let [one] = typos.as_slice() else { panic!("{found:#?}") };
    let place = one.place.as_ref().unwrap();
    assert_eq!((place.file.as_str(), place.line, place.column), ("policy-1.yaml", 6, 30));
    let related: Vec<(&str, u32)> =
        one.related.iter().map(|one| (one.place.file.as_str(), one.place.line)).collect();
    assert_eq!(related, [("services.yaml", 3), ("services.yaml", 12)], "both services are named");
    let both = policy("q", "{class: business}", "path: {avoid: [{affinity: line1}, {affinity: line2}]}");
    let found = faults(&[&services, &both]);
    let impossible = of_code(&found, codes::CONSTRAINT_IMPOSSIBLE);
    assert!(!impossible.is_empty(), "{found:#?}");
    for one in impossible {
        let place = one.place.as_ref().unwrap();
        assert_eq!((place.file.as_str(), place.line, place.column), ("policy-1.yaml", 6, 19), "{one:#?}");
        assert!(one.related.iter().any(|one| one.message == APPLIES && one.place.file == "services.yaml"));
    }
}

#[test]
fn a_constraint_that_the_service_says_itself_is_not_blamed_on_a_policy() {
    let secret = labelled(
        "s1",
        "  sle: {encryption: required, waypoints: [core-2]}\n  path: {avoid: [{affinity: line1}]}",
    );
    let secret = secret.replace("br-1]", "br-2]");
    let found = faults(&[&secret, &policy("p", "{class: business}", "path: {minimise: hops}")]);
    let impossible = of_code(&found, codes::CONSTRAINT_IMPOSSIBLE);
    assert!(!impossible.is_empty(), "{found:#?}");
    assert!(
        impossible.iter().all(|one| one.place.as_ref().unwrap().file == "services.yaml"),
        "{impossible:#?}"
    );
}

#[test]
fn a_wish_of_a_service_against_one_of_a_policy_names_both_places() {
    let own = labelled("s1", "  path: {prefer: [{affinity: line1}]}");
    let found = faults(&[&own, &policy("p", "{class: business}", "path: {avoid: [{affinity: line1}]}")]);
    let against = of_code(&found, codes::CONTRADICTION);
    let [one] = against.as_slice() else { panic!("{found:#?}") };
    assert_eq!(one.place.as_ref().unwrap().file, "services.yaml");
    let related = &one.related[0];
    assert_eq!((related.place.file.as_str(), related.message.as_str()), ("policy-1.yaml", "avoided here"));
}

#[test]
fn a_design_makes_policies_and_services_that_policies_find() {
    let design = "apiVersion: trunkline/v1
kind: Design
metadata: {name: site}
spec:
  description: A site and how it is steered.
  parameters:
    line: {description: the line to prefer, type: affinity}
  documents:
    - kind: ServiceIntent
      metadata: {name: $(instance)}
      spec: {connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}, vrf: $(instance), class: business}
    - kind: SteeringPolicy
      metadata: {name: $(instance)-first}
      spec: {on: {services: $(instance)}, path: {prefer: [{affinity: $(line)}]}}
";
    let instance = "apiVersion: trunkline/v1
kind: DesignInstance
metadata: {name: till}
spec: {design: site, parameters: {line: line2}}
";
    let (set, _) = judged(&[design, instance]).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(path(&set, "till").prefer.iter().map(ToString::to_string).collect::<Vec<_>>(), ["line2"]);
    let found = faults(&[design, &instance.replace("line: line2", "line: line9")]);
    let typos = of_code(&found, codes::UNKNOWN_AFFINITY);
    let [one] = typos.as_slice() else { panic!("{found:#?}") };
    let place = one.place.as_ref().unwrap();
    assert_eq!((place.file.as_str(), place.line), ("policy-1.yaml", 4), "the value stands with the instance");
    let said: Vec<&str> = one.related.iter().map(|one| one.message.as_str()).collect();
    assert!(said.contains(&APPLIES) && said.contains(&"used here"), "{said:?}");
    assert!(said.contains(&"the parameter `line` is declared here"), "{said:?}");
}

#[test]
fn why_says_which_wishes_come_from_a_policy() {
    let (set, _) =
        judged(&[&labelled("mail", "  path: {minimise: te}"), &policy("p", "{class: business}", FAST)])
            .unwrap();
    let text = why("mail", &set, &compiled(&set, &minimal_ted(), &Hints::default())).unwrap();
    assert!(text.contains("  path.prefer from the policy `p`\n"), "{text}");
    assert!(text.contains("rides line2, preference 1 of 1"), "{text}");
}

/// Five services in the first text; then a policy for each way to choose them.
fn services_and_policies() -> Vec<String> {
    let mut texts = vec![String::new()];
    for (number, class) in
        ["production", "business", "production", "business", "production"].iter().enumerate()
    {
        let label = ["", ", labels: {tier: key}", ", labels: {tier: key, site: bj}", ", labels: {site: bj}"]
            [number % 4];
        let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  vrf: v\n";
        texts[0] += &format!(
            "---\napiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {{name: s-{number}{label}}}\nspec:\n  class: {class}\n{ends}"
        );
    }
    let classes = ["", "class: production", "class: business"];
    let labels = ["", "labels: {tier: key}", "labels: {site: bj, tier: key}", "labels: {site: sh}"];
    let patterns = [
        "",
        "services: \"*\"",
        "services: s-1",
        "services: \"s-[0-2]\"",
        "services: \"{s-3,s-4}\"",
        "services: x",
    ];
    for (number, ((class, label), pattern)) in classes
        .iter()
        .flat_map(|class| labels.iter().map(move |label| (class, label)))
        .flat_map(|both| patterns.iter().map(move |pattern| (both, pattern)))
        .enumerate()
    {
        let on: Vec<&str> = [*class, *label, *pattern].into_iter().filter(|part| !part.is_empty()).collect();
        if !on.is_empty() {
            texts.push(policy(&format!("p-{number}"), &format!("{{{}}}", on.join(", ")), FAST));
        }
    }
    texts
}

#[test]
fn policies_are_chosen_as_if_each_had_been_asked() {
    let texts = services_and_policies();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let docs = documents(&texts);
    let policies: Vec<Policy<'_>> = docs
        .iter()
        .filter_map(|doc| match &doc.spec {
            Spec::SteeringPolicy(spec) => Some(Policy {
                doc,
                spec,
                pattern: spec
                    .on
                    .value
                    .services
                    .as_ref()
                    .map(|pattern| globset::Glob::new(&pattern.value.0).unwrap().compile_matcher()),
            }),
            _ => None,
        })
        .collect();
    let chooser = Chooser::new(&policies);
    let names = |chosen: Vec<&Policy<'_>>| -> Vec<String> {
        chosen.iter().map(|policy| policy.doc.name().to_owned()).collect()
    };
    let mut most = 0;
    for doc in &docs {
        let Spec::ServiceIntent(spec) = &doc.spec else { continue };
        let asked = policies.iter().filter(|policy| policy.selects(doc, spec)).collect();
        let chosen = names(chooser.of(doc, spec));
        most = most.max(chosen.len());
        assert_eq!(chosen, names(asked), "{}", doc.name());
    }
    assert!(most > 10 && most < policies.len(), "{most} of {}", policies.len());
}
