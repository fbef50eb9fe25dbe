//! Settings of a namespace's kernel. Those of `conf/default` are taken over by devices when they are made, so they come first.

use std::{fs, path::Path};

use super::error::Fault;

/// Settings without which nothing is right.
const NEEDED: [(&str, &str); 17] = [
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv6/conf/all/forwarding", "1"),
    ("net/ipv6/conf/default/forwarding", "1"),
    ("net/ipv6/conf/all/seg6_enabled", "1"),
    ("net/ipv6/conf/default/seg6_enabled", "1"),
    // Packets come back by other ways than they go.
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    // Addresses are planned: nobody else has them, and they count at once.
    ("net/ipv6/conf/all/accept_dad", "0"),
    ("net/ipv6/conf/default/accept_dad", "0"),
    ("net/ipv6/conf/all/accept_ra", "0"),
    ("net/ipv6/conf/default/accept_ra", "0"),
    // An interface that was down comes back as it was.
    ("net/ipv6/conf/all/keep_addr_on_down", "1"),
    ("net/ipv6/conf/default/keep_addr_on_down", "1"),
    // Flows are told apart by ports where they begin, and by the flow label of the outer header from there on.
    ("net/ipv4/fib_multipath_hash_policy", "1"),
    ("net/ipv6/seg6_flowlabel", "1"),
];

/// IPv6 flows: by addresses, protocol, flow label and ports together; by ports alone where the kernel is older than that.
const FLOW6: [(&str, &str); 2] =
    [("net/ipv6/fib_multipath_hash_fields", "63"), ("net/ipv6/fib_multipath_hash_policy", "3")];
const FLOW6_OLD: (&str, &str) = ("net/ipv6/fib_multipath_hash_policy", "1");

/// Makes all settings.
pub(super) fn set_all() -> Result<(), Fault> {
    NEEDED.into_iter().try_for_each(set)?;
    FLOW6.into_iter().try_for_each(set).or_else(|_| set(FLOW6_OLD))
}

fn set((name, value): (&str, &str)) -> Result<(), Fault> {
    let fail = |cause: std::io::Error| {
        let hint = if cause.kind() == std::io::ErrorKind::NotFound {
            ": this kernel was built without it"
        } else {
            ""
        };
        Fault::Answer(format!("{}={value}: {cause}{hint}", name.replace('/', ".")))
    };
    let file = Path::new("/proc/sys").join(name);
    let held = fs::read_to_string(&file).map_err(fail)?;
    if held.trim() == value { Ok(()) } else { fs::write(&file, value).map_err(fail) }
}
