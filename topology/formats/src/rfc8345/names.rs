//! Names of administrative groups and of shared risks, which have numbers only in RFC 8345.
//!
//! `bit-N` is the group of bit N and `srlg-N` the risk of number N. Every other name has a number that follows from the name alone, so
//! that two systems, or two versions of one file, give it the same: its FNV-1a hash of 32 bits over UTF-8, for a group the rest of it
//! by 256. Where that number is another's it is the next free one; whose it is goes by the order of the names, and `bit-N` and
//! `srlg-N` come before all. Names stand beside their numbers in members of our own ([`super::ours`]).

use std::collections::{BTreeMap, BTreeSet};

use model::{Affinity, Ted};

use crate::{
    code,
    text::{Fields, Report, Tree, Word, shorten},
};

/// A kind of names.
#[derive(Debug)]
pub(super) struct Kind {
    /// What stands before a number in a name that is made of it.
    prefix: &'static str,
    /// How many numbers there are, from 0.
    most: u64,
    /// Among how many of them names are spread.
    spread: u32,
    /// The word for a number in our list of names.
    pub word: &'static str,
    /// Whether it can be a name.
    judge: fn(&str) -> Result<(), String>,
}

/// Bits of administrative groups: as many as an IGP can advertise, 63 words of 32 (RFC 7308 section 2.1, at 255 octets of value).
pub(super) const GROUPS: Kind = Kind {
    prefix: "bit-",
    most: 2016,
    spread: 256,
    word: "bit",
    judge: |name| Affinity::read(name).map(drop),
};

/// Shared risks (RFC 4203 section 1.3).
pub(super) const RISKS: Kind =
    Kind { prefix: "srlg-", most: 1 << 32, spread: u32::MAX, word: "number", judge: |_| Ok(()) };

impl Kind {
    /// The name that is made of a number.
    pub fn name(&self, number: u32) -> String {
        format!("{}{number}", self.prefix)
    }

    /// The number of which a name is made.
    fn own(&self, name: &str) -> Option<u32> {
        let number: u32 = name.strip_prefix(self.prefix)?.parse().ok()?;
        (u64::from(number) < self.most && self.name(number) == name).then_some(number)
    }

    /// A number for each name, no two the same. Without one are only groups beyond 2016. O(names log names) where few collide.
    pub fn numbers<'n>(&self, names: &BTreeSet<&'n str>) -> BTreeMap<&'n str, u32> {
        let mut numbers: BTreeMap<&str, u32> =
            names.iter().filter_map(|name| Some((*name, self.own(name)?))).collect();
        let mut taken: BTreeSet<u32> = numbers.values().copied().collect();
        for name in names.iter().filter(|name| self.own(name).is_none()) {
            if taken.len() as u64 == self.most {
                break;
            }
            let mut number = if self.spread == u32::MAX { hash(name) } else { hash(name) % self.spread };
            while !taken.insert(number) {
                number = if u64::from(number) + 1 == self.most { 0 } else { number + 1 };
            }
            numbers.insert(name, number);
        }
        numbers
    }

    /// Names by number, as our list in a file gives them: `[{"bit": 3, "name": "gold"}]`.
    pub fn read(&self, list: &[Tree], subject: &str, report: &mut Report) -> BTreeMap<u32, String> {
        let mut names = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for tree in list {
            let Some(mut fields) = Fields::of(tree, subject, report) else { continue };
            let (number, name) =
                (fields.required::<u32>(self.word, report), fields.required::<String>("name", report));
            fields.finish(&[self.word, "name"], report);
            let (Some(number), Some(name)) = (number, name) else { continue };
            let fault = if let Err(why) = (self.judge)(&name) {
                format!("`name`: {why}")
            } else if self.own(&name).is_some_and(|own| own != number) {
                format!("`{}` is the name of another number than {number}", shorten(&name))
            } else if !seen.insert(name.clone()) {
                format!("`{}` is the name of two numbers", shorten(&name))
            } else if names.insert(number, name).is_some() {
                format!("the number {number} has two names")
            } else {
                continue;
            };
            report.error(code::WRONG_VALUE, subject, fault, tree.mark);
        }
        names
    }

    /// Names that are not made of their numbers, in the order of these.
    pub fn told<'n>(&self, numbers: &BTreeMap<&'n str, u32>) -> BTreeMap<u32, &'n str> {
        let told = numbers.iter().filter(|(name, _)| self.own(name).is_none());
        told.map(|(name, number)| (*number, *name)).collect()
    }
}

/// The names of all groups of a network.
pub(super) fn groups(ted: &Ted) -> BTreeSet<&str> {
    ted.links.values().flat_map(|link| &link.affinity).map(|name| name.as_str()).collect()
}

/// The names of all risks of a network.
pub(super) fn risks(ted: &Ted) -> BTreeSet<&str> {
    ted.links.values().flat_map(|link| &link.srlg).map(String::as_str).collect()
}

/// FNV-1a, 32 bits.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_from_the_names() {
        // The vectors that the authors of the hash publish.
        assert_eq!([hash(""), hash("a"), hash("foobar")], [0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968]);
        let numbers = RISKS.numbers(&BTreeSet::from(["srlg-7", "srlg-07", "srlg-4294967296", "a", "srlg-9"]));
        assert_eq!((numbers["srlg-7"], numbers["srlg-9"], numbers["a"]), (7, 9, 0xe40c_292c));
        assert_eq!(numbers["srlg-07"], hash("srlg-07"), "it is not how 7 is written");
        assert_eq!(numbers["srlg-4294967296"], hash("srlg-4294967296"));
        let fewer = RISKS.numbers(&BTreeSet::from(["a"]));
        assert_eq!(fewer["a"], numbers["a"], "others do not matter");
        let bits = GROUPS.numbers(&BTreeSet::from(["a", "bit-5", "bit-2016"]));
        assert_eq!((bits["a"], bits["bit-5"], bits["bit-2016"]), (0x2c, 5, hash("bit-2016") % 256));
    }

    #[test]
    fn no_two_names_have_one_number() {
        let names: Vec<String> = (0..3000).map(|number| format!("group{number}")).collect();
        let mut names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let own = GROUPS.name(hash("group0") % 256);
        names.insert(&own);
        let bits = GROUPS.numbers(&names);
        let different: BTreeSet<u32> = bits.values().copied().collect();
        assert_eq!((different.len(), bits.len()), (2016, 2016));
        assert_eq!(
            bits[own.as_str()],
            hash("group0") % 256,
            "a number that is written comes before one that is made"
        );
    }
}
