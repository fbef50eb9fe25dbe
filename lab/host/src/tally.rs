//! What is known of a flow, as it is told to others: JSON in camelCase, spans with units. Moments are microseconds since the epoch, but
//! for those of [`Sent`], which are nanoseconds.
//!
//! What is not known is absent. Losses are those that a receiver can be sure of: packets that later ones overtook and that have not
//! come, and, when the flow is settled, those after the last one that came.

use std::collections::BTreeMap;

use model::{Bandwidth, Delay, Loss, Span, Timestamp, steering::Dscp};
use serde::{Deserialize, Serialize};

use crate::{flow::FlowId, moment::Moment, order::Reordered, series::Bucket};

/// What a sender tells of a flow.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// Packets that were due and given to the sender's kernel, whether it took them or not.
    pub packets: u64,
    /// Of these, packets that it did not take: no route, no room. They are lost to the receiver as others are.
    pub refused: u64,
    /// What it said to the last of these.
    pub refusal: Option<String>,
    /// When packet 0 was sent.
    pub first: Option<Moment>,
    /// When the last one was.
    pub last: Option<Moment>,
    /// By how much the flow is later than it should be, because the sender was held up for longer than it catches up.
    pub held_up: Span,
    /// Whether nothing more is sent.
    pub ended: bool,
    /// Whether so much time has passed since it ended that nothing more comes: what has not come is lost.
    pub settled: bool,
}

/// How long packets took. To 1.6%, but for the least, the mean and the most, which are exact.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delays {
    /// Packets of which it is known.
    pub packets: u64,
    /// The shortest.
    pub min: Delay,
    /// The mean.
    pub mean: Delay,
    /// What half of them did not exceed.
    pub median: Delay,
    /// What 99% of them did not exceed.
    pub p99: Delay,
    /// The longest.
    pub max: Delay,
}

/// A time without packets, between two that came.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Silence {
    /// When the packet before it came.
    pub from: Timestamp,
    /// How long it was until the next one.
    pub span: Span,
}

/// Packets that were lost one after the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The number of the first.
    pub number: u64,
    /// How many there are.
    pub packets: u64,
    /// When the first was sent: exactly where it is the sender who says so, otherwise as the packets around tell. None where these are
    /// not known.
    pub first: Option<Timestamp>,
    /// When the last was sent, likewise.
    pub last: Option<Timestamp>,
}

/// What is known of a flow.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Which.
    pub flow: FlowId,
    /// What the sender tells; none where nobody has told the receiver.
    pub sent: Option<Sent>,
    /// Packets that came, each counted once.
    pub received: u64,
    /// Octets of these, headers of IP and UDP included.
    pub octets: u64,
    /// Packets that were lost.
    pub lost: u64,
    /// Packets after the last one that came: lost, or on their way. None where nobody has told how many were sent.
    pub outstanding: Option<u64>,
    /// Packets that came again.
    pub duplicated: u64,
    /// Packets that came so late that it is no longer known whether they had come before.
    pub unplaced: u64,
    /// Packets with a number that the flow cannot have reached, and those of an earlier run of it that came late.
    pub strange: u64,
    /// What was out of order.
    pub reordered: Reordered,
    /// How long they took; none where it is not known of any.
    pub delay: Option<Delays>,
    /// Packets that came before they were sent, by a clock that was set meanwhile: their delay is not known.
    pub undated: u64,
    /// How packets were marked when they came.
    pub dscp: BTreeMap<Dscp, u64>,
    /// Packets of which that is not known.
    pub unmarked: u64,
    /// When the first one came.
    pub first: Option<Timestamp>,
    /// When the last one came.
    pub last: Option<Timestamp>,
    /// The longest time without packets; none until two have come.
    pub silence: Option<Silence>,
    /// Lost packets by runs, in the order of sending; the longest ones where there are more than [`RUNS`].
    pub runs: Vec<Run>,
    /// Runs that are not among them.
    pub runs_left_out: u64,
    /// Over time.
    pub series: Vec<Bucket>,
}

/// Runs that are told.
pub const RUNS: usize = 1_000;

impl Tally {
    /// The share of packets that were lost, of those whose fate is known; none where it is of none.
    pub fn loss(&self) -> Option<Loss> {
        let of = u128::from(self.received) + u128::from(self.lost);
        let share = (u128::from(self.lost) * 1_000_000_000).checked_div(of)?;
        u32::try_from(share).ok().map(Loss::from_ppb)
    }

    /// How much came a second between the first and the last packet, headers of IP and UDP included; none until two have come at
    /// different times.
    pub fn rate(&self) -> Option<Bandwidth> {
        let micros = self.last?.since(self.first?).as_micros();
        let others = self.received.checked_sub(1)?;
        // All packets of a flow are of one size; the first one began the time.
        let octets = u128::from(self.octets) * u128::from(others) / u128::from(self.received);
        let bits = (octets * 8 * 1_000_000).checked_div(u128::from(micros))?;
        u64::try_from(bits).ok().map(Bandwidth::from_bps)
    }
}
