//! Reading and writing of octets: what all messages and TLVs have in common. Reading goes by `nom` and always over a slice of
//! known length; writing patches lengths in and remembers when one did not fit, so that no encoder has to fail on its own.

use nom::{
    IResult, Parser,
    bytes::complete::take,
    error::{Error, ErrorKind},
    number::complete::{be_u16, be_u32, be_u128},
};
use std::net::{Ipv4Addr, Ipv6Addr};
use thiserror::Error as ThisError;

/// Why octets are not what they should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ThisError)]
#[error("{what}: {why}")]
pub struct Malformed {
    /// The thing that was to be read.
    pub what: &'static str,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with octets.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ThisError)]
pub enum Why {
    /// They end too early.
    #[error("it ends after {have} octets, and more belong to it")]
    Short {
        /// How many octets there are.
        have: usize,
    },
    /// They go on too long.
    #[error("{left} octets are left over behind it")]
    Rest {
        /// How many octets are left.
        left: usize,
    },
    /// The length is none that this thing can have.
    #[error("it cannot have a length of {got} octets")]
    Length {
        /// The length in octets.
        got: usize,
    },
    /// A value without meaning.
    #[error("{0} is no value that it can have")]
    Value(u64),
    /// TLVs must come in ascending order (RFC 9552 section 5.1).
    #[error("tlv {0} comes after one that belongs behind it")]
    Order(u16),
    /// Something that must be there is not.
    #[error("tlv {0} is missing")]
    Missing(u16),
    /// TLVs in TLVs, more than any RFC has.
    #[error("it is nested too deep")]
    Depth,
}

impl Malformed {
    /// A fault of a thing.
    pub const fn new(what: &'static str, why: Why) -> Self {
        Self { what, why }
    }

    pub(crate) const fn length(what: &'static str, got: usize) -> Self {
        Self::new(what, Why::Length { got })
    }
}

/// Something to send has no place in a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ThisError)]
#[error("{what} has {octets} octets, and {most} is the most that can be sent; send less at once")]
pub struct TooLong {
    /// The thing that is too long.
    pub what: &'static str,
    /// Its length.
    pub octets: usize,
    /// The longest that could be sent.
    pub most: usize,
}

pub(crate) type Read<'a, T> = IResult<&'a [u8], T>;

/// All of `octets` by one reader: nothing may be missing, nothing left.
pub(crate) fn whole<'a, T>(
    what: &'static str,
    octets: &'a [u8],
    mut reader: impl Parser<&'a [u8], Output = T, Error = Error<&'a [u8]>>,
) -> Result<T, Malformed> {
    match reader.parse(octets) {
        Ok(([], value)) => Ok(value),
        Ok((rest, _)) => Err(Malformed::new(what, Why::Rest { left: rest.len() })),
        Err(
            nom::Err::Error(Error { code: ErrorKind::Verify, input })
            | nom::Err::Failure(Error { code: ErrorKind::Verify, input }),
        ) => Err(Malformed::new(what, Why::Value(input.first().copied().unwrap_or(0).into()))),
        Err(_) => Err(Malformed::new(what, Why::Short { have: octets.len() })),
    }
}

/// As many of something as the octets hold, each by one reader. A reader that takes nothing ends it as a fault.
pub(crate) fn series<'a, T>(
    what: &'static str,
    mut octets: &'a [u8],
    mut reader: impl FnMut(&'a [u8]) -> Read<'a, T>,
) -> Result<Vec<T>, Malformed> {
    let mut all = Vec::new();
    while !octets.is_empty() {
        let (rest, value) =
            reader(octets).map_err(|_| Malformed::new(what, Why::Short { have: octets.len() }))?;
        if rest.len() == octets.len() {
            return Err(Malformed::new(what, Why::Rest { left: rest.len() }));
        }
        octets = rest;
        all.push(value);
    }
    Ok(all)
}

/// An IPv4 address.
pub(crate) fn ipv4(octets: &[u8]) -> Read<'_, Ipv4Addr> {
    be_u32.map(Ipv4Addr::from).parse(octets)
}

