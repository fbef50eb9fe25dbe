//! What a router says of its interfaces and neighbours, over the session that reads its configuration. It is asked for what its
//! modules have, and for nothing where it names none of them; not beside a change, and rarely where it leaves the question unanswered.

use std::time::Duration;

use device::{DeviceError, ErrorKind, Step};
use dialects::surroundings::{Topics, read};
use model::Surroundings;
use tokio::time::Instant;

use super::candidate::Candidate;
use super::{NetconfDevice, of_call, reading, schemas};
use crate::operation::nmda::DataStore;
use crate::operation::{Datastore, Filter};
use crate::session::{CallError, Session};
use crate::xml::Element;

/// How long it is waited for: less than for what a change asks, which may wait behind it.
const LOOK: Duration = Duration::from_secs(5);
/// How long a router has, that did not answer, to answer something else.
const ALIVE: Duration = Duration::from_secs(2);

/// What it can be asked for by the names of its modules. They are those of its hello, and of its library where one `is_asked`.
async fn topics(session: &Session, is_asked: bool, deadline: Instant) -> Result<Topics, CallError> {
    let names = schemas::names(session, is_asked, deadline).await?;
    Ok(Topics::of(names.iter().map(String::as_str)))
}

/// What it answers; none where there is nothing to ask.
async fn asked(session: &Session, topics: Topics, deadline: Instant) -> Result<Option<Element>, CallError> {
    if topics.is_empty() {
        return Ok(None);
    }
    let filter = Filter::subtree(&topics.filter_xml()).expect("the filter is well-formed");
    if session.capabilities().nmda() {
        // What is in force, where `get` mixes in what is only configured (RFC 8526, section 3.1).
        match session.get_data(DataStore::Operational, Some(filter.clone()), deadline).await {
            // A module that is listed and not carried out is the fault of the device, and costs one question.
            Err(CallError::Refused(_)) => {}
            other => return other.map(Some),
        }
    }
    session.get(Some(filter), deadline).await.map(Some)
}

/// By what rests are counted.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}

impl NetconfDevice {
    /// What is around it. While a change is under way it is [`ErrorKind::Locked`].
    pub(super) async fn look_around(&mut self) -> Result<Option<Surroundings>, DeviceError> {
        self.expect_no_change(Step::Read)?;
        if let Some(why) = self.rest.resting(now()) {
            return Err(self.failed(Step::Read, ErrorKind::Silent(why.to_owned())));
        }
        let open = self.take().await?;
        let deadline = open.answer().min(Instant::now() + LOOK);
        // Who left questions about its modules unanswered has no library, and is taken by its hello.
        let is_asked = self.library.is_some();
        let known = match self.topics {
            Some(known) => Ok(known),
            None => topics(open.session(), is_asked, deadline).await,
        };
        let answer = match &known {
            Ok(topics) if self.tells_database => {
                asked(open.session(), topics.with_database(), deadline).await
            }
            Ok(topics) => asked(open.session(), *topics, deadline).await,
            Err(_) => Ok(None),
        };
        self.topics = known.as_ref().ok().copied();
        let outcome = match known.and(answer) {
            Err(error) if error.is_outcome_unknown() => return Err(self.give_up(open, &error).await),
            outcome => outcome,
        };
        if outcome.is_ok() {
            self.rest.answered();
        }
        let Some(data) = self.put_back(open, Step::Read, outcome)? else { return Ok(None) };
        let read = read(&reading::view(data));
        read.map(Some).map_err(|why| self.failed(Step::Read, ErrorKind::Garbage(why.to_string())))
    }

    /// It did not answer. An answer that comes late is known by its number and dropped, so that the session is as good as before where the
    /// router answers something else meanwhile; where it does not, the session ends as after any order that was not answered.
    async fn give_up(&mut self, open: Candidate, error: &CallError) -> DeviceError {
        let kind = of_call(error);
        self.rest.unanswered(error.to_string(), now());
        let deadline = Instant::now() + ALIVE;
        let filter = Some(self.filter.clone());
        let said = open.session().get_config(Datastore::Running, filter, None, deadline).await;
        let is_answered = match &said {
            Ok(_) => true,
            Err(error) => !error.is_outcome_unknown() && !matches!(error, CallError::NotSent(_)),
        };
        if is_answered && open.session().end().is_none() {
            self.open = Some(open);
        }
        self.failed(Step::Read, kind)
    }
}
