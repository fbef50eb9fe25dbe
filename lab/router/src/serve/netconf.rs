//! The NETCONF server (RFC 6241) over SSH (RFC 6242) and TLS (RFC 7589). The codec is the product's own, shared with its client.

// Who may enter.
mod door;

mod ssh;
mod tls;

mod session;

mod seat;

mod answer;

// Between XML and the store.
mod content;
mod filter;

mod notify;

pub use ssh::{Access, HostKey, HostKeyError, User, serve};
pub use tls::{TlsAccess, TlsAccessError, serve as serve_tls};

use netconf::ns;

use crate::yang::Schema;

/// The capabilities of the hello: the protocol's, and one for each served module (RFC 6020 section 5.6.4).
pub fn capabilities(schema: &Schema) -> Vec<String> {
    const OWN: [&str; 8] = [
        "candidate:1.0",
        "confirmed-commit:1.0",
        "confirmed-commit:1.1",
        "validate:1.0",
        "validate:1.1",
        "rollback-on-error:1.0",
        "notification:1.0",
        "interleave:1.0",
    ];
    let base = [ns::CAP_BASE_1_0, ns::CAP_BASE_1_1].map(str::to_owned);
    let own = OWN.iter().map(|name| format!("urn:ietf:params:netconf:capability:{name}"));
    let defaults = "urn:ietf:params:netconf:capability:with-defaults:1.0?basic-mode=explicit".to_owned();
    let modules = schema
        .modules()
        .iter()
        .map(|module| format!("{}?module={}&revision={}", module.namespace, module.name, module.revision));
    base.into_iter().chain(own).chain([defaults]).chain(modules).collect()
}

#[cfg(test)]
mod tests;
