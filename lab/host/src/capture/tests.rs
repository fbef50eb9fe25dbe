use std::net::IpAddr;

use model::steering::Dscp;
use proptest::prelude::*;

use super::{
    fixture::{ethernet, ipv4, ipv6, pcap, srh, steered, udp},
    *,
};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The only packet of a capture of one frame.
fn only(frame: Vec<u8>) -> Sighting {
    let mut sightings = read(&pcap(1, true, false, &[frame])).unwrap();
    assert_eq!((sightings.packets.len(), sightings.others, sightings.unreadable), (1, 0, 0));
    sightings.packets.remove(0)
}

#[test]
fn a_packet_over_segments() {
    let packet = steered();
    let octets = u32::try_from(packet.len() + 14).unwrap();
    let seen = only(ethernet(&[], 0x86dd, &packet));
    assert_eq!((seen.at, seen.octets), (Moment::from_nanos(5_000_000_000), octets));
    let outer = seen.outer().unwrap();
    assert_eq!((outer.source, outer.destination), (ip("fc00:0:1::1"), ip("fc00:0:4:e002::")));
    assert_eq!((outer.dscp, outer.hops), (Dscp::new(46).unwrap(), 63));
    let path = ["fc00:0:2:e001::", "fc00:0:4:e002::", "fc00:0:3:d40::"]
        .map(|sid| sid.parse::<std::net::Ipv6Addr>().unwrap());
    assert_eq!(outer.segments, Some(Segments { list: path.to_vec(), left: 1, tag: 7 }));
    assert_eq!(outer.ports, None);
    let inner = seen.inner().unwrap();
    assert_eq!((inner.source, inner.destination), (ip("10.1.0.2"), ip("10.3.0.2")));
    let ports = Ports { protocol: 17, source: 4_000, destination: 5_000 };
    assert_eq!((inner.dscp, inner.hops, inner.ports), (Dscp::new(46).unwrap(), 64, Some(ports)));
    assert_eq!(seen.headers.len(), 2);
}

#[test]
fn a_packet_of_micro_segments_has_no_list() {
    let customer = ipv6(["2001:db8:1::2", "2001:db8:3::2"], 10, 17, &udp(1, 2, b""));
    let seen = only(ethernet(&[], 0x86dd, &ipv6(["fc00:0:1::1", "fc00:0:2:3:d60::"], 10, 41, &customer)));
    assert_eq!(seen.outer().unwrap().segments, None);
    assert_eq!(seen.inner().unwrap().destination, ip("2001:db8:3::2"));
    assert_eq!(seen.inner().unwrap().ports, Some(Ports { protocol: 17, source: 1, destination: 2 }));
}

#[test]
fn what_stands_before_and_between() {
    // Tags, hop-by-hop options of 16 octets, an atomic fragment's header, then TCP.
    let mut options = vec![44, 1, 1, 12];
    options.extend([0; 12]);
    options.extend([6, 0, 0, 0, 0, 0, 0, 1]);
    options.extend([0, 80, 1, 187]);
    let seen = only(ethernet(&[5, 6], 0x86dd, &ipv6(["::1", "::2"], 0, 0, &options)));
    let ports = Ports { protocol: 6, source: 80, destination: 443 };
    assert_eq!(seen.outer().unwrap().ports, Some(ports));
    // The second fragment of a packet has no ports: what stands there is something else.
    let second = [17, 0, 0, 8, 0, 0, 0, 1, 0, 80, 1, 187];
    assert_eq!(
        only(ethernet(&[], 0x86dd, &ipv6(["::1", "::2"], 0, 44, &second))).outer().unwrap().ports,
        None
    );
    // Another routing header is walked over.
    let mut other = vec![17, 2, 3, 0, 0, 0, 0, 0];
    other.extend([0; 16]);
    other.extend(udp(7, 8, b""));
    let seen = only(ethernet(&[], 0x86dd, &ipv6(["::1", "::2"], 0, 43, &other)));
    assert_eq!(
        (seen.outer().unwrap().segments.clone(), seen.outer().unwrap().ports.map(|it| it.source)),
        (None, Some(7))
    );
}

