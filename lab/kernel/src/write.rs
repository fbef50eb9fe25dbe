//! One write to a kernel.

use std::net::Ipv6Addr;

use crate::{
    number::{Device, Minor, Rate},
    object::{Class, Marking, RouteKey, Rule, Target},
};

/// One write to a kernel. Its text is the command that would do the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Write {
    /// Makes the device for routes without one.
    Anchor,
    /// Takes it away, and with it all routes on it.
    Unanchor,
    /// Sets the address that outer headers come from; none lets the kernel choose.
    Source(Option<Ipv6Addr>),
    /// Adds a route, or replaces the one that is there.
    Route {
        /// Which.
        key: RouteKey,
        /// What it does.
        target: Target,
        /// Whether one is there.
        replaces: bool,
    },
    /// Takes a route away.
    Unroute(RouteKey),
    /// Adds a rule.
    Rule(Rule),
    /// Takes a rule away.
    Unrule(Rule),
    /// Replaces what packets are given, all of it at once; none takes it away.
    Marking(Option<Marking>),
    /// Makes the queues of a device, without any class but the line's and that of all weighted ones, or changes these.
    Shape {
        /// Where.
        device: Device,
        /// What the line carries.
        line: Rate,
        /// What is left for weighted queues.
        weighted: Rate,
        /// Whether it is there.
        replaces: bool,
    },
    /// Takes all queues of a device away; packets in them are lost.
    Unshape(Device),
    /// Adds a queue, or changes the one that is there.
    Class {
        /// Where.
        device: Device,
        /// Which.
        minor: Minor,
        /// What it gets.
        class: Class,
        /// Whether it is there.
        replaces: bool,
    },
    /// Waits until nothing waits in a queue that nobody is told to find any more, for two seconds at most. It writes nothing.
    Drain {
        /// Where.
        device: Device,
        /// Which.
        minor: Minor,
    },
    /// Takes a queue away; packets in it are lost.
    Unclass {
        /// Where.
        device: Device,
        /// Which.
        minor: Minor,
    },
}
