//! What queues at an interface do with more than fits: who is served, who drops, who waits.
//!
//! Bandwidth is given out in this order, and none is left while anyone wants it:
//! 1. strict queues, each up to its guarantee;
//! 2. weighted queues, each up to its guarantee;
//! 3. what is left by weight, a queue that wants less leaving the rest to the others (weighted max-min). A strict queue
//!    competes for what exceeds its guarantee with weight 1; queues of weight 0 take what nobody else wants.
//!
//! Where guarantees of one step do not fit, they shrink in proportion. All of it is exact integer arithmetic, O(queues^2).

use model::{Delay, Discipline, Loss, QueueShare, Ratio};

/// Buffer of a queue, as time at the rate at which it is served: no packet that arrives waits longer.
pub const BUFFER: Delay = Delay::from_micros(50_000);

/// Size of a packet for the estimate of waiting times, bits.
pub const PACKET_BITS: u64 = 8_000;

/// What a queue does with what it is offered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Service {
    /// What gets out, bit/s.
    pub served: u64,
    /// The share that does not.
    pub dropped: Loss,
    /// What is offered, of the most that the queue would be served now if it never ran empty. Over 100% it drops.
    pub utilisation: Ratio,
    /// How long a packet waits on average, estimated.
    pub delay: Delay,
}

/// Serves queues on a link: `offered` in bit/s beside `shares`, which are as many.
///
/// The wait is that of an M/M/1 queue: the time that a packet of 8000 bits takes at the rate that the queue can have now,
/// times `u / (1 - u)` at utilisation `u`, and never more than the buffer of 50 ms. A strict queue within its guarantee waits for the
/// packet on the line and for strict queues alone, however full the others are: at most `p / (1 - s)` for a packet time `p` and a
/// load `s` of strict queues (Cobham, 1954: priority without pre-emption).
///
/// # Panics
/// Never, if both slices have one length; the shorter one counts otherwise.
pub fn serve(offered: &[u64], shares: &[QueueShare], bandwidth: u64) -> Vec<Service> {
    let mut desk = Desk::default();
    let mut wanted = offered.to_vec();
    let mut services: Vec<Service> = desk
        .allot(&wanted, shares, bandwidth)
        .iter()
        .map(|served| Service { served: *served, ..Service::default() })
        .collect();
    for (queue, service) in services.iter_mut().enumerate() {
        let wants = offered[queue];
        // Who wants nothing loses nothing and waits for nothing.
        if wants == 0 {
            continue;
        }
        wanted[queue] = wants.max(bandwidth);
        let most = desk.allot(&wanted, shares, bandwidth)[queue];
        wanted[queue] = wants;
        service.dropped = share_lost(wants, service.served);
        service.utilisation = utilisation(wants, most);
        service.delay = wait(wants, most).min(ahead(offered, shares, bandwidth, queue).unwrap_or(BUFFER));
    }
    services
}

/// The most that packets of a strict queue wait on average, where it is within its guarantee and all of these fit; none elsewhere.
fn ahead(offered: &[u64], shares: &[QueueShare], bandwidth: u64, queue: usize) -> Option<Delay> {
    let strict = |share: &QueueShare| share.discipline == Discipline::Strict;
    let guarantee = |share: &QueueShare| share.guarantee.as_bps();
    let promised: u64 =
        shares.iter().filter(|share| strict(share)).map(guarantee).try_fold(0, u64::checked_add)?;
    let within = strict(&shares[queue]) && offered[queue] <= guarantee(&shares[queue]);
    if !within || promised > bandwidth {
        return None;
    }
    let before = shares.iter().zip(offered).filter(|(share, _)| strict(share));
    let load: u64 = before.map(|(share, offered)| guarantee(share).min(*offered)).sum();
    let left = bandwidth.checked_sub(load).filter(|left| *left > 0)?;
    Some(Delay::from_micros((PACKET_BITS * 1_000_000).div_ceil(left)).min(BUFFER))
}

