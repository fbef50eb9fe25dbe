//! The library's end by itself: hellos that it cannot read, callers that go away, and its own SSH.

use std::net::TcpListener;
use std::sync::mpsc as channel;

use netconf_rs::transport::Transport as _;
use netconf_rs::transport::ssh::SSHTransport;
use proptest::prelude::*;
use tokio::sync::mpsc;

use super::super::transport::{Ask, Wire, driven};
use super::*;
use crate::hello::Hello;
use crate::xml::Element;

#[test]
fn its_own_ssh_opens_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let refused = SSHTransport::connect(&address, "admin", "hunter2").err().unwrap().to_string();
    assert!(refused.contains("this product never uses the SSH of netconf-rs"), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
}

#[test]
fn a_hello_that_the_library_cannot_read_is_an_error_with_words() {
    for hello in ["", "%% welcome", "<hello/>", "<hello><capabilities/></hello>"] {
        let (asks, _asked) = mpsc::channel(1);
        let error = driven(Wire::new(hello.to_owned(), asks), |_| Ok(())).unwrap_err();
        assert!(matches!(&error, ComwareError::Unreadable(why) if !why.is_empty()), "{hello}: {error}");
    }
    let (asks, _asked) = mpsc::channel(1);
    let good = Hello::server(1, [ns::CAP_BASE_1_0.to_owned(), String::new()]).to_xml();
    assert_eq!(driven(Wire::new(good, asks), |_| Ok(7)), Ok(7));
}

#[test]
fn who_writes_or_reads_out_of_turn_or_writes_no_rpc_is_refused() {
    let hello = format!("{}\n]]>]]>\n", Hello::client().to_xml());
    let get = Element::new(ns::BASE, "get");
    let rpc = Rpc { message_id: "100".into(), attributes: Vec::new(), operation: get }.to_xml();
    let (asks, asked) = mpsc::channel(1);
    let fresh = || Wire::new("theirs".to_owned(), asks.clone());
    assert!(fresh().read_xml().is_err(), "nothing was said yet");
    assert!(fresh().write_xml(&rpc).is_err(), "no hello was said yet");
    for text in [hello.as_str(), rpc.as_str(), "<rpc", "<top/>"] {
        let mut wire = fresh();
        wire.write_xml(&hello).unwrap();
        assert!(wire.write_xml(text).is_err(), "the hello was not read yet, and then comes {text}");
    }
    let mut wire = fresh();
    wire.write_xml(&hello).unwrap();
    assert_eq!(wire.read_xml().unwrap(), "theirs");
    drop(asked);
    let error = wire.write_xml(&rpc).unwrap_err().to_string();
    assert!(error.contains("nobody waits"), "{error}");
}

#[tokio::test]
async fn a_caller_that_goes_away_frees_the_thread_of_the_library() {
    let (device, _served) = comware(|_| Answer::Nothing).await;
    let (told, ended) = channel::channel();
    let work = move |device: &mut netconf_rs::Connection| {
        let answer = h3c::get_interfaces(device);
        told.send(answer.is_err()).unwrap();
        answer
    };
    let short = Duration::from_millis(100);
    assert!(tokio::time::timeout(short, device.lend(&[], soon()).drive(work)).await.is_err());
    let ended = tokio::task::spawn_blocking(move || ended.recv_timeout(Duration::from_secs(10)));
    assert_eq!(ended.await.unwrap(), Ok(true), "long before its deadline");
}

#[tokio::test]
async fn a_library_that_does_not_come_to_an_end_is_not_waited_for_past_the_deadline() {
    let (device, _served) = comware(|_| Answer::Nothing).await;
    let (free, gate) = channel::channel::<()>();
    let work = move |_: &mut netconf_rs::Connection| {
        // Until the test lets go of the other end.
        let _ = gate.recv();
        Ok(())
    };
    let short = Instant::now() + Duration::from_millis(100);
    assert_eq!(device.lend(&[], short).drive(work).await, Err(ComwareError::Deadline));
    drop(free);
}

#[tokio::test]
async fn a_panic_of_the_library_is_an_error_with_its_words() {
    let (device, _served) = comware(|_| Answer::Nothing).await;
    let words =
        |text: &'static str| -> Result<(), ComwareError> { Err(ComwareError::Unreadable(text.to_owned())) };
    let lend = || device.lend(&[], soon());
    let formatted = lend().drive::<()>(|_| panic!("{} of them", 7)).await;
    assert_eq!(formatted, words("7 of them"));
    assert_eq!(lend().drive::<()>(|_| panic!("plainly")).await, words("plainly"));
    let other = lend().drive::<()>(|_| std::panic::panic_any(7)).await;
    assert_eq!(other, words("it panicked without a word"));
    assert_eq!(lend().drive(|_| Ok(7)).await, Ok(7), "the session is none the worse");
}

/// The library reads this as the answer to a request for interfaces.
fn reads(answer: Element) {
    let (asks, mut asked) = mpsc::channel::<Ask>(1);
    let hello = Hello::server(1, [ns::CAP_BASE_1_0.to_owned()]).to_xml();
    let device = std::thread::spawn(move || {
        if let Some(ask) = asked.blocking_recv() {
            let reply = RpcReply::unaddressed(RpcErrors(Vec::new()));
            let _ = ask.answer.send(RpcReply { output: vec![answer], ..reply }.to_xml());
        }
    });
    let _ = driven(Wire::new(hello, asks), h3c::get_interfaces);
    device.join().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_device_answers_the_library_comes_to_an_end(
        fields in proptest::collection::vec(
            (prop::sample::select(vec!["IfIndex", "Description", "PVID", "LinkType", "Interface", "$value"]), "[0-9a-z <&\\]]{0,6}"),
            0..6,
        ),
        depth in 0_usize..5,
    ) {
        let mut element = Element::new(ns::BASE, "Interface");
        for (name, text) in fields {
            element = element.with_leaf(name, text);
        }
        for above in ["Interfaces", "Ifmgr", "top", "data"].into_iter().take(depth) {
            element = Element::new(ns::BASE, above).with_child(element);
        }
        reads(element);
    }
}
