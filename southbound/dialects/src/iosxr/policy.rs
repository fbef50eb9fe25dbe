//! SR policies: lists of labels and lists of SRv6 SIDs in places of their own, policies beside them.

use std::collections::BTreeMap;

use model::{
    CandidatePath, DeviceConfig, SegmentList, Sid, SrPolicy,
    sr::{Dataplane, LastResort},
    state::{Foreign, OWN_PREFIX},
};

use super::{ALPHABET, NAME, SR, XTC, support};
use crate::{
    capability::{Refusal, Unsupported},
    objects::{Object, Objects},
    operation::{Data, Scalar, Step},
    policy::{Limits, Listed, candidate, identity, in_order, tail},
    reading::{bad, need, parse, parse_label, parse_srv6},
    tree::{below, container, entry, leaf},
    view::{BadPayload, View},
};

pub(crate) const LONGEST_POLICY: usize = 59;
const LONGEST_LIST: usize = 128;
/// Between the name of a policy and what its list's name says more.
const MARK: char = ':';

const LIMITS: Limits = Limits {
    dialect: NAME,
    support,
    preference: 1..=65_535,
    discriminator: 0..=u32::MAX,
    weight: 1..=u32::MAX,
    lists: usize::MAX,
    segments: 65_535,
    one_of_a_preference: true,
};

fn engineering(rest: impl IntoIterator<Item = Step>) -> Vec<Step> {
    below(vec![container(SR, "sr"), container(XTC, "traffic-engineering")], rest)
}

pub(super) fn objects(config: &DeviceConfig, objects: &mut Objects) {
    for policy in config.policies.values() {
        match LIMITS.within(policy, |plane, refusal| put(policy, plane, refusal)) {
            Ok(parts) => parts.into_iter().for_each(|Object { path, content }| {
                objects.put(path, content, || Unsupported {
                    dialect: NAME,
                    what: format!("policy {} ({})", policy.name, policy.key),
                    missing: "another policy has its name, and a policy is known by it: give each its own"
                        .into(),
                });
            }),
            Err(unsupported) => objects.refuse(unsupported),
        }
    }
}

fn put(policy: &SrPolicy, plane: Dataplane, refusal: &Refusal<'_>) -> Result<Vec<Object>, Unsupported> {
    let name = refusal.unless_short("its name", ALPHABET.write(&policy.name), LONGEST_POLICY)?;
    let (mut parts, mut preferences) = (Vec::new(), Vec::new());
    for path in &policy.candidates {
        let mut references = Vec::new();
        for (place, list) in (1_u32..).zip(&path.lists) {
            let list_name = format!("{name}{MARK}{}", tail(path, place, MARK, &ALPHABET));
            let list_name = refusal.unless_short("the name of a segment list", list_name, LONGEST_LIST)?;
            references.push(Data::Entry(
                XTC,
                "path-info",
                vec![
                    leaf(XTC, "type", "explicit"),
                    leaf(XTC, "hop-type", if plane == Dataplane::Srv6 { "srv6" } else { "mpls" }),
                    leaf(XTC, "segment-list-name", list_name.as_str()),
                    leaf(XTC, "weight", list.weight),
                ],
            ));
            parts.push(segment_list(plane, list_name, list));
        }
        let infos = Data::Container(XTC, "path-infos", references);
        preferences.push(Data::Entry(
            XTC,
            "preference",
            vec![leaf(XTC, "path-index", path.preference), infos],
        ));
    }
    let path = engineering([container(XTC, "policies"), entry(XTC, "policy", "policy-name", name)]);
    parts.push(Object { path, content: policy_content(policy, preferences) });
    Ok(parts)
}

fn policy_content(policy: &SrPolicy, preferences: Vec<Data>) -> Vec<Data> {
    let mut content = Vec::new();
    if let Some(Sid::Mpls(label)) = policy.binding_sid {
        let leaves = vec![
            leaf(XTC, "binding-sid-type", "mpls-label-specified"),
            leaf(XTC, "mpls-label", label.number()),
        ];
        content.push(Data::Container(XTC, "binding-sid", leaves));
    }
    if policy.last_resort == LastResort::Drop {
        content.push(Data::Container(XTC, "steering", vec![leaf(XTC, "invalidation-drop", Scalar::Empty)]));
    }
    let family = if policy.key.endpoint.is_ipv4() { "end-point-type-ipv4" } else { "end-point-type-ipv6" };
    content.push(Data::Container(
        XTC,
        "policy-color-endpoint",
        vec![
            leaf(XTC, "color", policy.key.color.number()),
            leaf(XTC, "end-point-type", family),
            leaf(XTC, "end-point-address", policy.key.endpoint.to_string()),
        ],
    ));
    let preferences = Data::Container(XTC, "preferences", preferences);
    content.push(Data::Container(XTC, "candidate-paths", vec![preferences]));
    content
}

fn segment_list(plane: Dataplane, name: String, list: &SegmentList) -> Object {
    let segments = (1_u32..).zip(&list.sids).map(|(index, sid)| match sid {
        Sid::Mpls(label) => Data::Entry(
            XTC,
            "segment",
            vec![
                leaf(XTC, "segment-index", index),
                leaf(XTC, "segment-type", "mpls-label"),
                leaf(XTC, "mpls-label", label.number()),
            ],
        ),
        Sid::Srv6(address) => Data::Entry(
            XTC,
            "srv6-segment",
            vec![
                leaf(XTC, "index", index),
                leaf(XTC, "address", address.to_string()),
                leaf(XTC, "hop-type", "srv6sid"),
            ],
        ),
    });
    match plane {
        Dataplane::SrMpls => Object {
            path: engineering([container(XTC, "segments"), entry(XTC, "segment", "path-name", name)]),
            content: vec![Data::Container(XTC, "segments", segments.collect())],
        },
        Dataplane::Srv6 => {
            let segments = Data::Container(XTC, "srv6-segments", segments.collect());
            let lists = container(XTC, "segment-lists");
            let list = entry(XTC, "explicit-segment", "path-name", name);
            Object {
                path: engineering([lists, container(XTC, "explicit-segments"), list]),
                content: vec![Data::Container(XTC, "segment-list-srv6", vec![segments])],
            }
        }
    }
}

