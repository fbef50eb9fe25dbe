//! User and password as they go with every call, and what the answers say of them. A login that was refused is not shown again at once,
//! neither here nor by whatever else shares its [`Account`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use ::device::account::{Account, Held, Turn};
use tokio::time::Instant;
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};

use crate::error::{Call, SessionError};
use crate::target::{Credentials, Target};

/// A login toward one device; clones are the same.
#[derive(Clone)]
pub(crate) struct Login(Arc<Shown>);

struct Shown {
    user: MetadataValue<Ascii>,
    password: MetadataValue<Ascii>,
    account: Account,
    place: String,
    /// The device took it, and that was told.
    is_taken: AtomicBool,
}

/// The moment by which refused logins are counted.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}

impl Login {
    /// The login of a target; none where it has none.
    ///
    /// # Errors
    /// It cannot be written, or it is not shown there now.
    pub(crate) fn of(target: &Target) -> Result<Option<Self>, SessionError> {
        let Some(credentials) = &target.credentials else { return Ok(None) };
        let written = metadata(credentials);
        let (user, password) = written
            .map_err(|why| SessionError::BadTarget { peer: target.address.clone(), why: why.to_owned() })?;
        let (account, place) = (credentials.account.clone(), target.address.clone());
        let login =
            Self(Arc::new(Shown { user, password, account, place, is_taken: AtomicBool::new(false) }));
        match login.0.account.held(&login.0.place, now()) {
            Some(held) => Err(login.held(held)),
            None => Ok(Some(login)),
        }
    }

    /// Puts it into the head of a call.
    pub(crate) fn write(&self, head: &mut MetadataMap) {
        head.insert("username", self.0.user.clone());
        head.insert("password", self.0.password.clone());
    }

    /// Waits until it may be shown.
    ///
    /// # Errors
    /// It is not shown there now.
    pub(crate) async fn turn(&self) -> Result<Turn, SessionError> {
        self.0.account.turn(&self.0.place, now).await.map_err(|held| self.held(held))
    }

    /// Notes what the end of a call says of it.
    pub(crate) fn hear(&self, call: Call, error: Option<&SessionError>) {
        match error {
            Some(SessionError::Unauthenticated { .. }) => {
                self.0.is_taken.store(false, Relaxed);
                self.0.account.refused(&self.0.place, now());
            }
            // Some devices tell everybody what they can, and begin to answer a Subscribe before they look who asks.
            None if !matches!(call, Call::Connect | Call::Subscribe) => self.taken(),
            _ => {}
        }
    }

    /// The device gave what it gives to those alone whom it knows.
    pub(crate) fn taken(&self) {
        if !self.0.is_taken.swap(true, Relaxed) {
            self.0.account.accepted(&self.0.place);
        }
    }

    fn held(&self, Held { by, left }: Held) -> SessionError {
        let user = self.0.user.to_str().unwrap_or_default().to_owned();
        SessionError::LoginHeld { peer: self.0.place.clone(), user, by, left }
    }
}

fn metadata(credentials: &Credentials) -> Result<(MetadataValue<Ascii>, MetadataValue<Ascii>), &'static str> {
    let user = MetadataValue::try_from(&credentials.user).map_err(|_| "user has characters beyond ASCII")?;
    let mut password = MetadataValue::try_from(credentials.password.reveal())
        .map_err(|_| "password has characters beyond ASCII")?;
    password.set_sensitive(true);
    Ok((user, password))
}
