//! A stream that can be cut from outside.
//!
//! The SSH library runs each connection in a task of its own and, during a key exchange or a stuck write,
//! listens to nobody but the socket. Giving up on a device that hangs there would leave the task and its socket
//! behind for good. The task only ever sees this wrapper, so cutting it ends the task.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

type Signal = Pin<Box<WaitForCancellationFutureOwned>>;

/// `S` until the token is cancelled, an error from then on.
pub(super) struct Cut<S> {
    inner: S,
    // One signal per direction, since each remembers only the last task that waited on it.
    reading: Signal,
    writing: Signal,
}

impl<S> Cut<S> {
    pub(super) fn new(inner: S, token: &CancellationToken) -> Self {
        let signal = || Box::pin(token.clone().cancelled_owned());
        Self { inner, reading: signal(), writing: signal() }
    }
}

fn aborted<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
}

impl<S: AsyncRead + Unpin> AsyncRead for Cut<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.reading.as_mut().poll(cx).is_ready() {
            return aborted();
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Cut<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.writing.as_mut().poll(cx).is_ready() {
            return aborted();
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.writing.as_mut().poll(cx).is_ready() {
            return aborted();
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
