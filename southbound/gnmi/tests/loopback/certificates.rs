//! Certificates out of their time: those of devices and our own. Nobody is talked to then, and what is said tells what helps.

use std::sync::Arc;

use device::{Device as _, ErrorKind, Step};
use gnmi::tls::ClientTls;
use gnmi::{GnmiDevice, MemoryPreImages, Session, SessionError};
use model::NodeId;
use rcgen::{CertificateParams, date_time_ymd};

use crate::support::device::Device;
use crate::support::{Authority, NAME, target};

/// It was valid for a year.
fn expired(params: &mut CertificateParams) {
    (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
}

/// It will be.
fn early(params: &mut CertificateParams) {
    (params.not_before, params.not_after) = (date_time_ymd(2998, 1, 1), date_time_ymd(2999, 1, 1));
}

type Time = fn(&mut CertificateParams);

#[tokio::test]
async fn a_device_whose_certificate_is_out_of_its_time_is_refused_with_what_helps() {
    let cases: [(Time, &str, &str); 2] = [
        (expired, "it expired", "give the device a new one, or set this clock right"),
        (early, "it is valid only in", "set this clock right, or that of the machine on which"),
    ];
    for (time, fault, help) in cases {
        let authority = Authority::new();
        let identity = authority.identity_with(NAME, time);
        let running = Device::default().start_as(authority, &identity).await;
        let target = target(running.address.clone(), running.authority.client());
        let error = Session::connect(&target).await.expect_err("out of its time");
        let SessionError::CertificateRefused { why, .. } = &error else { panic!("{error}") };
        assert!(why.contains(fault) && why.contains(help) && why.contains(" days "), "{why}");

        let mut device = GnmiDevice::new(NodeId::lit("r1"), target, Arc::new(MemoryPreImages::new()));
        let error = device.read().await.expect_err("out of its time");
        assert_eq!(error.step, Step::Connect);
        assert!(matches!(&error.kind, ErrorKind::Untrusted(why) if why.contains(help)), "{error}");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_certificate_of_ours_that_is_out_of_its_time_is_told_as_ours() {
    let running = Device::default().start().await;
    for time in [expired as Time, early] {
        let ours = running.authority.identity_with("controller", time);
        let tls = ClientTls::new(&running.authority.pem(), Some(&ours)).expect("good material");
        // The refusal comes after our side of the handshake is over: it must not get lost.
        for _ in 0..5 {
            let error = Session::connect(&target(running.address.clone(), tls.clone()))
                .await
                .expect_err("out of its time");
            let SessionError::CertificateRefused { why, .. } = &error else { panic!("{error}") };
            let words =
                ["our certificate expired or not valid yet", "give the controller a new one", "clock"];
            assert!(words.iter().all(|word| why.contains(word)), "{why}");
        }
    }
    running.stop().await;
}
