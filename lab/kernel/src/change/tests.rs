//! Every order of writes against a model of the kernel's lookups: marks, rules, tables, longest prefixes.

use std::{collections::BTreeSet, net::IpAddr};

use model::{Bandwidth, DeviceConfig, InterfaceName, QueueName, SrPolicy, sr::LastResort, steering::Dscp};
use proptest::prelude::*;

use super::*;
use crate::{
    Place, Way,
    fixture::{
        address, config, device, list, longest, net, path, place, policy, queues, rule, usual, with_csid,
    },
};

/// What happens to a customer's packet.
#[derive(Clone, Debug, PartialEq)]
enum Fate {
    Lists(Vec<Way>),
    Dropped,
    /// By the tenant's own table.
    Own(Option<Target>),
}

/// The kernel's decision for a packet that comes in at cust0.
fn fate(held: &Program, to: IpAddr, dscp: Dscp) -> Fate {
    let family = if to.is_ipv4() { Family::V4 } else { Family::V6 };
    let tenants = held.marking.iter().flat_map(|marking| &marking.tenants);
    let mine = tenants.into_iter().find(|(_, marks)| marks.devices.contains(&device("cust0")));
    let slot =
        mine.and_then(|(_, marks)| marks.rules.iter().find(|rule| rule.matches(to, dscp))).map(|r| r.slot);
    for rule in held.rules.iter().filter(|rule| rule.family() == family) {
        let asked = match rule {
            Rule::Core(core) => matches!(to, IpAddr::V6(to) if core.contains(&to)),
            Rule::Steered(_, of) => slot == Some(*of),
            Rule::Entering(_, at, _) => *at == device("cust0"),
        };
        let found = asked.then(|| longest(held.table(rule.table()), to)).flatten();
        match (rule, found) {
            (_, None | Some(Target::Throw)) => {}
            (Rule::Steered(..), Some(Target::Encap(ways))) => return Fate::Lists(ways.clone()),
            (Rule::Steered(..), Some(_)) => return Fate::Dropped,
            (_, Some(target)) => return Fate::Own(Some(target.clone())),
        }
    }
    Fate::Own(None)
}

/// Destinations at the edges of all prefixes, and code points that rules tell apart.
fn packets() -> Vec<(IpAddr, Dscp)> {
    let to = [
        "10.3.0.0",
        "10.3.1.255",
        "10.3.2.7",
        "10.3.255.9",
        "10.1.0.5",
        "192.0.2.1",
        "2001:db8:3::5",
        "2001:db8:9::1",
    ];
    let dscp = ["be", "ef", "af41"].map(|name| name.parse::<Dscp>().unwrap());
    to.iter().flat_map(|to| dscp.map(|dscp| (to.parse().unwrap(), dscp))).collect()
}

fn carried_out(from: &Program, to: &Program, mut see: impl FnMut(&Program, &Write)) {
    let mut held = from.clone();
    for write in Program::changes(from, to) {
        held.apply(&write).unwrap();
        see(&held, &write);
    }
    assert_eq!(&held, to);
    assert_eq!(Program::changes(&held, to), []);
}

/// All writes, and after each the fate of every packet: as before or as after.
fn check(from: &Program, to: &Program) {
    let packets = packets();
    let before: Vec<Fate> = packets.iter().map(|(to, dscp)| fate(from, *to, *dscp)).collect();
    let after: Vec<Fate> = packets.iter().map(|(address, dscp)| fate(to, *address, *dscp)).collect();
    carried_out(from, to, |held, write| {
        for (((address, dscp), before), after) in packets.iter().zip(&before).zip(&after) {
            let now = fate(held, *address, *dscp);
            // The tenant's own table is the IGP's: there it counts that it leads somewhere.
            let leads =
                |fate: &Fate| matches!(fate, Fate::Own(Some(target)) if *target != Target::Unreachable);
            let both_own = matches!((before, after), (Fate::Own(_), _) | (_, Fate::Own(_))) && leads(&now);
            assert!(
                now == *before || now == *after || both_own,
                "after {write}\n{address} {dscp}: {now:?}, before {before:?}, after {after:?}"
            );
        }
    });
}

