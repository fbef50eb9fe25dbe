//! Names and states of interfaces, which `netconf-rs` does not read: a request of ours for three columns of the device's table
//! `Ifmgr/Interfaces` of `data:1.0`, and the model's words for the answer.

use model::{InterfaceName, Measure, NodeId, Sample, Timestamp};
use tokio::time::Instant;

use super::ComwareError;
use crate::operation::Filter;
use crate::session::Session;
use crate::xml::Element;

/// Configuration and state, as Comware 7 has them beside its tree of configuration.
const DATA: &str = "http://www.h3c.com/netconf/data:1.0";

/// An interface as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its number on the device, `IfIndex`.
    pub index: u32,
    /// Its name, such as `GigabitEthernet1/0/1`. An interface whose name is none of the model's is not listed.
    pub name: InterfaceName,
    /// Whether it is up; unknown where the device says neither.
    pub up: Option<bool>,
}

/// Asks the device.
pub(super) async fn read(session: &Session, deadline: Instant) -> Result<Vec<Port>, ComwareError> {
    let columns = ["IfIndex", "Name", "OperStatus"];
    let row = columns.into_iter().fold(Element::new(DATA, "Interface"), |row, column| row.with_empty(column));
    let table = Element::new(DATA, "Interfaces").with_child(row);
    let top = Element::new(DATA, "top").with_child(Element::new(DATA, "Ifmgr").with_child(table));
    let data = session.get(Some(Filter::Subtree(vec![top])), deadline).await?;
    let Some(table) = data.at(&["top", "Ifmgr", "Interfaces"]) else {
        return Err(ComwareError::Missing("data/top/Ifmgr/Interfaces".into()));
    };
    let rows = table.children.iter().filter(|row| *row.name.local == *"Interface");
    Ok(rows.filter_map(port).collect())
}

fn port(row: &Element) -> Option<Port> {
    let column = |name: &str| row.at(&[name]).map(|leaf| leaf.text.trim());
    let up = match column("OperStatus") {
        Some("1") => Some(true),
        Some("2") => Some(false),
        _ => None,
    };
    Some(Port { index: column("IfIndex")?.parse().ok()?, name: column("Name")?.parse().ok()?, up })
}

/// The states as telemetry has them, as of a moment. What is unknown is no sample.
pub fn samples(node: &NodeId, ports: &[Port], at: Timestamp) -> Vec<Sample> {
    let sample = |port: &Port| {
        let measure = Measure::Up(port.up?);
        Some(Sample { node: node.clone(), interface: port.name.clone(), at, measure })
    };
    ports.iter().filter_map(sample).collect()
}
