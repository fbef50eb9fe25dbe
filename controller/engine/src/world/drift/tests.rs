//! What is noted of one device changes what is known of that one alone, and as it would be if all were compared.

use intents::Compilation;
use model::{Allocations, Hints, Timestamp, state::Foreign};

use super::*;
use crate::{cycle, stages::Files};

fn compiled() -> Compilation {
    let network = include_str!("../../../../../intents/examples/minimal/network.yaml");
    let ted = formats::read("network.yaml", network).unwrap().ted;
    let classes = include_str!("../../../../../intents/examples/minimal/classes.yaml");
    let services = include_str!("../../../../../intents/examples/minimal/services.yaml");
    let files: Files = [("classes.yaml", classes), ("services.yaml", services)]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into();
    let (set, _) = cycle::understand(&files, &ted, intents::AsOf::default()).unwrap();
    let ids = crate::stages::number(&set, &Allocations::default()).unwrap();
    intents::compile(&set, &ted, &Hints::default(), &ids)
}

fn holding(desired: &DesiredState) -> ActualState {
    let read = |held: &model::DeviceConfig| DeviceReading::Read {
        owned: held.clone(),
        foreign: Foreign::default(),
        at: Timestamp::default(),
    };
    let devices = desired.devices.iter().map(|(node, held)| (node.clone(), read(held)));
    ActualState { devices: devices.collect(), ..ActualState::default() }
}

/// A device that loses all that leads traffic into policies.
fn forget(actual: &mut ActualState, node: &NodeId) {
    let Some(DeviceReading::Read { owned, .. }) = actual.devices.get_mut(node) else { panic!("{node}") };
    owned.steering.clear();
}

#[test]
fn one_device_is_compared_alone_and_its_services_are_known() {
    let Compilation { desired, verdicts, .. } = compiled();
    let steered: Vec<NodeId> = desired
        .devices
        .iter()
        .filter(|(_, held)| !held.steering.is_empty())
        .map(|(node, _)| node.clone())
        .collect();
    let mut actual = holding(&desired);
    let mut drift = Drift::of(&desired, &actual, &verdicts);
    assert!(drift.findings.is_empty() && drift.is_whole());
    for node in &steered {
        forget(&mut actual, node);
        let fresh = drift.update(&BTreeSet::from([node.clone()]), &desired, &actual, &verdicts);
        assert!(
            !fresh.is_empty() && fresh.iter().all(|finding| finding.subject == node.as_str()),
            "{fresh:?}"
        );
        let led: Vec<&ServiceId> = verdicts
            .iter()
            .filter(|(_, verdict)| match verdict {
                Verdict::Carried { directions, .. } => directions.iter().any(|way| way.from == *node),
                Verdict::Refused { .. } => false,
            })
            .map(|(id, _)| id)
            .collect();
        assert!(!led.is_empty());
        assert_eq!(drift.led_astray(node).iter().collect::<Vec<_>>(), led);
    }
    let whole = Drift::of(&desired, &actual, &verdicts);
    assert_eq!(drift.findings, whole.findings, "as if all were compared at once");
    for node in desired.devices.keys() {
        assert_eq!(drift.led_astray(node), whole.led_astray(node));
        assert_eq!(drift.of_device(node), whole.of_device(node));
    }
    // It was told, and is over when the device holds it again.
    let first = BTreeSet::from([steered[0].clone()]);
    assert!(drift.update(&first, &desired, &actual, &verdicts).is_empty());
    assert!(drift.update(&first, &desired, &holding(&desired), &verdicts).is_empty());
    assert!(drift.of_device(&steered[0]).is_empty() && drift.led_astray(&steered[0]).is_empty());
}
