//! How a device is reached, by what it is known, and what logs in.

use std::net::SocketAddr;

use device::trust::{BadPin, CertificatePin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::reference::Reference;

/// How a device is configured.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ConfigAccess {
    /// NETCONF over SSH.
    Netconf(NetconfAccess),
    /// NETCONF over TLS.
    NetconfTls(NetconfTlsAccess),
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

/// NETCONF over TLS (RFC 7589). The device is known by `ca` and `name`, or by `fingerprint`.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetconfTlsAccess {
    /// Address and port; 6513 is the usual one.
    pub netconf_tls: SocketAddr,
    /// The certificate authority that signed its certificate, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<Reference>,
    /// In place of `ca`: the SHA-256 fingerprint of its certificate, `SHA256:…`, as `openssl x509 -noout -fingerprint -sha256`
    /// prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The name in its certificate. Needed with `ca`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// gNMI over TLS. The device is known by `ca` and `name`, or by `fingerprint`.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GnmiAccess {
    /// Address and port.
    pub gnmi: SocketAddr,
    /// The certificate authority that signed its certificate, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<Reference>,
    /// In place of `ca`: the SHA-256 fingerprint of its certificate, `SHA256:…`, as `openssl x509 -noout -fingerprint -sha256`
    /// prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The name in its certificate. Needed with `ca`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// By what a device is known that is reached over TLS.
#[derive(Clone, Debug)]
pub enum KnownBy<'e> {
    /// By who signed its certificate.
    Authority(&'e Reference),
    /// By its certificate itself.
    Fingerprint(CertificatePin),
}

/// Why it is not known.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum UnknownServer {
    /// Nothing says it.
    #[error(
        "`ca` is missing, and so is `fingerprint`: say who signed the device's certificate (`ca`, with its `name`), or \
         which certificate it has (`fingerprint`)"
    )]
    Nothing,
    /// Two things say it.
    #[error(
        "`ca` and `fingerprint` stand both: a device is known by who signed its certificate or by the certificate \
         itself; take one of them out"
    )]
    Both,
    /// An authority signs many devices.
    #[error(
        "`name` is missing: it tells the device from all others whose certificates the same `ca` signed; write the name \
         in its certificate"
    )]
    NoName,
    /// The fingerprint is none.
    #[error("`fingerprint`: {0}")]
    Fingerprint(#[from] BadPin),
}

/// The three fields that say it, of whichever access.
fn known_by<'e>(
    ca: Option<&'e Reference>,
    fingerprint: Option<&str>,
    name: Option<&str>,
) -> Result<KnownBy<'e>, UnknownServer> {
    match (ca, fingerprint) {
        (None, None) => Err(UnknownServer::Nothing),
        (Some(_), Some(_)) => Err(UnknownServer::Both),
        (Some(_), None) if name.is_none_or(str::is_empty) => Err(UnknownServer::NoName),
        (Some(ca), None) => Ok(KnownBy::Authority(ca)),
        (None, Some(text)) => Ok(KnownBy::Fingerprint(text.parse()?)),
    }
}

/// What is asked for: the name, or the address where a pinned device has none.
fn server_name(name: Option<&str>, address: SocketAddr) -> String {
    name.map_or_else(|| address.ip().to_string(), str::to_owned)
}

impl NetconfTlsAccess {
    /// By what it is known.
    ///
    /// # Errors
    /// By nothing, or by more than one thing.
    pub fn known_by(&self) -> Result<KnownBy<'_>, UnknownServer> {
        known_by(self.ca.as_ref(), self.fingerprint.as_deref(), self.name.as_deref())
    }

    /// The name that its certificate is asked for.
    pub fn server_name(&self) -> String {
        server_name(self.name.as_deref(), self.netconf_tls)
    }
}

impl GnmiAccess {
    /// By what it is known.
    ///
    /// # Errors
    /// By nothing, or by more than one thing.
    pub fn known_by(&self) -> Result<KnownBy<'_>, UnknownServer> {
        known_by(self.ca.as_ref(), self.fingerprint.as_deref(), self.name.as_deref())
    }

    /// The name that its certificate is asked for.
    pub fn server_name(&self) -> String {
        server_name(self.name.as_deref(), self.gnmi)
    }
}

/// Who logs in, and with what: a key or a password over SSH, a certificate over TLS, a password with gNMI in place of it or beside it.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// The user. Over TLS it is the name in the certificate that says it to the device.
    pub user: String,
    /// The private key for SSH, OpenSSH format.
    pub key: Option<Reference>,
    /// What opens `key` where it is encrypted, one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_passphrase: Option<Reference>,
    /// The password, one line: for SSH in place of `key`, or where the device wants both; for gNMI it goes with every call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Reference>,
    /// The client certificate for TLS, PEM.
    pub certificate: Option<Reference>,
    /// Its private key, PEM.
    pub certificate_key: Option<Reference>,
}
