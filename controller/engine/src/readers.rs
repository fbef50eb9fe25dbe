//! One reader for each device: reads it once at the start and again at intervals, so that what others change is noticed; learns
//! which modules it serves, whenever it answers again after it did not; and asks what is around it then, and with each tenth reading.

use std::{sync::Arc, time::Duration};

use device::{DeviceError, ErrorKind, Served};
use model::{DeviceReading, NodeId, Surroundings, Timestamp};
use tokio::{
    sync::{Semaphore, SemaphorePermit, mpsc, watch},
    time::{Instant, sleep, timeout},
};

use crate::{clock, tasks::DeviceHandle};

/// What a reader brought.
#[derive(Debug)]
pub struct Seen {
    /// The device.
    pub node: NodeId,
    /// When the reading was begun.
    pub begun: Timestamp,
    /// What it holds, or why that is not known.
    pub result: Result<DeviceReading, DeviceError>,
    /// Whether its reader brought it, in its turn.
    pub in_turn: bool,
}

/// What a device said beside its configuration.
#[derive(Debug)]
pub struct Learnt {
    /// The device.
    pub node: NodeId,
    /// What it said.
    pub what: Lesson,
}

/// What there is to learn from a device.
#[derive(Debug)]
pub enum Lesson {
    /// Which modules it serves, and what they lack.
    Served(Served),
    /// What is around it since that moment; none where it has no way to say that; or why it did not say it, though it answers.
    Around(Timestamp, Result<Option<Surroundings>, String>),
}

/// With every tenth reading a device is asked what is around it. Cables are moved by people: that takes longer.
const LOOK_AROUND: u32 = 10;
/// A device that answers and did not say what is around it is asked with so many readings more before that.
const LOOK_AGAIN: u32 = 2;
/// How long a device is asked for what it serves; the rest waits for the next reading.
const LEARNING: Duration = Duration::from_secs(60);
/// How long after an answer that brought nothing new it is asked again, and how often in succession: what it waits for is fetched from
/// another device meanwhile.
const NOTHING_NEW: (Duration, u32) = (Duration::from_millis(250), 40);
/// How long after a refused login a device is tried again.
const LOCKING: Duration = Duration::from_secs(300);

/// How long after a failure a device is tried again: doubling up to a minute, spread over devices by their names, so that
/// a hundred routers behind one broken line do not all come at once.
fn pause(failures: u32, node: &NodeId) -> Duration {
    let base = 500_u64 << failures.min(7);
    Duration::from_millis(base.min(60_000)) + share_of(Duration::from_millis(base / 2), node)
}

/// How long after a failure a device is tried again. What only a person mends has time, and an account that fails again and again is
/// locked, on all devices that ask the same server.
fn pause_after(error: &DeviceError, failures: u32) -> Duration {
    match &error.kind {
        ErrorKind::Untrusted(_) => Duration::from_secs(60),
        ErrorKind::Refused(_) if error.is_not_reached() => LOCKING,
        _ => pause(failures, &error.node),
    }
}

/// A part of `whole`, another one for each name.
fn share_of(whole: Duration, node: &NodeId) -> Duration {
    let number =
        node.as_str().bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    whole / 1_000 * (number % 1_000)
}

/// Reads once, out of turn, but through the same gate.
pub async fn read_once(handle: DeviceHandle, gate: Arc<Semaphore>, out: mpsc::Sender<Seen>) {
    let Ok(permit) = gate.acquire().await else { return };
    let begun = clock::now();
    let result = handle.read().await;
    drop(permit);
    // Nobody hears it where the controller has ended.
    let _ = out.send(Seen { node: handle.node().clone(), begun, result, in_turn: false }).await;
}

/// When and through what readers ask.
#[derive(Clone, Debug)]
pub struct Turns {
    /// How often a device that answers is read.
    pub every: Duration,
    /// Bounds how many devices are asked at once: real servers have short listen queues.
    pub gate: Arc<Semaphore>,
    /// Whether a change is under way.
    pub busy: watch::Receiver<bool>,
    /// Where it goes what devices say beside their configuration.
    pub learnt: mpsc::Sender<Learnt>,
}

