//! What one session has measured, over a window of the last seconds. Time is an argument, and never goes back.
//!
//! **Loss** is that of the way forth. A reflector counts a session's packets (RFC 8762 section 4.3), so two answers say how many packets
//! between them arrived: those of them that are not answered were lost on the way back. Which ones is not told; the first are taken. Of
//! packets behind the last answer nothing is known: they count as lost once their time is over, until a later answer says otherwise.
//! What was sent before the first answer, or before a reflector that began to count anew gave its first one, was lost on nobody but a
//! router whose agent was not there: the line has nothing to do with it, so it is not judged. As long as no answer came at all, all
//! of it is lost.
//!
//! **Jitter** is the mean of the differences between the delays of one answered packet and the next (RFC 5481 section 4.1, absolute
//! values). It is not smoothed as RFC 3550 section 6.4.1 has it: its window is that of everything else here.
//!
//! **Silent** is a session, as with seamless BFD (RFC 7880), when so many packets in a row and no later one were answered in time: on
//! the way forth or on the way back.

use std::{collections::VecDeque, num::NonZeroU64, time::Duration};

use model::{Delay, Jitter, Loss};

use crate::moment::Moment;

/// The most packets that a session remembers.
const MOST: usize = 1024;

/// How a session judges.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// What was sent in so long a time counts.
    pub window: Duration,
    /// So long an answer may take at least; it may take twice as long as the longest in the window.
    pub patience: Duration,
    /// And so long at most. Less than the window.
    pub most_patience: Duration,
    /// So many packets lost in a row make a session silent.
    pub silent_after: u32,
    /// So many answers, with no further silence between, end that.
    pub speaks_after: u32,
    /// Loss is known of so many packets or more.
    pub enough: u64,
}

impl Default for Settings {
    /// 5 s; 200 ms to 2 s; 3; 3; 10.
    fn default() -> Self {
        Self {
            window: Duration::from_secs(5),
            patience: Duration::from_millis(200),
            most_patience: Duration::from_secs(2),
            silent_after: 3,
            speaks_after: 3,
            enough: 10,
        }
    }
}

/// What a session says.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reading {
    /// Packets sent since it began.
    pub sent: u64,
    /// Answers since it began.
    pub answered: u64,
    /// The mean one-way delay of the window. None where nothing was answered in it.
    pub delay: Option<Delay>,
    /// The mean difference between delays. None where fewer than two are known.
    pub jitter: Option<Jitter>,
    /// The share that was lost on the way forth. None where too few packets have been judged.
    pub loss: Option<Loss>,
    /// Whether nothing comes back any more. Not where nothing is known yet.
    pub silent: bool,
}

/// What came back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The number of the packet that is answered.
    pub sequence: u32,
    /// When that packet says it was sent.
    pub sent: Moment,
    /// The reflector's count.
    pub count: u32,
    /// How long the way forth took. None where the clock was set in between.
    pub delay: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Answered {
    count: u32,
    delay: Option<Duration>,
}

/// A packet, in 32 octets: a router remembers hundreds for each thing that it probes.
#[derive(Clone, Copy, Debug)]
struct Packet {
    /// When it was sent, in nanoseconds.
    at: u64,
    /// What it says itself of that.
    sent: Moment,
    /// How long the way forth took, in nanoseconds and one more. None where that is not known.
    delay: Option<NonZeroU64>,
    /// What the reflector counted, where it is answered.
    count: u32,
    is_answered: bool,
    /// Its time is over.
    late: bool,
    /// It is taken to have arrived, though it is not answered.
    arrived: bool,
    /// Nobody was there to count it: it says nothing of the way.
    unseen: bool,
}

impl Packet {
    fn new(at: Duration, sent: Moment) -> Self {
        Self {
            at: nanos(at),
            sent,
            delay: None,
            count: 0,
            is_answered: false,
            late: false,
            arrived: false,
            unseen: false,
        }
    }

    fn at(&self) -> Duration {
        Duration::from_nanos(self.at)
    }

    fn take(&mut self, answer: Answered) {
        self.is_answered = true;
        // Somebody was there, whatever an answer to a later one let believe that overtook this one.
        self.unseen = false;
        self.count = answer.count;
        self.delay = answer.delay.and_then(|delay| NonZeroU64::new(nanos(delay).saturating_add(1)));
    }

    fn answer(&self) -> Option<Answered> {
        let delay = self.delay.map(|nanos| Duration::from_nanos(nanos.get() - 1));
        self.is_answered.then_some(Answered { count: self.count, delay })
    }
}

