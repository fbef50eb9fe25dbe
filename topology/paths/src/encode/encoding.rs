//! How a path is to be written down.

use model::sr::Dataplane;

use super::csid::Csid;

/// How tightly segments hold a path.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Pin {
    /// As few segments as hold it while the IGP is as it is now. When the IGP converges anew, packets between two segments may
    /// take other links.
    #[default]
    Fewest,
    /// Every link by its adjacency segment, so that nothing is left to the IGP: no change of metrics, no failure and no repair
    /// of a link can move a packet onto a link that is not in the list. Each segment is read by the node that the one before
    /// it leads to, so no shortest path is ever asked. Where a link of the list fails, packets are dropped there, until
    /// the headend takes another candidate path.
    ///
    /// For services that must ride encrypted lines only. It holds if the adjacency SIDs are not protected (flag B of
    /// RFC 8667 section 2.2.1 and RFC 9352 section 8 is clear): local repair (RFC 9855) of a protected one would leave the list.
    EveryLink,
}

/// How a path is to be written down, and what must fit.
#[derive(Clone, Copy, Debug)]
pub struct Encoding<'a> {
    /// In labels or in SRv6 SIDs.
    pub plane: Dataplane,
    /// For how many service labels or SIDs behind the list room is kept: 1 for a VPN service.
    pub service: u8,
    /// How tightly the path is held.
    pub pin: Pin,
    /// Whether the headend leaves the first SID out of the SRH, since it is the destination address (H.Encaps.Red, RFC 8986
    /// section 5.2): the SRH is one SID shorter.
    pub reduced: bool,
    /// Whether the node that hands on the last SID pops the SRH (flavor PSP, RFC 8986 section 4.16.1): it must be able to pop
    /// one of that length.
    pub pops: bool,
    /// Whether and which nodes read several SIDs out of one address.
    pub csid: Option<&'a Csid>,
}

impl Encoding<'_> {
    /// Fewest segments, full SIDs, the whole list in the SRH.
    pub const fn new(plane: Dataplane, service: u8) -> Self {
        Self { plane, service, pin: Pin::Fewest, reduced: false, pops: false, csid: None }
    }
}
