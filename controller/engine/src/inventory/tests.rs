//! What is read of an inventory, and what is refused.

use super::*;

const TEXT: &str = r#"
apiVersion: trunkline/v1
kind: Inventory
devices:
  - name: hq-pe1
    config: {netconf: "127.0.1.1:8300", hostKey: "SHA256:abc"}
    telemetry: {gnmi: "127.0.1.1:9339", ca: "file:ca.pem", name: hq-pe1}
    login: {user: trunkline, key: "file:id"}
  - name: hq-pe2
    config: {gnmi: "127.0.1.2:9339", ca: "env:CA", name: hq-pe2}
    login: {user: trunkline, certificate: "file:client.pem", certificateKey: "exec:pass show trunkline"}
"#;

#[test]
fn both_protocols_are_read() {
    let inventory = Inventory::parse(TEXT).unwrap();
    assert!(matches!(inventory.devices[0].config, ConfigAccess::Netconf(_)));
    assert!(matches!(inventory.devices[1].config, ConfigAccess::Gnmi(_)));
    let place = |reference: &Option<Reference>| reference.as_ref().map(ToString::to_string);
    assert_eq!(place(&inventory.devices[0].login.key), Some("file:id".into()));
    assert_eq!(
        place(&inventory.devices[1].login.certificate_key),
        Some("exec:pass …".into()),
        "arguments are not for people"
    );
    let written = serde_yaml::to_string(&inventory).unwrap();
    assert!(written.contains("exec:pass show trunkline"), "but they are written: {written}");
}

#[test]
fn every_dialect_is_read_and_written_by_its_name() {
    let inventory = Inventory::parse(TEXT).unwrap();
    assert_eq!(inventory.devices[0].dialect, None);
    assert!(!serde_yaml::to_string(&inventory).unwrap().contains("dialect"));
    let schema = Inventory::schema().to_string();
    for dialect in Dialect::ALL {
        let text = TEXT.replace("  - name: hq-pe1\n", &format!("  - name: hq-pe1\n    dialect: {dialect}\n"));
        let inventory = Inventory::parse(&text).unwrap();
        assert_eq!(inventory.devices[0].dialect, Some(dialect));
        let written = serde_yaml::to_string(&inventory).unwrap();
        assert_eq!(Inventory::parse(&written).unwrap().devices[0].dialect, Some(dialect));
        assert!(schema.contains(&format!("\"{dialect}\"")), "{schema}");
    }
    let text = TEXT.replace("  - name: hq-pe1\n", "  - name: hq-pe1\n    dialect: junos\n");
    let error = Inventory::parse(&text).unwrap_err().to_string();
    assert!(
        error.contains("dialect `junos` is not known; this version speaks: openconfig, ietf,"),
        "{error}"
    );
}

#[test]
fn each_protocol_is_known_and_logged_in_to_in_its_ways() {
    let pin = format!("SHA256{}", ":AB".repeat(32));
    let netconf = "netconf: \"127.0.1.1:830\", hostKey: \"SHA256:abc\"";
    let tls = "netconfTls: \"127.0.1.1:6513\"";
    let gnmi = "gnmi: \"127.0.1.1:9339\"";
    let by_authority = "ca: \"file:ca.pem\", name: r1";
    let by_fingerprint = format!("fingerprint: \"{pin}\"");
    let certificate = "certificate: \"file:me.pem\", certificateKey: \"file:me.key\"";
    for (config, login) in [
        (netconf.to_owned(), "key: \"file:id\""),
        (netconf.to_owned(), "key: \"file:id\", keyPassphrase: \"env:OPENS\""),
        (netconf.to_owned(), "password: \"exec:vault read r1\""),
        (netconf.to_owned(), "key: \"file:id\", password: \"file:password\""),
        (format!("{tls}, {by_authority}"), certificate),
        (format!("{tls}, {by_fingerprint}"), certificate),
        (format!("{tls}, {by_fingerprint}, name: r1"), certificate),
        (format!("{gnmi}, {by_authority}"), certificate),
        (format!("{gnmi}, {by_fingerprint}"), "password: \"file:password\""),
    ] {
        let inventory = Inventory::parse(&one(&config, "", login)).unwrap();
        let written = serde_yaml::to_string(&inventory).unwrap();
        let again = serde_yaml::to_string(&Inventory::parse(&written).unwrap()).unwrap();
        assert_eq!(written, again, "{config}");
        match &inventory.devices[0].config {
            ConfigAccess::Netconf(_) => assert!(config.starts_with("netconf:")),
            ConfigAccess::NetconfTls(access) => {
                let named = if config.contains("name: r1") { "r1" } else { "127.0.1.1" };
                assert_eq!(access.server_name(), named);
                let pinned =
                    matches!(access.known_by(), Ok(KnownBy::Fingerprint(own)) if own.to_string() == pin);
                assert_eq!(pinned, config.contains("fingerprint"));
            }
            ConfigAccess::Gnmi(access) => assert!(access.known_by().is_ok()),
        }
    }
}

