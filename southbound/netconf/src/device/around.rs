//! What a router says of its interfaces and neighbours, over the session that reads its configuration. It is asked for what its
//! modules have, and for nothing where it names none of them.

use device::{DeviceError, ErrorKind, Step};
use dialects::surroundings::{Topics, read};
use model::Surroundings;
use tokio::time::Instant;

use super::{NetconfDevice, reading, schemas};
use crate::operation::Filter;
use crate::session::{CallError, Session};
use crate::xml::Element;

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
    session.get(Some(filter), deadline).await.map(Some)
}

impl NetconfDevice {
    /// A device that leaves the question unanswered costs its session, as any other that is not answered.
    pub(super) async fn look_around(&mut self) -> Result<Option<Surroundings>, DeviceError> {
        let open = self.take().await?;
        let deadline = open.answer();
        // Who left questions about its modules unanswered has no library, and is taken by its hello.
        let is_asked = self.library.is_some();
        let known = match self.topics {
            Some(known) => Ok(known),
            None => topics(open.session(), is_asked, deadline).await,
        };
        let answer = match &known {
            Ok(topics) => asked(open.session(), *topics, deadline).await,
            Err(_) => Ok(None),
        };
        self.topics = known.as_ref().ok().copied();
        let outcome = known.and(answer);
        let Some(data) = self.put_back(open, Step::Read, outcome)? else { return Ok(None) };
        let read = read(&reading::view(data));
        read.map(Some).map_err(|why| self.failed(Step::Read, ErrorKind::Garbage(why.to_string())))
    }
}
