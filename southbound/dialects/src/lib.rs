//! What edits look like on a device, and what a device's answer means: pure functions between the model and payloads.
//!
//! A dialect turns [`model::Edit`]s into [`Operation`]s on the device's data tree ([`openconfig::render`]) and reads a
//! data tree back ([`openconfig::read`]). How operations travel is the same for all dialects: as the content of a NETCONF
//! `<config>` ([`to_netconf`]) or as gNMI paths with JSON_IETF values ([`to_gnmi`]). `read(render(x)) == x`.

pub mod catalogue;
pub mod operation;
pub mod view;

pub mod openconfig;

pub use operation::{Action, Data, Operation, Step, to_gnmi, to_netconf};
pub use view::{BadPayload, View};
