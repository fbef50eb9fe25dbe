//! How RFC 8294 and RFC 8776 write bandwidth and groups.

use std::collections::BTreeSet;

use model::Bandwidth;

/// The nearest bandwidth that a 32-bit float of bytes per second can say, and its text, for instance `0x1.2a05f2p+30`
/// (RFC 8294, `bandwidth-ieee-float32`).
pub(crate) fn write_bandwidth(bandwidth: Bandwidth) -> String {
    let bytes = (bandwidth.as_bps() as f64 / 8.0) as f32;
    let bits = bytes.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    // Below one byte per second the type has no form; nothing is zero.
    if exponent < 0 {
        return "0x0p0".to_owned();
    }
    // Six digits hold 24 bits, the fraction has 23: the last bit of the last digit is free and zero.
    format!("0x1.{:06x}p+{exponent}", (bits & 0x7f_ffff) << 1)
}

/// Reads bytes per second: hexadecimal float, hexadecimal or decimal number.
pub(crate) fn read_bandwidth(text: &str) -> Option<Bandwidth> {
    let text = text.trim().to_ascii_lowercase();
    let bytes = match text.strip_prefix("0x") {
        None => text.parse::<u64>().ok()? as f64,
        Some(hex) if !hex.contains(['.', 'p']) => u64::from_str_radix(hex, 16).ok()? as f64,
        Some(hex) => {
            let (mantissa, exponent) = hex.split_once('p').unwrap_or((hex, "0"));
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            let exponent: i32 = if exponent.is_empty() { 0 } else { exponent.parse().ok()? };
            if fraction.len() > 12 || !(0..=127).contains(&exponent) {
                return None;
            }
            let mut value = u64::from_str_radix(whole, 16).ok()? as f64;
            for (place, digit) in (1..).zip(fraction.chars()) {
                value += f64::from(digit.to_digit(16)?) / 16_f64.powi(place);
            }
            value * 2_f64.powi(exponent)
        }
    };
    let bits = bytes * 8.0;
    (bits < u64::MAX as f64).then(|| Bandwidth::from_bps(bits.round() as u64))
}

/// The most octets of groups: as many as an IGP can advertise.
const MOST_OCTETS: usize = 252;

/// Bits as `00:00:0a:01`, most significant byte first (RFC 8776, `admin-groups`), in whole words of 32 (RFC 7308 section 2.2).
pub(crate) fn write_groups(bits: &BTreeSet<u32>) -> String {
    let words = bits.last().map_or(1, |highest| *highest as usize / 32 + 1);
    let mut octets = vec![0_u8; 4 * words];
    for bit in bits {
        octets[4 * words - 1 - *bit as usize / 8] |= 1 << (bit % 8);
    }
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":")
}

/// Reads the numbers of the bits that are set.
pub(crate) fn read_groups(text: &str) -> Option<BTreeSet<u32>> {
    let octets: Vec<u8> = text
        .split(':')
        .map(|octet| {
            let is_hex = octet.len() == 2 && octet.bytes().all(|digit| digit.is_ascii_hexdigit());
            is_hex.then(|| u8::from_str_radix(octet, 16).ok()).flatten()
        })
        .collect::<Option<_>>()?;
    let set = (0_u32..).zip(octets.iter().rev()).flat_map(|(byte, octet)| {
        (0..8).filter(move |bit| octet & (1 << bit) != 0).map(move |bit| byte * 8 + bit)
    });
    (octets.len() <= MOST_OCTETS).then(|| set.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bandwidth_is_a_hexadecimal_float_of_bytes() {
        assert_eq!(write_bandwidth("10Gbps".parse().unwrap()), "0x1.2a05f2p+30");
        assert_eq!(read_bandwidth("0x1.2a05f2p+30").unwrap(), "10Gbps".parse().unwrap());
        assert_eq!(read_bandwidth("0x1p10").unwrap().as_bps(), 8192);
        assert_eq!(read_bandwidth("125000").unwrap(), "1Mbps".parse().unwrap());
        assert_eq!(read_bandwidth("0x0p0").unwrap().as_bps(), 0);
        assert!(read_bandwidth("fast").is_none());
        assert!(read_bandwidth("0x1p200").is_none());
    }

    #[test]
    fn groups_are_bytes_with_the_highest_first() {
        let bits = BTreeSet::from([0, 9]);
        assert_eq!(write_groups(&bits), "00:00:02:01");
        assert_eq!(read_groups("02:01").unwrap(), bits);
        assert_eq!(read_groups("00:00:02:01").unwrap(), bits);
        assert_eq!(write_groups(&BTreeSet::new()), "00:00:00:00");
        assert_eq!(write_groups(&BTreeSet::from([32])), "00:00:00:01:00:00:00:00");
        let most = vec!["ff"; 252].join(":");
        assert_eq!(write_groups(&read_groups(&most).unwrap()), most);
        assert!(["2:1", "+1", "", &format!("ff:{most}")].iter().all(|text| read_groups(text).is_none()));
    }
}
