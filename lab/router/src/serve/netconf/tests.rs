//! Sessions over a stream in memory: the client's words are written out, so that both sides are seen.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::BytesMut;
use model::NodeId;
use netconf::{
    frame::{self, Decoder, Framing},
    hello::Hello,
    message::{Message, Notification},
    ns,
    rpc::RpcReply,
    rpc_error::{ErrorTag, RpcError},
    xml::{Element, Limits},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_util::sync::CancellationToken;

use super::{capabilities, session};
use crate::{
    datastore::fixture::{base, schema, tree},
    fault::{Fault, Kind, Step},
    router::{Router, Shared},
    state::{Builder, Silent},
};

fn router() -> Arc<Router> {
    let schema = schema();
    let builder = Arc::new(Builder::new(schema.clone(), &capabilities(&schema)));
    let shared = Shared { schema, builder, source: Arc::new(Silent::default()) };
    Router::new(NodeId::lit("r1"), shared, false, tree(&base())).unwrap()
}

/// A client that says what it is told.
struct Client {
    stream: DuplexStream,
    decoder: Decoder,
    framing: Framing,
    hello: Hello,
    said: u32,
}

impl Client {
    async fn connect(router: &Arc<Router>, versions: &[&str]) -> Self {
        let (stream, theirs) = tokio::io::duplex(1 << 16);
        let who = super::seat::Client { user: "ops".into(), host: Ipv4Addr::LOCALHOST.into() };
        tokio::spawn(session::run(router.clone(), theirs, who, CancellationToken::new()));
        let decoder = Decoder::new(Framing::EndOfMessage, 1 << 24);
        let ours =
            Hello { capabilities: versions.iter().map(|v| (*v).to_owned()).collect(), session_id: None };
        let mut client =
            Self { stream, decoder, framing: Framing::EndOfMessage, hello: ours.clone(), said: 0 };
        client.write(&ours.to_xml()).await;
        let Some(Message::Hello(hello)) = client.read().await else { panic!("no hello came") };
        client.framing = hello.negotiate(&ours).unwrap();
        client.decoder.switch(client.framing);
        client.hello = hello;
        client
    }

    async fn new(router: &Arc<Router>) -> Self {
        Self::connect(router, &[ns::CAP_BASE_1_0, ns::CAP_BASE_1_1]).await
    }

    async fn write(&mut self, text: &str) {
        let mut out = BytesMut::new();
        frame::encode(self.framing, text, &mut out).unwrap();
        self.stream.write_all(&out).await.unwrap();
    }

    /// The next message; none when the session is over.
    async fn read(&mut self) -> Option<Message> {
        loop {
            if let Some(text) = self.decoder.next_message().unwrap() {
                return Some(Message::parse(&text, &Limits::default()).unwrap());
            }
            let mut input = BytesMut::with_capacity(1 << 12);
            let read = tokio::time::timeout(Duration::from_secs(10), self.stream.read_buf(&mut input));
            if read.await.expect("the router is silent").unwrap() == 0 {
                return None;
            }
            self.decoder.feed(&input);
        }
    }

    async fn ask(&mut self, operation: &str) {
        self.said += 1;
        let rpc = format!("<rpc xmlns='{}' message-id='{}' x='y'>{operation}</rpc>", ns::BASE, self.said);
        self.write(&rpc).await;
    }

    async fn call(&mut self, operation: &str) -> RpcReply {
        self.ask(operation).await;
        let Some(Message::RpcReply(reply)) = self.read().await else { panic!("no reply to {operation}") };
        assert_eq!(reply.message_id, Some(self.said.to_string()));
        assert_eq!(reply.attributes[0].value, "y", "attributes of the request come back");
        reply
    }

    async fn ok(&mut self, operation: &str) {
        let reply = self.call(operation).await;
        assert!(reply.ok, "{operation}: {:?}", reply.errors);
    }

    async fn refused(&mut self, operation: &str) -> RpcError {
        let mut reply = self.call(operation).await;
        assert_eq!(reply.errors.len(), 1, "{operation}: {reply:?}");
        reply.errors.remove(0)
    }

    async fn data(&mut self, operation: &str) -> Element {
        let reply = self.call(operation).await;
        assert!(reply.errors.is_empty(), "{operation}: {:?}", reply.errors);
        reply.output.into_iter().next().unwrap()
    }
}

fn hostname(name: &str) -> String {
    format!(
        "<system xmlns='http://openconfig.net/yang/system'><config><hostname>{name}</hostname></config></system>"
    )
}

fn edit(content: &str) -> String {
    format!("<edit-config><target><candidate/></target><config>{content}</config></edit-config>")
}

const RUNNING_NAME: &str = "<get-config><source><running/></source><filter><system xmlns='http://openconfig.net/yang/system'/></filter></get-config>";

async fn name(client: &mut Client) -> Option<String> {
    let data = client.data(RUNNING_NAME).await;
    data.at(&["system", "config", "hostname"]).map(|leaf| leaf.text.clone())
}

#[tokio::test]
async fn both_framings_are_spoken_and_every_module_is_announced() {
    let router = router();
    for version in [ns::CAP_BASE_1_0, ns::CAP_BASE_1_1] {
        let mut client = Client::connect(&router, &[version]).await;
        assert_eq!(client.framing == Framing::Chunked, version == ns::CAP_BASE_1_1);
        let has = |part: &str| client.hello.capabilities.iter().any(|c| c.contains(part));
        assert!(has("module=trunkline-sr-policy&revision=") && has("confirmed-commit:1.1"));
        client.ok("<close-session/>").await;
        assert!(client.read().await.is_none(), "the session is over");
    }
}

#[tokio::test]
async fn an_edit_is_committed_and_read_back() {
    let router = router();
    let mut client = Client::new(&router).await;
    client.ok("<lock><target><candidate/></target></lock>").await;
    client.ok(&edit(&hostname("r1"))).await;
    assert_eq!(name(&mut client).await, None);
    client.ok("<validate><source><candidate/></source></validate>").await;
    client.ok("<commit/>").await;
    client.ok("<unlock><target><candidate/></target></unlock>").await;
    assert_eq!(name(&mut client).await.as_deref(), Some("r1"));
    let state = client.data("<get/>").await;
    assert_eq!(state.at(&["system", "state", "hostname"]).unwrap().text, "r1", "the applied copy");
    let kind = state.at(&["interfaces", "interface", "config", "type"]).unwrap();
    assert_eq!(kind.text, "ianaift:ethernetCsmacd");
    assert_eq!(kind.binding("ianaift"), Some("urn:ietf:params:xml:ns:yang:iana-if-type"));
}

#[tokio::test]
async fn refusals_say_where_and_what() {
    let router = router();
    let mut client = Client::new(&router).await;
    let error = client.refused(&edit(&hostname("-no-"))).await;
    assert_eq!(error.tag, ErrorTag::InvalidValue);
    assert_eq!(error.path.as_deref(), Some("/oc-sys:system/oc-sys:config/oc-sys:hostname"));
    assert_eq!(&*error.path_bindings[0].ns, "http://openconfig.net/yang/system");

    let interface = |inside: &str| {
        edit(&format!(
            "<interfaces xmlns='http://openconfig.net/yang/interfaces'><interface>{inside}</interface></interfaces>"
        ))
    };
    let error = client.refused(&interface("<config/>")).await;
    assert_eq!((error.tag, error.info[0].text.as_str()), (ErrorTag::MissingElement, "name"));
    let error = client.refused(&interface("<name>eth1</name><state/>")).await;
    assert_eq!((error.tag, error.info[0].text.as_str()), (ErrorTag::BadElement, "state"));
    let error = client.refused(&interface("<name>eth1</name><nonsense/>")).await;
    assert_eq!((error.tag, error.info[0].text.as_str()), (ErrorTag::UnknownElement, "nonsense"));
    assert!(error.path.unwrap().ends_with("oc-if:interface"));
    let error = client.refused(&interface("<name>eth9</name>")).await;
    assert_eq!(error.tag, ErrorTag::OperationFailed, "the default test-option tests the whole");
    let operation = format!("<config xmlns:nc='{}' nc:operation='delete'/>", ns::BASE);
    let error = client.refused(&interface(&format!("<name>eth9</name>{operation}"))).await;
    assert_eq!(error.tag, ErrorTag::DataMissing);
    assert_eq!(
        error.path.as_deref(),
        Some("/oc-if:interfaces/oc-if:interface[oc-if:name='eth9']/oc-if:config")
    );
    let error = client.refused(&edit("<x xmlns='urn:nobody'/>")).await;
    assert_eq!(error.tag, ErrorTag::UnknownNamespace);
    let error = client.refused("<edit-config><target><running/></target><config/></edit-config>").await;
    assert_eq!(error.tag, ErrorTag::OperationNotSupported);
    let error = client.refused("<reboot xmlns='urn:nobody'/>").await;
    assert_eq!(error.tag, ErrorTag::OperationNotSupported);
    client.write(&format!("<rpc xmlns='{}'><get/></rpc>", ns::BASE)).await;
    let Some(Message::RpcReply(reply)) = client.read().await else { panic!("an answer") };
    assert_eq!(reply.errors[0].tag, ErrorTag::MissingAttribute);
}

#[tokio::test]
async fn what_the_router_cannot_carry_out_is_refused_with_the_reasons() {
    let router = router();
    let schema = router.schema().clone();
    router.judged_by(move |tree| {
        let text = crate::datastore::json::write_tree(&schema, tree);
        if text.contains("nowhere") { Err("no way to nowhere; and none back".into()) } else { Ok(()) }
    });
    let mut client = Client::new(&router).await;
    let inline = format!("<validate><source><config>{}</config></source></validate>", hostname("nowhere"));
    let tested = edit(&hostname("nowhere"));
    client.ok(&tested.replacen("<config>", "<test-option>set</test-option><config>", 1)).await;
    let validate = "<validate><source><candidate/></source></validate>";
    let confirmed = "<commit><confirmed/><confirm-timeout>60</confirm-timeout></commit>";
    for operation in [inline.as_str(), validate, "<commit/>", confirmed] {
        let error = client.refused(operation).await;
        assert_eq!(error.tag, ErrorTag::OperationNotSupported, "{operation}");
        assert_eq!(error.message.as_deref(), Some("no way to nowhere; and none back"), "{operation}");
    }
    assert_eq!(name(&mut client).await, None);
    client.ok("<discard-changes/>").await;
    assert_eq!(client.refused(&tested).await.tag, ErrorTag::OperationNotSupported, "the edit is tested");
    client.ok(&edit(&hostname("somewhere"))).await;
    client.ok("<commit/>").await;
    assert_eq!(name(&mut client).await.as_deref(), Some("somewhere"));
}

#[tokio::test]
async fn what_is_settled_is_told_before_the_commit_is_answered() {
    let router = router();
    let times = Arc::new(AtomicUsize::new(0));
    let count = times.clone();
    router.on_settled(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let mut client = Client::new(&router).await;
    client.ok(&edit(&hostname("one"))).await;
    client.ok("<commit><confirmed/><confirm-timeout>60</confirm-timeout></commit>").await;
    assert_eq!(times.load(Ordering::SeqCst), 0, "it waits");
    client.ok("<commit/>").await;
    assert_eq!(times.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_is_no_message_ends_the_session() {
    let router = router();
    let mut client = Client::new(&router).await;
    client.write("<rpc").await;
    let Some(Message::RpcReply(reply)) = client.read().await else { panic!("a last word") };
    assert_eq!(reply.errors[0].tag, ErrorTag::MalformedMessage);
    assert!(client.read().await.is_none());
}

#[tokio::test]
async fn filters_select_and_bring_keys_along() {
    let router = router();
    let mut client = Client::new(&router).await;
    let mut filtered = async |inside: &str| {
        let get = format!(
            "<get-config><source><running/></source><filter type='subtree'>{inside}</filter></get-config>"
        );
        client.data(&get).await
    };
    let all = filtered("<interfaces xmlns='http://openconfig.net/yang/interfaces'><interface><name/></interface></interfaces>").await;
    let entries = &all.at(&["interfaces"]).unwrap().children;
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry.children.len() == 1));
    let one = filtered(
        "<interfaces xmlns='http://openconfig.net/yang/interfaces'><interface><name>eth2</name><config><type/></config></interface></interfaces>",
    )
    .await;
    let entries = &one.at(&["interfaces"]).unwrap().children;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].at(&["name"]).unwrap().text, "eth2");
    assert_eq!(entries[0].at(&["config"]).unwrap().children.len(), 1);
    let kind = "<interfaces xmlns='http://openconfig.net/yang/interfaces' xmlns:i='urn:ietf:params:xml:ns:yang:iana-if-type'><interface><config><type>i:ethernetCsmacd</type></config></interface></interfaces>";
    assert_eq!(
        filtered(kind).await.at(&["interfaces"]).unwrap().children.len(),
        2,
        "identities match by meaning"
    );
    assert!(filtered("").await.children.is_empty(), "an empty filter selects nothing");
    assert!(filtered("<interfaces xmlns='urn:nobody'/>").await.children.is_empty());
    assert_eq!(filtered("<interfaces xmlns=''/>").await.children.len(), 1, "no namespace means any");
}

