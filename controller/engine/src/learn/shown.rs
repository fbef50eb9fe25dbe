//! Who says what of the network, since when, and who says otherwise: what people are shown of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    net::SocketAddr,
};

use model::{Fact, LinkId, NodeId, Side, Source, Standing, Ted, Timestamp, node::MsdSet, sr::LabelBlock};
use serde::{Deserialize, Serialize};

use super::{Learned, LinkFacts, NodeFacts, Plug, RouterView, facts::is_beyond_contract};

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sources {
    /// With whom we speak.
    pub peers: Vec<PeerView>,
    /// Routers that say for themselves what is around them.
    #[serde(default)]
    pub routers: Vec<RouterView>,
    /// What all of them say of routers.
    pub nodes: BTreeMap<NodeId, Vec<FactView>>,
    /// What all of them say of links.
    pub links: BTreeMap<LinkId, Vec<FactView>>,
    /// Routers and links that plans do not follow yet as they are told now.
    pub waiting: Vec<String>,
}

/// Somebody we learn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerView {
    /// Its name.
    pub name: NodeId,
    /// Where it is.
    pub address: SocketAddr,
    /// Since when the session stands, if it does.
    pub up_since: Option<Timestamp>,
    /// Why it does not, where there was one.
    pub why: Option<String>,
    /// Whether it has said all since the controller started.
    pub complete: bool,
    /// Routes that are known of it.
    pub routes: usize,
    /// How many of them are stale.
    pub stale: usize,
    /// Routes that had no place.
    pub refused: u64,
}

/// A fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FactView {
    /// What it is about, as the network file calls it.
    pub what: String,
    /// Out of which end of the link; absent for what holds for all of it, and for routers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Side>,
    /// What is said.
    pub value: String,
    /// Who says it.
    pub source: String,
    /// When it was said.
    pub at: Timestamp,
    /// Since when its source is silent, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<Timestamp>,
    /// Who says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Other>,
    /// Whether plans follow it.
    pub followed: bool,
}

/// What somebody else says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Other {
    /// What.
    pub value: String,
    /// Who.
    pub source: String,
}

/// What is plugged in at an end of a link, as a fact is called.
pub(super) const NEIGHBOUR: &str = "neighbour";

/// Shows what is learned beside what the file says. O(nodes + links).
pub fn show(learned: &Learned, file: &Ted) -> Sources {
    let nodes = learned.nodes.iter().filter_map(|(id, facts)| {
        let file = file.nodes.get(id)?;
        Some((id.clone(), node(facts, file)))
    });
    let links = learned.links.iter().filter_map(|(id, facts)| {
        let file = file.links.get(id)?;
        Some((id.clone(), link(facts, file, learned)))
    });
    Sources { nodes: nodes.collect(), links: links.collect(), ..Sources::default() }
}

/// Facts of one subject as they are gathered.
#[derive(Default)]
struct Facts {
    from: Option<Side>,
    all: Vec<FactView>,
}

