//! Trust toward devices, as all protocols over TLS have it: `device::trust`.

pub use ::device::trust::{AUTHORITY, BadPin, CLIENT_KEY, CertificatePin, ClientTls, Identity, TlsError};
