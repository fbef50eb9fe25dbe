//! The device's end of a test session.

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Options, hear};
use crate::frame::{self, Decoder, Framing};
use crate::hello::Hello;
use crate::message::Message;
use crate::rpc::Rpc;
use crate::xml::Limits;

/// A device whose every word the test chooses.
pub(crate) struct Peer<S> {
    pub(crate) stream: S,
    decoder: Decoder,
    framing: Framing,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) async fn greet(stream: S, capabilities: &[&str]) -> Self {
        Self::greet_as(4, stream, capabilities).await
    }

    /// The same with the number of the session.
    pub(crate) async fn greet_as(id: u32, mut stream: S, capabilities: &[&str]) -> Self {
        let hello = Hello::server(id, capabilities.iter().map(|c| (*c).to_owned()));
        let mut decoder = Decoder::new(Framing::EndOfMessage, 16 << 20);
        let mut out = BytesMut::new();
        frame::encode(Framing::EndOfMessage, &hello.to_xml(), &mut out).unwrap();
        stream.write_all(&out).await.unwrap();
        stream.flush().await.unwrap();
        let client = hear(&mut stream, &mut decoder, &Options::default()).await.unwrap();
        client.expect_client().unwrap();
        let framing = hello.negotiate(&client).unwrap();
        decoder.switch(framing);
        Self { stream, decoder, framing }
    }

    /// The next request; `None` at the end of the stream.
    pub(crate) async fn request(&mut self) -> Option<Rpc> {
        loop {
            if let Some(text) = self.decoder.next_message().unwrap() {
                match Message::parse(&text, &Limits::default()).unwrap() {
                    Message::Rpc(rpc) => return Some(rpc),
                    other => panic!("client sent {other:?}"),
                }
            }
            let mut input = BytesMut::with_capacity(1024);
            if self.stream.read_buf(&mut input).await.unwrap() == 0 {
                return None;
            }
            self.decoder.feed(&input);
        }
    }

    pub(crate) async fn say(&mut self, text: &str) {
        let out = self.framed(text);
        self.stream.write_all(&out).await.unwrap();
        // TLS keeps the end of what the socket does not take at once.
        self.stream.flush().await.unwrap();
    }

    /// A message as it goes over the wire.
    pub(crate) fn framed(&self, text: &str) -> BytesMut {
        let mut out = BytesMut::new();
        frame::encode(self.framing, text, &mut out).unwrap();
        out
    }
}
