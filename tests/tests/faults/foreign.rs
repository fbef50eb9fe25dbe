//! What others put on the routers: that the tests would notice if the controller touched it, and that it is told of it.

use model::DeviceReading;
use router::{
    datastore::store::{Confirmation, SetOp},
    router::Author,
};

use crate::{
    inside::devices,
    lab::{FAULTY, Lab, Speaks},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_somebody_elses_is_missed_when_it_is_gone() {
    let lab = Lab::start(Speaks::Netconf).await;
    assert_eq!(lab.touched(), None);
    let router = lab.router(FAULTY);
    router.change(Author::Server, |store, now| store.set(&[SetOp::Clear], Confirmation::Final, now)).unwrap();
    let missed = lab.touched().unwrap();
    assert!(missed.contains(FAULTY) && missed.contains("Deleted"), "{missed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_controller_reads_what_is_somebody_elses_and_calls_it_foreign() {
    let lab = Lab::start(Speaks::Netconf).await;
    for (node, handle) in devices(&lab) {
        let DeviceReading::Read { owned, foreign, .. } = handle.read().await.unwrap() else {
            panic!("{node}")
        };
        assert!(owned.is_empty(), "{node}: {owned:?}");
        assert_eq!(foreign.policies.values().collect::<Vec<_>>(), ["ops-by-hand"], "{node}");
        assert_eq!((foreign.steering.len(), foreign.qos.len()), (1, 1), "{node}: {foreign:?}");
    }
}
