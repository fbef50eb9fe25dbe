//! Certificates of one run: an authority, a client and a device.

use gnmi::tls::Identity;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};

/// The name in the device's certificate.
pub const DEVICE: &str = "router.lab";

/// Who trusts whom.
pub struct Papers {
    /// The authority of both.
    pub authority_pem: String,
    /// What the client shows.
    pub client: Identity,
    /// What the device shows.
    pub device: Identity,
}

impl Papers {
    /// Fresh ones.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "authority of the bench");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let issue = |name: &str, usage| {
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            params.extended_key_usages = vec![usage];
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &authority).unwrap();
            Identity {
                certificates_pem: certificate.pem().into_bytes(),
                key_pem: key.serialize_pem().into_bytes().into(),
            }
        };
        Self {
            authority_pem: authority.pem(),
            client: issue("trunkline", ExtendedKeyUsagePurpose::ClientAuth),
            device: issue(DEVICE, ExtendedKeyUsagePurpose::ServerAuth),
        }
    }
}
