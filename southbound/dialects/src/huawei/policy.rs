//! SR policies: one tree for each data plane, alike but for the leaf that holds a SID.

use std::collections::BTreeMap;

use model::{
    CandidatePath, DeviceConfig, PolicyKey, SegmentList, Sid, SrPolicy,
    sr::{Dataplane, LastResort},
    state::{Foreign, OWN_PREFIX},
};

use super::{NAME, NI, SR, SRPOLICY, SRV6, support};
use crate::{
    capability::{Refusal, Unsupported},
    escape::Alphabet,
    objects::{Object, Objects},
    operation::{Data, Step},
    policy::{Limits, Listed, candidate, identity, in_order, tail},
    reading::{bad, need, parse, parse_label, parse_srv6},
    tree::{below, container, entry, leaf},
    view::{BadPayload, View},
};

/// Names have no blanks and no question marks.
pub(super) const ALPHABET: Alphabet =
    Alphabet { plain: |c| c.is_ascii_graphic() && !"?%'\"".contains(c), stand_ins: &[] };
pub(crate) const LONGEST_NAME: usize = 31;
/// The instance that holds the policies.
pub(super) const PUBLIC: &str = "_public_";
/// The only origin and originator of configured candidate paths.
const ORIGIN: (&str, &str) = ("configuration", "0,0.0.0.0");

const LIMITS: Limits = Limits {
    dialect: NAME,
    support,
    preference: 1..=65_535,
    discriminator: 0..=u32::MAX,
    weight: 1..=u32::MAX,
    lists: 64,
    segments: 10,
    one_of_a_preference: true,
};

fn policies_of(plane: Dataplane) -> Vec<Step> {
    let plane = match plane {
        Dataplane::SrMpls => container(SR, "segment-routing"),
        Dataplane::Srv6 => container(SRV6, "srv6"),
    };
    vec![
        container(NI, "network-instance"),
        container(NI, "instances"),
        entry(NI, "instance", "name", PUBLIC),
        plane,
        container(SRPOLICY, "srpolicy"),
    ]
}

pub(super) fn objects(config: &DeviceConfig, objects: &mut Objects) {
    for policy in config.policies.values() {
        match LIMITS.within(policy, |plane, refusal| put(policy, plane, refusal)) {
            Ok(parts) => parts.into_iter().for_each(|Object { path, content }| {
                let name =
                    path.last().and_then(|step| step.keys.first()).map_or("", |(_, name)| name).to_owned();
                objects.put(path, content, || Unsupported {
                    dialect: NAME,
                    what: format!("policy {} ({})", policy.name, policy.key),
                    missing: format!(
                        "another policy has a segment list `{name}` with other segments: names of \
                                      segment lists are made of color, discriminator and candidate path"
                    ),
                });
            }),
            Err(unsupported) => objects.refuse(unsupported),
        }
    }
}

fn put(policy: &SrPolicy, plane: Dataplane, refusal: &Refusal<'_>) -> Result<Vec<Object>, Unsupported> {
    let name = refusal.unless_short("its name", ALPHABET.write(&policy.name), LONGEST_NAME)?;
    let root = policies_of(plane);
    let (mut parts, mut candidates) = (Vec::new(), Vec::new());
    for path in &policy.candidates {
        let mut references = Vec::new();
        for (place, list) in (1_u32..).zip(&path.lists) {
            let name =
                format!("{OWN_PREFIX}{}-{}", policy.key.color.number(), tail(path, place, '-', &ALPHABET));
            let name = refusal.unless_short("the name of a segment list", name, LONGEST_NAME)?;
            parts.push(segment_list(&root, &name, list));
            references.push(Data::Entry(
                SRPOLICY,
                "segment-list",
                vec![leaf(SRPOLICY, "name", name), leaf(SRPOLICY, "weight", list.weight)],
            ));
        }
        candidates.push(candidate_path(path, references));
    }
    let mut content = vec![leaf(SRPOLICY, "name", name)];
    content.extend(policy.binding_sid.map(|sid| {
        let (plane, value) = match sid {
            Sid::Mpls(label) => ("mpls", leaf(SRPOLICY, "value", label.number())),
            Sid::Srv6(address) => ("srv6", leaf(SRPOLICY, "value", address.to_string())),
        };
        Data::Container(SRPOLICY, "binding-sid", vec![leaf(SRPOLICY, "dataplane", plane), value])
    }));
    content.push(Data::Container(SRPOLICY, "candidate-paths", candidates));
    let key =
        vec![("endpoint", policy.key.endpoint.to_string()), ("color", policy.key.color.number().to_string())];
    let step = Step { module: SRPOLICY, name: "policy", keys: key };
    parts.push(Object { path: below(root, [container(SRPOLICY, "policys"), step]), content });
    Ok(parts)
}

