//! The sockets of a router, in the namespace of the thread that opens them.
//!
//! Whole packets leave by two ways. A packet for a link is given to a raw socket that is bound to the interface (with IPPROTO_RAW the
//! header is ours, `ipv6(7)`). Any other is put onto the loopback as a frame, so that the kernel receives it as if it came from outside: then
//! it goes the way of customers' packets, also where its first segment is a SID of this router itself, which the kernel
//! carries out for nothing that it sends of its own accord.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    io::{self, IoSlice, IoSliceMut},
    net::{Ipv6Addr, SocketAddrV6},
    os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd},
};

use nix::{
    errno::Errno,
    ifaddrs::getifaddrs,
    libc::in6_pktinfo,
    sys::{
        socket::{
            AddressFamily, ControlMessage, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockProtocol,
            SockType, SockaddrIn6, bind, getsockname, recvmsg, sendmsg, sendto, setsockopt, socket, sockopt,
        },
        time::TimeSpec,
    },
};

use super::clock;
use crate::{moment::Moment, packet::LENGTH};

/// What is read of a packet; what is longer is cut, and what is behind a test packet says nothing to us.
const READ: usize = 256;
/// Octets of packets that wait to be read.
const WAITING: usize = 1 << 20;
/// Octets of the longest name of an interface.
const LONGEST_NAME: usize = 15;
/// An Ethernet header from nobody to nobody, as on the loopback, of IPv6.
const ETHERNET: [u8; 14] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd];

/// Says what was tried, and what helps where it is a matter of privileges.
fn told(what: &str, cause: Errno) -> io::Error {
    let hint = match cause {
        Errno::EPERM | Errno::EACCES => ": root or CAP_NET_RAW and CAP_NET_BIND_SERVICE are needed to probe",
        Errno::EADDRINUSE => ": another program answers probes in this namespace",
        _ => "",
    };
    io::Error::new(io::Error::from(cause).kind(), format!("{what}: {}{hint}", cause.desc()))
}

fn open(family: AddressFamily, kind: SockType, protocol: Option<SockProtocol>) -> Result<OwnedFd, Errno> {
    socket(family, kind, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, protocol)
}

/// A packet that was received.
pub struct Received {
    /// From where.
    pub from: SocketAddrV6,
    /// When.
    pub at: Moment,
    /// What hop limit it had left; 255 where that is not told (RFC 8762 section 4.3.1).
    pub hop_limit: u8,
    class: i32,
    /// To which address, on which interface.
    to: Option<in6_pktinfo>,
    octets: [u8; READ],
    length: usize,
}

impl Received {
    /// What is in it.
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

/// A UDP socket that tells when packets came.
pub struct Udp {
    socket: OwnedFd,
    control: Vec<u8>,
    /// Whether it was said already that the kernel does not tell.
    warned: bool,
}

impl AsFd for Udp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Udp {
    /// Opens one on all addresses; the system chooses the port where it is 0.
    ///
    /// # Errors
    /// It cannot be opened, or somebody has the port.
    pub fn bind(port: u16) -> io::Result<Self> {
        let fail = |cause| told(&format!("a UDP socket at port {port}"), cause);
        let socket = open(AddressFamily::Inet6, SockType::Datagram, None).map_err(fail)?;
        setsockopt(&socket, sockopt::Ipv6V6Only, &true).map_err(fail)?;
        setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true).map_err(fail)?;
        setsockopt(&socket, sockopt::Ipv6RecvHopLimit, &true).map_err(fail)?;
        setsockopt(&socket, sockopt::Ipv6RecvTClass, &true).map_err(fail)?;
        // Where there is less room, more is lost when this thread has to wait.
        let _ = setsockopt(&socket, sockopt::RcvBufForce, &WAITING)
            .or_else(|_| setsockopt(&socket, sockopt::RcvBuf, &WAITING));
        let mut udp = Self { socket, control: Vec::new(), warned: false };
        if let Err(cause) = setsockopt(&udp.socket, sockopt::ReceiveTimestampns, &true) {
            udp.warn(cause.desc());
        }
        let address = SockaddrIn6::from(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0));
        bind(udp.socket.as_raw_fd(), &address).map_err(fail)?;
        udp.control = nix::cmsg_space!(TimeSpec, in6_pktinfo, i32, i32);
        Ok(udp)
    }

    /// Its port.
    ///
    /// # Errors
    /// The system does not say.
    pub fn port(&self) -> io::Result<u16> {
        let name = getsockname::<SockaddrIn6>(self.socket.as_raw_fd());
        name.map(|name| name.port()).map_err(|cause| told("the port of a UDP socket", cause))
    }

    /// The next packet; none where none waits.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn receive(&mut self) -> io::Result<Option<Received>> {
        let mut octets = [0; READ];
        let mut parts = [IoSliceMut::new(&mut octets)];
        let control = Some(self.control.as_mut_slice());
        let socket = self.socket.as_raw_fd();
        let message = match recvmsg::<SockaddrIn6>(socket, &mut parts, control, MsgFlags::empty()) {
            Ok(message) => message,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(cause) => return Err(told("receiving probes", cause)),
        };
        let (mut at, mut to, mut class, mut hop_limit) = (None, None, 0, u8::MAX);
        for beside in message.cmsgs().into_iter().flatten() {
            match beside {
                ControlMessageOwned::ScmTimestampns(time) => at = moment(time),
                ControlMessageOwned::Ipv6PacketInfo(info) => to = Some(info),
                ControlMessageOwned::Ipv6TClass(octet) => class = octet,
                ControlMessageOwned::Ipv6HopLimit(limit) => {
                    hop_limit = u8::try_from(limit).unwrap_or(u8::MAX)
                }
                _ => {}
            }
        }
        let from = message.address.map(SocketAddrV6::from);
        let length = message.bytes;
        let Some(from) = from else { return Ok(None) };
        if at.is_none() {
            self.warn("it came without one");
        }
        let at = at.unwrap_or_else(clock::real);
        Ok(Some(Received { from, at, hop_limit, class, to, octets, length }))
    }

    /// Answers to a packet, from the address that it was sent to, with its code point and by whatever way routes say.
    ///
    /// # Errors
    /// There is no way.
    pub fn answer(&self, received: &Received, octets: &[u8; LENGTH]) -> io::Result<()> {
        let to = SockaddrIn6::from(received.from);
        // Without the bits of congestion.
        let class = received.class & 0xfc;
        let source = received.to.map(|mut info| {
            // An interface is named only where the address means nothing without.
            if !Ipv6Addr::from(info.ipi6_addr.s6_addr).is_unicast_link_local() {
                info.ipi6_ifindex = 0;
            }
            info
        });
        let mut controls = vec![ControlMessage::Ipv6TClass(&class)];
        controls.extend(source.as_ref().map(ControlMessage::Ipv6PacketInfo));
        let parts = [IoSlice::new(octets)];
        sendmsg(self.socket.as_raw_fd(), &parts, &controls, MsgFlags::empty(), Some(&to))
            .map(drop)
            .map_err(|cause| told("answering a probe", cause))
    }

    /// Says once that moments are read from the clock.
    fn warn(&mut self, why: &str) {
        if !self.warned {
            self.warned = true;
            tracing::warn!(
                why,
                "the kernel does not tell when it received a probe: the clock is read later, and delays are too long by that"
            );
        }
    }
}

