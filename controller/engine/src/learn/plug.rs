//! What routers say of an end of a link over the sessions that configure them: whether its interface works, how fast that is, and what
//! is plugged in there by LLDP. It is shown, and no plan follows from it.

use std::{collections::BTreeMap, fmt};

use model::{Bandwidth, Fact, Neighbour, NodeId, Oper, Ted, link::Termination};
use serde::{Deserialize, Serialize};

/// What is said of an end of a link by the router that it is at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AroundFacts {
    /// Whether the interface works.
    pub oper: Option<Fact<Oper>>,
    /// How fast it is.
    pub speed: Option<Fact<Bandwidth>>,
    /// What is plugged in there.
    pub plug: Option<Fact<Plug>>,
}

impl AroundFacts {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The other end of a cable.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plug {
    /// Whose it is.
    pub who: Who,
    /// Its interface; absent where it is told by something else than a name.
    pub port: Option<String>,
}

/// Whose an end of a cable is.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Who {
    /// A router of the network file.
    Node(NodeId),
    /// Somebody else, as they call themselves.
    Stranger(String),
}

impl Plug {
    /// What a neighbour is that is heard where the file has this end; none where that cannot be told.
    pub(super) fn of(heard: &Neighbour, file: &Termination, names: &Directory<'_>) -> Option<Self> {
        let name = heard.system_name.as_ref().or(heard.chassis_id.as_ref())?;
        let port = heard.port_id.as_deref();
        // It may be called anything; where it is called as in the file, it is that.
        let named = port.filter(|_| heard.is_interface).map(str::to_owned);
        Some(match names.find(name) {
            Known::Node(node) if *node == file.node => {
                let is_same = port.is_some_and(|port| is_same_port(port, file.interface.as_str()));
                let port = if is_same { Some(file.interface.to_string()) } else { named };
                Self { who: Who::Node(node.clone()), port }
            }
            Known::Node(node) => Self { who: Who::Node(node.clone()), port: named },
            Known::Nobody => Self { who: Who::Stranger(name.clone()), port: named },
            Known::Several => return None,
        })
    }

    /// What the file has at an end, as far as what is said of it goes.
    pub(super) fn in_file(end: &Termination, said: &Self) -> Self {
        let port = said.port.as_ref().map(|_| end.interface.to_string());
        Self { who: Who::Node(end.node.clone()), port }
    }

    /// Whether the file may be right.
    pub(super) fn agrees(&self, file: &Termination) -> bool {
        *self == Self::in_file(file, self)
    }
}

impl fmt::Display for Plug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name: &str = match &self.who {
            Who::Node(node) => node.as_str(),
            Who::Stranger(name) => name,
        };
        f.write_str(name)?;
        if let Some(port) = &self.port {
            write!(f, " {port}")?;
        }
        match &self.who {
            Who::Node(_) => Ok(()),
            Who::Stranger(_) => f.write_str(" (not in the network file)"),
        }
    }
}

/// Whether two names mean one interface: `Gi0/0/0/1` is `GigabitEthernet0/0/0/1`. Letters may be cut short, numbers may not.
fn is_same_port(one: &str, other: &str) -> bool {
    let parts = |name: &str| {
        let name = name.to_lowercase();
        let at = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
        (name[..at].to_owned(), name[at..].to_owned())
    };
    let ((kind, number), (other_kind, other_number)) = (parts(one), parts(other));
    let is_short = |short: &str, long: &str| !short.is_empty() && long.starts_with(short);
    let is_same_kind = kind == other_kind || is_short(&kind, &other_kind) || is_short(&other_kind, &kind);
    number == other_number && is_same_kind && (!number.is_empty() || kind == other_kind)
}

/// Whom a name means.
enum Known<'a> {
    Node(&'a NodeId),
    Nobody,
    Several,
}

/// The routers of the file by what they are called, in small letters: none where several are called so.
pub(super) struct Directory<'a>(BTreeMap<String, Option<&'a NodeId>>);

impl<'a> Directory<'a> {
    /// By what routers call themselves, and for others by the file. O(n log n).
    pub(super) fn of(file: &'a Ted, told: impl Iterator<Item = (&'a NodeId, &'a str)>) -> Self {
        let mut names = gathered(file.nodes.keys().map(|node| (node, node.as_str())));
        names.extend(gathered(told.flat_map(|(node, name)| [(node, name), (node, short(name))])));
        Self(names)
    }

    /// Whom somebody is that is heard, where it is a router of the file.
    pub(super) fn router(&self, heard: &Neighbour) -> Option<&'a NodeId> {
        match self.find(heard.system_name.as_ref().or(heard.chassis_id.as_ref())?) {
            Known::Node(node) => Some(node),
            Known::Nobody | Known::Several => None,
        }
    }

    /// A name with a domain behind it means what it means without, where nobody is called so in full.
    fn find(&self, told: &str) -> Known<'a> {
        let name = told.to_lowercase();
        match self.0.get(&name).or_else(|| self.0.get(short(&name))).copied() {
            Some(Some(node)) => Known::Node(node),
            Some(None) => Known::Several,
            None => Known::Nobody,
        }
    }
}

