//! Modules and object names of the dialect.

use model::{InterfaceName, QueueName, state::OWN_PREFIX};

use crate::operation::Module;

pub(super) const NETWORK_INSTANCE: Module =
    Module { name: "openconfig-network-instance", namespace: "http://openconfig.net/yang/network-instance" };
pub(super) const QOS: Module = Module { name: "openconfig-qos", namespace: "http://openconfig.net/yang/qos" };
pub(super) const SR_POLICY: Module =
    Module { name: "trunkline-sr-policy", namespace: "urn:trunkline:yang:sr-policy" };

/// The network instance of the global table, which holds the SR policies.
pub(super) const DEFAULT_INSTANCE: &str = "default";

/// The forwarding policy that holds our steering rules in a network instance.
pub(super) const STEERING_POLICY: &str = "tl-steering";

/// The address families of our classifiers, as OpenConfig calls them, with the container that they match in.
pub(super) const FAMILIES: [(&str, &str); 2] = [("IPV4", "ipv4"), ("IPV6", "ipv6")];

/// The classifier of an address family.
pub(super) fn classifier(family: &str) -> String {
    format!("{OWN_PREFIX}{}", family.to_ascii_lowercase())
}

/// The scheduler policy of an interface.
pub(super) fn scheduler_policy(interface: &InterfaceName) -> String {
    format!("{OWN_PREFIX}{interface}")
}

/// The device's name of a queue.
pub(super) fn queue(name: &QueueName) -> String {
    format!("{OWN_PREFIX}{name}")
}

/// Our name of a device's queue; none where the queue is not ours.
pub(super) fn own_queue(text: &str) -> Option<QueueName> {
    text.strip_prefix(OWN_PREFIX).and_then(|name| name.parse().ok())
}
