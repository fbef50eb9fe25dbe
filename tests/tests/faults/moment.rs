//! The moments of a change at which the controller is killed: what routers do so that it comes to them.

use router::fault::{Fault, Kind, Step};

use crate::lab::{FAULTY, OTHER, Speaks, once};

/// Moments that the faulty router alone brings about: it has the request that is named and has not answered it. `after`: it has
/// done it.
pub fn moments(speaks: Speaks) -> Vec<Fault> {
    let commit =
        [once(Step::Commit, Kind::Hang, false), once(Step::Commit, Kind::Hang, true), read_back(Kind::Hang)];
    let confirm = [once(Step::Confirm, Kind::Hang, false), once(Step::Confirm, Kind::Hang, true)];
    match speaks {
        Speaks::Netconf => {
            // The second transaction of the change: the first one is confirmed.
            let later = Fault { from: Some(Step::Confirm), ..once(Step::Edit, Kind::Hang, true) };
            [&[once(Step::Edit, Kind::Hang, true)][..], &commit, &confirm, &[later]].concat()
        }
        Speaks::GnmiConfirmed => [&commit[..], &confirm].concat(),
        Speaks::Gnmi => commit.to_vec(),
    }
}

const fn read_back(kind: Kind) -> Fault {
    Fault { from: Some(Step::Commit), ..once(Step::Get, kind, false) }
}

/// A step of the machine (`engine::transact`), and how it comes to that.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// In words, for people who read the table.
    pub name: &'static str,
    /// The router that tells by a fault that the moment is there.
    pub at: (&'static str, Fault),
    /// Another one that refuses something before.
    pub refused: Option<Fault>,
    /// Whether that router answers then, and the controller dies a little later, at whatever it has come to.
    pub goes_on: bool,
    /// To which intents the change has to lead for it to come to this; to any where absent.
    pub to: Option<usize>,
}

/// Every step of the machine, in its order. What a router has no request for is brought about by another one.
pub fn steps(speaks: Speaks) -> Vec<Moment> {
    let has = |confirms: bool| if confirms { FAULTY } else { OTHER };
    // Over gNMI nothing is sent to prepare, and without commit-confirmed nothing to confirm.
    let (prepares, confirms) = (has(speaks == Speaks::Netconf), has(speaks != Speaks::Gnmi));
    let at = |name, node, fault| Moment { name, at: (node, fault), refused: None, goes_on: false, to: None };
    let hang = |step, after| once(step, Kind::Hang, after);
    let second = match speaks {
        Speaks::Netconf => Fault { from: Some(Step::Confirm), ..hang(Step::Edit, true) },
        Speaks::GnmiConfirmed => Fault { from: Some(Step::Confirm), ..hang(Step::Commit, true) },
        Speaks::Gnmi => Fault { from: Some(Step::Commit), ..hang(Step::Commit, true) },
    };
    let cancel = |name, after| {
        // Without commit-confirmed a Set like any other puts back what was there, the second one.
        let step = if speaks == Speaks::Gnmi { Step::Commit } else { Step::Cancel };
        let fault = Fault { from: Some(Step::Commit), ..hang(step, after) };
        Moment { refused: Some(once(Step::Commit, Kind::Refuse, false)), ..at(name, FAULTY, fault) }
    };
    vec![
        at("prepare: locked", prepares, hang(Step::Lock, true)),
        at("prepare: edited", prepares, hang(Step::Edit, true)),
        at("commit: asked", FAULTY, hang(Step::Commit, false)),
        at("commit: done", FAULTY, hang(Step::Commit, true)),
        at("read back", FAULTY, read_back(Kind::Hang)),
        Moment { goes_on: true, ..at("decide", FAULTY, read_back(Kind::Wait)) },
        at("confirm: asked", confirms, hang(Step::Confirm, false)),
        at("confirm: done", confirms, hang(Step::Confirm, true)),
        Moment { goes_on: true, ..at("close", confirms, once(Step::Confirm, Kind::Wait, false)) },
        cancel("cancel: asked", false),
        cancel("cancel: done", true),
        // The change there takes one transaction, that back takes two.
        Moment { to: Some(0), ..at("second transaction", FAULTY, second) },
    ]
}
