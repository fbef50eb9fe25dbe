//! Clients that are not ours: `ncclient` and `pygnmi` from a virtual environment, `yangcli` where it is installed.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use crate::support::Bench;

/// The interpreter that has `ncclient` and `pygnmi`.
fn python() -> Option<PathBuf> {
    let given = std::env::var_os("TRUNKLINE_PYTHON").map(PathBuf::from);
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/.venv/bin/python");
    let found = given.or_else(|| usual.exists().then_some(usual));
    if found.is_none() {
        skip("neither TRUNKLINE_PYTHON is set nor tests/.venv/bin/python there");
    }
    found
}

/// Runs a driver script with what it needs to know; its exit says whether all held.
async fn drive(bench: &Bench, script: &str, more: &[(&str, String)]) {
    let Some(python) = python() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let [netconf, gnmi] = bench.addresses("r1");
    let mut command = Command::new(python);
    command.arg(script).kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, value) in [
        ("HOST", netconf.ip().to_string()),
        ("NETCONF_PORT", netconf.port().to_string()),
        ("GNMI_PORT", gnmi.port().to_string()),
        ("FOLDER", bench.folder.path().display().to_string()),
    ] {
        command.env(name, value);
    }
    command.envs(more.iter().map(|(name, value)| (name, value)));
    let done = timeout(Duration::from_secs(60), command.output()).await.expect("the script is done in time");
    let done = done.unwrap();
    let told = [done.stdout, done.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(done.status.success(), "{}\n{}", told[0], told[1]);
    assert!(told[0].trim_end().ends_with("done"), "{}", told[0]);
}

/// Says why a test is skipped. `make test` installs everything and sets `TRUNKLINE_PEERS`, so there it fails.
fn skip(why: &str) {
    assert!(
        std::env::var("TRUNKLINE_PEERS").as_deref() != Ok("required"),
        "TRUNKLINE_PEERS=required, and {why}"
    );
    println!("skipped: {why}");
}

#[tokio::test]
async fn ncclient_drives_the_router() {
    drive(&Bench::start(1).await, "drive_ncclient.py", &[]).await;
}

#[tokio::test]
async fn ncclient_drives_the_router_over_tls() {
    let bench = Bench::start(1).await;
    let port = bench.fleet.netconf_tls(&model::NodeId::lit("r1")).unwrap().port();
    drive(&bench, "drive_ncclient.py", &[("NETCONF_TLS_PORT", port.to_string())]).await;
}

#[tokio::test]
async fn ncclient_enters_with_a_password() {
    let bench = Bench::with_password("correct horse").await;
    let login = [("NETCONF_USER", "ops".to_owned()), ("NETCONF_PASSWORD", "correct horse".to_owned())];
    drive(&bench, "drive_ncclient.py", &login).await;
}

#[tokio::test]
async fn pygnmi_drives_the_router() {
    let bench = Bench::start(1).await;
    let source = bench.source.clone();
    let flapping = tokio::spawn(async move {
        for n in 0_u64.. {
            tokio::time::sleep(Duration::from_millis(200)).await;
            source.show(n % 2 == 0, 1_000 + n);
        }
    });
    drive(&bench, "drive_pygnmi.py", &[]).await;
    flapping.abort();
}

/// What a person would type. yangcli fetches the modules by `get-schema` first, so it also reads all of our YANG.
const TYPED: &str = "lock target=candidate
merge target=/system/config/hostname value=via-yangcli
validate source=candidate
commit
unlock target=candidate
sget-config source=running target=/system
merge target=/system/config/hostname value=undone
discard-changes
sget target=/interfaces
get-schema identifier=trunkline-sr-policy version=2026-12-01 format=yang
";

#[tokio::test]
async fn yangcli_drives_the_router() {
    let bench = Bench::start(1).await;
    let [address, _] = bench.addresses("r1");
    let script = bench.folder.path().join("typed");
    std::fs::write(&script, TYPED).unwrap();
    let key = bench.folder.path().join("id_ed25519").display().to_string();
    let mut command = Command::new("yangcli");
    command
        .arg("--batch-mode")
        .arg(format!("--server={}", address.ip()))
        .arg(format!("--ncport={}", address.port()))
        .args(["--user=trunkline", "--password=unused", "--log-level=info"])
        .arg(format!("--private-key={key}"))
        .arg(format!("--public-key={key}.pub"))
        .arg(format!("--run-script={}", script.display()))
        .env("HOME", bench.folder.path())
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let done =
        match timeout(Duration::from_secs(60), command.output()).await.expect("yangcli is done in time") {
            Ok(done) => done,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                skip("yangcli is not installed");
                return;
            }
            Err(error) => panic!("{error}"),
        };
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(told.contains("hostname via-yangcli"), "{told}");
    assert!(told.contains("module trunkline-sr-policy"), "{told}");
    assert_eq!(told.matches("RPC OK Reply").count(), 7, "{told}");
    assert!(!told.contains("RPC Error Reply") && !told.contains("undone"), "{told}");
}
