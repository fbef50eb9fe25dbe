//! What of a configuration a kernel cannot do, in words for whoever wrote it.

use std::{fmt, net::Ipv6Addr};

use ipnet::IpNet;
use model::{InterfaceName, NodeId, PolicyKey, Sid, VrfName};
use thiserror::Error;

/// A router whose kernel cannot do all of it. Nothing was written.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{node}: {}", Listed(.refusals))]
pub struct NotHere {
    /// The router.
    pub node: NodeId,
    /// What it cannot do; never empty.
    pub refusals: Vec<Refusal>,
}

struct Listed<'a>(&'a [Refusal]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = self.0.iter();
        if let Some(first) = all.next() {
            write!(f, "{first}")?;
        }
        all.try_for_each(|refusal| write!(f, "; {refusal}"))
    }
}

/// One thing that a kernel cannot do.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Refusal {
    /// A segment or binding SID is a label.
    #[error(
        "policy {key} uses MPLS label {sid}: routers that forward in a kernel without MPLS have SRv6 only; give its intents \
         `dataplane: srv6`, or let the lab simulate its routers"
    )]
    Mpls {
        /// The policy.
        key: PolicyKey,
        /// The label.
        sid: Sid,
    },
    /// A binding SID that is not the node's own.
    #[error(
        "the binding SID {sid} of policy {key} lies outside this router's locator: nothing would lead there"
    )]
    ForeignBinding {
        /// The policy.
        key: PolicyKey,
        /// The SID.
        sid: Ipv6Addr,
    },
    /// The router has no locator.
    #[error(
        "policy {key} is SRv6, and this router has no SRv6 locator: give its node a `locator` in the network file"
    )]
    NoLocator {
        /// The policy.
        key: PolicyKey,
    },
    /// A segment list that fits no packet.
    #[error(
        "policy {key} has a list of {segments} segments, and a routing header has room for 126 beside that of the service: take fewer"
    )]
    TooLong {
        /// The policy.
        key: PolicyKey,
        /// How many its longest list has.
        segments: usize,
    },
    /// A rule in a VRF that is not there.
    #[error(
        "steering rules stand in vrf {vrf}, which this router does not have: attach a customer of it here, or name another"
    )]
    NoTenant {
        /// The VRF.
        vrf: VrfName,
    },
    /// A color that no table has.
    #[error("color {color} is above {}: tables are numbered by color here", crate::Slot::MAX_COLOR)]
    Color {
        /// The color.
        color: u32,
    },
    /// A SID that needs a VRF.
    #[error(
        "SID {sid} of vrf {vrf} is {behaviour}, which needs a VRF of the kernel and there is none here: End.DX4 and End.DX6 to each \
         customer, and End.DT6, do without"
    )]
    NeedsVrf {
        /// The VRF.
        vrf: VrfName,
        /// The SID.
        sid: Ipv6Addr,
        /// What it should do.
        behaviour: &'static str,
    },
    /// A customer's address is missing.
    #[error("SID {sid} of vrf {vrf} leads to a customer that has no address of that family on its link")]
    NoCustomer {
        /// The VRF.
        vrf: VrfName,
        /// The SID.
        sid: Ipv6Addr,
    },
    /// Lengths that the kernel does not take.
    #[error(
        "containers of {block} bits block and {taken} bits to take out: the kernel takes whole octets, 8 to 120 and together at most \
         128; choose a locator of 48 bits with 16 for the node and 16 for functions"
    )]
    Csid {
        /// Bits of the block.
        block: u8,
        /// Bits to take out.
        taken: u8,
    },
    /// Two things want one address.
    #[error(
        "{address} is both an address of the router and a SID of it: packets with more segments would end there; give the router another address"
    )]
    TakenAddress {
        /// The address.
        address: Ipv6Addr,
    },
    /// An address of the network that customers' tables would be asked for.
    #[error(
        "{address} belongs to the network and lies in none of its core prefixes: a customer's table would be asked for it; add a prefix \
         that holds it and nothing of any customer"
    )]
    OutsideCore {
        /// The address.
        address: Ipv6Addr,
    },
    /// Two things want one SID.
    #[error(
        "two things want the SID {sid} of this router, and packets could go to one alone: give the service function of the network file \
         another `sid`, or the policy another binding SID"
    )]
    TakenSid {
        /// The SID.
        sid: IpNet,
    },
    /// Queues on a line of unknown rate.
    #[error(
        "interface {interface} has queues and its line no bandwidth: a guarantee is a part of something; say the link's `bandwidth`"
    )]
    NoRate {
        /// The interface.
        interface: InterfaceName,
    },
}
