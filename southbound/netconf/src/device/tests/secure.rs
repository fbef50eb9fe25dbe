//! The device over TLS: the same contract, and what a transaction is told where there is no session.

use device::contract::judge;
use device::trust::{CertificatePin, ClientTls};

use super::*;
use crate::tls::TlsTarget;
use crate::tls::host::Authority;

fn tls(chamber: &Chamber) -> TlsTarget {
    let Target::Tls(target) = chamber.target() else { panic!("it is a TLS server") };
    target
}

fn to(target: TlsTarget) -> NetconfDevice {
    NetconfDevice::new(NodeId::lit("r1"), target, Options::default())
}

#[tokio::test]
async fn the_contract_is_kept_over_tls() {
    let chamber = Chamber::over_tls(&FULL).await;
    judge(&chamber).await;
    assert_eq!((chamber.locks(), chamber.is_pending()), (vec![], false));
}

#[tokio::test]
async fn an_answer_that_does_not_come_over_tls_leaves_the_outcome_unknown() {
    let short = Manners { work: Duration::from_secs(1), ..manners() };
    for fault in [Fault::Hang, Fault::Close, Fault::Garbage] {
        let chamber = Chamber::over_tls(&FULL).await;
        let mut device = device_with(&chamber, if fault == Fault::Hang { short } else { manners() });
        device.stage(ONE, &sample_edits(1)).await.unwrap();
        chamber.will("commit", fault);
        let error = device.commit(ONE, LONG).await.unwrap_err();
        assert!(error.is_outcome_unknown() && chamber.is_pending(), "{fault:?}: {error}");
        device.cancel(ONE).await.unwrap();
        assert!(chamber.truth().is_empty(), "{fault:?}");
        assert_eq!((chamber.sessions(), chamber.is_pending(), chamber.locks()), (2, false, vec![]));
    }
}

#[tokio::test]
async fn a_device_of_another_certificate_is_not_trusted_and_one_that_is_gone_is_unreachable() {
    let chamber = Chamber::over_tls(&FULL).await;
    let other = Authority::new().identity("r1.lab");
    let pin = CertificatePin::of_pem(&other.certificates_pem).unwrap();
    let pinned = TlsTarget { tls: ClientTls::pinned(pin, None).unwrap(), ..tls(&chamber) };
    let error = to(pinned).stage(ONE, &sample_edits(1)).await.unwrap_err();
    assert_eq!(error.step, Step::Connect);
    assert!(matches!(&error.kind, ErrorKind::Untrusted(why) if why.contains(&pin.to_string())), "{error}");

    let renamed = TlsTarget { server_name: "r2.lab".into(), ..tls(&chamber) };
    assert!(matches!(kind(to(renamed).read().await), ErrorKind::Untrusted(_)));

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = TlsTarget { address: free.to_string(), ..tls(&chamber) };
    assert!(matches!(kind(to(gone).read().await), ErrorKind::Unreachable(_)));
    assert_eq!(chamber.chassis().log, Vec::<String>::new(), "nobody was asked anything");
}
