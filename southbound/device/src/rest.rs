//! How rarely a question is put to a device that leaves it unanswered. Its configuration is read and written over the same session, and a
//! question that is only worth knowing must not cost that again and again. Pure: moments are given.

use std::time::{Duration, Instant};

/// How long such a question rests after it was left unanswered once; twice as long each time, up to the longest.
const SHORTEST: Duration = Duration::from_secs(600);
const LONGEST: Duration = Duration::from_secs(86_400);

/// How a device stands to one question.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    /// Until when it is not put, and why.
    until: Option<(Instant, String)>,
    /// How long it rested last.
    rested: Option<Duration>,
}

impl Rest {
    /// Why it is not put now; nothing where it may be.
    pub fn resting(&self, now: Instant) -> Option<&str> {
        self.until.as_ref().filter(|(until, _)| now < *until).map(|(_, why)| why.as_str())
    }

    /// It was left unanswered, for this reason: it rests.
    pub fn unanswered(&mut self, why: String, now: Instant) {
        let pause = self.rested.map_or(SHORTEST, |rested| (rested * 2).min(LONGEST));
        self.rested = Some(pause);
        self.until = Some((now + pause, why));
    }

    /// It was answered.
    pub fn answered(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn what_is_not_answered_is_asked_more_and_more_rarely() {
        let (mut rest, begun) = (Rest::default(), Instant::now());
        assert_eq!(rest.resting(begun), None);
        let mut now = begun;
        let mut pauses = Vec::new();
        for _ in 0..10 {
            rest.unanswered("silence".into(), now);
            assert_eq!(rest.resting(now), Some("silence"));
            let mut pause = Duration::ZERO;
            while rest.resting(now + pause).is_some() {
                pause += SHORTEST;
            }
            pauses.push(pause);
            now += pause;
        }
        assert_eq!(pauses[..3], [SHORTEST, SHORTEST * 2, SHORTEST * 4]);
        assert_eq!(pauses[9], LONGEST);
        rest.answered();
        assert_eq!(rest.resting(now), None);
        rest.unanswered("silence".into(), now);
        assert_eq!(rest.resting(now + SHORTEST), None, "it begins anew");
    }
}
