//! A peer by hand: it speaks octets, right or wrong.

use bgp::wire::{Capability, Context, Family, Frame, Framer, Message, Notification, Open, message};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::PATIENCE;

pub struct Hand {
    stream: TcpStream,
    framer: Framer,
}

pub fn open(hold_time: u16) -> Open {
    Open {
        asn: 65_000,
        four_octet_as: true,
        hold_time,
        identifier: [10, 0, 0, 99].into(),
        capabilities: vec![Capability::Multiprotocol(Family::LINK_STATE)],
    }
}

impl Hand {
    /// Waits to be connected to.
    pub async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
        Self { stream, framer: Framer::default() }
    }

    /// Waits to be connected to and brings the session up.
    pub async fn establish(listener: &TcpListener, hold_time: u16) -> Self {
        let mut hand = Self::accept(listener).await;
        assert!(matches!(hand.message().await, Some(Message::Open(_))));
        hand.send(&message::open(&open(hold_time)).unwrap()).await;
        assert_eq!(hand.message().await, Some(Message::Keepalive));
        hand.send(&message::keepalive()).await;
        hand
    }

    pub async fn send(&mut self, octets: &[u8]) {
        // The speaker may have had enough already.
        let _ = self.stream.write_all(octets).await;
    }

    async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.framer.next_frame().unwrap() {
                return Some(frame);
            }
            let mut octets = [0; 4_096];
            match timeout(PATIENCE, self.stream.read(&mut octets)).await.unwrap() {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.framer.feed(&octets[..count]),
            }
        }
    }

    /// The next message; none when the speaker has closed.
    pub async fn message(&mut self) -> Option<Message> {
        let frame = self.frame().await?;
        Some(Message::decode(&frame, &Context { four_octet_as: true, internal: true }).unwrap())
    }

    /// The next message that is more than a sign of life has to be a notification, and then the speaker closes.
    pub async fn told(&mut self) -> Notification {
        loop {
            match self.message().await {
                Some(Message::Keepalive) => {}
                Some(Message::Notification(notification)) => {
                    assert_eq!(self.message().await, None, "it says no more");
                    return notification;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
