//! gNMI 0.10: sessions toward devices, and the parts of a server that know no datastore.
//!
//! The wire is [`proto`], generated from our own interface definition. Above it stand plain values that both ends
//! share, each with `encode` and `decode`: [`path`], [`value`], [`notice`], [`set`], [`get`], [`subscribe`]. A
//! [`session`] speaks them to a device over TLS; a [`server`] accepts them. There is no plaintext and no way to skip
//! a certificate check. Everything that arrives is bounded in size, count and time.
//!
//! On top stand the two things that the controller uses: a [`GnmiDevice`] carries transactions out, [`telemetry`] brings
//! samples.

pub mod proto;

pub mod path;
pub mod pattern;
pub mod value;

pub mod extension;
pub mod get;
pub mod notice;
pub mod set;
pub mod subscribe;

pub mod error;
mod link;
mod login;
pub mod session;
pub mod stream;
pub mod target;
pub mod tls;

mod content;

pub mod device;
pub mod telemetry;

pub mod server;

use ::device::clock;
pub use ::device::edits;
pub use ::device::pre_image::{FilePreImages, MemoryPreImages, PreImages};

pub use crate::device::GnmiDevice;
pub use error::SessionError;
pub use path::Path;
pub use proto::Encoding;
pub use session::Session;
pub use target::Target;
