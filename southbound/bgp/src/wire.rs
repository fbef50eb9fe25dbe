//! BGP-4 messages as values and as octets (RFC 4271), without IO. Every type here has both directions, so that the tests'
//! originator and the speaker share one understanding of each octet.

pub mod attribute;
pub mod capability;
pub mod community;
pub mod context;
pub mod family;
pub mod message;
pub mod notification;
pub mod octets;
pub mod open;
pub mod prefix;
pub mod reach;
pub mod update;

pub use attribute::Attribute;
pub use capability::Capability;
pub use context::Context;
pub use family::Family;
pub use message::{Frame, Framer, Message};
pub use notification::Notification;
pub use octets::{Malformed, Tlv, TooLong};
pub use open::Open;
pub use reach::{Nlri, Reach, Unreach};
pub use update::{Received, Update};

#[cfg(test)]
mod tests;
