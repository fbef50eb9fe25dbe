//! How requests and sessions end.

use thiserror::Error;

use crate::frame::FrameError;
use crate::hello::HelloError;
use crate::message::MessageError;
use crate::operation::Unsupported;
use crate::rpc_error::RpcErrors;

/// Why a session is over.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum End {
    /// The device closed the stream.
    #[error("the device closed the session")]
    Eof,
    /// The stream ended in the middle of a message.
    #[error("the device closed the session in the middle of a message, at stream byte {at}")]
    Cut {
        /// Bytes that had come by then.
        at: u64,
    },
    /// The transport failed.
    #[error("the transport failed: {0}")]
    Transport(String),
    /// The device sent what cannot be understood; nothing after it can be trusted.
    #[error("the device broke the protocol: {0}")]
    Protocol(String),
    /// We closed it.
    #[error("the session was closed by the controller")]
    Closed,
}

/// What kept a request from being sent or answered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Cause {
    /// The caller's deadline.
    #[error("the deadline passed")]
    Deadline,
    /// The end of the session.
    #[error(transparent)]
    Ended(#[from] End),
}

/// How a request ended without success.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CallError {
    /// The device's hello does not offer it; nothing was sent.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// It cannot be written as a message; nothing was sent.
    #[error("request cannot be sent: {0}")]
    Invalid(String),
    /// It was certainly not carried out: the device never had the whole of it. Safe to send again.
    #[error("request was not sent: {0}")]
    NotSent(Cause),
    /// The device answered that it did not carry it out.
    #[error("device refused: {0}")]
    Refused(RpcErrors),
    /// The device answered something that is no answer to this request. Treat as unknown.
    #[error("outcome unknown, read back before anything else: the reply {0}")]
    BadReply(String),
    /// It was sent and no answer came: it may or may not have been carried out.
    #[error("outcome unknown, read back before anything else: {0}")]
    OutcomeUnknown(Cause),
}

impl CallError {
    /// Whether the device may have carried the request out.
    pub fn is_outcome_unknown(&self) -> bool {
        matches!(self, Self::OutcomeUnknown(_) | Self::BadReply(_))
    }
}

/// Why a session could not be opened on a stream.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The device did not say hello in time.
    #[error("no hello before the deadline")]
    Deadline,
    /// The stream ended before the hello.
    #[error("before the hello: {0}")]
    Ended(#[from] End),
    /// The bytes are no frame.
    #[error("instead of a hello: {0}")]
    Frame(#[from] FrameError),
    /// The frame holds no message.
    #[error("instead of a hello: {0}")]
    Message(#[from] MessageError),
    /// The hello is no use.
    #[error(transparent)]
    Hello(#[from] HelloError),
}
