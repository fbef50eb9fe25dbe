//! Where state stands in the schema: looked up once by name, used for every sample by number.

use super::{Part, database::Database, nodes::node};
use crate::yang::{NodeId, Schema};

/// Containers from a node down, and the leaves in the last of them.
#[derive(Debug)]
pub(super) struct Group<const LEAVES: usize> {
    /// The containers, outermost first.
    pub(super) way: Vec<NodeId>,
    /// The leaves.
    pub(super) leaves: [NodeId; LEAVES],
}

/// The schema nodes of neighbours.
#[derive(Debug)]
pub(super) struct Hearing {
    /// From the top to the list of those whom a port hears, keys left out.
    pub(super) lldp: NodeId,
    pub(super) interfaces: NodeId,
    pub(super) interface: NodeId,
    pub(super) neighbours: NodeId,
    pub(super) neighbour: NodeId,
    /// The router's own name, chassis and kind of chassis.
    pub(super) own: Group<3>,
    /// Key, name, chassis and kind of chassis, port and kind of port of somebody.
    pub(super) other: Group<6>,
}

impl Hearing {
    fn of(schema: &Schema) -> Self {
        let at = |path: &str| node(schema, path);
        let interface = "lldp/interfaces/interface";
        let neighbour = &format!("{interface}/neighbors/neighbor");
        let other = ["id", "system-name", "chassis-id", "chassis-id-type", "port-id", "port-id-type"];
        Self {
            lldp: at("lldp"),
            interfaces: at("lldp/interfaces"),
            interface: at(interface),
            neighbours: at(&format!("{interface}/neighbors")),
            neighbour: at(neighbour),
            own: group(schema, "lldp", &["state"], ["system-name", "chassis-id", "chassis-id-type"]),
            other: group(schema, neighbour, &["state"], other),
        }
    }
}

/// The schema nodes of segment lists, below a candidate path.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) lists: NodeId,
    pub(super) list: NodeId,
    pub(super) segments: NodeId,
    pub(super) segment: NodeId,
    /// What a segment is: a label or an SRv6 SID.
    pub(super) sid: [NodeId; 2],
    pub(super) active: NodeId,
    /// Whether probes come back; delay, jitter, loss.
    pub(super) measured: Group<4>,
}

impl Lists {
    fn of(schema: &Schema, path: &str) -> Self {
        let at = |path: &str| node(schema, path);
        let list = &format!("{path}/segment-lists/segment-list");
        let segment = &format!("{list}/segments/segment");
        let measured = ["probes", "one-way-delay", "jitter", "loss-ppb"];
        Self {
            lists: at(&format!("{path}/segment-lists")),
            list: at(list),
            segments: at(&format!("{list}/segments")),
            segment: at(segment),
            sid: ["label", "srv6-sid"].map(|name| at(&format!("{segment}/{name}"))),
            active: at(&format!("{list}/active")),
            measured: group(schema, list, &["measurement"], measured),
        }
    }
}

/// The schema nodes of the router's own SIDs.
#[derive(Debug)]
pub(super) struct Sids {
    pub(super) srv6: NodeId,
    pub(super) sids: NodeId,
    pub(super) sid: NodeId,
    /// Behaviour, flavour.
    pub(super) state: Group<2>,
    /// Octets, packets, errors.
    pub(super) counters: Group<3>,
}

impl Sids {
    fn of(schema: &Schema) -> Self {
        let sid = "srv6/local-sids/local-sid";
        Self {
            srv6: node(schema, "srv6"),
            sids: node(schema, "srv6/local-sids"),
            sid: node(schema, sid),
            state: group(schema, sid, &[], ["behaviour", "flavour"]),
            counters: group(schema, sid, &["counters"], ["octets", "pkts", "errors"]),
        }
    }
}

/// The schema nodes that state is written to.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) interfaces: NodeId,
    pub(super) interface: NodeId,
    /// Name, status, number.
    pub(super) interface_state: Group<3>,
    /// Octets, packets, discards and errors, in and then out.
    pub(super) interface_counters: Group<8>,
    /// Delay, jitter, loss, bandwidth in use.
    pub(super) measurement: Group<4>,
    pub(super) hearing: Hearing,
    pub(super) database: Database,
    /// From the top to the list of a port's queues, keys left out.
    pub(super) qos: NodeId,
    pub(super) qos_interfaces: NodeId,
    pub(super) qos_interface: NodeId,
    pub(super) output: NodeId,
    pub(super) queues: NodeId,
    pub(super) queue: NodeId,
    /// Name, longest and mean length, sent and dropped packets and octets.
    pub(super) queue_state: Group<7>,
    pub(super) instances: NodeId,
    pub(super) instance: NodeId,
    pub(super) policies: NodeId,
    pub(super) policy: NodeId,
    pub(super) policy_status: NodeId,
    /// Octets, packets.
    pub(super) policy_counters: Group<2>,
    pub(super) paths: NodeId,
    pub(super) path: NodeId,
    pub(super) path_active: NodeId,
    /// Preference, discriminator.
    pub(super) path_key: [NodeId; 2],
    pub(super) lists: Lists,
    /// From an instance down to a policy of rules.
    pub(super) forwarding: [NodeId; 3],
    pub(super) rules: NodeId,
    pub(super) rule: NodeId,
    /// Packets, octets.
    pub(super) rule_state: Group<2>,
    pub(super) sids: Sids,
}

