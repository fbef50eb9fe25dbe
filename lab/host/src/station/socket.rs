//! A socket of a host: marks what it sends, and tells of what it receives when the kernel got it and how it was marked.

use std::{
    io::{self, IoSliceMut},
    net::{SocketAddr, UdpSocket},
    os::fd::{AsFd, AsRawFd as _, BorrowedFd},
};

use model::steering::Dscp;
use nix::{
    errno::Errno,
    sys::{
        socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt},
        time::TimeSpec,
    },
};
use rustix::time::{ClockId, clock_gettime};

use crate::{moment::Moment, packet::Packet};

/// Octets that packets may wait in: a fifth of a second of 20,000 packets a second, as the kernel counts them.
const ROOM: usize = 8 << 20;

/// A socket.
#[derive(Debug)]
pub(super) struct Door {
    socket: UdpSocket,
    is_ipv4: bool,
    /// How it marks what it sends, where it was told to.
    dscp: Option<Dscp>,
    /// Packets that found no room in it, as of the last one that came.
    pub(super) overrun: u32,
}

/// A packet that came.
pub(super) struct Came {
    /// What it carries; none where it is no test packet.
    pub(super) packet: Option<Packet>,
    pub(super) at: Moment,
    /// Octets of its payload.
    pub(super) payload: usize,
    /// Octets of the headers of IP and UDP.
    pub(super) headers: usize,
    pub(super) dscp: Option<Dscp>,
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Room for what the kernel tells of a packet.
pub(super) fn notes() -> Vec<u8> {
    nix::cmsg_space!(TimeSpec, u8, i32, u32)
}

impl Door {
    /// Opens a socket in the namespace of the calling thread.
    pub(super) fn open(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        setsockopt(&socket, sockopt::RxqOvfl, &1)?;
        if address.is_ipv4() {
            setsockopt(&socket, sockopt::IpRecvTos, &true)?;
        } else {
            setsockopt(&socket, sockopt::Ipv6RecvTClass, &true)?;
        }
        // Beyond the limit of the machine where that is allowed, up to it otherwise.
        if setsockopt(&socket, sockopt::RcvBufForce, &ROOM).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &ROOM)?;
        }
        Ok(Self { socket, is_ipv4: address.is_ipv4(), dscp: None, overrun: 0 })
    }

    /// Sends a packet.
    pub(super) fn send(&mut self, payload: &[u8], to: SocketAddr, dscp: Dscp) -> io::Result<()> {
        if self.dscp != Some(dscp) {
            // The two lower bits are for congestion (RFC 3168).
            let class = i32::from(dscp.number()) << 2;
            if self.is_ipv4 {
                setsockopt(&self.socket, sockopt::Ipv4Tos, &class)?;
            } else {
                setsockopt(&self.socket, sockopt::Ipv6TClass, &class)?;
            }
            self.dscp = Some(dscp);
        }
        self.socket.send_to(payload, to).map(drop)
    }

    /// Takes the next packet; none where there is none.
    pub(super) fn receive(&mut self, notes: &mut [u8]) -> io::Result<Option<Came>> {
        let mut octets = [0; Packet::LENGTH];
        let mut pieces = [IoSliceMut::new(&mut octets)];
        // The length that is told is the packet's, also where it does not fit.
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
        let message = match recvmsg::<()>(self.socket.as_raw_fd(), &mut pieces, Some(notes), flags) {
            Ok(message) => message,
            Err(Errno::EAGAIN) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let payload = message.bytes;
        let (mut at, mut class, mut overrun) = (None, None, None);
        for note in message.cmsgs().into_iter().flatten() {
            match note {
                ControlMessageOwned::ScmTimestampns(time) => {
                    at = Moment::from_parts(time.tv_sec(), time.tv_nsec());
                }
                ControlMessageOwned::Ipv4Tos(tos) => class = Some(tos),
                ControlMessageOwned::Ipv6TClass(traffic) => class = u8::try_from(traffic).ok(),
                ControlMessageOwned::RxqOvfl(count) => overrun = Some(count),
                _ => {}
            }
        }
        if let Some(overrun) = overrun {
            self.overrun = overrun;
        }
        Ok(Some(Came {
            packet: octets.get(..payload.min(Packet::LENGTH)).and_then(Packet::decode),
            at: at.unwrap_or_else(clock),
            payload,
            headers: if self.is_ipv4 { 28 } else { 48 },
            dscp: class.and_then(|class| Dscp::new(class >> 2).ok()),
        }))
    }
}

/// The moment by the wall clock, which the kernel's notes go by too.
pub(super) fn clock() -> Moment {
    let now = clock_gettime(ClockId::Realtime);
    Moment::from_parts(now.tv_sec, now.tv_nsec).unwrap_or_default()
}