#[tokio::test]
async fn a_confirmed_commit_reverts_when_its_session_ends_or_its_time_is_up() {
    let router = router();
    let stop = CancellationToken::new();
    let timer = tokio::spawn(router.clone().expire(stop.clone()));
    let mut other = Client::new(&router).await;
    let confirmed = |more: &str| format!("<commit><confirmed/>{more}</commit>");

    let mut client = Client::new(&router).await;
    client.ok(&edit(&hostname("gone"))).await;
    client.ok(&confirmed("")).await;
    assert_eq!(name(&mut other).await.as_deref(), Some("gone"));
    assert_eq!(other.refused("<commit/>").await.tag, ErrorTag::InUse);
    client.ok("<close-session/>").await;
    assert!(client.read().await.is_none());
    assert_eq!(name(&mut other).await, None);

    let mut client = Client::new(&router).await;
    client.ok(&edit(&hostname("kept"))).await;
    client.ok(&confirmed("<persist>tx-7</persist><confirm-timeout>30</confirm-timeout>")).await;
    client.ok("<close-session/>").await;
    assert!(client.read().await.is_none());
    assert_eq!(name(&mut other).await.as_deref(), Some("kept"), "persistent");
    assert_eq!(
        other.refused("<commit><persist-id>tx-8</persist-id></commit>").await.tag,
        ErrorTag::InvalidValue
    );
    other.ok("<cancel-commit><persist-id>tx-7</persist-id></cancel-commit>").await;
    assert_eq!(name(&mut other).await, None);
    stop.cancel();
    timer.await.unwrap();
}

