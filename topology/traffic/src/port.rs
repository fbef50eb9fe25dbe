//! The queues at the start of an edge: which there are, how they are served, and which code point finds which.

use model::{DeviceConfig, Discipline, InterfaceQos, QueueName, QueueShare, steering::Dscp};

/// The name of the one queue of an interface that has none configured.
pub const DEFAULT_QUEUE: &str = "default";

/// The queues at the start of an edge.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    pub(crate) names: Vec<QueueName>,
    pub(crate) shares: Vec<QueueShare>,
    /// The number of the queue of each code point.
    of_dscp: [u8; 64],
    /// That of all whose code point nobody looks at.
    rest: u8,
}

impl Port {
    pub(crate) fn new(device: Option<&DeviceConfig>, interface: &model::InterfaceName) -> Self {
        let qos = device.and_then(|config| config.qos.get(interface)).filter(|qos| !qos.queues.is_empty());
        let Some(qos) = qos else {
            let share = QueueShare { discipline: Discipline::Weighted(1), guarantee: model::Bandwidth::ZERO };
            return Self {
                names: vec![QueueName::lit(DEFAULT_QUEUE)],
                shares: vec![share],
                of_dscp: [0; 64],
                rest: 0,
            };
        };
        let names: Vec<QueueName> = qos.queues.keys().cloned().collect();
        let place = |name: &QueueName| names.binary_search(name).ok().and_then(|ix| u8::try_from(ix).ok());
        let rest = lowest(qos).and_then(place).unwrap_or(0);
        let mut of_dscp = [rest; 64];
        if let Some(classifier) = device.and_then(|config| config.classifier.as_ref()) {
            for (dscp, queue) in &classifier.queues {
                of_dscp[usize::from(dscp.number() & 63)] = place(queue).unwrap_or(rest);
            }
        }
        Self { shares: qos.queues.values().copied().collect(), names, of_dscp, rest }
    }

    /// The number of the queue that packets of this code point find; strays find the lowest.
    pub(crate) fn queue(&self, dscp: Dscp, stray: bool) -> usize {
        usize::from(if stray { self.rest } else { self.of_dscp[usize::from(dscp.number() & 63)] })
    }
}

/// The queue of all that is not classified, or classified to a queue that the interface lacks: the least weight, then the
/// least guarantee, then the first name. Strict queues come last. None where there are no queues.
pub fn lowest(qos: &InterfaceQos) -> Option<&QueueName> {
    let rank = |share: &QueueShare| match share.discipline {
        Discipline::Weighted(weight) => (0, weight, share.guarantee),
        Discipline::Strict => (1, 0, share.guarantee),
    };
    qos.queues.iter().min_by_key(|(_, share)| rank(share)).map(|(name, _)| name)
}
