//! The inventory: how each device is reached and by what it is known. It holds no secret, only where secrets are.

mod bgp;

use std::{
    fmt,
    io::Read as _,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    str::FromStr,
    sync::mpsc,
    time::Duration,
};

use dialects::Dialect;
use model::NodeId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;
use tokio::time::Instant;

pub use self::bgp::{BgpAccess, BgpError, BgpPeer};

/// No command that prints a secret takes longer: the start waits for it.
const LONGEST: Duration = Duration::from_secs(10);
/// Between two looks whether a command that has printed everything has ended.
const LOOK: Duration = Duration::from_millis(10);

/// The file.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inventory {
    /// `trunkline/v1`.
    pub api_version: String,
    /// `Inventory`.
    pub kind: String,
    /// The devices.
    pub devices: Vec<Entry>,
    /// From whom the network is learned by BGP-LS; from nobody where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp: Option<BgpAccess>,
}

/// A device.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// Its name in the topology.
    pub name: NodeId,
    /// How it is configured.
    pub config: ConfigAccess,
    /// How it is watched; not at all where absent.
    pub telemetry: Option<GnmiAccess>,
    /// Its dialect: the one that the network file gives it, repeated. Where absent, the network file alone says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "by_name::serialize", deserialize_with = "by_name::deserialize")]
    #[schemars(schema_with = "by_name::schema")]
    pub dialect: Option<Dialect>,
    /// Who logs in.
    pub login: Login,
}

/// Dialects by name.
mod by_name {
    use super::*;

    pub fn serialize<S: Serializer>(dialect: &Option<Dialect>, out: S) -> Result<S::Ok, S::Error> {
        dialect.map(Dialect::name).serialize(out)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Dialect>, D::Error> {
        let name = Option::<String>::deserialize(input)?;
        name.map(|name| name.parse().map_err(D::Error::custom)).transpose()
    }

    /// All names, so that editors offer them.
    pub fn schema(_: &mut SchemaGenerator) -> Schema {
        let names = Dialect::ALL.map(Dialect::name).map(Some);
        let names = [&names[..], &[None]].concat();
        json_schema!({"type": ["string", "null"], "enum": names})
    }
}

/// How a device is configured.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ConfigAccess {
    /// NETCONF over SSH.
    Netconf(NetconfAccess),
    /// gNMI over TLS.
    Gnmi(GnmiAccess),
}

/// NETCONF over SSH (RFC 6242).
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetconfAccess {
    /// Address and port.
    pub netconf: SocketAddr,
    /// Fingerprint of its host key, `SHA256:…`. There is no way to connect without one.
    pub host_key: String,
}

/// gNMI over TLS.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GnmiAccess {
    /// Address and port.
    pub gnmi: SocketAddr,
    /// The certificate authority that signed its certificate, PEM.
    pub ca: Reference,
    /// The name in its certificate.
    pub name: String,
}

/// Who logs in, and with what.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The private key for SSH, OpenSSH format. A device that is configured over gNMI needs none.
    pub key: Option<Reference>,
    /// The client certificate for TLS, PEM.
    pub certificate: Option<Reference>,
    /// Its private key, PEM.
    pub certificate_key: Option<Reference>,
}

/// Where a secret is: `file:PATH`, `env:NAME`, `exec:COMMAND ARG…`. What people read of it leaves the arguments of a command out:
/// they may hold a secret of their own.
#[derive(Clone, JsonSchema, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Reference {
    /// The content of a file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// What a command prints.
    Exec(Vec<String>),
}

/// Why a secret could not be had. Never carries the secret.
#[derive(Clone, Debug, Error)]
pub enum SecretError {
    /// The text is no reference.
    #[error("a secret must not stand here: write where it is, as file:PATH, env:NAME or exec:COMMAND")]
    NotAReference,
    /// It cannot be read.
    #[error("the secret at {place} cannot be read: {why}")]
    Unreadable {
        /// The reference.
        place: String,
        /// Why not.
        why: String,
    },
}

