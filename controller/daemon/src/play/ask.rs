//! What a person asks of the controller in a scenario.

use std::collections::BTreeSet;

use anyhow::bail;
use api::{
    Client,
    request::{ApplyRequest, RestoreRequest},
};
use engine::handle::Subject;
use model::intent;
use net::{Action, Allowed, Sent};
use report::MarkKind;

use super::{Hands, Stage};

/// Why, in the controller's log.
const WHY: &str = "asked for by the scenario";

impl<H: Hands> Stage<'_, H> {
    /// Asks the controller as an action says.
    pub(super) async fn ask(&mut self, action: &Action, client: &Client) -> anyhow::Result<()> {
        let (text, asked) = match action {
            Action::Drain { drain } => {
                (format!("{drain} is drained"), Some((Subject::Link(drain.clone()), true)))
            }
            Action::Undrain { undrain } => {
                (format!("{undrain} is in use again"), Some((Subject::Link(undrain.clone()), false)))
            }
            Action::DrainNode { drain_node } => {
                (format!("{drain_node} is drained"), Some((Subject::Node(drain_node.clone()), true)))
            }
            Action::UndrainNode { undrain_node } => (
                format!("{undrain_node} is in use again"),
                Some((Subject::Node(undrain_node.clone()), false)),
            ),
            Action::Restore { restore } => (format!("what was changed on {restore} is put back"), None),
            Action::Mode { mode } => {
                let mode = match mode {
                    Allowed::Observe => intent::Mode::Observe,
                    Allowed::Recommend => intent::Mode::Recommend,
                    Allowed::Act => intent::Mode::Act,
                };
                self.say(&format!("the mode is set to {mode}"));
                client.mode(mode, WHY).await?;
                return Ok(());
            }
            Action::Apply { apply: Sent::Intents } => ("the intents are applied again".to_owned(), None),
            other => bail!("nobody here can do this: {other:?}"),
        };
        self.say(&text);
        let applied = match (asked, action) {
            (Some((subject, true)), _) => client.drain(&subject, WHY).await?,
            (Some((subject, false)), _) => client.undrain(&subject, WHY).await?,
            (None, Action::Restore { restore }) => {
                self.notes.mark(MarkKind::Restore, &text);
                let nodes = BTreeSet::from([restore.clone()]);
                let request = RestoreRequest { nodes, message: WHY.to_owned(), beyond_limit: false };
                client.restore(&request).await?
            }
            (None, _) => {
                client
                    .apply(&ApplyRequest::new(self.case.intents.clone(), "applied again by the scenario"))
                    .await?
            }
        };
        self.notes.teller.applied(&applied);
        Ok(())
    }
}
