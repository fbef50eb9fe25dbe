//! What `tcpdump` wrote at a hop of the lab: packets in packets with lists of segments.

use std::sync::LazyLock;

use crate::mutate::mutate_octets;
use crate::target;

/// What a reader of frames turns on: protocols of Ethernet, what follows a header of IP, lengths, the kinds of captures.
const PIECES: &[&[u8]] = &[
    &[0x86, 0xdd],
    &[0x08, 0x00],
    &[0x81, 0x00, 0, 1],
    &[0x60, 0, 0, 0, 0, 40, 43, 64],
    &[0x45, 0, 0, 20],
    &[43, 2, 4, 1, 1, 0, 0, 0],
    &[4, 4, 4, 2, 1, 0, 0, 0],
    &[0, 0, 1, 4, 0, 0, 0, 0],
    &[44, 0, 0, 0, 0, 0, 0, 0],
    &[17, 255, 4, 255, 255, 0, 0, 0],
    &[0xff, 0xff, 0xff, 0xff],
    &[0xa1, 0xb2, 0x3c, 0x4d],
    &[113, 0, 0, 0],
    &[101, 0, 0, 0],
];

/// A header of IPv6 from `fc00::1` to `fc00::2`.
fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x6b, 0x80, 0, 0];
    packet.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    packet.extend([next, 64]);
    for last in [1, 2] {
        packet.extend([0xfc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    packet.extend(payload);
    packet
}

/// Two packets of a customer: over two segments, and as it came.
static CAPTURE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let customer = ipv6(17, &[0x0f, 0xa0, 0x13, 0x88, 0, 12, 0, 0, 1, 2, 3, 4]);
    let mut routed = vec![41, 4, 4, 1, 1, 0, 0, 0];
    routed.extend([0xfc; 32]);
    routed.extend(&customer);
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
    for packet in [ipv6(43, &routed), customer] {
        let mut frame = vec![2; 12];
        frame.extend([0x86, 0xdd]);
        frame.extend(packet);
        let length = u32::try_from(frame.len()).unwrap().to_le_bytes();
        file.extend([5, 0, 0, 0, 7, 0, 0, 0]);
        file.extend(length);
        file.extend(length);
        file.extend(frame);
    }
    let read = host::capture::read(&file).unwrap();
    assert_eq!(read.packets.iter().map(|packet| packet.headers.len()).collect::<Vec<_>>(), [2, 1]);
    file
});

target!(captures, |script| {
    let file = mutate_octets(&CAPTURE, PIECES, script);
    if let Ok(read) = host::capture::read(&file) {
        // A frame has a header of 16 octets, a packet at least one of IP, a segment 16 octets.
        assert!(read.packets.len() + read.others + read.unreadable <= file.len() / 16);
        for packet in &read.packets {
            assert!(packet.outer().is_some() && packet.headers.len() <= 8);
            let segments = packet.headers.iter().filter_map(|header| header.segments.as_ref());
            assert!(segments.map(|segments| segments.list.len()).sum::<usize>() <= file.len() / 16);
        }
    }
});
