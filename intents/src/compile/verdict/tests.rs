use model::{Bandwidth, Hints, ServiceId, Verdict};

use crate::tests::{CLASSES, compiled, minimal_ted, service, set_of};

const ENDS: &str = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";

#[test]
fn what_is_spare_is_left_beside_everything_that_is_planned() {
    let of = |name: &str, mbps: u32| {
        let prefer = "  path: {prefer: [{affinity: line1}]}";
        let rest =
            format!("{ENDS}\n  match: [{{prefix: 10.{mbps}.0.0/16, source: 10.{mbps}.0.0/16}}]\n{prefer}");
        service(name, &format!("{rest}\n  slo: {{bandwidth: {mbps}Mbps}}"))
    };
    let (first, second) = (of("a", 20), of("b", 30));
    let ted = minimal_ted();
    let done = compiled(&set_of(&[CLASSES, &first, &second], &ted), &ted, &Hints::default());
    let mbps = |rate: Bandwidth| rate.as_bps() / 1_000_000;
    let told = |name: &str| {
        let Verdict::Carried { directions, .. } = &done.verdicts[&ServiceId::lit(name)] else {
            panic!("{name}")
        };
        let backup = directions[0].backup.as_ref().unwrap();
        let free = directions[0].primary.why.iter().find(|why| why.starts_with("free bandwidth")).unwrap();
        (mbps(directions[0].primary.path.spare), mbps(backup.path.spare), free.clone())
    };
    // Line 1 has 100 Mbit/s, and so has line 2, over which both backups lead and nothing is carried.
    assert_eq!(told("a"), (50, 100, "free bandwidth 100Mbps, 20Mbps promised".to_owned()));
    assert_eq!(told("b"), (50, 100, "free bandwidth 80Mbps, 30Mbps promised".to_owned()));
}
