//! A branch on 5G and MSTP (the CCB case): payments leave 5G when that begins to degrade, long before it takes longer than they bear, and
//! what comes then does not reach them. They are judged by what their own intent promises.

use std::{fs::read_to_string, thread, time::Duration};

use host::FlowId;

use crate::{
    promise::promised,
    stage::{Sends, Stage, root},
};

/// Packets that each flow sends in a second.
const PACE: u32 = 50;

/// What customers send from the bank to its branch.
const FLOWS: [Sends<'static>; 2] = [
    Sends {
        from: ("dc-payments", "10.1.0.2"),
        to: ("br-payments", "10.2.0.2"),
        dscp: "af41",
        pace: PACE,
        size: 200,
    },
    Sends {
        from: ("dc-office", "10.3.0.2"),
        to: ("br-office", "10.4.0.2"),
        dscp: "af21",
        pace: PACE,
        size: 200,
    },
];

#[test]
fn payments_keep_their_promise_while_5g_degrades() {
    let [network, intents] = ["lab/ccb.clab.yml", "lab/ccb/intents.yaml"].map(|name| root().join(name));
    let text = read_to_string(network).unwrap().replace("\nname: ccb\n", "\nname: NAME\n");
    let slo = promised(&text, &read_to_string(&intents).unwrap(), "payments");
    let Some(mut stage) = Stage::up("ccb", &text, &[]) else { return };
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[intents.to_str().unwrap()]);
    stage.send(&FLOWS);
    thread::sleep(Duration::from_secs(4));
    stage.calm();
    // Worse than where payments leave, and far from what they are promised: 38 ms in all.
    stage.fault(&["link", "impair", "5g", "--delay", "25ms"]);
    let moved = stage.wait("payments move", |stage| stage.events("rerouted").pop());
    let services = moved["services"].to_string();
    assert!(services.contains("payments") && !services.contains("office"), "{moved}");
    stage.fault(&["link", "impair", "5g", "--delay", "200ms", "--loss", "20%"]);
    thread::sleep(Duration::from_secs(5));
    let tallies = stage.stop();
    let [payments, office] = [1, 2].map(|flow| &tallies[&FlowId(flow)]);
    let (delay, loss) = (payments.delay.unwrap(), payments.loss().unwrap());
    let (promised_delay, promised_loss) = (slo.one_way_delay.unwrap(), slo.loss.unwrap());
    let [of_payments, of_office] = [delay.max, office.delay.unwrap().max];
    println!(
        "payments: {} packets, longest {of_payments} of {promised_delay}, p99 {}, lost {} of {promised_loss}; office: longest {of_office}, lost {}",
        payments.received,
        delay.p99,
        loss.rough(),
        office.loss().unwrap().rough()
    );
    // From the first packet to the last one.
    assert!(
        payments.received >= u64::from(PACE) * 9 * 9 / 10,
        "they were sent for 9 s at least: {payments:?}"
    );
    assert!(loss <= promised_loss, "{payments:?}");
    assert!(of_payments <= promised_delay, "{payments:?}");
    // It was worse there than payments are promised: who stayed had it.
    assert!(of_office > promised_delay && office.loss().unwrap() > promised_loss, "{office:?}");
}
