//! The XML namespaces and capability URIs that the protocol itself defines.

/// Messages and operations: RFC 6241, section 3.1.
pub const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";
/// `<notification>` and `<create-subscription>`: RFC 5277.
pub const NOTIFICATION: &str = "urn:ietf:params:xml:ns:netconf:notification:1.0";
/// `<get-schema>` and the monitoring tree: RFC 6022.
pub const MONITORING: &str = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring";
/// The YANG library: RFC 7895, RFC 8525.
pub const YANG_LIBRARY: &str = "urn:ietf:params:xml:ns:yang:ietf-yang-library";
/// The `<with-defaults>` parameter: RFC 6243.
pub const WITH_DEFAULTS: &str = "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults";
/// `<get-data>` and `<edit-data>`: RFC 8526.
pub const NMDA: &str = "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda";
/// Identities of datastores: RFC 8342.
pub const DATASTORES: &str = "urn:ietf:params:xml:ns:yang:ietf-datastores";
/// The namespace that the prefix `xml` always stands for.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Capability of protocol version 1.0: end-of-message framing.
pub const CAP_BASE_1_0: &str = "urn:ietf:params:netconf:base:1.0";
/// Capability of protocol version 1.1: chunked framing.
pub const CAP_BASE_1_1: &str = "urn:ietf:params:netconf:base:1.1";
