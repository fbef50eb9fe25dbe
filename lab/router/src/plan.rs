//! The file that says which routers there are: addresses, keys, who may enter, what they start with.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use model::NodeId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The content of the file, YAML or JSON. Relative paths in it are relative to it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// `trunkline/v1`.
    pub api_version: String,
    /// `Routers`.
    pub kind: String,
    /// The authority that signs clients of gNMI and of NETCONF over TLS: a PEM file.
    pub client_authority: PathBuf,
    /// Who may log in by SSH.
    pub users: Vec<UserPlan>,
    /// The routers.
    pub routers: Vec<RouterPlan>,
}

/// Somebody who may log in to every router.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserPlan {
    /// The login name.
    pub name: String,
    /// Files with public keys in OpenSSH form, one key each.
    #[serde(default)]
    pub keys: Vec<PathBuf>,
    /// A file with a password, one line. Where there is none, no password lets this user in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PathBuf>,
}

/// One router.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouterPlan {
    /// Its name.
    pub name: NodeId,
    /// Where it serves NETCONF over SSH.
    pub netconf: SocketAddr,
    /// Where it serves NETCONF over TLS, with the certificate that it has for gNMI; nowhere where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netconf_tls: Option<SocketAddr>,
    /// Where it serves gNMI.
    pub gnmi: SocketAddr,
    /// Its SSH host key: a private key file.
    pub host_key: PathBuf,
    /// Its certificate chain: a PEM file.
    pub certificate: PathBuf,
    /// The certificate's private key: a PEM file.
    pub key: PathBuf,
    /// Whether it offers gNMI's commit-confirmed extension.
    #[serde(default)]
    pub commit_confirmed: bool,
    /// The configuration that it starts with: RFC 7951 content, here or in a JSON file; empty where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Initial>,
}

/// A configuration in place or in a file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Initial {
    /// The name of a file.
    File(PathBuf),
    /// The content itself.
    Content(serde_json::Map<String, serde_json::Value>),
}

/// Why a plan cannot be used.
#[derive(Debug, Error)]
pub enum PlanError {
    /// A file cannot be read.
    #[error("{}: {cause}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The text is no plan.
    #[error("{}: {cause}", file.display())]
    Text {
        /// Which file.
        file: PathBuf,
        /// Where and why.
        cause: serde_yaml::Error,
    },
    /// It is another kind of document.
    #[error("{}: is `{kind}` of `{api_version}`; wanted is `Routers` of `trunkline/v1`", file.display())]
    Kind {
        /// Which file.
        file: PathBuf,
        /// What it says it is.
        kind: String,
        /// Of which version.
        api_version: String,
    },
}

impl Plan {
    /// Reads a plan. Its relative paths come out relative to the working directory.
    ///
    /// # Errors
    /// When the file cannot be read or is no plan.
    pub fn read(file: &Path) -> Result<Self, PlanError> {
        let fail = |cause| PlanError::File { file: file.to_owned(), cause };
        let text = std::fs::read_to_string(file).map_err(fail)?;
        let mut plan: Self =
            serde_yaml::from_str(&text).map_err(|cause| PlanError::Text { file: file.to_owned(), cause })?;
        if (plan.kind.as_str(), plan.api_version.as_str()) != ("Routers", "trunkline/v1") {
            let (kind, api_version) = (plan.kind, plan.api_version);
            return Err(PlanError::Kind { file: file.to_owned(), kind, api_version });
        }
        let base = file.parent().unwrap_or(Path::new(""));
        for path in plan.files() {
            *path = base.join(&path);
        }
        Ok(plan)
    }

    fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let keys = self.users.iter_mut().flat_map(|user| user.keys.iter_mut().chain(&mut user.password));
        let routers = self.routers.iter_mut().flat_map(|router| {
            let config = match &mut router.config {
                Some(Initial::File(file)) => Some(file),
                _ => None,
            };
            [&mut router.host_key, &mut router.certificate, &mut router.key].into_iter().chain(config)
        });
        std::iter::once(&mut self.client_authority).chain(keys).chain(routers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
apiVersion: trunkline/v1
kind: Routers
clientAuthority: ca.pem
users: [{name: trunkline, keys: [id_ed25519.pub]}, {name: ops, password: ops.password}]
routers:
  - {name: r1, netconf: '127.0.1.1:830', gnmi: '127.0.1.1:9339', hostKey: r1.key, certificate: r1.pem, key: /etc/r1.key,
     config: {'openconfig-system:system': {config: {hostname: r1}}}}
  - {name: r2, netconf: '127.0.1.2:830', netconfTls: '127.0.1.2:6513', gnmi: '127.0.1.2:9339', hostKey: r2.key, certificate: r2.pem, key: r2.key,
     commitConfirmed: true, config: r2.json}
";

    fn read(text: &str) -> Result<Plan, PlanError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("routers.yaml");
        std::fs::write(&file, text).unwrap();
        Plan::read(&file)
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let plan = read(TEXT).unwrap();
        assert!(plan.client_authority.is_absolute() && plan.users[0].keys[0].ends_with("id_ed25519.pub"));
        assert!(plan.users[0].password.is_none() && plan.users[1].keys.is_empty());
        assert!(plan.users[1].password.as_ref().is_some_and(|file| file.is_absolute()));
        assert_eq!(plan.routers[0].netconf_tls, None);
        assert_eq!(plan.routers[1].netconf_tls, Some("127.0.1.2:6513".parse().unwrap()));
        assert_eq!(plan.routers[0].key, Path::new("/etc/r1.key"));
        assert!(matches!(&plan.routers[1].config, Some(Initial::File(file)) if file.is_absolute()));
        assert!(plan.routers[1].commit_confirmed && !plan.routers[0].commit_confirmed);
    }

    #[test]
    fn what_is_no_plan_is_refused_with_its_place() {
        let wrong = read(&TEXT.replace("hostKey: r1.key", "hostkey: r1.key")).unwrap_err().to_string();
        assert!(wrong.contains("hostkey"), "{wrong}");
        let other = read(&TEXT.replace("kind: Routers", "kind: Inventory")).unwrap_err().to_string();
        assert!(other.contains("`Inventory`"), "{other}");
        assert!(matches!(Plan::read(Path::new("/no/such/file")), Err(PlanError::File { .. })));
    }
}
