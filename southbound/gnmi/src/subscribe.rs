//! Subscriptions: which subtrees are reported, and what makes the target report them.

use std::time::Duration;

use tonic::Status;

use crate::extension::no_commit;
use crate::get::{MAX_PATHS, known_encoding};
use crate::path::Path;
use crate::proto::subscribe_request::Request;
use crate::proto::{self, Encoding, SubscriptionMode, subscription_list};
use crate::set::invalid;

/// What drives a subscription.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drive {
    /// Values come by themselves until the subscription is dropped.
    Stream,
    /// Every value comes once, then the subscription ends.
    Once,
    /// Every value comes each time that it is asked for.
    Poll,
}

/// What makes the target send a value on a stream. Once and poll do not look at it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// The target chooses.
    TargetDefined,
    /// When it changes, and at every heartbeat.
    OnChange {
        /// Repeat of a value that did not change.
        heartbeat: Option<Duration>,
    },
    /// At every tick.
    Sample {
        /// Time between two samples; zero is the fastest that the target can do.
        every: Duration,
        /// Leave out values that did not change.
        suppress_redundant: bool,
        /// Repeat of a value that did not change, where those are left out.
        heartbeat: Option<Duration>,
    },
}

impl Mode {
    /// Every value at every tick.
    pub fn sample(every: Duration) -> Self {
        Self::Sample { every, suppress_redundant: false, heartbeat: None }
    }
}

/// One subtree and how it is reported.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subscription {
    /// The subtree, from the root. Wildcards are allowed.
    pub path: Path,
    /// What makes the target send it.
    pub mode: Mode,
}

/// The subscriptions of one stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subscriptions {
    /// What drives it.
    pub drive: Drive,
    /// The subtrees.
    pub list: Vec<Subscription>,
    /// How the values are to be written.
    pub encoding: Encoding,
    /// Leaves the first state out.
    pub updates_only: bool,
    /// Name of the target in the prefix, to be echoed in every notification; empty when none was given.
    pub target: String,
}

/// What a target serves, against which subscriptions are checked.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The encodings.
    pub encodings: Vec<Encoding>,
    /// The fastest sampling; a subscription that asks for 0 gets it, one that asks for less is refused.
    pub fastest: Duration,
}

impl Subscriptions {
    /// Writes the first message of a Subscribe.
    pub fn encode(self) -> proto::SubscribeRequest {
        let mode = match self.drive {
            Drive::Stream => subscription_list::Mode::Stream,
            Drive::Once => subscription_list::Mode::Once,
            Drive::Poll => subscription_list::Mode::Poll,
        };
        let prefix = proto::Path { target: self.target, ..Default::default() };
        let list = proto::SubscriptionList {
            prefix: (!prefix.target.is_empty()).then_some(prefix),
            subscription: self.list.into_iter().map(encode_one).collect(),
            mode: mode.into(),
            encoding: self.encoding.into(),
            updates_only: self.updates_only,
            ..Default::default()
        };
        proto::SubscribeRequest { request: Some(Request::Subscribe(list)), ..Default::default() }
    }

    /// Reads the first message of a Subscribe, with full paths. Models named in `use_models`, DSCP marking and
    /// aggregation are not looked at.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a first message that is no list, an empty or too long list, a bad path or number, or
    /// an interval below the fastest; `UNIMPLEMENTED` for an encoding or extension that is not served.
    pub fn decode(wire: proto::SubscribeRequest, offer: &Offer) -> Result<Self, Status> {
        no_commit(wire.extension)?;
        let Some(Request::Subscribe(list)) = wire.request else {
            return Err(Status::invalid_argument("the first message must be a subscription list"));
        };
        let drive = match subscription_list::Mode::try_from(list.mode) {
            Ok(subscription_list::Mode::Stream) => Drive::Stream,
            Ok(subscription_list::Mode::Once) => Drive::Once,
            Ok(subscription_list::Mode::Poll) => Drive::Poll,
            Err(_) => return Err(Status::invalid_argument("unknown mode of the list")),
        };
        if list.subscription.is_empty() || list.subscription.len() > MAX_PATHS {
            return Err(Status::invalid_argument(format!("1 to {MAX_PATHS} subscriptions needed")));
        }
        let encoding = known_encoding(list.encoding, &offer.encodings)?;
        let mut prefix = list.prefix.unwrap_or_default();
        let target = std::mem::take(&mut prefix.target);
        let prefix = Path::try_from(prefix).map_err(invalid)?;
        let decoded = list.subscription.into_iter().map(|one| decode_one(&prefix, one, drive, offer.fastest));
        Ok(Self {
            drive,
            list: decoded.collect::<Result<_, _>>()?,
            encoding,
            updates_only: list.updates_only,
            target,
        })
    }

    /// Judges every later message: the only one that there can be is a poll of a poll subscription.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for anything else (specification 3.5.1.1).
    pub fn check_later(&self, wire: &proto::SubscribeRequest) -> Result<(), Status> {
        match (&wire.request, self.drive) {
            (Some(Request::Poll(_)), Drive::Poll) => Ok(()),
            (Some(Request::Poll(_)), _) => {
                Err(Status::invalid_argument("poll of a subscription that is none"))
            }
            _ => Err(Status::invalid_argument("a subscription cannot be changed: open another")),
        }
    }
}