/// What the file says.
enum InFile<'f, T> {
    /// This, or nothing but what was derived.
    Fact(Option<&'f Fact<T>>),
    /// This.
    Said(Option<&'f T>),
    /// This, or it does not say it, and this is taken.
    Value(&'f T),
}

impl Facts {
    fn add<T: PartialEq>(
        &mut self,
        what: &str,
        fact: Option<&Fact<T>>,
        file: InFile<'_, T>,
        text: impl Fn(&T) -> String,
    ) {
        let Some(fact) = fact else { return };
        let (stale, other) = match &fact.standing {
            Standing::Stale { since } => (Some(*since), None),
            Standing::Fresh => (None, None),
            Standing::Conflicting { other, source } => {
                (None, Some(Other { value: text(other), source: told_by(source) }))
            }
        };
        let in_file = match file {
            InFile::Fact(said) => {
                said.filter(|said| said.source == Source::File).map(|said| (&said.value, "network file"))
            }
            InFile::Said(value) => value.map(|value| (value, "network file")),
            InFile::Value(value) => Some((value, "network file, or what it has by default")),
        };
        let differs = in_file.filter(|(value, _)| **value != fact.value);
        let in_file = differs.map(|(value, who)| Other { value: text(value), source: who.to_owned() });
        self.all.push(FactView {
            what: what.to_owned(),
            from: self.from,
            value: text(&fact.value),
            source: told_by(&fact.source),
            at: fact.at,
            stale,
            other: other.or(in_file),
            followed: true,
        });
    }

    /// What is only shown.
    fn beside<T: PartialEq + Display>(&mut self, what: &str, fact: Option<&Fact<T>>) {
        self.beside_file(what, fact, None);
    }

    /// The same, where the file says something of it too.
    fn beside_file<T: PartialEq + Display>(&mut self, what: &str, fact: Option<&Fact<T>>, file: Option<&T>) {
        self.add(what, fact, InFile::Said(file), T::to_string);
        if let Some(last) = self.all.last_mut().filter(|_| fact.is_some()) {
            last.followed = false;
        }
    }
}

/// A source in words.
fn told_by(source: &Source) -> String {
    match source {
        Source::File => "network file".to_owned(),
        Source::Derived => "derived".to_owned(),
        Source::Advertised(device) => format!("{} by {}", device.node, device.protocol),
    }
}

fn node(facts: &NodeFacts, file: &model::Node) -> Vec<FactView> {
    let mut all = Facts::default();
    let block = |block: &LabelBlock| format!("{}/{}", block.base, block.size);
    all.add("locator", facts.locator.as_ref(), InFile::Fact(file.locator.as_ref()), ToString::to_string);
    all.add("nodeSid", facts.node_sid.as_ref(), InFile::Fact(file.node_sid.as_ref()), ToString::to_string);
    all.add("srgb", facts.srgb.as_ref(), InFile::Value(&file.srgb), block);
    all.add("srlb", facts.srlb.as_ref(), InFile::Value(&file.srlb), block);
    all.add("msd", facts.msd.as_ref(), InFile::Fact(Some(&file.msd)), depths);
    all.add("overload", facts.overload.as_ref(), InFile::Value(&file.overload), ToString::to_string);
    all.all
}

/// As labels of containerlab files write them: MPLS, and SRv6 with its segments left, end pop and end D.
fn depths(msd: &MsdSet) -> String {
    let MsdSet { mpls_imposition, srv6_encaps, srv6_segments_left, srv6_end_pop, srv6_end_d } = msd;
    format!("{mpls_imposition}/{srv6_encaps}/{srv6_segments_left}/{srv6_end_pop}/{srv6_end_d}")
}

fn link(facts: &LinkFacts, file: &model::Link, learned: &Learned) -> Vec<FactView> {
    let mut all = Facts::default();
    let groups = |groups: &BTreeSet<model::Affinity>| {
        groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let named: BTreeSet<_> = file.affinity.intersection(&learned.named).cloned().collect();
    all.add("affinity", facts.affinity.as_ref(), InFile::Value(&named), groups);
    for side in [Side::A, Side::Z] {
        all.from = Some(side);
        let (way, far, file) = (facts.way(side), file.end(side.other()), file.direction(side));
        let bandwidth = way.bandwidth.as_ref();
        match bandwidth.filter(|said| is_beyond_contract(said, &file.bandwidth)) {
            Some(_) => all.beside("bandwidth", bandwidth),
            None => all.add("bandwidth", bandwidth, InFile::Fact(Some(&file.bandwidth)), ToString::to_string),
        }
        all.add("igp", way.igp.as_ref(), InFile::Fact(Some(&file.igp)), |metric| metric.0.to_string());
        all.add("te", way.te.as_ref(), InFile::Fact(Some(&file.te)), |metric| metric.0.to_string());
        let label = |label: &model::Label| label.number().to_string();
        all.add(
            "adjacencyLabel",
            way.adjacency_label.as_ref(),
            InFile::Fact(file.adjacency_label.as_ref()),
            label,
        );
        all.add("endX", way.end_x.as_ref(), InFile::Fact(file.end_x.as_ref()), ToString::to_string);
        all.beside("delay", way.delay.as_ref());
        all.beside("jitter", way.jitter.as_ref());
        all.beside("loss", way.loss.as_ref());
        all.beside("oper", way.around.oper.as_ref());
        all.beside("portSpeed", way.around.speed.as_ref());
        let plug = way.around.plug.as_ref();
        let in_file = plug.map(|plug| Plug::in_file(far, &plug.value));
        all.beside_file(NEIGHBOUR, plug, in_file.as_ref());
    }
    all.all
}
