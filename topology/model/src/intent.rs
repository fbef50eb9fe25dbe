//! Intents after validation: every name resolved, every selector expanded into services (RFC 9315, RFC 9543).
//! Only `intents::validate` makes an [`IntentSet`]; all later stages take one, so that an unjudged document cannot reach them.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    class::{QosProfile, TrafficClass},
    condition::{AlarmPolicy, Condition},
    id::{Affinity, ClassName, IntentId, NodeId, ServiceId, VrfName},
    schedule::Schedule,
    sr::{Dataplane, LastResort},
    steering::Dscp,
    time::Span,
    unit::{Bandwidth, Delay, Jitter, Loss, Ratio},
    window::Window,
};

/// Service-level objectives: what is measured and promised (RFC 9543 section 5.1.1). Absent means: nothing is promised.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Slo {
    /// The longest one-way delay.
    pub one_way_delay: Option<Delay>,
    /// The largest delay variation.
    pub jitter: Option<Jitter>,
    /// The highest loss.
    pub loss: Option<Loss>,
    /// What must always fit.
    pub bandwidth: Option<Bandwidth>,
    /// The share of time in which all of it holds. Nobody judges it yet.
    pub availability: Option<Ratio>,
}

/// From what a backup keeps away.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Diversity {
    /// No link in common.
    #[default]
    Link,
    /// No transit node in common.
    Node,
    /// No shared risk in common.
    Srlg,
}

/// Service-level expectations: what cannot be measured directly (RFC 9543 section 5.1.2).
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sle {
    /// How the backup keeps away from the path.
    pub diversity: Diversity,
    /// Whether the intent says so itself: then two ways that keep apart go before the best one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks_apart: bool,
    /// Whether only encrypted links may carry it.
    pub encrypted: bool,
    /// Nodes to visit in order.
    pub waypoints: Vec<NodeId>,
}

/// What a path is chosen by.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Minimise {
    /// One-way delay.
    #[default]
    Delay,
    /// IGP metric.
    Igp,
    /// TE metric.
    Te,
    /// Number of hops.
    Hops,
    /// Price.
    Price,
}

/// How fast its paths hold traffic.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pin {
    /// By as few segments as will do. Between them traffic follows the IGP, also around what fails.
    #[default]
    None,
    /// Every link by its own, unprotected segment. Where one of them fails the path is not valid, and the backup takes over.
    Links,
}

/// How its paths are chosen.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathPreference {
    /// Which forwarding plane.
    pub dataplane: Dataplane,
    /// What a path is chosen by.
    pub minimise: Minimise,
    /// Affinities to ride where a path on them exists; earlier ones first.
    pub prefer: Vec<Affinity>,
    /// Affinities that no path may use.
    pub avoid: BTreeSet<Affinity>,
    /// What happens when no candidate is valid.
    pub last_resort: LastResort,
    /// What of its paths is held.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub pin: Pin,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_usual(pin: &Pin) -> bool {
    *pin == Pin::default()
}

/// Who may act on a breach.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Only watch.
    Observe,
    /// Watch and propose.
    Recommend,
    /// Watch and act.
    #[default]
    Act,
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Observe => "observe",
            Self::Recommend => "recommend",
            Self::Act => "act",
        })
    }
}

/// How the promise is watched and when the loop may move it (promise 5: no flapping).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assurance {
    /// What counts as a breach; by default any SLO that is not met.
    pub breach: Condition,
    /// How long it must last.
    pub hold: Span,
    /// How much better another path must be.
    pub improvement_margin: Ratio,
    /// The shortest time between two moves.
    pub hold_down: Span,
    /// How long the old path must be good before traffic goes back.
    pub wait_to_restore: Span,
    /// Who may act.
    pub mode: Mode,
}

/// Which packets a service takes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// Destinations behind `z`; all of them where absent.
    pub prefix: Option<IpNet>,
    /// What lies behind `a`: the destinations of the way back, all of them where absent. The way out does not look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<IpNet>,
    /// Code points; those of the class where the intent names none.
    pub dscp: BTreeSet<Dscp>,
}

impl Match {
    /// The destinations of one direction: out is from `a` to `z`.
    pub const fn destination(&self, out: bool) -> Option<IpNet> {
        if out { self.prefix } else { self.source }
    }
}

