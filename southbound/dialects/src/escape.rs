//! Names in the alphabet that a vendor allows, so that they read back as they were.
//!
//! A character that the vendor lacks has a stand-in, or is written as `%` and two hex digits for each of its bytes. Stand-ins
//! and `%` themselves are always written in digits, so no two names come to the same text.

use std::fmt::Write as _;

/// An alphabet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alphabet {
    /// Whether a character stands for itself. Never true for `%` or a stand-in.
    pub plain: fn(char) -> bool,
    /// Characters of ours and what stands in for them.
    pub stand_ins: &'static [(char, char)],
}

impl Alphabet {
    /// The text in this alphabet.
    pub fn write(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if let Some((_, stand_in)) = self.stand_ins.iter().find(|(ours, _)| *ours == c) {
                out.push(*stand_in);
            } else if (self.plain)(c) {
                out.push(c);
            } else {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(out, "%{byte:02X}");
                }
            }
        }
        out
    }

    /// The text that was written so; none where it cannot have been.
    pub fn read(&self, text: &str) -> Option<String> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            if c == '%' {
                let digits: String = rest.by_ref().take(2).collect();
                if digits.len() != 2 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return None;
                }
                bytes.push(u8::from_str_radix(&digits, 16).ok()?);
                continue;
            }
            let ours =
                self.stand_ins.iter().find(|(_, stand_in)| *stand_in == c).map_or(c, |(ours, _)| *ours);
            let mut buffer = [0; 4];
            bytes.extend_from_slice(ours.encode_utf8(&mut buffer).as_bytes());
        }
        String::from_utf8(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEW: Alphabet =
        Alphabet { plain: |c| c.is_ascii_alphanumeric() || c == '-', stand_ins: &[('/', '='), ('~', '#')] };

    #[test]
    fn a_name_stays_readable() {
        assert_eq!(FEW.write("tl-voice/hq-pe1~hz-pe1"), "tl-voice=hq-pe1#hz-pe1");
        assert_eq!(FEW.write("a=b 100%"), "a%3Db%20100%25");
        assert_eq!((FEW.read("%4"), FEW.read("%+1"), FEW.read("%FF")), (None, None, None));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(text in any::<String>()) {
            let written = FEW.write(&text);
            prop_assert!(written.chars().all(|c| (FEW.plain)(c) || "%=#".contains(c)));
            prop_assert_eq!(FEW.read(&written), Some(text));
        }

        #[test]
        fn any_text_is_judged_without_a_panic(text in any::<String>()) {
            let _ = FEW.read(&text);
        }
    }
}
