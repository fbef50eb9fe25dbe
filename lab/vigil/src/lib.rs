//! What a thread of a lab waits for: what comes at its descriptors, the moment at which something is due, and whoever wants something of it.
//!
//! The moment is kept by a timer of the kernel, which is finer than the milliseconds in which waiting itself is counted. A thread with a
//! vigil of its own shares no lock with anybody: others leave it a message, and ring its [`Bell`].

use std::{
    io,
    mem::MaybeUninit,
    num::NonZeroU64,
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};

use rustix::{
    event::{EventfdFlags, epoll, eventfd},
    io::Errno,
    time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    },
};

/// Tokens of what is waited for beside the descriptors of the thread.
const TIMER: u64 = u64::MAX;
const BELL: u64 = u64::MAX - 1;
/// Descriptors that are told of at once; the others are told of with the next wait.
const AT_ONCE: usize = 128;

/// Wakes a thread, from any other.
#[derive(Debug)]
pub struct Bell(OwnedFd);

impl Bell {
    /// Wakes it. One that has ended does not hear it.
    pub fn ring(&self) {
        // It cannot be full: the thread empties it whenever it wakes.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

/// Why a thread woke. That a moment has come is not told: who waits for one looks at the clock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Woken {
    /// The bell rang, once or more often.
    Asked,
    /// Something came at the descriptor with this token.
    Came(u64),
}

/// What one thread waits for.
pub struct Vigil {
    epoll: OwnedFd,
    timer: OwnedFd,
    /// What the timer is set to; nothing where it is not, or has rung.
    armed: Option<Duration>,
    bell: OwnedFd,
}

impl Vigil {
    /// Waits for nothing yet but its bell.
    ///
    /// # Errors
    /// The system gives no more descriptors.
    pub fn begin() -> io::Result<(Self, Bell)> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let rung = Bell(bell.try_clone()?);
        let vigil = Self { epoll, timer, armed: None, bell };
        vigil.watch(&vigil.timer, TIMER)?;
        vigil.watch(&vigil.bell, BELL)?;
        Ok((vigil, rung))
    }

    /// Waits for what comes at a descriptor too, until that is closed. Its token is a small number.
    ///
    /// # Errors
    /// It cannot be waited for, or is waited for already.
    pub fn watch(&self, source: impl AsFd, token: u64) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, source, epoll::EventData::new_u64(token), epoll::EventFlags::IN)?)
    }

    /// Waits for a descriptor no more.
    ///
    /// # Errors
    /// It was not waited for.
    pub fn leave(&self, source: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, source)?)
    }

    /// Waits, and puts into `woken` why it does so no more; nothing where the moment of [`Self::until`] has come, or a signal.
    ///
    /// # Errors
    /// The system does not let it wait.
    pub fn wait(&mut self, woken: &mut Vec<Woken>) -> io::Result<()> {
        woken.clear();
        let mut events = [MaybeUninit::<epoll::Event>::uninit(); AT_ONCE];
        let came = match epoll::wait(&self.epoll, &mut events, None) {
            Ok((came, _)) => came,
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for event in came {
            match event.data.u64() {
                TIMER => {
                    drained(&self.timer);
                    self.armed = None;
                }
                BELL => {
                    drained(&self.bell);
                    woken.push(Woken::Asked);
                }
                token => woken.push(Woken::Came(token)),
            }
        }
        Ok(())
    }

    /// Has the next wait end at this moment at the latest, or at none. `at` and `now` are counted from one beginning, always the same.
    ///
    /// # Errors
    /// The timer cannot be set; the one that was set before stays.
    pub fn until(&mut self, at: Option<Duration>, now: Duration) -> io::Result<()> {
        if at == self.armed {
            return Ok(());
        }
        // A timer of zero would never ring.
        let wait = at.map(|at| at.saturating_sub(now).max(Duration::from_nanos(1)));
        let wait = wait.unwrap_or_default();
        let it_value = Timespec::try_from(wait).map_err(|_| io::Error::from(Errno::OVERFLOW))?;
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        let timer = Itimerspec { it_interval: none, it_value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &timer)?;
        self.armed = at;
        Ok(())
    }
}

/// Timers of the calling thread ring when they should from now on, and not up to 50 µs later. Where the system does not do that, what is
/// done at its moment is only done less exactly.
pub fn ring_in_time() {
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}

/// Takes the count out of a timer or a bell, so that it rings again.
fn drained(descriptor: &OwnedFd) {
    let mut count = [0; 8];
    let _ = rustix::io::read(descriptor, &mut count);
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::unix::net::UnixStream, thread};

    use super::*;

    /// Waits once, and tells why that ended.
    fn woken(vigil: &mut Vigil) -> Vec<Woken> {
        let mut woken = vec![Woken::Came(99)];
        vigil.wait(&mut woken).unwrap();
        woken
    }

    #[test]
    fn a_bell_wakes_from_another_thread_and_is_heard_once() {
        let (mut vigil, bell) = Vigil::begin().unwrap();
        bell.ring();
        thread::spawn(move || bell.ring()).join().unwrap();
        assert_eq!(woken(&mut vigil), [Woken::Asked]);
        vigil.until(Some(Duration::from_millis(1)), Duration::ZERO).unwrap();
        assert_eq!(woken(&mut vigil), [], "the moment has come, and nobody rang again");
    }

    #[test]
    fn a_moment_ends_the_wait_also_when_it_is_over_and_again_when_it_is_the_same() {
        let (mut vigil, _bell) = Vigil::begin().unwrap();
        let at = Some(Duration::from_secs(5));
        for _ in 0..2 {
            vigil.until(at, Duration::from_secs(9)).unwrap();
            assert_eq!(woken(&mut vigil), []);
        }
    }

    #[test]
    fn a_moment_that_nobody_wants_any_more_does_not_come() {
        let (mut vigil, bell) = Vigil::begin().unwrap();
        vigil.until(Some(Duration::from_millis(5)), Duration::ZERO).unwrap();
        vigil.until(None, Duration::ZERO).unwrap();
        let ringer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            bell.ring();
        });
        assert_eq!(woken(&mut vigil), [Woken::Asked], "it would have come long before the bell");
        ringer.join().unwrap();
    }

    #[test]
    fn what_comes_is_told_by_its_token_until_it_is_left() {
        let (mut vigil, bell) = Vigil::begin().unwrap();
        let (mut far, near) = UnixStream::pair().unwrap();
        vigil.watch(&near, 7).unwrap();
        far.write_all(b"x").unwrap();
        assert_eq!(woken(&mut vigil), [Woken::Came(7)]);
        assert_eq!(woken(&mut vigil), [Woken::Came(7)], "it was not read");
        vigil.leave(&near).unwrap();
        assert!(vigil.leave(&near).is_err());
        bell.ring();
        assert_eq!(woken(&mut vigil), [Woken::Asked]);
    }
}
