//! What a Linux kernel is told so that it forwards as a router's configuration says.
//!
//! [`Program::of`] turns what a device is configured with ([`model::DeviceConfig`]) and where it stands ([`Place`]) into objects of
//! the kernel: SIDs, routes, rules, marks, queues. [`Program::changes`] says what to write so that one program becomes another while
//! packets flow: each packet is forwarded as before or as after, never by something between. Both are pure; [`live`] reads programs
//! out of a network namespace and carries writes out there. What is right is never written again.
//!
//! How the model's words map to the kernel's:
//!
//! | the model says | the kernel holds |
//! |---|---|
//! | SIDs of the node | `seg6local` routes in the main table: `End`, `End.X`, `End.DX4`, `End.DX6`, `End.DT6`, `End.B6.Encaps`; with the flavor NEXT-CSID where the node reads containers |
//! | a candidate path | one `seg6` route in mode `encap.red` for each prefix behind its endpoint; weighted lists are a multipath route |
//! | a steering rule | an nftables rule that marks what customers send; a rule by that mark leads to the table of tenant and color |
//! | last resort `igp` | nothing in that table: the lookup goes on to the tenant's own table |
//! | last resort `drop` | `blackhole` in that table |
//! | queues | one HTB class each; nftables gives each packet its class by its (outer) code point |
//!
//! What the kernel cannot do is refused ([`NotHere`]) before anything is written: SR-MPLS where there is no MPLS, `End.DT4` and
//! `End.DT46` without a VRF.
//!
//! Where it forwards differently from the model, and nobody can help it:
//! - Packets that a headend encapsulates by one list take one of several equal first links, not all of them: the kernel keeps the
//!   route of the outer header with the list. Nodes on the way divide by flow.
//! - A strict queue gets what exceeds its guarantee after the weighted queues; the model gives it a share of weight 1.
//! - Shares of weighted lists are out of 256.

// What the kernel knows things by, and the things themselves.
pub mod number;
pub mod object;

// Where the router stands, and what of its configuration cannot be had there.
pub mod place;
mod refusal;

// From configuration to objects.
mod program;

mod of;

// From one program to the next.
mod change;
mod write;

// Objects as the tools of the kernel say them.
mod text;

pub mod nft;
pub mod tc;

pub mod live;

pub use change::Misfit;
pub use number::{BadDevice, Device, Minor, Octets, Rate, Slot, Table, TenantNo, Weight};
pub use object::{
    Behaviour, Class, Family, Hop, Marking, NextCsid, PortClasses, RouteKey, Rule, Shaper, Steer, Target,
    TenantMarks, Way,
};
pub use of::queues::classes;
pub use place::{
    Attachment, Csid, EndX, Locator, Peer, Place, Port, Remote, Service, Tenant, Underlay, decap_sid,
    probe_sid,
};
pub use program::Program;
pub use refusal::{NotHere, Refusal};
pub use write::Write;

#[cfg(test)]
mod fixture;