/// An IPv6 address.
pub(crate) fn ipv6(octets: &[u8]) -> Read<'_, Ipv6Addr> {
    be_u128.map(Ipv6Addr::from).parse(octets)
}

/// So many octets as an array.
pub(crate) fn array<const N: usize>(octets: &[u8]) -> Read<'_, [u8; N]> {
    let (rest, some) = take(N)(octets)?;
    let mut all = [0; N];
    all.copy_from_slice(some);
    Ok((rest, all))
}

/// A type-length-value of 16 bits each that this crate does not know, kept as it came (RFC 9552 section 5.1).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Tlv {
    /// Its type.
    pub code: u16,
    /// Its value.
    pub value: Vec<u8>,
}

/// One TLV with a type and a length of 16 bits.
pub(crate) fn tlv(octets: &[u8]) -> Read<'_, (u16, &[u8])> {
    let (rest, (code, length)) = (be_u16, be_u16).parse(octets)?;
    let (rest, value) = take(length)(rest)?;
    Ok((rest, (code, value)))
}

/// All TLVs of a value. The lengths have to add up.
pub(crate) fn tlvs<'a, T>(
    what: &'static str,
    mut octets: &'a [u8],
    mut reader: impl FnMut(u16, &'a [u8]) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let mut all = Vec::new();
    while !octets.is_empty() {
        let (rest, (code, value)) =
            tlv(octets).map_err(|_| Malformed::new(what, Why::Short { have: octets.len() }))?;
        octets = rest;
        all.push(reader(code, value)?);
    }
    Ok(all)
}

/// Where octets are written to.
#[derive(Clone, Debug, Default)]
pub struct Out {
    octets: Vec<u8>,
    too_long: Option<TooLong>,
}

impl Out {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.octets.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.octets.extend_from_slice(&value.to_be_bytes());
    }

    /// The low 24 bits.
    pub(crate) fn u24(&mut self, value: u32) {
        let [_, octets @ ..] = value.to_be_bytes();
        self.octets.extend_from_slice(&octets);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.octets.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.octets.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn put(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// A value behind its length in one octet.
    pub(crate) fn sized8(&mut self, what: &'static str, write: impl FnOnce(&mut Self)) {
        let at = self.octets.len();
        self.u8(0);
        write(self);
        let octets = self.octets.len() - at - 1;
        match u8::try_from(octets) {
            Ok(length) => self.patch(at, &[length]),
            Err(_) => self.refuse(what, octets, 255),
        }
    }

    /// A value behind its length in two octets.
    pub(crate) fn sized16(&mut self, what: &'static str, write: impl FnOnce(&mut Self)) {
        let at = self.octets.len();
        self.u16(0);
        write(self);
        let octets = self.octets.len() - at - 2;
        match u16::try_from(octets) {
            Ok(length) => self.patch(at, &length.to_be_bytes()),
            Err(_) => self.refuse(what, octets, 65_535),
        }
    }

    /// A TLV with a type and a length of 16 bits.
    pub(crate) fn tlv(&mut self, code: u16, write: impl FnOnce(&mut Self)) {
        self.u16(code);
        self.sized16("a tlv", write);
    }

    /// Overwrites what was written at a place.
    pub(crate) fn patch(&mut self, at: usize, octets: &[u8]) {
        if let Some(place) = self.octets.get_mut(at..at + octets.len()) {
            place.copy_from_slice(octets);
        }
    }

    /// Notes that something does not fit; the first is what is told.
    pub(crate) fn refuse(&mut self, what: &'static str, octets: usize, most: usize) {
        self.too_long.get_or_insert(TooLong { what, octets, most });
    }

    pub(crate) fn len(&self) -> usize {
        self.octets.len()
    }

    /// What was written.
    ///
    /// # Errors
    /// When a part was longer than its length field can say.
    pub fn finish(self) -> Result<Vec<u8>, TooLong> {
        self.too_long.map_or(Ok(self.octets), Err)
    }
}
