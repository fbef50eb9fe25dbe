//! One question over one connection, with TLS where the address asks for it. A command asks once or twice, so connections are not
//! kept.

use std::{error::Error, future::poll_fn, io, path::Path, pin::Pin};

use bytes::Bytes;
use hyper::{
    Request, StatusCode,
    body::{Body as _, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls};

use super::{CONNECT, ClientError, address::Address, trust};

/// The way to a controller.
#[derive(Clone)]
pub(super) struct Wire {
    pub address: Address,
    tls: Option<TlsConnector>,
}

/// The head of an answer, and its body as it comes.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    body: Incoming,
}

impl Wire {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// The authorities that TLS needs cannot be read, or are named for an address that is not asked over TLS.
    pub fn new(address: Address, ca: Option<&Path>) -> Result<Self, ClientError> {
        let tls = match (address.tls, ca) {
            (true, ca) => Some(trust::connector(ca)?),
            (false, None) => None,
            (false, Some(_)) => {
                let instead = format!("https://{}{}, or leave --ca out", address.authority, address.prefix);
                let why = "an authority is named for it, and `http://` shows no certificate".to_owned();
                return Err(ClientError::Address { url: address.base, why, instead });
            }
        };
        Ok(Self { address, tls })
    }

    /// Asks; gives the answer when its head is there.
    ///
    /// # Errors
    /// Nobody answers there, nobody who can be trusted, or the connection broke.
    pub async fn send(&self, request: Request<String>) -> Result<Answer, ClientError> {
        let unreachable = || ClientError::Unreachable { base: self.address.base.clone() };
        let opened = TcpStream::connect((self.address.host.as_str(), self.address.port));
        let stream = timeout(CONNECT, opened).await.map_err(|_| unreachable())?.map_err(|_| unreachable())?;
        // The request is small and should not wait; where that cannot be had it only takes longer.
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => self.exchange(stream, request).await,
            Some(tls) => {
                let name = ServerName::try_from(self.address.host.clone())
                    .map_err(|error| self.untrusted(error.to_string()))?;
                let secured = timeout(CONNECT, tls.connect(name, stream)).await;
                let secured = secured.map_err(|_| self.broken("no TLS handshake within 3 s".to_owned()))?;
                self.exchange(secured.map_err(|error| self.no_tls(&error))?, request).await
            }
        }
    }

    async fn exchange<S>(&self, stream: S, request: Request<String>) -> Result<Answer, ClientError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let lost = |error: hyper::Error| self.broken(root(&error));
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
        // It ends with the answer; what breaks it is told there.
        tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await.map_err(lost)?.into_parts();
        Ok(Answer { status: head.status, body })
    }

    pub fn broken(&self, why: String) -> ClientError {
        ClientError::Broken { base: self.address.base.clone(), why }
    }

    fn untrusted(&self, why: String) -> ClientError {
        ClientError::Untrusted { base: self.address.base.clone(), why }
    }

    /// Why TLS did not come about: its certificate, or that no TLS is spoken there.
    fn no_tls(&self, error: &io::Error) -> ClientError {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match inner {
            Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) => {
                self.untrusted("none of the authorities that are trusted here signed it".to_owned())
            }
            Some(error @ rustls::Error::InvalidCertificate(_)) => self.untrusted(error.to_string()),
            Some(rustls::Error::InvalidMessage(_)) => ClientError::Foreign {
                base: self.address.base.clone(),
                why: "it does not speak TLS; where it is the controller itself, write http://".to_owned(),
            },
            _ => self.broken(root(error)),
        }
    }
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wire({})", self.address.base)
    }
}

impl Answer {
    /// The next part of the body; nothing at its end.
    ///
    /// # Errors
    /// The connection broke, in words.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, String> {
        loop {
            match poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)).await {
                None => return Ok(None),
                Some(Err(error)) => return Err(root(&error)),
                // What is no data is a trailer, which says nothing here.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

/// What lies at the bottom of an error.
fn root(error: &(dyn Error + 'static)) -> String {
    error.source().map_or_else(|| error.to_string(), root)
}
