//! Commands that ask a running controller: where it is, and the token that changes need.

pub mod change;
pub mod status;
pub mod tables;

use std::{path::PathBuf, process::ExitCode};

use api::{Client, ClientError, Token};
use clap::Args;
use engine::handle::Refusal;
use model::Timestamp;

use crate::{
    args::Format,
    draw,
    outcome::{FOUND, Stop, say},
    serve::config,
    sources::Sources,
};

/// Which controller.
#[derive(Debug, Args)]
pub struct Access {
    /// The address of its API
    #[arg(long, env = "TRUNKLINE_CONTROLLER", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub controller: String,
    /// The file with the token that changes need; the one in the default state folder where absent
    #[arg(long, env = "TRUNKLINE_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// Which controller, and how its answer is shown.
#[derive(Debug, Args)]
pub struct Target {
    /// Which controller.
    #[command(flatten)]
    pub access: Access,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl Access {
    /// A client that may read, and do more where there is a token.
    ///
    /// # Errors
    /// The address is none, or the token file that was named holds none.
    pub fn client(&self) -> Result<Client, Stop> {
        let token = match &self.token_file {
            Some(path) => Some(Token::load(path).map_err(|error| Stop::usage(error.to_string()))?),
            None => default_token().filter(|path| path.exists()).map(|path| load(&path)).transpose()?,
        };
        let client = Client::new(&self.controller, token).map_err(|error| Stop::usage(error.to_string()))?;
        Ok(match std::env::var("USER") {
            Ok(user) if !user.is_empty() => client.as_user(&user),
            _ => client,
        })
    }

    /// A client with a token.
    ///
    /// # Errors
    /// There is no token.
    pub fn client_that_may_change(&self) -> Result<Client, Stop> {
        if self.token_file.is_none() && !default_token().is_some_and(|path| path.exists()) {
            return Err(Stop::usage(
                "changes need the controller's token: give --token-file STATE/token, where STATE is the folder that \
                 `trunkline serve` uses, or set TRUNKLINE_TOKEN_FILE",
            ));
        }
        self.client()
    }
}

fn load(path: &std::path::Path) -> Result<Token, Stop> {
    Token::load(path).map_err(|error| Stop::usage(error.to_string()))
}

fn default_token() -> Option<PathBuf> {
    config::default_state().map(|state| state.join("token"))
}

/// Shows why a change was not made: findings on the files that were sent, or the refusal.
///
/// # Errors
/// Whatever is not a finding.
fn refused(error: ClientError, sources: &Sources) -> anyhow::Result<ExitCode> {
    match error {
        ClientError::Refused(Refusal::Findings { findings }) => {
            say(&format!("{}{}: nothing was changed", draw::all(&findings, sources), draw::count(&findings)));
            Ok(ExitCode::from(FOUND))
        }
        other => Err(other.into()),
    }
}

/// A moment for people: local time, to the second.
fn moment(at: Timestamp) -> String {
    let micros = i64::try_from(at.as_micros()).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(at) => at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "?".to_owned(),
    }
}