/// All writes, and after each: a queue is there where marks lead to it, no root comes where one is, and what goes was waited for.
fn check_queues(from: &Program, to: &Program) {
    let mut empty: BTreeSet<(Device, Minor)> = BTreeSet::new();
    carried_out(from, to, |held, write| {
        match write {
            Write::Shape { device, replaces, .. } => {
                assert_eq!(*replaces, from.shapers.contains_key(device), "{write}");
            }
            Write::Drain { device, minor } => {
                empty.insert((device.clone(), *minor));
            }
            Write::Unclass { device, minor } => {
                assert!(empty.contains(&(device.clone(), *minor)), "what waits in it is lost: {write}");
            }
            _ => {}
        }
        for (device, port) in held.marking.iter().flat_map(|marking| &marking.ports) {
            for minor in port.classes.values().chain([&port.rest]) {
                let is_there =
                    held.shapers.get(device).is_some_and(|shaper| shaper.classes.contains_key(minor));
                assert!(is_there, "after {write}\nmarks lead to {minor} of {device}, which is not there");
            }
        }
    });
}

/// A router of which eth1 has queues; the least one is promised so much.
fn queued(megabits: u64) -> Program {
    let (mut shares, classifier) = queues();
    let rest = shares.queues.get_mut(&QueueName::lit("rest")).unwrap();
    rest.guarantee = Bandwidth::from_bps(megabits * 1_000_000);
    let mut all = DeviceConfig::default();
    all.qos.insert(InterfaceName::lit("eth1"), shares);
    all.classifier = Some(classifier);
    Program::of(&all, &place()).unwrap()
}

/// What differs from one router to the next.
#[derive(Clone, Debug)]
struct Wish {
    policies: Vec<SrPolicy>,
    rules: Vec<(u32, Option<&'static str>, Vec<&'static str>, u32)>,
    down: Option<&'static str>,
    without: Option<&'static str>,
    csid: bool,
    tenant: bool,
    queues: Option<&'static str>,
}

impl Wish {
    fn place(&self) -> Place {
        let mut place = if self.csid { with_csid(place()) } else { place() };
        if let Some(down) = self.down {
            place.ports.get_mut(&InterfaceName::lit(down)).unwrap().up = false;
        }
        let tenant = place.tenants.values_mut().next().unwrap();
        if let Some(prefix) = self.without {
            tenant.remote.remove(&net(prefix));
        }
        if !self.tenant {
            place.tenants.clear();
        }
        place
    }

    fn config(&self) -> DeviceConfig {
        let rules = self.rules.iter().map(|(at, prefix, dscp, color)| rule(*at, *prefix, dscp, *color));
        let mut all = config(self.policies.clone(), if self.tenant { rules.collect() } else { Vec::new() });
        if let Some(interface) = self.queues {
            let (shares, classifier) = queues();
            all.qos.insert(InterfaceName::lit(interface), shares);
            all.classifier = Some(classifier);
        }
        all
    }

    fn program(&self) -> Program {
        Program::of(&self.config(), &self.place()).unwrap()
    }
}

fn any_policy() -> impl Strategy<Value = SrPolicy> {
    let lists = prop_oneof![
        Just(vec![list(1, &["fc00:0:2:1::"])]),
        Just(vec![list(1, &["fc00:0:1:e001::"])]),
        Just(vec![list(3, &["fc00:0:1:e001::"]), list(1, &["fc00:0:2:1::"])]),
    ];
    let endpoint = prop_oneof![Just("fc00:0:3:1::"), Just("fc00:0:2:1::"), Just("::")];
    (0_u32..3, endpoint, lists.clone(), lists, any::<bool>()).prop_map(
        |(color, endpoint, first, second, drops)| {
            let last_resort = if drops { LastResort::Drop } else { LastResort::Igp };
            SrPolicy {
                last_resort,
                ..policy(1000 + color, endpoint, vec![path(200, first), path(100, second)])
            }
        },
    )
}

