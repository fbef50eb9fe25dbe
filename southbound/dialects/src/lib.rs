//! What edits look like on a device, and what a device's answer means: pure functions between the model and payloads.
//!
//! A [`Dialect`] turns [`model::Edit`]s into [`Operation`]s on the device's data tree ([`Dialect::render`]) and reads a data
//! tree back ([`Dialect::read`]). How operations travel is the same for all dialects: as the content of a NETCONF
//! `<config>` ([`to_netconf`]) or as gNMI paths with JSON_IETF values ([`to_gnmi`]). `read(render(x)) == x`, for all that a
//! dialect's table carries ([`Dialect::support`]); the rest is [`Unsupported`], never half rendered. What routers say of their
//! interfaces and neighbours is read alike in all dialects ([`surroundings`]).

pub mod capability;
pub mod catalogue;
pub mod dialect;
pub mod operation;
pub mod surroundings;
pub mod view;
pub mod vocabulary;

pub mod openconfig;

mod comware;
mod escape;
mod huawei;
mod ietf;
mod iosxr;
mod objects;
mod policy;
mod rate;
mod reading;
mod srlinux;
mod tree;

#[cfg(test)]
mod testing;

pub use capability::{Feature, Support, Unsupported};
pub use dialect::{Dialect, Headend, UnknownDialect};
pub use operation::{Action, Data, Operation, Step, to_gnmi, to_netconf};
pub use view::{BadPayload, View};
pub use vocabulary::Vocabulary;
