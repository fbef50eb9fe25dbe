//! Messages and their frames: marker, length, type (RFC 4271 section 4.1, RFC 8654). A [`Framer`] takes octets in pieces of any
//! size and gives whole frames; it holds no more than one message of the largest size and what was fed last.

use bytes::{Buf, Bytes, BytesMut};
use nom::{Parser, number::complete::be_u8, number::complete::be_u16};

use super::{
    context::Context,
    family::Family,
    notification::{Notification, code, header},
    octets::{Out, TooLong, whole},
    open::Open,
    update::{Received, Update},
};

/// Octets of the header.
pub const HEADER: usize = 19;
/// The longest message without RFC 8654.
pub const STANDARD: usize = 4_096;
/// The longest message with RFC 8654.
pub const EXTENDED: usize = 65_535;

const MARKER: [u8; 16] = [0xff; 16];

/// Types of messages (RFC 4271 section 4.1, RFC 2918 section 3).
mod kind {
    pub(super) const OPEN: u8 = 1;
    pub(super) const UPDATE: u8 = 2;
    pub(super) const NOTIFICATION: u8 = 3;
    pub(super) const KEEPALIVE: u8 = 4;
    pub(super) const ROUTE_REFRESH: u8 = 5;
}

/// A message whose body has not been read yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame {
    /// Its type.
    pub kind: u8,
    /// What follows the header.
    pub body: Bytes,
}

impl Frame {
    /// Whether it is an UPDATE.
    pub const fn is_update(&self) -> bool {
        self.kind == kind::UPDATE
    }

    /// Its length with the header.
    pub fn length(&self) -> usize {
        HEADER + self.body.len()
    }
}

/// Cuts a stream into frames.
#[derive(Clone, Debug)]
pub struct Framer {
    waiting: BytesMut,
    most: usize,
}

impl Default for Framer {
    fn default() -> Self {
        Self { waiting: BytesMut::new(), most: STANDARD }
    }
}

impl Framer {
    /// Takes messages up to 65,535 octets from now on: both sides can (RFC 8654).
    pub const fn extend(&mut self) {
        self.most = EXTENDED;
    }

    /// More octets.
    pub fn feed(&mut self, octets: &[u8]) {
        self.waiting.extend_from_slice(octets);
    }

    /// Whether a message has begun and not ended: a connection that closes now closes in its middle.
    pub fn is_amid(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next frame, if it is whole. After an error the stream cannot be read any further.
    ///
    /// # Errors
    /// With what the other side has to be told (RFC 4271 section 6.1).
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Notification> {
        let marker = self.waiting.get(..self.waiting.len().min(MARKER.len())).unwrap_or_default();
        if marker.iter().any(|octet| *octet != 0xff) {
            return Err(Notification::new(code::HEADER, header::NOT_SYNCHRONISED));
        }
        let Some(&[high, low, kind]) = self.waiting.get(MARKER.len()..HEADER) else { return Ok(None) };
        let told = u16::from_be_bytes([high, low]);
        let length = usize::from(told);
        let (least, most) = match kind {
            kind::OPEN => (29, STANDARD),
            kind::UPDATE => (23, self.most),
            kind::NOTIFICATION => (21, self.most),
            kind::KEEPALIVE => (HEADER, HEADER),
            kind::ROUTE_REFRESH => (23, self.most),
            _ => return Err(Notification::with(code::HEADER, header::TYPE, [kind])),
        };
        if !(least..=most).contains(&length) {
            return Err(Notification::with(code::HEADER, header::LENGTH, told.to_be_bytes()));
        }
        if self.waiting.len() < length {
            return Ok(None);
        }
        let mut octets = self.waiting.split_to(length);
        octets.advance(HEADER);
        Ok(Some(Frame { kind, body: octets.freeze() }))
    }
}

/// A message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// Who speaks.
    Open(Open),
    /// Routes that come and go.
    Update(Received),
    /// Why the session ends.
    Notification(Notification),
    /// A sign of life.
    Keepalive,
    /// Send the routes of a family again (RFC 2918).
    RouteRefresh(Family),
}

impl Message {
    /// Reads the body of a frame.
    ///
    /// # Errors
    /// With what the other side has to be told. What is wrong with an UPDATE and can be survived is in [`Received`].
    pub fn decode(frame: &Frame, context: &Context) -> Result<Self, Notification> {
        match frame.kind {
            kind::OPEN => Open::decode(&frame.body).map(Self::Open),
            kind::UPDATE => Update::decode(&frame.body, context).map(Self::Update),
            kind::NOTIFICATION => {
                let length = u16::try_from(frame.length()).unwrap_or(u16::MAX);
                Notification::decode(&frame.body)
                    .map(Self::Notification)
                    .map_err(|_| Notification::with(code::HEADER, header::LENGTH, length.to_be_bytes()))
            }
            kind::KEEPALIVE => Ok(Self::Keepalive),
            kind::ROUTE_REFRESH => {
                let length = u16::try_from(frame.length()).unwrap_or(u16::MAX);
                let family = (be_u16, be_u8, be_u8).map(|(afi, _, safi)| Family { afi, safi });
                whole("route refresh", &frame.body, family)
                    .map(Self::RouteRefresh)
                    .map_err(|_| Notification::with(code::HEADER, header::LENGTH, length.to_be_bytes()))
            }
            other => Err(Notification::with(code::HEADER, header::TYPE, [other])),
        }
    }
}

fn framed(kind: u8, most: usize, write: impl FnOnce(&mut Out)) -> Result<Bytes, TooLong> {
    let mut out = Out::new();
    out.put(&MARKER);
    out.u16(0);
    out.u8(kind);
    write(&mut out);
    let octets = out.len();
    match u16::try_from(octets) {
        Ok(length) if octets <= most => out.patch(MARKER.len(), &length.to_be_bytes()),
        _ => out.refuse("a message", octets, most),
    }
    out.finish().map(Bytes::from)
}

/// An OPEN as octets.
///
/// # Errors
/// When it does not fit into 4,096 octets.
pub fn open(open: &Open) -> Result<Bytes, TooLong> {
    framed(kind::OPEN, STANDARD, |out| open.encode(out))
}

/// An UPDATE as octets; `most` is the longest message that the other side takes.
///
/// # Errors
/// When it is longer.
pub fn update(update: &Update, four_octet_as: bool, most: usize) -> Result<Bytes, TooLong> {
    framed(kind::UPDATE, most, |out| update.encode(four_octet_as, out))
}

/// A NOTIFICATION as octets. Data that does not fit is cut: the code says what matters.
pub fn notification(notification: &Notification) -> Bytes {
    let mut short = notification.clone();
    short.data.truncate(STANDARD - HEADER - 2);
    framed(kind::NOTIFICATION, STANDARD, |out| short.encode(out)).unwrap_or_default()
}

/// A KEEPALIVE as octets.
pub fn keepalive() -> Bytes {
    framed(kind::KEEPALIVE, HEADER, |_| {}).unwrap_or_default()
}

/// A ROUTE-REFRESH as octets (RFC 2918 section 3).
pub fn route_refresh(family: Family) -> Bytes {
    let write = |out: &mut Out| {
        out.u16(family.afi);
        out.u8(0);
        out.u8(family.safi);
    };
    framed(kind::ROUTE_REFRESH, STANDARD, write).unwrap_or_default()
}
