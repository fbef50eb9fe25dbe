//! The file format of captures (draft-ietf-opsawg-pcap, the classic one), in either order of octets and with moments in microseconds
//! or nanoseconds.

use thiserror::Error;

use crate::moment::Moment;

/// What a line's frames begin with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Link {
    /// A header of Ethernet.
    Ethernet,
    /// A header of IP.
    Raw,
    /// What Linux writes for lines of any kind: 16 octets, the protocol in the last two.
    Cooked,
    /// The same, second version: 20 octets, the protocol in the first two.
    Cooked2,
}

/// Why octets are no capture.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum PcapError {
    /// They do not begin as one.
    #[error("this is no capture: it begins with {0:02x?}; write it with `tcpdump -w`")]
    Unknown(Vec<u8>),
    /// They end within its header.
    #[error("the capture ends within its header, after {0} octets")]
    Short(usize),
    /// Its frames begin with something that is not read here.
    #[error(
        "the capture is of lines of kind {0}: what is read is Ethernet (1), raw IP (101), cooked (113, 276)"
    )]
    Link(u32),
}

/// A frame as it stands in a capture.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// What it begins with.
    pub link: Link,
    /// When it passed.
    pub at: Moment,
    /// Its octets, as many of them as were captured.
    pub octets: &'a [u8],
    /// How many there were on the line.
    pub length: u32,
}

/// The frames of a capture, one after the other.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    rest: &'a [u8],
    is_little: bool,
    /// Nanoseconds in the unit of the second part of moments.
    unit: u32,
    link: Link,
    is_cut: bool,
}

/// The largest frame that a capture may hold; a larger one is damage.
const LARGEST: usize = 1 << 18;

impl<'a> Frames<'a> {
    /// Those of a capture.
    ///
    /// # Errors
    /// It is none, or of a kind of line that is not read here.
    pub fn of(capture: &'a [u8]) -> Result<Self, PcapError> {
        let short = || PcapError::Short(capture.len());
        let (mark, rest) = capture.split_first_chunk::<4>().ok_or_else(short)?;
        let (is_little, unit) = match mark {
            [0xd4, 0xc3, 0xb2, 0xa1] => (true, 1_000),
            [0xa1, 0xb2, 0xc3, 0xd4] => (false, 1_000),
            [0x4d, 0x3c, 0xb2, 0xa1] => (true, 1),
            [0xa1, 0xb2, 0x3c, 0x4d] => (false, 1),
            _ => return Err(PcapError::Unknown(mark.to_vec())),
        };
        // Version, two words that nobody uses, the most octets of a frame.
        let (_, rest) = rest.split_first_chunk::<16>().ok_or_else(short)?;
        let (kind, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        // The upper bits say how frames end, which is not looked at.
        let link = match word(*kind, is_little) & 0xffff {
            1 => Link::Ethernet,
            // What systems wrote before it had a number of its own.
            12 | 14 | 101 => Link::Raw,
            113 => Link::Cooked,
            276 => Link::Cooked2,
            other => return Err(PcapError::Link(other)),
        };
        Ok(Self { rest, is_little, unit, link, is_cut: false })
    }

    /// Whether the capture ended within a frame. Known when there is no further frame.
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    fn word(&self, at: usize) -> Option<u32> {
        let octets = self.rest.get(at..)?.first_chunk::<4>()?;
        Some(word(*octets, self.is_little))
    }

    fn frame(&mut self) -> Option<Frame<'a>> {
        let (seconds, part) = (self.word(0)?, self.word(4)?);
        let (kept, length) = (self.word(8)?, self.word(12)?);
        let kept = usize::try_from(kept).ok().filter(|kept| *kept <= LARGEST)?;
        let (octets, rest) = self.rest.get(16..)?.split_at_checked(kept)?;
        let nanos = i64::from(part).checked_mul(i64::from(self.unit))?;
        let at = Moment::from_parts(i64::from(seconds), nanos)?;
        self.rest = rest;
        Some(Frame { link: self.link, at, octets, length })
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let frame = self.frame();
        if frame.is_none() {
            self.is_cut |= !self.rest.is_empty();
            self.rest = &[];
        }
        frame
    }
}

const fn word(octets: [u8; 4], is_little: bool) -> u32 {
    if is_little { u32::from_le_bytes(octets) } else { u32::from_be_bytes(octets) }
}
