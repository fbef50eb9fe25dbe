//! Steering rules: the route policy by which a VRF imports routes gives those within a rule's prefix its color, and packets follow
//! the color of the route that leads them (RFC 9256 section 8.4).
//!
//! A rule is a prefix filter of its own, `tl-VRF-SEQUENCE`, and a node of the policy `tl-VRF-ipv4` or `tl-VRF-ipv6`. Nodes stand in
//! the order of sequences; the last one lets all other routes in as they are, for a route policy keeps out what no node matches.
//! The VRF is not ours: of it, only the leaf that names the policy is written. Where it names another one, that stays, and the
//! whole VRF is in somebody else's hands. Writing that leaf would make a VRF or an address family that is not there, so the reading
//! tells which there are, and whoever sends edits looks at that ([`Foreign::lacks_table_of`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;
use model::{
    Color, DeviceConfig, SteeringKey, SteeringRule, VrfName,
    state::{Foreign, OWN_PREFIX},
};

use super::{
    L3VPN, NAME, NI, RTP,
    policy::{ALPHABET, PUBLIC},
    support,
};
use crate::{
    capability::{Refusal, Unsupported},
    objects::{Object, Objects},
    operation::{Data, Step},
    tree::{below, container, entry, leaf},
    view::View,
};

const LONGEST_VRF: usize = 31;
/// The node that lets in what no rule matches.
const LAST_NODE: u32 = 65_535;
/// Of one address family: nodes are numbered from 1 to below the last.
const MOST_RULES: usize = 65_534;
/// The only node of a prefix filter.
const ONLY_NODE: u32 = 10;
/// Before the number of a color.
const COLOR: &str = "0:";

/// The words of an address family.
struct Family {
    /// Of the VRF.
    table: &'static str,
    /// In the name of our route policy.
    name: &'static str,
    /// The list of prefix filters, and an entry of it.
    filters: (&'static str, &'static str),
    /// Of a node of a filter.
    address: &'static str,
    /// Of a node of the route policy.
    condition: &'static str,
    /// The length of an address.
    bits: u32,
}

const IPV4: Family = Family {
    table: "ipv4-unicast",
    name: "ipv4",
    filters: ("ipv4-prefix-filters", "ipv4-prefix-filter"),
    address: "ip-address",
    condition: "match-ipv4-prefix",
    bits: 32,
};
const IPV6: Family = Family {
    table: "ipv6-unicast",
    name: "ipv6",
    filters: ("ipv6-prefix-filters", "ipv6-prefix-filter"),
    address: "ipv6-address",
    condition: "match-ipv6-prefix",
    bits: 128,
};

/// What our names of a VRF begin with. What follows is a number or a family and has no `-`, so that no two VRFs share a name.
fn start(vrf: &VrfName) -> String {
    format!("{OWN_PREFIX}{}-", ALPHABET.write(vrf.as_str()))
}

fn policy_name(vrf: &VrfName, family: &Family) -> String {
    format!("{}{}", start(vrf), family.name)
}

/// A rule and its prefix.
type Ruled<'a> = (&'a SteeringRule, IpNet);

pub(super) fn objects(config: &DeviceConfig, objects: &mut Objects) {
    let mut tables: BTreeMap<(&VrfName, bool), Vec<Ruled<'_>>> = BTreeMap::new();
    for rule in config.steering.values() {
        // Others are refused by the table of features.
        if let (Some(prefix), true) = (rule.prefix, rule.dscp.is_empty()) {
            let is_v6 = matches!(prefix, IpNet::V6(_));
            tables.entry((&rule.key.vrf, is_v6)).or_default().push((rule, prefix));
        }
    }
    for ((vrf, is_v6), rules) in tables {
        let what = format!("steering in vrf {vrf}");
        let refusal = Refusal { dialect: NAME, support, what: &what };
        let table = Table { vrf, family: if is_v6 { &IPV6 } else { &IPV4 } };
        match table.judge(&rules, &refusal) {
            Ok(()) => table.put(&rules, &refusal, objects),
            Err(unsupported) => objects.refuse(unsupported),
        }
    }
}

/// An address family of a VRF.
struct Table<'a> {
    vrf: &'a VrfName,
    family: &'a Family,
}

