//! What routers say of their interfaces and neighbours, and of what IS-IS tells them, in OpenConfig's modules, which routers of other
//! dialects serve too: what to ask for, by the modules that a router names, and what its answer means.
//!
//! Nothing here is written to a router. Names that no network file can have are left out, and so are texts that are longer than LLDP lets
//! anybody send: one box on a customer's port must not hide all that a router says. A value that the module does not allow, and more than
//! there is room for, are errors: half an answer would look like a router whose neighbours went away.

mod database;

use model::{Bandwidth, InterfaceName, Neighbour, Oper, Port, Surroundings};

use crate::{
    reading::{bad, parse},
    view::{BadPayload, View},
};

const INTERFACES: (&str, &str) = ("openconfig-interfaces", "http://openconfig.net/yang/interfaces");
const ETHERNET: (&str, &str) = ("openconfig-if-ethernet", "http://openconfig.net/yang/interfaces/ethernet");
const LLDP: (&str, &str) = ("openconfig-lldp", "http://openconfig.net/yang/lldp");
const ISIS: &str = "openconfig-isis";

/// The most interfaces, and the most neighbours, of one router.
pub const MOST: usize = 8_192;
/// The longest text of a neighbour, in octets: what a TLV of LLDP holds (IEEE 802.1AB section 8.5).
const LONGEST: usize = 255;
/// The port id is the name of an interface (`openconfig-lldp-types`).
const BY_NAME: &str = "INTERFACE_NAME";

/// Of what a router can be asked, by the modules that it serves.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Topics {
    interfaces: bool,
    ethernet: bool,
    lldp: bool,
    isis: bool,
    /// The database of IS-IS too, where it serves that.
    database: bool,
}

impl Topics {
    /// Of the modules' names.
    pub fn of<'m>(modules: impl IntoIterator<Item = &'m str>) -> Self {
        let mut topics = Self::default();
        for module in modules {
            topics.interfaces |= module == INTERFACES.0;
            topics.ethernet |= module == ETHERNET.0;
            topics.lldp |= module == LLDP.0;
            topics.isis |= module == ISIS;
        }
        topics
    }

    /// The same and what IS-IS tells it, where it serves that. Every router of an area has the database of all, so that a few are to be
    /// asked for it and not each of them.
    #[must_use]
    pub const fn with_database(self) -> Self {
        Self { database: self.isis, ..self }
    }

    /// Whether there is nothing to ask.
    pub const fn is_empty(self) -> bool {
        !self.interfaces && !self.lldp && !self.database
    }

    /// As a NETCONF subtree filter (RFC 6241 section 6).
    pub fn filter_xml(self) -> String {
        let mut filter = String::new();
        if self.interfaces {
            let ethernet = if self.ethernet {
                let leaves = "<port-speed/><negotiated-port-speed/>";
                format!("<ethernet xmlns=\"{}\"><state>{leaves}</state></ethernet>", ETHERNET.1)
            } else {
                String::new()
            };
            filter.push_str(&format!(
                "<interfaces xmlns=\"{}\"><interface><name/><state><oper-status/><ifindex/></state>{ethernet}\
                 </interface></interfaces>",
                INTERFACES.1
            ));
        }
        if self.lldp {
            let state = "<state><id/><system-name/><chassis-id/><port-id/><port-id-type/></state>";
            filter.push_str(&format!(
                "<lldp xmlns=\"{}\"><state><system-name/></state><interfaces><interface><name/><neighbors><neighbor>\
                 <id/>{state}</neighbor></neighbors></interface></interfaces></lldp>",
                LLDP.1
            ));
        }
        if self.database {
            filter.push_str(database::FILTER);
        }
        filter
    }

    /// As gNMI paths. Whole modules, as not every target answers a Get whose path leaves the key of a list open; but for the database, beside
    /// which all that an instance has would come.
    pub fn paths(self) -> Vec<&'static str> {
        let paths = [
            (self.interfaces, "/openconfig-interfaces:interfaces"),
            (self.lldp, "/openconfig-lldp:lldp"),
            (self.database, database::PATH),
        ];
        paths.into_iter().filter(|(is_served, _)| *is_served).map(|(_, path)| path).collect()
    }
}

