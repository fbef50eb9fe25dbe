//! What is judged of an OPEN: whether it is acceptable (RFC 4271 section 6.2), and which of two connections stays (section 6.8).

use std::net::Ipv4Addr;

use super::{Config, Line, Negotiated, Phase, Way, longest};
use crate::wire::{
    Capability, Context, Notification, Open,
    notification::{code, open as subcode},
    octets::Out,
};

/// An OPEN that is acceptable.
pub(super) struct Accepted {
    pub(super) negotiated: Negotiated,
}

/// Which of two connections stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Survivor {
    /// The one whose OPEN came before.
    Old,
    /// The one whose OPEN has just come.
    New,
    /// The one whose OPEN has just come: the other side restarted and knows nothing of the old one.
    Restarted,
}

pub(super) fn open(config: &Config, peer: Open) -> Result<Accepted, Notification> {
    let refuse = |why| Err(Notification::new(code::OPEN, why));
    if peer.asn != config.peer_as {
        return refuse(subcode::PEER_AS);
    }
    // RFC 6286 section 2.2: it has to differ inside an autonomous system only.
    let ours = peer.identifier == config.identifier && config.is_internal();
    if peer.identifier == Ipv4Addr::UNSPECIFIED || ours {
        return refuse(subcode::IDENTIFIER);
    }
    if [1, 2].contains(&peer.hold_time) {
        return refuse(subcode::HOLD_TIME);
    }
    let families: Vec<_> = config.families.iter().copied().filter(|family| peer.has(*family)).collect();
    if families.is_empty() {
        // RFC 5492 section 5: what is missing is told.
        let mut missing = Out::new();
        for family in &config.families {
            Capability::Multiprotocol(*family).encode(&mut missing);
        }
        let data = missing.finish().unwrap_or_default();
        return Err(Notification::with(code::OPEN, subcode::CAPABILITY, data));
    }
    let context = Context { four_octet_as: peer.four_octet_as, internal: config.is_internal() };
    let negotiated = Negotiated {
        families,
        context,
        most: longest(peer.takes_extended_messages()),
        hold_time: config.hold_time.min(peer.hold_time),
        peer,
    };
    Ok(Accepted { negotiated })
}

/// An OPEN came on `way` while the other line already has one. The connection of the speaker with the higher identifier stays, of
/// equal ones that of the higher autonomous system (RFC 6286 section 2.3); one that is established stays in any case.
pub(super) fn collision(config: &Config, peer: &Open, way: Way, old: &Line) -> Survivor {
    if old.phase == Phase::Established {
        return if old.peer_restarts() { Survivor::Restarted } else { Survivor::Old };
    }
    let ours = (u32::from(config.identifier), config.local_as);
    let theirs = (u32::from(peer.identifier), peer.asn);
    let stays = if ours > theirs { Way::Out } else { Way::In };
    if stays == way { Survivor::New } else { Survivor::Old }
}
