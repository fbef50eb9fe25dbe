//! Faults that the lab plans for a router: what real ones do on bad days, at a chosen step.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// The step at which a fault strikes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// NETCONF: before the hello. gNMI has no such step.
    Hello,
    /// NETCONF `<lock>`.
    Lock,
    /// NETCONF `<edit-config>`.
    Edit,
    /// NETCONF `<validate>`.
    Validate,
    /// NETCONF confirmed `<commit>`, or `<commit>` where none waits; gNMI Set with changes.
    Commit,
    /// NETCONF `<commit>` that confirms; gNMI Set that confirms.
    Confirm,
    /// NETCONF `<cancel-commit>`; gNMI Set that cancels.
    Cancel,
    /// NETCONF `<get>` and `<get-config>`; gNMI Get.
    Get,
    /// gNMI Subscribe; NETCONF `<create-subscription>`.
    Subscribe,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The router answers with an error and does nothing.
    Refuse,
    /// The router never answers.
    Hang,
    /// The router closes the session; with gNMI, all its sessions.
    Close,
    /// The router answers with what is no answer.
    Garbage,
    /// The router says that it has done what it was asked, and changes nothing. For steps that change something.
    Lie,
    /// The router does what it was asked and answers as it should, but not before its faults are cleared.
    Wait,
    /// The router restarts in place of answering, and comes back with the configuration that it started with.
    Restart,
}

/// A planned fault.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// When.
    pub step: Step,
    /// What.
    pub kind: Kind,
    /// Whether the router first does what it was asked: the client cannot tell. A refusal and a lie never do.
    #[serde(default)]
    pub after: bool,
    /// How often it strikes; once where absent.
    #[serde(default = "once")]
    pub times: u32,
    /// It sleeps until the router has come to this step: a read-back fails and the reading before the change does not.
    #[serde(default)]
    pub from: Option<Step>,
}

fn once() -> u32 {
    1
}

/// The faults that one router still has before it.
#[derive(Debug, Default)]
pub struct Faults {
    planned: Mutex<Vec<Fault>>,
    struck: watch::Sender<u32>,
    cleared: watch::Sender<u32>,
}

impl Faults {
    /// Plans a fault.
    pub fn plan(&self, fault: Fault) {
        self.locked().push(fault);
    }

    /// Forgets all plans. Whoever waits for an answer gets it.
    pub fn clear(&self) {
        self.locked().clear();
        self.cleared.send_modify(|times| *times += 1);
    }

    /// How many have struck so far, and whenever one does.
    pub fn struck(&self) -> watch::Receiver<u32> {
        self.struck.subscribe()
    }

    /// The fault that strikes now, which uses it up. One of kind [`Kind::Wait`] is over when this returns, and not told.
    pub async fn meet(&self, step: Step) -> Option<Fault> {
        // Listened for before the fault is counted: whoever sees it strike may clear it at once.
        let mut cleared = self.cleared.subscribe();
        let fault = self.strike(step)?;
        if fault.kind != Kind::Wait {
            return Some(fault);
        }
        // The sender lives as long as this value, so nothing else ends the wait.
        let _ = cleared.changed().await;
        None
    }

    fn strike(&self, step: Step) -> Option<Fault> {
        let mut planned = self.locked();
        let is_due = |fault: &Fault| fault.step == step && fault.from.is_none();
        let at = planned.iter().position(is_due);
        let fault = at.map(|at| {
            planned[at].times = planned[at].times.saturating_sub(1);
            planned[at]
        });
        planned.iter_mut().filter(|fault| fault.from == Some(step)).for_each(|fault| fault.from = None);
        planned.retain(|fault| fault.times > 0);
        drop(planned);
        if fault.is_some() {
            self.struck.send_modify(|times| *times += 1);
        }
        fault
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.planned.lock().expect("no holder of this lock panics: it only moves plain values")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULT: Fault = Fault { step: Step::Commit, kind: Kind::Hang, after: true, times: 2, from: None };

    #[test]
    fn a_fault_strikes_as_often_as_planned_and_only_at_its_step() {
        let faults = Faults::default();
        faults.plan(FAULT);
        assert_eq!(faults.strike(Step::Edit), None);
        assert!(faults.strike(Step::Commit).is_some_and(|f| f.after && f.kind == Kind::Hang));
        assert!(faults.strike(Step::Commit).is_some());
        assert_eq!(faults.strike(Step::Commit), None);
        assert_eq!(*faults.struck().borrow(), 2);
        faults.plan(Fault { step: Step::Get, kind: Kind::Close, after: false, times: 1, from: None });
        faults.clear();
        assert_eq!(faults.strike(Step::Get), None);
    }

    #[test]
    fn a_fault_sleeps_until_its_first_step_has_come() {
        let faults = Faults::default();
        faults.plan(Fault { step: Step::Get, from: Some(Step::Commit), ..FAULT });
        assert_eq!(faults.strike(Step::Get), None);
        assert_eq!(faults.strike(Step::Commit), None);
        assert!(faults.strike(Step::Get).is_some());
    }

    #[tokio::test]
    async fn who_waits_goes_on_when_the_faults_are_cleared() {
        let faults = Faults::default();
        faults.plan(Fault { kind: Kind::Wait, ..FAULT });
        let mut struck = faults.struck();
        let clear = async {
            struck.changed().await.expect("the faults are there");
            faults.clear();
        };
        let (met, ()) = tokio::join!(faults.meet(Step::Commit), clear);
        assert_eq!(met, None);
    }
}
