//! The inventory file, and what is wrong with one in the words of its reader.

use std::{net::SocketAddr, path::Path};

use anyhow::anyhow;
use dialects::Dialect;
use engine::inventory::{Inventory, Reference};
use formats::text::{Report, Tree, parse};

use super::{
    dialect,
    keys::{self, Fault},
};
use crate::input;

/// Reads and checks it.
///
/// # Errors
/// It cannot be read, or something in it cannot be meant; with file, device, and what to write.
pub fn read(path: &Path) -> anyhow::Result<Inventory> {
    let text = input::text(path)?;
    Inventory::parse(&text).map_err(|error| {
        let fault = keys::fault(&text, &Inventory::schema(), "inventory").or_else(|| value(&text));
        match fault {
            Some(fault) => anyhow!("{}", fault.of(path)),
            None => anyhow!("{}: {}", path.display(), keys::without_text(&error.to_string())),
        }
    })
}

/// A wrong value where the parser only says that nothing fits. Never repeats what may be a secret.
fn value(text: &str) -> Option<Fault> {
    let tree = parse(text, &mut Report::new("inventory"))?;
    tree.at("devices")?.list().iter().find_map(|device| {
        let name = device.word_at("name").unwrap_or("without a name");
        let access = ["config", "telemetry"].into_iter().find_map(|section| {
            let access = device.at(section)?;
            let place = format!("device {name}, {section}");
            address(access, &place).or_else(|| authority(access, &place))
        });
        access.or_else(|| {
            let tree = device.at("dialect")?;
            let unknown = tree.scalar().unwrap_or_default().parse::<Dialect>().err()?;
            Some(Fault::new(tree.mark, format!("device {name}: {}", dialect::told(&unknown))))
        })
    })
}

fn address(access: &Tree, place: &str) -> Option<Fault> {
    let (key, tree) =
        ["netconf", "netconfTls", "gnmi"].into_iter().find_map(|key| Some((key, access.at(key)?)))?;
    let text = tree.scalar().unwrap_or_default();
    let wrong = text.parse::<SocketAddr>().is_err();
    // Before an `@` a password may stand.
    let host = text.rsplit('@').next().unwrap_or_default();
    let short: String = host.chars().take(60).collect();
    let what = format!(
        "{place}: `{key}` is `{short}`, and must be an IP address with a port, such as 192.0.2.1:830"
    );
    wrong.then(|| Fault::new(tree.mark, what))
}

fn authority(access: &Tree, place: &str) -> Option<Fault> {
    let tree = access.at("ca")?;
    let error = tree.scalar().unwrap_or_default().parse::<Reference>().err()?;
    Some(Fault::new(tree.mark, format!("{place}: `ca`: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"apiVersion: trunkline/v1
kind: Inventory
devices:
  - name: hq-pe1
    config: {netconf: "127.0.1.1:8300", hostKey: "SHA256:abc"}
    login: {user: trunkline, key: "file:id"}
  - name: hq-pe2
    config: {gnmi: "127.0.1.2:9339", ca: "env:CA", name: hq-pe2}
    telemetry: {gnmi: "127.0.1.2:9339", ca: "env:CA", name: hq-pe2}
    login: {user: trunkline, password: "env:PASSWORD"}
"#;

    fn told(from: &str, to: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inventory.yaml");
        let text = TEXT.replacen(from, to, 1);
        assert_ne!(text, TEXT);
        std::fs::write(&path, text).unwrap();
        let told = read(&path).unwrap_err().to_string();
        assert!(!told.contains("variant") && !told.contains("enum") && !told.contains("hunter2"), "{told}");
        told.strip_prefix(&format!("{}:", folder.path().join("inventory.yaml").display())).unwrap().to_owned()
    }

    #[test]
    fn a_key_that_is_not_known_is_told_with_its_device_and_the_nearest_one() {
        assert_eq!(
            told("hostKey", "hostkey"),
            "5:41: device hq-pe1, config: there is no key `hostkey` here; did you mean `hostKey`? `trunkline schema \
             inventory` tells what may stand there"
        );
        for (from, to, wanted) in [
            ("user:", "usr:", "6:13: device hq-pe1, login: there is no key `usr` here; did you mean `user`?"),
            (
                "gnmi:",
                "gNMI:",
                "8:14: device hq-pe2, config: there is no key `gNMI` here; did you mean `gnmi`?",
            ),
            (
                "gnmi:",
                "netconftls:",
                "8:14: device hq-pe2, config: there is no key `netconftls` here; did you mean `netconfTls`?",
            ),
            (
                "password:",
                "pasword:",
                "10:30: device hq-pe2, login: there is no key `pasword` here; did you mean `password`?",
            ),
            ("devices:", "routers:", "3:1: there is no key `routers` here; the keys here are apiVersion, "),
            ("    login", "    Login", "device hq-pe1: there is no key `Login` here; did you mean `login`?"),
            (", hostKey: \"SHA256:abc\"", "", "device hq-pe1, config: the key `hostKey` is missing here;"),
            (
                "name: hq-pe1",
                "nam: hq-pe1",
                "entry 1 of devices: there is no key `nam` here; did you mean `name`?",
            ),
        ] {
            let told = told(from, to);
            assert!(told.contains(wanted), "{told}");
        }
    }

    #[test]
    fn a_wrong_value_is_told_with_its_device_and_what_to_write() {
        let told_of = |from, to| told(from, to);
        let address = told_of("127.0.1.1:8300", "router.bank.example");
        assert!(address.contains("device hq-pe1, config: `netconf` is `router.bank.example`"), "{address}");
        let address = told_of("127.0.1.1:8300", "admin:hunter2@10.0.0.1:830");
        assert!(address.contains("device hq-pe1, config: `netconf` is `10.0.0.1:830`"), "{address}");
        insta::assert_snapshot!(told_of("    login", "    dialect: huawai\n    login"), @"6:14: device hq-pe1: dialect `huawai` is not known; this version speaks: openconfig, ietf, huawei, iosxr, srlinux, comware; did you mean `huawei`?");
        let address = told_of("gnmi: \"127.0.1.2:9339\"", "netconfTls: r1");
        assert!(address.contains("device hq-pe2, config: `netconfTls` is `r1`"), "{address}");
        let secret = told_of("env:CA", "hunter2");
        assert!(secret.contains("device hq-pe2, config: `ca`: a secret must not stand here"), "{secret}");
        let secret = told_of("env:PASSWORD", "hunter2");
        assert!(secret.contains("a secret must not stand here"), "{secret}");
        let plain = told_of("{user: trunkline, key: \"file:id\"}", "hunter2");
        assert!(plain.contains("device hq-pe1, login holds a text, and must hold keys"), "{plain}");
        let two = told_of("hostKey:", "netconfTls: \"127.0.1.1:6513\", fingerprint: \"SHA256:ab\", hostKey:");
        assert!(two.contains("device hq-pe1, config: `netconf` and `netconfTls` stand both"), "{two}");
        let both = told_of("ca: \"env:CA\", name", "ca: \"env:CA\", fingerprint: \"SHA256:AB\", name");
        assert!(both.contains("device hq-pe2, config: `ca` and `fingerprint` stand both"), "{both}");
    }
}
