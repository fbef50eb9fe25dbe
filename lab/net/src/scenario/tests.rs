use std::collections::BTreeSet;

use super::*;

fn read(steps: &str) -> Result<Scenario, String> {
    let text = format!("apiVersion: trunkline/v1\nkind: Scenario\nsteps:\n{steps}");
    Scenario::read("s.yaml", &text).map_err(|findings| {
        findings
            .iter()
            .map(|f| {
                format!(
                    "{} {f} {}",
                    f.place.as_ref().map_or(0, |p| p.line),
                    f.help.clone().unwrap_or_default()
                )
            })
            .collect::<Vec<_>>()
            .join("\n")
    })
}

const ALL: &str = "
  - {at: 1s, do: {impair: l, from: z, delay: 60ms, jitter: 1ms, loss: 2%}}
  - {at: 1s, do: {heal: l}}
  - {at: 2s, do: {down: l}}
  - {at: 3s, do: {up: l}}
  - {at: 3s, do: {risk-down: duct-1}}
  - {at: 3s, do: {risk-up: duct-1}}
  - {at: 3s, do: {node-down: r1}}
  - {at: 3s, do: {node-up: r1}}
  - {at: 3s, do: {isolate: r1}}
  - {at: 3s, do: {rejoin: r1}}
  - {at: 3s, do: {restart: r1}}
  - {at: 3s, do: {surge: production, at: r1, to: 3000%}}
  - {at: 3s, do: {surge: production, to: 100%}}
  - {at: 3s, do: {drain: l}}
  - {at: 3s, do: {undrain: l}}
  - {at: 3s, do: {drain-node: r1}}
  - {at: 3s, do: {undrain-node: r1}}
  - {at: 3s, do: {mode: observe}}
  - {at: 3s, do: {mode: act}}
  - {at: 4s, do: {delete-steering: r1, vrf: production}}
  - {at: 4s, do: {restore: r1}}
  - {at: 5s, do: {apply: intents}}
  - {at: 5s, do: {kill: controller}}
  - {at: 6s, do: {start: controller}}
  - {expect: {alarm: a, link: l}, within: 8s}
  - {expect: {alarm: a, times: 0}, within: 8s}
  - {expect: {cleared: a}, within: 8s}
  - {expect: {intent: \"p*\", kept: false}, within: 8s}
  - {expect: {unbroken: \"v*\"}, within: 8s}
  - {expect: {path: \"p*\", uses: l}, within: 8s}
  - {expect: {path: \"p*\", avoids: l}, within: 8s}
  - {expect: {reroutes: 2}, by: 4min}
  - {expect: {reroutes: 1, at-most: 3}, by: 4min}
  - {expect: {changes: 0}, by: 4min}
  - {expect: {device: r1, up: false}, by: 4min}
  - {expect: {drift: r1}, by: 4min}
";

#[test]
fn every_step_reads_as_it_is_written() {
    let scenario = read(ALL).unwrap();
    let written: Vec<serde_json::Value> = scenario
        .steps
        .iter()
        .map(|step| match step {
            Step::Do { at, action } => serde_json::json!({"at": at, "do": action}),
            Step::Expect { expectation, deadline } => {
                let mut step = serde_json::json!({"expect": expectation});
                step.as_object_mut()
                    .unwrap()
                    .extend(serde_json::to_value(deadline).unwrap().as_object().unwrap().clone());
                step
            }
        })
        .collect();
    let source: serde_json::Value = serde_yaml::from_str(&format!("steps:{ALL}")).unwrap();
    assert_eq!(serde_json::Value::from(written), source["steps"]);
}

#[test]
fn faults_are_told_with_their_place_all_at_once() {
    let told = read(
        "  - {at: 5s, do: {impair: l}}\n  - {at: 4s, do: {heel: l}}\n  - {at: 4s, do: {down: l, up: l}}\n  - {at: 4s, do: {down: l}}\n  \
         - {expect: {alarm: a}}\n  - {expect: {alarm: a, lnk: x}, within: 3}\n  - {expect: {reroutes: 1}, by: 1s}\n  - {do: {}, expect: {}}\n  \
         - {wait: 3s}\n  - {at: 9s, do: {kill: router}}\n  - {expect: {intent: \"[\", kept: maybe}, within: 1s}\n",
    )
    .unwrap_err();
    for what in [
        "4 error[TL0170] step 1, do: it impairs nothing",
        "5 error[TL0102] step 2, do: `heel` is not a word that is known here did you mean `heal`?",
        "6 error[TL0170] step 3, do: one thing at a time",
        "7 error[TL0171] step 4: it is done at 4s, but the action above it at 5s",
        "8 error[TL0170] step 5: an expectation has a deadline",
        "did you mean `link`?",
        "`within`: `3` is not a span of time",
        "step 7: it must be seen by 1s, but the action above it comes at 4s",
        "11 error[TL0170] step 8: a step either does something",
        "12 error[TL0170] step 9: a step either does something",
        "`router` is no process of the lab",
        "`[` is not a pattern of names",
        "`maybe` is not `true` or `false`",
    ] {
        assert!(told.contains(what), "{what}\nis missing in\n{told}");
    }
    assert!(read("  - {expect: {drift: r}, within: 3s}\n").unwrap_err().contains("there is none: use `by`"));
    let other = Scenario::read("s", "apiVersion: trunkline/v1\nkind: Traffic\nstep: []\n").unwrap_err();
    assert!(other.iter().any(|f| f.message.contains("only `Scenario` is read here")), "{other:?}");
    assert!(other.iter().any(|f| f.help.as_deref() == Some("did you mean `steps`?")), "{other:?}");
}

#[test]
fn a_pattern_that_would_ask_too_much_is_told_and_does_not_panic() {
    let step = |pattern: &str| format!("  - {{expect: {{intent: \"{pattern}\", kept: true}}, by: 1s}}\n");
    let nested = format!("{}a{}", "{".repeat(251), "}".repeat(251));
    let told = read(&step(&nested)).unwrap_err();
    assert!(told.contains("it has 503 bytes, at most 256 are taken"), "{told}");
    let told = read(&step("{a,{b,c}}")).unwrap_err();
    assert!(told.contains("is not a pattern of names: a `{` stands inside a `{`"), "{told}");
    assert!(read(&step("{a,b}-*")).is_ok());
}

#[test]
fn the_schema_has_the_words_of_the_reader() {
    let schema = scenario_schema();
    let words = |of: &serde_json::Value| {
        of["properties"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>()
    };
    assert_eq!(
        words(&schema),
        BTreeSet::from(["apiVersion", "cites", "kind", "steps", "variants"].map(String::from))
    );
    let defs = &schema["$defs"];
    assert_eq!(
        words(&defs["StepFile"]),
        BTreeSet::from(["at", "do", "expect", "within", "by"].map(String::from))
    );
    let any =
        |of: &str| defs[of]["anyOf"].as_array().unwrap().iter().flat_map(words).collect::<BTreeSet<_>>();
    let actions = [
        "impair",
        "from",
        "delay",
        "jitter",
        "loss",
        "heal",
        "down",
        "up",
        "risk-down",
        "risk-up",
        "node-down",
        "node-up",
        "isolate",
        "rejoin",
        "restart",
        "surge",
        "at",
        "to",
        "drain",
        "undrain",
        "drain-node",
        "undrain-node",
        "mode",
        "delete-steering",
        "vrf",
        "restore",
        "apply",
        "kill",
        "start",
    ];
    assert_eq!(any("Action"), BTreeSet::from(actions.map(String::from)));
    let seen = [
        "alarm", "link", "times", "cleared", "intent", "kept", "unbroken", "path", "uses", "avoids",
        "reroutes", "at-most", "changes", "device", "up", "drift",
    ];
    assert_eq!(any("Expectation"), BTreeSet::from(seen.map(String::from)));
}

const FOUR_LINES: &str = r#"
apiVersion: trunkline/v1
kind: Network
nodes: [{name: a, routerId: 1.1.1.1}, {name: b, routerId: 1.1.1.2}]
links:
  - {name: first, a: "a:1", z: "b:1", role: leased-line, affinity: line1}
  - {name: second, a: "a:2", z: "b:2", role: leased-line, affinity: line2}
  - {name: third, a: "a:3", z: "b:3", role: leased-line, affinity: line2}
  - {name: trunk, a: "a:4", z: "b:4", role: core, affinity: line2}
"#;

#[test]
fn a_seed_gives_another_line_time_and_class() {
    let ted = formats::read("n.yaml", FOUR_LINES).unwrap().ted;
    let text = "apiVersion: trunkline/v1\nkind: Scenario\nsteps:\n  - {at: 15s, do: {impair: first, delay: 60ms}}\n  \
                - {expect: {intent: \"production*\", kept: true}, within: 10s}\n  - {expect: {alarm: x, link: first}, within: 8s}\n  \
                - {at: 60s, do: {heal: first}}\n  - {expect: {reroutes: 2}, by: 90s}\nvariants:\n  - {affinity: line2, intents: \"office*\"}\n";
    let scenario = Scenario::read("s.yaml", text).unwrap();
    let mut lines = BTreeSet::new();
    let mut times = BTreeSet::new();
    for seed in 0..40 {
        let variant = scenario.variant(seed, &ted);
        assert_eq!(variant, scenario.variant(seed, &ted));
        assert_eq!(variant.check(&ted), []);
        let [
            Step::Do { at, action: Action::Impair { impair, delay, loss, .. } },
            kept,
            raised,
            Step::Do { at: healed, action },
            Step::Expect { deadline, .. },
        ] = &variant.steps[..]
        else {
            panic!("{variant:?}")
        };
        lines.insert(impair.to_string());
        times.insert(*at);
        let shift = at.as_micros() - 15_000_000;
        assert_eq!(
            (healed.as_micros(), deadline),
            (60_000_000 + shift, &Deadline::By(Span::from_micros(90_000_000 + shift)))
        );
        assert_eq!(action, &Action::Heal { heal: impair.clone() });
        assert!((60_000..=90_000).contains(&delay.unwrap().as_micros()) && loss.is_none());
        assert!(
            matches!(kept, Step::Expect { expectation: Expectation::Intent { intent, .. }, .. } if intent == "office*")
        );
        assert!(
            matches!(raised, Step::Expect { expectation: Expectation::Alarm { link: Some(link), .. }, .. } if link == impair)
        );
    }
    assert_eq!(lines, BTreeSet::from(["second", "third"].map(String::from)));
    assert!(times.len() > 5);
}

#[test]
fn a_scenario_for_another_network_is_refused() {
    let ted = formats::read("n.yaml", FOUR_LINES).unwrap().ted;
    let scenario = read("  - {at: 1s, do: {down: frist}}\n  - {expect: {drift: c}, by: 3s}\n").unwrap();
    let told: Vec<_> =
        scenario.check(&ted).iter().map(|f| format!("{f} {}", f.help.clone().unwrap_or_default())).collect();
    assert_eq!(
        told[0],
        "error[TL0172] step 1: there is no link `frist` in the network did you mean `first`?"
    );
    assert!(told[1].starts_with("error[TL0172] step 2: there is no node `c` in the network"), "{told:?}");
    let lines: Vec<_> =
        scenario.check(&ted).iter().map(|f| f.place.as_ref().map(|place| place.line)).collect();
    assert_eq!(lines, [Some(4), Some(5)]);
    let scenario = read("  - {at: 1s, do: {node-down: a}}\n  - {at: 2s, do: {risk-down: ductt}}\n").unwrap();
    let told: Vec<_> = scenario.check(&risky()).iter().map(|f| (f.to_string(), f.help.clone())).collect();
    let wanted = "error[TL0172] step 2: there is no shared risk `ductt` in the network";
    assert_eq!(told, [(wanted.to_owned(), Some("did you mean `duct`?".to_owned()))]);
}

/// The four lines, two of them in one duct.
fn risky() -> Ted {
    let text = FOUR_LINES
        .replace("affinity: line2}\n  - {name: trunk", "affinity: line2, srlg: [duct]}\n  - {name: trunk");
    let text = text.replace("affinity: line1}", "affinity: line1, srlg: [duct]}");
    formats::read("n.yaml", &text).unwrap().ted
}

#[test]
fn a_router_and_a_shared_risk_stand_for_their_links() {
    let ted = risky();
    let cut = |step: &str| {
        let scenario = read(&format!("  - {{at: 1s, do: {{{step}}}}}\n")).unwrap();
        let links: Vec<String> = scenario.links(&ted).into_iter().map(ToString::to_string).collect();
        let Step::Do { action, .. } = &scenario.steps[0] else { panic!("{scenario:?}") };
        let cut = action.cuts(&ted);
        let names =
            |links: Vec<&model::LinkId>| links.into_iter().map(ToString::to_string).collect::<Vec<_>>();
        (links, cut.map(|(links, up)| (names(links), up)))
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let duct = names(&["first", "third"]);
    assert_eq!(cut("risk-down: duct"), (duct.clone(), Some((duct.clone(), false))));
    assert_eq!(cut("risk-up: duct"), (duct.clone(), Some((duct, true))));
    let all = names(&["first", "second", "third", "trunk"]);
    assert_eq!(cut("node-down: b"), (all.clone(), Some((all.clone(), false))));
    assert_eq!(cut("node-up: a"), (all.clone(), Some((all.clone(), true))));
    assert_eq!(cut("up: first"), (names(&["first"]), Some((names(&["first"]), true))));
    // It looks at the router's lines and cuts none of them.
    assert_eq!(cut("isolate: a"), (all, None));
    assert_eq!(cut("kill: controller"), (names(&[]), None));
}

#[test]
fn words_that_contradict_each_other_are_told() {
    let told = read(
        "  - {at: 1s, do: {surge: p, to: 200000%}}\n  - {at: 1s, do: {surge: p}}\n  - {at: 1s, do: {mode: asleep}}\n  \
         - {expect: {path: p, uses: a, avoids: b}, within: 1s}\n  - {expect: {path: p}, within: 1s}\n  \
         - {expect: {reroutes: 3, at-most: 2}, within: 1s}\n  - {expect: {device: r}, within: 1s}\n  \
         - {expect: {unbroken: \"[\"}, within: 1s}\n",
    )
    .unwrap_err();
    for what in [
        "4 error[TL0170] step 1, do: `to` is 200000%: at most 100000% is offered",
        "step 2, do: `to` is missing",
        "`asleep` is not a mode: one of observe, recommend, act",
        "7 error[TL0170] step 4, expect: a path either `uses` a link or `avoids` one",
        "8 error[TL0170] step 5, expect: a path either `uses` a link or `avoids` one",
        "9 error[TL0170] step 6, expect: `at-most` is 2, and at least 3 are asked for",
        "step 7, expect: `up` is missing",
        "`[` is not a pattern of names",
    ] {
        assert!(told.contains(what), "{what}\nis missing in\n{told}");
    }
}
