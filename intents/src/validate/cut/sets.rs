//! The smallest sets of windows that cut a service off while all of them are open.
//!
//! Whatever no window touches is drawn together to one part first, so that a set of windows costs what the windows touch, not the size of
//! the network. Services are looked at only where a set leaves more islands than every set with one window less.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    IntentSet, LinkId, Schedule, Service, ServiceId, Ted, Window, id::NodeId, link::Encryption,
    schedule::Common,
};

/// Windows that a set has at most.
pub(super) const LARGEST: usize = 4;
/// Sets that are tried at most, the small ones first.
pub(in crate::validate) const MOST: usize = 100_000;
/// Parts, lines and kinds of services that are looked at for all sets together at most.
const STEPS: usize = 300_000_000;

/// Windows that cut services off together; fewer of them do not.
#[derive(Debug, PartialEq)]
pub(super) struct Cut<'a> {
    /// By name.
    pub windows: Vec<&'a Window>,
    /// By name; those that are promised when all are open.
    pub services: Vec<&'a ServiceId>,
    /// When all are open.
    pub common: Common,
}

/// What was found, and how far it was looked.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// Small sets first, then by the names of their windows.
    pub cuts: Vec<Cut<'a>>,
    /// How many sets were tried, where that was not all of them.
    pub stopped: Option<usize>,
}

/// Places of windows, ascending.
type Places = Vec<usize>;

/// Services that are cut off by the same.
struct Kind<'a> {
    encrypted: bool,
    /// The parts that the stops lie in.
    on: Vec<usize>,
    /// Windows that work on a stop itself.
    killers: Places,
    services: Vec<&'a Service>,
}

impl Kind<'_> {
    fn is_cut(&self, windows: &[usize], islands: &Islands) -> bool {
        let dead = || self.killers.iter().any(|window| windows.contains(window));
        let apart = || self.on.windows(2).any(|two| islands.of[two[0]] != islands.of[two[1]]);
        dead() || apart()
    }
}

/// Which parts reach each other.
struct Islands {
    of: Vec<usize>,
    count: usize,
}

/// The network as far as windows touch it: all, or what is encrypted.
struct Net {
    /// By number of a node: the part that it lies in.
    part: Vec<usize>,
    parts: usize,
    /// Lines between two parts, with the windows that work on them.
    lines: Vec<(usize, usize, Places)>,
}

impl Net {
    fn of(ted: &Ted, number: &BTreeMap<&NodeId, usize>, work: &Works<'_>, encrypted: bool) -> Self {
        let mut parent: Vec<usize> = (0..number.len()).collect();
        let mut touched = Vec::new();
        for link in ted.links.values().filter(|link| !encrypted || link.encryption != Encryption::None) {
            let ends = [&link.a.node, &link.z.node];
            let [Some(a), Some(z)] = ends.map(|end| number.get(end).copied()) else { continue };
            let on_ends = ends.into_iter().filter_map(|end| work.nodes.get(end));
            let on: BTreeSet<usize> =
                work.links.get(&link.id).into_iter().chain(on_ends).flatten().copied().collect();
            if on.is_empty() {
                join(&mut parent, a, z);
            } else {
                touched.push((a, z, on.into_iter().collect::<Places>()));
            }
        }
        let roots: Vec<usize> = (0..parent.len()).map(|node| root(&mut parent, node)).collect();
        let distinct: BTreeSet<usize> = roots.iter().copied().collect();
        let dense: BTreeMap<usize, usize> = distinct.into_iter().zip(0..).collect();
        let part: Vec<usize> = roots.iter().map(|root| dense[root]).collect();
        let mut lines: Vec<(usize, usize, Places)> = touched
            .into_iter()
            .map(|(a, z, on)| (part[a].min(part[z]), part[a].max(part[z]), on))
            .filter(|(a, z, _)| a != z)
            .collect();
        lines.sort_unstable();
        lines.dedup();
        Self { part, parts: dense.len(), lines }
    }

