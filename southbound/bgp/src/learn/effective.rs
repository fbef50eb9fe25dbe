//! Which of several statements on a link holds for us (RFC 9294, RFC 8919 section 4.2).

use crate::ls::{LsTlv, asla::Application};

/// The statements on a link that hold for SR policies, the first of a kind being the one that counts: those for SR policies by
/// name, then those for all applications, then those that are not bound to one.
pub(super) fn tlvs(all: &[LsTlv]) -> impl Iterator<Item = &LsTlv> {
    let asla = |named: bool| {
        all.iter().filter_map(move |tlv| match tlv {
            LsTlv::Asla(asla) if named && asla.names(Application::SrPolicy) => Some(&asla.tlvs),
            LsTlv::Asla(asla) if !named && asla.is_for_all() => Some(&asla.tlvs),
            _ => None,
        })
    };
    asla(true).chain(asla(false)).flatten().chain(all)
}
