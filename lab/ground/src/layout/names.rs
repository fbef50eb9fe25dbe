//! Names that Linux takes: of namespaces, which are files, and of interfaces, which have at most 15 octets.

use std::collections::{BTreeMap, BTreeSet};

use model::InterfaceName;

/// How names of all namespaces of all labs begin.
pub const PREFIX: &str = "tlg-";

/// The longest name of a lab in names of namespaces.
const LAB: usize = 40;
/// The longest name of a node in them, so that the whole stays well below the 255 octets of a file name.
const NODE: usize = 150;
/// The longest name of an interface.
const DEVICE: usize = 15;

/// Names that mean something else to Linux or to us.
const RESERVED: [&str; 6] = ["lo", "sr0", "all", "default", "dev", "name"];

/// A lab's name as part of others: letters, digits, `_` and `-`. It has no dot, which parts it from the node.
pub fn lab(name: &str) -> String {
    fit(name, LAB, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// How the names of all namespaces of a lab begin, and of no other lab.
pub fn of_lab(lab: &str) -> String {
    format!("{PREFIX}{lab}.")
}

/// The name of a node's namespace.
pub fn space(lab: &str, node: &str) -> String {
    let node = fit(node, NODE, |c| c.is_ascii_alphanumeric() || "._-".contains(c));
    format!("{}{node}", of_lab(lab))
}

/// A name of allowed characters only; one that was changed gets a number that tells it from others.
fn fit(name: &str, most: usize, allowed: impl Fn(char) -> bool) -> String {
    let fitting: String = name.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    if fitting == name && name.len() <= most && !name.is_empty() {
        return fitting;
    }
    let short: String = fitting.chars().take(most.saturating_sub(9)).collect();
    format!("{short}-{:08x}", number(name))
}

/// A number that spreads names (FNV-1a, 32 bits).
fn number(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// What the interfaces of one node are called: as they are where that can be, or else with `-` in place of what cannot, and `if-` before
/// that where it must be, or else by their number.
pub fn devices(names: &[InterfaceName]) -> BTreeMap<InterfaceName, String> {
    let mut taken: BTreeSet<String> =
        names.iter().map(|name| name.as_str().to_owned()).filter(|name| is_device(name)).collect();
    let mut devices = BTreeMap::new();
    for (at, name) in (1..).zip(names) {
        if is_device(name.as_str()) {
            devices.insert(name.clone(), name.as_str().to_owned());
            continue;
        }
        let changed: String = name.as_str().chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
        let numbered = (at..).map(|at: usize| format!("if{at}"));
        let behind = format!("if-{changed}");
        let fitting = [changed, behind].into_iter().filter(|name| is_device(name)).chain(numbered);
        for device in fitting {
            if taken.insert(device.clone()) {
                devices.insert(name.clone(), device);
                break;
            }
        }
    }
    devices
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

/// Whether Linux takes it, and no program takes it for a word of its own, a number or an option. All that passes is a `Device` to the crate
/// `kernel`, which a test of the agents sees to.
fn is_device(name: &str) -> bool {
    name.len() <= DEVICE
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(is_plain)
        && !RESERVED.contains(&name)
}
