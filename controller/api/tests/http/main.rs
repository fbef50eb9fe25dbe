//! The server on a real loopback socket, in front of an engine that a task of the test plays.

#![allow(clippy::unwrap_used, reason = "test code: what cannot go on should stop here")]

mod doors;
mod fixture;
mod streams;
mod tls;
mod writes;
