//! SR policies and steering rules of a placed service.

use std::{collections::BTreeSet, net::IpAddr};

use ipnet::IpNet;
use model::{
    CandidatePath, Feature, Label, Node, PolicyKey, SegmentList, Service, Sid, SrPolicy, SteeringKey,
    SteeringRule, Ted,
    allocation::{BINDING_LABELS, FIRST_COLOR},
    node::function_of,
    sr::{Color, Dataplane},
    state::{DeviceConfig, OWN_PREFIX},
    steering::Dscp,
};

use super::{Compilation, placed::Placed};

/// Preference of the path (RFC 9256 section 2.7).
pub const PRIMARY_PREFERENCE: u32 = 200;
/// Preference of its backup.
pub const BACKUP_PREFERENCE: u32 = 100;

/// Functions of binding SIDs within a headend's locator: below those of adjacencies, above those of services.
const BINDING_FUNCTIONS: std::ops::Range<u32> = 0x4000..0xe000;

/// Room for steering rules within a band of one prefix length: ten for each color.
const BAND: u32 = 100_000;

/// The longest name that devices take.
const MAX_NAME: usize = 128;

/// Adds the policies and steering rules of a service to its headends.
pub(super) fn add(placed: &Placed<'_>, ted: &Ted, done: &mut Compilation) {
    let service = placed.service;
    let directions = [(&service.a, &service.z), (&service.z, &service.a)];
    for (direction, (head, end)) in directions.into_iter().take(placed.segments.len()).enumerate() {
        let Some(policy) = policy(placed, direction, ted) else { continue };
        let device = done.desired.devices.entry(head.clone()).or_default();
        device.policies.insert(policy.key, policy);
        steer(service, placed.color, direction, device);
        debug_assert_ne!(head, end, "validation refuses a service between a node and itself");
    }
}

/// The identity of the policy of one direction.
pub(super) fn key(placed: &Placed<'_>, direction: usize, ted: &Ted) -> Option<PolicyKey> {
    let service = placed.service;
    let end = if direction == 0 { &service.z } else { &service.a };
    Some(PolicyKey { color: placed.color, endpoint: endpoint(ted.nodes.get(end)?, service.path.dataplane)? })
}

/// Where policies toward a node end.
pub fn endpoint(node: &Node, plane: Dataplane) -> Option<IpAddr> {
    match plane {
        Dataplane::SrMpls => Some(IpAddr::V4(node.router_id)),
        Dataplane::Srv6 => node.end_sid().map(IpAddr::V6),
    }
}

fn policy(placed: &Placed<'_>, direction: usize, ted: &Ted) -> Option<SrPolicy> {
    let service = placed.service;
    let head = ted.nodes.get(if direction == 0 { &service.a } else { &service.z })?;
    let candidate = |backup: u32, preference: u32, name: &str, sids: &Vec<Sid>| CandidatePath {
        discriminator: discriminator(placed.ordinal, direction, backup),
        preference,
        name: name.to_owned(),
        lists: vec![SegmentList { weight: 1, sids: sids.clone() }],
    };
    let primary =
        placed.segments.get(direction).map(|sids| candidate(0, PRIMARY_PREFERENCE, "primary", sids));
    let backup = placed.backup.as_ref().and_then(|backup| backup.segments.get(direction));
    let backup = backup.map(|sids| candidate(1, BACKUP_PREFERENCE, "backup", sids));
    Some(SrPolicy {
        key: key(placed, direction, ted)?,
        name: name_at(head, placed),
        binding_sid: binding_sid(placed.ordinal, direction, head, service.path.dataplane),
        candidates: primary.into_iter().chain(backup).collect(),
        last_resort: service.path.last_resort,
    })
}

/// Tells candidate paths of one headend apart: four for each service, two a direction, from 1.
const fn discriminator(ordinal: u32, direction: usize, backup: u32) -> u32 {
    ordinal.saturating_mul(4).saturating_add(direction as u32 * 2 + backup + 1)
}