impl Table<'_> {
    fn judge(&self, rules: &[Ruled<'_>], refusal: &Refusal<'_>) -> Result<(), Unsupported> {
        if self.vrf.as_str() == PUBLIC {
            return Err(refusal.because("the public instance has no import policy"));
        }
        refusal.unless_short("the name of the VRF", self.vrf.to_string(), LONGEST_VRF)?;
        if rules.len() > MOST_RULES {
            return Err(refusal.because(format!("more than {MOST_RULES} rules of one address family")));
        }
        match rules.iter().find(|(_, prefix)| prefix.trunc() != *prefix) {
            Some((_, prefix)) => Err(refusal.because(format!("{prefix} has bits set behind its length"))),
            None => Ok(()),
        }
    }

    fn put(&self, rules: &[Ruled<'_>], refusal: &Refusal<'_>, objects: &mut Objects) {
        let clash = || refusal.because("something else has its name");
        let mut nodes = Vec::new();
        for (place, (rule, prefix)) in (1_u32..).zip(rules) {
            let name = format!("{}{}", start(self.vrf), rule.key.sequence);
            nodes.push(self.node(place, &name, rule.color));
            let Object { path, content } = self.filter(name, *prefix);
            objects.put(path, content, clash);
        }
        nodes.push(Data::Entry(
            RTP,
            "node",
            vec![leaf(RTP, "sequence", LAST_NODE), leaf(RTP, "match-mode", "permit")],
        ));
        let name = policy_name(self.vrf, self.family);
        let path = vec![
            container(RTP, "routing-policy"),
            container(RTP, "policy-definitions"),
            entry(RTP, "policy-definition", "name", name.as_str()),
        ];
        objects.put(path, vec![Data::Container(RTP, "nodes", nodes)], clash);
        objects.put_leaf(self.place(), (L3VPN, "import-policy"), name, clash);
    }

    /// The VRF's own entry for the family.
    fn place(&self) -> Vec<Step> {
        let instance = entry(NI, "instance", "name", self.vrf.as_str());
        let root = vec![container(NI, "network-instance"), container(NI, "instances"), instance];
        below(root, [container(L3VPN, "afs"), entry(L3VPN, "af", "type", self.family.table)])
    }

    /// Gives the routes of a filter a color.
    fn node(&self, place: u32, filter: &str, color: Color) -> Data {
        let reference = vec![leaf(RTP, "prefix-filter-ref", filter)];
        let value = vec![leaf(RTP, "value", format!("{COLOR}{}", color.number()))];
        Data::Entry(
            RTP,
            "node",
            vec![
                leaf(RTP, "sequence", place),
                leaf(RTP, "match-mode", "permit"),
                Data::Container(
                    RTP,
                    "conditions",
                    vec![Data::Container(RTP, self.family.condition, reference)],
                ),
                Data::Container(
                    RTP,
                    "actions",
                    vec![Data::Container(RTP, "apply-ext-community-color", value)],
                ),
            ],
        )
    }

    /// The prefix and all that lies within it.
    fn filter(&self, name: String, prefix: IpNet) -> Object {
        let length = u32::from(prefix.prefix_len());
        let (filters, filter) = self.family.filters;
        let node = vec![
            leaf(RTP, "sequence", ONLY_NODE),
            leaf(RTP, "match-mode", "permit"),
            leaf(RTP, self.family.address, prefix.addr().to_string()),
            leaf(RTP, "masklength", length),
            leaf(RTP, "masklength-lower", length),
            leaf(RTP, "masklength-upper", self.family.bits),
        ];
        Object {
            path: vec![
                container(RTP, "routing-policy"),
                container(RTP, filters),
                entry(RTP, filter, "name", name),
            ],
            content: vec![Data::Container(RTP, "nodes", vec![Data::Entry(RTP, "node", node)])],
        }
    }

    /// The rules that the table follows; none where its policy is not as we write it, so that it shows as drift and is written
    /// again as a whole.
    fn rules(&self, root: &View) -> Option<Vec<SteeringRule>> {
        let name = policy_name(self.vrf, self.family);
        let definitions = ["routing-policy", "policy-definitions", "policy-definition"];
        let policy =
            root.all(&definitions).find(|policy| policy.text_at(&["name"]) == Some(name.as_str()))?;
        let mut nodes = Vec::new();
        for node in policy.all(&["nodes", "node"]) {
            nodes.push((node.text_at(&["sequence"])?.parse::<u32>().ok()?, node));
        }
        nodes.sort_by_key(|(sequence, _)| *sequence);
        let (last, lets_in) = nodes.pop()?;
        let lets_all_in = permits(lets_in) && is_bare(lets_in, "conditions") && is_bare(lets_in, "actions");
        if last != LAST_NODE || !lets_all_in {
            return None;
        }
        let (filters, filter) = self.family.filters;
        let places = ["routing-policy", filters, filter];
        let filters: BTreeMap<&str, &View> =
            root.all(&places).filter_map(|filter| Some((filter.text_at(&["name"])?, filter))).collect();
        let rules: Vec<SteeringRule> =
            nodes.into_iter().map(|(_, node)| self.rule(node, &filters)).collect::<Option<_>>()?;
        rules.is_sorted_by(|one, next| one.key.sequence < next.key.sequence).then_some(rules)
    }

    fn rule(&self, node: &View, filters: &BTreeMap<&str, &View>) -> Option<SteeringRule> {
        let filter = node.text_at(&["conditions", self.family.condition, "prefix-filter-ref"])?;
        let sequence = filter.strip_prefix(start(self.vrf).as_str())?.parse().ok()?;
        let color = node.text_at(&["actions", "apply-ext-community-color", "value"])?;
        let color: u32 = color.strip_prefix(COLOR)?.parse().ok()?;
        let rule = SteeringRule {
            key: SteeringKey { vrf: self.vrf.clone(), sequence },
            prefix: Some(self.prefix(filters.get(filter).copied()?)?),
            dscp: BTreeSet::new(),
            color: Color::try_from(color).ok()?,
        };
        permits(node).then_some(rule)
    }

    fn prefix(&self, filter: &View) -> Option<IpNet> {
        let mut nodes = filter.all(&["nodes", "node"]);
        let (Some(node), None) = (nodes.next(), nodes.next()) else { return None };
        let number = |leaf: &str| node.text_at(&[leaf])?.parse::<u8>().ok();
        let length = number("masklength")?;
        // A router may leave out the lower bound where it is the length itself.
        let down = number("masklength-lower").is_none_or(|lower| lower == length);
        let up = number("masklength-upper").map(u32::from) == Some(self.family.bits);
        let address: IpAddr = node.text_at(&[self.family.address])?.parse().ok()?;
        if down && up && permits(node) { IpNet::new(address, length).ok() } else { None }
    }
}

fn permits(node: &View) -> bool {
    node.text_at(&["match-mode"]) == Some("permit")
}

/// Whether nothing is said in a part of a node.
fn is_bare(node: &View, part: &str) -> bool {
    fn is_silent(view: &View) -> bool {
        view.text.is_empty() && view.children.iter().all(is_silent)
    }
    node.child(part).is_none_or(is_silent)
}

pub(super) fn read(root: &View, owned: &mut DeviceConfig, foreign: &mut Foreign) {
    let mut tables = BTreeSet::new();
    for instance in root.all(&["network-instance", "instances", "instance"]) {
        let Some(Ok(vrf)) = instance.text_at(&["name"]).map(str::parse::<VrfName>) else { continue };
        for af in instance.all(&["afs", "af"]) {
            let of = |family: &&Family| af.text_at(&["type"]) == Some(family.table);
            let Some(family) = [&IPV4, &IPV6].into_iter().find(of) else { continue };
            tables.insert((vrf.clone(), family.bits == IPV6.bits));
            let table = Table { vrf: &vrf, family };
            match (af.text_at(&["import-policy"]), af.at(&["import-filter", "name"])) {
                (Some(name), None) if name == policy_name(&vrf, family) => {
                    let rules = table.rules(root).into_iter().flatten();
                    owned.steering.extend(rules.map(|rule| (rule.key.clone(), rule)));
                }
                (None, None) => {}
                _ => {
                    foreign.vrfs.insert(vrf.clone());
                }
            }
        }
    }
    foreign.tables = Some(tables);
}
