//! Messages as a capture of one TCP connection: the file format of libpcap, raw IPv4 packets.

/// The largest segment; longer messages are cut.
const SEGMENT: usize = 1_400;

/// A capture file of these messages, sent one behind the other from port 179.
pub fn pcap(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_le_bytes());
    file.extend(2_u16.to_le_bytes());
    file.extend(4_u16.to_le_bytes());
    for word in [0_u32, 0, 65_535, 101] {
        file.extend(word.to_le_bytes());
    }
    let mut sequence = 1_u32;
    for (second, message) in (0_u32..).zip(messages) {
        for part in message.chunks(SEGMENT) {
            let packet = packet(sequence, part);
            sequence += u32::try_from(part.len()).unwrap();
            let length = u32::try_from(packet.len()).unwrap();
            for word in [second, 0, length, length] {
                file.extend(word.to_le_bytes());
            }
            file.extend(packet);
        }
    }
    file
}

fn packet(sequence: u32, part: &[u8]) -> Vec<u8> {
    let length = u16::try_from(40 + part.len()).unwrap();
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend(179_u16.to_be_bytes());
    packet.extend(40_000_u16.to_be_bytes());
    packet.extend(sequence.to_be_bytes());
    packet.extend(1_u32.to_be_bytes());
    // Header length, ACK and PSH, window, no checksum, no urgent data.
    packet.extend([0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend(part);
    packet
}
