//! Sessions and server over real TLS on loopback, against a scripted device.

mod support;

mod certificates;
mod contract;
mod garbage;
mod session;
mod stream;
mod telemetry;
mod transaction;