impl Turns {
    /// A place among those who ask, for what would stand in the way of a change; none where one is under way once there is room, or
    /// where the controller has ended.
    async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        if *self.busy.borrow() {
            return None;
        }
        let permit = self.gate.acquire().await.ok()?;
        // It may have begun while others had all places.
        (!*self.busy.borrow()).then_some(permit)
    }
}

/// When a device was asked what is around it.
#[derive(Debug, Default)]
struct Looks {
    /// Readings since it was asked, with that one; none, where it is due.
    readings: u32,
    /// How often in succession it did not say it.
    failures: u32,
}

/// Reads for ever. The first readings come at once; those after it are spread over the interval. While a change is under way a
/// device that answers is left to it: a reading would stand in its way, and shows what is not decided yet.
pub async fn read_on(handle: DeviceHandle, mut turns: Turns, out: mpsc::Sender<Seen>) {
    let mut failures = 0;
    let mut is_known = false;
    let mut looks = Looks::default();
    let mut wait = share_of(turns.every, handle.node());
    loop {
        let Ok(permit) = turns.gate.acquire().await else { return };
        let begun = clock::now();
        let result = handle.read().await;
        drop(permit);
        let pause = match &result {
            Ok(_) => {
                failures = 0;
                std::mem::replace(&mut wait, turns.every)
            }
            Err(error) => {
                failures += 1;
                pause_after(error, failures)
            }
        };
        let answers = result.is_ok();
        if out.send(Seen { node: handle.node().clone(), begun, result, in_turn: true }).await.is_err() {
            return;
        }
        // A device that comes back may have another release on it.
        is_known = answers && (is_known || learn(&handle, &turns).await);
        if answers {
            look_around(&handle, &turns, &mut looks).await;
        } else {
            looks = Looks::default();
        }
        sleep(pause).await;
        if failures == 0 {
            // Bounded, so that a change that takes its time hides no device that went away.
            let _ = timeout(turns.every, turns.busy.wait_for(|busy| !*busy)).await;
        }
    }
}

