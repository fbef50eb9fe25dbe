//! The controller of a lab: a process of its own, which can be killed and started again.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::bail;
use api::{Client, Token};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::ControllerFault;
use crate::demo::{files::Written, process::Controller};

/// The longest that starting may take.
const START: Duration = Duration::from_secs(120);

/// Where a controller is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Door {
    /// Its address.
    pub url: String,
    /// The file of its token.
    pub token: PathBuf,
}

impl Door {
    /// How people ask it.
    pub(super) fn told(&self) -> String {
        let Self { url, token } = self;
        format!(
            "dashboard {url}\nits controller is asked with\n  export TRUNKLINE_CONTROLLER={url} TRUNKLINE_TOKEN_FILE={}\nand observes until `trunkline adopt`",
            token.display()
        )
    }
}

/// A controller and where it is.
pub(super) struct Driven {
    /// None where it was killed.
    controller: Option<Controller>,
    pub(super) door: Door,
}

impl Driven {
    /// Starts it, and waits until it answers.
    pub(super) async fn start(written: &Written, listen: SocketAddr) -> anyhow::Result<Self> {
        let door = Door { url: format!("http://{listen}"), token: written.state.join("token") };
        let controller = Some(started(written, &door).await?);
        Ok(Self { controller, door })
    }

    /// Kills it, or starts it again with what it wrote down.
    pub(super) async fn fault(&mut self, what: ControllerFault, written: &Written) -> anyhow::Result<()> {
        match (self.controller.take(), what) {
            (Some(controller), ControllerFault::Kill) => controller.kill().await,
            (None, ControllerFault::Kill) => bail!("the controller was killed already"),
            (old, ControllerFault::Restart) => {
                if let Some(old) = old {
                    old.end().await;
                }
                self.controller = Some(started(written, &self.door).await?);
                Ok(())
            }
        }
    }

    pub(super) async fn end(self) {
        if let Some(controller) = self.controller {
            controller.end().await;
        }
    }
}

async fn started(written: &Written, door: &Door) -> anyhow::Result<Controller> {
    let mut controller = Controller::start(written)?;
    let until = Instant::now() + START;
    loop {
        if let Some(ended) = controller.ended() {
            bail!("the controller did not start: {ended}");
        }
        if let Ok(token) = Token::load(&door.token)
            && Client::new(&door.url, Some(token))?.state().await.is_ok()
        {
            return Ok(controller);
        }
        if Instant::now() > until {
            bail!("the controller's API did not answer within {} s", START.as_secs());
        }
        sleep(Duration::from_millis(50)).await;
    }
}
