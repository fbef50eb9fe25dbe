//! `trunkline topology`: from whom the network is learned, who says what of it since when, and who says otherwise.

use std::{fmt::Write as _, process::ExitCode};

use api::live::{Line, Place, Topology};
use clap::Args;
use engine::learn::{FactView, PeerView, RouterView, Sources};
use model::{Bandwidth, LinkId, NodeId, Side};

use super::{Target, moment, tables::table};
use crate::{
    args::Format,
    draw,
    outcome::{Stop, say, say_json},
};

/// Show who says what of the network, and who says otherwise
#[derive(Debug, Args)]
pub struct TopologyArgs {
    /// Which controller.
    #[command(flatten)]
    pub target: Target,
    /// A router or link: everything that is said of it
    pub name: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// The controller does not answer, or its network has nothing of that name.
pub async fn run(args: TopologyArgs) -> anyhow::Result<ExitCode> {
    let client = args.target.access.client()?;
    let sources = client.sources().await?;
    let Some(name) = &args.name else {
        match args.target.format {
            Format::Json => say_json(&sources)?,
            Format::Text => say(&draw::clean(&text(&sources))),
        }
        return Ok(ExitCode::SUCCESS);
    };
    let Some(facts) = of(&sources, name) else {
        let told = in_file(&client.topology().await?, name)?;
        match args.target.format {
            // Nobody says anything of it.
            Format::Json => say_json(&[(); 0])?,
            Format::Text => say(&draw::clean(&told)),
        }
        return Ok(ExitCode::SUCCESS);
    };
    match args.target.format {
        Format::Json => say_json(&facts)?,
        Format::Text => say(&draw::clean(&table(facts, ["WHAT", "VALUE", "SAID BY", "AT", ""], row))),
    }
    Ok(ExitCode::SUCCESS)
}

/// What is said of a router or link.
fn of<'s>(sources: &'s Sources, name: &str) -> Option<&'s [FactView]> {
    let node = name.parse::<NodeId>().ok().and_then(|id| sources.nodes.get(&id));
    let link = || name.parse::<LinkId>().ok().and_then(|id| sources.links.get(&id));
    node.or_else(link).map(Vec::as_slice)
}

/// What the network file says of a router or link of which nobody says anything.
fn in_file(network: &Topology, name: &str) -> Result<String, Stop> {
    let more = |what: &str, text: &Option<String>| match text {
        Some(text) => format!(", {what} {text}"),
        None => String::new(),
    };
    let untold =
        "nobody says anything of it: no peer, and no router for itself; `trunkline topology` has who tells";
    if let Some(Place { id, role, site, .. }) = network.nodes.iter().find(|node| node.id.as_str() == name) {
        let (role, site) = (more("role", role), more("site", site));
        return Ok(format!("{id}: a router of the network file{role}{site}\n{untold}\n"));
    }
    if let Some(line) = network.links.iter().find(|link| link.id.as_str() == name) {
        let Line { id, a, z, role, a_to_z, z_to_a } = line;
        let role = more("role", role);
        let (there, back) = (Bandwidth::from_bps(*a_to_z), Bandwidth::from_bps(*z_to_a));
        return Ok(format!(
            "{id}: a link of the network file, {a} > {z} {there}, {a} < {z} {back}{role}\n{untold}\n"
        ));
    }
    let nodes = network.nodes.iter().map(|node| node.id.as_str());
    let known = nodes.chain(network.links.iter().map(|link| link.id.as_str()));
    Err(super::no_such("router and no link", name, known))
}

fn row(fact: &FactView) -> [String; 5] {
    [what(fact), fact.value.clone(), fact.source.clone(), moment(fact.at), remark(fact)]
}

/// What a fact is about; of a link, with the direction.
fn what(fact: &FactView) -> String {
    let way = match fact.from {
        Some(Side::A) => " >",
        Some(Side::Z) => " <",
        None => "",
    };
    format!("{}{way}", fact.what)
}

