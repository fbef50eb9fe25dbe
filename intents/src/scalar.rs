//! How single values are read: quantities by the model's own rules, words with a suggestion, numbers and truth values
//! without YAML's traps.

use ipnet::IpNet;
use model::{
    condition::{Comparison, Condition},
    finding::Severity,
    id::{Affinity, BadName, ClassName, LinkId, NodeId, QueueName, Site, VrfName},
    intent::{Diversity, Minimise, Mode, Pin},
    sr::{Dataplane, LastResort},
    steering::Dscp,
    time::Span,
    unit::{Bandwidth, Delay, Jitter, Loss, Ratio},
};

use crate::{
    codes,
    doc::{
        By, ConditionSpec, Connectivity, DisciplineWord, EncryptionWish, HubSpokeWord, InterfacesWord,
        LinkSelector, LinksBy, MarkWish, MeshWord, Name, P2pWord, Pairing, Prefix, Selector, Text,
    },
    faults::Faults,
    read::{Read, mapping, scalar, shape, suggest, texts, words},
    tree::{Node, Value, short},
};

texts! {
    codes::BAD_UNIT => Delay, Jitter, Loss, Bandwidth, Ratio, Span;
    codes::BAD_VALUE => NodeId, LinkId, ClassName, QueueName, VrfName, Affinity, Site, Dscp, Comparison;
}

words! {
    bool { "true" => true, "false" => false, }
    Diversity { "link" => Diversity::Link, "node" => Diversity::Node, "srlg" => Diversity::Srlg, }
    Minimise {
        "delay" => Minimise::Delay,
        "igp" => Minimise::Igp,
        "te" => Minimise::Te,
        "hops" => Minimise::Hops,
        "price" => Minimise::Price,
    }
    Mode { "observe" => Mode::Observe, "recommend" => Mode::Recommend, "act" => Mode::Act, }
    Dataplane { "srv6" => Dataplane::Srv6, "sr-mpls" => Dataplane::SrMpls, }
    LastResort { "igp" => LastResort::Igp, "drop" => LastResort::Drop, }
    Pin { "none" => Pin::None, "links" => Pin::Links, }
    EncryptionWish { "any" => EncryptionWish::Any, "required" => EncryptionWish::Required, }
    MarkWish { "class" => MarkWish::Class, "any" => MarkWish::Any, }
    Pairing { "all" => Pairing::All, "alternate" => Pairing::Alternate, }
    InterfacesWord { "crossed" => InterfacesWord::Crossed, "all" => InterfacesWord::All, }
    DisciplineWord { "strict" => DisciplineWord::Strict, "weighted" => DisciplineWord::Weighted, }
    P2pWord { "p2p" => P2pWord::P2p, }
    HubSpokeWord { "hub-spoke" => HubSpokeWord::HubSpoke, }
    MeshWord { "mesh" => MeshWord::Mesh, }
    Severity {
        "info" => Severity::Info,
        "warning" => Severity::Warning,
        "minor" => Severity::Minor,
        "major" => Severity::Major,
        "error" => Severity::Error,
    }
}

impl Read for Text {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        scalar(node, faults).map(|text| Self(text.to_owned()))
    }

    fn hole() -> Option<Self> {
        Some(Self("x".to_owned()))
    }
}

impl Read for Name {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let text = scalar(node, faults)?;
        // Any kind of name: they share one rule.
        match text.parse::<model::id::IntentId>() {
            Ok(_) => Some(Self(text.to_owned())),
            Err(error @ BadName { .. }) => {
                faults.error(codes::BAD_VALUE, node.mark, error.to_string());
                None
            }
        }
    }

    fn hole() -> Option<Self> {
        Some(Self("x".to_owned()))
    }
}

impl Read for u32 {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let text = scalar(node, faults)?;
        let octal = text.len() > 1 && text.starts_with('0');
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        if let (Some(number), false) = (number, octal) {
            return Some(number);
        }
        let fault = faults.error(
            codes::BAD_VALUE,
            node.mark,
            format!("`{}` is not a whole number from 0 to 4294967295", short(text)),
        );
        fault.help("write decimal digits only, without a zero in front");
        None
    }

    fn hole() -> Option<Self> {
        Some(1)
    }
}

