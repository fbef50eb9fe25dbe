//! Programs in real kernels: three routers in a row, each a network namespace, between two customers.
//!
//! Needs root, `ip`, `tc` and `nft`; says why it is skipped elsewhere. Nothing of the host is touched but the names of namespaces, which
//! begin with `tlk` and the number of this process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ground;
mod traffic;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use ground::{Ground, R1, R2, R3};
use kernel::{Behaviour, Program, Target, Write};
use model::{DeviceConfig, InterfaceName, QueueName, SrPolicy};
use traffic::{Stream, ping};

/// Runs a test on a ground of its own, or says why not.
fn on_ground<F: Future<Output = ()>>(csid: bool, test: impl FnOnce(Ground) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        match Ground::lay(csid).await {
            Ok(ground) => test(ground).await,
            Err(why) => println!("skipped: {why}"),
        }
    });
}

/// Packets that were counted at a SID of a router.
async fn counted(ground: &Ground, router: usize, sid: &str) -> u64 {
    let counters = ground.routers[router].namespace.counters().await.unwrap();
    let sid = sid.parse().unwrap();
    counters.sids.get(&sid).unwrap_or_else(|| panic!("no counter for {sid}: {:?}", counters.sids)).packets
}

async fn steers(ground: Ground, voice: &[&str], at_r2: &str) {
    let config = ground::steered(voice);
    ground.configure(R1, &config).await;
    let before = counted(&ground, R2, at_r2).await;
    for (address, dscp, moves) in [
        ("10.3.0.2", "ef", true),
        ("10.3.0.2", "be", false),
        ("2001:db8:3::2", "ef", true),
        ("2001:db8:3::2", "be", false),
    ] {
        let start = counted(&ground, R2, at_r2).await;
        ping(&ground, address, dscp, 20).await;
        let moved = counted(&ground, R2, at_r2).await - start;
        assert_eq!(moved, if moves { 20 } else { 0 }, "{address} {dscp} at {at_r2}");
    }
    assert_eq!(counted(&ground, R2, at_r2).await - before, 40);
    let at_r2 = ground.routers[R2].namespace.counters().await.unwrap().sids[&at_r2.parse().unwrap()];
    assert!(matches!(at_r2.behaviour, Some(Behaviour::EndX { .. })), "{at_r2:?}");
    let errors: u64 = {
        let counters = ground.routers[R3].namespace.counters().await.unwrap();
        counters.sids.values().map(|sid| sid.errors).sum()
    };
    assert_eq!(errors, 0);
}

#[test]
fn what_is_steered_takes_the_segments_and_the_rest_the_igp() {
    on_ground(false, |ground| steers(ground, &["fc00:0:2:e001::"], "fc00:0:2:e001::/128"));
}

#[test]
fn a_prefix_is_steered_and_what_is_beside_it_is_not() {
    on_ground(false, |ground| async move {
        // Addresses beside those that h3 has.
        for address in ["10.3.0.3/24", "2001:db8:3::3/64"] {
            let words = ["-n", ground.h3.name(), "addr", "add", address, "dev", "eth1"];
            let nodad = if address.contains(':') { &["nodad"][..] } else { &[] };
            let added = std::process::Command::new("ip").args(words).args(nodad).output().unwrap();
            assert!(added.status.success(), "{address}: {}", String::from_utf8_lossy(&added.stderr));
        }
        let mut config = ground::steered(&["fc00:0:2:e001::"]);
        let rule = config.steering.values().next().unwrap().clone();
        // By prefix alone, whatever the code point; the other family by prefix and code point.
        for (sequence, prefix, dscp) in
            [(10, "10.3.0.2/32", BTreeSet::new()), (20, "2001:db8:3::2/128", rule.dscp.clone())]
        {
            let mut rule = rule.clone();
            (rule.key.sequence, rule.prefix, rule.dscp) = (sequence, prefix.parse().ok(), dscp);
            config.steering.insert(rule.key.clone(), rule);
        }
        ground.configure(R1, &config).await;
        for (address, dscp, moves) in [
            ("10.3.0.2", "ef", true),
            ("10.3.0.2", "be", true),
            ("10.3.0.3", "ef", false),
            ("2001:db8:3::2", "ef", true),
            ("2001:db8:3::2", "be", false),
            ("2001:db8:3::3", "ef", false),
        ] {
            let before = counted(&ground, R2, "fc00:0:2:e001::/128").await;
            ping(&ground, address, dscp, 10).await;
            let moved = counted(&ground, R2, "fc00:0:2:e001::/128").await - before;
            assert_eq!(moved, if moves { 10 } else { 0 }, "{address} {dscp}");
        }
    });
}

