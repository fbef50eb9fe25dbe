//! Waiting for a change. A person who ends the waiting does not end the change: it is told that it goes on, and how to follow it
//! or undo it.

use api::ClientError;

use crate::{
    outcome::Stop,
    signals::{Ended, Signals},
};

/// Waits for the controller's answer, or for a signal. `undo` is what takes the change back, in words.
///
/// # Errors
/// A signal came first.
pub async fn answer<T>(
    asked: impl Future<Output = Result<T, ClientError>>,
    undo: &str,
) -> anyhow::Result<Result<T, ClientError>> {
    let mut signals = Signals::new()?;
    Ok(before(asked, signals.next(), undo).await?)
}

async fn before<T>(
    asked: impl Future<Output = T>,
    signal: impl Future<Output = Ended>,
    undo: &str,
) -> Result<T, Stop> {
    tokio::select! {
        biased;
        answer = asked => Ok(answer),
        by = signal => Err(Stop::Left { by, undo: undo.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn who_stops_waiting_is_told_that_the_change_goes_on() {
        let left =
            before(pending::<()>(), ready(Ended::Interrupted), "`trunkline rollback N`").await.unwrap_err();
        let told = left.to_string();
        for part in ["goes on at the controller", "`trunkline status`", "`trunkline rollback N`"] {
            assert!(told.contains(part), "{told}");
        }
        assert!(matches!(left, Stop::Left { by, .. } if by.exit_code() == 130));
        assert_eq!(before(ready(7), pending(), "").await.unwrap(), 7);
    }
}