/// What an answer says. The tree's root has `interfaces`, `lldp` and `network-instances` as children where there is anything. O(n log n) in
/// the nodes of the answer.
///
/// # Errors
/// A value that the modules do not allow; more than [`MOST`] interfaces or neighbours, or more of a database than there is room for.
pub fn read(root: &View) -> Result<Surroundings, BadPayload> {
    let mut found = Surroundings {
        system_name: text(root, &["lldp", "state", "system-name"]),
        lsdb: database::read(root)?,
        ..Surroundings::default()
    };
    for interface in root.all(&["interfaces", "interface"]) {
        let Some(name) = name_of(interface) else { continue };
        let place = format!("interface {name}");
        room(found.ports.len(), &place, "one of at most 8192 interfaces")?;
        let port = port(interface, &place)?;
        found.ports.insert(name, port);
    }
    let mut count = 0;
    for interface in root.all(&["lldp", "interfaces", "interface"]) {
        let Some(name) = name_of(interface) else { continue };
        let place = format!("lldp of {name}");
        for node in interface.all(&["neighbors", "neighbor"]) {
            room(count, &place, "one of at most 8192 neighbours")?;
            count += 1;
            found.neighbours.entry(name.clone()).or_default().push(neighbour(node));
        }
    }
    found.neighbours.values_mut().for_each(|all| all.sort_unstable());
    Ok(found)
}

fn room(taken: usize, place: &str, expected: &'static str) -> Result<(), BadPayload> {
    if taken < MOST { Ok(()) } else { Err(bad(place, "surroundings", expected)) }
}

/// The name of a list's entry; none where no network file can have it.
fn name_of(entry: &View) -> Option<InterfaceName> {
    entry.text_at(&["name"])?.trim().parse().ok()
}

fn port(node: &View, place: &str) -> Result<Port, BadPayload> {
    let oper = node.text_at(&["state", "oper-status"]).map(|text| oper(text, place)).transpose()?;
    let index = node.text_at(&["state", "ifindex"]);
    let index = index.map(|text| parse(text, place, "the number of an interface")).transpose()?;
    // What was agreed with the other end counts before what was asked for.
    let speeds = ["negotiated-port-speed", "port-speed"];
    let speed = speeds.into_iter().find_map(|leaf| speed(node.text_at(&["ethernet", "state", leaf])?));
    Ok(Port { oper, index, speed })
}

fn oper(text: &str, place: &str) -> Result<Oper, BadPayload> {
    let known = Oper::ALL.into_iter().find(|oper| oper.name() == text);
    known.ok_or_else(|| bad(text, place, "an operational status"))
}

/// A speed by its identity: `SPEED_100MB` is 100 Mbit/s. None for `SPEED_UNKNOWN` and those that came after this was written otherwise.
fn speed(identity: &str) -> Option<Bandwidth> {
    let name = identity.rsplit_once(':').map_or(identity, |(_, name)| name);
    let rate = name.strip_prefix("SPEED_")?;
    let (number, unit) = match (rate.strip_suffix("GB"), rate.strip_suffix("MB")) {
        (Some(number), _) => (number, 1_000_000_000),
        (None, Some(number)) => (number, 1_000_000),
        (None, None) => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit).map(Bandwidth::from_bps)
}

fn neighbour(node: &View) -> Neighbour {
    Neighbour {
        system_name: text(node, &["state", "system-name"]),
        chassis_id: text(node, &["state", "chassis-id"]),
        port_id: text(node, &["state", "port-id"]),
        is_interface: node.text_at(&["state", "port-id-type"]) == Some(BY_NAME),
    }
}

/// What somebody calls something, without characters that no name has; none where it is not told, empty, or longer than anybody may send:
/// routers write octets that are no characters as several.
fn text(node: &View, path: &[&str]) -> Option<String> {
    let told = node.text_at(path).map(str::trim).filter(|told| told.len() <= LONGEST)?;
    let told: String = told.chars().filter(|c| !c.is_control() && !turns_text(*c)).collect();
    (!told.is_empty()).then_some(told)
}

/// Whether a character changes the direction of the text after it (Unicode, UAX 9), so that terminals show something else than was said.
const fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

#[cfg(test)]
mod tests;
