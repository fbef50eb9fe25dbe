//! What to make of a device that knows nothing of a commit that it should know of.

use device::{DeviceError, ErrorKind, Step};
use model::TransactionId;

use super::{Known, NetconfDevice, way::Way};
use crate::rpc_error::RpcErrors;

impl NetconfDevice {
    /// Not a lock that is in the way, but a commit of ours that may still come: it is unknown, and asked for again.
    pub(super) fn doubtful(&self, step: Step, transaction: TransactionId, denied: &RpcErrors) -> DeviceError {
        let holder = denied.lock_holder().unwrap_or_default();
        let why = format!(
            "no commit is pending as {transaction}, but session {holder} holds the candidate and may be ours, still at its \
             commit: {denied}"
        );
        self.failed(step, ErrorKind::Silent(why))
    }

    /// What to make of a device that knows of no pending commit when it should make one permanent.
    ///
    /// It was confirmed before, or it was rolled back, and the device's answer is the same. Where this value
    /// remembers the edits, reading them back decides. Where it does not (the controller was restarted), the
    /// answer counts as done, as the contract wants it: who confirms across a restart has to read back. But not where a
    /// commit goes with its session: it most likely went.
    pub(super) async fn already(
        &mut self,
        transaction: TransactionId,
        way: Option<Way>,
    ) -> Result<(), DeviceError> {
        let edits = match &self.known {
            Known::Committed(known, edits) if *known == transaction => edits.clone(),
            _ if way == Some(Way::Tied) => {
                let why = format!(
                    "no commit is pending as {transaction}: those of this device end with the session that made them"
                );
                return Err(self.failed(Step::Confirm, ErrorKind::Refused(why)));
            }
            _ => return Ok(()),
        };
        let (owned, _) = self.look(Step::Read).await?;
        let mut wanted = owned.clone();
        edits.iter().for_each(|edit| edit.apply(&mut wanted));
        if wanted == owned {
            self.known = Known::Confirmed(transaction);
            return Ok(());
        }
        self.known = Known::Nothing;
        let why = format!(
            "no commit is pending as {transaction} and its edits are not in force: it was rolled back"
        );
        Err(self.failed(Step::Confirm, ErrorKind::Refused(why)))
    }
}