/// The name of the service's policies at a headend. Where that takes no name so long, it is made of numbers that the service keeps:
/// the color and the ordinal, with a mark that names of services do not have.
fn name_at(head: &Node, placed: &Placed<'_>) -> String {
    let name = policy_name(placed.service);
    match head.features.longest_name {
        Some(longest) if name.chars().count() > longest => {
            format!("{OWN_PREFIX}{}#{}", placed.color.number(), placed.ordinal)
        }
        Some(_) | None => name,
    }
}

/// The binding SID of one direction: two for each ordinal; none at a headend that cannot be told one. In SRv6 the locator has room for the first 20,480 ordinals; later
/// services have none, which costs nothing but the handle for other policies.
fn binding_sid(ordinal: u32, direction: usize, head: &Node, plane: Dataplane) -> Option<Sid> {
    let feature = match plane {
        Dataplane::SrMpls => Feature::MplsBindingSids,
        Dataplane::Srv6 => Feature::Srv6BindingSids,
    };
    if !head.features.has(feature) {
        return None;
    }
    let place = ordinal.checked_mul(2)?.checked_add(direction as u32)?;
    match plane {
        Dataplane::SrMpls => {
            let number =
                BINDING_LABELS.start.checked_add(place).filter(|number| BINDING_LABELS.contains(number))?;
            Label::try_from(number).ok().map(Sid::Mpls)
        }
        Dataplane::Srv6 => {
            let function =
                BINDING_FUNCTIONS.start.checked_add(place).filter(|n| BINDING_FUNCTIONS.contains(n))?;
            let locator = head.locator.as_ref()?.value;
            Some(Sid::Srv6(function_of(locator, u16::try_from(function).ok()?)))
        }
    }
}

/// `tl-` and the service. Characters that devices may not take give way to a digest of the name, so that two services never
/// share one.
pub fn policy_name(service: &Service) -> String {
    let id = service.id.as_str();
    let plain = id.is_ascii();
    let name = format!("{OWN_PREFIX}{id}");
    if plain && name.len() <= MAX_NAME {
        return name;
    }
    let digest = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let kept: String = id.chars().map(|c| if c.is_ascii() { c } else { '_' }).take(MAX_NAME - 20).collect();
    format!("{OWN_PREFIX}{kept}-{digest:016x}")
}

/// The steering rules of one direction. All services of an intent on a headend share them: the color is the intent's, and
/// the next hop of the destination chooses among its policies.
fn steer(service: &Service, color: Color, direction: usize, device: &mut DeviceConfig) {
    let mut add = |place: usize, prefix, dscp: BTreeSet<Dscp>| {
        let key = SteeringKey { vrf: service.vrf.clone(), sequence: sequence(prefix, color, place) };
        // All code points are no condition: a router that can look at none is told the same.
        let dscp = if dscp.len() == usize::from(Dscp::COUNT) { BTreeSet::new() } else { dscp };
        device.steering.insert(key.clone(), SteeringRule { key, prefix, dscp, color });
    };
    if direction == 0 {
        for (place, one) in service.matches.iter().enumerate() {
            add(place, one.prefix, one.dscp.clone());
        }
    } else {
        // Matches that differ in what lies behind `z` alone are one toward `a`: all their code points, in the first one's place.
        let mut back: Vec<(Option<IpNet>, BTreeSet<Dscp>)> = Vec::new();
        for one in &service.matches {
            match back.iter_mut().find(|(source, _)| *source == one.source) {
                Some((_, points)) => points.extend(&one.dscp),
                None => back.push((one.source, one.dscp.clone())),
            }
        }
        for (place, (source, points)) in back.into_iter().enumerate() {
            add(place, source, points);
        }
    }
}

/// The place of a rule: bands by prefix length, the longest first and rules without a prefix last; within a band by color
/// and match. There is room for 10,000 colors and ten matches; [`crate::compile()`] reports what lies beyond.
pub fn sequence(prefix: Option<IpNet>, color: Color, place: usize) -> u32 {
    let band = prefix.map_or(129, |prefix| 128 - u32::from(prefix.prefix_len()));
    let color = color.number().saturating_sub(FIRST_COLOR).min(BAND / 10 - 1);
    band * BAND + color * 10 + (place as u32).min(9)
}

/// Whether the rules of a color have a place of their own.
pub(super) const fn has_room(color: Color) -> bool {
    color.number() >= FIRST_COLOR && color.number() - FIRST_COLOR < BAND / 10
}
