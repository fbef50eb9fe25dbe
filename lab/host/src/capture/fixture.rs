//! Packets and captures built octet by octet from the layouts of their RFCs, by nothing that the readers use.

use std::net::{Ipv4Addr, Ipv6Addr};

/// RFC 768.
pub(crate) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let mut packet = Vec::new();
    packet.extend(source.to_be_bytes());
    packet.extend(destination.to_be_bytes());
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(payload);
    packet
}

/// RFC 791 section 3.1, without options.
pub(crate) fn ipv4(ends: [&str; 2], dscp: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap();
    let mut packet = vec![0x45, dscp << 2];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
    for end in ends {
        packet.extend(end.parse::<Ipv4Addr>().unwrap().octets());
    }
    packet.extend(payload);
    packet
}

/// RFC 8200 section 3.
pub(crate) fn ipv6(ends: [&str; 2], dscp: u8, next: u8, payload: &[u8]) -> Vec<u8> {
    let class = u32::from(dscp) << 2;
    let mut packet = ((6_u32 << 28) | (class << 20) | 0x12345).to_be_bytes().to_vec();
    packet.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    packet.extend([next, 63]);
    for end in ends {
        packet.extend(end.parse::<Ipv6Addr>().unwrap().octets());
    }
    packet.extend(payload);
    packet
}

/// RFC 8754 section 2: the list stands in reverse, `path` is in the order of travel.
pub(crate) fn srh(path: &[&str], left: u8, next: u8, payload: &[u8]) -> Vec<u8> {
    let count = u8::try_from(path.len()).unwrap();
    let mut packet = vec![next, count * 2, 4, left, count - 1, 0, 0, 7];
    for segment in path.iter().rev() {
        packet.extend(segment.parse::<Ipv6Addr>().unwrap().octets());
    }
    packet.extend(payload);
    packet
}

/// A frame of Ethernet; tags are of IEEE 802.1Q.
pub(crate) fn ethernet(tags: &[u16], protocol: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0x54, 0, 0, 0, 0xb, 2, 0x54, 0, 0, 0, 0xa];
    for tag in tags {
        frame.extend(0x8100_u16.to_be_bytes());
        frame.extend(tag.to_be_bytes());
    }
    frame.extend(protocol.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A capture in little or big order, in microseconds or nanoseconds; each frame a microsecond after the one before, from second 5.
pub(crate) fn pcap(kind: u32, is_little: bool, is_nanos: bool, frames: &[Vec<u8>]) -> Vec<u8> {
    let word = |word: u32| if is_little { word.to_le_bytes() } else { word.to_be_bytes() };
    let mut file = word(if is_nanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }).to_vec();
    // Version 2.4 in two halves, two words that nobody uses.
    file.extend(if is_little { [2, 0, 4, 0] } else { [0, 2, 0, 4] });
    [0, 0, 65_535, kind].into_iter().for_each(|value| file.extend(word(value)));
    for (at, frame) in (0_u32..).zip(frames) {
        let length = u32::try_from(frame.len()).unwrap();
        let part = if is_nanos { at * 1_000 } else { at };
        [5, part, length, length].into_iter().for_each(|value| file.extend(word(value)));
        file.extend(frame);
    }
    file
}

/// What a bank's packet looks like behind a headend: IPv4 in SRv6 over three segments, the second of which is next.
pub(crate) fn steered() -> Vec<u8> {
    let customer = ipv4(["10.1.0.2", "10.3.0.2"], 46, 17, &udp(4_000, 5_000, b"payload"));
    let path = ["fc00:0:2:e001::", "fc00:0:4:e002::", "fc00:0:3:d40::"];
    ipv6(["fc00:0:1::1", path[1]], 46, 43, &srh(&path, 1, 4, &customer))
}