#[test]
fn the_first_segment_may_be_a_link_of_the_headend() {
    on_ground(false, |ground| async move {
        ground.configure(R1, &ground::steered(&["fc00:0:1:e000::", "fc00:0:2:e001::"])).await;
        ping(&ground, "10.3.0.2", "ef", 20).await;
        ping(&ground, "2001:db8:3::2", "ef", 20).await;
        assert_eq!(counted(&ground, R1, "fc00:0:1:e000::/128").await, 40);
        assert_eq!(counted(&ground, R2, "fc00:0:2:e001::/128").await, 40);
    });
}

#[test]
fn a_whole_path_travels_in_one_address() {
    on_ground(true, |ground| steers(ground, &["fc00:0:2:e001:3::"], "fc00:0:2:e001::/64"));
}

#[test]
fn the_outer_header_has_the_code_point_of_what_is_inside() {
    on_ground(false, |ground| async move {
        let mut config = ground::steered(&["fc00:0:2:1::"]);
        let (shares, classifier) = ground::queues();
        let voice = kernel::classes(&shares)[&QueueName::lit("voice")];
        config.qos.insert(InterfaceName::lit("eth2"), shares);
        config.classifier = Some(classifier);
        // At r2 there is nothing but the outer header to go by.
        ground.configure(R1, &ground::steered(&["fc00:0:2:1::"])).await;
        ground
            .configure(
                R2,
                &DeviceConfig { qos: config.qos, classifier: config.classifier, ..DeviceConfig::default() },
            )
            .await;
        for address in ["10.3.0.2", "2001:db8:3::2"] {
            let in_voice = || async {
                let counters = ground.routers[R2].namespace.counters().await.unwrap();
                counters.classes[&("eth2".parse().unwrap(), voice)].packets
            };
            let before = in_voice().await;
            ping(&ground, address, "ef", 10).await;
            assert_eq!(in_voice().await - before, 10, "{address}");
            ping(&ground, address, "be", 10).await;
            assert_eq!(in_voice().await - before, 10, "{address}");
        }
    });
}

/// The same policy over other segments.
fn over(config: &DeviceConfig, sids: &[&str]) -> DeviceConfig {
    let mut config = config.clone();
    for policy in config.policies.values_mut() {
        let lists = policy.candidates.iter_mut().flat_map(|path| &mut path.lists);
        lists.for_each(|list| list.sids = sids.iter().map(|sid| sid.parse().unwrap()).collect());
    }
    config
}