#[tokio::test]
async fn time_reverts_what_nobody_confirms() {
    let router = router();
    let timer = tokio::spawn(router.clone().expire(CancellationToken::new()));
    let mut client = Client::new(&router).await;
    client.ok("<create-subscription xmlns='urn:ietf:params:xml:ns:netconf:notification:1.0'/>").await;
    client.ok(&edit(&hostname("late"))).await;
    client.ok("<commit><confirmed/><confirm-timeout>1</confirm-timeout></commit>").await;
    let by = |notification: &Notification| notification.content[0].at(&["changed-by"]).unwrap().clone();
    let Some(Message::Notification(first)) = client.read().await else { panic!("the commit is told") };
    assert_eq!(by(&first).at(&["username"]).unwrap().text, "ops");
    let Some(Message::Notification(second)) = client.read().await else { panic!("the revert is told") };
    assert!(by(&second).at(&["server"]).is_some());
    let edit = second.content[0].at(&["edit"]).unwrap();
    assert_eq!(edit.at(&["operation"]).unwrap().text, "delete");
    assert_eq!(edit.at(&["target"]).unwrap().text, "/oc-sys:system");
    assert_eq!(name(&mut client).await, None);
    timer.abort();
}

#[tokio::test]
async fn locks_are_denied_with_their_holder_and_freed_by_killing_it() {
    let router = router();
    let (mut one, mut two) = (Client::new(&router).await, Client::new(&router).await);
    one.ok("<lock><target><running/></target></lock>").await;
    let denied = two.refused("<lock><target><running/></target></lock>").await;
    assert_eq!(denied.tag, ErrorTag::LockDenied);
    let holder = one.hello.session_id.unwrap().to_string();
    assert_eq!(denied.info[0].text, holder);
    let own = two.hello.session_id.unwrap();
    let kill = |id: &str| format!("<kill-session><session-id>{id}</session-id></kill-session>");
    assert_eq!(two.refused(&kill(&own.to_string())).await.tag, ErrorTag::InvalidValue);
    two.ok(&kill(&holder)).await;
    assert!(one.read().await.is_none());
    two.ok("<lock><target><running/></target></lock>").await;
}

