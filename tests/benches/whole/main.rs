//! The figures of the whole product, as a person at a terminal would get them: `trunkline demo` is run again and again, each time
//! with fresh processes, and what it says is added up. Nothing is measured inside the processes that they do not tell themselves.
//!
//! `cargo bench -p acceptance --bench whole [-- --runs N]`; one run takes about 45 seconds and makes six re-routes.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should end")]
#![expect(clippy::disallowed_methods, reason = "what it measures happens in real time")]

mod call;
mod faults;
mod machine;
#[expect(dead_code, reason = "other benches have other targets")]
mod series;
#[expect(dead_code, reason = "it can do more than is needed here")]
#[path = "../../tests/demo/stage.rs"]
mod stage;

use std::{collections::BTreeMap, fs, path::Path, time::Duration, time::Instant};

use serde_json::Value;

use series::{Series, Target};
use stage::{Demo, root};

/// Runs where nobody says how many: with six re-routes each, more than fifty.
const RUNS: usize = 9;
/// Changes of the queue profile in a run; the last one brings it back to what it was.
const WEIGHTS: [[u32; 2]; 3] = [[41, 24], [39, 26], [40, 25]];

fn main() {
    let Some(words) = call::words() else { return };
    let runs = call::runs(&words, RUNS);
    let before = machine::load();
    let mut all = All::default();
    for run in 0..runs {
        eprintln!("run {} of {runs}", run + 1);
        all.run(run);
    }
    println!("\n{}\n", machine::told(&before));
    println!("{}", series::table(&all.rows()));
}

/// What was measured in all runs.
#[derive(Default)]
struct All {
    series: BTreeMap<&'static str, Vec<f64>>,
    /// What a change of the profile changed: routers, edits.
    changed: Vec<(u64, u64)>,
    /// What first contact changed: objects, transactions.
    first: Vec<(u64, usize)>,
}

impl All {
    fn add(&mut self, name: &'static str, value: f64) {
        self.series.entry(name).or_default().push(value);
    }

    fn run(&mut self, run: usize) {
        let folder = tempfile::tempdir().unwrap();
        let scenario = folder.path().join("scenario.yaml");
        fs::write(&scenario, faults::scenario(run)).unwrap();
        let mut demo = Demo::start(scenario.to_str().unwrap(), &[]);
        demo.wait_kept();
        self.first_contact(&demo.said);
        for weights in WEIGHTS {
            self.change_the_profile(&mut demo, folder.path(), weights);
        }
        let begun = |line: &Value| line["text"].as_str().is_some_and(|text| text.starts_with("fault:"));
        assert!(!demo.said.iter().any(begun), "the changes were done before the first fault");
        let (summary, told) = demo.finish(Duration::from_secs(120));
        self.re_routes(&told);
        self.add("cold", summary["cold_start_ms"].as_f64().unwrap() / 1e3);
        self.add("memory", summary["controller_peak_mib"].as_f64().unwrap());
    }

    fn first_contact(&mut self, told: &[Value]) {
        let ended: Vec<&Value> = told.iter().filter(|line| line["kind"] == "transaction-ended").collect();
        ended.iter().for_each(|ended| self.add("first", whole(ended) / 1e3));
        let words =
            told.iter().filter_map(|line| line["text"].as_str()).find(|text| text.contains("edits on"));
        let objects = words.unwrap().split(' ').next().unwrap().parse().unwrap();
        self.first.push((objects, ended.len()));
        self.worked_out(["first proposal", "first proposal, added"], told);
    }

