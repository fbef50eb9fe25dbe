//! The contract in every dialect, and what a dialect has no words for.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use device::contract::judge;
use dialects::{Feature, Support};
use model::SteeringRule;

use super::*;

/// The box's own in the policies of others.
pub(super) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

/// What the contract puts on a device of the dialect: all that its table has.
pub(super) fn edits(dialect: Dialect, number: u32) -> Vec<Edit> {
    // Where no rule looks at code points, it goes by its prefix alone.
    let plain = |edit: Edit| match (edit, dialect.support(Feature::DscpSteering)) {
        (Edit::PutSteering(rule), Support::Missing(_)) => {
            Edit::PutSteering(SteeringRule { dscp: BTreeSet::new(), ..rule })
        }
        (other, _) => other,
    };
    sample_edits(number).into_iter().map(plain).filter(|edit| dialect.carries(edit)).collect()
}

#[tokio::test]
async fn the_contract_is_kept_in_every_dialect() {
    for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.has_words()) {
        let chamber = Chamber::speaking(dialect, &FULL).await;
        let foreign = chamber.holds().1;
        assert_eq!(foreign.policies.len(), 1, "{dialect}");
        judge(&chamber).await;
        assert_eq!(chamber.locks(), [], "{dialect}");
        assert_eq!(chamber.holds().1, foreign, "{dialect}: what is not ours was touched");
    }
}

#[tokio::test]
async fn what_a_dialect_cannot_say_is_refused_before_anything_is_locked() {
    for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.needs_held()) {
        let chamber = Chamber::speaking(dialect, &FULL).await;
        let mut device = device(&chamber);
        let error = device.stage(ONE, &sample_edits(1)).await.unwrap_err();
        let ErrorKind::Unsupported(text) = &error.kind else { panic!("{dialect}: {error}") };
        assert!(text.starts_with(&format!("dialect {dialect} cannot carry ")), "{text}");
        assert_eq!(error.step, Step::Stage);
        assert_eq!(chamber.chassis().log, ["get-config"], "{dialect}");
        device.cancel(ONE).await.unwrap();
        device.stage(TWO, &edits(dialect, 1)).await.unwrap();
        assert_eq!(chamber.sessions(), 1, "{dialect}: a refusal costs no session");
    }
}

#[tokio::test]
async fn a_change_that_comes_to_nothing_is_carried_out_without_an_edit() {
    let chamber = Chamber::speaking(Dialect::Huawei, &FULL).await;
    let mut config = DeviceConfig::default();
    edits(Dialect::Huawei, 1).iter().for_each(|edit| edit.apply(&mut config));
    let mut device = device(&chamber);
    device.stage(ONE, &removal(&config)).await.unwrap();
    device.commit(ONE, LONG).await.unwrap();
    device.confirm(ONE).await.unwrap();
    assert!(!chamber.chassis().log.contains(&"edit-config".into()), "{:?}", chamber.chassis().log);
    assert_eq!((chamber.locks(), chamber.is_pending()), (vec![], false));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_no_empty_device() {
    let chamber = Chamber::speaking(Dialect::Huawei, &FULL).await;
    let mut device = device(&chamber);
    device.stage(ONE, &edits(Dialect::Huawei, 1)).await.unwrap();
    device.commit(ONE, LONG).await.unwrap();
    device.confirm(ONE).await.unwrap();
    chamber.garble("sid-value-1");
    let error = device.stage(TWO, &edits(Dialect::Huawei, 2)).await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Garbage(why) if why.contains("a label")), "{error}");
    assert_eq!(chamber.locks(), []);
}

#[tokio::test]
async fn no_vrf_is_made_for_a_rule_that_has_none() {
    let chamber = Chamber::speaking(Dialect::Huawei, &FULL).await;
    let foreign = chamber.holds().1;
    let strange = |edit: Edit| match edit {
        Edit::PutSteering(mut rule) => {
            rule.key.vrf = "misspelt".parse().unwrap();
            Edit::PutSteering(rule)
        }
        other => other,
    };
    let strange: Vec<Edit> = edits(Dialect::Huawei, 1).into_iter().map(strange).collect();
    let mut device = device(&chamber);
    let ErrorKind::Unsupported(text) = kind(device.stage(ONE, &strange).await) else { panic!() };
    assert!(text.starts_with("vrf misspelt has no routing table for 10.16.0.0/16"), "{text}");
    assert_eq!(chamber.chassis().log, ["get-config"]);
    device.cancel(ONE).await.unwrap();
    assert_eq!(chamber.holds(), (DeviceConfig::default(), foreign));
}
