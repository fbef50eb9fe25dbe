//! What a device can do for a transaction, whatever protocol it speaks.
//!
//! A device is driven by one task at a time, so its methods take `&mut self` and one order is in flight. Every method has a
//! deadline of its own; a device that does not answer within it is [`Silent`](ErrorKind::Silent): its state is unknown and
//! has to be read again. The contract suite in [`contract`] judges every implementation; [`fake`] is the simplest one.

pub mod capability;
pub mod clock;
pub mod error;
pub mod served;

pub mod edits;
pub mod pre_image;

// What must not be asked too often.
pub mod rest;

// What sessions need before they can be opened.
pub mod account;
pub mod secret;
pub mod trust;

pub mod contract;
pub mod fake;

use std::{
    future::{Future, ready},
    time::Duration,
};

use model::{DeviceReading, Edit, NodeId, Surroundings, TransactionId};

pub use crate::{
    capability::{Capabilities, Rehearsal, Rollback},
    error::{DeviceError, ErrorKind, Retry, Step},
    served::{Contents, Lack, Lacks, Module, Served},
};

/// A network device as the transaction sees it (`Stage`, `Commit`, `Verify`, `Confirm`, `Cancel`).
pub trait Device: Send {
    /// Its name in the topology and the inventory.
    fn node(&self) -> &NodeId;

    /// What it can do, as it said itself; connects where there is no session yet.
    fn capabilities(&mut self) -> impl Future<Output = Result<Capabilities, DeviceError>> + Send;

    /// Prepares the edits without effect on traffic: locks, writes the candidate, validates. A device without a candidate
    /// records its pre-image and checks what it can. What was staged before by the same session is gone.
    fn stage(
        &mut self,
        transaction: TransactionId,
        edits: &[Edit],
    ) -> impl Future<Output = Result<(), DeviceError>> + Send;

    /// Puts what was staged into effect. It goes back by itself unless confirmed within `confirm_within`, where the
    /// device can do that ([`Capabilities::rollback`]).
    fn commit(
        &mut self,
        transaction: TransactionId,
        confirm_within: Duration,
    ) -> impl Future<Output = Result<(), DeviceError>> + Send;

    /// Makes a commit permanent, from any session. Confirming what is already permanent is no error.
    fn confirm(&mut self, transaction: TransactionId)
    -> impl Future<Output = Result<(), DeviceError>> + Send;

    /// Undoes what was staged or committed under this transaction and was not confirmed; releases locks. Cancelling what
    /// is not there is no error.
    fn cancel(&mut self, transaction: TransactionId) -> impl Future<Output = Result<(), DeviceError>> + Send;

    /// Asks whether the device would take these edits as they would be staged, and leaves nothing behind: no edit, no lock. A refusal is an
    /// error, as of [`Self::stage`]. While a transaction of this value is staged or waits for its confirm, it is
    /// [`Locked`](ErrorKind::Locked), and the transaction is as it was. A device cannot, unless it says otherwise.
    fn rehearse(&mut self, _edits: &[Edit]) -> impl Future<Output = Result<Rehearsal, DeviceError>> + Send {
        ready(Ok(Rehearsal::Cannot("its protocol has no way to try a change".to_owned())))
    }

    /// Reads what the device holds: ours and others' objects apart. Never gives `Unreadable`: that is what an error means.
    fn read(&mut self) -> impl Future<Output = Result<DeviceReading, DeviceError>> + Send;

    /// What it says of its interfaces and of whom it hears behind them; none where it serves nothing by which it could say that, which
    /// is what a device does unless it says otherwise. Nothing is written for it. While a transaction of this value is staged or waits for
    /// its confirm, it may be [`Locked`](ErrorKind::Locked), and the transaction is as it was. A device that left the question unanswered
    /// is asked rarely, and is [`Silent`](ErrorKind::Silent) at once in between.
    fn surroundings(&mut self) -> impl Future<Output = Result<Option<Surroundings>, DeviceError>> + Send {
        ready(Ok(None))
    }

    /// What is left to do once an order was answered and no other waits; nobody waits for it. It may be cut short, and is taken up again
    /// after a later reading.
    fn afterwards(&mut self) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// What a restart of it would take from what it runs, in words, as far as that is known without asking; nothing, unless it says
    /// otherwise.
    fn lost_by_restart(&self) -> Option<&'static str> {
        None
    }

    /// Which modules it serves, as its session says, and what they lack, with few questions at a time. Nothing is written for it. A
    /// device that does not say has the empty answer. While a transaction of this value is staged or waits for its confirm, it may be
    /// [`Locked`](ErrorKind::Locked), and the transaction is as it was; [`Self::modules`] and [`Self::contents`] likewise.
    fn serves(&mut self) -> impl Future<Output = Result<Served, DeviceError>> + Send {
        ready(Ok(Served::default()))
    }

    /// All modules of which it can be asked, for people: more requests than [`Self::serves`], and perhaps more modules.
    fn modules(&mut self) -> impl Future<Output = Result<Vec<Module>, DeviceError>> + Send {
        async { Ok(self.serves().await?.modules) }
    }

    /// These modules with what stands in their texts, as far as it gives them and time allows.
    fn contents(
        &mut self,
        modules: &[Module],
    ) -> impl Future<Output = Result<Vec<Module>, DeviceError>> + Send {
        ready(Ok(modules.to_vec()))
    }
}
