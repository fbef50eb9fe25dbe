//! What goes wrong in a namespace: which object, which namespace, and the kernel's own words.

use std::io;

use rtnetlink::packet_core::ErrorMessage;
use thiserror::Error;

/// Something went wrong in a namespace.
#[derive(Debug, Error)]
#[error("namespace {namespace}: {object}: {fault}")]
pub struct LiveError {
    /// Which namespace.
    pub namespace: String,
    /// What was being done, as the command that does the same.
    pub object: String,
    /// What went wrong.
    pub fault: Fault,
}

/// What went wrong.
#[derive(Debug, Error)]
pub enum Fault {
    /// The kernel refused.
    #[error("the kernel says: {error}{}", said(.words))]
    Kernel {
        /// Its error number.
        error: io::Error,
        /// What it says beside, where it does (extended acknowledgements).
        words: Option<String>,
    },
    /// A tool refused.
    #[error("{program} says: {words}")]
    Tool {
        /// Which.
        program: &'static str,
        /// What it wrote to its standard error.
        words: String,
    },
    /// A tool cannot be started.
    #[error("{program} cannot be run: {cause}; install the Debian package {package}")]
    Missing {
        /// Which.
        program: &'static str,
        /// Of which package it is.
        package: &'static str,
        /// Why.
        cause: io::Error,
    },
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// An answer that is none.
    #[error("{0}")]
    Answer(String),
    /// It took too long.
    #[error("it was not done after {0} s")]
    Late(u64),
    /// The namespace's thread has ended.
    #[error("its thread has ended")]
    Ended,
}

fn said(words: &Option<String>) -> String {
    words.as_ref().map(|words| format!(" ({words})")).unwrap_or_default()
}

/// What failed, and why.
pub(super) type Failed = (Option<String>, Fault);

impl From<rtnetlink::Error> for Fault {
    fn from(error: rtnetlink::Error) -> Self {
        match error {
            rtnetlink::Error::NetlinkError(message) => {
                Self::Kernel { error: message.to_io(), words: words(&message) }
            }
            other => Self::Answer(other.to_string()),
        }
    }
}

/// Octets of a netlink header, which an error repeats. Sockets are told to leave out the rest of the request.
const HEADER: usize = 16;

/// The kind of the attribute that holds the kernel's words (`NLMSGERR_ATTR_MSG`).
const WORDS: u16 = 1;

/// What the kernel says beside its error number.
fn words(message: &ErrorMessage) -> Option<String> {
    let mut rest = message.header.get(HEADER..)?;
    // Every turn takes four octets away at least.
    while let [a, b, c, d, ..] = *rest {
        let length = usize::from(u16::from_ne_bytes([a, b])).max(4);
        if u16::from_ne_bytes([c, d]) & 0x3fff == WORDS {
            let text = rest.get(4..length)?;
            let text = String::from_utf8_lossy(text);
            return Some(text.trim_end_matches('\0').chars().take(200).collect());
        }
        rest = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_told() {
        let mut message = ErrorMessage::default();
        message.code = std::num::NonZeroI32::new(-22);
        message.header = vec![0; HEADER];
        message.header.extend([8, 0, 2, 0, 1, 2, 3, 4, 12, 0, 1, 0]);
        message.header.extend(b"no way\0\0");
        let fault = Fault::from(rtnetlink::Error::NetlinkError(message.clone()));
        assert!(fault.to_string().ends_with("(no way)"), "{fault}");
        for length in (0..message.header.len()).rev() {
            message.header.truncate(length);
            assert_ne!(words(&message).as_deref(), Some("no way"), "cut off at {length}");
        }
    }
}