    fn islands(&self, windows: &[usize]) -> Islands {
        let mut parent: Vec<usize> = (0..self.parts).collect();
        let is_up = |on: &Places| !on.iter().any(|window| windows.contains(window));
        for (a, z, _) in self.lines.iter().filter(|(_, _, on)| is_up(on)) {
            join(&mut parent, *a, *z);
        }
        let of: Vec<usize> = (0..parent.len()).map(|part| root(&mut parent, part)).collect();
        let count = of.iter().enumerate().filter(|(part, root)| part == *root).count();
        Islands { of, count }
    }
}

fn root(parent: &mut [usize], mut node: usize) -> usize {
    while parent[node] != node {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    node
}

fn join(parent: &mut [usize], a: usize, z: usize) {
    let (a, z) = (root(parent, a), root(parent, z));
    parent[a.max(z)] = a.min(z);
}

/// By link and node, the windows that work on it.
struct Works<'a> {
    links: BTreeMap<&'a LinkId, Places>,
    nodes: BTreeMap<&'a NodeId, Places>,
}

impl<'a> Works<'a> {
    fn of(windows: &[&'a Window]) -> Self {
        let mut works = Self { links: BTreeMap::new(), nodes: BTreeMap::new() };
        for (place, window) in windows.iter().enumerate() {
            window.work.links.iter().for_each(|link| works.links.entry(link).or_default().push(place));
            window.work.nodes.iter().for_each(|node| works.nodes.entry(node).or_default().push(place));
        }
        works
    }
}

/// The search, and what it has found.
struct Search<'a> {
    windows: Vec<&'a Window>,
    nets: [Option<Net>; 2],
    kinds: Vec<Kind<'a>>,
    cuts: Vec<Cut<'a>>,
    tried: usize,
    steps: usize,
}

/// Finds them among windows that are given in the order of their names, with at most `most` sets tried. O(nodes + links + services), and
/// for each set what windows touch.
pub(super) fn find<'a>(ted: &'a Ted, set: &'a IntentSet, windows: Vec<&'a Window>, most: usize) -> Found<'a> {
    let mut search = Search::of(ted, set, windows);
    let count = search.windows.len();
    let mut together = vec![BTreeSet::new(); count];
    let mut level: BTreeMap<Places, [usize; 2]> = BTreeMap::from([(Places::new(), search.counts(&[]))]);
    for size in 1..=LARGEST.min(count) {
        let mut next = BTreeMap::new();
        for places in level.keys() {
            for window in places.last().map_or(0, |last| last + 1)..count {
                if !places.iter().all(|place| together[*place].contains(&window)) && size > 2 {
                    continue;
                }
                if search.tried >= most || search.steps >= STEPS {
                    return Found { cuts: search.cuts, stopped: Some(search.tried) };
                }
                search.tried += 1;
                let set: Places = places.iter().copied().chain([window]).collect();
                let Some(common) = search.common(&set) else { continue };
                if let [one, other] = set.as_slice() {
                    together[*one].insert(*other);
                }
                let counts = search.look(&set, &common, &level);
                next.insert(set, counts);
            }
        }
        level = next;
    }
    Found { cuts: search.cuts, stopped: None }
}

impl<'a> Search<'a> {
    fn of(ted: &'a Ted, set: &'a IntentSet, windows: Vec<&'a Window>) -> Self {
        let number: BTreeMap<&NodeId, usize> = ted.nodes.keys().zip(0..).collect();
        let works = Works::of(&windows);
        let asked = |encrypted: bool| set.services.values().any(|service| service.sle.encrypted == encrypted);
        let nets =
            [false, true].map(|encrypted| asked(encrypted).then(|| Net::of(ted, &number, &works, encrypted)));
        let mut kinds: BTreeMap<(bool, Vec<usize>, Places), Vec<&Service>> = BTreeMap::new();
        for service in set.services.values() {
            let encrypted = service.sle.encrypted;
            let stops = || [&service.a, &service.z].into_iter().chain(&service.sle.waypoints);
            let Some(net) = &nets[usize::from(encrypted)] else { continue };
            let on: Option<BTreeSet<usize>> =
                stops().map(|stop| number.get(stop).map(|number| net.part[*number])).collect();
            let killers: BTreeSet<usize> =
                stops().filter_map(|stop| works.nodes.get(stop)).flatten().copied().collect();
            // What lies in one part is never cut off; what has a stop that is not there, always.
            if let Some(on) = on.filter(|on| on.len() > 1 || !killers.is_empty()) {
                let key = (encrypted, on.into_iter().collect(), killers.into_iter().collect());
                kinds.entry(key).or_default().push(service);
            }
        }
        let kind = |((encrypted, on, killers), services)| Kind { encrypted, on, killers, services };
        let kinds = kinds.into_iter().map(kind).collect();
        let mut search = Self { windows, nets, kinds, cuts: Vec::new(), tried: 0, steps: 0 };
        // What is cut off without any window is told elsewhere.
        let whole = search.islands(&[]);
        search.kinds.retain(|kind| {
            whole[usize::from(kind.encrypted)].as_ref().is_some_and(|islands| !kind.is_cut(&[], islands))
        });
        search
    }