/// Where a kind of segment list stands, where its segments stand in it, and what they are called.
struct Shape<'a> {
    lists: &'a [&'a str],
    segments: &'a [&'a str],
    index: &'static str,
    sid: &'static str,
    parse: fn(&str, &str) -> Result<Sid, BadPayload>,
}

const LABELS: Shape<'_> = Shape {
    lists: &["segments", "segment"],
    segments: &["segments", "segment"],
    index: "segment-index",
    sid: "mpls-label",
    parse: parse_label,
};
const ADDRESSES: Shape<'_> = Shape {
    lists: &["segment-lists", "explicit-segments", "explicit-segment"],
    segments: &["segment-list-srv6", "srv6-segments", "srv6-segment"],
    index: "index",
    sid: "address",
    parse: parse_srv6,
};

impl Shape<'_> {
    fn sids(&self, list: &View, place: &str) -> Result<Vec<Sid>, BadPayload> {
        let segments = list.all(self.segments).map(|segment| {
            let index: u32 = parse(need(segment, &[self.index], place, self.index)?, place, "an index")?;
            Ok((index, (self.parse)(need(segment, &[self.sid], place, self.sid)?, place)?))
        });
        let mut segments = segments.collect::<Result<Vec<_>, BadPayload>>()?;
        segments.sort_by_key(|(index, _)| *index);
        Ok(segments.into_iter().map(|(_, sid)| sid).collect())
    }
}

/// Lists of both kinds by name.
type Lists<'a> = BTreeMap<(&'static str, &'a str), &'a View>;

pub(super) fn read(root: &View, owned: &mut DeviceConfig, foreign: &mut Foreign) -> Result<(), BadPayload> {
    let Some(tree) = root.at(&["sr", "traffic-engineering"]) else { return Ok(()) };
    let mut lists = Lists::new();
    for (kind, shape) in [("mpls", &LABELS), ("srv6", &ADDRESSES)] {
        let named =
            tree.all(shape.lists).filter_map(|list| Some(((kind, list.text_at(&["path-name"])?), list)));
        lists.extend(named);
    }
    for policy in tree.all(&["policies", "policy"]) {
        read_policy(policy, &lists, owned, foreign)?;
    }
    Ok(())
}

fn read_policy(
    node: &View,
    lists: &Lists<'_>,
    owned: &mut DeviceConfig,
    foreign: &mut Foreign,
) -> Result<(), BadPayload> {
    let name = node.text_at(&["policy-name"]).unwrap_or_default();
    let place = format!("policy {name}");
    let ours = name.starts_with(OWN_PREFIX);
    let Some(leaves) = node.child("policy-color-endpoint") else {
        // A policy that somebody has begun; no traffic follows it.
        return if ours {
            Err(BadPayload::Missing { place, missing: "policy-color-endpoint" })
        } else {
            Ok(())
        };
    };
    let Some(key) = identity(leaves, "end-point-address", ours, &place)? else { return Ok(()) };
    if !ours {
        foreign.policies.insert(key, name.to_owned());
        return Ok(());
    }
    let label = node.text_at(&["binding-sid", "mpls-label"]);
    let drop = node.at(&["steering", "invalidation-drop"]).is_some();
    let candidates = node
        .all(&["candidate-paths", "preferences", "preference"])
        .map(|path| read_candidate(path, name, lists, &place))
        .collect::<Result<Vec<_>, _>>()?;
    let policy = SrPolicy {
        key,
        name: ALPHABET.read(name).ok_or_else(|| bad(name, &place, "a name of ours"))?,
        binding_sid: label.map(|label| parse_label(label, &place)).transpose()?,
        candidates: in_order(candidates),
        last_resort: if drop { LastResort::Drop } else { LastResort::Igp },
    };
    owned.policies.insert(key, policy);
    Ok(())
}

fn read_candidate(
    node: &View,
    policy: &str,
    lists: &Lists<'_>,
    place: &str,
) -> Result<CandidatePath, BadPayload> {
    let start = format!("{policy}{MARK}");
    let preference = parse(need(node, &["path-index"], place, "path-index")?, place, "a preference")?;
    let references = node.all(&["path-infos", "path-info"]).map(|info| {
        let name = need(info, &["segment-list-name"], place, "segment-list-name")?;
        let (kind, shape) = match info.text_at(&["hop-type"]) {
            Some("srv6") => ("srv6", &ADDRESSES),
            _ => ("mpls", &LABELS),
        };
        let missing = || BadPayload::Missing { place: format!("{place}, {name}"), missing: "segment list" };
        let sids = shape.sids(lists.get(&(kind, name)).copied().ok_or_else(missing)?, place)?;
        let weight = parse(info.text_at(&["weight"]).unwrap_or("1"), place, "a weight")?;
        let tail = name
            .strip_prefix(&start)
            .ok_or_else(|| bad(name, place, "the name of a segment list of ours"))?;
        Listed::from_tail(tail, MARK, &ALPHABET, SegmentList { weight, sids }, place)
    });
    candidate(references.collect::<Result<_, _>>()?, preference, place)
}
