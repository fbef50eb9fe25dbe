//! One connection: how far it is, and its timers.

use model::{Span, Timestamp};

use super::{End, Negotiated, Restart};
use crate::wire::{Context, Family, capability::GracefulRestart};

/// How long an OPEN may take (RFC 4271 section 8.2.2 suggests four minutes).
const OPEN_HOLD: Span = Span::from_secs(240);

/// How far a connection is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Phase {
    OpenSent,
    OpenConfirm,
    Established,
}

/// A connection.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) phase: Phase,
    /// When the other side is taken for dead.
    pub(super) hold: Option<Timestamp>,
    /// When a sign of life is due.
    pub(super) keepalive: Option<Timestamp>,
    pub(super) negotiated: Option<Negotiated>,
}

impl Line {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { phase: Phase::OpenSent, hold: Some(now + OPEN_HOLD), keepalive: None, negotiated: None }
    }

    /// What a reader of this line's messages has to know.
    pub(super) fn context(&self, internal: bool) -> Context {
        self.negotiated.as_ref().map_or(Context { four_octet_as: true, internal }, |it| it.context)
    }

    pub(super) fn has(&self, family: Family) -> bool {
        self.negotiated.as_ref().is_some_and(|negotiated| negotiated.families.contains(&family))
    }

    fn hold_time(&self) -> Option<Span> {
        let seconds = self.negotiated.as_ref()?.hold_time;
        (seconds > 0).then(|| Span::from_secs(seconds.into()))
    }

    /// The other side lives.
    pub(super) fn heard(&mut self, now: Timestamp) {
        if self.negotiated.is_some() {
            self.hold = self.hold_time().map(|time| now + time);
        }
    }

    /// A third of the hold time (RFC 4271 section 4.4).
    pub(super) fn plan_keepalive(&mut self, now: Timestamp) {
        self.keepalive = self.hold_time().map(|time| now + Span::from_micros(time.as_micros() / 3));
    }

    pub(super) fn agree(&mut self, negotiated: Negotiated, now: Timestamp) {
        self.negotiated = Some(negotiated);
        self.phase = Phase::OpenConfirm;
        self.heard(now);
        self.plan_keepalive(now);
    }

    fn said_of_restart(&self) -> Option<&GracefulRestart> {
        self.negotiated.as_ref()?.peer.graceful_restart()
    }

    /// Whether the other side said that it keeps something over a restart.
    pub(super) fn peer_restarts(&self) -> bool {
        self.said_of_restart().is_some_and(|restart| !restart.families.is_empty())
    }

    /// What is kept after this end (RFC 4724 section 4.2, RFC 8538 section 4).
    pub(super) fn restart(&self, why: &End, now: Timestamp) -> Option<Restart> {
        let said = self.said_of_restart()?;
        let keeps = match why {
            End::Lost | End::Replaced => true,
            End::Told(notification) | End::Said(notification) => {
                said.over_notification && !notification.is_hard_reset()
            }
        };
        let families: Vec<_> =
            said.families.iter().map(|(family, _)| *family).filter(|family| self.has(*family)).collect();
        let until = now + Span::from_secs(said.seconds.into());
        (keeps && !families.is_empty()).then_some(Restart { families, until })
    }
}