impl Reference {
    /// The secret itself. A relative path is taken from `base`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn resolve(&self, base: &std::path::Path) -> Result<Vec<u8>, SecretError> {
        let fail = |why: String| SecretError::Unreadable { place: self.to_string(), why };
        match self {
            Self::File(path) => std::fs::read(from(base, path)).map_err(|error| fail(error.to_string())),
            // As bytes: the words of an error about text would show them.
            Self::Env(name) => match std::env::var_os(name) {
                Some(secret) => Ok(secret.into_encoded_bytes()),
                None => Err(fail("there is no such variable".to_owned())),
            },
            Self::Exec(words) => printed(words, LONGEST).map_err(fail),
        }
    }

    /// Whether a private key may be there: a file that others can read does not keep it.
    ///
    /// # Errors
    /// Others can read it.
    pub fn keeps_key(&self, base: &std::path::Path) -> Result<(), SecretError> {
        if let Self::File(path) = self
            && let Ok(metadata) = std::fs::metadata(from(base, path))
        {
            let mode = metadata.permissions().mode() & 0o777;
            if metadata.is_file() && mode & 0o077 != 0 {
                let why = format!(
                    "others can read it (mode {mode:o}): `chmod 600` it, and think of making a new key"
                );
                return Err(SecretError::Unreadable { place: self.to_string(), why });
            }
        }
        Ok(())
    }

    /// The whole reference, as the file holds it: to write it back and to tell one from another, not to show it.
    pub fn text(&self) -> String {
        match self {
            Self::File(path) => format!("file:{}", path.display()),
            Self::Env(name) => format!("env:{name}"),
            Self::Exec(words) => format!("exec:{}", words.join(" ")),
        }
    }
}

/// Where a file is: `~` is the home, a relative path is taken from `base`.
fn from(base: &std::path::Path, path: &std::path::Path) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(rest),
        Err(_) => base.join(path),
    }
}

/// What a command prints. One that takes too long is killed.
fn printed(words: &[String], longest: Duration) -> Result<Vec<u8>, String> {
    let (program, arguments) = words.split_first().ok_or("the command is empty")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let until = Instant::now() + longest;
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let (told, said) = mpsc::channel();
    if let Some(mut output) = child.stdout.take() {
        // A pipe cannot be read with a time limit, so a thread of its own reads it. What the command started itself may hold the
        // pipe open after the command is killed; then the thread ends with that, and nobody waits for it.
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = output.read_to_end(&mut bytes).map(|_| bytes);
            // Nobody listens any more when the time was over.
            let _ = told.send(read);
        });
    }
    let read = said.recv_timeout(longest);
    let ended = if read.is_ok() { ended(&mut child, until) } else { None };
    let (Ok(read), Some(status)) = (read, ended) else {
        // It may have ended this moment, and then cannot be killed.
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("the command did not end within {} s and was killed", longest.as_secs_f64()));
    };
    if !status.success() {
        return Err(format!("the command ended with {status}"));
    }
    read.map_err(|error| error.to_string())
}

/// How a command ended; nothing where it goes on past the time.
fn ended(child: &mut Child, until: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => std::thread::sleep(LOOK),
            _ => return None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exec(words) => {
                let more = if words.len() > 1 { " …" } else { "" };
                write!(f, "exec:{}{more}", words.first().map_or("", String::as_str))
            }
            Self::File(_) | Self::Env(_) => f.write_str(&self.text()),
        }
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Reference {
    type Err = SecretError;
    fn from_str(text: &str) -> Result<Self, SecretError> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("exec", words)) if !words.trim().is_empty() => {
                Ok(Self::Exec(words.split_whitespace().map(str::to_owned).collect()))
            }
            _ => Err(SecretError::NotAReference),
        }
    }
}

impl TryFrom<String> for Reference {
    type Error = SecretError;
    fn try_from(text: String) -> Result<Self, SecretError> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> String {
        reference.text()
    }
}