#[tokio::test]
async fn the_texts_of_the_modules_are_served() {
    let router = router();
    let mut client = Client::new(&router).await;
    let get = |name: &str| {
        format!("<get-schema xmlns='{}'><identifier>{name}</identifier></get-schema>", ns::MONITORING)
    };
    let text = client.data(&get("trunkline-sr-policy")).await;
    assert!(text.is(ns::MONITORING, "data"));
    assert_eq!(text.text.trim(), include_str!("../../../yang/trunkline-sr-policy.yang").trim());
    assert_eq!(client.refused(&get("nobody")).await.tag, ErrorTag::InvalidValue);
    let state = client.data("<get><filter><netconf-state xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring'><schemas/></netconf-state></filter></get>").await;
    assert_eq!(state.at(&["netconf-state", "schemas"]).unwrap().children.len(), crate::yang::MODULES.len());
}

#[tokio::test]
async fn planned_faults_strike_and_pass() {
    let router = router();
    let mut client = Client::new(&router).await;
    let plan = |step, kind, after| router.faults.plan(Fault { step, kind, after, times: 1, from: None });
    plan(Step::Commit, Kind::Refuse, false);
    client.ok(&edit(&hostname("a"))).await;
    assert_eq!(client.refused("<commit/>").await.tag, ErrorTag::OperationFailed);
    assert_eq!(name(&mut client).await, None);
    plan(Step::Commit, Kind::Close, true);
    client.ask("<commit/>").await;
    assert!(client.read().await.is_none(), "no answer came");
    let mut client = Client::new(&router).await;
    assert_eq!(name(&mut client).await.as_deref(), Some("a"), "yet it was done");
    plan(Step::Get, Kind::Hang, false);
    client.ask("<get/>").await;
    let mut input = [0; 1];
    let silence = tokio::time::timeout(Duration::from_millis(200), client.stream.read(&mut input)).await;
    assert!(silence.is_err(), "it hangs");
    let mut client = Client::new(&router).await;
    plan(Step::Get, Kind::Garbage, false);
    client.ask("<get/>").await;
    let mut input = vec![0; 64];
    let read = client.stream.read(&mut input).await.unwrap();
    assert!(String::from_utf8(input[..read].to_vec()).is_err(), "garbage is no text");
}
