//! From a change of mind to a change of network, without IO: what differs, in which order it changes, and the proof that the
//! result keeps every promise.
//!
//! `diff` never guesses: a device that could not be read is listed apart, an object of somebody else is a finding and is
//! never touched. `plan` orders the difference so that traffic always has a policy and a queue to go to (make, move, break)
//! and gives every edit its intents and its rule. `prove` walks the traffic on the independent witness, so that a fault of
//! path computation cannot hide itself. The modules are listed in the order of the flow.

// What differs.
pub mod diff;

// The same for people who look at what somebody else changed.
pub mod fields;

// What of it people accept as it is.
pub mod exceptions;

// Why it changes, and in which order.
pub mod cause;

pub mod policy;

pub mod order;

// Whether the result keeps its promises.
pub mod prove;

pub mod risk;

// Whether it also keeps them under every failure: the gate of a pipeline.
pub mod verify;

// What people read.
pub mod report;

pub mod codes;

mod threads;

#[cfg(test)]
mod firewalls;
#[cfg(test)]
mod fixture;

pub use cause::Causes;
pub use diff::{Change, DeviceDiff, Diff, diff, drift};
pub use exceptions::{Exception, Exceptions, Laid, LedAstray};
pub use fields::{Deviation, Difference, FieldDifference};
pub use order::plan;
pub use policy::ChangePolicy;
pub use prove::{Breakage, Checked, Failures, Proof, overlay, prove};
pub use report::PlanReport;
pub use risk::{Risk, risks};
