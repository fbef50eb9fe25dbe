//! The token that writes need. It is made at the first start, so that no controller ever has a default one.

use std::{
    fmt, fs, io,
    io::{Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRngCore as _, rngs::OsRng};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Random bytes in a token.
const BYTES: usize = 32;
/// The shortest text that is taken as a token: 32 bytes in base64url.
const SHORTEST: usize = 43;
/// The longest.
const LONGEST: usize = 512;

/// Why there is no token.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The file cannot be read or written.
    #[error("the token file {path}: {why}; check that its folder exists and is writable by this user")]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// Others than the owner can read it.
    #[error(
        "the token file {path} can be read by others (mode {mode:03o}): run `chmod 600` on it, or delete it for a new token"
    )]
    Open {
        /// Its path.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It does not hold a token.
    #[error(
        "the token file {path} does not hold a token of 43 to 512 base64url characters: delete it and start again for a new one"
    )]
    Malformed {
        /// Its path.
        path: PathBuf,
    },
    /// The system has no randomness.
    #[error("no random bytes from the system: {0}")]
    Random(String),
}

/// The secret. It is never shown: its `Debug` is blank.
#[derive(Clone)]
pub struct Token(Arc<str>);

impl Token {
    /// Reads the token, or makes one in a file that only its owner can read.
    ///
    /// # Errors
    /// The file cannot be read or written, is open to others, or holds no token.
    pub fn load_or_create(path: &Path) -> Result<Self, TokenError> {
        match Self::load(path) {
            Err(TokenError::File { why, .. }) if why.kind() == io::ErrorKind::NotFound => {
                Self::create(path)?;
                Self::load(path)
            }
            other => other,
        }
    }

    /// Reads the token.
    ///
    /// # Errors
    /// The file cannot be read, is open to others, or holds no token.
    pub fn load(path: &Path) -> Result<Self, TokenError> {
        let file_error = |why| TokenError::File { path: path.to_owned(), why };
        let malformed = || TokenError::Malformed { path: path.to_owned() };
        // Before it is opened: a pipe would be waited for.
        let kind = fs::metadata(path).map_err(file_error)?;
        if kind.is_dir() {
            return Err(file_error(io::ErrorKind::IsADirectory.into()));
        }
        if !kind.is_file() {
            return Err(malformed());
        }
        let file = fs::File::open(path).map_err(file_error)?;
        let mode = file.metadata().map_err(file_error)?.permissions().mode() & 0o777;
        let mut text = String::new();
        file.take(LONGEST as u64 + 2).read_to_string(&mut text).map_err(|why| match why.kind() {
            // Not UTF-8: the file can be read, and holds something else.
            io::ErrorKind::InvalidData => malformed(),
            _ => file_error(why),
        })?;
        let token = Self::parse(text.trim()).ok_or_else(malformed)?;
        // Nobody is told to change the mode of a file that holds something else.
        if mode & 0o077 == 0 { Ok(token) } else { Err(TokenError::Open { path: path.to_owned(), mode }) }
    }

    /// A token from its text, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (SHORTEST..=LONGEST).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        fits.then(|| Self(text.into()))
    }

    /// Writes a new token beside `path` and links it there: it appears whole or not at all, and of two controllers that
    /// start at once the first wins.
    fn create(path: &Path) -> Result<(), TokenError> {
        let file_error = |why| TokenError::File { path: path.to_owned(), why };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(file_error)?;
        }
        let mut bytes = [0; BYTES];
        OsRng.try_fill_bytes(&mut bytes).map_err(|error| TokenError::Random(error.to_string()))?;
        let draft = path.with_extension(format!("new-{}", std::process::id()));
        let mut options = fs::OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(file_error)?;
        let written = writeln!(file, "{}", URL_SAFE_NO_PAD.encode(bytes)).and_then(|()| file.sync_all());
        let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        });
        fs::remove_file(&draft).map_err(file_error)?;
        linked.map_err(file_error)
    }

    /// Whether `offered` is this token. Takes the same time wherever they differ: the digests are compared, all of them.
    pub fn matches(&self, offered: &str) -> bool {
        let ours = Sha256::digest(self.0.as_bytes());
        let theirs = Sha256::digest(offered.as_bytes());
        ours.iter().zip(theirs.iter()).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
    }

    /// The value of the `Authorization` header.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_private_token_and_the_next_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/token");
        let first = Token::load_or_create(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim().len(), SHORTEST);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Token::load_or_create(&path).unwrap().matches(text.trim()));
        assert!(first.matches(text.trim()));
        assert!(!first.matches(&text), "a newline is not part of it");
        assert!(!first.matches(""));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft stays");
        assert!(!format!("{first:?}").contains(text.trim()));
    }

    #[test]
    fn two_first_starts_make_different_tokens() {
        let folder = tempfile::tempdir().unwrap();
        Token::load_or_create(&folder.path().join("a")).unwrap();
        let b = Token::load_or_create(&folder.path().join("b")).unwrap();
        assert!(!b.matches(fs::read_to_string(folder.path().join("a")).unwrap().trim()));
    }

    #[test]
    fn a_token_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        Token::load_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = Token::load_or_create(&path).unwrap_err().to_string();
        assert!(error.contains("mode 644") && error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_file_that_holds_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let (long, foreign) = ("x".repeat(4_000), format!("{}!", "x".repeat(60)));
        for text in [&b""[..], b"short", long.as_bytes(), foreign.as_bytes(), &[0xff; 50]] {
            fs::write(&path, text).unwrap();
            for mode in [0o600, 0o644] {
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
                let refused = Token::load_or_create(&path);
                assert!(matches!(refused, Err(TokenError::Malformed { .. })), "{text:?}");
            }
        }
        let device = Token::load(Path::new("/dev/null")).unwrap_err();
        assert!(matches!(device, TokenError::Malformed { .. }), "its mode is nobody's business: {device}");
        let error = Token::load_or_create(folder.path()).unwrap_err().to_string();
        assert!(error.contains("is a directory") && !error.contains("chmod"), "{error}");
    }
}
