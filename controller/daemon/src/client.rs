//! Commands that ask a running controller: where it is, and the token that changes need.

pub mod change;
pub mod differing;
pub mod left_out;
pub mod log;
pub mod optimise;
pub mod schema;
pub mod status;
pub mod tables;
pub mod topology;

mod rehearsal;
mod wait;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use api::{Client, ClientError, Token, TokenError};
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
    /// For https://: the authority that signed its certificate, PEM; where absent, the one that the environment names in
    /// `TRUNKLINE_CA`, or those of this system
    // Not by `env`: what is typed for http:// is a mistake, and what stands in the environment is meant for other addresses.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The file with the token that changes, `snapshot` and `devices schema` need; the one in the default state folder where absent
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
            Some(path) => Some(load(path)?),
            None => default_token().filter(|path| path.exists()).map(|path| load(&path)).transpose()?,
        };
        let ca = self.authority(std::env::var_os("TRUNKLINE_CA"));
        let client = Client::trusting(&self.controller, token, ca.as_deref());
        let client = client.map_err(|error| Stop::usage(error.to_string()))?;
        Ok(match user(|name| std::env::var(name).ok()) {
            Some(user) => client.as_user(&user),
            None => client,
        })
    }

    /// The file of the authority: the one that was typed, or the environment's where the address needs one.
    fn authority(&self, environment: Option<OsString>) -> Option<PathBuf> {
        let environment =
            environment.filter(|file| !file.is_empty() && !self.controller.starts_with("http://"));
        self.ca.clone().or_else(|| environment.map(PathBuf::from))
    }

    /// A client with a token.
    ///
    /// # Errors
    /// There is no token.
    pub fn client_that_may_change(&self) -> Result<Client, Stop> {
        self.client_with_token("changes need the controller's token")
    }

    /// A client with a token; `need` says what needs it.
    ///
    /// # Errors
    /// There is no token.
    pub fn client_with_token(&self, need: &str) -> Result<Client, Stop> {
        let looked = default_token();
        if self.token_file.is_none() && !looked.as_deref().is_some_and(Path::exists) {
            let looked = looked.map_or_else(String::new, |path| format!(" (looked at {})", path.display()));
            return Err(Stop::usage(format!("{need}, and you have none{looked}: {GET}")));
        }
        self.client()
    }
}

/// Who asks, for the controller's log: what is said for that, or who is logged in. A timer or a pipeline has nobody logged in.
fn user(environment: impl Fn(&str) -> Option<String>) -> Option<String> {
    ["TRUNKLINE_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| environment(name).filter(|user| !user.is_empty()))
}

/// How a user of a controller that somebody else runs comes by the token.
const GET: &str = "ask those who run the controller for it (it stands in the file `token` of the state folder there), save it in a \
                   file that only you can read (chmod 600), and name that file with --token-file or TRUNKLINE_TOKEN_FILE";

/// Reads the user's token. What the server says of its own file does not help here: nobody may make a new token.
fn load(path: &Path) -> Result<Token, Stop> {
    Token::load(path).map_err(|error| {
        let place = path.display();
        Stop::usage(match error {
            TokenError::File { why, .. } if why.kind() == std::io::ErrorKind::NotFound => {
                format!("there is no token file {place}: give the right path, or {GET}")
            }
            TokenError::File { why, .. } if why.kind() == std::io::ErrorKind::IsADirectory => {
                format!("{place} is a folder: name the token file itself, such as {}", path.join("token").display())
            }
            TokenError::File { why, .. } => format!(
                "the token file {place} cannot be read: {why}; it must be yours: copy it to a file of your own (chmod 600), \
                 and name that with --token-file or TRUNKLINE_TOKEN_FILE"
            ),
            TokenError::Open { mode, .. } => format!(
                "the token file {place} can be read by others (mode {mode:03o}), so the token is no secret here: run \
                 `chmod 600 {place}`, or copy it to a file of your own where it is not yours"
            ),
            TokenError::Malformed { .. } => {
                format!("{place} is no token file, or does not hold a whole token: {GET}")
            }
            other => other.to_string(),
        })
    })
}

fn default_token() -> Option<PathBuf> {
    config::default_state().map(|state| state.join("token"))
}

/// That the controller's network has nothing of a name, and what has nearly that name.
fn no_such<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Stop {
    let short: String = name.chars().take(60).collect();
    let near = formats::text::nearest(name, known);
    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Stop::usage(format!("the controller's network has no {what} `{short}`{near}"))
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_authority_of_the_environment_is_for_addresses_that_need_one() {
        for (controller, typed, environment, used) in [
            ("http://host:8080", None, Some("env.pem"), None),
            ("http://host:8080", Some("typed.pem"), Some("env.pem"), Some("typed.pem")),
            ("https://host", None, Some("env.pem"), Some("env.pem")),
            ("https://host", Some("typed.pem"), Some("env.pem"), Some("typed.pem")),
            ("https://host", None, Some(""), None),
            ("https://host", None, None, None),
        ] {
            let access =
                Access { controller: controller.to_owned(), ca: typed.map(PathBuf::from), token_file: None };
            assert_eq!(
                access.authority(environment.map(OsString::from)),
                used.map(PathBuf::from),
                "{controller}"
            );
        }
    }

    #[test]
    fn who_asks_is_said_or_is_who_is_logged_in() {
        let of = |set: &[(&str, &str)]| {
            user(|name| set.iter().find(|(one, _)| *one == name).map(|(_, user)| (*user).to_owned()))
        };
        assert_eq!(of(&[("USER", "mei"), ("TRUNKLINE_USER", "ci-42")]).as_deref(), Some("ci-42"));
        assert_eq!(of(&[("USER", "mei"), ("TRUNKLINE_USER", "")]).as_deref(), Some("mei"));
        assert_eq!(of(&[("LOGNAME", "li")]).as_deref(), Some("li"));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_user_without_a_good_token_is_told_how_to_get_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let told = || load(&path).unwrap_err().to_string();
        assert!(
            told().contains("there is no token file") && told().contains("ask those who run"),
            "{}",
            told()
        );
        let whole = "x".repeat(50);
        for (text, mode, advice) in [
            (&b"short"[..], 0o600, "ask those who run"),
            (b"root:x:0:0", 0o644, "is no token file"),
            (whole.as_bytes(), 0o644, "chmod 600"),
            (&[0xff; 50], 0o600, "does not hold a whole token"),
        ] {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let told = told();
            assert!(told.contains(advice) && told.contains(path.to_str().unwrap()), "{told}");
            assert!(
                !told.contains("delete it") && !told.contains("writable"),
                "advice for the server: {told}"
            );
        }
        let told = load(folder.path()).unwrap_err().to_string();
        assert!(told.contains("is a folder") && told.contains(path.to_str().unwrap()), "{told}");
        assert!(!told.contains("chmod"), "{told}");
    }
}
