//! Where a secret is, and how it is had. The inventory holds references alone; what they lead to is told to nobody.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    str::FromStr,
    sync::mpsc,
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// No command that prints a secret takes longer: the start waits for it.
const LONGEST: Duration = Duration::from_secs(10);
/// The most octets of a secret: far more than any key, chain of certificates or set of authorities has.
const MOST: usize = 1 << 20;
/// Between two looks whether a command that has printed everything has ended.
const LOOK: Duration = Duration::from_millis(10);

/// Where a secret is: `file:PATH`, `env:NAME`, `exec:COMMAND ARG…`. What people read of it leaves the arguments of a command out:
/// they may hold a secret of their own.
#[derive(Clone, JsonSchema, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Reference {
    /// The content of a file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// What a command prints.
    Exec(Vec<String>),
}

/// Why a secret could not be had. Never carries the secret.
#[derive(Clone, Debug, Error)]
pub enum SecretError {
    /// The text is no reference.
    #[error("a secret must not stand here: write where it is, as file:PATH, env:NAME or exec:COMMAND")]
    NotAReference,
    /// It cannot be read.
    #[error("the secret at {place} cannot be read: {why}")]
    Unreadable {
        /// The reference.
        place: String,
        /// Why not.
        why: String,
    },
}

/// What a reference leads to. It is wiped from memory with its last owner.
pub type Secret = Zeroizing<Vec<u8>>;

/// What a file of secrets should not have shown to others, and what helps when it did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kept {
    /// A private key.
    Key,
    /// A password, or the passphrase of a key.
    Password,
}

impl Reference {
    /// The secret itself. A relative path is taken from `base`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn resolve(&self, base: &Path) -> Result<Secret, SecretError> {
        let secret = match self {
            Self::File(path) => File::open(from(base, path)).and_then(whole).map_err(|why| why.to_string()),
            // As bytes: the words of an error about text would show them.
            Self::Env(name) => match std::env::var_os(name) {
                Some(secret) => Ok(Zeroizing::new(secret.into_encoded_bytes())),
                None => Err("there is no such variable".to_owned()),
            },
            Self::Exec(words) => printed(words, LONGEST),
        };
        secret.map_err(|why| SecretError::Unreadable { place: self.to_string(), why })
    }

    /// Whether a key or a password may be there: a file that others can read does not keep it.
    ///
    /// # Errors
    /// Others can read it.
    pub fn keeps(&self, what: Kept, base: &Path) -> Result<(), SecretError> {
        if let Self::File(path) = self
            && let Ok(metadata) = std::fs::metadata(from(base, path))
        {
            let mode = metadata.permissions().mode() & 0o777;
            if metadata.is_file() && mode & 0o077 != 0 {
                let renew = match what {
                    Kept::Key => "making a new key",
                    Kept::Password => "changing the password",
                };
                let why = format!("others can read it (mode {mode:o}): `chmod 600` it, and think of {renew}");
                return Err(SecretError::Unreadable { place: self.to_string(), why });
            }
        }
        Ok(())
    }

    /// The whole reference, as the file holds it: to write it back and to tell one from another, not to show it.
    pub fn text(&self) -> String {
        match self {
            Self::File(path) => format!("file:{}", path.display()),
            Self::Env(name) => format!("env:{name}"),
            Self::Exec(words) => format!("exec:{}", words.join(" ")),
        }
    }
}

/// Where a file is: `~` is the home, a relative path is taken from `base`.
fn from(base: &Path, path: &Path) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(rest),
        Err(_) => base.join(path),
    }
}

/// All that stands there, up to [`MOST`] octets. The whole room is taken at once: a buffer that grows leaves copies behind, which
/// nobody wipes.
fn whole(from: impl Read) -> io::Result<Secret> {
    let mut secret = Zeroizing::new(Vec::with_capacity(MOST + 1));
    from.take(MOST as u64 + 1).read_to_end(&mut secret)?;
    match secret.len() > MOST {
        true => Err(io::Error::other(format!("it is longer than {} MiB, which no secret is", MOST >> 20))),
        false => Ok(secret),
    }
}