fn segment_list(root: &[Step], name: &str, list: &SegmentList) -> Object {
    let segments = (1_u32..).zip(&list.sids).map(|(index, sid)| {
        let sid = match sid {
            Sid::Mpls(label) => leaf(SRPOLICY, "sid-value-1", label.number()),
            Sid::Srv6(address) => leaf(SRPOLICY, "sid-value-2", address.to_string()),
        };
        Data::Entry(SRPOLICY, "segment", vec![leaf(SRPOLICY, "index", index), sid])
    });
    let place = [
        container(SRPOLICY, "policy-attributes"),
        container(SRPOLICY, "segment-lists"),
        entry(SRPOLICY, "segment-list", "name", name),
    ];
    Object {
        path: below(root.to_vec(), place),
        content: vec![Data::Container(SRPOLICY, "segments", segments.collect())],
    }
}

fn candidate_path(path: &CandidatePath, references: Vec<Data>) -> Data {
    let (origin, originator) = ORIGIN;
    Data::Entry(
        SRPOLICY,
        "candidate-path",
        vec![
            leaf(SRPOLICY, "protocol-origin", origin),
            leaf(SRPOLICY, "originator", originator),
            leaf(SRPOLICY, "discriminator", path.preference),
            leaf(SRPOLICY, "preference", path.preference),
            Data::Container(SRPOLICY, "segment-lists", references),
        ],
    )
}

pub(super) fn read(root: &View, owned: &mut DeviceConfig, foreign: &mut Foreign) -> Result<(), BadPayload> {
    let instances = root.all(&["network-instance", "instances", "instance"]);
    for instance in instances.filter(|instance| instance.text_at(&["name"]) == Some(PUBLIC)) {
        for plane in ["segment-routing", "srv6"] {
            let Some(tree) = instance.at(&[plane, "srpolicy"]) else { continue };
            let lists: BTreeMap<&str, &View> = tree
                .all(&["policy-attributes", "segment-lists", "segment-list"])
                .filter_map(|list| Some((list.text_at(&["name"])?, list)))
                .collect();
            for policy in tree.all(&["policys", "policy"]) {
                read_policy(policy, &lists, owned, foreign)?;
            }
        }
    }
    Ok(())
}

fn read_policy(
    node: &View,
    lists: &BTreeMap<&str, &View>,
    owned: &mut DeviceConfig,
    foreign: &mut Foreign,
) -> Result<(), BadPayload> {
    let name = node.text_at(&["name"]).unwrap_or_default();
    let place = format!("policy {name}");
    let ours = name.starts_with(OWN_PREFIX);
    let Some(key) = identity(node, "endpoint", ours, &place)? else { return Ok(()) };
    if !ours {
        foreign.policies.insert(key, name.to_owned());
        return Ok(());
    }
    let binding_sid = node.text_at(&["binding-sid", "value"]);
    let candidates = node
        .all(&["candidate-paths", "candidate-path"])
        .map(|path| read_candidate(path, key, lists, &place))
        .collect::<Result<Vec<_>, _>>()?;
    let policy = SrPolicy {
        key,
        name: ALPHABET.read(name).ok_or_else(|| bad(name, &place, "a name of ours"))?,
        binding_sid: binding_sid.map(|sid| parse(sid, &place, "a SID")).transpose()?,
        candidates: in_order(candidates),
        last_resort: LastResort::Igp,
    };
    owned.policies.insert(key, policy);
    Ok(())
}

fn read_candidate(
    node: &View,
    key: PolicyKey,
    lists: &BTreeMap<&str, &View>,
    place: &str,
) -> Result<CandidatePath, BadPayload> {
    let start = format!("{OWN_PREFIX}{}-", key.color.number());
    let preference = parse(need(node, &["preference"], place, "preference")?, place, "a preference")?;
    let references = node.all(&["segment-lists", "segment-list"]).map(|reference| {
        let name = need(reference, &["name"], place, "name of a segment list")?;
        let weight = parse(reference.text_at(&["weight"]).unwrap_or("1"), place, "a weight")?;
        let missing = || BadPayload::Missing { place: format!("{place}, {name}"), missing: "segment list" };
        let sids = read_sids(lists.get(name).copied().ok_or_else(missing)?, place)?;
        let tail = name
            .strip_prefix(&start)
            .ok_or_else(|| bad(name, place, "the name of a segment list of ours"))?;
        Listed::from_tail(tail, '-', &ALPHABET, SegmentList { weight, sids }, place)
    });
    candidate(references.collect::<Result<_, _>>()?, preference, place)
}

fn read_sids(list: &View, place: &str) -> Result<Vec<Sid>, BadPayload> {
    let segments = list.all(&["segments", "segment"]).map(|segment| {
        let index: u32 = parse(need(segment, &["index"], place, "index")?, place, "an index")?;
        let sid = match (segment.text_at(&["sid-value-1"]), segment.text_at(&["sid-value-2"])) {
            (Some(label), _) => parse_label(label, place)?,
            (None, Some(sid)) => parse_srv6(sid, place)?,
            (None, None) => {
                return Err(BadPayload::Missing {
                    place: place.to_owned(),
                    missing: "sid-value-1 or sid-value-2",
                });
            }
        };
        Ok((index, sid))
    });
    let mut segments = segments.collect::<Result<Vec<_>, BadPayload>>()?;
    segments.sort_by_key(|(index, _)| *index);
    Ok(segments.into_iter().map(|(_, sid)| sid).collect())
}
