//! What a document may be, and what it says that it is.

use crate::tree::{Node, Value};

/// The kinds that can be read.
pub const KINDS: [&str; 8] = [
    "ServiceIntent",
    "TrafficClass",
    "QosProfile",
    "AlarmPolicy",
    "SteeringPolicy",
    "MaintenanceWindow",
    "Design",
    "DesignInstance",
];

/// The kinds that a design can make: all but designs.
pub(crate) const MADE: [&str; 7] = {
    let [service, class, profile, alarm, steering, window, _, instance] = KINDS;
    [service, class, profile, alarm, steering, window, instance]
};

/// Kind and name of what may be a document, as far as they are texts.
pub(crate) fn kind_and_name(node: &Node) -> (Option<&str>, Option<&str>) {
    fn field<'n>(node: Option<&'n Node>, name: &str) -> Option<&'n Node> {
        match &node?.value {
            Value::Map(entries) => entries.iter().find(|(key, _)| key.text == name).map(|(_, node)| node),
            _ => None,
        }
    }
    fn text(node: Option<&Node>) -> Option<&str> {
        match &node?.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }
    (text(field(Some(node), "kind")), text(field(field(Some(node), "metadata"), "name")))
}