impl Read for Prefix {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let text = scalar(node, faults)?;
        match text.parse::<IpNet>() {
            Ok(net) if net.trunc() == net => Some(Self(net)),
            Ok(net) => {
                let message = format!("`{text}` has bits set behind its prefix length");
                faults.error(codes::BAD_VALUE, node.mark, message).help(format!("write `{}`", net.trunc()));
                None
            }
            Err(_) => {
                let message = format!("`{}` is not a prefix", short(text));
                faults
                    .error(codes::BAD_VALUE, node.mark, message)
                    .help("write it like `10.16.0.0/16` or `2001:db8::/32`");
                None
            }
        }
    }
}

impl Read for Selector {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match &node.value {
            Value::List(_) => Read::read(node, faults).map(Self::Names),
            Value::Map(_) => By::read(node, faults).map(Self::By),
            _ => {
                let message = format!("nodes are selected by a list or a mapping, not by {}", shape(node));
                faults
                    .error(codes::WRONG_SHAPE, node.mark, message)
                    .help("write `[hq-pe1, hq-pe2]` or `{role: branch}` or `{nodes: \"hz-*\"}`");
                None
            }
        }
    }

    fn hole() -> Option<Self> {
        Some(Self::Names(Vec::new()))
    }
}

impl Read for LinkSelector {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match &node.value {
            Value::List(_) => Read::read(node, faults).map(Self::Names),
            Value::Map(_) => LinksBy::read(node, faults).map(Self::By),
            _ => {
                let message = format!("links are selected by a list or a mapping, not by {}", shape(node));
                faults
                    .error(codes::WRONG_SHAPE, node.mark, message)
                    .help("write `[line1, line2]` or `{affinity: line1}` or `{srlg: duct-3}`");
                None
            }
        }
    }

    fn hole() -> Option<Self> {
        Some(Self::Names(Vec::new()))
    }
}

impl Read for Connectivity {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        const TYPES: [&str; 3] = ["p2p", "hub-spoke", "mesh"];
        let entries = mapping(node, faults)?;
        let Some((_, kind)) = entries.iter().find(|(key, _)| key.text == "type") else {
            faults
                .error(codes::MISSING_FIELD, node.mark, "the field `type` is missing here")
                .help("add `type: p2p`, `type: hub-spoke` or `type: mesh`");
            return None;
        };
        match scalar(kind, faults)? {
            "p2p" => Read::read(node, faults).map(Self::P2p),
            "hub-spoke" => Read::read(node, faults).map(|star| Self::HubSpoke(Box::new(star))),
            "mesh" => Read::read(node, faults).map(Self::Mesh),
            other => {
                let message = format!("`{}` is not a type of connectivity", short(other));
                let help = suggest(other, TYPES.into_iter(), "write one of");
                faults.error(codes::BAD_VALUE, kind.mark, message).help(help);
                None
            }
        }
    }

    fn hole() -> Option<Self> {
        Read::hole().map(Self::P2p)
    }
}

impl Read for ConditionSpec {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            return Comparison::read(node, faults).map(|one| Self(Condition::One(one)));
        };
        let [(key, parts)] = entries.as_slice() else {
            faults
                .error(
                    codes::WRONG_SHAPE,
                    node.mark,
                    "a combined condition has exactly one of `all` and `any`",
                )
                .help("write `{all: [delay > 30ms, loss > 0.5%]}`");
            return None;
        };
        let mut parts =
            || Vec::<Self>::read(parts, faults).map(|parts| parts.into_iter().map(|part| part.0).collect());
        match key.text.as_str() {
            "all" => parts().map(|all| Self(Condition::All { all })),
            "any" => parts().map(|any| Self(Condition::Any { any })),
            other => {
                let help = suggest(other, ["all", "any"].into_iter(), "the fields here are");
                faults
                    .error(
                        codes::UNKNOWN_FIELD,
                        key.mark,
                        format!("there is no field `{}` here", short(other)),
                    )
                    .help(help);
                None
            }
        }
    }
}
