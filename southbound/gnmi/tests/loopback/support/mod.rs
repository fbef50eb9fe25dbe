//! What the session tests stand on: an authority with certificates, and a small scripted device on loopback.

pub mod device;
pub mod tree;

use std::time::Duration;

use gnmi::target::{Limits, Target};
use gnmi::tls::{ClientTls, Identity};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};

/// The name that device certificates are for.
pub const NAME: &str = "r1.lab";

/// An authority that signs devices and clients.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        Self::named("lab authority")
    }

    pub fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("an authority") }
    }

    pub fn pem(&self) -> Vec<u8> {
        self.issuer.pem().into_bytes()
    }

    pub fn identity(&self, name: &str) -> Identity {
        self.identity_with(name, |_| ())
    }

    /// One with something special about it.
    pub fn identity_with(&self, name: &str, special: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        special(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity {
            certificates_pem: certificate.pem().into_bytes(),
            key_pem: key.serialize_pem().into_bytes().into(),
        }
    }

    /// The trust of a client that this authority signed.
    pub fn client(&self) -> ClientTls {
        ClientTls::new(&self.pem(), Some(&self.identity("controller"))).expect("good material")
    }
}

/// A target with a short deadline, so that a test of silence is short.
pub fn target(address: String, tls: ClientTls) -> Target {
    let limits = Limits { deadline: Duration::from_millis(700), ..Limits::default() };
    Target { address, server_name: NAME.to_owned(), tls, credentials: None, limits }
}
