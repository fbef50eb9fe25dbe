//! What comes over a wire: NETCONF frames, messages and operations, gNMI messages and paths, device configuration, modules.

use bytes::BytesMut;
use netconf::frame::{Framing, encode};
use netconf::message::Message;
use netconf::operation::Operation;
use netconf::xml::{self, Limits};
use prost::Message as _;

use crate::mutate::{mutate, mutate_text};
use crate::target;

const LIMIT: usize = 1 << 20;
const XML: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "<a>",
    "</a>",
    "&amp;",
    "&#0;",
    "&#x10FFFF;",
    "&x;",
    "<!DOCTYPE a [<!ENTITY x \"y\">]>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml version=\"1.1\"?>",
    " xmlns=\"\"",
    " xmlns:p=\"urn:p\"",
    "p:",
    "\"",
    "'",
    "\u{0}",
    "\u{fffe}",
    "]]>]]>",
    "\n#4\n",
    "\n##\n",
    "\n#4294967296\n",
    "<ok/>",
    "message-id=\"1\"",
];
const REPLY: &str = r#"<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="7"><data><interfaces
xmlns="http://openconfig.net/yang/interfaces"><interface><name>eth1</name><config><name>eth1</name></config></interface></interfaces></data>
</rpc-reply>"#;
const FAULT: &str = r#"<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="7"><rpc-error><error-type>application</error-type>
<error-tag>operation-failed</error-tag><error-severity>error</error-severity><error-path xmlns:t="urn:t">/t:top</error-path>
<error-message xml:lang="en">no</error-message><error-info><session-id>4</session-id></error-info></rpc-error></rpc-reply>"#;
const HELLO: &str = r#"<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability>
<capability>urn:ietf:params:netconf:capability:candidate:1.0</capability></capabilities><session-id>4</session-id></hello>"#;
const EDIT: &str = r#"<rpc xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="7"><edit-config><target><candidate/></target>
<default-operation>merge</default-operation><error-option>rollback-on-error</error-option><config><a xmlns="urn:a"/></config></edit-config></rpc>"#;
const COMMIT: &str = r#"<rpc xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="8"><commit><confirmed/><confirm-timeout>30</confirm-timeout>
<persist>tl-1</persist></commit></rpc>"#;

// Frames in pieces of any size: where the pieces are cut does not change what is read.
target!(netconf_frames, |script| {
    for framing in [Framing::EndOfMessage, Framing::Chunked] {
        let mut wire = BytesMut::new();
        for message in [HELLO, REPLY, EDIT] {
            encode(framing, message, &mut wire).unwrap();
        }
        let bytes = mutate(&wire, XML, script);
        let mut whole = netconf::frame::Decoder::new(framing, LIMIT);
        whole.feed(&bytes);
        let mut pieces = netconf::frame::Decoder::new(framing, LIMIT);
        let (mut from_whole, mut from_pieces) = (Vec::new(), Vec::new());
        while let Ok(Some(message)) = whole.next_message() {
            from_whole.push(message);
        }
        let step = usize::from(script.first().copied().unwrap_or(0)) + 1;
        'pieces: for piece in bytes.chunks(step) {
            pieces.feed(piece);
            loop {
                match pieces.next_message() {
                    Ok(Some(message)) => from_pieces.push(message),
                    Ok(None) => break,
                    Err(_) => break 'pieces,
                }
            }
        }
        assert_eq!(from_whole, from_pieces, "the cut of the pieces changes what is read");
    }
});

target!(netconf_messages, |script| {
    let limits = Limits { bytes: LIMIT, ..Limits::default() };
    for seed in [HELLO, REPLY, FAULT, EDIT, COMMIT] {
        let text = mutate_text(seed, XML, script);
        if let Ok(element) = xml::parse(&text, &limits) {
            let written = element.to_xml();
            let again = xml::parse(&written, &limits).unwrap_or_else(|error| panic!("{error}: {written}"));
            assert_eq!(again, element, "{written}");
        }
        drop(Message::parse(&text, &limits));
        drop(dialects::View::from_xml(&text).map(|view| dialects::openconfig::read(&view)));
        drop(dialects::View::from_xml(&text).map(|view| dialects::surroundings::read(&view)));
    }
});

target!(netconf_operations, |script| {
    let limits = Limits { bytes: LIMIT, ..Limits::default() };
    for seed in [EDIT, COMMIT] {
        if let Ok(rpc) = xml::parse(&mutate_text(seed, XML, script), &limits) {
            for operation in rpc.children {
                drop(operation_of(operation));
            }
        }
    }
});

fn operation_of(node: netconf::xml::Element) -> Option<Operation> {
    Operation::parse(node).ok()
}

target!(gnmi_paths, |script| {
    let words = ["/", "[", "]", "=", "\\", "*", "...", "name", "eth1", "openconfig:", ":", "\"", " "];
    for seed in ["/interfaces/interface[name=eth1]/state/counters/out-octets", "openconfig:/a/b[x=1][y=2]"] {
        let text = mutate_text(seed, &words, script);
        if let Ok(path) = text.parse::<gnmi::Path>() {
            let written = path.to_string();
            let again = written
                .parse::<gnmi::Path>()
                .unwrap_or_else(|error| panic!("{error}: {text:?} -> {written:?}"));
            assert_eq!(again, path, "{text:?} -> {written:?}");
        }
    }
});

target!(gnmi_messages, |script| {
    use gnmi::proto;
    if let Ok(wire) = proto::Notification::decode(script) {
        drop(gnmi::notice::Notice::decode(wire));
    }
    if let Ok(wire) = proto::Path::decode(script) {
        drop(gnmi::Path::try_from(wire));
    }
    if let Ok(wire) = proto::TypedValue::decode(script) {
        drop(gnmi::value::decode(wire));
    }
    if let Ok(wire) = proto::GetRequest::decode(script) {
        drop(gnmi::get::Query::decode(wire, &[proto::Encoding::JsonIetf]));
    }
});

target!(yang_modules, |script| {
    const MODULE: &str = r#"module a { yang-version 1.1; namespace "urn:a"; prefix a; import b { prefix b; } revision 2026-01-01;
        extension e { argument n; } b:posix-pattern "x"; container c { leaf l { type string { length "1..4"; } } } }"#;
    let words = [
        "{",
        "}",
        ";",
        "\"",
        "'",
        "+",
        "//",
        "/*",
        "*/",
        "b:x",
        "module",
        "leaf x",
        "type string;",
        "\\",
        "augment \"/b:c\"",
    ];
    drop(dialects::catalogue::read_module(&mutate_text(MODULE, &words, script)));
});
