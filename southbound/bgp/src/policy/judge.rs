//! Whether a route of an SR policy is one that a headend may use (RFC 9830 section 4.2.1).

use std::net::Ipv4Addr;

use super::Tunnel;
use crate::wire::{Attribute, Update, community::Community};

/// What a headend makes of the routes of an update.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Judgement {
    /// They are for it.
    Usable,
    /// They are for others; it passes them on at most.
    ForOthers,
    /// They count as withdrawn: nothing says for whom they are, or nothing what they consist of.
    Malformed,
}

/// Judges the routes of an update for a headend of that BGP identifier.
pub fn judge(update: &Update, headend: Ipv4Addr) -> Judgement {
    let mut unadvertised = false;
    let mut targets = Vec::new();
    for attribute in &update.attributes {
        match attribute {
            Attribute::Communities(all) => unadvertised |= all.contains(&Community::NO_ADVERTISE),
            Attribute::ExtendedCommunities(all) => {
                targets.extend(all.iter().filter_map(|community| community.target_router()));
            }
            _ => {}
        }
    }
    let policies = update.tunnels().iter().filter(|tunnel| matches!(tunnel, Tunnel::SrPolicy(_))).count();
    if policies != 1 || update.tunnels().len() != 1 || (!unadvertised && targets.is_empty()) {
        Judgement::Malformed
    } else if targets.is_empty() || targets.contains(&headend) {
        Judgement::Usable
    } else {
        Judgement::ForOthers
    }
}