fn moment(time: TimeSpec) -> Option<Moment> {
    let seconds = u64::try_from(time.tv_sec()).ok()?;
    let nanos = u64::try_from(time.tv_nsec()).ok()?;
    Some(Moment::from_nanos(seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?))
}

/// The ways on which whole packets leave.
pub struct Ways {
    inward: OwnedFd,
    loopback: LinkAddr,
    frame: Vec<u8>,
    devices: BTreeMap<String, OwnedFd>,
}

impl Ways {
    /// Opens the way through the loopback, and none to an interface yet.
    ///
    /// # Errors
    /// There is no loopback, or this process may not send frames.
    pub fn open() -> io::Result<Self> {
        let fail = |cause| told("a socket for frames (AF_PACKET)", cause);
        // Of no protocol: nothing is received by it.
        let inward = open(AddressFamily::Packet, SockType::Raw, None).map_err(fail)?;
        let devices = getifaddrs().map_err(|cause| told("the interfaces", cause))?;
        let loopback = devices
            .filter(|device| device.interface_name == "lo")
            .find_map(|device| device.address?.as_link_addr().copied())
            .ok_or_else(|| {
                io::Error::new(io::ErrorKind::NotFound, "there is no loopback interface `lo` here")
            })?;
        Ok(Self { inward, loopback, frame: Vec::new(), devices: BTreeMap::new() })
    }

    /// Closes the ways to interfaces that nobody needs any more.
    pub fn keep(&mut self, devices: &BTreeSet<&str>) {
        self.devices.retain(|device, _| devices.contains(device.as_str()));
    }

    /// Sends a packet: out of an interface to `first`, or through the loopback.
    ///
    /// # Errors
    /// It cannot leave: the interface is down or not there, nothing leads to the address by it.
    pub fn send(&mut self, device: Option<&str>, first: Ipv6Addr, octets: &[u8]) -> io::Result<()> {
        let Some(device) = device else {
            self.frame.clear();
            self.frame.extend_from_slice(&ETHERNET);
            self.frame.extend_from_slice(octets);
            let sent = sendto(self.inward.as_raw_fd(), &self.frame, &self.loopback, MsgFlags::empty());
            return sent.map(drop).map_err(|cause| told("a probe through the loopback", cause));
        };
        let fail = |cause| told(&format!("a probe out of {device}"), cause);
        let socket = match self.devices.get(device) {
            Some(socket) => socket.as_raw_fd(),
            None => {
                let opened = bound(device).map_err(fail)?;
                let socket = opened.as_raw_fd();
                self.devices.insert(device.to_owned(), opened);
                socket
            }
        };
        let to = SockaddrIn6::from(SocketAddrV6::new(first, 0, 0, 0));
        let sent = sendto(socket, octets, &to, MsgFlags::empty());
        if sent.is_err() {
            // An interface that was made anew is another one: the next packet opens its own way.
            self.devices.remove(device);
        }
        sent.map(drop).map_err(fail)
    }
}

/// A raw socket of which everything leaves by one interface.
fn bound(device: &str) -> Result<OwnedFd, Errno> {
    // The kernel takes no name for any interface, and cuts long ones.
    if device.is_empty() || device.len() > LONGEST_NAME {
        return Err(Errno::ENODEV);
    }
    let socket = open(AddressFamily::Inet6, SockType::Raw, Some(SockProtocol::Raw))?;
    setsockopt(&socket, sockopt::BindToDevice, &OsString::from(device))?;
    Ok(socket)
}