/// One promise between two nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Its name.
    pub id: ServiceId,
    /// The intent that it comes from.
    pub intent: IntentId,
    /// Who answers for the intent.
    pub owner: Option<String>,
    /// The first end; a hub where there is one.
    pub a: NodeId,
    /// The other end.
    pub z: NodeId,
    /// Whether traffic from `z` to `a` is promised too.
    pub bidirectional: bool,
    /// Whether both directions ride the same links.
    pub co_routed: bool,
    /// What it takes; never empty.
    pub matches: Vec<Match>,
    /// The VRF that its packets arrive in.
    pub vrf: VrfName,
    /// Its traffic class.
    pub class: ClassName,
    /// What is promised in each direction.
    pub slo: Slo,
    /// What domains may take of the promised delay, where the intent divides it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub budgets: BTreeMap<String, Delay>,
    /// What is expected beside.
    pub sle: Sle,
    /// How its paths are chosen.
    pub path: PathPreference,
    /// How it is watched.
    pub assurance: Assurance,
    /// When it is promised; at all times where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Schedule>,
}

/// What a headend tells packets apart by. Of nested destinations the longer one goes first, so that only equal claims are claims to the
/// same packets.
pub type Claim<'a> = (&'a NodeId, &'a VrfName, Option<IpNet>, Dscp);

impl Service {
    /// Whether each link of its paths has a segment of its own: what is asked for, or what must not come onto an open line.
    pub fn is_pinned(&self) -> bool {
        self.sle.encrypted || self.path.pin == Pin::Links
    }

    /// What it claims at its headends, those of each direction apart.
    pub fn claims(&self) -> impl Iterator<Item = Claim<'_>> {
        let ways = [(true, &self.a), (false, &self.z)];
        ways.into_iter().take(1 + usize::from(self.bidirectional)).flat_map(move |(out, head)| {
            // Several matches may say the same of one direction: each claim is made once.
            let mut claims = BTreeSet::new();
            for one in &self.matches {
                claims.extend(one.dscp.iter().map(|dscp| (one.destination(out), *dscp)));
            }
            claims.into_iter().map(move |(to, dscp)| (head, &self.vrf, to, dscp))
        })
    }
}

/// All that is promised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IntentSet {
    /// Traffic classes.
    pub classes: BTreeMap<ClassName, TrafficClass>,
    /// Queue profiles.
    pub profiles: BTreeMap<String, QosProfile>,
    /// Services of all intents.
    pub services: BTreeMap<ServiceId, Service>,
    /// Alarm policies.
    pub alarms: BTreeMap<String, AlarmPolicy>,
    /// Maintenance windows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub windows: BTreeMap<String, Window>,
    /// Which steering policy gave what to an intent: by field, such as `path.minimise`, the name of the policy. Its services
    /// have the values already.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub steered: BTreeMap<IntentId, BTreeMap<String, String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_of_an_earlier_journal_reads_and_writes_as_before() {
        let old = r#"{"prefix":"10.16.0.0/16","dscp":["af21"]}"#;
        let read: Match = serde_json::from_str(old).unwrap();
        assert_eq!((read.destination(true), read.destination(false)), (read.prefix, None));
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
        let new = Match { source: Some("10.1.0.0/16".parse().unwrap()), ..read };
        assert_eq!(new.destination(false), new.source);
        let text = serde_json::to_string(&new).unwrap();
        assert_eq!(serde_json::from_str::<Match>(&text).unwrap(), new);
    }

    #[test]
    fn a_path_of_an_earlier_journal_reads_and_writes_as_before() {
        let old = r#"{"dataplane":"srv6","minimise":"delay","prefer":[],"avoid":[],"lastResort":"igp"}"#;
        let read: PathPreference = serde_json::from_str(old).unwrap();
        assert_eq!(read, PathPreference::default());
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
        let pinned = PathPreference { pin: Pin::Links, ..read };
        let text = serde_json::to_string(&pinned).unwrap();
        assert!(text.ends_with(r#""pin":"links"}"#), "{text}");
        assert_eq!(serde_json::from_str::<PathPreference>(&text).unwrap(), pinned);
    }

    #[test]
    fn expectations_of_an_earlier_journal_read_and_write_as_before() {
        let old = r#"{"diversity":"node","encrypted":true,"waypoints":[]}"#;
        let read: Sle = serde_json::from_str(old).unwrap();
        assert!(!read.asks_apart);
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
        let asked = Sle { asks_apart: true, ..read };
        let text = serde_json::to_string(&asked).unwrap();
        assert_eq!(serde_json::from_str::<Sle>(&text).unwrap(), asked);
    }

    #[test]
    fn a_set_of_an_earlier_journal_reads_and_writes_as_before() {
        let old = r#"{"classes":{},"profiles":{},"services":{},"alarms":{}}"#;
        let read: IntentSet = serde_json::from_str(old).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
    }
}
