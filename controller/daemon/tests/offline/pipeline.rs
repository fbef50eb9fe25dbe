//! The pipelines of `intents/examples/ci`, run as GitLab and GitHub run them: on a clone, for a branch that is to be merged into
//! another.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_yaml::Value;
use tempfile::TempDir;

use crate::call::{Called, root};

const EXAMPLE: &str = "intents/examples/ci";

/// A repository with the example on some branches, and the clone that pipelines work in.
struct Bank {
    folder: TempDir,
}

impl Bank {
    /// The branch `good` has the example; each other is `good` with one change.
    fn new() -> Self {
        let bank = Self { folder: tempfile::tempdir().unwrap() };
        let origin = bank.origin();
        copy(&root().join(EXAMPLE), &origin);
        bank.git(&["init", "--quiet", "--initial-branch", "good"]);
        bank.git(&["add", "."]);
        bank.git(&["commit", "--quiet", "--message", "The example"]);
        let services = origin.join("intents/services.yaml");
        let replace = |from: &str, to: &str| {
            let text = fs::read_to_string(&services).unwrap();
            assert!(text.contains(from), "{from} stands in the example");
            fs::write(&services, text.replacen(from, to, 1)).unwrap();
        };
        bank.branch("worse", || replace("oneWayDelay: 30ms", "oneWayDelay: 9ms"));
        bank.branch("faulty", || replace("vrf: office", "vrff: office"));
        bank.branch("bare", || fs::remove_dir_all(origin.join("intents")).unwrap());
        bank
    }

    fn origin(&self) -> PathBuf {
        self.folder.path().join("origin")
    }

    fn branch(&self, name: &str, change: impl FnOnce()) {
        self.git(&["checkout", "--quiet", "-b", name, "good"]);
        change();
        self.git(&["commit", "--quiet", "--all", "--message", name]);
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.origin());
        let called = self.call(&mut git);
        assert_eq!(called.code, Some(0), "git {arguments:?}: {}{}", called.out, called.err);
    }

    /// Runs the scripts of a job one after the other, until one fails, on a fresh clone of a branch.
    fn run(&self, scripts: &[String], branch: &str, target: &str) -> (PathBuf, Called) {
        let clone = self.folder.path().join("clone");
        if clone.exists() {
            fs::remove_dir_all(&clone).unwrap();
        }
        self.git(&["clone", "--quiet", "--branch", branch, ".", "../clone"]);
        let mut all = Called { code: Some(0), out: String::new(), err: String::new() };
        for script in scripts {
            let mut shell = Command::new("sh");
            shell.args(["-e", "-c", script]).current_dir(&clone);
            shell.env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", target).env("GITHUB_BASE_REF", target);
            let called = self.call(&mut shell);
            all.code = called.code;
            all.out += &called.out;
            all.err += &called.err;
            if all.code != Some(0) {
                break;
            }
        }
        (clone, all)
    }

    /// With the program that is tested, and with no settings of the person who tests.
    fn call(&self, command: &mut Command) -> Called {
        let program = Path::new(env!("CARGO_BIN_EXE_trunkline")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", program.display()));
        command.env("HOME", self.folder.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "somebody");
            command.env(format!("GIT_{who}_EMAIL"), "somebody@example.com");
        }
        // Tests may run from a hook of git, which tells its children where the repository is.
        for variable in
            ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "COMMENT_TOKEN", "TRUNKLINE_CONTROLLER"]
        {
            command.env_remove(variable);
        }
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Called {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn pipeline(file: &str) -> Value {
    let path = root().join(EXAMPLE).join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The script of a job of GitLab, which runs all its lines in one shell.
fn gitlab(job: &str) -> Vec<String> {
    let pipeline = pipeline("gitlab-ci.yml");
    let lines = pipeline[job]["script"].as_sequence().unwrap().iter().map(|line| line.as_str().unwrap());
    vec![lines.collect::<Vec<_>>().join("\n")]
}

/// The scripts of the job of GitHub, each of which runs in a shell of its own.
fn github() -> Vec<String> {
    let pipeline = pipeline("github-actions.yml");
    let steps = pipeline["jobs"]["verify"]["steps"].as_sequence().unwrap();
    let scripts: Vec<String> =
        steps.iter().filter_map(|step| step["run"].as_str()).map(str::to_owned).collect();
    assert!(scripts.len() >= 2, "{scripts:?}");
    scripts
}

#[test]
fn a_request_passes_exactly_where_it_makes_nothing_worse() {
    // Which branch is to be merged into which, and how the job ends.
    const REQUESTS: [(&str, &str, i32); 9] = [
        ("good", "good", 0),
        ("worse", "good", 1),
        ("good", "worse", 0),
        ("worse", "worse", 0),
        ("faulty", "good", 1),
        // What mends a faulty branch, and the first request with intents: nothing can be compared, and every promise counts.
        ("good", "faulty", 0),
        ("good", "bare", 0),
        ("worse", "faulty", 1),
        ("worse", "bare", 1),
    ];
    let bank = Bank::new();
    for (name, scripts) in [("GitLab", gitlab("intents")), ("GitHub", github())] {
        for (branch, target, code) in REQUESTS {
            let (clone, called) = bank.run(&scripts, branch, target);
            let all = format!("{name}: {branch} into {target}:\n{}{}", called.out, called.err);
            assert_eq!(called.code, Some(code), "{all}");
            if branch == "faulty" {
                continue;
            }
            let report = fs::read_to_string(clone.join("verify.xml")).unwrap();
            assert_eq!(report.contains("<failure"), code == 1, "{all}{report}");
            let ticket = fs::read_to_string(clone.join("plan.md")).unwrap();
            assert!(ticket.starts_with("# Plan"), "{all}{ticket}");
            let compared = !["faulty", "bare"].contains(&target);
            assert_eq!(called.out.contains("against the baseline"), compared, "{all}");
        }
    }
}

#[test]
fn two_failures_are_a_warning_of_the_night() {
    let bank = Bank::new();
    let (clone, called) = bank.run(&gitlab("two-links"), "good", "good");
    assert_eq!(called.code, Some(1), "{}{}", called.out, called.err);
    let pipeline = pipeline("gitlab-ci.yml");
    assert_eq!(pipeline["two-links"]["allow_failure"]["exit_codes"].as_i64(), Some(1));
    assert!(fs::read_to_string(clone.join("verify.xml")).unwrap().contains("<failure"));
}
