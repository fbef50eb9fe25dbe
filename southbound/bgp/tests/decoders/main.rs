//! Others judge the octets that our originator writes: `tshark` dissects them without a complaint and reads the same names and
//! values, and so does the decoder of ExaBGP. Where a program is not installed its tests say so and do nothing, or
//! fail where `TRUNKLINE_PEERS=required`, as `make test` sets it.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test is its failure")]

mod capture;
mod exabgp;
mod sample;
mod tshark;

#[path = "../support/child.rs"]
mod child;
#[path = "../support/network.rs"]
mod network;
