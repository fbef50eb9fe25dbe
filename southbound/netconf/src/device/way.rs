//! How a change goes into a device, and how it comes out again: decided by what its hello offers and by nothing else.
//!
//! | offered | the change goes | unconfirmed, it goes back |
//! |---|---|---|
//! | `:candidate`, `:confirmed-commit:1.1` | through the candidate | by the device, in any session |
//! | `:candidate`, `:confirmed-commit:1.0` | through the candidate | by the device, also when the session ends |
//! | `:candidate` | through the candidate | by a pre-image that the controller puts back |
//! | `:writable-running` | straight into running | by a pre-image that the controller puts back |

use device::Rollback;

use crate::capability::Capabilities;
use crate::operation::Datastore;

/// One of the ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A confirmed commit under a name, which any session can confirm or cancel (RFC 6241, section 8.4).
    Persistent,
    /// A confirmed commit that belongs to its session (RFC 4741, section 8.4).
    Tied,
    /// A commit that stands as soon as it is made.
    Plain,
    /// An edit of running.
    Direct,
}

impl Way {
    /// The best of those that are offered; none where the device cannot be changed at all.
    pub const fn of(offered: &Capabilities) -> Option<Self> {
        match (offered.candidate, offered.confirmed_commit_1_1, offered.confirmed_commit) {
            (true, true, _) => Some(Self::Persistent),
            (true, false, true) => Some(Self::Tied),
            (true, false, false) => Some(Self::Plain),
            (false, ..) if offered.writable_running => Some(Self::Direct),
            (false, ..) => None,
        }
    }

    /// Who undoes what was not confirmed.
    pub const fn rollback(self) -> Rollback {
        match self {
            Self::Persistent => Rollback::ByDevice,
            Self::Tied => Rollback::WithSession,
            Self::Plain | Self::Direct => Rollback::ByPreImage,
        }
    }

    /// Whether what the device held has to be kept before the commit.
    pub const fn is_by_pre_image(self) -> bool {
        matches!(self, Self::Plain | Self::Direct)
    }

    /// What is locked from stage to confirm. That running may be left open (`lock_running`) is for devices whose confirm timer
    /// does nothing while it is locked; where there is no timer it is always locked.
    pub(super) const fn stores(self, lock_running: bool) -> &'static [Datastore] {
        match self {
            Self::Persistent | Self::Tied if !lock_running => &[Datastore::Candidate],
            Self::Persistent | Self::Tied | Self::Plain => &[Datastore::Candidate, Datastore::Running],
            Self::Direct => &[Datastore::Running],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_way_that_is_offered_is_taken() {
        let of = |candidate, confirmed_commit, confirmed_commit_1_1, writable_running| {
            let none = Capabilities::default();
            Way::of(&Capabilities {
                candidate,
                confirmed_commit,
                confirmed_commit_1_1,
                writable_running,
                ..none
            })
        };
        for writable in [false, true] {
            assert_eq!(of(true, true, true, writable), Some(Way::Persistent));
            assert_eq!(of(true, true, false, writable), Some(Way::Tied));
            assert_eq!(of(true, false, false, writable), Some(Way::Plain));
            // Without a candidate there is no commit, whatever else the hello says.
            assert_eq!(of(false, true, true, writable), writable.then_some(Way::Direct));
        }
    }

    #[test]
    fn running_is_left_open_only_where_a_timer_asks_for_it() {
        let open = |way: Way| !way.stores(false).contains(&Datastore::Running);
        assert!(open(Way::Persistent) && open(Way::Tied) && !open(Way::Plain) && !open(Way::Direct));
        let all = [Way::Persistent, Way::Tied, Way::Plain, Way::Direct];
        assert!(all.iter().all(|way| way.stores(true).contains(&Datastore::Running)));
    }
}