#[test]
fn captures_of_every_kind() {
    let packet = steered();
    let cooked = [vec![0; 14], vec![0x86, 0xdd], packet.clone()].concat();
    let cooked2 = [vec![0x86, 0xdd], vec![0; 18], packet.clone()].concat();
    let kinds = [(1, ethernet(&[], 0x86dd, &packet)), (101, packet), (113, cooked), (276, cooked2)];
    let mut seen = Vec::new();
    for (kind, frame) in kinds {
        for (is_little, is_nanos) in [(true, true), (true, false), (false, true), (false, false)] {
            let sightings = read(&pcap(kind, is_little, is_nanos, &[frame.clone(), frame.clone()])).unwrap();
            assert_eq!((sightings.packets.len(), sightings.is_cut), (2, false));
            let later = sightings.packets[1].at.since(sightings.packets[0].at);
            assert_eq!(later, Some(std::time::Duration::from_micros(1)));
            seen.push(sightings.packets[0].headers.clone());
        }
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn what_is_no_capture_says_so() {
    assert_eq!(read(b"").unwrap_err(), PcapError::Short(0));
    assert!(read(b"\x0a\x0d\x0d\x0a").unwrap_err().to_string().contains("[0a, 0d, 0d, 0a]"));
    let file = pcap(1, true, false, &[]);
    assert_eq!(read(&file[..20]).unwrap_err(), PcapError::Short(20));
    assert_eq!(read(&file), Ok(Sightings::default()));
    assert_eq!(read(&pcap(105, true, false, &[])).unwrap_err(), PcapError::Link(105));
}

#[test]
fn frames_of_other_kinds_and_frames_that_are_cut() {
    let arp = ethernet(&[], 0x0806, &[0; 28]);
    let bad = ethernet(&[], 0x86dd, &[0x45; 40]);
    let good = ethernet(&[], 0x0800, &ipv4(["10.0.0.1", "10.0.0.2"], 0, 1, b"ping"));
    let file = pcap(1, false, true, &[arp, bad, good.clone(), good]);
    let whole = read(&file).unwrap();
    assert_eq!((whole.packets.len(), whole.others, whole.unreadable, whole.is_cut), (2, 1, 1, false));
    let cut = read(&file[..file.len() - 1]).unwrap();
    assert_eq!((cut.packets.len(), cut.is_cut), (1, true));
    // A list that does not fit into its header is none; the address stands.
    let mut long = srh(&["fc00::1"], 0, 17, &udp(1, 2, b""));
    long[4] = 9;
    let seen = only(ethernet(&[], 0x86dd, &ipv6(["::1", "::2"], 0, 43, &long)));
    assert_eq!(
        (seen.outer().unwrap().segments.clone(), seen.outer().unwrap().destination),
        (None, ip("::2"))
    );
}

proptest! {
    #[test]
    fn lists_are_read_as_they_were_written(path in prop::collection::vec(any::<u128>(), 1..12), left: u8, dscp in 0_u8..64, four: bool) {
        let path: Vec<String> = path.into_iter().map(|sid| std::net::Ipv6Addr::from(sid).to_string()).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let payload = udp(9, 10, b"");
        let (inside, packet) = if four {
            (4, ipv4(["10.0.0.1", "10.0.0.2"], dscp, 17, &payload))
        } else {
            (41, ipv6(["::3", "::4"], dscp, 17, &payload))
        };
        let seen = only(ethernet(&[], 0x86dd, &ipv6(["::1", path[0]], dscp, 43, &srh(&path, left, inside, &packet))));
        let segments = seen.outer().unwrap().segments.clone().unwrap();
        let told: Vec<String> = segments.list.iter().map(ToString::to_string).collect();
        prop_assert_eq!((told, segments.left), (path.iter().map(ToString::to_string).collect::<Vec<_>>(), left));
        prop_assert_eq!(seen.headers.len(), 2);
        prop_assert!(seen.headers.iter().all(|header| header.dscp.number() == dscp));
        prop_assert_eq!(seen.inner().unwrap().ports.map(|ports| ports.destination), Some(10));
    }

    /// Octets that nobody meant as a packet, and packets of which some octets are others, or missing.
    #[test]
    fn nothing_makes_it_fail(
        noise in prop::collection::vec(any::<u8>(), 0..200),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        kept in any::<prop::sample::Index>(),
    ) {
        let _ = read(&noise);
        let frames = [ethernet(&[], 0x86dd, &steered()), noise.clone(), ethernet(&[1], 0x0800, &noise)];
        let mut file = pcap(1, true, false, &frames);
        for (at, octet) in edits {
            let at = at.index(file.len());
            file[at] = octet;
        }
        file.truncate(kept.index(file.len() + 1));
        if let Ok(sightings) = read(&file) {
            prop_assert!(sightings.packets.iter().all(|packet| (1..=8).contains(&packet.headers.len())));
        }
        for link in [pcap::Link::Ethernet, pcap::Link::Raw, pcap::Link::Cooked, pcap::Link::Cooked2] {
            let _ = headers::of(link, &noise);
        }
    }
}