    /// Compile, plan and proof of what was proposed: what a change waits for, since plan and proof run side by side, and all
    /// three added.
    fn worked_out(&mut self, [waited, added]: [&'static str; 2], told: &[Value]) {
        for proposed in told.iter().filter(|line| line["kind"] == "proposed") {
            let stage = |name: &str| proposed[name].as_f64().unwrap();
            let (compile, plan, prove) = (stage("compileMs"), stage("planMs"), stage("proveMs"));
            self.add(waited, compile + plan.max(prove));
            self.add(added, compile + plan + prove);
        }
    }

    /// One change of the queue profile, sent with the same command as a person's.
    fn change_the_profile(&mut self, demo: &mut Demo, folder: &Path, [production, video]: [u32; 2]) {
        let intents = folder.join("intents");
        fs::create_dir_all(&intents).unwrap();
        for entry in fs::read_dir(root().join("intents/examples/ceb")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let mut text = fs::read_to_string(&path).unwrap();
            if path.ends_with("classes.yaml") {
                for (was, now) in [("weight: 40", production), ("weight: 25", video)] {
                    assert_eq!(text.matches(was).count(), 1, "{was}");
                    text = text.replace(was, &format!("weight: {now}"));
                }
            }
            fs::write(intents.join(path.file_name().unwrap()), text).unwrap();
        }
        let from = demo.said.len();
        let begun = Instant::now();
        let path = intents.display().to_string();
        let done = demo.client(&["apply", &path, "--message", "queue weights", "--format", "json"]);
        let took = begun.elapsed();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let applied: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(applied["transactions"], 1, "{applied}");
        demo.wait_for("the change", Duration::from_secs(10), |line| line["kind"] == "intents-accepted");
        let told = demo.said[from..].to_vec();
        let ended = told.iter().find(|line| line["kind"] == "transaction-ended").unwrap();
        self.changed.push((applied["devices"].as_u64().unwrap(), applied["edits"].as_u64().unwrap()));
        self.add("change", applied["tookMs"].as_f64().unwrap() / 1e3);
        self.add("change to commit", ended["commitMs"].as_f64().unwrap() / 1e3);
        self.add("change as command", took.as_secs_f64());
        self.worked_out(["change proposal", "change proposal, added"], &told);
    }

    /// Every re-route away from a line that went bad.
    fn re_routes(&mut self, told: &[Value]) {
        for moved in told.iter().filter(|line| line["kind"] == "rerouted" && line["back"] == false) {
            for (name, word) in [
                ("breach to plan", "breachToPlanMs"),
                ("breach to ack", "breachToAckMs"),
                ("read-back", "readbackMs"),
                ("confirm", "confirmMs"),
            ] {
                self.add(name, moved[word].as_f64().unwrap());
            }
        }
    }

    fn row(&self, name: &str, what: impl Into<String>, target: Target, unit: &'static str) -> Series<'_> {
        let values = self.series.get(name).map(Vec::as_slice).unwrap_or_default();
        Series { what: what.into(), target, unit, values }
    }

    fn rows(&self) -> Vec<Series<'_>> {
        let range = |values: &mut dyn Iterator<Item = u64>| {
            let values: Vec<u64> = values.collect();
            match (values.iter().min(), values.iter().max()) {
                (Some(least), Some(most)) if least == most => least.to_string(),
                (Some(least), Some(most)) => format!("{least} to {most}"),
                _ => "no".to_owned(),
            }
        };
        let routers = range(&mut self.changed.iter().map(|changed| changed.0));
        let objects = range(&mut self.changed.iter().map(|changed| changed.1));
        let first = range(&mut self.first.iter().map(|first| first.0));
        let transactions = range(&mut self.first.iter().map(|first| first.1 as u64));
        let first = format!("first contact: {first} objects in {transactions} transactions, each");
        let change = format!(
            "one queue profile changed on {routers} routers ({objects} edits), one transaction, all confirmed"
        );
        let command = "the same as a command, with its proof under every single link failure";
        let mut rows = vec![
            self.row("cold", "cold start to 120 sessions in sync", Target::Worst(10.0), "s"),
            self.row("first", first, Target::Worst(1.0), "s"),
            self.row("change", change, Target::Worst(1.0), "s"),
            self.row("change to commit", "the same to the last commit reply", Target::None, "s"),
            self.row("change as command", command, Target::None, "s"),
        ];
        rows.extend(self.loop_rows());
        rows
    }

    /// What the loop, the stages and the memory come to.
    fn loop_rows(&self) -> [Series<'_>; 9] {
        let row = |name, what, target, unit| self.row(name, what, target, unit);
        let plan = "sample that completes the breach, to the proved plan";
        let ack = "sample that completes the breach, to the last commit reply";
        let soon = Target::Both { median: 150.0, worst: 500.0 };
        let first = "compile, plan and proof (side by side) of the CEB set, first contact";
        let change = "compile, plan and proof (side by side) of the CEB set, a change";
        let added = "the same, all three added";
        [
            row("breach to plan", plan, Target::None, "ms"),
            row("breach to ack", ack, soon, "ms"),
            row("read-back", "read-back after it", Target::None, "ms"),
            row("confirm", "decision and confirm after it", Target::None, "ms"),
            row("first proposal", first, Target::Median(100.0), "ms"),
            row("first proposal, added", added, Target::None, "ms"),
            row("change proposal", change, Target::Median(100.0), "ms"),
            row("change proposal, added", added, Target::None, "ms"),
            row("memory", "controller memory, its peak", Target::Worst(200.0), "MiB"),
        ]
    }
}

/// From the first order of a transaction to its last confirm, milliseconds.
fn whole(ended: &Value) -> f64 {
    ["commitMs", "readbackMs", "confirmMs"].iter().map(|word| ended[word].as_f64().unwrap()).sum()
}
