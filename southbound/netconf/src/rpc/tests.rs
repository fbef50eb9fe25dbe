use proptest::prelude::*;

use super::*;
use crate::xml::{Limits, parse};

fn read(text: &str) -> Element {
    parse(text, &Limits::default()).unwrap()
}

fn in_base(kind: &str, inner: &str) -> String {
    format!("<{kind} xmlns='{}' message-id='101'>{inner}</{kind}>", ns::BASE)
}

#[test]
fn all_errors_of_a_reply_are_kept_with_all_their_parts() {
    let inner = "<rpc-error><error-type>rpc</error-type><error-tag>missing-attribute</error-tag>\
        <error-severity>error</error-severity>\
        <error-info><bad-attribute>message-id</bad-attribute></error-info></rpc-error>\
        <rpc-error><error-type>application</error-type><error-tag>invalid-value</error-tag>\
        <error-severity>error</error-severity><error-app-tag>too-wide</error-app-tag>\
        <error-path xmlns:t='urn:t'>\n/t:top/t:mtu\n</error-path>\
        <error-message xml:lang='en'>MTU 9 is under 68</error-message></rpc-error>\
        <rpc-error><error-type>protocol</error-type><error-tag>vendor-thing</error-tag>\
        <error-severity>warning</error-severity></rpc-error>";
    let reply = RpcReply::from_element(read(&in_base("rpc-reply", inner)));
    let errors = reply.outcome().unwrap().unwrap_err();
    assert_eq!(errors.0.len(), 3);
    assert_eq!(errors.0[0].info[0].text, "message-id");
    assert_eq!(errors.0[1].path.as_deref(), Some("/t:top/t:mtu"));
    assert_eq!(&*errors.0[1].path_bindings[0].ns, "urn:t");
    assert_eq!(errors.0[1].app_tag.as_deref(), Some("too-wide"));
    assert_eq!(errors.0[2].tag, ErrorTag::Other("vendor-thing".into()));
    let text = errors.to_string();
    assert!(
        text.contains("invalid-value (application) at /t:top/t:mtu: MTU 9 is under 68 [too-wide]"),
        "{text}"
    );
    assert!(text.contains("missing-attribute (rpc)"), "{text}");
}

#[test]
fn warnings_alone_are_a_success() {
    let warning = "<rpc-error><error-type>application</error-type><error-tag>operation-failed</error-tag>\
        <error-severity>warning</error-severity><error-message>statement not used</error-message></rpc-error>";
    for inner in [format!("{warning}<ok/>"), warning.to_owned()] {
        let reply = RpcReply::from_element(read(&in_base("rpc-reply", &inner)));
        assert_eq!(reply.outcome().unwrap().unwrap().warnings.len(), 1);
    }
}

#[test]
fn a_reply_that_says_nothing_is_no_success() {
    assert_eq!(RpcReply::from_element(read(&in_base("rpc-reply", ""))).outcome(), Err(EmptyReply));
}

#[test]
fn the_holder_of_a_lock_is_named() {
    let holder = Element::new(ns::BASE, "session-id").with_text("454");
    let error = RpcError::new(ErrorType::Protocol, ErrorTag::LockDenied, "held").with_info(holder);
    assert_eq!(RpcErrors::from(error).lock_holder(), Some(454));
}

#[test]
fn an_rpc_without_id_or_with_two_operations_is_answered_by_the_right_error() {
    let tag = |text: &str| Rpc::from_element(read(text)).unwrap_err().tag;
    assert_eq!(tag(&format!("<rpc xmlns='{}'><get/></rpc>", ns::BASE)), ErrorTag::MissingAttribute);
    assert_eq!(tag(&in_base("rpc", "")), ErrorTag::MissingElement);
    assert_eq!(tag(&in_base("rpc", "<get/><get/>")), ErrorTag::BadElement);
}

#[test]
fn a_reply_repeats_the_attributes_of_its_request() {
    let rpc = Rpc::from_element(read(&format!(
        "<rpc xmlns='{}' message-id='7' user='x' xmlns:e='urn:e' e:flow='9'><get/></rpc>",
        ns::BASE
    )))
    .unwrap();
    let reply = read(&RpcReply::ok(&rpc).to_xml());
    assert_eq!(reply.attribute("", "user"), Some("x"));
    assert_eq!(reply.attribute("urn:e", "flow"), Some("9"));
}

fn error() -> impl Strategy<Value = RpcError> {
    let types = [ErrorType::Rpc, ErrorType::Protocol, ErrorType::Transport, ErrorType::Application];
    let text = || proptest::option::of("[!-~é]{1,12}");
    let path = proptest::option::of("/[a-z/]{1,9}");
    (0..4_usize, 0..4_usize, any::<bool>(), text(), text(), path, 0..3_usize).prop_map(
        move |(error_type, tag, warning, message, app_tag, path, infos)| RpcError {
            error_type: types[error_type],
            tag: ErrorTag::from_word(["in-use", "lock-denied", "data-exists", "odd"][tag]),
            severity: if warning { Severity::Warning } else { Severity::Error },
            app_tag,
            path,
            path_bindings: Vec::new(),
            message,
            info: vec![Element::new("urn:i", "detail").with_text("x"); infos],
        },
    )
}

proptest! {
    #[test]
    fn replies_read_back_as_written(
        errors in proptest::collection::vec(error(), 0..4),
        ok in any::<bool>(),
        data in any::<bool>(),
        id in "[ -~]{0,9}",
    ) {
        let data = data.then(|| Element::new(ns::BASE, "data").with_child(Element::new("urn:m", "x").with_leaf("y", "1")));
        let output = data.into_iter().collect();
        let reply = RpcReply { message_id: Some(id), attributes: vec![], errors, ok, output };
        prop_assert_eq!(RpcReply::from_element(read(&reply.to_xml())), reply);
    }

    #[test]
    fn requests_read_back_as_written(id in "[ -~]{0,9}", text in "[ -9;-~]{0,20}") {
        let operation = Element::new("urn:m", "go").with_leaf("arg", text);
        let rpc = Rpc { message_id: id, attributes: vec![], operation };
        prop_assert_eq!(Rpc::from_element(read(&rpc.to_xml())).unwrap(), rpc);
    }
}