/// Why an inventory cannot be used.
#[derive(Clone, Debug, Error)]
pub enum InventoryError {
    /// It is not well-formed.
    #[error("the inventory cannot be read: {0}")]
    Syntax(String),
    /// It is something else.
    #[error("the file is `{kind}` of `{version}`, not an Inventory of trunkline/v1")]
    Kind {
        /// Its kind.
        kind: String,
        /// Its version.
        version: String,
    },
    /// Two devices have one name.
    #[error("device {0} stands twice in the inventory: give each device its own name")]
    Twice(NodeId),
    /// A fingerprint is not one.
    #[error(
        "device {node}: hostKey `{text}` is no fingerprint: it looks like SHA256:…, as ssh-keygen -l prints it"
    )]
    HostKey {
        /// The device.
        node: NodeId,
        /// What stands there.
        text: String,
    },
    /// NETCONF without a key to log in with.
    #[error("device {0}: login.key is missing: NETCONF logs in over SSH; name the private key, as file:PATH")]
    NoKey(NodeId),
    /// What it says of BGP cannot be meant.
    #[error(transparent)]
    Bgp(#[from] BgpError),
}

impl Inventory {
    /// Reads and checks the file's text.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, InventoryError> {
        let inventory: Self =
            serde_yaml::from_str(text).map_err(|error| InventoryError::Syntax(error.to_string()))?;
        if inventory.kind != "Inventory" || inventory.api_version != "trunkline/v1" {
            return Err(InventoryError::Kind { kind: inventory.kind, version: inventory.api_version });
        }
        let mut seen = std::collections::BTreeSet::new();
        for entry in &inventory.devices {
            if !seen.insert(&entry.name) {
                return Err(InventoryError::Twice(entry.name.clone()));
            }
            if let ConfigAccess::Netconf(access) = &entry.config
                && !access.host_key.starts_with("SHA256:")
            {
                let text = access.host_key.chars().take(20).collect();
                return Err(InventoryError::HostKey { node: entry.name.clone(), text });
            }
            if matches!(entry.config, ConfigAccess::Netconf(_)) && entry.login.key.is_none() {
                return Err(InventoryError::NoKey(entry.name.clone()));
            }
        }
        inventory.bgp.as_ref().map_or(Ok(()), BgpAccess::check)?;
        Ok(inventory)
    }

    /// The JSON Schema of the file.
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}

#[cfg(test)]
mod tests {
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
            let text =
                TEXT.replace("  - name: hq-pe1\n", &format!("  - name: hq-pe1\n    dialect: {dialect}\n"));
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
    fn only_netconf_needs_a_key() {
        let inventory = Inventory::parse(TEXT).unwrap();
        assert!(inventory.devices[1].login.key.is_none());
        let text = TEXT.replace(", key: \"file:id\"", "");
        let error = Inventory::parse(&text).unwrap_err().to_string();
        assert!(error.contains("hq-pe1: login.key is missing"), "{error}");
    }

    #[test]
    fn a_secret_in_the_file_is_refused_and_not_repeated() {
        let error = Inventory::parse(&TEXT.replace("file:id", "hunter2")).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        let text = TEXT.replace("SHA256:abc", "anything");
        assert!(Inventory::parse(&text).unwrap_err().to_string().contains("is no fingerprint"));
        let text = TEXT.replace("hq-pe2\n", "hq-pe1\n");
        assert!(Inventory::parse(&text).unwrap_err().to_string().contains("stands twice"));
    }

    #[test]
    fn a_missing_secret_names_its_place() {
        let reference: Reference = "file:no/such/file".parse().unwrap();
        let error = reference.resolve(std::path::Path::new("/")).unwrap_err().to_string();
        assert!(error.contains("file:no/such/file"), "{error}");
    }

    #[test]
    fn a_command_that_fails_is_named_without_its_arguments() {
        let reference: Reference = "exec:false --token hunter2".parse().unwrap();
        let error = reference.resolve(std::path::Path::new("/")).unwrap_err().to_string();
        assert!(error.contains("the secret at exec:false … cannot be read"), "{error}");
        assert!(!format!("{error} {reference} {reference:?}").contains("hunter2"), "{error}");
        assert_eq!(reference.text(), "exec:false --token hunter2");
    }

    #[test]
    fn a_command_is_waited_for_so_long_and_no_longer() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(printed(&words("echo key"), LONGEST), Ok(b"key\n".to_vec()));
        let begun = Instant::now();
        let error = printed(&words("sleep 60"), Duration::from_millis(50)).unwrap_err();
        assert_eq!(error, "the command did not end within 0.05 s and was killed");
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    }
}
