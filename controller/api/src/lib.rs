//! REST, events, dashboard: how people and programs look at a running controller and ask things of it.
//!
//! Closed by default (design section 8, promise 7): loopback only, `Host` and `Origin` checked, writes need the token
//! of [`Token`] and stand in the audit log before they are carried out.
//!
//! [`route`] is the table of everything that can be asked, [`Server`] answers it, [`Client`] asks it.

mod asked;
mod assets;
mod body;
mod gate;
mod guard;
mod read;
mod reply;
mod segment;
mod stall;
mod stream;
mod trust;
mod write;

pub mod client;
pub mod live;
pub mod notify;
pub mod origin;
pub mod problem;
pub mod request;
pub mod route;
pub mod sentence;
pub mod server;
pub mod token;

pub use client::{Client, ClientError, Message};
pub use live::{Live, Topology};
pub use notify::{Notifiers, NotifyConfig, NotifyError, spawn_notifiers};
pub use origin::{BadOrigin, Origin};
pub use problem::Problem;
pub use sentence::sentence;
pub use server::{ApiError, Bound, Server};
pub use token::{Token, TokenError};
