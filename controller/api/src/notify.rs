//! Tells other systems what happened: syslog and webhooks. They never slow the loop: what a slow receiver cannot take is
//! counted and said.

mod select;
mod syslog;
mod webhook;

use std::{net::SocketAddr, path::PathBuf};

use engine::event::Event;
use model::{Severity, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::{sync::broadcast, task::JoinSet};

/// Who is told.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NotifyConfig {
    /// Syslog servers (RFC 5424 over UDP, RFC 5426).
    pub syslog: Vec<SyslogConfig>,
    /// Web addresses that get a JSON document by `POST`.
    pub webhooks: Vec<WebhookConfig>,
}

/// A syslog server.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyslogConfig {
    /// Address and port, for instance `127.0.0.1:514`.
    #[schemars(with = "String")]
    pub address: SocketAddr,
    /// Events of less weight are not sent.
    #[serde(default = "minor")]
    pub minimum: Severity,
    /// Name of this machine in the messages; `-` where it is not given (RFC 5424 section 6.2.4).
    #[serde(default)]
    pub hostname: Option<String>,
}

/// A web address.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where to: `https://`, or `http://` where nobody can listen in.
    pub url: String,
    /// A PEM file with the authorities that may vouch for it, in place of those of this machine; for `https://` only. A path that is not
    /// absolute is relative to this file.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Events of less weight are not sent.
    #[serde(default = "minor")]
    pub minimum: Severity,
    /// The longest that one attempt may take.
    #[serde(default = "five_seconds")]
    pub timeout: Span,
}

fn minor() -> Severity {
    Severity::Minor
}

fn five_seconds() -> Span {
    Span::from_secs(5)
}

/// Why the notifiers did not start.
#[derive(Debug, Error)]
pub enum NotifyError {
    /// No socket for syslog.
    #[error("no socket toward the syslog server {address}: {why}")]
    Socket {
        /// The server.
        address: SocketAddr,
        /// What the system says.
        why: std::io::Error,
    },
    /// There is no authority to judge a receiver's certificate by.
    #[error(
        "webhook {number} of the list: no certificate authority can be had from {file}: {why}; name a PEM file that holds it as `ca`"
    )]
    Authority {
        /// Which one, from 1.
        number: usize,
        /// The file, or the system.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// A web address that cannot be used.
    #[error(
        "webhook {number} of the list, {place}, cannot be used: {why}; write its address as `https://host:port/path`"
    )]
    Url {
        /// Which one, from 1.
        number: usize,
        /// Scheme and host, as far as they can be told. The rest may hold a secret.
        place: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The running notifiers; they end when this is dropped or the events end.
#[derive(Debug)]
pub struct Notifiers {
    tasks: JoinSet<()>,
}

impl Notifiers {
    /// Waits until all have ended, which they do after the last sender of events is gone and their queues are empty.
    pub async fn finished(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts a task for every receiver. Must be called within the runtime.
///
/// # Errors
/// A socket cannot be had, or an address cannot be used. Then none runs.
pub fn spawn_notifiers(
    config: &NotifyConfig,
    events: &broadcast::Receiver<Event>,
) -> Result<Notifiers, NotifyError> {
    let mut tasks = JoinSet::new();
    for server in &config.syslog {
        let sender = syslog::Sender::new(server)?;
        tasks.spawn(sender.run(select::Selected::new(events.resubscribe(), server.minimum)));
    }
    for (number, receiver) in (1..).zip(&config.webhooks) {
        let poster = webhook::Poster::new(number, receiver)?;
        tasks.spawn(poster.run(select::Selected::new(events.resubscribe(), receiver.minimum)));
    }
    Ok(Notifiers { tasks })
}

#[cfg(test)]
mod tests;
