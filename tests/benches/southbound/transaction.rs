//! One transaction over all routers by the product's own device, in the tasks that the controller gives devices to: stage
//! everywhere, commit everywhere, read back everywhere, confirm everywhere. Every step waits for the slowest router.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use engine::tasks::{DeviceHandle, Done, Work};
use model::TransactionId;
use netconf::device::{Library, NetconfDevice, Options};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    ROUNDS, cpu, edits,
    lab::{Door, Lab},
};

/// As the controller has them: sessions opened at once, the longest that an order may take, the confirm timer.
const OPENINGS: usize = 32;
const LONGEST: Duration = Duration::from_secs(30);
const CONFIRM_WITHIN: Duration = Duration::from_secs(60);

/// One transaction, in seconds.
pub struct Round {
    /// From the first order to the last confirm.
    pub wall: f64,
    /// Of it: stage, commit, read-back, confirm.
    pub steps: [f64; 4],
    /// Processor time of the client.
    pub client: f64,
    /// Processor time of the routers.
    pub routers: f64,
}

/// A device's task.
pub fn spawn(device: NetconfDevice) -> DeviceHandle {
    DeviceHandle::spawn(device, LONGEST)
}

/// Rounds over fresh sessions, measured after one that is not. The first has this number.
pub fn run(lab: &Lab, library: &Library, first: usize) -> Vec<Round> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let handles = open(lab, library).await;
        transact(&handles, first).await;
        let mut rounds = Vec::new();
        for round in first + 1..=first + ROUNDS {
            rounds.push(measured(lab, &handles, round).await);
        }
        rounds
    })
}

async fn open(lab: &Lab, library: &Library) -> Vec<DeviceHandle> {
    let device = |door: &Door| {
        let device = NetconfDevice::new(door.name.clone(), lab.target(door), Options::default());
        spawn(device.with_library(library.clone()))
    };
    let handles: Vec<DeviceHandle> = lab.doors.iter().map(device).collect();
    everywhere(&handles, OPENINGS, || Work::Read).await;
    handles
}

async fn measured(lab: &Lab, handles: &[DeviceHandle], round: usize) -> Round {
    let (client, routers) = (cpu::process(), cpu::of(lab.process()));
    let begun = Instant::now();
    let (steps, read) = transact(handles, round).await;
    let wall = begun.elapsed().as_secs_f64();
    let (client, routers) = (cpu::process() - client, cpu::of(lab.process()) - routers);
    edits::assert_held(&read, round);
    Round { wall, steps, client, routers }
}

/// Carries the round's edit out. Gives how long each step took, and what was read back.
pub async fn transact(handles: &[DeviceHandle], round: usize) -> ([f64; 4], Vec<Done>) {
    let id = TransactionId(u64::try_from(round).unwrap());
    let edits = edits::edits(round);
    let (all, begun) = (handles.len(), Instant::now());
    let at = || begun.elapsed().as_secs_f64();
    everywhere(handles, all, || Work::Stage(id, Arc::clone(&edits))).await;
    let staged = at();
    everywhere(handles, all, || Work::Commit(id, CONFIRM_WITHIN)).await;
    let committed = at();
    let read = everywhere(handles, all, || Work::Read).await;
    let verified = at();
    everywhere(handles, all, || Work::Confirm(id)).await;
    ([staged, committed - staged, verified - committed, at() - verified], read)
}

/// Asks every router, so many at once, and waits for all answers.
async fn everywhere(handles: &[DeviceHandle], at_once: usize, work: impl Fn() -> Work) -> Vec<Done> {
    let gate = Arc::new(Semaphore::new(at_once));
    let mut asked = JoinSet::new();
    for handle in handles {
        let (handle, work, gate) = (handle.clone(), work(), Arc::clone(&gate));
        asked.spawn(async move {
            let place = gate.acquire_owned().await.unwrap();
            let answer = handle.ask(work).await;
            drop(place);
            answer.unwrap_or_else(|error| panic!("{error}"))
        });
    }
    asked.join_all().await
}
