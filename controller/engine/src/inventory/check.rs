//! What of an entry goes together: every device is known by something, and something logs in to it.

use super::{ConfigAccess, Entry, InventoryError, UnknownServer};

/// The first thing of an entry that is missing or contradicts itself.
pub(super) fn entry(entry: &Entry) -> Result<(), InventoryError> {
    let node = || entry.name.clone();
    let server = |section, known: Result<(), UnknownServer>| {
        known.map_err(|fault| InventoryError::Server { node: node(), section, fault })
    };
    match &entry.config {
        ConfigAccess::Netconf(access) if !access.host_key.starts_with("SHA256:") => {
            let text = access.host_key.chars().take(20).collect();
            return Err(InventoryError::HostKey { node: node(), text });
        }
        ConfigAccess::Netconf(_) => {}
        ConfigAccess::NetconfTls(access) => server("config", access.known_by().map(drop))?,
        ConfigAccess::Gnmi(access) => server("config", access.known_by().map(drop))?,
    }
    if let Some(access) = &entry.telemetry {
        server("telemetry", access.known_by().map(drop))?;
    }
    login(entry).map_err(|why| InventoryError::Login { node: node(), why })
}

fn login(entry: &Entry) -> Result<(), &'static str> {
    let login = &entry.login;
    if login.certificate.is_some() != login.certificate_key.is_some() {
        return Err("login.certificate and login.certificateKey belong together: give both or neither");
    }
    if login.key_passphrase.is_some() && login.key.is_none() {
        return Err(
            "login.keyPassphrase is there and login.key is not: a passphrase opens a key; for a password write \
                    login.password",
        );
    }
    let (by_certificate, by_password) = (login.certificate.is_some(), login.password.is_some());
    match &entry.config {
        ConfigAccess::Netconf(_) if login.key.is_none() && !by_password => Err(
            "login.key is missing: NETCONF logs in over SSH; name the private key, as file:PATH, or the place of \
                 a password as login.password",
        ),
        ConfigAccess::NetconfTls(_) if !by_certificate => Err(
            "login.certificate is missing: NETCONF over TLS logs in by certificate alone; name it and its key \
                 (login.certificateKey), as file:PATH",
        ),
        ConfigAccess::NetconfTls(_) if by_password && entry.telemetry.is_none() => Err(
            "login.password is of no use: NETCONF over TLS logs in by certificate alone; take it out, or reach \
                 the device over SSH",
        ),
        ConfigAccess::Gnmi(_) if !by_certificate && !by_password => Err(
            "login.certificate is missing, and so is login.password: gNMI logs in by one of them; name the \
                 certificate and its key (login.certificateKey), or the place of the password",
        ),
        _ => Ok(()),
    }
}
