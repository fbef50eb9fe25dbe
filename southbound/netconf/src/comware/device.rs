//! A Comware router as a [`device::Device`]: it is reached, known by its key and read, and never written.
//!
//! Its dialect has no words ([`Dialect::Comware`]), so whatever a plan asks of it is refused before anything is sent, here as with
//! the plan. A reading asks for its interfaces, which proves that a Comware device answers; that it holds nothing of ours is true
//! because nothing was ever put there.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use device::{Capabilities, Device, DeviceError, ErrorKind, Rollback, Step, clock};
use dialects::{Dialect, Headend};
use model::state::Foreign;
use model::{DeviceConfig, DeviceReading, Edit, NodeId, TransactionId};
use tokio::time::Instant;
use tracing::warn;

use super::{Comware, ComwareError};
use crate::device::Target;
use crate::session;
use crate::xml::Limits;

/// How a device is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bounds of the session.
    pub session: session::Options,
    /// Longest time from the TCP connection to the hello.
    pub connect: Duration,
    /// Longest time for one answer, what the library needs to read it included.
    pub answer: Duration,
}

impl Default for Options {
    /// Ten seconds each. Answers of up to 16 MiB, depth 32 and half a million elements: `netconf-rs` reads each a second time.
    fn default() -> Self {
        let limits = Limits { bytes: 16 << 20, depth: 32, elements: 500_000, ..Limits::default() };
        Self {
            session: session::Options { limits, ..session::Options::default() },
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(10),
        }
    }
}

/// A Comware router that is reached over NETCONF.
#[derive(Debug)]
pub struct ComwareDevice {
    node: NodeId,
    target: Target,
    options: Options,
    /// The session; absent before the first order, while one runs, and after one that was not answered.
    open: Option<Comware>,
}

impl ComwareDevice {
    /// A device to which no session is open yet.
    pub fn new(node: NodeId, target: impl Into<Target>, options: Options) -> Self {
        Self { node, target: target.into(), options, open: None }
    }

    /// The session for the next order.
    async fn take(&mut self) -> Result<Comware, DeviceError> {
        if let Some(open) = self.open.take().filter(|open| open.session().end().is_none()) {
            return Ok(open);
        }
        let deadline = Instant::now() + self.options.connect;
        let opened = self.target.open(&self.options.session, deadline).await;
        Ok(Comware::new(opened.map_err(|why| self.failed(Step::Connect, why))?))
    }

    /// Ends an order: keeps the session where the device answered, drops it where nobody knows what is still in it.
    fn put_back<T>(
        &mut self,
        open: Comware,
        step: Step,
        outcome: Result<T, ComwareError>,
    ) -> Result<T, DeviceError> {
        if outcome.as_ref().err().is_none_or(ComwareError::is_answered) {
            self.open = Some(open);
        }
        outcome.map_err(|error| self.failed(step, error.kind()))
    }

    fn failed(&self, step: Step, kind: ErrorKind) -> DeviceError {
        DeviceError { node: self.node.clone(), step, kind }
    }

    fn by(&self) -> Instant {
        Instant::now() + self.options.answer
    }
}

/// Why these edits are not carried out: the first that has no words, which each of them is.
fn refused(edits: &[Edit]) -> String {
    let headend = Headend { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), held: &DeviceConfig::default() };
    match Dialect::Comware.render(edits, &headend) {
        Err(unsupported) => unsupported.to_string(),
        Ok(_) => "a Comware device is read and never written".to_owned(),
    }
}

/// Modules as the hello lists them.
fn announced(open: &Comware) -> BTreeSet<String> {
    let modules = open.session().capabilities().modules.iter();
    let named = modules.map(|(name, module)| match &module.revision {
        Some(revision) => format!("{name}@{revision}"),
        None => name.clone(),
    });
    named.collect()
}

impl Device for ComwareDevice {
    fn node(&self) -> &NodeId {
        &self.node
    }

    /// The modules of the hello, and the schemas that the device lists where it says that it can. Nothing is ever committed, so
    /// that its rollback is the one that promises least.
    async fn capabilities(&mut self) -> Result<Capabilities, DeviceError> {
        let open = self.take().await?;
        let mut modules = announced(&open);
        let outcome = match open.session().capabilities().monitoring {
            true => match open.information(self.by()).await {
                Ok(information) => {
                    modules.extend(information.schemas);
                    Ok(())
                }
                Err(error @ (ComwareError::Missing(_) | ComwareError::Unreadable(_))) => {
                    warn!(node = %self.node, %error, "it does not tell which schemas it serves");
                    Ok(())
                }
                Err(error) => Err(error),
            },
            false => Ok(()),
        };
        self.put_back(open, Step::Connect, outcome)?;
        Ok(Capabilities { protocol: "netconf".into(), rollback: Rollback::ByPreImage, modules })
    }

    async fn stage(&mut self, _: TransactionId, edits: &[Edit]) -> Result<(), DeviceError> {
        Err(self.failed(Step::Stage, ErrorKind::Unsupported(refused(edits))))
    }

    async fn commit(&mut self, transaction: TransactionId, _: Duration) -> Result<(), DeviceError> {
        let why = format!("nothing is staged as {transaction}: a Comware device is read and never written");
        Err(self.failed(Step::Commit, ErrorKind::Refused(why)))
    }

    async fn confirm(&mut self, transaction: TransactionId) -> Result<(), DeviceError> {
        let why =
            format!("nothing was committed as {transaction}: a Comware device is read and never written");
        Err(self.failed(Step::Confirm, ErrorKind::Refused(why)))
    }

    async fn cancel(&mut self, _: TransactionId) -> Result<(), DeviceError> {
        Ok(())
    }

    async fn read(&mut self) -> Result<DeviceReading, DeviceError> {
        let open = self.take().await?;
        let outcome = open.interfaces(self.by()).await;
        let interfaces = self.put_back(open, Step::Read, outcome)?;
        tracing::debug!(node = %self.node, interfaces = interfaces.len(), "a Comware device answers");
        Ok(DeviceReading::Read {
            owned: DeviceConfig::default(),
            foreign: Foreign::default(),
            at: clock::now(),
        })
    }
}
