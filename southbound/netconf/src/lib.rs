//! NETCONF (RFC 6241) as this product speaks it.
//!
//! The crate has two halves. The lower one is a codec without IO: [`xml`] trees, [`frame`]s (RFC 6242),
//! [`hello`], [`rpc`], [`message`], [`capability`] and [`operation`]. It is a set of pure functions over bytes
//! and text, and the lab's software router builds its server on the very same code. The upper half is the
//! client: [`ssh`] opens an authenticated channel to one pinned host, [`tls`] one to a certificate that is vouched for or pinned,
//! [`session`] owns it and routes replies, [`ops`] gives each standard operation a typed method, [`device`] is a router as the
//! transaction sees it, and [`comware`] one of H3C, read through `netconf-rs`.
//!
//! Decisions that hold everywhere:
//! - Everything read from the network is bounded: bytes, depth, elements, attributes, and time.
//! - A request has exactly one of three ends: an answer, a proof that it was not sent, or *outcome unknown*.
//!   The last is never folded into either of the others, because a commit that may have happened has to be
//!   read back, not repeated.
//! - What a device can do is decided by its hello ([`capability`]), not by its vendor's name.
//! - The host key, or what a certificate is judged by, is a required argument. There is no way to accept any.

pub mod ns;
pub mod xml;

pub mod frame;

pub mod hello;
pub mod rpc;
pub mod rpc_error;

pub mod message;

pub mod capability;
pub mod operation;

pub mod session;

pub mod ops;

pub mod ssh;
pub mod tls;

pub mod device;

pub mod comware;
