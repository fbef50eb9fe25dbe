//! What one side of TLS has against the other's certificate, in words that say what helps.

use std::io;

use rustls::{AlertDescription, CertificateError};
use rustls_pki_types::UnixTime;

/// In words, when a connection ended because one side refused the other's certificate.
pub fn certificate_refused(error: &io::Error) -> Option<String> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).and_then(certificate_fault)
}

/// Stands in the words of what the device has against our certificate, and in no others: what TLS calls its refusal.
pub(crate) const ALERT: &str = "(alert ";

/// What helps against a certificate that is over.
const RENEW: &str = "give the device a new one, or set this clock right";
/// And against one whose time has not come.
const WAIT: &str = "set this clock right, or that of the machine on which the certificate was made";

/// What helps against one of another name.
const NAME: &str = "write the name that is in the device's certificate as `name`";

/// The names that a certificate has, without the library's words around each, such as those of `DnsName("r1")`.
fn another_name(presented: &[String]) -> String {
    let bare = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
    match presented {
        [] => format!("it is for another name; {NAME}"),
        names => {
            format!(
                "it is for another name, {}; {NAME}",
                names.iter().map(bare).collect::<Vec<_>>().join(", ")
            )
        }
    }
}

/// How long it is from one moment to a later one, as people say it.
fn between(earlier: UnixTime, later: UnixTime) -> String {
    let seconds = later.as_secs().saturating_sub(earlier.as_secs());
    match (seconds / 86_400, seconds / 3_600) {
        (0, 0) => "less than an hour".into(),
        (0 | 1, hours) => format!("{hours} h"),
        (days, _) => format!("{days} days"),
    }
}

/// In words, when the error is one side refusing the other's certificate.
pub(super) fn certificate_fault(error: &rustls::Error) -> Option<String> {
    match error {
        rustls::Error::InvalidCertificate(why) => Some(match why {
            CertificateError::UnknownIssuer => {
                "it is not signed by the given authority; name by `ca` the one that signed it, or by `fingerprint` the certificate itself"
                    .into()
            }
            CertificateError::BadSignature => {
                "it is signed by another authority of the same name, or tampered with".into()
            }
            CertificateError::NotValidForName => format!("it is for another name; {NAME}"),
            CertificateError::NotValidForNameContext { presented, .. } => another_name(presented),
            CertificateError::Expired => format!("it has expired; {RENEW}"),
            CertificateError::ExpiredContext { time, not_after } => {
                format!("it expired {} ago by this machine's clock; {RENEW}", between(*not_after, *time))
            }
            CertificateError::NotValidYet => format!("it is not valid yet; {WAIT}"),
            CertificateError::NotValidYetContext { time, not_before } => {
                format!("it is valid only in {} by this machine's clock; {WAIT}", between(*time, *not_before))
            }
            // The words inside: those around them are for a debugger.
            CertificateError::Other(why) => why.to_string(),
            why => why.to_string(),
        }),
        rustls::Error::NoCertificatesPresented => Some("the device shows none".into()),
        rustls::Error::AlertReceived(alert) => {
            let why = match alert {
                AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
                    "the device wants a client certificate; give one by `login.certificate` and `login.certificateKey`"
                }
                AlertDescription::UnknownCA => {
                    "the device does not know who signed our certificate; make that authority known to it, or give \
                     `login.certificate` one of an authority that it knows"
                }
                // It stands for one that is not valid yet too (RFC 8446 6.2).
                AlertDescription::CertificateExpired => {
                    "the device finds our certificate expired or not valid yet; give the controller a new one, or set the \
                     device's clock right"
                }
                AlertDescription::CertificateRevoked => {
                    "the device finds our certificate revoked; give the controller a new one by `login.certificate`"
                }
                AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateUnknown
                | AlertDescription::DecryptError
                | AlertDescription::AccessDenied => {
                    "the device refuses our certificate; see there whether it knows the authority that signed `login.certificate`, \
                     and which user it takes it for"
                }
                _ => return None,
            };
            Some(format!("{why} {ALERT}{alert:?})"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_said_as_people_say_them() {
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let hour = 3_600;
        for (hours, said) in
            [(0, "less than an hour"), (5, "5 h"), (47, "47 h"), (48, "2 days"), (240, "10 days")]
        {
            assert_eq!(between(at(1_000), at(1_000 + hours * hour)), said);
        }
        assert_eq!(between(at(9 * hour), at(0)), "less than an hour");
    }

    #[test]
    fn what_each_side_refuses_says_what_helps_and_only_the_device_refuses_by_an_alert() {
        let told = |error: rustls::Error| certificate_fault(&error).expect("it is the certificate");
        for (alert, help) in [
            (AlertDescription::CertificateRequired, "give one by `login.certificate`"),
            (AlertDescription::UnknownCA, "make that authority known to it"),
            (AlertDescription::CertificateUnknown, "see there whether it knows the authority"),
        ] {
            let told = told(rustls::Error::AlertReceived(alert));
            assert!(told.contains(help) && told.contains(ALERT), "{told}");
        }
        let unknown = told(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer));
        assert!(unknown.contains("name by `ca`") && !unknown.contains(ALERT), "{unknown}");
        let names = ["DnsName(\"br-changzhou\")".to_owned(), "IpAddress(10.0.0.1)".to_owned()];
        assert_eq!(
            another_name(&names),
            "it is for another name, br-changzhou, IpAddress(10.0.0.1); write the name that is in the device's certificate as `name`"
        );
    }

    #[test]
    fn what_is_not_about_a_certificate_is_left_to_others() {
        let alert = rustls::Error::AlertReceived(AlertDescription::UnknownCA);
        let inside = |error: rustls::Error| io::Error::new(io::ErrorKind::InvalidData, error);
        let told = certificate_refused(&inside(alert)).expect("it is the certificate");
        assert!(told.contains("does not know who signed our certificate"), "{told}");
        assert_eq!(certificate_refused(&inside(rustls::Error::HandshakeNotComplete)), None);
        assert_eq!(certificate_refused(&io::Error::from(io::ErrorKind::ConnectionReset)), None);
    }
}
