//! Not the `ssh2` that is published: a stand-in for it that opens nothing.
//!
//! `netconf-rs`, through which H3C Comware devices are read, has a transport over `ssh2` that no feature switches off. That
//! transport trusts any host key, and `ssh2` links two libraries in C (libssh2 and OpenSSL). This product never uses it: the
//! messages of `netconf-rs` travel over the product's own sessions (`southbound/netconf/src/comware`), which know each device by
//! the key that the inventory pins.
//!
//! So the root manifest puts this crate in the place of that one. It has what `netconf-rs` calls and no more. A session cannot be
//! made: [`Session::new`] refuses at once, and [`Session`] and [`Channel`] are types without values, so that all behind it is
//! unreachable by their types alone.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

/// Why there is no session.
pub const REFUSED: &str = "this product never uses the SSH of netconf-rs, which trusts any host key: it has sessions of its own, \
                           southbound/netconf";

/// A session, of which there is none.
#[derive(Debug)]
pub enum Session {}

/// A channel, of which there is none.
#[derive(Debug)]
pub enum Channel {}

impl Session {
    /// Refuses.
    ///
    /// # Errors
    /// Always: [`REFUSED`].
    pub fn new() -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, REFUSED))
    }

    /// Never called: there is no session.
    pub fn set_tcp_stream(&mut self, _: TcpStream) {
        match *self {}
    }

    /// Never called: there is no session.
    ///
    /// # Errors
    /// None.
    pub fn handshake(&mut self) -> io::Result<()> {
        match *self {}
    }

    /// Never called: there is no session.
    ///
    /// # Errors
    /// None.
    pub fn userauth_password(&self, _: &str, _: &str) -> io::Result<()> {
        match *self {}
    }

    /// Never called: there is no session.
    pub fn authenticated(&self) -> bool {
        match *self {}
    }

    /// Never called: there is no session.
    ///
    /// # Errors
    /// None.
    pub fn channel_session(&self) -> io::Result<Channel> {
        match *self {}
    }
}

impl Channel {
    /// Never called: there is no channel.
    ///
    /// # Errors
    /// None.
    pub fn subsystem(&mut self, _: &str) -> io::Result<()> {
        match *self {}
    }
}

impl Read for Channel {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }
}

impl Write for Channel {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match *self {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_session_and_the_refusal_says_whose_ssh_is_used() {
        let refused = Session::new().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::Unsupported);
        assert!(refused.to_string().contains("southbound/netconf"), "{refused}");
    }
}
