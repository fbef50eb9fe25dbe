//! Messages, client and server of gNMI, generated from `proto/` when the crate is built. The rest of the crate keeps
//! them away from callers; the software router implements [`g_nmi_server::GNmi`] on top of its datastore.

/// Package `gnmi`: the service and its messages.
#[allow(missing_docs, clippy::all, clippy::disallowed_types, clippy::too_many_lines)]
pub mod gnmi {
    tonic::include_proto!("gnmi");
}

/// Package `gnmi_ext`: the extensions.
#[allow(missing_docs, clippy::all)]
pub mod gnmi_ext {
    tonic::include_proto!("gnmi_ext");
}

pub use gnmi::*;

/// The version that this interface definition follows, as Capabilities reports it.
pub const VERSION: &str = "0.10.0";