/// What is odd in a fact.
fn remark(fact: &FactView) -> String {
    let stale = fact.stale.map(|since| format!("stale since {}", moment(since)));
    let other = fact.other.as_ref().map(|other| format!("{} says {}", other.source, other.value));
    let beside = (!fact.followed).then(|| "shown only".to_owned());
    [stale, other, beside].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn text(sources: &Sources) -> String {
    let is_untold = sources.nodes.is_empty() && sources.links.is_empty() && sources.routers.is_empty();
    if sources.peers.is_empty() && is_untold {
        return "the network is as its file says: the inventory names no `bgp` peers to learn it from, and no router says by \
                `openconfig-interfaces` or `openconfig-lldp` what is around it\n"
            .to_owned();
    }
    let mut text = String::new();
    // Writing into a string cannot fail.
    if !sources.peers.is_empty() {
        let peers = table(&sources.peers, ["PEER", "ADDRESS", "STATE", "ROUTES", "STALE"], peer);
        let _ = writeln!(text, "{peers}\n");
    }
    let _ = writeln!(text, "learned   {} routers, {} links", sources.nodes.len(), sources.links.len());
    if !sources.routers.is_empty() {
        let _ = writeln!(text, "around    {}", around(&sources.routers));
    }
    if !sources.waiting.is_empty() {
        let _ = writeln!(text, "waiting   {} (see TL0091)", sources.waiting.join(", "));
    }
    let odd: Vec<String> = odd(sources).collect();
    if !odd.is_empty() {
        let _ = writeln!(text, "\nSaid otherwise by two, or stale\n{}", odd.join("\n"));
    }
    text
}

/// How many routers say what is around them, and which of these are silent.
fn around(routers: &[RouterView]) -> String {
    let (interfaces, neighbours) = routers.iter().fold((0, 0), |(interfaces, neighbours), router| {
        (interfaces + router.interfaces, neighbours + router.neighbours)
    });
    let told =
        format!("{} routers tell of {interfaces} interfaces and {neighbours} neighbours", routers.len());
    let silent = routers.iter().filter(|router| router.silent.is_some());
    let silent: Vec<String> = silent.map(|router| router.name.to_string()).collect();
    match silent.as_slice() {
        [] => told,
        names => format!("{told}; silent: {}", names.join(", ")),
    }
}

fn peer(peer: &PeerView) -> [String; 5] {
    let state = match (&peer.up_since, &peer.why) {
        (Some(since), _) if peer.complete => format!("up since {}", moment(*since)),
        (Some(_), _) => "up, telling".to_owned(),
        (None, Some(why)) => format!("down: {why}"),
        (None, None) => "not reached yet".to_owned(),
    };
    [peer.name.to_string(), peer.address.to_string(), state, peer.routes.to_string(), peer.stale.to_string()]
}

/// A line for each fact that somebody disputes or nobody stands by any more.
fn odd(sources: &Sources) -> impl Iterator<Item = String> {
    let nodes = sources.nodes.iter().map(|(id, facts)| (id.to_string(), facts));
    let links = sources.links.iter().map(|(id, facts)| (id.to_string(), facts));
    nodes.chain(links).flat_map(|(id, facts)| {
        let odd = facts.iter().filter(|fact| fact.stale.is_some() || fact.other.is_some());
        odd.map(move |fact| {
            format!("  {id} {}: {} says {}; {}", what(fact), fact.source, fact.value, remark(fact))
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use engine::learn::Other;
    use model::Timestamp;

    use super::*;

    fn fact(what: &str, from: Option<Side>, value: &str) -> FactView {
        FactView {
            what: what.into(),
            from,
            value: value.into(),
            source: "rr1 by bgp-ls".into(),
            at: Timestamp::from_micros(1),
            stale: None,
            other: None,
            followed: true,
        }
    }

    #[test]
    fn what_is_disputed_or_stale_is_listed_and_the_rest_is_counted() {
        let file = Other { value: "16000/8000".into(), source: "network file".into() };
        let disputed = FactView { other: Some(file), ..fact("srgb", None, "17000/8000") };
        let stale = FactView { stale: Some(Timestamp::from_micros(2)), ..fact("igp", Some(Side::Z), "10") };
        let peer = |name: &str, up: bool| PeerView {
            name: NodeId::lit(name),
            address: "10.0.0.1:179".parse().unwrap(),
            up_since: up.then(|| Timestamp::from_micros(5)),
            why: (!up).then(|| "the connection went away".into()),
            complete: true,
            routes: 7,
            stale: 0,
            refused: 0,
        };
        let router = |name: &str, silent| RouterView {
            name: NodeId::lit(name),
            protocol: "netconf".into(),
            at: Timestamp::from_micros(1),
            silent,
            interfaces: 2,
            neighbours: 1,
        };
        let sources = Sources {
            peers: vec![peer("rr1", true), peer("rr2", false)],
            nodes: BTreeMap::from([(NodeId::lit("core"), vec![disputed, fact("nodeSid", None, "3")])]),
            routers: vec![router("br-1", None), router("br-2", Some(Timestamp::from_micros(3)))],
            links: BTreeMap::from([(LinkId::lit("line1"), vec![stale])]),
            waiting: vec!["core".into()],
        };
        let text = text(&sources);
        assert!(text.contains("down: the connection went away"), "{text}");
        assert!(
            text.contains("learned   1 routers, 1 links\naround    2 routers tell of 4 interfaces"),
            "{text}"
        );
        assert!(text.contains("and 2 neighbours; silent: br-2\nwaiting   core (see TL0091)\n"), "{text}");
        assert!(
            text.contains("  core srgb: rr1 by bgp-ls says 17000/8000; network file says 16000/8000\n"),
            "{text}"
        );
        assert!(text.contains("  line1 igp <: rr1 by bgp-ls says 10; stale since "), "{text}");
        assert!(!text.contains("nodeSid"), "{text}");
        assert_eq!(of(&sources, "core").map(<[FactView]>::len), Some(2));
        assert_eq!(of(&sources, "line1").map(<[FactView]>::len), Some(1));
        assert!(of(&sources, "line 1").is_none() && of(&sources, "x").is_none());
    }

    #[test]
    fn of_what_nobody_tells_the_file_is_shown_and_a_strange_name_is_told_with_the_nearest() {
        let place = |name: &str| Place {
            id: NodeId::lit(name),
            role: Some("core".into()),
            site: None,
            lat: None,
            lon: None,
            protocol: None,
        };
        let line = Line {
            id: LinkId::lit("line1"),
            a: NodeId::lit("core-bj1"),
            z: NodeId::lit("core-sh1"),
            role: None,
            a_to_z: 100_000_000,
            z_to_a: 20_000_000,
        };
        let network = Topology { nodes: vec![place("core-bj1"), place("core-sh1")], links: vec![line] };
        let told = in_file(&network, "core-bj1").unwrap();
        assert!(
            told.starts_with("core-bj1: a router of the network file, role core\nnobody says anything of it"),
            "{told}"
        );
        let told = in_file(&network, "line1").unwrap();
        let expected =
            "line1: a link of the network file, core-bj1 > core-sh1 100Mbps, core-bj1 < core-sh1 20Mbps\n";
        assert!(told.starts_with(expected), "{told}");
        let told = in_file(&network, "core-bj2").unwrap_err().to_string();
        assert_eq!(
            told,
            "the controller's network has no router and no link `core-bj2`; did you mean `core-bj1`?"
        );
        let told = in_file(&network, "").unwrap_err().to_string();
        assert_eq!(told, "the controller's network has no router and no link ``");
    }

    #[test]
    fn without_peers_the_file_is_all_there_is() {
        assert!(text(&Sources::default()).starts_with("the network is as its file says"));
    }
}
