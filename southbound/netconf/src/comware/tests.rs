//! The library over our sessions, against boxes that answer as Comware does.

mod chassis;
mod device;
mod wire;

use std::time::Duration;

use model::{InterfaceName, Measure, NodeId, Sample, Timestamp};

use super::*;
use crate::ns;
use crate::rpc::{Rpc, RpcReply};
use crate::rpc_error::{ErrorTag, ErrorType, RpcError, RpcErrors};
use crate::session::{self, Cause, End};
use crate::xml::Limits;
use chassis::{Answer, INTERFACES, MONITORING, PORTS, VLANS, comware, comware_within, data, soon};

/// What the device was asked, each operation as text.
fn asked(log: &[Rpc]) -> Vec<String> {
    log.iter().map(|rpc| rpc.operation.to_xml()).collect()
}

#[tokio::test]
async fn interfaces_are_read_with_what_people_set_on_them() {
    let (device, served) = comware(|rpc| data(rpc, INTERFACES)).await;
    let interfaces = device.interfaces(soon()).await.unwrap();
    let bare = Interface {
        index: 634,
        description: None,
        vlan: None,
        mtu: None,
        link_type: None,
        layer: Some(Layer::Routed),
    };
    let set = Interface {
        index: 1,
        description: Some("to hq-pe1 <fast>".into()),
        vlan: Some(7),
        mtu: Some(9000),
        link_type: Some(LinkType::Trunk),
        layer: Some(Layer::Bridged),
    };
    let hybrid = Interface {
        index: 2,
        description: None,
        link_type: Some(LinkType::Other(3)),
        layer: Some(Layer::Bridged),
        ..bare.clone()
    };
    assert_eq!(interfaces, [set, hybrid, bare]);
    // Twice over one session, each with a message-id of the session and not with the library's, which is always 100.
    device.interfaces(soon()).await.unwrap();
    drop(device);
    let log = served.await.unwrap();
    assert_eq!(log.iter().map(|rpc| rpc.message_id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    let wanted = "<get-config xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><source><running/></source><filter type=\"subtree\">\
                  <top xmlns=\"http://www.h3c.com/netconf/config:1.0\"><Ifmgr/></top></filter></get-config>";
    assert_eq!(asked(&log), [wanted, wanted]);
}

#[tokio::test]
async fn vlans_are_read_and_a_device_without_any_has_none() {
    let vlan = |id, description: Option<&str>| Vlan { id, description: description.map(str::to_owned) };
    let (device, _served) = comware(|rpc| data(rpc, VLANS)).await;
    assert_eq!(device.vlans(soon()).await.unwrap(), [vlan(1, None), vlan(4094, Some("branch"))]);
    let (device, _served) = comware(|rpc| data(rpc, "")).await;
    assert!(device.vlans(soon()).await.unwrap().is_empty());
    for id in ["0", "4095", "x", ""] {
        let one = format!("<top><VLAN><VLANs><VLANID><ID>{id}</ID></VLANID></VLANs></VLAN></top>");
        let (device, _served) = comware(move |rpc| data(rpc, &one)).await;
        let error = device.vlans(soon()).await.unwrap_err();
        assert!(matches!(error, ComwareError::Unreadable(_)), "{id}: {error}");
    }
}

#[tokio::test]
async fn the_schemas_that_a_device_lists_are_read() {
    let (device, _served) = comware(|rpc| data(rpc, MONITORING)).await;
    let information = device.information(soon()).await.unwrap();
    assert_eq!(
        information.schemas.iter().map(String::as_str).collect::<Vec<_>>(),
        ["Ifmgr-config@2015-05-07", "Ifmgr-data"]
    );
    assert!(information.capabilities.contains(ns::CAP_BASE_1_0), "{information:?}");
}

#[tokio::test]
async fn names_and_states_come_by_a_request_of_ours_and_are_samples() {
    let (device, served) = comware(|rpc| data(rpc, PORTS)).await;
    let ports = device.ports(soon()).await.unwrap();
    let (one, two) = (InterfaceName::lit("GigabitEthernet1/0/1"), InterfaceName::lit("GigabitEthernet1/0/2"));
    let port = |index, name: &InterfaceName, up| Port { index, name: name.clone(), up };
    let three = InterfaceName::lit("NULL0");
    assert_eq!(ports, [port(1, &one, Some(true)), port(2, &two, Some(false)), port(634, &three, None)]);
    let (node, at) = (NodeId::lit("r1"), Timestamp::from_micros(7));
    let sample = |interface, up| Sample { node: node.clone(), interface, at, measure: Measure::Up(up) };
    assert_eq!(samples(&node, &ports, at), [sample(one, true), sample(two, false)], "unknown is no sample");
    drop(device);
    let asked = asked(&served.await.unwrap()).concat();
    assert!(asked.contains("<IfIndex/><Name/><OperStatus/>"), "{asked}");
}

fn refusal() -> RpcErrors {
    let one = RpcError::new(ErrorType::Application, ErrorTag::OperationFailed, "VLAN is reserved");
    let two = RpcError::new(ErrorType::Protocol, ErrorTag::AccessDenied, "and not for you");
    RpcErrors(vec![one, two])
}

#[tokio::test]
async fn an_error_in_a_reply_is_what_the_caller_gets_though_the_library_drops_it() {
    let refuse = |rpc: &Rpc| Answer::Say(RpcReply::errors(rpc, refusal()).to_xml());
    let (device, _served) = comware(refuse).await;
    let wanted = ComwareError::Call(CallError::Refused(refusal()));
    assert_eq!(device.interfaces(soon()).await.unwrap_err(), wanted);
    assert!(matches!(wanted.kind(), ErrorKind::Refused(text) if text.contains("not for you")));
    // The library calls this one done, whatever the device says.
    let edit = device.lend(&[], soon()).drive(|device| h3c::create_vlan(device, 7, "x")).await;
    assert_eq!(edit.unwrap_err(), wanted);
    // Also where it carries on: of two errors the first.
    let mut number = 0_u32;
    let (device, served) = comware(move |rpc| {
        number += 1;
        let error = RpcError::new(ErrorType::Rpc, ErrorTag::Other(number.to_string()), "no");
        Answer::Say(RpcReply::errors(rpc, error).to_xml())
    })
    .await;
    let both = |device: &mut netconf_rs::Connection| {
        let _ = h3c::create_vlan(device, 7, "x");
        let _ = h3c::create_vlan(device, 8, "y");
        Ok(())
    };
    let error = device.lend(&[], soon()).drive(both).await.unwrap_err();
    assert!(error.to_string().contains("1 (rpc): no"), "{error}");
    drop(device);
    assert_eq!(served.await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_answer_that_the_library_cannot_read_is_an_error_with_words_and_costs_no_session() {
    let interface = |inside: &str| {
        format!("<top><Ifmgr><Interfaces><Interface>{inside}</Interface></Interfaces></Ifmgr></top>")
    };
    for (answer, words) in [
        (String::new(), "the answer has no data/top/Ifmgr/Interfaces/Interface"),
        ("<top><Ifmgr/></top>".to_owned(), "the answer has no data/top/Ifmgr/Interfaces/Interface"),
        (interface(""), "IfIndex"),
        (interface("<IfIndex>one</IfIndex>"), "InvalidDigit"),
        (interface("<IfIndex>1</IfIndex><PVID>70000</PVID>"), "PVID 70000 is too large"),
        (interface("<IfIndex>1</IfIndex><ConfigMTU/>"), "netconf-rs cannot read the answer"),
        (interface("<IfIndex>1</IfIndex><IfIndex>2</IfIndex>"), "duplicate"),
        (interface("<IfIndex><deep><deeper/></deep></IfIndex>"), "netconf-rs cannot read the answer"),
    ] {
        let mut first = true;
        let (device, _served) = comware(move |rpc| match std::mem::replace(&mut first, false) {
            true => data(rpc, &answer),
            false => data(rpc, INTERFACES),
        })
        .await;
        let error = device.interfaces(soon()).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}, wanted {words}");
        assert!(matches!(error.kind(), ErrorKind::Garbage(_)), "{error}");
        assert!(error.is_answered(), "{error}");
        assert_eq!(device.interfaces(soon()).await.unwrap().len(), 3, "{words}");
    }
}

#[tokio::test]
async fn a_reply_without_data_is_no_empty_device() {
    let (device, _served) = comware(|rpc| Answer::Say(RpcReply::ok(rpc).to_xml())).await;
    for error in [
        device.interfaces(soon()).await.unwrap_err(),
        device.vlans(soon()).await.unwrap_err(),
        device.information(soon()).await.unwrap_err(),
        device.ports(soon()).await.unwrap_err(),
    ] {
        assert!(matches!(&error, ComwareError::Call(CallError::BadReply(_))), "{error}");
    }
}

#[tokio::test]
async fn garbage_on_the_wire_ends_the_session_and_is_told() {
    let (device, _served) = comware(|_| Answer::Garbage).await;
    let error = device.interfaces(soon()).await.unwrap_err();
    let cause = match &error {
        ComwareError::Call(CallError::OutcomeUnknown(cause)) => cause,
        other => panic!("{other}"),
    };
    assert!(matches!(cause, Cause::Ended(End::Protocol(_))), "{cause}");
    assert!(matches!(error.kind(), ErrorKind::Garbage(_)) && !error.is_answered(), "{error}");
    let after = device.vlans(soon()).await.unwrap_err();
    assert!(matches!(after, ComwareError::Call(CallError::NotSent(_))), "{after}");
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused() {
    let limits = Limits { bytes: 2_000, ..Limits::default() };
    let options = session::Options { limits, ..session::Options::default() };
    let long = INTERFACES.replace("fast", &"x".repeat(3_000));
    let (device, _served) = comware_within(&options, move |rpc| data(rpc, &long)).await;
    let error = device.interfaces(soon()).await.unwrap_err();
    assert!(error.to_string().contains("limit of 2000 bytes"), "{error}");
    assert!(matches!(error.kind(), ErrorKind::Garbage(_)), "{error}");
}

#[tokio::test]
async fn a_device_that_says_nothing_is_waited_for_until_the_deadline() {
    let (device, _served) = comware(|_| Answer::Nothing).await;
    let begun = Instant::now();
    let error = device.interfaces(begun + Duration::from_millis(200)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Silent(_)) && !error.is_answered(), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn parts_of_an_answer_are_not_repeated_without_end() {
    let long = ComwareError::unreadable(&"x".repeat(10_000));
    assert!(long.to_string().chars().count() < 400, "{long}");
}
