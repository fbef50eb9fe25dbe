//! Faults that the lab plans for a router: what real ones do on bad days, at a chosen step.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

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
}

/// A planned fault.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// When.
    pub step: Step,
    /// What.
    pub kind: Kind,
    /// Whether the router first does what it was asked: the client cannot tell. A refusal never does.
    #[serde(default)]
    pub after: bool,
    /// How often it strikes; once where absent.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// The faults that one router still has before it.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Plans a fault.
    pub fn plan(&self, fault: Fault) {
        self.locked().push(fault);
    }

    /// Forgets all plans.
    pub fn clear(&self) {
        self.locked().clear();
    }

    /// The fault that strikes now, which uses it up.
    pub fn strike(&self, step: Step) -> Option<Fault> {
        let mut planned = self.locked();
        let at = planned.iter().position(|fault| fault.step == step && fault.times > 0)?;
        planned[at].times -= 1;
        let fault = planned[at];
        planned.retain(|fault| fault.times > 0);
        Some(fault)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.0.lock().expect("no holder of this lock panics: it only moves plain values")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_planned_and_only_at_its_step() {
        let faults = Faults::default();
        faults.plan(Fault { step: Step::Commit, kind: Kind::Hang, after: true, times: 2 });
        assert_eq!(faults.strike(Step::Edit), None);
        assert!(faults.strike(Step::Commit).is_some_and(|f| f.after && f.kind == Kind::Hang));
        assert!(faults.strike(Step::Commit).is_some());
        assert_eq!(faults.strike(Step::Commit), None);
        faults.plan(Fault { step: Step::Get, kind: Kind::Close, after: false, times: 1 });
        faults.clear();
        assert_eq!(faults.strike(Step::Get), None);
    }
}
