//! `trunkline serve` and its clients, as processes: it starts without any router answering, observes, and stops when told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, also in what tests share")]

use std::{
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Nobody listens there: port 9 of loopback addresses.
const INVENTORY: &str = r#"
apiVersion: trunkline/v1
kind: Inventory
devices:
  - name: hq-pe1
    config: {netconf: "127.0.1.1:9", hostKey: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}
    login: {user: trunkline, key: "file:id"}
"#;

fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../intents/examples/minimal").join(name)
}

fn trunkline() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    command.env_remove("TRUNKLINE_CONTROLLER").env_remove("TRUNKLINE_TOKEN_FILE").env_remove("RUST_LOG");
    command
}

/// A folder with a configuration, and a key that opens nothing.
fn folder(inventory: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::copy(example("network.yaml"), folder.path().join("network.yaml")).unwrap();
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    write("id", &key);
    std::fs::set_permissions(folder.path().join("id"), std::fs::Permissions::from_mode(0o600)).unwrap();
    write("inventory.yaml", inventory);
    write(
        "controller.yaml",
        "apiVersion: trunkline/v1\nkind: Controller\nnetwork: network.yaml\ninventory: inventory.yaml\nstate: state\n\
         listen: 127.0.0.1:0\n",
    );
    folder
}

/// A running controller; it is ended with the test.
struct Controller {
    child: Child,
    url: String,
    folder: tempfile::TempDir,
}

impl Controller {
    fn start(inventory: &str) -> Self {
        let folder = folder(inventory);
        let config = folder.path().join("controller.yaml");
        // Whoever started the tests may ignore the signal, as `nohup` does.
        let mut child = Command::new("env")
            .args(["--default-signal=HUP", env!("CARGO_BIN_EXE_trunkline")])
            .args(["serve", "--log-format", "json", "-c"])
            .arg(config)
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_default().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{line}");
        Self { child, url, folder }
    }

    fn token(&self) -> PathBuf {
        self.folder.path().join("state/token")
    }

    fn ask(&self, arguments: &[&str], token: Option<&Path>) -> Output {
        let mut command = trunkline();
        command.args(arguments).args(["--controller", &self.url]).env("XDG_STATE_HOME", self.folder.path());
        if let Some(token) = token {
            command.arg("--token-file").arg(token);
        }
        command.output().unwrap()
    }

    /// Ends it by a signal and gives its exit code.
    fn stop(&mut self, signal: Signal) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, signal).unwrap();
        for _ in 0..200 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it did not stop within ten seconds");
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// That the network was adopted, and the loop stopped after that; to holders of the token alone.
fn the_log_tells_it(controller: &Controller, token: &Path) {
    let log = controller.ask(&["log"], Some(token));
    assert_eq!(log.status.code(), Some(0), "{}", err(&log));
    let lines: Vec<String> = out(&log).lines().map(str::to_owned).collect();
    assert!(lines[0].contains("WHO") && lines.len() > 3, "{lines:#?}");
    let adoption =
        lines.iter().position(|line| line.contains("first day")).expect("the adoption stands there");
    let stop = lines.iter().position(|line| line.contains("observe")).expect("so does the stop switch");
    assert!(adoption < stop, "the newest is the last: {lines:#?}");
    let log = controller.ask(&["log", "--limit", "1", "--format", "json"], Some(token));
    let log: api::request::AuditLog = serde_json::from_slice(&log.stdout).unwrap();
    assert!(log.intact && log.entries.len() == 1, "{log:?}");
    let secret = controller.ask(&["log"], None);
    assert_eq!(secret.status.code(), Some(2), "{}", out(&secret));
}

