//! A session as its operations see it: whose it is, and what it holds.

use std::{net::IpAddr, sync::Arc};

use super::notify::Subscription;
use crate::{
    datastore::SessionId,
    router::{Author, Router},
};

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// The login name.
    pub(super) user: String,
    /// The address.
    pub(super) host: IpAddr,
}

/// A session as its operations see it.
pub(super) struct Session {
    pub(super) router: Arc<Router>,
    pub(super) id: SessionId,
    pub(super) client: Client,
    pub(super) subscription: Option<Subscription>,
}

impl Session {
    pub(super) fn author(&self) -> Author {
        Author::Session { id: self.id, user: self.client.user.clone(), host: self.client.host }
    }
}

/// The store forgets the session however its task ends.
impl Drop for Session {
    fn drop(&mut self) {
        self.router.close_session(self.id);
    }
}
