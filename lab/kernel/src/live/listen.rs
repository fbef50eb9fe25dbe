//! What others change in a namespace: devices that go down and come up, routes of an IGP.

use futures_util::StreamExt;
use rtnetlink::{
    MulticastGroup,
    packet_core::{NetlinkMessage, NetlinkPayload},
    packet_route::{RouteNetlinkMessage, route::RouteProtocol},
};
use tokio::sync::watch;

use super::error::Fault;
use crate::number::PROTOCOL;

/// What is told of by the kernel.
const GROUPS: [MulticastGroup; 3] =
    [MulticastGroup::Link, MulticastGroup::Ipv4Route, MulticastGroup::Ipv6Route];

/// Listens in the namespace of the calling thread: the number changes with every piece of news. It says that something changed and
/// not what; whoever listens looks.
pub(super) fn start() -> Result<watch::Receiver<u64>, Fault> {
    let (connection, handle, mut messages) = rtnetlink::new_multicast_connection(&GROUPS)?;
    tokio::spawn(connection);
    let (tell, told) = watch::channel(0);
    tokio::spawn(async move {
        // The connection ends with its last handle.
        let _open = handle;
        loop {
            let told = tokio::select! {
                // Nobody listens any more: the socket goes at once, and not with the next piece of news.
                () = tell.closed() => return,
                told = messages.next() => told,
            };
            let Some((message, _)) = told else { return };
            if is_news(&message) {
                tell.send_modify(|times| *times += 1);
            }
        }
    });
    Ok(told)
}

/// Whether a message is of something that we did not do. One that was lost may have been.
fn is_news(message: &NetlinkMessage<RouteNetlinkMessage>) -> bool {
    match &message.payload {
        NetlinkPayload::InnerMessage(
            RouteNetlinkMessage::NewRoute(route) | RouteNetlinkMessage::DelRoute(route),
        ) => route.header.protocol != RouteProtocol::Other(PROTOCOL),
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(_) | RouteNetlinkMessage::DelLink(_))
        | NetlinkPayload::Overrun(_) => true,
        _ => false,
    }
}
