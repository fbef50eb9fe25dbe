//! SR policies: an explicit path for each segment list, a `policy` for each candidate path.

use std::collections::BTreeMap;

use model::{
    CandidatePath, DeviceConfig, SegmentList, Sid, SrPolicy,
    sr::LastResort,
    state::{Foreign, OWN_PREFIX},
};

use super::{NAME, NI, TE, support};
use crate::{
    capability::{Refusal, Unsupported},
    escape::Alphabet,
    objects::{Object, Objects},
    operation::{Data, Step},
    policy::{Limits, identity, in_order},
    reading::{bad, need, parse, parse_label},
    tree::{below, container, entry, leaf},
    view::{BadPayload, View},
};

const ALPHABET: Alphabet =
    Alphabet { plain: |c| c.is_ascii_alphanumeric() || "!@#$^&()+=`~.,/_:;?-".contains(c), stand_ins: &[] };
/// Between the name of a policy and that of its candidate path.
const MARK: char = '|';
const LONGEST_NAME: usize = 255;
const COLORED: &str = "sr-mpls-colored";

const LIMITS: Limits = Limits {
    dialect: NAME,
    support,
    preference: 0..=u32::MAX,
    discriminator: 1..=u32::MAX,
    weight: 0..=u32::MAX,
    lists: 32,
    // Hops are numbered in eight bits, from 1.
    segments: 255,
    one_of_a_preference: false,
};

fn policies(step: Step) -> Vec<Step> {
    let instance = entry(NI, "network-instance", "name", "default");
    below(vec![instance, container(TE, "traffic-engineering-policies")], [step])
}

pub(super) fn objects(config: &DeviceConfig, objects: &mut Objects) {
    for policy in config.policies.values() {
        match LIMITS.within(policy, |_, refusal| put(policy, refusal)) {
            Ok(parts) => parts.into_iter().for_each(|Object { path, content }| {
                objects.put(path, content, || Unsupported {
                    dialect: NAME,
                    what: format!("policy {} ({})", policy.name, policy.key),
                    missing: "another candidate path has its name, and is known by it: give each its own"
                        .into(),
                });
            }),
            Err(unsupported) => objects.refuse(unsupported),
        }
    }
}

fn put(policy: &SrPolicy, refusal: &Refusal<'_>) -> Result<Vec<Object>, Unsupported> {
    let Some(Sid::Mpls(binding)) = policy.binding_sid else {
        return Err(refusal.because("it has no binding SID, and srl_nokia-te-policies wants one"));
    };
    let mut parts = Vec::new();
    for path in &policy.candidates {
        let name = format!("{}{MARK}{}", ALPHABET.write(&policy.name), ALPHABET.write(&path.name));
        let mut lists = Vec::new();
        for (place, list) in (1_u32..).zip(&path.lists) {
            let list_name = format!("{name}{MARK}{place}");
            let list_name = refusal.unless_short("the name of an explicit path", list_name, LONGEST_NAME)?;
            lists.push(Data::Entry(
                TE,
                "segment-list",
                vec![
                    leaf(TE, "segment-list-index", place),
                    leaf(TE, "admin-state", "enable"),
                    leaf(TE, "explicit-path", list_name.as_str()),
                    leaf(TE, "weight", list.weight),
                ],
            ));
            parts.push(explicit_path(list_name, list));
        }
        let mut content = vec![
            leaf(TE, "policy-type", COLORED),
            Data::Container(TE, "binding-sid", vec![leaf(TE, "mpls-label", binding.number())]),
            leaf(TE, "color", policy.key.color.number()),
            leaf(TE, "endpoint", policy.key.endpoint.to_string()),
            leaf(TE, "discriminator", path.discriminator),
            leaf(TE, "candidate-path-preference", path.preference),
        ];
        content.extend(lists);
        parts.push(Object { path: policies(entry(TE, "policy", "policy-name", name)), content });
    }
    Ok(parts)
}

fn explicit_path(name: String, list: &SegmentList) -> Object {
    let labels = list.sids.iter().filter_map(|sid| match sid {
        Sid::Mpls(label) => Some(label.number()),
        Sid::Srv6(_) => None,
    });
    let hops = (1_u32..).zip(labels).map(|(index, label)| {
        Data::Entry(TE, "hop", vec![leaf(TE, "index", index), leaf(TE, "mpls-label", label)])
    });
    let path =
        below(policies(container(TE, "explicit-paths")), [entry(TE, "path", "explicit-path-name", name)]);
    Object { path, content: hops.collect() }
}

