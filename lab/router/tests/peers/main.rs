//! Routers on loopback, driven by independent clients and by the product's own.
#![expect(clippy::unwrap_used, reason = "what a test stands on either is there or fails the test here")]

mod contract;
mod gnmi_client;
mod independent;
mod netconf_client;
mod support;
