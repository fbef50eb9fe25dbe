//! One question over one connection, with TLS where the address asks for it. A command asks once or twice, so connections are not
//! kept.

use std::{error::Error, future::poll_fn, io, path::Path, pin::Pin, sync::Arc};

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
use tokio_rustls::{
    TlsConnector,
    rustls::{self, CertificateError},
};

use super::{CONNECT, ClientError, SEND, address::Address};
use crate::{
    stall::Stall,
    trust::{self, NoAuthority},
};

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
            (true, ca) => {
                let config = trust::trusting(ca)
                    .map_err(|NoAuthority { place, why }| ClientError::Authority { place, why })?;
                Some(TlsConnector::from(Arc::new(config)))
            }
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
        let opened = TcpStream::connect((self.address.host.as_str(), self.address.port));
        let stream = timeout(CONNECT, opened)
            .await
            .map_err(|_| self.unreachable("no connection within 3 s; if one runs there, it is busy, or something on the way keeps silent".to_owned()))?
            .map_err(|error| self.unreachable(error.to_string()))?;
        // The request is small and should not wait; where that cannot be had it only takes longer.
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => self.exchange(stream, request).await,
            Some(tls) => {
                let name = ServerName::try_from(self.address.host.clone())
                    .map_err(|error| self.untrusted(error.to_string()))?;
                let secured = timeout(CONNECT, tls.connect(name, stream)).await;
                let secured =
                    secured.map_err(|_| self.unreachable("no TLS handshake within 3 s".to_owned()))?;
                self.exchange(secured.map_err(|error| self.no_tls(&error))?, request).await
            }
        }
    }

    async fn exchange<S>(&self, stream: S, request: Request<String>) -> Result<Answer, ClientError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        // A peer that takes no more of the request is given up, however long its answer may take.
        let begun = http1::handshake(TokioIo::new(Stall::new(stream, SEND))).await;
        let (mut sender, connection) = begun.map_err(|error| self.unreachable(root(&error)))?;
        // It ends with the answer; what breaks it is told there.
        tokio::spawn(connection);
        // A request that is handed back was never written.
        let answer = sender.try_send_request(request).await.map_err(|error| match error.message() {
            Some(_) => self.unreachable(root(error.error())),
            None => self.broken(root(error.error())),
        })?;
        let (head, body) = answer.into_parts();
        Ok(Answer { status: head.status, body })
    }

    /// Before anything is asked; what went wrong later is [`Wire::broken`], because then it may have been done.
    fn unreachable(&self, why: String) -> ClientError {
        ClientError::Unreachable { base: self.address.base.clone(), why }
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
            Some(rustls::Error::InvalidCertificate(fault)) => self.untrusted(self.fault(fault)),
            Some(rustls::Error::InvalidMessage(_)) => ClientError::Foreign {
                base: self.address.base.clone(),
                why: "it does not speak TLS; where it is the controller itself, write http://".to_owned(),
            },
            _ => self.unreachable(root(error)),
        }
    }

    /// What is wrong with a certificate, and what helps. Another authority helps only where none signed it.
    fn fault(&self, fault: &CertificateError) -> String {
        use CertificateError as Fault;
        let host = &self.address.host;
        match fault {
            Fault::UnknownIssuer => "none of the authorities that are trusted here signed it; if its authority is your own, \
                                     name it with --ca FILE"
                .to_owned(),
            // So it is with an authority that was made anew under its old name.
            Fault::BadSignature => "an authority of the name that it gives is trusted here, but another key signed it; if that \
                                    authority was made anew, name its new certificate with --ca FILE"
                .to_owned(),
            Fault::Expired | Fault::ExpiredContext { .. } => {
                "it has expired; renew it there, or set this machine's clock right".to_owned()
            }
            Fault::NotValidYet | Fault::NotValidYetContext { .. } => {
                "it is not valid yet; set the clock right, here or where it was made".to_owned()
            }
            Fault::NotValidForName | Fault::NotValidForNameContext { .. } => format!(
                "it is not made out to {host}; ask by a name that stands in it, or have one made that holds {host}"
            ),
            // The type lies in a crate below rustls, which gives it away by its name alone.
            Fault::Other(other) if format!("{:?}", other.0) == "CaUsedAsEndEntity" => {
                "it is that of an authority, which no server may show as its own; have that authority sign one for the server"
                    .to_owned()
            }
            other => other.to_string(),
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
    use rustls_pki_types::PrivateKeyDer;
    use tokio::net::TcpListener;
    use tokio_rustls::{
        TlsAcceptor,
        rustls::{ServerConfig, crypto::ring},
    };

    use super::*;

    /// Asks a server of the name `localhost`, trusting one authority, and gives back why nothing came of it.
    async fn asked(listener: &TcpListener, ca: &str) -> ClientError {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, ca).unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = Address::parse(&format!("https://localhost:{port}")).unwrap();
        let wire = Wire::new(address, Some(&path)).unwrap();
        wire.send(Request::new(String::new())).await.unwrap_err()
    }

    /// What is said of a server that shows a certificate.
    async fn told(certificate: &Certificate, key: &KeyPair, ca: &str) -> String {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let serve = async {
            let (socket, _) = listener.accept().await.unwrap();
            // The client goes away: that is what this is about.
            let _ = TlsAcceptor::from(Arc::new(config)).accept(socket).await;
        };
        let ((), error) = tokio::join!(serve, asked(&listener, ca));
        assert!(matches!(error, ClientError::Untrusted { .. }), "{error:?}");
        error.to_string()
    }

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn each_fault_of_a_certificate_is_told_with_what_helps() {
        let (authority, anew, other) = (authority("ours"), authority("ours"), authority("other"));
        let key = KeyPair::generate().unwrap();
        let params = |name: &str| CertificateParams::new([name.to_owned()]).unwrap();
        let mut expired = params("localhost");
        expired.not_after = rcgen::date_time_ymd(2001, 1, 1);
        for (params, ca, words) in [
            (params("localhost"), other.pem(), "name it with --ca FILE"),
            (params("localhost"), anew.pem(), "name its new certificate with --ca FILE"),
            (expired, authority.pem(), "it has expired"),
            (params("elsewhere"), authority.pem(), "it is not made out to localhost"),
        ] {
            let told = told(&params.signed_by(&key, &authority).unwrap(), &key, &ca).await;
            assert!(told.contains(words), "{told}");
            assert_eq!(told.contains("--ca"), words.contains("--ca"), "{told}");
        }
        let mut params = params("localhost");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = params.self_signed(&key).unwrap();
        let told = told(&own, &key, &own.pem()).await;
        assert!(told.contains("it is that of an authority") && !told.contains("--ca"), "{told}");
    }

    #[tokio::test]
    async fn who_goes_away_before_anything_was_asked_was_not_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ca = authority("ours").pem();
        let leave = async { drop(listener.accept().await.unwrap()) };
        let ((), error) = tokio::join!(leave, asked(&listener, &ca));
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
        let told = error.to_string();
        assert!(told.contains("nothing was asked") && !told.contains("whether it did"), "{told}");
    }
}
