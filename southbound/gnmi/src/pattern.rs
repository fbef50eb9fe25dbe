//! Wildcards: which places a path with `*` and `...` names.
//!
//! `*` stands for any one element or key value, `...` for any number of elements, none included; a list element
//! without keys names all entries. A path also names everything below it. Matching keeps the set of pattern
//! positions that are still possible, one bit each, so its cost is linear in path and pattern however many `...`
//! there are, and a walk down a data tree can leave a branch as soon as nothing below it can match.

use crate::path::{Elem, MAX_ELEMS, Path};

// Positions 0..=MAX_ELEMS each need one bit.
const _: () = assert!(MAX_ELEMS < 128);

/// How far a walk down a tree has come in a pattern.
#[derive(Clone, Copy, Debug)]
pub struct Walk<'p> {
    pattern: &'p [Elem],
    /// Bit `i`: the first `i` elements of the pattern are used up.
    reached: u128,
}

impl<'p> Walk<'p> {
    /// At the root. A pattern longer than [`MAX_ELEMS`] matches nothing.
    pub fn new(pattern: &'p Path) -> Self {
        let reached = u128::from(pattern.elems.len() <= MAX_ELEMS);
        Self { pattern: &pattern.elems, reached }.skip_empty()
    }

    /// One element down.
    #[must_use]
    pub fn step(&self, elem: &Elem) -> Self {
        let mut reached = 0;
        for (at, wanted) in self.pattern.iter().enumerate() {
            if self.reached & (1 << at) == 0 {
                continue;
            }
            if wanted.name == "..." {
                reached |= 1 << at;
            } else if names(wanted, elem) {
                reached |= 1 << (at + 1);
            }
        }
        if self.covered() {
            reached |= 1 << self.pattern.len();
        }
        Self { pattern: self.pattern, reached }.skip_empty()
    }

    /// The place, and so everything below it, is named by the pattern.
    pub fn covered(&self) -> bool {
        self.pattern.len() <= MAX_ELEMS && self.reached & (1 << self.pattern.len()) != 0
    }

    /// The place or something below it may be named by the pattern.
    pub fn alive(&self) -> bool {
        self.reached != 0
    }

    /// `...` may stand for no element at all.
    fn skip_empty(mut self) -> Self {
        for (at, wanted) in self.pattern.iter().enumerate() {
            if self.reached & (1 << at) != 0 && wanted.name == "..." {
                self.reached |= 1 << (at + 1);
            }
        }
        self
    }
}

/// True when `pattern` names `path` or something above it. Origins are not compared.
pub fn covers(pattern: &Path, path: &Path) -> bool {
    path.elems.iter().fold(Walk::new(pattern), |walk, elem| walk.step(elem)).covered()
}

/// True when the path has a wildcard, which a Set may not carry.
pub fn has_wildcard(path: &Path) -> bool {
    path.elems
        .iter()
        .any(|elem| elem.name == "*" || elem.name == "..." || elem.keys.values().any(|value| value == "*"))
}

fn names(wanted: &Elem, elem: &Elem) -> bool {
    (wanted.name == "*" || wanted.name == elem.name)
        && wanted
            .keys
            .iter()
            .all(|(key, value)| elem.keys.get(key).is_some_and(|found| value == "*" || value == found))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> Path {
        text.parse().expect("a path of the test")
    }

    fn check(pattern: &str, place: &str) -> bool {
        covers(&path(pattern), &path(place))
    }

    #[test]
    fn a_path_names_itself_and_what_is_below() {
        assert!(check("/a/b", "/a/b"));
        assert!(check("/a/b", "/a/b/c"));
        assert!(check("/", "/a"));
        assert!(!check("/a/b", "/a"));
        assert!(!check("/a/b", "/a/c"));
    }

    #[test]
    fn absent_keys_and_stars_name_all_entries() {
        let place = "/interfaces/interface[name=eth1]/state/counters/in-octets";
        for pattern in [
            "/interfaces/interface/state",
            "/interfaces/interface[name=*]/state/counters",
            "/interfaces/*/state",
            "/*",
            "/.../counters",
            "/...",
            "/interfaces/.../in-octets",
            "/interfaces/interface[name=eth1]/...",
        ] {
            assert!(check(pattern, place), "{pattern}");
        }
        for pattern in [
            "/interfaces/interface[name=eth2]/state",
            "/*/state",
            "/.../queue",
            "/interfaces[name=*]",
            "/.../in-octets/x",
        ] {
            assert!(!check(pattern, place), "{pattern}");
        }
    }

    #[test]
    fn a_walk_dies_where_nothing_below_can_match() {
        let pattern = path("/interfaces/interface[name=eth1]/state");
        let walk = Walk::new(&pattern);
        assert!(walk.alive() && !walk.covered());
        assert!(walk.step(&Elem::new("interfaces")).alive());
        assert!(!walk.step(&Elem::new("qos")).alive());
    }

    #[test]
    fn wildcards_are_noticed() {
        assert!(
            has_wildcard(&path("/a/*")) && has_wildcard(&path("/.../a")) && has_wildcard(&path("/a[k=*]"))
        );
        assert!(!has_wildcard(&path("/a[k=x*]/b")));
    }

    /// The meaning, written as plain recursion.
    fn slow(pattern: &[Elem], place: &[Elem]) -> bool {
        match (pattern.split_first(), place.split_first()) {
            (None, _) => true,
            (Some((first, rest)), _) if first.name == "..." => {
                slow(rest, place) || place.split_first().is_some_and(|(_, below)| slow(pattern, below))
            }
            (Some((first, rest)), Some((elem, below))) => names(first, elem) && slow(rest, below),
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn the_bits_mean_what_the_recursion_means(
            pattern in prop::collection::vec("a|b|\\*|\\.\\.\\.", 0..6),
            place in prop::collection::vec("a|b|c", 0..8),
        ) {
            let build = |names: Vec<String>| Path { origin: String::new(), elems: names.into_iter().map(Elem::new).collect() };
            let (pattern, place) = (build(pattern), build(place));
            prop_assert_eq!(covers(&pattern, &place), slow(&pattern.elems, &place.elems));
        }
    }
}
