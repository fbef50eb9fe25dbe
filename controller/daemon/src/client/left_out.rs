//! Routers that a change did not reach: nobody may take it for done on the whole network, neither a person nor a script.

use std::collections::BTreeSet;

use api::Client;
use engine::handle::Applied;

/// More names than these are counted.
const MOST: usize = 10;

/// The routers that a change left out.
#[derive(Debug, Default)]
pub struct LeftOut {
    /// Their names.
    pub routers: BTreeSet<String>,
    /// How many routers there are; nothing where the controller does not tell.
    all: Option<usize>,
}

impl LeftOut {
    /// Those that the answer names. The controller is asked how many there are in all where that is needed.
    pub async fn of(applied: &Applied, client: &Client) -> Self {
        let mut left = Self::named(applied);
        if !left.is_nobody() {
            // A question that fails costs no more than a number.
            left.all = client.devices().await.ok().map(|all| all.len());
        }
        left
    }

    /// Those that the answer names.
    pub fn named(applied: &Applied) -> Self {
        Self { routers: applied.left_out.iter().map(ToString::to_string).collect(), all: None }
    }

    /// These, of so many that were named.
    pub fn among(named: usize, routers: BTreeSet<String>) -> Self {
        Self { routers, all: Some(named) }
    }

    /// Whether the change reached every router.
    pub fn is_nobody(&self) -> bool {
        self.routers.is_empty()
    }

    /// Whether it reached none.
    fn is_everybody(&self) -> bool {
        self.all.is_some_and(|all| all <= self.routers.len())
    }

    /// What a change did, `did` in words where it did anything, and whom it left out.
    pub fn told(&self, did: Option<String>) -> String {
        let nothing = match did {
            Some(did) => did,
            None if self.is_nobody() => return "nothing had to change".to_owned(),
            None if self.is_everybody() => "nothing was changed".to_owned(),
            None => "nothing had to change on those that can be reached".to_owned(),
        };
        if self.is_nobody() { nothing } else { format!("{nothing}; {}", self.names()) }
    }

    /// `2 of 5 routers were left out: a, b`.
    fn names(&self) -> String {
        let number = self.routers.len();
        let of = self.all.map_or_else(String::new, |all| format!(" of {all}"));
        let one = self.all.unwrap_or(number) == 1;
        let (noun, verb) = (if one { "router" } else { "routers" }, if number == 1 { "was" } else { "were" });
        let shown = self.routers.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if number > MOST { format!(" and {} more", number - MOST) } else { String::new() };
        format!("{number}{of} {noun} {verb} left out: {shown}{more}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_left_out_is_named_and_counted() {
        let left = |number: usize, all| LeftOut {
            routers: (1..=number).map(|at| format!("r{at:02}")).collect(),
            all,
        };
        for (left, did, told) in [
            (left(0, None), None, "nothing had to change"),
            (left(0, None), Some("3 edits"), "3 edits"),
            (left(1, Some(5)), Some("3 edits"), "3 edits; 1 of 5 routers was left out: r01"),
            (left(2, Some(2)), None, "nothing was changed; 2 of 2 routers were left out: r01, r02"),
            (left(1, Some(1)), None, "nothing was changed; 1 of 1 router was left out: r01"),
            (
                left(1, None),
                None,
                "nothing had to change on those that can be reached; 1 router was left out: r01",
            ),
            (
                left(12, Some(120)),
                Some("1 edit"),
                "1 edit; 12 of 120 routers were left out: r01, r02, r03, r04, r05, r06, r07, r08, r09, r10 and 2 more",
            ),
        ] {
            assert_eq!(left.told(did.map(str::to_owned)), told);
        }
    }
}