fn any_wish() -> impl Strategy<Value = Wish> {
    let prefix = prop_oneof![
        Just(None),
        Just(Some("10.3.0.0/16")),
        Just(Some("10.3.2.0/24")),
        Just(Some("2001:db8:3::/64")),
        Just(Some("0.0.0.0/0")),
    ];
    let dscp = prop_oneof![Just(vec![]), Just(vec!["ef"]), Just(vec!["ef", "af41"])];
    let rule = (1_u32..5, prefix, dscp, 1000_u32..1003);
    let port = prop_oneof![3 => Just(None), 1 => Just(Some("eth1")), 1 => Just(Some("eth2"))];
    let without =
        prop_oneof![3 => Just(None), 1 => Just(Some("10.3.2.0/24")), 1 => Just(Some("10.3.0.0/16"))];
    (
        proptest::collection::vec(any_policy(), 0..5),
        proptest::collection::vec(rule, 0..5),
        port.clone(),
        without,
        any::<bool>(),
        prop_oneof![9 => Just(true), 1 => Just(false)],
        port,
    )
        .prop_map(|(policies, rules, down, without, csid, tenant, queues)| Wish {
            policies,
            rules,
            down,
            without,
            csid,
            tenant,
            queues,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn at_every_moment_a_packet_goes_as_before_or_as_after(from in any_wish(), to in any_wish()) {
        let (mut from, mut to) = (from, to);
        // A customer that comes or goes is no packet that was promised anything.
        (from.tenant, to.tenant) = (true, true);
        check(&from.program(), &to.program());
    }

    #[test]
    fn any_program_becomes_any_other_and_then_nothing_is_written(from in any_wish(), to in any_wish()) {
        carried_out(&from.program(), &to.program(), |_, _| {});
        carried_out(&Program::default(), &to.program(), |_, _| {});
        carried_out(&from.program(), &Program::default(), |_, _| {});
        prop_assert_eq!(Program::changes(&to.program(), &to.program()), vec![]);
    }

    #[test]
    fn no_packet_waits_in_a_queue_that_goes(from in any_wish(), to in any_wish()) {
        check_queues(&from.program(), &to.program());
        check_queues(&Program::default(), &to.program());
    }

    #[test]
    fn what_was_cut_off_is_carried_on(from in any_wish(), to in any_wish(), cut in 0_usize..60) {
        let (from, to) = (from.program(), to.program());
        let mut held = from.clone();
        for write in Program::changes(&from, &to).into_iter().take(cut) {
            held.apply(&write).unwrap();
        }
        carried_out(&held, &to, |_, _| {});
        carried_out(&held, &from, |_, _| {});
    }
}

#[test]
fn a_policy_that_is_replaced_is_one_write_for_each_prefix() {
    let place = place();
    let before = Program::of(&usual(), &place).unwrap();
    let mut cut = place.clone();
    cut.broken.insert(address("fc00:0:2:1::"));
    let after = Program::of(&usual(), &cut).unwrap();
    let writes = Program::changes(&before, &after);
    assert!(writes.iter().all(|write| matches!(write, Write::Route { replaces: true, .. })), "{writes:?}");
    assert_eq!(writes.len(), 4, "voice and payments, both families: {writes:?}");
}

#[test]
fn queues_come_before_marks_lead_to_them_and_the_old_one_goes_when_it_is_empty() {
    let bare = Program::of(&DeviceConfig::default(), &place()).unwrap();
    let writes = Program::changes(&bare, &queued(1));
    let kind = |write: &Write| match write {
        Write::Shape { replaces: true, .. } => "line",
        Write::Class { replaces: false, .. } => "class",
        Write::Marking(_) => "marks",
        Write::Drain { .. } => "wait",
        Write::Unclass { .. } => "gone",
        _ => "other",
    };
    let kinds: Vec<&str> = writes.iter().map(kind).collect();
    assert_eq!(kinds, ["line", "class", "class", "class", "marks", "wait", "gone"]);
    // A class that comes has its queue before anything is told to find it, and no root comes with it.
    let lines: Vec<String> = writes.iter().flat_map(crate::tc::lines).collect();
    assert!(lines.iter().all(|line| !line.contains(" root ")), "{lines:?}");
    check_queues(&bare, &queued(1));
    check_queues(&queued(1), &bare);
    // A queue that marks lead to is not waited for.
    let mut held = queued(1);
    let minor = *held.shapers[&device("eth1")].classes.keys().next().unwrap();
    assert!(held.apply(&Write::Drain { device: device("eth1"), minor }).is_err());
}

#[test]
fn a_guarantee_changes_in_place() {
    let writes = Program::changes(&queued(1), &queued(2));
    let in_place = |write: &Write| matches!(write, Write::Class { replaces: true, .. });
    // The others get less of what nobody is promised, so they have less room; that is all that changes of them.
    assert!(!writes.is_empty() && writes.iter().all(in_place), "{writes:?}");
    for line in writes.iter().flat_map(crate::tc::lines) {
        let (what, rest) = line.split_once(' ').unwrap();
        assert!(
            ["class", "qdisc"].contains(&what) && rest.starts_with("replace dev eth1 parent 7400:"),
            "{line}"
        );
    }
    let rates = |write: &Write| match write {
        Write::Class { class, minor, .. } => {
            queued(1).shapers[&device("eth1")].classes[minor].guarantee != class.guarantee
        }
        _ => true,
    };
    assert_eq!(writes.iter().filter(|write| rates(write)).count(), 1, "one guarantee: {writes:?}");
}

#[test]
fn rules_and_policies_that_change_at_one_moment_need_a_shadow() {
    let place = place();
    let one = |lists, color| {
        let policies =
            [1000, 1001].map(|color| policy(color, "fc00:0:3:1::", vec![path(100, lists_of(lists))]));
        let dscp = ["ef", "af41"];
        let rules = dscp
            .iter()
            .zip([color, 2001 - color])
            .zip(1..)
            .map(|((name, color), at)| rule(at, None, &[name], color));
        Program::of(&config(policies.to_vec(), rules.collect()), &place).unwrap()
    };
    fn lists_of(direct: bool) -> Vec<model::SegmentList> {
        vec![list(1, if direct { &["fc00:0:1:e001::"] } else { &["fc00:0:2:1::"] })]
    }
    // The code points change colors, and both colors change their lists.
    let (before, after) = (one(true, 1000), one(false, 1001));
    let writes = Program::changes(&before, &after);
    let marks = writes.iter().filter(|write| matches!(write, Write::Marking(_))).count();
    assert_eq!(marks, 2, "into the shadow and out of it");
    check(&before, &after);
}

#[test]
fn what_does_not_fit_is_said() {
    let key = RouteKey { table: Table::Main, to: net("fc00:0:2::/48") };
    let mut held = Program::default();
    let misfit = held.apply(&Write::Unroute(key)).unwrap_err();
    assert_eq!(
        misfit.to_string(),
        "`ip -6 route del fc00:0:2::/48 metric 128 proto 84` does not fit what is there"
    );
    let route = Write::Route { key, target: Target::Drop, replaces: false };
    assert!(held.apply(&route).is_err(), "no anchor");
    held.apply(&Write::Anchor).unwrap();
    assert!(held.apply(&Write::Anchor).is_err());
    let rule = Rule::Core("fc00::/16".parse().unwrap());
    held.apply(&Write::Rule(rule.clone())).unwrap();
    assert!(held.apply(&Write::Rule(rule)).is_err());
    assert_eq!(held.rules, BTreeSet::from([Rule::Core("fc00::/16".parse().unwrap())]));
}
