//! Waiting for a change. A person who ends the waiting does not end the change: it is told that it goes on, and how to follow it
//! or undo it.

use std::{convert::Infallible, future::pending};

use api::{Client, ClientError};
use engine::event::EventKind;

use crate::{
    draw,
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

/// Waits for the answer to a change in waves, which takes minutes, and says on standard error how far it is.
pub async fn telling<T>(client: &Client, answer: impl Future<Output = T>) -> T {
    tokio::select! {
        answer = answer => answer,
        never = tell(client) => match never {},
    }
}

/// Who cannot be told hears the answer all the same.
async fn tell(client: &Client) -> Infallible {
    if let Ok(mut events) = client.events(None).await {
        while let Ok(Some(event)) = events.next_event().await {
            if let Some(line) = of_waves(&event.kind) {
                eprintln!("{}", draw::clean(&line));
            }
        }
    }
    pending().await
}

/// What is told while a change in waves is waited for. One change runs at a time, so it is that one.
fn of_waves(kind: &EventKind) -> Option<String> {
    let is_told = matches!(kind, EventKind::WaveWatched { .. } | EventKind::WaveStopped { .. });
    is_told.then(|| api::sentence(kind))
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
    use std::future::ready;

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

    #[test]
    fn waves_are_told_while_they_are_waited_for_and_nothing_else_is() {
        let watched =
            EventKind::WaveWatched { wave: 1, of: 2, services: Vec::new(), devices: 3, settle_ms: 8_000 };
        let told = of_waves(&watched).unwrap();
        assert!(
            told.starts_with("wave 1 of 2 is on 3 devices") && told.contains("looked at for 8 s"),
            "{told}"
        );
        assert_eq!(of_waves(&EventKind::Adopted { who: "mei".into() }), None);
    }
}