pub(super) fn read(root: &View, owned: &mut DeviceConfig, foreign: &mut Foreign) -> Result<(), BadPayload> {
    for tree in root.all(&["network-instance", "traffic-engineering-policies"]) {
        let paths: BTreeMap<&str, &View> = tree
            .all(&["explicit-paths", "path"])
            .filter_map(|path| Some((path.text_at(&["explicit-path-name"])?, path)))
            .collect();
        for node in tree.all(&["policy"]) {
            read_policy(node, &paths, owned, foreign)?;
        }
    }
    for policy in owned.policies.values_mut() {
        policy.candidates = in_order(std::mem::take(&mut policy.candidates));
    }
    Ok(())
}

fn read_policy(
    node: &View,
    paths: &BTreeMap<&str, &View>,
    owned: &mut DeviceConfig,
    foreign: &mut Foreign,
) -> Result<(), BadPayload> {
    let full = node.text_at(&["policy-name"]).unwrap_or_default();
    let place = format!("policy {full}");
    let ours = full.starts_with(OWN_PREFIX);
    if node.text_at(&["policy-type"]) != Some(COLORED) {
        // Uncolored ones have no color, hence are no SR policies.
        return if ours {
            Err(BadPayload::Missing { place, missing: "policy-type of colored policies" })
        } else {
            Ok(())
        };
    }
    let Some(key) = identity(node, "endpoint", ours, &place)? else { return Ok(()) };
    if !ours {
        foreign.policies.insert(key, full.to_owned());
        return Ok(());
    }
    let wrong = || bad(full, &place, "the name of a candidate path of ours");
    let (name, path) = full.split_once(MARK).ok_or_else(wrong)?;
    let (name, path) = (ALPHABET.read(name).ok_or_else(wrong)?, ALPHABET.read(path).ok_or_else(wrong)?);
    let binding_sid =
        node.text_at(&["binding-sid", "mpls-label"]).map(|label| parse_label(label, &place)).transpose()?;
    let candidate = read_candidate(node, path, paths, &place)?;
    let policy = owned.policies.entry(key).or_insert_with(|| SrPolicy {
        key,
        name: name.clone(),
        binding_sid,
        candidates: Vec::new(),
        last_resort: LastResort::Igp,
    });
    if policy.name != name || policy.binding_sid != binding_sid {
        return Err(bad(full, &place, "a candidate path of the policy with its color and endpoint"));
    }
    policy.candidates.push(candidate);
    Ok(())
}

fn read_candidate(
    node: &View,
    name: String,
    paths: &BTreeMap<&str, &View>,
    place: &str,
) -> Result<CandidatePath, BadPayload> {
    let lists = node.all(&["segment-list"]).map(|list| {
        let index: u32 =
            parse(need(list, &["segment-list-index"], place, "segment-list-index")?, place, "an index")?;
        let path = need(list, &["explicit-path"], place, "explicit-path")?;
        let missing = || BadPayload::Missing { place: format!("{place}, {path}"), missing: "explicit path" };
        let sids = read_hops(paths.get(path).copied().ok_or_else(missing)?, place)?;
        let weight = parse(list.text_at(&["weight"]).unwrap_or("1"), place, "a weight")?;
        Ok((index, SegmentList { weight, sids }))
    });
    let mut lists = lists.collect::<Result<Vec<_>, BadPayload>>()?;
    lists.sort_by_key(|(index, _)| *index);
    let discriminator = need(node, &["discriminator"], place, "discriminator")?;
    Ok(CandidatePath {
        discriminator: parse(discriminator, place, "a discriminator")?,
        preference: parse(
            node.text_at(&["candidate-path-preference"]).unwrap_or("100"),
            place,
            "a preference",
        )?,
        name,
        lists: lists.into_iter().map(|(_, list)| list).collect(),
    })
}

fn read_hops(path: &View, place: &str) -> Result<Vec<Sid>, BadPayload> {
    let hops = path.all(&["hop"]).map(|hop| {
        let index: u32 = parse(need(hop, &["index"], place, "index")?, place, "an index")?;
        Ok((index, parse_label(need(hop, &["mpls-label"], place, "mpls-label")?, place)?))
    });
    let mut hops = hops.collect::<Result<Vec<_>, BadPayload>>()?;
    hops.sort_by_key(|(index, _)| *index);
    Ok(hops.into_iter().map(|(_, sid)| sid).collect())
}
