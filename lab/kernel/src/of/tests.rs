use std::collections::BTreeSet;

use model::{DeviceConfig, InterfaceName, Sid, VrfName};

use crate::{
    Minor, Place, Program, Rate, Service, Target, Write,
    fixture::{address, config, device, net, path, place, policy, queues, rule, usual, with_csid},
};

fn written(config: &DeviceConfig, place: &Place) -> String {
    let program = Program::of(config, place).unwrap();
    let writes = Program::changes(&Program::default(), &program);
    writes.iter().map(|write| format!("{write}\n")).collect()
}

/// Maps of all 64 code points say nothing to a reader.
fn shortened(text: &str) -> String {
    let short = |line: &str| match line.split_once(", 1 : ") {
        Some((start, rest)) if line.len() > 300 => {
            format!("{start}, … {}\n", rest.rsplit_once(',').map_or("", |(_, end)| end))
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(short).collect()
}

#[test]
fn a_router_without_configuration_forwards_by_the_igp() {
    insta::assert_snapshot!(shortened(&written(&DeviceConfig::default(), &place())));
}

#[test]
fn policies_rules_and_queues_become_routes_marks_and_classes() {
    let mut all = usual();
    let (shares, classifier) = queues();
    all.qos.insert(InterfaceName::lit("eth1"), shares);
    all.classifier = Some(classifier);
    let mut place = place();
    place.underlay.ours = false;
    insta::assert_snapshot!(shortened(&written(&all, &place)));
}

#[test]
fn sids_of_a_router_that_reads_containers_take_the_number_and_move_the_rest_up() {
    let program = Program::of(&DeviceConfig::default(), &with_csid(place())).unwrap();
    let sids = program.routes.iter().filter(|(_, target)| matches!(target, Target::Local(_)));
    let sids = sids.map(|(key, target)| Write::Route { key: *key, target: target.clone(), replaces: false });
    let sids: String = sids.map(|write| format!("{write}\n")).collect();
    insta::assert_snapshot!(sids);
}

/// A configuration and a place that do not go together, for nine reasons.
fn misfit() -> (DeviceConfig, Place) {
    let mut place = place();
    let tenant = place.tenants.get_mut(&VrfName::lit("bank")).unwrap();
    tenant.services.insert(address("fc00:0:1:d46::"), Service::Dt46);
    tenant.services.insert(address("fc00:0:1:d47::"), Service::Dt4);
    tenant.services.insert(address("fc00:0:1:d48::"), Service::Dx4(device("cust7")));
    let labels = policy(1000, "10.0.0.3", vec![path(200, vec![crate::fixture::list(1, &["16003"])])]);
    let mut bound = policy(1001, "fc00:0:3:1::", vec![]);
    bound.binding_sid = Some(Sid::Srv6(address("fc00:0:9:4000::")));
    let mut rules = vec![rule(10, None, &[], 300_000), rule(20, None, &[], 5)];
    rules[1].key.vrf = VrfName::lit("other");
    let mut wrong = config(vec![labels, bound], rules);
    let (shares, _) = queues();
    wrong.qos.insert(InterfaceName::lit("eth2"), shares);
    place.ports.get_mut(&InterfaceName::lit("eth2")).unwrap().rate = None;
    place.source = address("fc00:0:1:1::");
    (wrong, place)
}

#[test]
fn what_a_kernel_cannot_do_is_refused_with_all_its_reasons() {
    let (wrong, place) = misfit();
    let refused = Program::of(&wrong, &place).unwrap_err();
    assert_eq!(refused.refusals.len(), 9, "{refused}");
    insta::assert_snapshot!(refused.to_string().replace("; ", "\n"));
}

/// So a configuration can be refused when it comes, and not when a line goes down later.
#[test]
fn what_is_refused_does_not_depend_on_what_the_router_sees() {
    let voice = usual().policies.into_values().find(|policy| policy.key.color.number() == 1000).unwrap();
    for (config, seeing) in [misfit(), (usual(), place()), (config(vec![voice], vec![]), place())] {
        let seen = Program::of(&config, &seeing);
        let mut blind = seeing;
        blind.ports.values_mut().for_each(|port| port.up = false);
        blind.underlay = crate::Underlay::default();
        blind.down = blind.tenants.values().flat_map(|tenant| tenant.customers.keys().cloned()).collect();
        blind.broken.insert(address("fc00:0:2:1::"));
        blind.silent.insert(vec![address("fc00:0:1:e001::")]);
        assert_eq!(Program::of(&config, &blind).err(), seen.err());
    }
}

#[test]
fn a_list_that_fits_no_header_is_refused() {
    let of = |segments: usize| {
        let sids = vec!["fc00:0:2:1::"; segments];
        let long = policy(1000, "fc00:0:3:1::", vec![path(200, vec![crate::fixture::list(1, &sids)])]);
        Program::of(&config(vec![long], vec![]), &place()).map(drop)
    };
    assert_eq!(of(126), Ok(()));
    let refused = of(127).unwrap_err().to_string();
    assert!(refused.contains("a list of 127 segments"), "{refused}");
}

#[test]
fn a_sid_that_two_things_want_is_refused() {
    let refused = |config: &DeviceConfig, place: &Place| -> Vec<String> {
        let refused = Program::of(config, place).err();
        refused.into_iter().flat_map(|refused| refused.refusals).map(|one| one.to_string()).collect()
    };
    let bound = |color: u32, sid: &str| {
        let mut policy =
            policy(color, "fc00:0:3:1::", vec![path(200, vec![crate::fixture::list(1, &["fc00:0:2:1::"])])]);
        policy.binding_sid = sid.parse().ok();
        policy
    };
    // The customer's End.DX4, End itself, and the binding SID of another policy.
    for taken in ["fc00:0:1:d40::", "fc00:0:1:1::", "fc00:0:1:4000::"] {
        let wrong = config(vec![bound(1, taken), bound(2, "fc00:0:1:4000::")], vec![]);
        let told = refused(&wrong, &place());
        assert!(told.len() == 1 && told[0].contains(&format!("the SID {taken}/128")), "{taken}: {told:?}");
    }
    let right = config(vec![bound(1, "fc00:0:1:4001::"), bound(2, "fc00:0:1:4000::")], vec![]);
    assert_eq!(refused(&right, &place()), [""; 0]);
    // A service function whose SID is that of probes; and one that is End, which it is.
    let mut place = place();
    place.functions.insert(address("fc00:0:1:1::"));
    assert_eq!(refused(&right, &place), [""; 0]);
    place.functions.insert(address("fc00:0:1:d07::"));
    assert!(refused(&right, &place)[0].contains("fc00:0:1:d07::/128"));
}

#[test]
fn addresses_of_the_network_are_none_of_the_customers() {
    let mut place = place();
    place.core = BTreeSet::from(["fc00::/16".parse().unwrap()]);
    let refused = Program::of(&DeviceConfig::default(), &place).unwrap_err().to_string();
    assert!(refused.contains("fd00:12::2 belongs to the network"), "{refused}");
}

#[test]
fn lengths_that_the_kernel_does_not_take_are_refused() {
    let mut place = with_csid(place());
    if let Some(locator) = &mut place.locator {
        locator.csid = Some(crate::Csid { node: 12, function: 16 });
    }
    let refused = Program::of(&DeviceConfig::default(), &place).unwrap_err().to_string();
    assert!(refused.contains("containers of 36 bits block and 12 bits"), "{refused}");
}

#[test]
fn a_router_without_locator_has_no_srv6_policy() {
    let mut place = place();
    (place.locator, place.tenants) = (None, std::collections::BTreeMap::new());
    let mut all = usual();
    all.steering.clear();
    let refused = Program::of(&all, &place).unwrap_err();
    assert_eq!(refused.refusals.len(), 2, "{refused}");
    assert!(Program::of(&DeviceConfig::default(), &place).unwrap().source.is_none());
}

#[test]
fn queues_share_a_line_as_the_model_says() {
    let (shares, classifier) = queues();
    let mut all = DeviceConfig::default();
    all.qos.insert(InterfaceName::lit("eth1"), shares.clone());
    all.classifier = Some(classifier);
    let program = Program::of(&all, &place()).unwrap();
    let shaper = &program.shapers[&device("eth1")];
    let minors = crate::classes(&shares);
    let class = |name: &str| shaper.classes[&minors[&model::QueueName::lit(name)]];
    assert_eq!(shaper.line, Rate::from_octets(2_500_000));
    assert_eq!(shaper.weighted, Rate::from_octets(2_125_000), "what strict queues leave");
    let guarantees = ["voice", "production", "rest"].map(|name| class(name).guarantee.octets());
    assert_eq!(guarantees, [375_000, 1_500_000, 125_000]);
    assert_eq!(["voice", "production", "rest"].map(|name| class(name).priority), [0, 1, 1]);
    assert_eq!(class("production").quantum, 3 * class("rest").quantum, "30 to 10");
    // 50 ms of 3 Mbit/s and a 41st of 4, of 12 and thirty; and what a queue has at least.
    assert_eq!(["voice", "production", "rest"].map(|name| class(name).limit.0), [19_359, 93_292, 16_000]);
    let rest = minors[&model::QueueName::lit("rest")];
    let ports = &program.marking.as_ref().unwrap().ports;
    assert_eq!(ports[&device("eth1")].rest, rest, "what is not classified goes to the lowest");
    assert_eq!(ports[&device("eth1")].classes.len(), 2);
    let other = &program.shapers[&device("eth2")];
    assert_eq!(other.classes.len(), 1, "a line without queues still has its rate");
}

#[test]
fn a_queue_of_small_packets_has_room_for_what_a_sender_sends_that_was_held_up() {
    let (mut shares, _) = queues();
    shares.queues.get_mut(&model::QueueName::lit("voice")).unwrap().guarantee =
        model::Bandwidth::from_bps(500_000);
    let mut all = DeviceConfig::default();
    all.qos.insert(InterfaceName::lit("eth1"), shares);
    let program = Program::of(&all, &place()).unwrap();
    let shaper = &program.shapers[&device("eth1")];
    let voice = shaper.classes.iter().find(|(minor, _)| minor.is_strict()).unwrap().1;
    // 200 octets of voice, a header of IPv6 around them and one of the line.
    assert!(voice.limit.0 >= 60 * 254, "{voice:?}");
    assert_eq!(voice.guarantee.burst(), 4_096, "two large packets at least");
    assert_eq!(shaper.line.burst(), 10_000, "4 ms of 20 Mbit/s");
}

#[test]
fn guarantees_that_do_not_fit_shrink_in_proportion() {
    let (mut shares, _) = queues();
    for share in shares.queues.values_mut() {
        share.guarantee = model::Bandwidth::from_bps(15_000_000);
    }
    let mut all = DeviceConfig::default();
    all.qos.insert(InterfaceName::lit("eth1"), shares.clone());
    let program = Program::of(&all, &place()).unwrap();
    let shaper = &program.shapers[&device("eth1")];
    let total: u64 = shaper.classes.values().map(|class| class.guarantee.octets()).sum();
    assert_eq!(total, shaper.line.octets());
    let strict: Vec<u64> = shaper
        .classes
        .iter()
        .filter(|(minor, _)| minor.is_strict())
        .map(|(_, c)| c.guarantee.octets())
        .collect();
    assert_eq!(strict, [1_875_000], "strict ones first");
}

#[test]
fn a_queue_keeps_its_class_when_others_come() {
    let (mut shares, _) = queues();
    let before = crate::classes(&shares);
    let share = shares.queues[&model::QueueName::lit("rest")];
    shares.queues.insert(model::QueueName::lit("another"), share);
    let after = crate::classes(&shares);
    assert!(before.iter().all(|(name, minor)| after[name] == *minor));
    let all: BTreeSet<Minor> = after.values().copied().collect();
    assert!(all.len() == 4 && all.iter().all(|minor| minor.is_queue()));
    assert_eq!(crate::classes(&model::InterfaceQos::default()).len(), 1);
}

#[test]
fn a_router_holds_nothing_of_a_tenant_that_has_no_customer_there() {
    let mut place = place();
    let tenant = place.tenants.get_mut(&VrfName::lit("bank")).unwrap();
    (tenant.customers, tenant.services) = Default::default();
    let program = Program::of(&usual(), &place).unwrap();
    assert!(program.routes.keys().all(|key| key.table == crate::Table::Main), "{:?}", program.routes);
    assert!(program.rules.iter().all(|rule| matches!(rule, crate::Rule::Core(_))), "{:?}", program.rules);
    // Queues are there, and what nft lists is what was written: no chain says what nobody may send to.
    let marking = program.marking.unwrap();
    assert!(marking.tenants.is_empty() && marking.core.is_empty() && marking.ports.len() == 2, "{marking:?}");
    // What is refused is refused at every router.
    let wrong = config(vec![], vec![rule(10, None, &[], 300_000)]);
    assert!(Program::of(&wrong, &place).is_err());
}

/// The kernel refuses a route over a device that is down, and with it all that is written behind it.
#[test]
fn nothing_leads_over_the_device_of_a_customer_that_is_down() {
    let mut place = place();
    place.down.insert(device("cust0"));
    let program = Program::of(&usual(), &place).unwrap();
    let over = |target: &Target| match target {
        Target::Hops(hops) => hops.iter().any(|hop| hop.device == device("cust0")),
        _ => false,
    };
    assert!(!program.routes.values().any(over), "{:?}", program.routes);
    // Nor by any other table: its packets are told that nobody is there.
    let of_customer = program.routes.keys().filter(|key| key.to == net("10.1.0.0/24"));
    assert_eq!(of_customer.count(), 0);
    let up = Program::of(&usual(), &self::place()).unwrap();
    assert_eq!(up.routes.values().filter(|target| over(target)).count(), 2, "one for each family");
    // What customers here send goes on as before, and so do SIDs, rules and marks.
    let rest: Vec<_> = up.routes.iter().filter(|(_, target)| !over(target)).collect();
    assert_eq!(program.routes.iter().collect::<Vec<_>>(), rest);
    assert_eq!((program.rules, program.marking), (up.rules, up.marking));
}

#[test]
fn a_customer_at_two_routers_is_reached_by_the_other_while_its_line_here_is_down() {
    let mut place = place();
    let tenant = place.tenants.get_mut(&VrfName::lit("bank")).unwrap();
    tenant.customers.get_mut(&device("cust0")).unwrap().prefixes.insert(net("10.3.2.0/24"));
    let own = |place: &Place| {
        let program = Program::of(&DeviceConfig::default(), place).unwrap();
        let mut found = program.routes.into_iter().filter(|(key, _)| key.to == net("10.3.2.0/24"));
        found.next().map(|(_, target)| target).unwrap()
    };
    assert!(matches!(own(&place), Target::Hops(_)));
    place.down.insert(device("cust0"));
    assert!(matches!(own(&place), Target::Encap(_)));
}

#[test]
fn a_prefix_within_another_goes_its_own_way() {
    let program = Program::of(&usual(), &place()).unwrap();
    let within = program.routes.iter().filter(|(key, _)| key.to == net("10.3.2.0/24"));
    let thrown = within.filter(|(_, target)| **target == Target::Throw).count();
    assert_eq!(thrown, 2, "no color has a policy toward r2: the lookup goes on");
}
