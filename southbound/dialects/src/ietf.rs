//! The dialect of the IETF's modules: SR policies as the draft `ietf-sr-policy` has them. There is no published module for
//! queues, and none that gives a color to what a VRF receives.
//!
//! The draft has a leaf for all that the model knows of a policy. What to do without a valid path is said by each candidate
//! path (RFC 9256 section 8.2); ours all say the same.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, net::IpAddr};

use model::{
    CandidatePath, DeviceConfig, PolicyKey, SegmentList, Sid, SrPolicy,
    sr::LastResort,
    state::{Foreign, OWN_PREFIX},
};

use crate::{
    capability::{Feature, Refusal, Support, Unsupported},
    objects::{Object, Objects},
    operation::{Data, Module, Scalar, Step},
    policy::{Limits, identity, in_order},
    reading::{bad, need, parse, parse_label, parse_srv6},
    tree::{below, container, entry, leaf},
    view::{BadPayload, View},
};

/// As files write it.
pub(crate) const NAME: &str = "ietf";

const RT: Module = Module { name: "ietf-routing", namespace: "urn:ietf:params:xml:ns:yang:ietf-routing" };
const SRP: Module =
    Module { name: "ietf-sr-policy", namespace: "urn:ietf:params:xml:ns:yang:ietf-sr-policy" };
const TYPES: Module =
    Module { name: "ietf-sr-policy-types", namespace: "urn:ietf:params:xml:ns:yang:ietf-sr-policy-types" };

/// What [`read`] looks at, as gNMI paths.
pub(crate) const PATHS: [&str; 1] =
    ["/ietf-routing:routing/ietf-sr-policy:segment-routing/traffic-engineering"];

/// Characters of the name of a policy.
pub(crate) const LONGEST_NAME: usize = 59;
/// Originator of what is configured, where nobody says more (RFC 9256 section 2.4).
const ORIGINATOR: (u32, &str) = (0, "::");

/// The draft writes an SRv6 SID as a prefix. Ours are whole addresses.
const WHOLE: &str = "/128";

const LIMITS: Limits = Limits {
    dialect: NAME,
    support,
    preference: 1..=65_535,
    discriminator: 0..=u32::MAX,
    weight: 0..=u32::MAX,
    lists: usize::MAX,
    segments: usize::MAX,
    one_of_a_preference: true,
};

/// How far these modules carry a feature.
pub(crate) const fn support(feature: Feature) -> Support {
    match feature {
        Feature::MplsPolicies | Feature::Srv6Policies => {
            Support::Within("a draft; names of up to 59 characters")
        }
        Feature::Preferences => Support::Within("one candidate path of each preference"),
        Feature::WeightedLists
        | Feature::MplsBindingSids
        | Feature::Srv6BindingSids
        | Feature::DropWhenInvalid => Support::Full,
        Feature::PrefixSteering | Feature::DscpSteering | Feature::WholeSteering => {
            Support::Missing("no module at hand gives a color to what a VRF receives")
        }
        Feature::StrictQueues
        | Feature::WeightedQueues
        | Feature::Guarantees
        | Feature::Classifiers
        | Feature::BoundClassifiers => {
            Support::Missing("the IETF has published no module for queues and classifiers")
        }
    }
}

fn engineering(rest: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let root =
        [container(RT, "routing"), container(SRP, "segment-routing"), container(SRP, "traffic-engineering")];
    below(root.into(), rest)
}

/// What a configuration comes to on the headend of that address.
pub(crate) fn objects(config: &DeviceConfig, headend: IpAddr) -> Objects {
    let mut objects = Objects::default();
    for policy in config.policies.values() {
        match LIMITS.within(policy, |_, refusal| put(policy, headend, refusal)) {
            Ok(parts) => parts.into_iter().for_each(|Object { path, content }| {
                objects.put(path, content, || Unsupported {
                    dialect: NAME,
                    what: format!("policy {} ({})", policy.name, policy.key),
                    missing: "another policy has its name, and names are unique: give each its own".into(),
                });
            }),
            Err(unsupported) => objects.refuse(unsupported),
        }
    }
    objects.need_all_but_policies(NAME, support, config);
    objects
}