/// Where bandwidth is given out; kept from one time to the next, for it is done often.
#[derive(Debug, Default)]
struct Desk {
    got: Vec<u64>,
    /// Queues that still want something: their number, what they want, and their weight.
    open: Vec<(usize, u64, u64)>,
}

impl Desk {
    /// What each queue gets; adds up to the lesser of all that is offered and the bandwidth.
    fn allot(&mut self, offered: &[u64], shares: &[QueueShare], bandwidth: u64) -> &[u64] {
        self.got.clear();
        self.got.resize(offered.len().min(shares.len()), 0);
        let mut left = bandwidth;
        for strict in [true, false] {
            let guarantee = |queue: usize| match shares[queue].discipline == Discipline::Strict {
                is if is == strict => shares[queue].guarantee.as_bps(),
                _ => 0,
            };
            left -= self.fill(left, guarantee, |queue| guarantee(queue).min(offered[queue]));
        }
        let weight = |queue: usize| match shares[queue].discipline {
            Discipline::Strict => 1,
            Discipline::Weighted(weight) => u64::from(weight),
        };
        left -= self.fill(left, weight, |queue| offered[queue]);
        self.fill(left, |queue| u64::from(weight(queue) == 0), |queue| offered[queue]);
        &self.got
    }

    /// Raises each queue of positive weight toward its target, by weight, as far as `left` goes; gives what was handed out.
    fn fill(&mut self, left: u64, weight: impl Fn(usize) -> u64, target: impl Fn(usize) -> u64) -> u64 {
        let Self { got, open } = self;
        open.clear();
        for (queue, got) in got.iter().enumerate() {
            let (want, weight) = (target(queue).saturating_sub(*got), weight(queue));
            if want > 0 && weight > 0 {
                open.push((queue, want, weight));
            }
        }
        let mut rest = left;
        if open
            .iter()
            .try_fold(0_u64, |sum, (_, want, _)| sum.checked_add(*want))
            .is_some_and(|sum| sum <= rest)
        {
            // Everybody gets all it wants.
            for (queue, want, _) in open.iter() {
                got[*queue] += want;
                rest -= want;
            }
            return left - rest;
        }
        loop {
            let total: u128 = open.iter().map(|(_, _, weight)| u128::from(*weight)).sum();
            let before = rest;
            // Whoever wants no more than its part of what there is now gets all it wants.
            open.retain(|(queue, want, weight)| {
                let content = u128::from(*want) * total <= u128::from(before) * u128::from(*weight);
                if content {
                    got[*queue] += want;
                    rest -= want;
                }
                !content
            });
            if rest == before {
                if open.is_empty() {
                    return left - rest;
                }
                let part = |weight: u64| (u128::from(before) * u128::from(weight) / total.max(1)) as u64;
                let mut odd = before - open.iter().map(|(_, _, weight)| part(*weight)).sum::<u64>();
                for (queue, _, weight) in open.iter() {
                    let one = u64::from(odd > 0);
                    odd -= one;
                    got[*queue] += part(*weight) + one;
                }
                return left;
            }
        }
    }
}

fn share_lost(offered: u64, served: u64) -> Loss {
    let lost = u128::from(offered.saturating_sub(served)) * 1_000_000_000;
    Loss::from_ppb(u32::try_from(lost / u128::from(offered.max(1))).unwrap_or(1_000_000_000))
}

fn utilisation(offered: u64, most: u64) -> Ratio {
    Ratio::of(model::Bandwidth::from_bps(offered), model::Bandwidth::from_bps(most))
}

fn wait(offered: u64, most: u64) -> Delay {
    if offered == 0 {
        return Delay::ZERO;
    }
    if offered >= most {
        return BUFFER;
    }
    let micros = u128::from(PACKET_BITS) * 1_000_000 * u128::from(offered)
        / (u128::from(most) * u128::from(most - offered));
    Delay::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)).min(BUFFER)
}

#[cfg(test)]
mod tests;