/// A name without its domain.
fn short(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

fn gathered<'a>(names: impl Iterator<Item = (&'a NodeId, &'a str)>) -> BTreeMap<String, Option<&'a NodeId>> {
    let mut all: BTreeMap<String, Option<&'a NodeId>> = BTreeMap::new();
    for (node, name) in names {
        let known = all.entry(name.to_lowercase()).or_insert(Some(node));
        // Another one is called so.
        *known = known.filter(|known| *known == node);
    }
    all
}

#[cfg(test)]
mod tests {
    use model::InterfaceName;

    use super::*;

    fn file() -> Ted {
        let text = include_str!("../../../../intents/examples/minimal/network.yaml");
        formats::read("network.yaml", text).unwrap().ted
    }

    fn end(node: &str, interface: &str) -> Termination {
        Termination { node: NodeId::lit(node), interface: InterfaceName::lit(interface) }
    }

    fn heard(system: &str, port: &str, is_interface: bool) -> Neighbour {
        let (system_name, port_id) = (Some(system.to_owned()), Some(port.to_owned()));
        Neighbour { system_name, chassis_id: Some("02:00:00:00:00:01".into()), port_id, is_interface }
    }

    #[test]
    fn one_interface_has_several_names() {
        for (one, other) in [
            ("Gi0/0/0/1", "GigabitEthernet0/0/0/1"),
            ("ETH1", "eth1"),
            ("ethernet-1/1", "ethernet-1/1"),
            ("xe-0/0/1.0", "xe-0/0/1.0"),
            ("wan", "WAN"),
        ] {
            assert!(is_same_port(one, other) && is_same_port(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("eth1", "eth11"),
            ("Gi0/1", "Te0/1"),
            ("Gi0/0/1", "Gi0/1"),
            ("1", "eth1"),
            ("wan", "wa"),
            ("", "eth1"),
            ("ß1", "s1"),
        ] {
            assert!(!is_same_port(one, other) && !is_same_port(other, one), "{one} {other}");
        }
    }

    #[test]
    fn what_is_plugged_in_is_known_by_what_routers_call_themselves() {
        let (file, core) = (file(), NodeId::lit("core-1"));
        let hostname = [(&core, "CR1.bank.example")];
        let names = Directory::of(&file, hostname.into_iter());
        let at = end("core-1", "eth1");
        let plug = |heard: &Neighbour| Plug::of(heard, &at, &names).unwrap();
        for system in ["cr1.bank.example", "CR1", "core-1", "CORE-1.bank.example"] {
            let found = plug(&heard(system, "Ethernet1", true));
            assert_eq!((found.to_string().as_str(), found.agrees(&at)), ("core-1 eth1", true), "{system}");
        }
        let other_port = plug(&heard("core-1", "eth2", true));
        assert_eq!((other_port.to_string().as_str(), other_port.agrees(&at)), ("core-1 eth2", false));
        let other_node = plug(&heard("core-2", "eth1", true));
        assert_eq!((other_node.to_string().as_str(), other_node.agrees(&at)), ("core-2 eth1", false));
        let stranger = plug(&heard("sw9", "Gi1/0/3", true));
        assert_eq!(stranger.to_string(), "sw9 Gi1/0/3 (not in the network file)");
        assert!(!stranger.agrees(&at));
    }

    #[test]
    fn what_is_not_told_is_not_held_against_the_file() {
        let (file, core, other) = (file(), NodeId::lit("core-1"), NodeId::lit("core-2"));
        let names = Directory::of(&file, [(&core, "router"), (&other, "Router")].into_iter());
        let at = end("core-1", "eth1");
        // A port by its address, and one by a name that somebody gave it.
        for (port, shown) in [("02:00:00:00:00:07", "core-1"), ("uplink", "core-1"), ("eth1", "core-1 eth1")]
        {
            let found = Plug::of(&heard("core-1", port, false), &at, &names).unwrap();
            assert_eq!((found.to_string().as_str(), found.agrees(&at)), (shown, true));
        }
        assert_eq!(Plug::of(&heard("router", "eth1", true), &at, &names), None, "two are called so");
        assert_eq!(Plug::of(&Neighbour::default(), &at, &names), None);
        let nameless = Neighbour { system_name: None, ..heard("x", "eth1", true) };
        let found = Plug::of(&nameless, &at, &names).unwrap();
        assert_eq!(found.who, Who::Stranger("02:00:00:00:00:01".into()));
    }
}
