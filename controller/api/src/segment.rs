//! Names as parts of an address: what stands in them for something else is escaped (RFC 3986 section 2.1).

use std::fmt::Write as _;

/// A name as a segment of a path, or as a value in a query.
pub(crate) fn encoded(name: &str) -> String {
    let mut segment = String::with_capacity(name.len());
    for octet in name.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                segment.push(char::from(octet));
            }
            // Writing into a string cannot fail.
            other => drop(write!(segment, "%{other:02X}")),
        }
    }
    segment
}

/// The name that a segment stands for; none where it is not written as one.
pub(crate) fn decoded(segment: &str) -> Option<String> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut name = Vec::with_capacity(segment.len());
    let mut octets = segment.bytes();
    while let Some(octet) = octets.next() {
        name.push(match octet {
            b'%' => digit(octets.next()?)? * 16 + digit(octets.next()?)?,
            other => other,
        });
    }
    String::from_utf8(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in ["%", "%2", "%2g", "%+1", "%ff"] {
            assert_eq!(decoded(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_name_comes_back() {
        let letters = (0..0x0300_u32).filter_map(char::from_u32).map(String::from);
        let names = ["", "site/../r1", "50%", "%2F", "a b&c=d?#", "路由器", "🛰"].map(String::from);
        for name in letters.chain(names) {
            let segment = encoded(&name);
            assert!(!segment.contains(['/', '?', '&', '#', ' ', '+']), "{segment}");
            assert!(segment.is_ascii(), "{segment}");
            assert_eq!(decoded(&segment), Some(name));
        }
    }
}
