//! The dialect that a device is spoken to in. The network file says it, because plans are judged by that file alone, also where
//! there is no inventory; the inventory may repeat it.

use std::path::Path;

use anyhow::{anyhow, bail};
use dialects::{Dialect, UnknownDialect};
use engine::inventory::{ConfigAccess, Entry};
use formats::text::nearest;
use model::Node;

/// The dialect of a device. `network` is the file that the node is from.
///
/// # Errors
/// It is not known, or inventory and network file do not agree.
pub fn of(entry: &Entry, node: &Node, network: &Path) -> anyhow::Result<Dialect> {
    let network = network.display();
    let said = node.dialect.parse::<Dialect>();
    let said = said.map_err(|unknown| anyhow!("{network}: {}", told(&unknown)))?;
    match entry.dialect {
        Some(here) if here != said => bail!(
            "its dialect is `{here}` here and `{said}` in {network}, where a node without a dialect is one of `{}`; plans are \
             judged by the network file: say `{here}` there too, or leave it out here",
            Dialect::default()
        ),
        _ => Ok(said),
    }
}

/// Whether a device can be spoken to in its dialect by the protocol that the inventory gives.
///
/// # Errors
/// It cannot.
pub fn travels(entry: &Entry, dialect: Dialect) -> anyhow::Result<()> {
    match (dialect, &entry.config) {
        (Dialect::Comware, ConfigAccess::Gnmi(_)) => bail!(
            "a router of dialect `{dialect}` is read over NETCONF: write its `config` as {{netconf: ADDRESS, hostKey: FINGERPRINT}}"
        ),
        _ => Ok(()),
    }
}

/// That a name is no dialect's, with the one that was meant where one is near.
pub fn told(unknown: &UnknownDialect) -> String {
    match nearest(&unknown.0, Dialect::ALL.into_iter().map(Dialect::name)) {
        Some(near) => format!("{unknown}; did you mean `{near}`?"),
        None => unknown.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use engine::inventory::Inventory;

    use super::*;

    /// What comes of one node that the network file gives a dialect, and the inventory too where `here` has one.
    fn spoken(there: Option<&str>, here: Option<Dialect>) -> Result<Dialect, String> {
        let line = there.map_or_else(String::new, |name| format!(", dialect: {name}"));
        let network = format!(
            "apiVersion: trunkline/v1\nkind: Network\nnodes:\n  - {{name: r1, routerId: 10.0.0.1{line}}}\n"
        );
        let ted = formats::read("net.yaml", &network).unwrap().ted;
        let text = "apiVersion: trunkline/v1\nkind: Inventory\ndevices:\n  - name: r1\n    config: {gnmi: \"127.0.0.1:1\", \
                    ca: \"env:CA\", name: r1}\n    login: {user: u, password: \"env:P\"}\n";
        let mut entry = Inventory::parse(text).unwrap().devices.remove(0);
        entry.dialect = here;
        of(&entry, &ted.nodes[&entry.name], Path::new("net.yaml")).map_err(|error| error.to_string())
    }

    #[test]
    fn the_network_file_says_it_and_the_inventory_may_repeat_it() {
        for dialect in Dialect::ALL {
            assert_eq!(spoken(Some(dialect.name()), None), Ok(dialect));
            assert_eq!(spoken(Some(dialect.name()), Some(dialect)), Ok(dialect));
        }
        assert_eq!(spoken(None, None), Ok(Dialect::OpenConfig));
        assert_eq!(spoken(None, Some(Dialect::OpenConfig)), Ok(Dialect::OpenConfig));
    }

    #[test]
    fn comware_is_read_over_netconf_and_all_others_over_either() {
        let told = |config: &str, dialect| {
            let text = format!(
                "apiVersion: trunkline/v1\nkind: Inventory\ndevices:\n  - name: r1\n    config: {{{config}}}\n    login: \
                 {{user: u, key: \"file:id\", password: \"env:PASSWORD\"}}\n"
            );
            let entry = Inventory::parse(&text).unwrap().devices.remove(0);
            travels(&entry, dialect).map_err(|error| error.to_string())
        };
        let netconf =
            "netconf: \"127.0.0.1:830\", hostKey: \"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"";
        let gnmi = "gnmi: \"127.0.0.1:9339\", ca: \"env:CA\", name: r1";
        for dialect in Dialect::ALL {
            assert_eq!(told(netconf, dialect), Ok(()), "{dialect}");
            assert_eq!(told(gnmi, dialect).is_ok(), dialect != Dialect::Comware, "{dialect}");
        }
        insta::assert_snapshot!(told(gnmi, Dialect::Comware).unwrap_err(), @"a router of dialect `comware` is read over NETCONF: write its `config` as {netconf: ADDRESS, hostKey: FINGERPRINT}");
    }

    #[test]
    fn two_files_that_do_not_agree_are_both_named() {
        for there in [None, Some("openconfig")] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(spoken(there, Some(Dialect::Huawei)).unwrap_err(), @"its dialect is `huawei` here and `openconfig` in net.yaml, where a node without a dialect is one of `openconfig`; plans are judged by the network file: say `huawei` there too, or leave it out here");
            }
        }
    }

    #[test]
    fn a_dialect_that_nobody_knows_is_told_with_the_one_that_was_meant() {
        insta::assert_snapshot!(spoken(Some("ios-xr"), None).unwrap_err(), @"net.yaml: dialect `ios-xr` is not known; this version speaks: openconfig, ietf, huawei, iosxr, srlinux, comware; did you mean `iosxr`?");
        insta::assert_snapshot!(spoken(Some("junos"), None).unwrap_err(), @"net.yaml: dialect `junos` is not known; this version speaks: openconfig, ietf, huawei, iosxr, srlinux, comware");
    }
}
