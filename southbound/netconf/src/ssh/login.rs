//! The login: a key, a password, or a password that the device asks for in questions (RFC 4252, RFC 4256).
//!
//! The key goes first. The password is sent at most once, by the method that the device names, and only to the device whose host
//! key is the pinned one: the login begins after the key exchange. It answers one question alone, the first that is not echoed; a
//! device that asks for something else as well, such as a code or a new password, is told as such.

use std::sync::Arc;

use device::account::Held;
use russh::client::{AuthResult, KeyboardInteractiveAuthResponse, Prompt};
use russh::keys::{Algorithm, PrivateKeyWithHashAlg};
use russh::{MethodKind, MethodSet};

use super::{Attempt, ConnectError, LoginKey, Password, SshHandle, Stage, now};

/// Most rounds of questions: one asks, and some devices have something to tell after that.
const ROUNDS: usize = 4;

/// What the device says to what it was shown.
enum Answer {
    In,
    /// With the methods that may continue.
    Refused(MethodSet),
    /// It wants to know something else.
    Questions,
}

impl From<AuthResult> for Answer {
    fn from(result: AuthResult) -> Self {
        match result {
            AuthResult::Success => Self::In,
            AuthResult::Failure { remaining_methods, .. } => Self::Refused(remaining_methods),
        }
    }
}

impl Attempt<'_> {
    /// Logs in.
    pub(super) async fn login(&self, mut handle: SshHandle) -> Result<SshHandle, ConnectError> {
        let (account, place) = (&self.target.account, &self.target.address);
        let turn = self.within(Stage::Login, account.turn(place, now)).await?;
        let _turn = turn.map_err(|held| self.held(held))?;
        match self.within(Stage::Login, self.prove(&mut handle)).await? {
            Ok(Answer::In) => {
                account.accepted(place);
                Ok(handle)
            }
            Ok(Answer::Refused(methods)) => {
                let error = self.refused(handle, &methods).await;
                if matches!(error, ConnectError::LoginRefused { .. }) {
                    account.refused(place, now());
                }
                Err(error)
            }
            Ok(Answer::Questions) => {
                account.refused(place, now());
                let user = self.target.user.clone();
                Err(ConnectError::Questions { address: self.address(), user })
            }
            Err(error) => Err(self.broken(Stage::Login, error)),
        }
    }

    async fn prove(&self, handle: &mut SshHandle) -> Result<Answer, russh::Error> {
        let (user, proof) = (self.target.user.as_str(), &self.target.proof);
        // A refusal names the methods that the device takes. Where there is no key to be refused, "none" is asked for
        // that alone (RFC 4252, section 5.2).
        let first = match proof.key() {
            Some(key) => by_key(handle, user, key).await?,
            None => handle.authenticate_none(user).await?.into(),
        };
        match (first, proof.password()) {
            (Answer::Refused(methods), Some(password)) if methods.contains(&MethodKind::Password) => {
                Ok(handle.authenticate_password(user, password.reveal()).await?.into())
            }
            (Answer::Refused(methods), Some(password))
                if methods.contains(&MethodKind::KeyboardInteractive) =>
            {
                by_questions(handle, user, password).await
            }
            (first, _) => Ok(first),
        }
    }

    pub(super) fn held(&self, held: Held) -> ConnectError {
        let Held { by, left } = held;
        ConnectError::LoginHeld { address: self.address(), user: self.target.user.clone(), by, left }
    }

    /// Why there is no login. After a refusal that leaves no method the library ends the connection; so does a device that closes
    /// it, and then no refusal came.
    async fn refused(&self, mut handle: SshHandle, methods: &MethodSet) -> ConnectError {
        if methods.is_empty() {
            match self.within(Stage::Login, &mut handle).await {
                Ok(Err(russh::Error::NoAuthMethod)) => {}
                Ok(Err(error)) => return self.broken(Stage::Login, error),
                Ok(Ok(())) => return self.broken(Stage::Login, russh::Error::HUP),
                Err(late) => return late,
            }
        }
        let methods: Vec<&str> = methods.iter().map(Into::into).collect();
        ConnectError::LoginRefused {
            address: self.address(),
            user: self.target.user.clone(),
            proof: self.target.proof.to_string(),
            methods: if methods.is_empty() { "nothing more".into() } else { methods.join(", ") },
        }
    }
}

async fn by_key(handle: &mut SshHandle, user: &str, key: &LoginKey) -> Result<Answer, russh::Error> {
    let key = Arc::clone(&key.0);
    let hash = match key.algorithm() {
        Algorithm::Rsa { .. } => handle.best_supported_rsa_hash().await?.flatten(),
        _ => None,
    };
    Ok(handle.authenticate_publickey(user, PrivateKeyWithHashAlg::new(key, hash)).await?.into())
}

async fn by_questions(
    handle: &mut SshHandle,
    user: &str,
    password: &Password,
) -> Result<Answer, russh::Error> {
    let mut step = handle.authenticate_keyboard_interactive_start(user, None::<String>).await?;
    let mut told = false;
    for _ in 0..ROUNDS {
        let prompts = match step {
            KeyboardInteractiveAuthResponse::Success => return Ok(Answer::In),
            KeyboardInteractiveAuthResponse::Failure { remaining_methods, .. } => {
                return Ok(Answer::Refused(remaining_methods));
            }
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts,
        };
        let answers = match prompts.as_slice() {
            // Something is told and nothing asked: that is answered all the same (RFC 4256, section 3.4).
            [] => Vec::new(),
            [Prompt { echo: false, .. }] if !told => {
                told = true;
                vec![password.reveal().to_owned()]
            }
            _ => return Ok(Answer::Questions),
        };
        step = handle.authenticate_keyboard_interactive_respond(answers).await?;
    }
    Ok(Answer::Questions)
}