#[test]
fn a_policy_is_replaced_without_a_packet_lost_in_under_10_ms() {
    on_ground(false, |ground| async move {
        let one = ground::steered(&["fc00:0:2:1::"]);
        let two = over(&one, &["fc00:0:2:e001::"]);
        ground.configure(R1, &one).await;
        let stream = Stream::start(&ground, "ef", 2_000, 200).await;
        let mut took = Vec::new();
        for turn in 0..40 {
            let (from, to) = if turn % 2 == 0 { (&one, &two) } else { (&two, &one) };
            let [from, to] = [from, to].map(|config| Program::of(config, &ground.routers[R1].place).unwrap());
            let writes = Program::changes(&from, &to);
            let is_route = |write: &Write| matches!(write, Write::Route { replaces: true, .. });
            assert!(writes.len() == 2 && writes.iter().all(is_route), "one for each family: {writes:?}");
            #[expect(clippy::disallowed_methods, reason = "a test measures")]
            let start = Instant::now();
            ground.routers[R1].namespace.write(&writes).await.unwrap();
            took.push(start.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (sent, received) = stream.stop().await;
        took.sort();
        println!("replaced 40 times: median {:?}, longest {:?}; {sent} packets sent", took[20], took[39]);
        assert!(sent > 1_000, "only {sent} packets");
        assert_eq!(received, sent, "packets lost");
        assert!(took[20] < Duration::from_millis(10), "{took:?}");
        // Both ways were in use.
        assert!(counted(&ground, R2, "fc00:0:2:1::/128").await > 100);
        assert!(counted(&ground, R2, "fc00:0:2:e001::/128").await > 100);
    });
}

#[test]
fn marks_and_policies_change_together_without_a_packet_lost() {
    on_ground(false, |ground| async move {
        let one = ground::steered(&["fc00:0:2:1::"]);
        // Another color, another rule before the first, other segments for both.
        let mut two = over(&one, &["fc00:0:2:e001::"]);
        let (key, policy) = two.policies.iter().next().map(|(key, policy)| (*key, policy.clone())).unwrap();
        let color = 1001.try_into().unwrap();
        let key = model::PolicyKey { color, ..key };
        two.policies.insert(key, SrPolicy { key, ..policy });
        let mut rule = two.steering.values().next().unwrap().clone();
        (rule.key.sequence, rule.color) = (1, color);
        two.steering.insert(rule.key.clone(), rule);
        ground.configure(R1, &one).await;
        let stream = Stream::start(&ground, "ef", 2_000, 200).await;
        for turn in 0..10 {
            ground.configure(R1, if turn % 2 == 0 { &two } else { &one }).await;
        }
        let (sent, received) = stream.stop().await;
        assert!(sent > 100, "only {sent} packets");
        assert_eq!(received, sent, "packets lost");
    });
}

#[test]
fn a_restart_writes_nothing_and_what_was_changed_by_hand_is_mended() {
    on_ground(true, |ground| async move {
        let mut config = ground::steered(&["fc00:0:2:e001:3::"]);
        let policy = config.policies.values_mut().next().unwrap();
        policy.binding_sid = "fc00:0:1:4000::".parse().ok();
        let mut other = policy.candidates[0].lists[0].clone();
        (other.weight, other.sids) = (3, vec!["fc00:0:2:1::".parse().unwrap()]);
        policy.candidates[0].lists.push(other);
        let (shares, classifier) = ground::queues();
        config.qos.insert(InterfaceName::lit("eth1"), shares);
        config.classifier = Some(classifier);
        ground.configure(R1, &config).await;
        let router = &ground.routers[R1];
        let wanted = Program::of(&config, &router.place).unwrap();
        let again = kernel::live::Namespace::open(router.namespace.name()).await.unwrap();
        let held = again.read().await.unwrap();
        assert_eq!(held, wanted);
        assert_eq!(again.write(&Program::changes(&held, &wanted)).await.unwrap().total(), 0);
        // Hands in it.
        ground.run(R1, &["ip", "-6", "route", "del", "fc00:0:1:1::/128", "metric", "128"]).await;
        ground.run(R1, &["nft", "add rule inet trunkline leave counter"]).await;
        ground
            .run(
                R1,
                &[
                    "tc", "class", "change", "dev", "eth1", "parent", "7400:1", "classid", "7400:2", "htb",
                    "rate", "1mbit", "ceil", "20mbit",
                ],
            )
            .await;
        ground.run(R1, &["ip", "rule", "del", "pref", "2000"]).await;
        let held = again.read().await.unwrap();
        let writes = Program::changes(&held, &wanted);
        assert_eq!(writes.len(), 4, "{writes:?}");
        let counts = again.write(&writes).await.unwrap();
        assert_eq!((counts.routes, counts.rules, counts.marks, counts.queues), (1, 1, 1, 1));
        assert_eq!(again.read().await.unwrap(), wanted);
        // And all of it goes.
        again.write(&Program::changes(&wanted, &Program::default())).await.unwrap();
        assert_eq!(again.read().await.unwrap(), Program::default());
    });
}

#[test]
fn a_rule_with_our_number_that_is_none_of_ours_goes() {
    on_ground(false, |ground| async move {
        let router = &ground.routers[R1];
        let wanted = Program::of(&DeviceConfig::default(), &router.place).unwrap();
        let strange = "ip rule add pref 77 from 10.0.0.0/8 lookup main protocol 84";
        let words: Vec<&str> = strange.split(' ').collect();
        // The kernel takes no rule twice: it went in between.
        for _ in 0..2 {
            ground.run(R1, &words).await;
            assert_eq!(router.namespace.read().await.unwrap(), wanted);
        }
    });
}

#[test]
fn a_router_without_customers_reads_back_as_it_was_written() {
    on_ground(false, |ground| async move {
        let Ground { routers, .. } = &ground;
        // As agents are posted: every router knows every tenant.
        let mut bank = routers[R1].place.tenants.clone();
        bank.values_mut().for_each(|tenant| {
            tenant.customers.clear();
            tenant.services.clear();
        });
        let (namespace, mut place) = (&routers[R2].namespace, routers[R2].place.clone());
        for tenants in [place.tenants.clone(), bank] {
            place.tenants = tenants;
            let wanted = Program::of(&DeviceConfig::default(), &place).unwrap();
            let held = namespace.read().await.unwrap();
            assert_eq!(namespace.write(&Program::changes(&held, &wanted)).await.unwrap().total(), 0);
            assert_eq!(held, wanted);
        }
    });
}

#[test]
fn a_queue_keeps_its_guarantee() {
    on_ground(false, |ground| async move {
        let mut config = ground::steered(&["fc00:0:2:1::"]);
        let (shares, classifier) = ground::queues();
        config.qos.insert(InterfaceName::lit("eth1"), shares);
        config.classifier = Some(classifier);
        ground.configure(R1, &config).await;
        // Offered on a line of 20 Mbit/s: 2 of voice, 24 of production, 24 of the rest, for two seconds.
        let offers = [("ef", 250, 200), ("af41", 3_000, 1_000), ("be", 3_000, 1_000)];
        let mut streams = Vec::new();
        for (dscp, packets_a_second, size) in offers {
            streams.push((dscp, Stream::start(&ground, dscp, packets_a_second, size).await));
        }
        let minors = kernel::classes(&ground::queues().0);
        let class = |queue: &str| ("eth1".parse().unwrap(), minors[&QueueName::lit(queue)]);
        let count = || async { ground.routers[R1].namespace.counters().await.unwrap().classes };
        tokio::time::sleep(Duration::from_millis(300)).await;
        let before = count().await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let after = count().await;
        let octets = |queue: &str| after[&class(queue)].octets - before[&class(queue)].octets;
        let (production, rest) = (octets("production"), octets("rest"));
        println!("in 1.5 s: {production} octets of production, {rest} of the rest");
        // 12 promised and three quarters of what is left, to 1 promised and a quarter: 15 to 2, and of what voice leaves too.
        assert!(production > 5 * rest && production < 9 * rest, "{production} to {rest}");
        assert!(after[&class("rest")].drops > before[&class("rest")].drops, "the line was not full");
        for (dscp, stream) in streams {
            let (sent, received) = stream.stop().await;
            println!("{dscp}: {sent} sent, {received} received");
            assert!(dscp != "ef" || (sent == received && sent > 300), "voice loses nothing");
        }
    });
}

#[test]
fn queues_come_change_and_go_without_a_packet_lost() {
    on_ground(false, |ground| async move {
        let bare = ground::steered(&["fc00:0:2:1::"]);
        let promised = |megabits: u64| {
            let (mut shares, classifier) = ground::queues();
            let production = shares.queues.get_mut(&QueueName::lit("production")).unwrap();
            production.guarantee = model::Bandwidth::from_bps(megabits * 1_000_000);
            let mut config = bare.clone();
            config.qos.insert(InterfaceName::lit("eth1"), shares);
            config.classifier = Some(classifier);
            config
        };
        // The root comes before anything is sent.
        ground.configure(R1, &bare).await;
        // 2 Mbit/s of voice and 9 of production, of the line's 20.
        let voice = Stream::start(&ground, "ef", 1_000, 200).await;
        let production = Stream::start(&ground, "af41", 1_000, 1_000).await;
        for _ in 0..5 {
            for config in [&promised(12), &promised(6), &bare] {
                ground.configure(R1, config).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        for (name, stream) in [("voice", voice), ("production", production)] {
            let (sent, received) = stream.stop().await;
            println!("{name}: {sent} sent, {received} received");
            assert!(sent > 500, "only {sent} packets of {name}");
            assert_eq!(received, sent, "packets of {name} were lost");
        }
    });
}

#[test]
fn weights_divide_flows() {
    on_ground(false, |ground| async move {
        let mut config = ground::steered(&["fc00:0:2:1::"]);
        let policy = config.policies.values_mut().next().unwrap();
        let mut other = policy.candidates[0].lists[0].clone();
        (other.weight, other.sids) = (3, vec!["fc00:0:2:e001::".parse().unwrap()]);
        policy.candidates[0].lists.push(other);
        ground.configure(R1, &config).await;
        for (from, to) in [("10.1.0.2", "10.3.0.2"), ("2001:db8:1::2", "2001:db8:3::2")] {
            let [one, three] = shares(&ground, from, to).await;
            println!("from {from}: {one} flows to {three}");
            assert_eq!(one + three, 2_000);
            assert!((1_425..=1_575).contains(&three), "{three} of 2000");
        }
    });
}

/// How many of 2,000 flows took each list.
async fn shares(ground: &Ground, from: &'static str, to: &'static str) -> [u64; 2] {
    let now = || async {
        [counted(ground, R2, "fc00:0:2:1::/128").await, counted(ground, R2, "fc00:0:2:e001::/128").await]
    };
    let before = now().await;
    traffic::flows(ground, from, to, "ef", 2_000).await;
    let after = now().await;
    [after[0] - before[0], after[1] - before[1]]
}

#[test]
fn an_interface_that_was_down_comes_back() {
    on_ground(false, |ground| async move {
        let config = ground::steered(&["fc00:0:2:1::"]);
        ground.configure(R1, &config).await;
        let Ground { routers, .. } = &ground;
        let (namespace, mut place) = (&routers[R1].namespace, routers[R1].place.clone());
        let up = Program::of(&config, &place).unwrap();
        ground.run(R1, &["ip", "link", "set", "dev", "eth1", "down"]).await;
        place.ports.get_mut(&InterfaceName::lit("eth1")).unwrap().up = false;
        let down = Program::of(&config, &place).unwrap();
        // The kernel took the routes over eth1 away itself; nobody minds.
        let counts = namespace.write(&Program::changes(&up, &down)).await.unwrap();
        assert!(counts.routes >= 2, "{counts:?}");
        assert_eq!(namespace.routes().await.unwrap(), down.routes);
        ground.run(R1, &["ip", "link", "set", "dev", "eth1", "up"]).await;
        namespace.write(&Program::changes(&down, &up)).await.unwrap();
        assert_eq!(namespace.read().await.unwrap(), up);
        ping(&ground, "10.3.0.2", "ef", 5).await;
        ping(&ground, "2001:db8:3::2", "be", 5).await;
    });
}

#[test]
fn errors_name_the_object_the_namespace_and_the_kernels_words() {
    on_ground(false, |ground| async move {
        let namespace = &ground.routers[R1].namespace;
        let key = kernel::RouteKey { table: kernel::Table::Main, to: "2001:db8:77::/48".parse().unwrap() };
        let hop = kernel::Hop { device: "eth1".parse().unwrap(), via: "2001:db8:dead::1".parse().ok() };
        let target = Target::Hops([hop].into());
        let wrong = Write::Route { key, target, replaces: false };
        let error = namespace.write(&[wrong]).await.unwrap_err().to_string();
        assert!(error.contains(namespace.name()), "{error}");
        assert!(
            error.contains(
                "ip -6 route add 2001:db8:77::/48 metric 128 proto 84 via 2001:db8:dead::1 dev eth1"
            ),
            "{error}"
        );
        assert!(error.contains("No route to host") || error.contains("Invalid argument"), "{error}");
        let error = kernel::live::Namespace::open("tlk-nobody").await.unwrap_err().to_string();
        assert!(error.contains("/run/netns/tlk-nobody"), "{error}");
        let unclass = Write::Unclass { device: "eth2".parse().unwrap(), minor: kernel::Minor(0x1001) };
        let error = namespace.write(&[unclass]).await.unwrap_err().to_string();
        assert!(error.contains("tc class del dev eth2 classid 7400:1001"), "{error}");
    });
}
