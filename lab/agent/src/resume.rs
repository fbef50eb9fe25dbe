//! What a router that comes back takes for silent until its probes say otherwise: lists that its kernel does not use though they would
//! be preferred.
//!
//! A router that was killed while a list was dead has its packets on the backup. It comes back and knows nothing of the list yet: to write
//! the preferred one again would lose all that is sent until probes are missed, and would be a write of what was right.

use std::{collections::BTreeSet, net::Ipv6Addr};

use kernel::{Program, Target, Way};

/// Segments as a policy has them.
type List = Vec<Ipv6Addr>;

/// The lists that `wanted` has where `held` has others of those that are configured. `services` are the SIDs that the model has for all
/// services of a node, which the tenant's own replaces. O(routes x lists).
pub fn unused<'a>(
    held: &Program,
    wanted: &Program,
    lists: impl Iterator<Item = &'a List> + Clone,
    services: &BTreeSet<Ipv6Addr>,
) -> BTreeSet<List> {
    let of = |target: &Target| -> BTreeSet<&'a List> {
        match target {
            Target::Encap(ways) | Target::Bound(ways) => {
                let is_used = |list: &&List| ways.iter().any(|way| carries(way, list, services));
                lists.clone().filter(is_used).collect()
            }
            _ => BTreeSet::new(),
        }
    };
    let mut unused = BTreeSet::new();
    for (key, target) in &wanted.routes {
        let Some(other) = held.routes.get(key).filter(|held| *held != target) else { continue };
        let used = of(other);
        // Where the kernel uses none of them, these are new to it.
        if !used.is_empty() {
            unused.extend(of(target).difference(&used).map(|list| (*list).clone()));
        }
    }
    unused
}

/// Whether a way is a list with the SID of a tenant, or of a binding, behind it.
fn carries(way: &Way, list: &[Ipv6Addr], services: &BTreeSet<Ipv6Addr>) -> bool {
    let Some((_, path)) = way.segments.split_last() else { return false };
    let short = list.split_last().filter(|(last, _)| services.contains(*last)).map(|(_, rest)| rest);
    path == list || short == Some(path)
}

#[cfg(test)]
mod tests {
    use kernel::{RouteKey, Table, Weight};

    use super::*;

    fn list(sids: &[&str]) -> List {
        sids.iter().map(|sid| sid.parse().unwrap()).collect()
    }

    /// One route into these lists, each with the tenant's SID behind it.
    fn program(lists: &[&[&str]]) -> Program {
        let way = |sids: &&[&str]| {
            let tenant = "fd00:0:4:d400::".parse().unwrap();
            Way { segments: list(sids).into_iter().chain([tenant]).collect(), weight: Weight::ONE }
        };
        let key = RouteKey { table: Table::Main, to: "10.4.0.0/24".parse().unwrap() };
        let target = Target::Encap(lists.iter().map(way).collect());
        Program { routes: [(key, target)].into(), ..Program::default() }
    }

    const LOWER: &[&str] = &["fd00:0:1:e001::", "fd00:0:3:e001::"];
    const UPPER: &[&str] = &["fd00:0:1:e000::"];

    fn assumed(held: &Program, wanted: &Program) -> BTreeSet<List> {
        let service: Ipv6Addr = "fd00:0:4:d46::".parse().unwrap();
        let upper: List = list(UPPER).into_iter().chain([service]).collect();
        let lists = [list(LOWER), upper];
        unused(held, wanted, lists.iter(), &BTreeSet::from([service]))
    }

    #[test]
    fn a_router_that_comes_back_to_its_backup_takes_the_preferred_list_for_silent() {
        let backup = assumed(&program(&[UPPER]), &program(&[LOWER]));
        assert_eq!(backup, BTreeSet::from([list(LOWER)]));
        let half = assumed(&program(&[UPPER]), &program(&[LOWER, UPPER]));
        assert_eq!(half, BTreeSet::from([list(LOWER)]), "one of two that share");
    }

    #[test]
    fn what_is_right_or_new_is_taken_for_nothing() {
        assert!(assumed(&program(&[LOWER]), &program(&[LOWER])).is_empty());
        assert!(assumed(&Program::default(), &program(&[LOWER])).is_empty(), "the first program of all");
        let elsewhere = program(&[&["fd00:0:9:e000::"]]);
        assert!(assumed(&elsewhere, &program(&[LOWER])).is_empty(), "a policy that is no more");
    }
}