/// A file of one device.
fn one(config: &str, telemetry: &str, login: &str) -> String {
    let telemetry =
        if telemetry.is_empty() { String::new() } else { format!("    telemetry: {{{telemetry}}}\n") };
    format!(
        "apiVersion: trunkline/v1\nkind: Inventory\ndevices:\n  - name: r1\n    config: {{{config}}}\n{telemetry}    \
         login: {{user: u, {login}}}\n"
    )
}

#[test]
fn what_is_missing_or_contradicts_itself_is_refused_with_what_to_write() {
    let told = |config: &str, telemetry: &str, login: &str| {
        Inventory::parse(&one(config, telemetry, login)).unwrap_err().to_string()
    };
    let netconf = "netconf: \"127.0.1.1:830\", hostKey: \"SHA256:abc\"";
    let tls = "netconfTls: \"127.0.1.1:6513\", ca: \"file:ca.pem\", name: r1";
    let gnmi = "gnmi: \"127.0.1.1:9339\", ca: \"file:ca.pem\", name: r1";
    let bare = "netconfTls: \"127.0.1.1:6513\"";
    let certificate = "certificate: \"file:me.pem\", certificateKey: \"file:me.key\"";
    let pin = format!("fingerprint: \"SHA256{}\"", ":AB".repeat(32));
    insta::assert_snapshot!(told(bare, "", certificate), @"device r1, config: `ca` is missing, and so is `fingerprint`: say who signed the device's certificate (`ca`, with its `name`), or which certificate it has (`fingerprint`)");
    insta::assert_snapshot!(told(&format!("{tls}, {pin}"), "", certificate), @"device r1, config: `ca` and `fingerprint` stand both: a device is known by who signed its certificate or by the certificate itself; take one of them out");
    insta::assert_snapshot!(told(&format!("{bare}, ca: \"file:ca.pem\""), "", certificate), @"device r1, config: `name` is missing: it tells the device from all others whose certificates the same `ca` signed; write the name in its certificate");
    insta::assert_snapshot!(told(&format!("{bare}, fingerprint: \"SHA256:abc\""), "", certificate), @"device r1, config: `fingerprint`: `SHA256:abc` is no fingerprint of a certificate: write `SHA256:` and the 64 hexadecimal digits that `openssl x509 -noout -fingerprint -sha256` prints, with their colons or without");
    insta::assert_snapshot!(told(netconf, "gnmi: \"127.0.1.1:9339\"", "key: \"file:id\""), @"device r1, telemetry: `ca` is missing, and so is `fingerprint`: say who signed the device's certificate (`ca`, with its `name`), or which certificate it has (`fingerprint`)");
    insta::assert_snapshot!(told(netconf, "", certificate), @"device r1: login.key is missing: NETCONF logs in over SSH; name the private key, as file:PATH, or the place of a password as login.password");
    insta::assert_snapshot!(told(netconf, "", "password: \"file:p\", keyPassphrase: \"file:p\""), @"device r1: login.keyPassphrase is there and login.key is not: a passphrase opens a key; for a password write login.password");
    insta::assert_snapshot!(told(tls, "", "key: \"file:id\""), @"device r1: login.certificate is missing: NETCONF over TLS logs in by certificate alone; name it and its key (login.certificateKey), as file:PATH");
    insta::assert_snapshot!(told(tls, "", &format!("{certificate}, password: \"file:p\"")), @"device r1: login.password is of no use: NETCONF over TLS logs in by certificate alone; take it out, or reach the device over SSH");
    insta::assert_snapshot!(told(gnmi, "", "key: \"file:id\""), @"device r1: login.certificate is missing, and so is login.password: gNMI logs in by one of them; name the certificate and its key (login.certificateKey), or the place of the password");
    insta::assert_snapshot!(told(gnmi, "", "certificate: \"file:me.pem\""), @"device r1: login.certificate and login.certificateKey belong together: give both or neither");
    // The password serves the telemetry.
    assert!(Inventory::parse(&one(tls, gnmi, &format!("{certificate}, password: \"file:p\""))).is_ok());
}