#[test]
fn it_starts_observes_refuses_and_stops() {
    let mut controller = Controller::start(INVENTORY);
    let token = controller.token();
    assert_eq!(std::fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);

    let status = controller.ask(&["status"], None);
    assert_eq!(status.status.code(), Some(0), "{}", err(&status));
    assert!(out(&status).contains("the network is not adopted"), "{}", out(&status));
    assert!(out(&status).contains("devices   0 of 5 in sync"), "{}", out(&status));
    assert!(out(&status).contains("Not in the inventory: never read nor changed\n  br-"), "{}", out(&status));

    let services = example("services.yaml");
    let classes = example("classes.yaml");
    let apply = ["apply", services.to_str().unwrap(), classes.to_str().unwrap(), "-m", "CHG1"];
    let without = controller.ask(&apply, None);
    assert_eq!(without.status.code(), Some(2));
    assert!(
        err(&without).contains("--token-file") && err(&without).contains("ask those who run"),
        "{}",
        err(&without)
    );
    let whole = controller.url.clone();
    controller.url = whole.replace("http://", "");
    let bare = controller.ask(&["status"], None);
    assert_eq!(bare.status.code(), Some(2));
    assert!(err(&bare).contains(&format!("write it as {whole}")), "{}", err(&bare));
    controller.url = whole;
    let refused = controller.ask(&apply, Some(&token));
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("not adopted"), "{}", err(&refused));

    let adopted = controller.ask(&["adopt", "-m", "first day"], Some(&token));
    assert_eq!(adopted.status.code(), Some(0), "{}", err(&adopted));
    let mode = controller.ask(&["mode", "observe"], Some(&token));
    assert_eq!(mode.status.code(), Some(0), "{}", err(&mode));
    let stopped = controller.ask(&apply, Some(&token));
    assert!(err(&stopped).contains("trunkline mode act"), "{}", err(&stopped));

    let devices = controller.ask(&["devices"], None);
    assert!(
        out(&devices).lines().any(|line| line.contains("hq-pe1") && line.contains("netconf")),
        "{}",
        out(&devices)
    );
    let schema = controller.ask(&["devices", "schema", "hq-pe1"], Some(&token));
    assert_eq!(schema.status.code(), Some(1));
    assert!(err(&schema).contains("hq-pe1, connect: it cannot be reached"), "{}", err(&schema));
    let schema = controller.ask(&["devices", "schema", "nobody"], Some(&token));
    assert!(err(&schema).contains("there is no device nobody"), "{}", err(&schema));
    let alarms = controller.ask(&["alarms"], None);
    assert_eq!(out(&alarms), "no alarm stands\n");
    let intents = controller.ask(&["intents", "--format", "json"], None);
    assert_eq!(out(&intents), "[]\n");
    let snapshot = controller.ask(&["snapshot"], Some(&token));
    let state: engine::snapshot::StateFile = serde_json::from_slice(&snapshot.stdout).unwrap();
    assert_eq!(state.version, 1);
    the_log_tells_it(&controller, &token);
    let unknown = controller.ask(&["drain", "no-such-line"], Some(&token));
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("no router and no link `no-such-line`"), "{}", err(&unknown));

    assert_eq!(controller.stop(Signal::SIGTERM), Some(0));
    let gone = controller.ask(&["status"], None);
    assert_eq!(gone.status.code(), Some(1));
    assert!(err(&gone).contains("no controller answers at"), "{}", err(&gone));
}

#[test]
fn a_router_whose_key_is_missing_is_shown_with_the_reason_and_keeps_no_other_from_working() {
    let other = INVENTORY
        .split_once("devices:\n")
        .unwrap()
        .1
        .replace("hq-pe1", "br-1")
        .replace("file:id", "file:gone");
    let mut controller = Controller::start(&format!("{INVENTORY}{other}"));
    let state = || {
        let devices = controller.ask(&["devices", "--format", "json"], None);
        let devices: serde_json::Value = serde_json::from_slice(&devices.stdout).unwrap();
        ["hq-pe1", "br-1"].map(|name| {
            let node = devices.as_array().unwrap().iter().find(|node| node["id"] == name).unwrap();
            node["session"]["why"].as_str().unwrap_or_default().to_owned()
        })
    };
    // A look takes some milliseconds: this is about twenty seconds.
    let told = (0..200).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        Some(state()).filter(|reasons| reasons.iter().all(|why| !why.is_empty()))
    });
    let [usual, unusable] = told.expect("both are tried within twenty seconds");
    assert!(usual.contains("refused"), "it was tried: {usual}");
    assert!(
        unusable.contains("login.key: the secret at file:gone")
            && unusable.contains("start the controller again"),
        "{unusable}"
    );
    let token = controller.token();
    let schema = controller.ask(&["devices", "schema", "br-1"], Some(&token));
    assert_eq!(schema.status.code(), Some(1), "nobody vouches for it: {}", out(&schema));
    assert!(err(&schema).contains("login.key: the secret at file:gone"), "{}", err(&schema));
    let told = controller.ask(&["topology", "br-1"], None);
    assert_eq!(told.status.code(), Some(0), "{}", err(&told));
    assert!(out(&told).starts_with("br-1: a router of the network file"), "{}", out(&told));
    let strange = controller.ask(&["devices", "br-12"], None);
    assert_eq!(strange.status.code(), Some(2));
    assert!(err(&strange).contains("has no router `br-12`; did you mean `br-1`?"), "{}", err(&strange));
    let told = controller.ask(&["devices"], None);
    assert!(
        out(&told).contains("Sessions that are down") && out(&told).contains("file:gone"),
        "{}",
        out(&told)
    );
    assert_eq!(controller.stop(Signal::SIGHUP), Some(0));
}

/// The only router that there is cannot be reached, and the others are in no inventory.
/// Calls the program and gives how it ended and all that it said.
type Ask<'a> = &'a dyn Fn(&[&str]) -> (Option<i32>, String);