/// What a command prints. One that takes too long, or prints too much, is killed.
fn printed(words: &[String], longest: Duration) -> Result<Secret, String> {
    let (program, arguments) = words.split_first().ok_or("the command is empty")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let until = Instant::now() + longest;
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let (told, said) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        // A pipe cannot be read with a time limit, so a thread of its own reads it. What the command started itself may hold the
        // pipe open after the command is killed; then the thread ends with that, or with the first octets too many, and nobody
        // waits for it.
        std::thread::spawn(move || {
            // Nobody listens any more when the time was over.
            let _ = told.send(whole(output));
        });
    }
    let read = said.recv_timeout(longest);
    if let Ok(Err(why)) = read {
        let _ = child.kill();
        let _ = child.wait();
        return Err(why.to_string());
    }
    let ended = if read.is_ok() { ended(&mut child, until) } else { None };
    let (Ok(read), Some(status)) = (read, ended) else {
        // It may have ended this moment, and then cannot be killed.
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("the command did not end within {} s and was killed", longest.as_secs_f64()));
    };
    if !status.success() {
        return Err(format!("the command ended with {status}"));
    }
    read.map_err(|error| error.to_string())
}

/// How a command ended; nothing where it goes on past the time.
fn ended(child: &mut Child, until: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => std::thread::sleep(LOOK),
            _ => return None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exec(words) => {
                let more = if words.len() > 1 { " …" } else { "" };
                write!(f, "exec:{}{more}", words.first().map_or("", String::as_str))
            }
            Self::File(_) | Self::Env(_) => f.write_str(&self.text()),
        }
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Reference {
    type Err = SecretError;
    fn from_str(text: &str) -> Result<Self, SecretError> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("exec", words)) if !words.trim().is_empty() => {
                Ok(Self::Exec(words.split_whitespace().map(str::to_owned).collect()))
            }
            _ => Err(SecretError::NotAReference),
        }
    }
}

impl TryFrom<String> for Reference {
    type Error = SecretError;
    fn try_from(text: String) -> Result<Self, SecretError> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> String {
        reference.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_secret_names_its_place() {
        let reference: Reference = "file:no/such/file".parse().unwrap();
        let error = reference.resolve(Path::new("/")).unwrap_err().to_string();
        assert!(error.contains("file:no/such/file"), "{error}");
    }

    #[test]
    fn a_command_that_fails_is_named_without_its_arguments() {
        let reference: Reference = "exec:false --token hunter2".parse().unwrap();
        let error = reference.resolve(Path::new("/")).unwrap_err().to_string();
        assert!(error.contains("the secret at exec:false … cannot be read"), "{error}");
        assert!(!format!("{error} {reference} {reference:?}").contains("hunter2"), "{error}");
        assert_eq!(reference.text(), "exec:false --token hunter2");
    }

    #[test]
    fn a_command_is_waited_for_so_long_and_no_longer() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(printed(&words("echo key"), LONGEST).unwrap().as_slice(), b"key\n");
        let begun = Instant::now();
        let error = printed(&words("sleep 60"), Duration::from_millis(50)).unwrap_err();
        assert_eq!(error, "the command did not end within 0.05 s and was killed");
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_place_that_gives_without_end_is_left() {
        let begun = Instant::now();
        for place in ["exec:cat /dev/zero", "file:/dev/zero"] {
            let error = place.parse::<Reference>().unwrap().resolve(Path::new("/")).unwrap_err().to_string();
            assert!(error.contains("longer than 1 MiB"), "{error}");
        }
        assert!(begun.elapsed() < LONGEST, "it is not waited for: {:?}", begun.elapsed());
        assert_eq!(whole(io::repeat(7).take(MOST as u64)).unwrap().len(), MOST);
        let secret = whole(&b"s3cret"[..]).unwrap();
        assert!(secret.capacity() > MOST, "it has not grown, and so left no copy: {}", secret.capacity());
    }

    #[test]
    fn a_file_that_others_can_read_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "s3cret").unwrap();
        let reference: Reference = "file:password".parse().unwrap();
        let keeps = |mode, what| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            reference.keeps(what, folder.path()).map_err(|error| error.to_string())
        };
        assert_eq!(keeps(0o600, Kept::Password), Ok(()));
        for (what, renew) in [(Kept::Password, "changing the password"), (Kept::Key, "making a new key")] {
            let error = keeps(0o640, what).unwrap_err();
            assert!(error.contains("others can read it (mode 640)") && error.ends_with(renew), "{error}");
        }
    }

    #[test]
    fn what_a_reference_leads_to_is_not_shown() {
        let reference: Reference = "exec:echo s3cret".parse().unwrap();
        let secret = reference.resolve(Path::new("/")).unwrap();
        assert_eq!(secret.as_slice(), b"s3cret\n");
        assert!(!format!("{secret:?} {reference:?}").contains("s3cret"));
        let octets = format!("{:?}", b"s3cret");
        assert!(!format!("{secret:?}").contains(octets.trim_matches(['[', ']'])));
    }
}
