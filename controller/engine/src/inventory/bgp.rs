//! From whom the controller learns the network by BGP-LS (RFC 9552).

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use bgp::{Config, Peer, learn::Names, wire::Family};
use model::{Affinity, NodeId, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::learn::Speaker;

/// After so many seconds of silence a peer is taken for dead, and the other way round.
const HOLD_TIME: u16 = 90;
/// How long after a connection failed the next is tried; longer each time.
const RETRY: Span = Span::from_secs(5);
/// The most a group is numbered (RFC 7308): what an IGP can tell of.
const LAST_GROUP: u32 = 2_039;

/// The controller as a BGP speaker. Connections are neither signed nor limited in hops: BGP belongs on the management network.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BgpAccess {
    /// The controller's autonomous system.
    pub asn: u32,
    /// Its BGP identifier: an IPv4 address that no router has as its own.
    pub identifier: Ipv4Addr,
    /// Address and port at which peers may connect; none where absent, and the controller alone connects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Routers or reflectors that tell of the network.
    pub peers: Vec<BgpPeer>,
    /// The numbers of administrative groups by the names that links have in the network file. Whether a link is of one of these
    /// the routers say; of groups that are not here the file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<Affinity, u32>,
}

/// A peer.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BgpPeer {
    /// What it is called in findings.
    pub name: NodeId,
    /// Address and port; 179 is BGP's.
    pub address: SocketAddr,
    /// Its autonomous system.
    pub asn: u32,
    /// The address from which to connect; any where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<IpAddr>,
    /// Wait for it to connect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passive: bool,
}

/// What cannot be meant.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum BgpError {
    /// A number that no autonomous system has.
    #[error("bgp: {0}: `asn` is 0, which no autonomous system has")]
    NoSystem(String),
    /// An identifier that no speaker has.
    #[error(
        "bgp: `identifier` is 0.0.0.0, which no speaker may have: write an address of the controller's own"
    )]
    NoIdentifier,
    /// Two of one name or address.
    #[error("bgp: two peers have the {0} {1}: give each its own")]
    Twice(&'static str, String),
    /// Nothing listens there.
    #[error("bgp: peer {0}: nothing listens on port 0: name the port, 179 as a rule")]
    NoPort(NodeId),
    /// Nobody is there to wait for.
    #[error("bgp: peer {0} is `passive` and there is no `listen`: it could never connect")]
    NoListener(NodeId),
    /// A group that cannot be told.
    #[error("bgp: group {0} has number {1}, and groups are numbered from 0 to 2039, each once")]
    Group(Affinity, u32),
}

impl BgpAccess {
    /// Checks what the text alone tells to be wrong.
    ///
    /// # Errors
    /// The first thing that is.
    pub(super) fn check(&self) -> Result<(), BgpError> {
        if self.asn == 0 {
            return Err(BgpError::NoSystem("the controller".to_owned()));
        }
        if self.identifier.is_unspecified() {
            return Err(BgpError::NoIdentifier);
        }
        let (mut names, mut addresses) = (BTreeSet::new(), BTreeSet::new());
        for peer in &self.peers {
            if peer.asn == 0 {
                return Err(BgpError::NoSystem(format!("peer {}", peer.name)));
            }
            if peer.address.port() == 0 {
                return Err(BgpError::NoPort(peer.name.clone()));
            }
            if peer.passive && self.listen.is_none() {
                return Err(BgpError::NoListener(peer.name.clone()));
            }
            if !names.insert(&peer.name) {
                return Err(BgpError::Twice("name", peer.name.to_string()));
            }
            // Whoever connects is known by its address alone.
            let ip = peer.address.ip().to_canonical();
            if !addresses.insert(ip) {
                return Err(BgpError::Twice("address", ip.to_string()));
            }
        }
        let mut numbers = BTreeSet::new();
        for (name, number) in &self.groups {
            if *number > LAST_GROUP || !numbers.insert(number) {
                return Err(BgpError::Group(name.clone(), *number));
            }
        }
        Ok(())
    }

    /// What the task that speaks needs.
    pub fn speaker(&self) -> Speaker {
        let peer = |peer: &BgpPeer| {
            let config = Config {
                local_as: self.asn,
                peer_as: peer.asn,
                identifier: self.identifier,
                hold_time: HOLD_TIME,
                families: vec![Family::LINK_STATE],
                passive: peer.passive,
                retry: RETRY,
            };
            (peer.name.clone(), Peer { local: peer.local, ..Peer::new(peer.address, config) })
        };
        let groups = self.groups.iter().map(|(name, number)| (*number, name.clone())).collect();
        Speaker {
            listen: self.listen,
            peers: self.peers.iter().map(peer).collect(),
            names: Names { groups, ..Names::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::inventory::Inventory;

    const HEAD: &str = "apiVersion: trunkline/v1\nkind: Inventory\ndevices: []\n";
    const BGP: &str = "bgp:
  asn: 65000
  identifier: 10.0.0.200
  peers:
    - {name: rr1, address: \"10.0.0.1:179\", asn: 65000}
    - {name: rr2, address: \"10.0.0.2:179\", asn: 65001, local: 10.0.0.200}
  groups: {line1: 3, mstp: 0}
";

    fn told(from: &str, to: &str) -> String {
        let text = format!("{HEAD}{BGP}").replacen(from, to, 1);
        Inventory::parse(&text).unwrap_err().to_string()
    }

    #[test]
    fn peers_are_read_and_written_and_none_are_needed() {
        assert!(Inventory::parse(HEAD).unwrap().bgp.is_none());
        let inventory = Inventory::parse(&format!("{HEAD}{BGP}")).unwrap();
        let speaker = inventory.bgp.as_ref().unwrap().speaker();
        let names: Vec<String> = speaker.peers.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["rr1", "rr2"]);
        let rr2 = speaker.peers.values().next_back().unwrap();
        assert_eq!((rr2.config.local_as, rr2.config.peer_as), (65_000, 65_001));
        assert_eq!(rr2.local.map(|local| local.to_string()), Some("10.0.0.200".to_owned()));
        assert_eq!(speaker.names.group(3).as_str(), "line1");
        let written = serde_yaml::to_string(&inventory).unwrap();
        assert!(!written.contains("listen") && !written.contains("passive"), "{written}");
        assert_eq!(Inventory::parse(&written).unwrap().bgp.unwrap().speaker().peers.len(), 2);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        for (from, to, wanted) in [
            ("asn: 65000", "asn: 0", "the controller: `asn` is 0"),
            ("asn: 65001", "asn: 0", "peer rr2: `asn` is 0"),
            ("10.0.0.200", "0.0.0.0", "`identifier` is 0.0.0.0"),
            ("name: rr2", "name: rr1", "two peers have the name rr1"),
            ("10.0.0.2:179", "10.0.0.1:180", "two peers have the address 10.0.0.1"),
            ("10.0.0.2:179", "10.0.0.2:0", "peer rr2: nothing listens on port 0"),
            ("asn: 65001", "asn: 65001, passive: true", "peer rr2 is `passive` and there is no `listen`"),
            ("mstp: 0", "mstp: 3", "group mstp has number 3"),
            ("mstp: 0", "mstp: 2040", "group mstp has number 2040"),
            ("asn: 65001", "asn: 65001, md5: secret", "unknown field `md5`"),
        ] {
            let told = told(from, to);
            assert!(told.contains(wanted), "{told}");
        }
    }
}
