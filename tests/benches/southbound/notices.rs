//! A stream of telemetry, made before it is sent: what a router with many interfaces tells of all that the controller subscribes
//! to, sampled every second. The messages have the form that `trunkline-router` gives them: the leaves of one container together
//! behind their common prefix, numbers as scalars.

use bytes::Bytes;
use gnmi::{
    Encoding,
    notice::{Leaf, Notice},
    proto::{SubscribeResponse, subscribe_response::Response},
};
use model::Timestamp;
use prost::Message as _;
use serde_json::{Value, json};

/// Interfaces of the router.
pub const INTERFACES: usize = 24;
/// Queues of each.
const QUEUES: [&str; 6] = ["tl-af1", "tl-af2", "tl-af3", "tl-af4", "tl-be", "tl-ef"];
/// Seconds that the stream tells of.
const SECONDS: u64 = 600;
/// Octets that every interface sends in a second: 1 Mbps.
pub const OCTETS: u64 = 125_000;

/// The messages in the order of sending.
pub struct Stream {
    /// Each as it goes over the wire.
    pub messages: Vec<Bytes>,
    /// Leaf updates in all messages.
    pub updates: usize,
    /// Of them in the first message, with which clocks start.
    pub first: usize,
    /// Of all updates, those that the loop uses.
    pub samples: usize,
}

impl Stream {
    /// A stream whose last moment is a little before `now`.
    pub fn before(now: Timestamp) -> Self {
        let end = now.as_micros() / 1_000_000;
        let mut stream = Self { messages: Vec::new(), updates: 0, first: 0, samples: 0 };
        for second in 1..=SECONDS {
            let at_ns = i64::try_from((end - SECONDS - 1 + second) * 1_000_000_000).unwrap();
            for interface in 0..INTERFACES {
                stream.push(at_ns, &counters(interface), counted(second), 1);
            }
            for interface in 0..INTERFACES {
                stream.push(at_ns, &measurement(interface), measured(second), 3);
            }
            for (interface, queue) in (0..INTERFACES).flat_map(|n| QUEUES.map(|queue| (n, queue))) {
                stream.push(at_ns, &queue_state(interface, queue), queued(second, queue), 2);
            }
        }
        stream
    }

    fn push(&mut self, at_ns: i64, prefix: &str, leaves: Vec<(&str, Value)>, used: usize) {
        if self.messages.is_empty() {
            self.first = leaves.len();
        }
        self.updates += leaves.len();
        self.samples += used;
        let leaf = |(path, value): (&str, Value)| Leaf { path: path.parse().unwrap(), value };
        let notice = Notice {
            at_ns,
            prefix: prefix.parse().unwrap(),
            leaves: leaves.into_iter().map(leaf).collect(),
            ..Notice::default()
        };
        let update = notice.encode(Encoding::Proto, "").unwrap();
        let message = SubscribeResponse { response: Some(Response::Update(update)), ..Default::default() };
        self.messages.push(message.encode_to_vec().into());
    }
}

/// The name of an interface.
pub fn interface(number: usize) -> String {
    format!("eth{}", number + 1)
}

fn counters(number: usize) -> String {
    format!("/interfaces/interface[name={}]/state/counters", interface(number))
}

fn measurement(number: usize) -> String {
    format!("/interfaces/interface[name={}]/measurement", interface(number))
}

fn queue_state(number: usize, queue: &str) -> String {
    let interface = interface(number);
    format!("/qos/interfaces/interface[interface-id={interface}]/output/queues/queue[name={queue}]/state")
}

fn counted(second: u64) -> Vec<(&'static str, Value)> {
    let octets = second * OCTETS;
    vec![
        ("/in-octets", json!(octets)),
        ("/in-pkts", json!(octets / 500)),
        ("/in-discards", json!(0)),
        ("/in-errors", json!(0)),
        ("/out-octets", json!(octets)),
        ("/out-pkts", json!(octets / 500)),
        ("/out-discards", json!(second)),
        ("/out-errors", json!(0)),
    ]
}

fn measured(second: u64) -> Vec<(&'static str, Value)> {
    vec![
        ("/one-way-delay", json!(8_200 + second % 7)),
        ("/jitter", json!(200 + second % 5)),
        ("/loss-ppb", json!(second % 3)),
    ]
}

fn queued(second: u64, queue: &str) -> Vec<(&'static str, Value)> {
    let octets = second * OCTETS / 6;
    vec![
        ("/name", json!(queue)),
        ("/max-queue-len", json!(second % 900)),
        ("/avg-queue-len", json!(second % 800)),
        ("/transmit-pkts", json!(octets / 500)),
        ("/transmit-octets", json!(octets)),
        ("/dropped-pkts", json!(second)),
        ("/dropped-octets", json!(second * 500)),
    ]
}