#[test]
fn the_database_of_is_is_is_asked_of_a_few() {
    let one = |name: usize, asked: bool| {
        let asked = if asked { "    isisDatabase: true\n" } else { "" };
        format!(
            "  - name: r{name}\n    config: {{netconf: \"127.0.1.1:830\", hostKey: \"SHA256:abc\"}}\n{asked}    \
             login: {{user: ops, key: \"file:key\"}}\n"
        )
    };
    let all = |asked: usize| {
        let devices: String = (0..12).map(|name| one(name, name < asked)).collect();
        Inventory::parse(&format!("apiVersion: trunkline/v1\nkind: Inventory\ndevices:\n{devices}"))
    };
    let inventory = all(2).unwrap();
    let asked: Vec<bool> = inventory.devices.iter().map(|entry| entry.isis_database).collect();
    assert_eq!((&asked[..3], asked.len()), (&[true, true, false][..], 12));
    assert!(serde_yaml::to_string(&inventory).unwrap().contains("isisDatabase: true"));
    assert!(all(8).is_ok());
    assert!(all(9).unwrap_err().to_string().starts_with("isisDatabase stands at 9 devices"));
}

#[test]
fn the_schema_knows_every_word() {
    let schema = Inventory::schema();
    let words = |name: &str| {
        let properties = schema["$defs"][name]["properties"].as_object().unwrap();
        properties.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(words("NetconfTlsAccess"), "ca fingerprint name netconfTls");
    assert_eq!(words("GnmiAccess"), "ca fingerprint gnmi name");
    assert_eq!(words("Login"), "certificate certificateKey key keyPassphrase password user");
    let needed = |name: &str| schema["$defs"][name]["required"].clone();
    assert_eq!(needed("NetconfTlsAccess"), serde_json::json!(["netconfTls"]));
    assert_eq!(needed("Login"), serde_json::json!(["user"]));
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    for instead in ["file:id", "exec:pass show trunkline", "file:client.pem"] {
        let error = Inventory::parse(&TEXT.replace(instead, "hunter2")).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
    for field in ["password", "keyPassphrase"] {
        let text = TEXT.replace("key: \"file:id\"", &format!("key: \"file:id\", {field}: hunter2"));
        let error = Inventory::parse(&text).unwrap_err().to_string();
        assert!(error.contains("a secret must not stand here") && !error.contains("hunter2"), "{error}");
    }
    let text = TEXT.replace("SHA256:abc", "anything");
    assert!(Inventory::parse(&text).unwrap_err().to_string().contains("is no fingerprint"));
    let text = TEXT.replace("hq-pe2\n", "hq-pe1\n");
    assert!(Inventory::parse(&text).unwrap_err().to_string().contains("stands twice"));
}
