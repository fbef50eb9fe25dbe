//! A change in the journal: begun, ended, taken back; each one write, whatever belongs to it.

use model::{Allocations, Hints};
use serde::Serialize;

use super::{Journal, audited::append};
use crate::{
    audit::Said,
    error::StoreError,
    file::{INTENTS, STATE, encode, write_error},
    record::IntentRevision,
};

impl Journal {
    /// Keeps what a change follows from, that it has begun, and that in the audit log: all of it or nothing. From then on the network is on its way
    /// there, also between two transactions, when no record is open.
    ///
    /// # Errors
    /// The write failed.
    pub fn begin_change(
        &self,
        intents: Option<&IntentRevision>,
        ids: &Allocations,
        hints: &Hints,
        said: &Said,
    ) -> Result<(), StoreError> {
        self.begin_learned_change::<()>(intents, ids, hints, (None, said))
    }

    /// As [`Journal::begin_change`], for a change that follows from what was learned of the network: that is kept too. It is the
    /// loop's own type: the journal does not look into it.
    ///
    /// # Errors
    /// The write failed.
    pub fn begin_learned_change<T: Serialize>(
        &self,
        intents: Option<&IntentRevision>,
        ids: &Allocations,
        hints: &Hints,
        (learned, said): (Option<&T>, &Said),
    ) -> Result<(), StoreError> {
        let revision = intents.map(|intents| Ok((intents.revision.0, encode(intents)?))).transpose()?;
        let learned = learned.map(encode).transpose()?;
        let (ids, hints, yes) = (encode(ids)?, encode(hints)?, encode(&true)?);
        self.file.write(|write| {
            let mut state = write.open_table(STATE).map_err(write_error)?;
            if let Some((number, bytes)) = revision {
                let mut table = write.open_table(INTENTS).map_err(write_error)?;
                table.insert(number, bytes.as_slice()).map_err(write_error)?;
                state.insert("allocations", ids.as_slice()).map_err(write_error)?;
            }
            state.insert("hints", hints.as_slice()).map_err(write_error)?;
            state.insert("unfinished", yes.as_slice()).map_err(write_error)?;
            if let Some(learned) = learned {
                state.insert("learned", learned.as_slice()).map_err(write_error)?;
            }
            append(write, said)?;
            Ok(())
        })
    }

    /// Adds how a change ended to the audit log, and keeps that none is under way where all was done: both or neither.
    ///
    /// # Errors
    /// The write failed.
    pub fn end_change(&self, done: bool, said: &Said) -> Result<(), StoreError> {
        let no = encode(&false)?;
        self.file.write(|write| {
            append(write, said)?;
            if done {
                let mut state = write.open_table(STATE).map_err(write_error)?;
                state.insert("unfinished", no.as_slice()).map_err(write_error)?;
            }
            Ok(())
        })
    }

    /// Goes back to what is in force after a change that was not carried out: the hints, the intents with their numbers where
    /// others were written down, and that no change is under way where nothing stands half-way. All of it or nothing.
    ///
    /// # Errors
    /// The write failed.
    pub fn take_back(
        &self,
        hints: &Hints,
        intents: Option<(&IntentRevision, &Allocations)>,
        clean: bool,
    ) -> Result<(), StoreError> {
        self.take_back_learned::<()>(hints, intents, (None, clean))
    }

    /// As [`Journal::take_back`], after a change that followed from what was learned of the network: what was in force of that is
    /// so again.
    ///
    /// # Errors
    /// The write failed.
    pub fn take_back_learned<T: Serialize>(
        &self,
        hints: &Hints,
        intents: Option<(&IntentRevision, &Allocations)>,
        (learned, clean): (Option<&T>, bool),
    ) -> Result<(), StoreError> {
        let learned = learned.map(encode).transpose()?;
        let revision = match intents {
            Some((intents, ids)) => Some((intents.revision.0, encode(intents)?, encode(ids)?)),
            None => None,
        };
        let (hints, no) = (encode(hints)?, encode(&false)?);
        self.file.write(|write| {
            let mut state = write.open_table(STATE).map_err(write_error)?;
            if let Some((number, bytes, ids)) = revision {
                let mut table = write.open_table(INTENTS).map_err(write_error)?;
                table.insert(number, bytes.as_slice()).map_err(write_error)?;
                state.insert("allocations", ids.as_slice()).map_err(write_error)?;
            }
            state.insert("hints", hints.as_slice()).map_err(write_error)?;
            if let Some(learned) = learned {
                state.insert("learned", learned.as_slice()).map_err(write_error)?;
            }
            if clean {
                state.insert("unfinished", no.as_slice()).map_err(write_error)?;
            }
            Ok(())
        })
    }
}