fn put(policy: &SrPolicy, headend: IpAddr, refusal: &Refusal<'_>) -> Result<Vec<Object>, Unsupported> {
    let name = refusal.unless_short("its name", policy.name.clone(), LONGEST_NAME)?;
    let (mut parts, mut candidates) = (Vec::new(), Vec::new());
    for path in &policy.candidates {
        let mut references = Vec::new();
        for (place, list) in (1_u32..).zip(&path.lists) {
            let list_name = format!("{name}:{}.{place}", path.discriminator);
            references.push(Data::Entry(
                SRP,
                "segment-list",
                vec![leaf(SRP, "name-ref", list_name.as_str()), leaf(SRP, "weight", list.weight)],
            ));
            parts.push(segment_list(list_name, list));
        }
        candidates.push(candidate_path(path, policy.last_resort, references));
    }
    let mut content = vec![leaf(SRP, "name", name)];
    content.extend(policy.binding_sid.map(binding_sid));
    content.push(Data::Container(SRP, "candidate-paths", candidates));
    let keys = vec![
        ("headend", headend.to_string()),
        ("color", policy.key.color.number().to_string()),
        ("endpoint", policy.key.endpoint.to_string()),
    ];
    let path = engineering([container(SRP, "policies"), Step { module: SRP, name: "policy", keys }]);
    parts.push(Object { path, content });
    Ok(parts)
}

fn binding_sid(sid: Sid) -> Data {
    let sid = match sid {
        Sid::Mpls(label) => Data::Container(SRP, "mpls-sid", vec![leaf(SRP, "value", label.number())]),
        Sid::Srv6(address) => {
            let entry = vec![leaf(SRP, "index", 1), leaf(SRP, "value", format!("{address}{WHOLE}"))];
            Data::Container(SRP, "srv6-sids", vec![Data::Entry(SRP, "srv6-sid", entry)])
        }
    };
    Data::Container(SRP, "binding-sid", vec![sid])
}

fn candidate_path(path: &CandidatePath, last_resort: LastResort, references: Vec<Data>) -> Data {
    let (number, address) = ORIGINATOR;
    Data::Entry(
        SRP,
        "candidate-path",
        vec![
            leaf(SRP, "protocol-origin", Scalar::Identity(TYPES, "protocol-origin-type-local")),
            leaf(SRP, "originator-asn", number),
            leaf(SRP, "originator-node-address", address),
            leaf(SRP, "discriminator", path.discriminator),
            leaf(SRP, "preference", path.preference),
            leaf(SRP, "name", path.name.as_str()),
            leaf(SRP, "drop-upon-invalid", last_resort == LastResort::Drop),
            Data::Container(SRP, "segment-lists", references),
        ],
    )
}

fn segment_list(name: String, list: &SegmentList) -> Object {
    let segments = (1_u32..).zip(&list.sids).map(|(index, sid)| {
        let (kind, plane, form, value) = match sid {
            Sid::Mpls(label) => ("segment-type-A", "sr-mpls", "Type-A", Scalar::from(label.number())),
            Sid::Srv6(address) => {
                ("segment-type-B", "srv6", "Type-B", Scalar::from(format!("{address}{WHOLE}")))
            }
        };
        let form = Data::Container(SRP, form, vec![leaf(SRP, "value", value)]);
        let kind = leaf(SRP, "type", Scalar::Identity(TYPES, kind));
        Data::Entry(
            SRP,
            "segment",
            vec![leaf(SRP, "index", index), kind, Data::Container(SRP, plane, vec![form])],
        )
    });
    Object {
        path: engineering([
            container(SRP, "attributes"),
            container(SRP, "segment-lists"),
            entry(SRP, "segment-list", "name", name),
        ]),
        content: vec![Data::Container(SRP, "segments", segments.collect())],
    }
}

/// What a tree holds.
///
/// # Errors
/// Something of ours has a value that we never write.
pub(crate) fn read(root: &View) -> Result<(DeviceConfig, Foreign), BadPayload> {
    let (mut owned, mut foreign) = (DeviceConfig::default(), Foreign::default());
    let Some(tree) = root.at(&["routing", "segment-routing", "traffic-engineering"]) else {
        return Ok((owned, foreign));
    };
    let lists: BTreeMap<&str, &View> = tree
        .all(&["attributes", "segment-lists", "segment-list"])
        .filter_map(|list| Some((list.text_at(&["name"])?, list)))
        .collect();
    for node in tree.all(&["policies", "policy"]) {
        let name = node.text_at(&["name"]).unwrap_or_default();
        let place = format!("policy {name}");
        let ours = name.starts_with(OWN_PREFIX);
        let Some(key) = identity(node, "endpoint", ours, &place)? else { continue };
        if ours {
            owned.policies.insert(key, read_policy(node, key, name, &lists)?);
        } else {
            foreign.policies.insert(key, name.to_owned());
        }
    }
    Ok((owned, foreign))
}

