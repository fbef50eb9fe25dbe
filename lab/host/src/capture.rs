//! What packets look like at a hop: addresses, markings, segment routing headers, ports, from the outermost header inwards.
//!
//! [`pcap`] takes a capture apart into frames, [`headers`] a frame into the headers of IP that it has; both read octets from anywhere,
//! never panic and take memory in proportion to them. [`tcpdump`] has a running `tcpdump` write a capture and ends it.

pub mod headers;
pub mod pcap;

pub mod tcpdump;

use crate::moment::Moment;

pub use headers::{Header, Ports, Segments};
pub use pcap::PcapError;
pub use tcpdump::Tcpdump;

/// A packet as it passed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sighting {
    /// When.
    pub at: Moment,
    /// Octets on the line, the frame's included.
    pub octets: u32,
    /// Its headers of IP, the outermost first. Never empty.
    pub headers: Vec<Header>,
}

impl Sighting {
    /// What routers look at.
    pub fn outer(&self) -> Option<&Header> {
        self.headers.first()
    }

    /// What the customer's packet is: the innermost header. It is the outermost one where nothing is encapsulated.
    pub fn inner(&self) -> Option<&Header> {
        self.headers.last()
    }
}

/// What a capture holds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sightings {
    /// Its packets of IP, in the order in which they passed.
    pub packets: Vec<Sighting>,
    /// Frames of anything else, such as ARP.
    pub others: usize,
    /// Frames of IP whose first header cannot be read.
    pub unreadable: usize,
    /// Whether the capture ends within a frame.
    pub is_cut: bool,
}

/// Reads a capture. O(octets).
///
/// # Errors
/// It is no capture, or of a kind of line that is not read here.
pub fn read(capture: &[u8]) -> Result<Sightings, PcapError> {
    let mut frames = pcap::Frames::of(capture)?;
    let mut sightings = Sightings::default();
    for frame in &mut frames {
        match headers::of(frame.link, frame.octets) {
            headers::Found::Other => sightings.others += 1,
            headers::Found::Ip(headers) if headers.is_empty() => sightings.unreadable += 1,
            headers::Found::Ip(headers) => {
                sightings.packets.push(Sighting { at: frame.at, octets: frame.length, headers });
            }
        }
    }
    sightings.is_cut = frames.is_cut();
    Ok(sightings)
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
