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

/// What a change follows from beside intents and hints. It is the loop's own types: the journal does not look into them.
#[derive(Clone, Debug, Default)]
pub struct Beside(Vec<(&'static str, Vec<u8>)>);

impl Beside {
    /// With what was learned of the network, where that is to be kept.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn learned<T: Serialize>(self, learned: Option<&T>) -> Result<Self, StoreError> {
        self.with("learned", learned)
    }

    /// With the exceptions that stand from then on, where they are to be kept.
    ///
    /// # Errors
    /// They cannot be written as JSON.
    pub fn exceptions<T: Serialize>(self, exceptions: Option<&T>) -> Result<Self, StoreError> {
        self.with("exceptions", exceptions)
    }

    fn with<T: Serialize>(mut self, name: &'static str, value: Option<&T>) -> Result<Self, StoreError> {
        if let Some(value) = value {
            self.0.push((name, encode(value)?));
        }
        Ok(self)
    }
}

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
        self.begin_change_beside(intents, ids, hints, (&Beside::default(), said))
    }

    /// As [`Journal::begin_change`], for a change that follows from more than intents and hints: that is kept too.
    ///
    /// # Errors
    /// The write failed.
    pub fn begin_change_beside(
        &self,
        intents: Option<&IntentRevision>,
        ids: &Allocations,
        hints: &Hints,
        (beside, said): (&Beside, &Said),
    ) -> Result<(), StoreError> {
        let revision = intents.map(|intents| Ok((intents.revision.0, encode(intents)?))).transpose()?;
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
            for (name, bytes) in &beside.0 {
                state.insert(*name, bytes.as_slice()).map_err(write_error)?;
            }
            append(write, said)?;
            Ok(())
        })
    }

    /// Keeps the exceptions that stand from now on, where some ended by themselves, and that in the audit log: both or neither.
    ///
    /// # Errors
    /// The write failed.
    pub fn end_exceptions<T: Serialize>(&self, standing: &T, said: &Said) -> Result<(), StoreError> {
        let standing = encode(standing)?;
        self.file.write(|write| {
            append(write, said)?;
            let mut state = write.open_table(STATE).map_err(write_error)?;
            state.insert("exceptions", standing.as_slice()).map_err(write_error)?;
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
        self.take_back_beside(hints, intents, (&Beside::default(), clean))
    }

    /// As [`Journal::take_back`], after a change that followed from more than intents and hints: what was in force of that is so again.
    ///
    /// # Errors
    /// The write failed.
    pub fn take_back_beside(
        &self,
        hints: &Hints,
        intents: Option<(&IntentRevision, &Allocations)>,
        (beside, clean): (&Beside, bool),
    ) -> Result<(), StoreError> {
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
            for (name, bytes) in &beside.0 {
                state.insert(*name, bytes.as_slice()).map_err(write_error)?;
            }
            if clean {
                state.insert("unfinished", no.as_slice()).map_err(write_error)?;
            }
            Ok(())
        })
    }
}