fn read_policy(
    node: &View,
    key: PolicyKey,
    name: &str,
    lists: &BTreeMap<&str, &View>,
) -> Result<SrPolicy, BadPayload> {
    let place = format!("policy {name}");
    let label = node.text_at(&["binding-sid", "mpls-sid", "value"]);
    let sid = node.text_at(&["binding-sid", "srv6-sids", "srv6-sid", "value"]);
    let binding_sid = match (label, sid) {
        (Some(label), _) => Some(parse_label(label, &place)?),
        (None, Some(sid)) => Some(read_srv6(sid, &place)?),
        (None, None) => None,
    };
    let (mut candidates, mut last_resorts) = (Vec::new(), Vec::new());
    for path in node.all(&["candidate-paths", "candidate-path"]) {
        candidates.push(read_candidate(path, lists, &place)?);
        last_resorts.push(path.text_at(&["drop-upon-invalid"]).unwrap_or("false"));
    }
    let last_resort = match last_resorts.as_slice() {
        [] => LastResort::Igp,
        all if all.iter().all(|drop| *drop == "true") => LastResort::Drop,
        all => match all.iter().find(|drop| **drop != "false") {
            None => LastResort::Igp,
            Some(odd) => return Err(bad(odd, &place, "the same in all candidate paths")),
        },
    };
    Ok(SrPolicy { key, name: name.to_owned(), binding_sid, candidates: in_order(candidates), last_resort })
}

fn read_candidate(
    node: &View,
    lists: &BTreeMap<&str, &View>,
    place: &str,
) -> Result<CandidatePath, BadPayload> {
    let number = |leaf: &'static str| parse(need(node, &[leaf], place, leaf)?, place, "a number");
    let references = node.all(&["segment-lists", "segment-list"]).map(|reference| {
        let name = need(reference, &["name-ref"], place, "name-ref")?;
        let missing = || BadPayload::Missing { place: format!("{place}, {name}"), missing: "segment list" };
        let sids = read_sids(lists.get(name).copied().ok_or_else(missing)?, place)?;
        let (_, order) = name.rsplit_once('.').ok_or_else(|| bad(name, place, "a segment list of ours"))?;
        let order: u32 = parse(order, place, "the place of a segment list")?;
        let weight = parse(reference.text_at(&["weight"]).unwrap_or("1"), place, "a weight")?;
        Ok((order, SegmentList { weight, sids }))
    });
    let mut references = references.collect::<Result<Vec<_>, BadPayload>>()?;
    references.sort_by_key(|(order, _)| *order);
    Ok(CandidatePath {
        discriminator: number("discriminator")?,
        preference: number("preference")?,
        name: node.text_at(&["name"]).unwrap_or_default().to_owned(),
        lists: references.into_iter().map(|(_, list)| list).collect(),
    })
}

fn read_srv6(text: &str, place: &str) -> Result<Sid, BadPayload> {
    parse_srv6(text.strip_suffix(WHOLE).ok_or_else(|| bad(text, place, "a whole SRv6 SID"))?, place)
}

fn read_sids(list: &View, place: &str) -> Result<Vec<Sid>, BadPayload> {
    let segments = list.all(&["segments", "segment"]).map(|segment| {
        let index: u32 = parse(need(segment, &["index"], place, "index")?, place, "an index")?;
        let label = segment.text_at(&["sr-mpls", "Type-A", "value"]);
        let sid = segment.text_at(&["srv6", "Type-B", "value"]);
        let sid = match (label, sid) {
            (Some(label), _) => parse_label(label, place)?,
            (None, Some(sid)) => read_srv6(sid, place)?,
            (None, None) => {
                return Err(BadPayload::Missing {
                    place: place.to_owned(),
                    missing: "a value of type A or B",
                });
            }
        };
        Ok((index, sid))
    });
    let mut segments = segments.collect::<Result<Vec<_>, BadPayload>>()?;
    segments.sort_by_key(|(index, _)| *index);
    Ok(segments.into_iter().map(|(_, sid)| sid).collect())
}

/// What [`read`] looks at, as a NETCONF subtree filter.
pub(crate) fn filter_xml() -> String {
    format!(
        "<routing xmlns=\"{}\"><segment-routing xmlns=\"{}\"><traffic-engineering><attributes><segment-lists/></attributes>\
         <policies/></traffic-engineering></segment-routing></routing>",
        RT.namespace, SRP.namespace,
    )
}