/// The message that asks for the values of a poll subscription.
pub fn poll_request() -> proto::SubscribeRequest {
    proto::SubscribeRequest { request: Some(Request::Poll(proto::Poll {})), ..Default::default() }
}

fn encode_one(one: Subscription) -> proto::Subscription {
    let mut wire = proto::Subscription { path: Some(one.path.into()), ..Default::default() };
    match one.mode {
        Mode::TargetDefined => wire.set_mode(SubscriptionMode::TargetDefined),
        Mode::OnChange { heartbeat } => {
            wire.set_mode(SubscriptionMode::OnChange);
            wire.heartbeat_interval = heartbeat.map_or(0, nanos);
        }
        Mode::Sample { every, suppress_redundant, heartbeat } => {
            wire.set_mode(SubscriptionMode::Sample);
            wire.sample_interval = nanos(every);
            wire.suppress_redundant = suppress_redundant;
            wire.heartbeat_interval = heartbeat.map_or(0, nanos);
        }
    }
    wire
}

fn decode_one(
    prefix: &Path,
    wire: proto::Subscription,
    drive: Drive,
    fastest: Duration,
) -> Result<Subscription, Status> {
    let path = Path::decode_below(prefix, wire.path.unwrap_or_default()).map_err(invalid)?;
    let interval = |nanos: u64| {
        let asked = Duration::from_nanos(nanos);
        if asked < fastest && drive == Drive::Stream {
            let why = format!("{path}: every {asked:?} is too fast, the fastest is {fastest:?}");
            return Err(Status::invalid_argument(why));
        }
        Ok(asked)
    };
    let heartbeat = match wire.heartbeat_interval {
        0 => None,
        nanos => Some(interval(nanos)?),
    };
    let mode = match SubscriptionMode::try_from(wire.mode) {
        Ok(SubscriptionMode::TargetDefined) => Mode::TargetDefined,
        Ok(SubscriptionMode::OnChange) => Mode::OnChange { heartbeat },
        Ok(SubscriptionMode::Sample) => Mode::Sample {
            every: if wire.sample_interval == 0 { fastest } else { interval(wire.sample_interval)? },
            suppress_redundant: wire.suppress_redundant,
            heartbeat,
        },
        Err(_) => return Err(Status::invalid_argument(format!("{path}: unknown mode"))),
    };
    Ok(Subscription { path, mode })
}

/// Nanoseconds of the wire; 584 years are the most.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn path(text: &str) -> Path {
        text.parse().expect("a path of the test")
    }

    fn offer() -> Offer {
        Offer { encodings: vec![Encoding::JsonIetf, Encoding::Proto], fastest: Duration::from_millis(100) }
    }

    fn mixed(drive: Drive) -> Subscriptions {
        let second = Duration::from_secs(1);
        Subscriptions {
            drive,
            list: vec![
                Subscription {
                    path: path("/interfaces/interface/state/counters"),
                    mode: Mode::sample(second),
                },
                Subscription { path: path("/a"), mode: Mode::OnChange { heartbeat: Some(second) } },
                Subscription { path: path("/b"), mode: Mode::TargetDefined },
                Subscription {
                    path: path("/c"),
                    mode: Mode::Sample {
                        every: second,
                        suppress_redundant: true,
                        heartbeat: Some(second * 9),
                    },
                },
            ],
            encoding: Encoding::Proto,
            updates_only: true,
            target: "r1".into(),
        }
    }

    #[test]
    fn subscriptions_survive_the_wire() {
        for drive in [Drive::Stream, Drive::Once, Drive::Poll] {
            let read = Subscriptions::decode(mixed(drive).encode(), &offer()).expect("our own list");
            assert_eq!(read, mixed(drive));
        }
    }

    #[test]
    fn an_interval_of_zero_is_the_fastest_and_less_than_that_is_refused() {
        let mut asked = mixed(Drive::Stream);
        asked.list[0].mode = Mode::sample(Duration::ZERO);
        let read = Subscriptions::decode(asked.clone().encode(), &offer()).expect("zero is allowed");
        assert_eq!(read.list[0].mode, Mode::sample(offer().fastest));
        asked.list[0].mode = Mode::sample(Duration::from_nanos(1));
        let refusal = Subscriptions::decode(asked.encode(), &offer()).expect_err("too fast");
        assert_eq!(refusal.code(), Code::InvalidArgument);
    }

    #[test]
    fn the_first_message_must_be_a_list_and_later_ones_polls() {
        let refusal = Subscriptions::decode(poll_request(), &offer()).expect_err("a poll of nothing");
        assert_eq!(refusal.code(), Code::InvalidArgument);
        assert!(mixed(Drive::Poll).check_later(&poll_request()).is_ok());
        assert!(mixed(Drive::Stream).check_later(&poll_request()).is_err());
        assert!(mixed(Drive::Poll).check_later(&mixed(Drive::Poll).encode()).is_err());
    }

    #[test]
    fn empty_and_endless_lists_are_invalid() {
        let none = Subscriptions { list: vec![], ..mixed(Drive::Stream) };
        let one = mixed(Drive::Stream).list.remove(0);
        let many = Subscriptions { list: vec![one; MAX_PATHS + 1], ..mixed(Drive::Stream) };
        for list in [none, many] {
            let refusal = Subscriptions::decode(list.encode(), &offer()).expect_err("invalid");
            assert_eq!(refusal.code(), Code::InvalidArgument);
        }
    }
}
