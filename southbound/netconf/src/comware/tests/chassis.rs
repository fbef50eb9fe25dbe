//! A box that speaks NETCONF and answers each request as the test says. The texts are what Comware 7 sends, cut short.

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::*;
use crate::session::peer::Peer;

/// What a Comware 7 says hello with, cut short.
pub(super) const HELLO: [&str; 4] = [
    ns::CAP_BASE_1_0,
    "urn:ietf:params:netconf:capability:writable-running:1.0",
    ns::MONITORING,
    "http://www.h3c.com/netconf/config:1.0-Device?module=Device-config&revision=2015-05-07",
];

pub(super) const INTERFACES: &str = "<top xmlns='http://www.h3c.com/netconf/config:1.0'><Ifmgr><Interfaces>
    <Interface><IfIndex>1</IfIndex><Description>to hq-pe1 &lt;fast&gt;</Description><LinkType>2</LinkType><PVID>7</PVID>
      <ConfigMTU>9000</ConfigMTU><ConfigSpeed>1</ConfigSpeed><PortLayer>1</PortLayer></Interface>
    <Interface><IfIndex>2</IfIndex><Description> </Description><LinkType>3</LinkType><PortLayer>1</PortLayer></Interface>
    <Interface><IfIndex>634</IfIndex><PortLayer>2</PortLayer></Interface>
  </Interfaces></Ifmgr></top>";

pub(super) const VLANS: &str = "<top xmlns='http://www.h3c.com/netconf/config:1.0'><VLAN><VLANs>
    <VLANID><ID>1</ID></VLANID><VLANID><ID>4094</ID><Description>branch</Description></VLANID>
  </VLANs></VLAN></top>";

pub(super) const PORTS: &str = "<top xmlns='http://www.h3c.com/netconf/data:1.0'><Ifmgr><Interfaces>
    <Interface><IfIndex>1</IfIndex><Name>GigabitEthernet1/0/1</Name><OperStatus>1</OperStatus></Interface>
    <Interface><IfIndex>2</IfIndex><Name>GigabitEthernet1/0/2</Name><OperStatus>2</OperStatus></Interface>
    <Interface><IfIndex>3</IfIndex><Name/><OperStatus>1</OperStatus></Interface>
    <Interface><IfIndex>634</IfIndex><Name>NULL0</Name></Interface>
  </Interfaces></Ifmgr></top>";

pub(super) const MONITORING: &str = "<netconf-state xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring'>
    <capabilities><capability>urn:ietf:params:netconf:base:1.0</capability><capability/></capabilities>
    <datastores><datastore><name>running</name></datastore></datastores>
    <schemas>
      <schema><identifier>Ifmgr-config</identifier><version>2015-05-07</version><format>yang</format>
        <namespace>http://www.h3c.com/netconf/config:1.0-Ifmgr</namespace><location>NETCONF</location></schema>
      <schema><identifier>Ifmgr-data</identifier><version/><format>yang</format>
        <namespace>http://www.h3c.com/netconf/data:1.0-Ifmgr</namespace><location>NETCONF</location></schema>
    </schemas></netconf-state>";

/// What the box does about a request.
pub(super) enum Answer {
    Say(String),
    Nothing,
    Garbage,
}

/// The content of `<data>`.
pub(super) fn data(rpc: &Rpc, content: &str) -> Answer {
    Answer::Say(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rpc-reply xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" \
         message-id=\"{}\"><data>{content}</data></rpc-reply>",
        rpc.message_id
    ))
}

/// Patient with a slow machine.
pub(super) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Serves one session to its end, and gives what was asked.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    answer: &mut (impl FnMut(&Rpc) -> Answer + Send),
) -> Vec<Rpc> {
    let mut peer = Peer::greet(stream, &HELLO).await;
    let mut log = Vec::new();
    while let Some(rpc) = peer.request().await {
        match answer(&rpc) {
            Answer::Say(text) => peer.say(&text).await,
            Answer::Nothing => {}
            // The framing of version 1.0 takes anything for the beginning of a message.
            Answer::Garbage => peer.stream.write_all(b"%% what was that?]]>]]>").await.unwrap(),
        }
        log.push(rpc);
    }
    log
}

/// A device on an in-memory stream. What it was asked comes when the session has ended.
pub(super) async fn comware(
    answer: impl FnMut(&Rpc) -> Answer + Send + 'static,
) -> (Comware, JoinHandle<Vec<Rpc>>) {
    comware_within(&session::Options::default(), answer).await
}

/// The same, with a session of these bounds.
pub(super) async fn comware_within(
    options: &session::Options,
    mut answer: impl FnMut(&Rpc) -> Answer + Send + 'static,
) -> (Comware, JoinHandle<Vec<Rpc>>) {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let served = tokio::spawn(async move { serve(theirs, &mut answer).await });
    let (session, _) = Session::open(ours, options, soon()).await.unwrap();
    (Comware::new(session), served)
}
