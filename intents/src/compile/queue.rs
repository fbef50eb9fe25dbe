//! Queues of the interfaces that services cross, and the classifiers that lead packets into them: at every interface of such a
//! device, for a packet that enters where no classifier looks at it finds the lowest queue.
//!
//! The guarantee of a queue on an interface is the sum of what is promised to the services whose path or backup leaves by it.
//! Paths always fit, since they were admitted by free bandwidth; backups are added in the order of value while they fit.
//! Where a profile wants queues everywhere, interfaces that nothing crosses have them too, with nothing guaranteed.

use model::{
    Bandwidth, Classifier, EdgeIx, Feature, Graph, IntentSet, InterfaceQos, QueueName, QueueShare,
    Scheduling, Severity, Ted,
};

use super::{
    Compilation,
    placed::Placed,
    takers::{Taker, Takers},
};
use crate::{
    codes,
    validate::{queues_everywhere, queues_in_use},
};

/// What is promised in each queue of each interface, bit/s: one row of queues for each edge.
struct Guarantees {
    queues: Vec<QueueName>,
    sums: Vec<u64>,
    /// By edge: all queues together, those that the profiles do not have included.
    totals: Vec<u64>,
    /// By edge: whether its interface has queues.
    crossed: Vec<bool>,
}

impl Guarantees {
    fn none(graph: &Graph, queues: Vec<QueueName>) -> Self {
        let edges = graph.edge_count();
        Self {
            sums: vec![0; edges * queues.len()],
            totals: vec![0; edges],
            crossed: vec![false; edges],
            queues,
        }
    }

    /// The place of a queue in the rows; none where no profile in use has it.
    fn place(&self, queue: &QueueName) -> Option<usize> {
        self.queues.binary_search(queue).ok()
    }

    fn add(&mut self, edge: EdgeIx, place: Option<usize>, rate: u64) {
        self.cross(edge);
        let grow = |sum: &mut u64| *sum = sum.saturating_add(rate);
        grow(&mut self.totals[edge.ix()]);
        if let Some(place) = place {
            grow(&mut self.sums[edge.ix() * self.queues.len() + place]);
        }
    }

    /// Both interfaces of a link have queues, also where traffic is promised in one direction only.
    fn cross(&mut self, edge: EdgeIx) {
        self.crossed[edge.ix()] = true;
        self.crossed[edge.reverse().ix()] = true;
    }

    /// What is promised on an edge, queue by queue.
    fn row(&self, edge: EdgeIx) -> &[u64] {
        &self.sums[edge.ix() * self.queues.len()..][..self.queues.len()]
    }
}

/// Sets queues on both ends of every link on a path or backup, or of every link, and classifiers on every device that has such
/// queues or is a headend.
pub(super) fn set(set: &IntentSet, ted: &Ted, graph: &Graph, placed: &[Placed<'_>], done: &mut Compilation) {
    let queues = queues_in_use(set);
    let guarantees = guarantees(set, graph, placed, queues.keys().cloned().collect(), done);
    let shares = |row: &[u64]| {
        let each = |((queue, how), sum): ((&QueueName, &Scheduling), &u64)| {
            let guarantee = Bandwidth::from_bps(*sum);
            (queue.clone(), QueueShare { discipline: how.discipline, guarantee })
        };
        InterfaceQos { queues: queues.iter().zip(row).map(each).collect() }
    };
    for (edge, _) in graph.edges().filter(|(edge, _)| guarantees.crossed[edge.ix()]) {
        let Some(link) = ted.links.get(graph.link_id(edge)) else { continue };
        let end = link.end(edge.side());
        let device = done.desired.devices.entry(end.node.clone()).or_default();
        device.qos.insert(end.interface.clone(), shares(guarantees.row(edge)));
    }
    if queues_everywhere(set) {
        let nothing = vec![0; queues.len()];
        // Of the network and not of the graph: a link that is down or drained keeps its queues.
        for end in ted.links.values().flat_map(|link| [&link.a, &link.z]) {
            let device = done.desired.devices.entry(end.node.clone()).or_default();
            device.qos.entry(end.interface.clone()).or_insert_with(|| shares(&nothing));
        }
    }
    let classifier = Classifier {
        queues: set
            .classes
            .values()
            .flat_map(|class| class.dscp.iter().map(|dscp| (*dscp, class.queue.clone())))
            .collect(),
    };
    for node in
        placed.iter().flat_map(|one| [&one.service.a, &one.service.z].into_iter().take(one.segments.len()))
    {
        done.desired.devices.entry(node.clone()).or_default();
    }
    for device in done.desired.devices.values_mut() {
        device.classifier = Some(classifier.clone());
    }
    bind(ted, done);
}

/// Has classifiers look at what enters by any interface that the network knows, also of a link that is down or drained. Where hosts
/// and customers come in it does not know.
fn bind(ted: &Ted, done: &mut Compilation) {
    for end in ted.links.values().flat_map(|link| [&link.a, &link.z]) {
        let is_told =
            ted.nodes.get(&end.node).is_some_and(|node| node.features.has(Feature::BoundClassifiers));
        if is_told && let Some(device) = done.desired.devices.get_mut(&end.node) {
            device.classified.insert(end.interface.clone());
        }
    }
}

fn guarantees<'a>(
    set: &IntentSet,
    graph: &Graph,
    placed: &[Placed<'a>],
    queues: Vec<QueueName>,
    done: &mut Compilation,
) -> Guarantees {
    let value = |one: &Placed<'_>| set.classes.get(&one.service.class).map_or(0, |class| class.value);
    let taker = |one: &Placed<'a>| Taker { service: &one.service.id, value: value(one), rate: one.rate() };
    let mut sums = Guarantees::none(graph, queues);
    let mut takers = Takers::new(graph);
    for one in placed {
        let place = sums.place(one.queue);
        for (edge, times) in one.ways.crossings().iter() {
            let taker = taker(one).crossing(times);
            sums.add(edge, place, taker.rate);
            takers.take(taker, &[edge]);
        }
    }
    for one in placed {
        let Some(backup) = &one.backup else { continue };
        let (mut full, place) = (Vec::new(), sums.place(one.queue));
        // The backup carries nothing while the path does, so it needs only what the path does not have on an edge already.
        for (edge, times) in backup.ways.beyond(&one.ways, one.service).iter() {
            let taker = taker(one).crossing(times);
            if sums.totals[edge.ix()].saturating_add(taker.rate) <= graph.edge(edge).bandwidth {
                sums.add(edge, place, taker.rate);
                takers.take(taker, &[edge]);
            } else {
                sums.cross(edge);
                full.push(edge);
            }
        }
        say_full(one, &full, value(one), &takers, graph, done);
    }
    sums
}

/// Says on which edges a backup has no bandwidth of its own, and who has that of the first.
fn say_full(
    one: &Placed<'_>,
    full: &[EdgeIx],
    value: u32,
    takers: &Takers<'_>,
    graph: &Graph,
    done: &mut Compilation,
) {
    let Some(first) = full.first() else { return };
    let hops: Vec<String> = full.iter().map(|edge| graph.hop(*edge).to_string()).collect();
    let told = takers.told(*first, graph).map(|takers| format!("; {takers}")).unwrap_or_default();
    let message = format!("{} on {}{told}", codes::UNGUARANTEED, hops.join(", "));
    let help = match takers.are_above(*first, value) {
        true => "services of higher value have it: promise less, or add bandwidth there",
        false => {
            "paths go before backups, then the value of the class and the name decide: promise less, or add bandwidth there"
        }
    };
    done.say(Severity::Warning, codes::BACKUP_WEAKER, &one.service.id, message, help);
}
