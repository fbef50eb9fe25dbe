//! What is written for containerlab, judged by FRR itself: its `vtysh` knows the words of all its daemons, and says which line it does not
//! understand without any of them running.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{path::Path, process::Command};

use ground::{
    Layout,
    export::{Images, containerlab},
    layout::Wires,
    rights,
};

/// Two routers with a line and a host, and one that others may not pass.
const TEXT: &str = r#"
name: three
topology:
  nodes:
    a: {kind: linux, labels: {trunkline.role: hq, trunkline.router-id: 10.0.0.1, trunkline.locator: "fd00:0:1::/48"}}
    b: {kind: linux, labels: {trunkline.role: core, trunkline.router-id: 10.0.0.2, trunkline.locator: "fd00:0:2::/48"}}
    c: {kind: linux, image: frr}
    h: {kind: linux, image: alpine}
  links:
    - {endpoints: ["a:eth1", "b:eth1"], vars: {igp: 20, bandwidth: 20Mbps}}
    - {endpoints: ["b:eth2", "c:eth1"]}
    - {endpoints: ["h:eth1", "b:eth3"], ipv4: ["192.0.2.2/24", "192.0.2.1/24"], ipv6: ["2001:db8::2/64", "2001:db8::1/64"]}
"#;

/// What FRR has against a configuration; nothing where it has nothing.
fn against(vtysh: &Path, folder: &Path, text: &str) -> String {
    let file = folder.join("frr.conf");
    std::fs::write(&file, text).unwrap();
    let judged = Command::new(vtysh).args(["--dryrun", "--inputfile"]).arg(&file).output().unwrap();
    let said =
        [&judged.stdout, &judged.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
    // That vtysh has no settings of its own is no fault of the file.
    let faults = said.lines().filter(|line| line.starts_with("line ") || line.contains("Unknown command"));
    let faults: Vec<&str> = faults.collect();
    assert_eq!(judged.status.success(), faults.is_empty(), "vtysh ends with {}: {said}", judged.status);
    faults.join("\n")
}

#[test]
fn frr_understands_every_line_that_is_written_for_it() {
    let Some(vtysh) = rights::find("vtysh") else {
        let required = std::env::var("TRUNKLINE_PEERS").is_ok_and(|peers| peers == "required");
        assert!(!required, "TRUNKLINE_PEERS=required, and FRR's `vtysh` is not installed");
        println!("skipped: FRR's `vtysh` is not installed");
        return;
    };
    let network = formats::read("three.clab.yml", TEXT).unwrap();
    let said = formats::lab("three.clab.yml", TEXT).unwrap();
    let layout = Layout::of(&network, &said, "three", Wires::WhereNeeded).unwrap();
    let files = containerlab(&layout, &Images::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let written: Vec<_> = files.iter().filter(|(name, _)| name.ends_with("/frr.conf")).collect();
    assert_eq!(written.len(), 3, "{:?}", files.keys());
    for (name, text) in written {
        assert!(text.contains("router isis") && text.contains("interface eth1"), "{name}: {text}");
        assert_eq!(against(&vtysh, folder.path(), text), "", "{name}:\n{text}");
        // Who judges finds a fault where there is one.
        let wrong = text.replacen(" is-type level-2-only", " is-type level-9", 1);
        assert_ne!(wrong, *text);
        assert!(!against(&vtysh, folder.path(), &wrong).is_empty(), "a wrong line is found:\n{wrong}");
    }
}