/// A preview, the moves carried out as far as routers answer, and back.
fn optimised(ask: Ask<'_>) {
    let preview = ask(&["optimise", "--goal", "10%"]);
    assert_eq!(preview.0, Some(0), "{}", preview.1);
    assert!(preview.1.starts_with("Optimisation: highest utilisation 22% on line1-br-1"), "{}", preview.1);
    let (code, told) = ask(&["optimise", "--relieve", "line9"]);
    assert_eq!((code, told.as_str()), (Some(1), "error: there is no link line9\n"));
    let (code, told) = ask(&["optimise", "-m", "CHG7"]);
    assert_eq!(code, Some(2), "{told}");
    let (code, told) = ask(&["optimise", "--goal", "10%", "--moves", "1", "--go", "-m", "CHG7"]);
    assert_eq!(code, Some(1), "no router answers: {told}");
    assert!(told.contains("  1. ") && told.contains("routers were left out"), "{told}");
    let status = ask(&["status"]).1;
    let kept = "Moved off full links by people (optimise --undo takes it back)\n  ";
    assert!(status.contains(kept) && status.contains("to relieve line1-br-1: 22% -> "), "{status}");
    ask(&["optimise", "--undo", "-m", "CHG8"]);
    assert!(!ask(&["status"]).1.contains(kept));
    let log = ask(&["log"]).1;
    assert!(log.contains("let back what was moved off full links") && log.contains("CHG7"), "{log}");
}

#[test]
fn a_change_that_leaves_routers_out_is_no_success() {
    let controller = Controller::start(INVENTORY);
    let token = controller.token();
    let ask = |arguments: &[&str]| {
        let output = controller.ask(arguments, Some(&token));
        (output.status.code(), format!("{}{}", out(&output), err(&output)))
    };
    assert_eq!(ask(&["adopt"]).0, Some(0));
    let (services, classes) = (example("services.yaml"), example("classes.yaml"));
    let [services, classes] = [&services, &classes].map(|path| path.to_str().unwrap());
    // Until the router was tried, which takes some milliseconds: this is about twenty seconds.
    let applied = (0..200).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        Some(ask(&["apply", services, classes])).filter(|(_, told)| !told.contains("is being read"))
    });
    let (code, told) = applied.expect("it is tried within twenty seconds");
    assert_eq!(code, Some(1), "{told}");
    let last =
        "revision 1: nothing was changed; 5 of 5 routers were left out: br-1, br-2, core-1, core-2, hq-pe1";
    assert!(told.contains(last), "{told}");

    optimised(&ask);
    let (code, told) = ask(&["drain", "core-1"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("hq-pe1 was not told; it may still send over core-1\n"), "{told}");

    let (code, told) = ask(&["apply", classes, "--dry-run"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("TL0097") && told.contains("1 error: it would be refused\n"), "{told}");
    // Nothing stands against it; but the only router that can be asked is not there.
    let (code, told) = ask(&["apply", classes, "--dry-run", "--remove-all"]);
    assert!(
        code == Some(1) && told.contains("  hq-pe1  not reached: ") && !told.contains("it would be refused"),
        "{told}"
    );
    assert!(told.contains("1 router: 1 not reached\n"), "{told}");
    let (code, told) = ask(&["apply", example("network.yaml").to_str().unwrap()]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("a file of the kind Network") && !told.contains("-n"), "{told}");
}

#[test]
fn faults_of_the_inventory_name_file_and_device() {
    for (inventory, told) in [
        (INVENTORY.replace("name: hq-pe1", "name: hq-pe9"), "device hq-pe9: the network file has no node"),
        (INVENTORY.replace("SHA256:47DE", "SHA256:???"), "fingerprint"),
        (INVENTORY.replace("hostKey", "hostkey"), "device hq-pe1, config: there is no key `hostkey` here"),
        (
            INVENTORY.replace("    login", "    dialect: junos\n    login"),
            "device hq-pe1: dialect `junos` is not known",
        ),
        (
            INVENTORY.replace("    login", "    dialect: huawei\n    login"),
            "device hq-pe1: its dialect is `huawei` here and `openconfig` in",
        ),
    ] {
        let folder = folder(&inventory);
        let output =
            trunkline().args(["serve", "-c"]).arg(folder.path().join("controller.yaml")).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", err(&output));
        let last = err(&output).lines().last().unwrap_or_default().to_owned();
        assert!(
            last.starts_with("error: ") && last.contains("inventory.yaml") && last.contains(told),
            "{last}"
        );
    }
}

#[test]
fn another_address_than_loopback_is_refused() {
    let folder = folder(INVENTORY);
    // What a disk that was full may leave behind.
    std::fs::create_dir(folder.path().join("state")).unwrap();
    std::fs::write(folder.path().join("state/journal"), "").unwrap();
    let output = trunkline()
        .args(["serve", "--listen", "0.0.0.0:8080", "-c"])
        .arg(folder.path().join("controller.yaml"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("not a loopback address"), "{}", err(&output));
    assert!(err(&output).contains("the journal is an empty file"), "{}", err(&output));
    let output = trunkline().args(["demo", "--listen", "0.0.0.0:18081"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("not a loopback address"), "{}", err(&output));
    assert!(output.stdout.is_empty(), "nothing was started: {}", out(&output));
}