    fn islands(&mut self, places: &[usize]) -> [Option<Islands>; 2] {
        self.steps += self.nets.iter().flatten().map(|net| net.parts + net.lines.len()).sum::<usize>();
        [0, 1].map(|plane| self.nets[plane].as_ref().map(|net| net.islands(places)))
    }

    fn counts(&mut self, places: &[usize]) -> [usize; 2] {
        counts(&self.islands(places))
    }

    fn schedules(&self, places: &[usize]) -> Vec<&'a Schedule> {
        places.iter().map(|place| &self.windows[*place].when).collect()
    }

    fn common(&self, places: &[usize]) -> Option<Common> {
        Schedule::common_of(&self.schedules(places))
    }

    /// Looks what a set cuts off that no smaller one does; how many islands it leaves. `smaller` has all sets with one window less.
    fn look(
        &mut self,
        places: &[usize],
        common: &Common,
        smaller: &BTreeMap<Places, [usize; 2]>,
    ) -> [usize; 2] {
        let islands = self.islands(places);
        let counts = counts(&islands);
        let without = |left_out: &usize| -> Places {
            places.iter().copied().filter(|place| place != left_out).collect()
        };
        let parts: Vec<Places> = places.iter().map(without).collect();
        // Fewer lines never join islands: as many of them are the same ones. A stop in work is cut off by one window alone.
        let is_new = |plane: usize| {
            let grew = |part| smaller.get(part).is_none_or(|had: &[usize; 2]| had[plane] < counts[plane]);
            places.len() == 1 || parts.iter().all(grew)
        };
        let look = [0, 1].map(is_new);
        if look == [false, false] {
            return counts;
        }
        let before: Vec<[Option<Islands>; 2]> = parts.iter().map(|part| self.islands(part)).collect();
        self.steps += self.kinds.len();
        let schedules = self.schedules(places);
        let mut services = Vec::new();
        for kind in &self.kinds {
            let plane = usize::from(kind.encrypted);
            let cuts = |places: &[usize], islands: &[Option<Islands>; 2]| {
                islands[plane].as_ref().is_some_and(|islands| kind.is_cut(places, islands))
            };
            let by_fewer = || parts.iter().zip(&before).any(|(part, islands)| cuts(part, islands));
            if look[plane] && cuts(places, &islands) && !by_fewer() {
                let promised = kind.services.iter().filter(|service| is_promised(service, &schedules));
                services.extend(promised.map(|service| &service.id));
            }
        }
        services.sort_unstable();
        if !services.is_empty() {
            let windows = places.iter().map(|place| self.windows[*place]).collect();
            self.cuts.push(Cut { windows, services, common: common.clone() });
        }
        counts
    }
}

fn counts(islands: &[Option<Islands>; 2]) -> [usize; 2] {
    [0, 1].map(|plane| islands[plane].as_ref().map_or(0, |islands| islands.count))
}

/// Whether a service is promised at some time when all of these are open.
fn is_promised(service: &Service, open: &[&Schedule]) -> bool {
    service.when.as_ref().is_none_or(|when| {
        let all: Vec<&Schedule> = open.iter().copied().chain([when]).collect();
        Schedule::overlap_of(&all).is_some()
    })
}

#[cfg(test)]
mod tests;