/// As [`Places::interface_counters`] has them.
const COUNTERS: [&str; 8] = [
    "in-octets",
    "in-pkts",
    "in-discards",
    "in-errors",
    "out-octets",
    "out-pkts",
    "out-discards",
    "out-errors",
];

impl Places {
    pub(super) fn of(schema: &Schema) -> Self {
        let at = |path: &str| node(schema, path);
        let (interface, output) = ("interfaces/interface", "qos/interfaces/interface/output");
        let queue = &format!("{output}/queues/queue");
        let policy = "network-instances/network-instance/sr-policies/sr-policy";
        let path = &format!("{policy}/candidate-paths/candidate-path");
        let forwarding = "network-instances/network-instance/policy-forwarding";
        let rules = &format!("{forwarding}/policies/policy/rules");
        let rule = &format!("{rules}/rule");
        let measured = ["one-way-delay", "jitter", "loss-ppb", "utilised-bandwidth"];
        let queue_leaves = [
            "name",
            "max-queue-len",
            "avg-queue-len",
            "transmit-pkts",
            "transmit-octets",
            "dropped-pkts",
            "dropped-octets",
        ];
        Self {
            interfaces: at("interfaces"),
            interface: at(interface),
            interface_state: group(schema, interface, &["state"], ["name", "oper-status", "ifindex"]),
            interface_counters: group(schema, interface, &["state", "counters"], COUNTERS),
            measurement: group(schema, interface, &["measurement"], measured),
            hearing: Hearing::of(schema),
            database: Database::of(schema),
            qos: at("qos"),
            qos_interfaces: at("qos/interfaces"),
            qos_interface: at("qos/interfaces/interface"),
            output: at(output),
            queues: at(&format!("{output}/queues")),
            queue: at(queue),
            queue_state: group(schema, queue, &["state"], queue_leaves),
            instances: at("network-instances"),
            instance: at("network-instances/network-instance"),
            policies: at("network-instances/network-instance/sr-policies"),
            policy: at(policy),
            policy_status: at(&format!("{policy}/oper-status")),
            policy_counters: group(schema, policy, &["counters"], ["octets", "pkts"]),
            paths: at(&format!("{policy}/candidate-paths")),
            path: at(path),
            path_active: at(&format!("{path}/active")),
            path_key: ["preference", "discriminator"].map(|name| at(&format!("{path}/{name}"))),
            lists: Lists::of(schema, path),
            forwarding: [
                at(forwarding),
                at(&format!("{forwarding}/policies")),
                at(&format!("{forwarding}/policies/policy")),
            ],
            rules: at(rules),
            rule: at(rule),
            rule_state: group(schema, rule, &["state"], ["matched-pkts", "matched-octets"]),
            sids: Sids::of(schema),
        }
    }
}

impl Places {
    /// Every leaf of state with its kind.
    pub(super) fn leaves(&self) -> Vec<(Part, NodeId)> {
        let of = |part, leaves: &[NodeId]| leaves.iter().map(|leaf| (part, *leaf)).collect::<Vec<_>>();
        [
            of(Part::Status, &self.interface_state.leaves),
            of(Part::Counters, &self.interface_counters.leaves),
            of(Part::Measurement, &self.measurement.leaves),
            of(Part::Queues, &self.queue_state.leaves),
            of(Part::Neighbours, &self.hearing.own.leaves),
            of(Part::Neighbours, &self.hearing.other.leaves),
            of(Part::Steering, &[self.policy_status, self.path_active]),
            of(Part::Steering, &self.policy_counters.leaves),
            of(Part::Steering, &self.rule_state.leaves),
            of(Part::Lists, &[self.lists.active]),
            of(Part::Lists, &self.lists.measured.leaves),
            of(Part::Sids, &self.sids.state.leaves),
            of(Part::Sids, &self.sids.counters.leaves),
            of(Part::Database, &self.database.leaves),
        ]
        .concat()
    }
}

fn group<const LEAVES: usize>(
    schema: &Schema,
    below: &str,
    way: &[&str],
    leaves: [&str; LEAVES],
) -> Group<LEAVES> {
    let mut place = below.to_owned();
    let mut nodes = Vec::with_capacity(way.len());
    for container in way {
        place = format!("{place}/{container}");
        nodes.push(node(schema, &place));
    }
    Group { way: nodes, leaves: leaves.map(|leaf| node(schema, &format!("{place}/{leaf}"))) }
}
