//! A gNMI server that does nothing but send: every message of a stream lies ready as octets, so that whoever reads it is measured
//! and not the one who writes. It has a thread of its own.

use std::{convert::Infallible, net::SocketAddr, sync::mpsc, thread, time::Duration};

use bytes::{Buf as _, BufMut as _, Bytes};
use gnmi::{
    Encoding,
    proto::{self, CapabilityResponse},
    server::tls_config,
};
use prost::Message as _;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{
        Arc, BoxFuture, BoxStream, Context, Poll, Service, http,
        tokio_stream::{self, StreamExt as _},
    },
    server::{Grpc, NamedService, StreamingService, UnaryService},
    transport::{Server, server::TcpIncoming},
};

use crate::papers::Papers;

/// A running server. Ends it when dropped.
pub struct Pump {
    /// Where it listens.
    pub address: SocketAddr,
    _stop: DropGuard,
}

impl Pump {
    /// Starts it. Whoever subscribes, to whatever, gets all messages, and then nothing more.
    pub fn start(messages: Vec<Bytes>, papers: &Papers) -> Self {
        let tls = tls_config(&papers.device, papers.authority_pem.as_bytes(), Duration::from_secs(10));
        let (told, address) = mpsc::channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).unwrap();
                told.send(incoming.local_addr().unwrap()).unwrap();
                let incoming = incoming.with_nodelay(Some(true));
                let all = All { messages: Arc::new(messages) };
                let mut server = Server::builder().tls_config(tls).unwrap();
                let serving = server.add_service(all).serve_with_incoming(incoming);
                tokio::select! {
                    () = stopped.cancelled() => {}
                    ended = serving => ended.unwrap(),
                }
            });
        });
        Self { address: address.recv().unwrap(), _stop: stop.drop_guard() }
    }
}

/// The service.
#[derive(Clone)]
struct All {
    messages: Arc<Vec<Bytes>>,
}

impl NamedService for All {
    const NAME: &'static str = "gnmi.gNMI";
}

impl Service<http::Request<Body>> for All {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let messages = Arc::clone(&self.messages);
        Box::pin(async move {
            let mut grpc = Grpc::new(Octets);
            Ok(match request.uri().path() {
                "/gnmi.gNMI/Subscribe" => grpc.streaming(Subscribe(messages), request).await,
                _ => grpc.unary(Capabilities, request).await,
            })
        })
    }
}

struct Subscribe(Arc<Vec<Bytes>>);

impl StreamingService<()> for Subscribe {
    type Response = Bytes;
    type ResponseStream = BoxStream<Bytes>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<()>>) -> Self::Future {
        let messages = Arc::clone(&self.0);
        Box::pin(async move {
            let all = (0..messages.len()).map(move |at| Ok::<_, Status>(messages[at].clone()));
            // The request stays open as long as the answer: a client that is served has not hung up.
            let asked = request.into_inner();
            let rest = tokio_stream::pending().map(move |never| {
                let _open = &asked;
                never
            });
            let all: BoxStream<Bytes> = Box::pin(tokio_stream::iter(all).chain(rest));
            Ok(Response::new(all))
        })
    }
}

struct Capabilities;

impl UnaryService<()> for Capabilities {
    type Response = Bytes;
    type Future = BoxFuture<Response<Bytes>, Status>;

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let can = CapabilityResponse {
            supported_encodings: vec![Encoding::Proto.into()],
            g_nmi_version: proto::VERSION.to_owned(),
            ..Default::default()
        };
        let said = Bytes::from(can.encode_to_vec());
        Box::pin(async move { Ok(Response::new(said)) })
    }
}

/// Messages as they lie; what a client asks is not read.
#[derive(Clone, Copy)]
struct Octets;

impl Codec for Octets {
    type Encode = Bytes;
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Octets {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(message);
        Ok(())
    }
}

impl Decoder for Octets {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, asked: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        asked.advance(asked.remaining());
        Ok(Some(()))
    }
}
