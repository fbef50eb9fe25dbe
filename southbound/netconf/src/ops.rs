//! The standard operations as methods of [`Session`].
//!
//! Each checks the device's hello first ([`CallError::Unsupported`], nothing sent), and each takes the deadline
//! by which its reply must be there. Warnings in a reply are logged; use [`Session::run`] to get them.

use tokio::time::Instant;
use tracing::warn;

use crate::ns;
use crate::operation::nmda::DataStore;
use crate::operation::{
    Commit, Datastore, DefaultOperation, DefaultsMode, EditConfig, Filter, Operation, Source, Target,
};
use crate::rpc::Success;
use crate::session::{CallError, Session};
use crate::xml::Element;

impl Session {
    /// Runs any operation and sorts its reply into success and refusal.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn run(&self, operation: &Operation, deadline: Instant) -> Result<Success, CallError> {
        operation.needs(self.capabilities())?;
        let reply = self.call(operation.to_element(), deadline).await?;
        let success = reply.outcome().map_err(|e| CallError::BadReply(e.to_string()))?;
        let success = success.map_err(CallError::Refused)?;
        for warning in &success.warnings {
            warn!(session = self.info().session_id, %warning, "device warns");
        }
        Ok(success)
    }

    /// Configuration and state; gives `<data>`.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn get(&self, filter: Option<Filter>, deadline: Instant) -> Result<Element, CallError> {
        let op = Operation::Get { filter, with_defaults: None };
        data(self.run(&op, deadline).await?, ns::BASE)
    }

    /// One datastore; gives `<data>`.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn get_config(
        &self,
        source: Datastore,
        filter: Option<Filter>,
        with_defaults: Option<DefaultsMode>,
        deadline: Instant,
    ) -> Result<Element, CallError> {
        let op = Operation::GetConfig { source, filter, with_defaults };
        data(self.run(&op, deadline).await?, ns::BASE)
    }

    /// One datastore of NMDA (RFC 8526); gives `<data>`.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn get_data(
        &self,
        datastore: DataStore,
        filter: Option<Filter>,
        deadline: Instant,
    ) -> Result<Element, CallError> {
        data(self.run(&Operation::GetData { datastore, filter }, deadline).await?, ns::NMDA)
    }

    /// Changes a datastore of NMDA in part (RFC 8526).
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn edit_data(
        &self,
        datastore: DataStore,
        default_operation: Option<DefaultOperation>,
        config: Vec<Element>,
        deadline: Instant,
    ) -> Result<(), CallError> {
        self.done(Operation::EditData { datastore, default_operation, config }, deadline).await
    }

    /// Changes a datastore in part.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn edit_config(&self, edit: EditConfig, deadline: Instant) -> Result<(), CallError> {
        self.done(Operation::EditConfig(edit), deadline).await
    }

    /// Replaces a datastore.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn copy_config(
        &self,
        source: Source,
        target: Target,
        deadline: Instant,
    ) -> Result<(), CallError> {
        self.done(Operation::CopyConfig { target, source }, deadline).await
    }

    /// Locks a datastore against other sessions. [`crate::rpc_error::RpcErrors::lock_holder`] names who has it.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn lock(&self, target: Datastore, deadline: Instant) -> Result<(), CallError> {
        self.done(Operation::Lock { target }, deadline).await
    }

    /// Gives a lock back.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn unlock(&self, target: Datastore, deadline: Instant) -> Result<(), CallError> {
        self.done(Operation::Unlock { target }, deadline).await
    }

    /// Checks a configuration. There are servers that answer a commit after this with ok and change nothing:
    /// prefer [`crate::operation::TestOption::TestThenSet`], and read back in any case.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn validate(&self, source: Source, deadline: Instant) -> Result<(), CallError> {
        self.done(Operation::Validate { source }, deadline).await
    }

    /// Makes the candidate the running configuration. While a confirmed commit is pending, a commit without
    /// [`Commit::confirmed`] confirms it.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn commit(&self, commit: Commit, deadline: Instant) -> Result<(), CallError> {
        self.done(Operation::Commit(commit), deadline).await
    }

    /// Rolls the pending confirmed commit back; a persistent one is named by its persist-id.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn cancel_commit(
        &self,
        persist_id: Option<String>,
        deadline: Instant,
    ) -> Result<(), CallError> {
        self.done(Operation::CancelCommit { persist_id }, deadline).await
    }

    /// Makes the candidate equal to running again.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn discard_changes(&self, deadline: Instant) -> Result<(), CallError> {
        self.done(Operation::DiscardChanges, deadline).await
    }

    /// The YANG text of a module; the newest revision if `version` is `None`.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn get_schema(
        &self,
        identifier: &str,
        version: Option<&str>,
        deadline: Instant,
    ) -> Result<String, CallError> {
        let version = version.map(str::to_owned);
        let op = Operation::GetSchema { identifier: identifier.to_owned(), version, format: None };
        Ok(data(self.run(&op, deadline).await?, ns::MONITORING)?.text)
    }

    /// Asks for notifications, from now on. They come out of the receiver that [`Session::open`] gave.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn create_subscription(
        &self,
        stream: Option<String>,
        filter: Option<Filter>,
        deadline: Instant,
    ) -> Result<(), CallError> {
        self.done(Operation::CreateSubscription { stream, filter, start: None, stop: None }, deadline).await
    }

    /// Ends another session, which rolls back what it has pending.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn kill_session(&self, session_id: u32, deadline: Instant) -> Result<(), CallError> {
        self.done(Operation::KillSession { session_id }, deadline).await
    }

    /// Says goodbye and ends the session; it is over afterwards whatever the result.
    ///
    /// # Errors
    /// Any [`CallError`], if the device did not say ok.
    pub async fn close(&self, deadline: Instant) -> Result<(), CallError> {
        self.expect_end();
        let done = self.done(Operation::CloseSession, deadline).await;
        self.abort();
        done
    }

    async fn done(&self, operation: Operation, deadline: Instant) -> Result<(), CallError> {
        self.run(&operation, deadline).await.map(|_| ())
    }
}

/// The `<data>` element of a reply.
fn data(success: Success, ns: &str) -> Result<Element, CallError> {
    let found = success.output.into_iter().find(|e| e.is(ns, "data"));
    found.ok_or_else(|| CallError::BadReply("holds no <data>".into()))
}
