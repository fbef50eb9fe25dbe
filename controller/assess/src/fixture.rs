//! A small network under a clock of the test's own: what each line measures is set by hand, a second passes, the loop turns.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    AlarmPolicy, ClassName, Delay, DirectedLink, Hints, IntentSet, Jitter, LinkId, Loss, Measure, QueueName,
    Sample, Service, ServiceId, Ted, Timestamp, TrafficClass, Verdict,
};

mod network;

pub(crate) use network::{alarm, condition, hop, link, network, over, service, verdict};

use crate::{
    assessment::{Assessment, Memory, assess},
    case::{Case, Limits},
    decide::decide,
    decision::Decision,
    history::History,
    lines::Lines,
    observed::{Observed, Settings},
};

/// What a line measures; `None` is silence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) up: bool,
    pub(crate) delay: u64,
    pub(crate) loss: u32,
}

pub(crate) const FAIR: Weather = Weather { up: true, delay: 5_000, loss: 0 };

/// The whole loop without devices: compilation picks the first way of `b`, `c`, `e` that is not down and whose lines, as the service
/// sees them, keep its delay; `b` where none does.
pub(crate) struct World {
    pub(crate) ted: Ted,
    pub(crate) set: IntentSet,
    pub(crate) lines: Lines,
    pub(crate) verdicts: BTreeMap<ServiceId, Verdict>,
    pub(crate) hints: Hints,
    pub(crate) limits: Limits,
    pub(crate) seen: Observed,
    pub(crate) memory: Memory,
    pub(crate) history: History,
    pub(crate) weather: BTreeMap<LinkId, Option<Weather>>,
    pub(crate) second: u64,
    /// Second and kind of every action.
    pub(crate) log: Vec<(u64, String)>,
}

impl World {
    pub(crate) fn new(services: &[Service], alarms: &[AlarmPolicy]) -> Self {
        let ted = network();
        let class = TrafficClass {
            name: ClassName::lit("production"),
            value: 1,
            dscp: BTreeSet::new(),
            queue: QueueName::lit("af4"),
            profile: "p".into(),
        };
        let set = IntentSet {
            classes: BTreeMap::from([(class.name.clone(), class)]),
            profiles: BTreeMap::new(),
            services: services.iter().map(|service| (service.id.clone(), service.clone())).collect(),
            alarms: alarms.iter().map(|alarm| (alarm.name.clone(), alarm.clone())).collect(),
            steered: BTreeMap::new(),
            windows: BTreeMap::new(),
        };
        let verdicts = set.services.keys().map(|id| (id.clone(), verdict(id, "b", Some("c")))).collect();
        Self {
            lines: Lines::of(&ted),
            weather: ted.links.keys().map(|id| (id.clone(), Some(FAIR))).collect(),
            ted,
            set,
            verdicts,
            hints: Hints::default(),
            limits: Limits::default(),
            seen: Observed::new(Settings::default()),
            memory: Memory::default(),
            history: History::default(),
            second: 1_000,
            log: Vec::new(),
        }
    }

    pub(crate) fn set_weather(&mut self, link: &str, weather: Option<Weather>) {
        self.weather.insert(LinkId::lit(link), weather);
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.second * 1_000_000)
    }

    pub(crate) fn case(&self) -> Case<'_> {
        Case {
            ted: &self.ted,
            lines: &self.lines,
            set: &self.set,
            verdicts: &self.verdicts,
            hints: &self.hints,
            limits: &self.limits,
        }
    }

    /// A second passes, samples arrive, everything is judged.
    pub(crate) fn judge(&mut self) -> Assessment {
        self.second += 1;
        let now = self.now();
        for (hop, (node, interface)) in self.lines.iter() {
            let Some(weather) = self.weather[&hop.link] else { continue };
            let mut measures = vec![Measure::Up(weather.up)];
            if weather.up {
                measures.extend([
                    Measure::Delay(Delay::from_micros(weather.delay)),
                    Measure::Jitter(Jitter::from_micros(200)),
                    Measure::Loss(Loss::from_ppb(weather.loss)),
                ]);
            }
            for measure in measures {
                let sample = Sample { node: node.clone(), interface: interface.clone(), at: now, measure };
                self.seen.take(&sample, now);
            }
        }
        let mut memory = std::mem::take(&mut self.memory);
        let assessment = assess(&self.seen, &self.case(), &mut memory, now);
        self.memory = memory;
        assessment
    }

    /// The same, and the loop decides, compiles and moves traffic at once.
    pub(crate) fn turn(&mut self) -> (Assessment, Option<Decision>) {
        let assessment = self.judge();
        let mut history = std::mem::take(&mut self.history);
        history.learn(&assessment, &self.case());
        let decision = decide(&assessment, &self.case(), &history);
        if let Some(decision) = &decision {
            history.accept(decision, self.now());
            for action in &decision.actions {
                let kind = format!("{:?}", action.step);
                let kind: String = kind.chars().take_while(char::is_ascii_alphabetic).collect();
                self.log.push((self.second - 1_000, kind));
            }
            self.hints = decision.hints.clone();
            self.compile();
        }
        self.history = history;
        (assessment, decision)
    }

    /// So many seconds, one turn each; gives the last judgement.
    pub(crate) fn run(&mut self, seconds: u64) -> Assessment {
        let mut last = Assessment::default();
        for _ in 0..seconds {
            last = self.turn().0;
        }
        last
    }

    fn compile(&mut self) {
        for (id, service) in &self.set.services {
            let seen = self.hints.relief.get(id).map(|relief| &relief.seen);
            let delay = |hop: &DirectedLink| {
                seen.and_then(|seen| seen.get(hop))
                    .and_then(|seen| seen.delay)
                    .map_or(5_000, |delay| delay.as_micros())
            };
            let good = |via: &&&str| {
                let hops = over(via);
                let promised = service.slo.one_way_delay.map_or(u64::MAX, |delay| delay.as_micros());
                hops.iter().all(|hop| !self.hints.down.contains(&hop.link))
                    && hops.iter().map(delay).sum::<u64>() <= promised
            };
            let ways = ["b", "c", "e"];
            let way = ways.iter().find(good).copied().unwrap_or("b");
            let backup = ways.into_iter().find(|other| *other != way);
            self.verdicts.insert(id.clone(), verdict(id, way, backup));
        }
    }

    /// How often the log has an action.
    pub(crate) fn count(&self, kind: &str) -> usize {
        self.log.iter().filter(|(_, what)| what == kind).count()
    }

    /// Over which node a service goes now.
    pub(crate) fn way(&self, service: &str) -> &str {
        match &self.verdicts[&ServiceId::lit(service)] {
            Verdict::Carried { directions, .. } => directions[0].primary.path.nodes[1].as_str(),
            Verdict::Refused { .. } => "",
        }
    }
}