/// Asks what the device serves, a few texts at a time; whether all that can be known of it is known now. It would stand in the way of a
/// change, and so the rest waits for the next reading where one is under way.
async fn learn(handle: &DeviceHandle, turns: &Turns) -> bool {
    let begun = Instant::now();
    let (mut known, mut in_vain) = (None, 0);
    while begun.elapsed() < LEARNING && in_vain < NOTHING_NEW.1 {
        let Some(permit) = turns.enter().await else { break };
        let served = handle.serves().await;
        drop(permit);
        match served {
            Ok(served) => {
                let is_all = !served.unfinished;
                let is_new = known.replace(served) != known;
                if is_all {
                    break;
                }
                if is_new {
                    in_vain = 0;
                } else {
                    in_vain += 1;
                    sleep(NOTHING_NEW.0).await;
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a device did not say what it serves");
                break;
            }
        }
    }
    let Some(served) = known else { return false };
    let is_all = !served.unfinished;
    turns.learnt.send(Learnt { node: handle.node().clone(), what: Lesson::Served(served) }).await.is_ok()
        && is_all
}

/// Asks what is around a device, where that was so many readings ago. It would stand in the way of a change, and waits for the next
/// reading where one is under way. So it does, a few times, where the device does not say it.
async fn look_around(handle: &DeviceHandle, turns: &Turns, looks: &mut Looks) {
    if looks.readings > 0 {
        looks.readings = (looks.readings + 1) % LOOK_AROUND;
        return;
    }
    let Some(permit) = turns.enter().await else { return };
    let begun = clock::now();
    let around = handle.surroundings().await;
    drop(permit);
    let around = match around {
        // A change had begun there before the question came.
        Err(error) if matches!(error.kind, ErrorKind::Locked(_)) => return,
        Err(error) => {
            tracing::debug!(%error, "a device did not say what is around it");
            Err(error.kind.to_string())
        }
        Ok(around) => Ok(around),
    };
    looks.failures = if around.is_ok() { 0 } else { looks.failures + 1 };
    looks.readings = u32::from(looks.failures == 0 || looks.failures > LOOK_AGAIN);
    if looks.readings == 0 {
        return;
    }
    // Nobody hears it where the controller has ended.
    let _ =
        turns.learnt.send(Learnt { node: handle.node().clone(), what: Lesson::Around(begun, around) }).await;
}

#[cfg(test)]
mod tests {
    use device::{Capabilities, Device, Module, Step};
    use model::{Edit, TransactionId};

    use super::*;

    /// A device that tells of one more module whenever it is asked, and after the third time has nothing more to tell. A change begins when
    /// it was asked so often. How often it was asked what is around it is counted, and as often as it is told to it does not say it.
    struct Bit {
        node: NodeId,
        told: usize,
        busy_after: usize,
        busy: watch::Sender<bool>,
        looks: watch::Sender<usize>,
        mute: usize,
        /// More than that it does not tell.
        most: usize,
    }

    fn bit(busy_after: usize, busy: watch::Sender<bool>) -> Bit {
        Bit {
            node: NodeId::lit("r1"),
            told: 0,
            busy_after,
            busy,
            looks: watch::Sender::new(0),
            mute: 0,
            most: 9,
        }
    }

    fn turns(busy: watch::Receiver<bool>, learnt: mpsc::Sender<Learnt>) -> Turns {
        Turns { every: Duration::from_secs(60), gate: Arc::new(Semaphore::new(1)), busy, learnt }
    }

    impl Device for Bit {
        fn node(&self) -> &NodeId {
            &self.node
        }
        async fn capabilities(&mut self) -> Result<Capabilities, DeviceError> {
            unreachable!("nobody asks")
        }
        async fn stage(&mut self, _: TransactionId, _: &[Edit]) -> Result<(), DeviceError> {
            unreachable!("nobody asks")
        }
        async fn commit(&mut self, _: TransactionId, _: Duration) -> Result<(), DeviceError> {
            unreachable!("nobody asks")
        }
        async fn confirm(&mut self, _: TransactionId) -> Result<(), DeviceError> {
            unreachable!("nobody asks")
        }
        async fn cancel(&mut self, _: TransactionId) -> Result<(), DeviceError> {
            unreachable!("nobody asks")
        }
        async fn read(&mut self) -> Result<DeviceReading, DeviceError> {
            unreachable!("nobody asks")
        }
        async fn serves(&mut self) -> Result<Served, DeviceError> {
            self.told = (self.told + 1).min(self.most);
            if self.told == self.busy_after {
                self.busy.send_replace(true);
            }
            let modules =
                (0..self.told).map(|number| Module { name: format!("m{number}"), ..Module::default() });
            Ok(Served { modules: modules.collect(), unfinished: self.told < 3, ..Served::default() })
        }
        async fn surroundings(&mut self) -> Result<Option<Surroundings>, DeviceError> {
            self.looks.send_modify(|looks| *looks += 1);
            if *self.looks.borrow() <= self.mute {
                let kind = ErrorKind::Garbage("no".into());
                return Err(DeviceError { node: self.node.clone(), step: Step::Read, kind });
            }
            Ok(Some(Surroundings::default()))
        }
    }

    #[tokio::test]
    async fn what_a_device_serves_is_asked_bit_by_bit_and_not_beside_a_change() {
        for (busy_after, asked, is_all) in [(9, 3, true), (2, 2, false), (3, 3, true)] {
            let (busy, is_busy) = watch::channel(false);
            let (learnt, mut out) = mpsc::channel(9);
            let handle = DeviceHandle::spawn(bit(busy_after, busy), Duration::from_secs(5));
            let turns = turns(is_busy, learnt);
            assert_eq!(learn(&handle, &turns).await, is_all, "busy after {busy_after}");
            let Lesson::Served(served) = out.recv().await.unwrap().what else {
                panic!("busy after {busy_after}")
            };
            assert_eq!(served.modules.len(), asked, "busy after {busy_after}");
            assert!(out.try_recv().is_err(), "it is told once");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_that_tells_nothing_new_is_asked_after_a_pause_and_not_for_ever() {
        let (busy, is_busy) = watch::channel(false);
        let (learnt, mut out) = mpsc::channel(9);
        let device = Bit { most: 2, ..bit(9, busy) };
        let handle = DeviceHandle::spawn(device, Duration::from_secs(5));
        let begun = Instant::now();
        assert!(!learn(&handle, &turns(is_busy, learnt)).await);
        let took = begun.elapsed();
        let pauses = NOTHING_NEW.0 * NOTHING_NEW.1;
        assert!((pauses..pauses + Duration::from_secs(1)).contains(&took), "{took:?}");
        let Lesson::Served(served) = out.recv().await.unwrap().what else { panic!() };
        assert_eq!(served.modules.len(), 2, "what it told is taken all the same");
    }

    #[tokio::test]
    async fn what_waits_for_others_asks_nothing_where_a_change_begins_meanwhile() {
        let (busy, is_busy) = watch::channel(false);
        let (learnt, mut out) = mpsc::channel(9);
        let device = bit(9, busy.clone());
        let asked = device.looks.subscribe();
        let handle = DeviceHandle::spawn(device, Duration::from_secs(5));
        let turns = turns(is_busy, learnt);
        let mut looks = Looks::default();
        let taken = turns.gate.acquire().await.unwrap();
        let waiting = async {
            tokio::join!(look_around(&handle, &turns, &mut looks), learn(&handle, &turns));
        };
        let begins = async {
            tokio::task::yield_now().await;
            busy.send_replace(true);
            drop(taken);
        };
        tokio::join!(waiting, begins);
        assert_eq!((*asked.borrow(), looks.readings), (0, 0), "it is still due");
        assert!(out.try_recv().is_err());
        busy.send_replace(false);
        look_around(&handle, &turns, &mut looks).await;
        assert!(matches!(out.recv().await.unwrap().what, Lesson::Around(_, Ok(Some(_)))));
    }

    #[tokio::test]
    async fn what_is_around_a_device_is_asked_with_each_tenth_reading_and_sooner_where_it_is_not_said() {
        for (mute, expected) in [(0, vec![1, 11, 21]), (1, vec![1, 2, 12]), (9, vec![1, 2, 3, 13])] {
            let (busy, is_busy) = watch::channel(false);
            let (learnt, mut out) = mpsc::channel(9);
            let device = Bit { mute, ..bit(9, busy) };
            let asked = device.looks.subscribe();
            let handle = DeviceHandle::spawn(device, Duration::from_secs(5));
            let (turns, mut looks) = (turns(is_busy, learnt), Looks::default());
            let mut with = Vec::new();
            for reading in 1..22 {
                let before = *asked.borrow();
                look_around(&handle, &turns, &mut looks).await;
                if *asked.borrow() > before {
                    with.push(reading);
                    // That it does not say it is told when it is left alone for that.
                    assert_eq!(out.try_recv().is_ok(), looks.readings == 1, "mute {mute} times, {reading}");
                }
            }
            assert_eq!(with, expected, "mute {mute} times");
        }
    }

    #[test]
    fn a_refused_login_is_not_tried_again_for_minutes() {
        let error = |step, kind: fn(String) -> ErrorKind| DeviceError {
            node: NodeId::lit("r1"),
            step,
            kind: kind("no".into()),
        };
        assert_eq!(pause_after(&error(Step::Connect, ErrorKind::Refused), 1), LOCKING);
        assert!(pause_after(&error(Step::Read, ErrorKind::Refused), 1) < Duration::from_secs(3));
        assert!(pause_after(&error(Step::Connect, ErrorKind::Unreachable), 1) < Duration::from_secs(3));
        assert_eq!(pause_after(&error(Step::Connect, ErrorKind::Untrusted), 9), Duration::from_secs(60));
    }
}
