//! Wall time; or, on a machine that others use too, the processor time of the thread that asks and of the main thread.
//!
//! The second is what wall time would be if every thread had a processor to itself. It leaves out the few milliseconds in which
//! other threads help to work out routes.

use std::{
    fs,
    thread::{ThreadId, current},
    time::{Duration, Instant},
};

/// Since when.
#[derive(Clone, Debug)]
pub struct Clock {
    begun: Instant,
    main: ThreadId,
    /// The main thread's processor time then, where that is what counts.
    spent: Option<f64>,
}

impl Clock {
    /// Starts now, in the main thread.
    pub fn start() -> Self {
        let cpu = std::env::args().any(|argument| argument == "cpu");
        Self { begun: Instant::now(), main: current().id(), spent: cpu.then(main_thread) }
    }

    /// How long ago that is.
    pub fn elapsed(&self) -> Duration {
        let Some(spent) = self.spent else { return self.begun.elapsed() };
        let own = if current().id() == self.main { 0.0 } else { processor("thread-self") };
        Duration::from_secs_f64((main_thread() - spent + own).max(0.0))
    }
}

fn main_thread() -> f64 {
    processor(&format!("self/task/{}", std::process::id()))
}

/// Seconds that a thread has had a processor for.
fn processor(thread: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{thread}/schedstat")).unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
