//! Routers on loopback, driven by independent clients and by the product's own.

mod gnmi_client;
mod independent;
mod netconf_client;
mod support;