/// Nanoseconds: 584 years of them at most.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    settings: Settings,
    packets: VecDeque<Packet>,
    /// The number of the first packet that is remembered.
    first: u64,
    /// So many of the first packets are answered or late.
    judged: usize,
    /// What the reflector counted at the last answered packet of those forgotten: one less than 0 where there was none.
    count_before: u32,
    /// How many that are not answered were forgotten since.
    unanswered_before: u32,
    /// Whether a packet that was answered was forgotten.
    answered_before: bool,
    /// The number of the newest answered packet.
    newest: Option<u64>,
    /// Late packets newer than that.
    missed: u32,
    /// Answers since the last packet that was missed.
    spoke: u32,
    silent: bool,
    /// When answers came and how long they took; of those in the window only ones that no later one exceeds, so longest first.
    rounds: VecDeque<(Duration, Duration)>,
    sent: u64,
    answered: u64,
}

/// The number that a packet carries: it begins anew after 2^32.
fn carried(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0)
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Session {
    /// One in which nothing was sent yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            packets: VecDeque::new(),
            first: 0,
            judged: 0,
            count_before: u32::MAX,
            unanswered_before: 0,
            answered_before: false,
            newest: None,
            missed: 0,
            spoke: 0,
            silent: false,
            rounds: VecDeque::new(),
            sent: 0,
            answered: 0,
        }
    }

    /// A packet is sent: the number that it carries. `sent` is what it says itself.
    pub fn send(&mut self, now: Duration, sent: Moment) -> u32 {
        self.forget(now);
        let sequence = carried(self.first + wide(self.packets.len()));
        self.packets.push_back(Packet::new(now, sent));
        self.sent += 1;
        sequence
    }

    /// An answer came. False where it answers nothing that is remembered, or something that is answered already. O(packets since the
    /// answers beside it).
    pub fn hear(&mut self, answer: &Answer, now: Duration) -> bool {
        let Ok(at) = usize::try_from(answer.sequence.wrapping_sub(carried(self.first))) else { return false };
        let Some(packet) = self.packets.get_mut(at) else { return false };
        if packet.is_answered || packet.sent != answer.sent {
            return false;
        }
        packet.take(Answered { count: answer.count, delay: answer.delay });
        let round = now.saturating_sub(packet.at());
        self.answered += 1;
        self.note_round(now, round);
        self.compare_counts(at);
        self.spoken(at);
        while self.packets.get(self.judged).is_some_and(|packet| packet.is_answered) {
            self.judged += 1;
        }
        true
    }

    /// Judges the packets whose time is over. To be called when [`Session::next`] says, and before anything else at that moment.
    pub fn expire(&mut self, now: Duration) {
        let patience = self.patience(now);
        while let Some(packet) = self.packets.get_mut(self.judged) {
            if !packet.is_answered {
                if packet.at() + patience > now {
                    return;
                }
                packet.late = true;
                let number = self.first + wide(self.judged);
                if self.newest.is_none_or(|newest| number > newest) {
                    self.missed = self.missed.saturating_add(1);
                    self.spoke = 0;
                    self.silent |= self.missed >= self.settings.silent_after;
                }
            }
            self.judged += 1;
        }
    }

    /// When the time of the next packet is over; none where none is waited for.
    pub fn next(&self, now: Duration) -> Option<Duration> {
        self.packets.get(self.judged).map(|packet| packet.at() + self.patience(now))
    }

    /// Whether nothing comes back.
    pub fn is_silent(&self) -> bool {
        self.silent
    }

    /// What is known now. O(packets in the window).
    pub fn reading(&self, now: Duration) -> Reading {
        let (mut judged, mut lost) = (0_u64, 0_u64);
        let (mut delays, mut differences) = (Mean::default(), Mean::default());
        let mut before: Option<Duration> = None;
        for (place, packet) in self.packets.iter().enumerate() {
            if packet.at() + self.settings.window < now {
                continue;
            }
            // Up to the first that is waited for: answers come sooner than losses are known, and would outweigh them.
            let is_judged = place < self.judged && !packet.unseen;
            judged += u64::from(is_judged);
            lost += u64::from(is_judged && !packet.is_answered && !packet.arrived);
            let Some(delay) = packet.answer().and_then(|answer| answer.delay) else { continue };
            delays.add(delay);
            if let Some(before) = before.replace(delay) {
                differences.add(before.abs_diff(delay));
            }
        }
        let share = |lost: u64| u32::try_from(u128::from(lost) * 1_000_000_000 / u128::from(judged.max(1)));
        let loss = (judged >= self.settings.enough.max(1)).then(|| share(lost).ok()).flatten();
        Reading {
            sent: self.sent,
            answered: self.answered,
            delay: delays.micros().map(Delay::from_micros),
            jitter: differences.micros().map(Jitter::from_micros),
            loss: loss.map(Loss::from_ppb),
            silent: self.silent,
        }
    }

    /// Keeps how long an answer took, while it is in the window and no later one took longer.
    fn note_round(&mut self, now: Duration, round: Duration) {
        while self.rounds.back().is_some_and(|(_, other)| *other <= round) {
            self.rounds.pop_back();
        }
        self.rounds.push_back((now, round));
        while self.rounds.front().is_some_and(|(heard, _)| *heard + self.settings.window < now) {
            self.rounds.pop_front();
        }
    }

    /// How long an answer may take now.
    fn patience(&self, now: Duration) -> Duration {
        let in_window = |(heard, _): &&(Duration, Duration)| *heard + self.settings.window >= now;
        let longest = self.rounds.iter().find(in_window).map_or(Duration::ZERO, |(_, round)| *round);
        // The upper bound last: it holds whatever the lower one is.
        (longest * 2).max(self.settings.patience).min(self.settings.most_patience)
    }

    /// Forgets what lies before the window. All of it is judged: patience is shorter than the window.
    fn forget(&mut self, now: Duration) {
        let window = self.settings.window;
        let mut is_full = self.packets.len() >= MOST;
        while self.packets.front().is_some_and(|packet| is_full || packet.at() + window < now) {
            is_full = false;
            let Some(packet) = self.packets.pop_front() else { return };
            match packet.answer() {
                Some(answer) => {
                    (self.count_before, self.unanswered_before) = (answer.count, 0);
                    self.answered_before = true;
                }
                None => self.unanswered_before = self.unanswered_before.saturating_add(1),
            }
            self.first += 1;
            self.judged = self.judged.saturating_sub(1);
        }
    }

    /// Works out anew how many arrived between an answered packet and those before and behind it that are answered too.
    fn compare_counts(&mut self, at: usize) {
        let is_answered = |place: &usize| self.packets.get(*place).is_some_and(|packet| packet.is_answered);
        let before = (0..at).rev().find(is_answered);
        let behind = (at + 1..self.packets.len()).find(is_answered);
        self.fill(before, at);
        if let Some(behind) = behind {
            self.fill(Some(at), behind);
        }
    }

    /// Takes the first packets between two answered ones to have arrived, as many as the reflector counted; none of them to be judged
    /// where it was not there. `from` is none for the answered one that was forgotten last.
    fn fill(&mut self, from: Option<usize>, to: usize) {
        let count =
            |place: usize| self.packets.get(place).and_then(Packet::answer).map(|answer| answer.count);
        let Some(upper) = count(to) else { return };
        let (start, lower, gone) = match from.and_then(|place| Some((place + 1, count(place)?))) {
            Some((start, lower)) => (start, lower, 0),
            None => (0, self.count_before, self.unanswered_before),
        };
        let between = upper.wrapping_sub(lower).wrapping_sub(1);
        // Less than none: one overtook the other, or the reflector began to count anew.
        let is_less = between > u32::MAX / 2;
        let unanswered = u32::try_from(to - start).unwrap_or(u32::MAX).saturating_add(gone);
        let is_first = from.is_none() && !self.answered_before;
        let unseen = is_first || is_less && self.began_anew(upper, unanswered);
        let arrived = if is_less { 0 } else { between.saturating_sub(gone) };
        for (place, packet) in (0_u32..).zip(self.packets.range_mut(start..to)) {
            packet.arrived = place < arrived;
            packet.unseen = unseen;
        }
    }

    /// Whether a reflector that counted less than before was started again: so many in a row are not answered as make a session silent,
    /// and it has counted no more than these. A packet that overtook others leaves no such hole.
    const fn began_anew(&self, count: u32, unanswered: u32) -> bool {
        unanswered >= self.settings.silent_after && count <= unanswered
    }

    /// Counts an answer against silence.
    fn spoken(&mut self, at: usize) {
        let number = self.first + wide(at);
        if self.newest.is_none_or(|newest| number > newest) {
            self.newest = Some(number);
            let behind = self.packets.iter().skip(at + 1);
            let missed = behind.filter(|packet| packet.late && !packet.is_answered).count();
            self.missed = u32::try_from(missed).unwrap_or(u32::MAX);
        }
        self.spoke = self.spoke.saturating_add(1);
        self.silent &= self.spoke < self.settings.speaks_after;
    }
}

/// A mean of durations.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    nanos: u128,
    count: u128,
}

impl Mean {
    fn add(&mut self, duration: Duration) {
        self.nanos += duration.as_nanos();
        self.count += 1;
    }

    /// To the nearest microsecond.
    fn micros(self) -> Option<u64> {
        let divisor = self.count * 1000;
        (self.count > 0).then(|| u64::try_from((self.nanos + divisor / 2) / divisor).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
