//! One request, one answer: every operation of the protocol on the store.

use model::Span;
use netconf::{
    ns,
    operation::{
        Datastore as Name, DefaultOperation, DefaultsMode, EditConfig, ErrorOption, Filter,
        Operation as Asked, Source, Target as To, TestOption as Test,
    },
    rpc::{Rpc, RpcReply},
    rpc_error::RpcErrors,
    xml::Element,
};

use super::{
    content::{read_config, rpc_error, write_branch},
    filter,
    notify::Subscription,
    seat::Session,
};
use crate::{
    datastore::{
        Operation, Refusal, SessionId, Tag, Tree,
        store::{CommitRequest, DEFAULT_CONFIRM, Target, TestOption},
    },
    fault::{Fault, Kind, Step},
    state::{Part, Parts},
};

/// What a session does about a request.
pub(super) enum Answer {
    /// Says this.
    Reply(RpcReply),
    /// Says this and ends.
    Last(RpcReply),
    /// Says what is no answer.
    Garbage,
    /// Says nothing, ever.
    Never,
    /// Ends.
    Close,
}

/// What an operation yields.
enum Done {
    Ok,
    Data(Vec<Element>),
    Output(Vec<Element>),
}

type Outcome = Result<Done, RpcErrors>;

/// Carries out a request.
pub(super) async fn answer(session: &mut Session, rpc: Rpc) -> Answer {
    let asked = match Asked::parse(rpc.operation.clone()) {
        Ok(asked) => asked,
        Err(error) => return Answer::Reply(RpcReply::errors(&rpc, RpcErrors::from(*error))),
    };
    let fault = match step_of(session, &asked) {
        Some(step) => session.router.faults.meet(step).await,
        None => None,
    };
    match fault {
        Some(Fault { kind: Kind::Refuse, .. }) => {
            let refusal = Refusal::new(Tag::OperationFailed, "refused: the lab planned this fault");
            return Answer::Reply(RpcReply::errors(&rpc, errors(session, &refusal)));
        }
        Some(Fault { kind: Kind::Lie, .. }) => return Answer::Reply(RpcReply::ok(&rpc)),
        Some(fault) if !fault.after => return struck(session, fault.kind),
        _ => {}
    }
    let last = matches!(asked, Asked::CloseSession);
    let changes = matches!(asked, Asked::Commit(_) | Asked::CancelCommit { .. });
    let done = carry_out(session, asked);
    if changes && done.is_ok() {
        // Who is answered may send what the change is for.
        session.router.follows().await;
    }
    let reply = match done {
        Ok(Done::Ok) => RpcReply::ok(&rpc),
        Ok(Done::Data(content)) => RpcReply::data(&rpc, content),
        Ok(Done::Output(output)) => RpcReply::output(&rpc, output),
        Err(errors) => RpcReply::errors(&rpc, errors),
    };
    match fault {
        Some(fault) => struck(session, fault.kind),
        None if last => Answer::Last(reply),
        None => Answer::Reply(reply),
    }
}

fn struck(session: &Session, kind: Kind) -> Answer {
    match kind {
        Kind::Restart => {
            session.router.restart();
            Answer::Close
        }
        Kind::Hang | Kind::Wait => Answer::Never,
        Kind::Garbage => Answer::Garbage,
        Kind::Close | Kind::Refuse | Kind::Lie => Answer::Close,
    }
}

fn step_of(session: &Session, asked: &Asked) -> Option<Step> {
    Some(match asked {
        Asked::Lock { .. } => Step::Lock,
        Asked::EditConfig(_) | Asked::CopyConfig { .. } => Step::Edit,
        Asked::Validate { .. } => Step::Validate,
        Asked::Commit(commit) => {
            let waits = session.router.with(|store| store.deadline().is_some());
            if commit.confirmed.is_none() && waits { Step::Confirm } else { Step::Commit }
        }
        Asked::CancelCommit { .. } => Step::Cancel,
        Asked::Get { .. } | Asked::GetConfig { .. } => Step::Get,
        Asked::CreateSubscription { .. } => Step::Subscribe,
        _ => return None,
    })
}

fn carry_out(session: &mut Session, asked: Asked) -> Outcome {
    let who = session.id;
    let router = session.router.clone();
    let done = match asked {
        Asked::Get { filter, with_defaults } => {
            let (tree, _) = router.view_of(meant(filter.as_ref()));
            return read(session, tree, filter, with_defaults);
        }
        Asked::GetConfig { source, filter, with_defaults } => {
            let tree = match store_of(source) {
                Ok(Target::Running) => router.with(|store| store.running().clone()),
                Ok(Target::Candidate) => router.with(|store| store.candidate().clone()),
                Err(refusal) => return Err(errors(session, &refusal)),
            };
            return read(session, tree, filter, with_defaults);
        }
        Asked::GetSchema { identifier, version, format } => {
            return schema_text(session, &identifier, version.as_deref(), format.as_deref());
        }
        Asked::CreateSubscription { stream, filter, start, stop } => {
            return subscribe(session, stream.as_deref(), filter, start.is_some() || stop.is_some());
        }
        Asked::EditConfig(edit) => edit_config(session, edit),
        Asked::CopyConfig { target, source } => copy_config(session, &target, source),
        Asked::Lock { target } => store_of(target).and_then(|t| router.with(|store| store.lock(t, who))),
        Asked::Unlock { target } => store_of(target).and_then(|t| router.with(|store| store.unlock(t, who))),
        Asked::Validate { source } => validate(session, source),
        Asked::DiscardChanges => router.with(|store| store.discard(who)),
        Asked::Commit(commit) => {
            let confirmed = commit.confirmed.as_ref();
            let wait = |c: &netconf::operation::Confirmed| {
                c.timeout_s.map_or(DEFAULT_CONFIRM, |seconds| Span::from_secs(seconds.into()))
            };
            let request = CommitRequest {
                confirmed: confirmed.map(wait),
                persist: confirmed.and_then(|c| c.persist.clone()),
                persist_id: commit.persist_id,
            };
            router.change(session.author(), |store, now| store.commit(who, request, now)).map(drop)
        }
        Asked::CancelCommit { persist_id } => router
            .change(session.author(), |store, _| store.cancel_commit(who, persist_id.as_deref()))
            .map(drop),
        Asked::CloseSession => Ok(()),
        Asked::KillSession { session_id } => kill(session, SessionId(session_id)),
        Asked::DeleteConfig { .. } => Err(unsupported("there is no datastore that could be deleted")),
        Asked::GetData { .. } | Asked::EditData { .. } => {
            Err(unsupported("datastores are read and written by get, get-config and edit-config: no NMDA"))
        }
        Asked::Other(element) => {
            Err(unsupported(&format!("the operation `{}` is not known", element.name.local)))
        }
    };
    done.map(|()| Done::Ok).map_err(|refusal| errors(session, &refusal))
}

fn errors(session: &Session, refusal: &Refusal) -> RpcErrors {
    RpcErrors::from(rpc_error(session.router.schema(), refusal))
}

fn unsupported(message: &str) -> Refusal {
    Refusal::new(Tag::OperationNotSupported, message)
}

fn store_of(name: Name) -> Result<Target, Refusal> {
    match name {
        Name::Running => Ok(Target::Running),
        Name::Candidate => Ok(Target::Candidate),
        Name::Startup => Err(unsupported("there is no startup datastore")),
    }
}

fn read(
    session: &Session,
    tree: Tree,
    filter: Option<Filter>,
    with_defaults: Option<DefaultsMode>,
) -> Outcome {
    let schema = session.router.schema();
    if with_defaults.is_some_and(|mode| mode != DefaultsMode::Explicit) {
        let message = "the only mode of with-defaults is explicit";
        let refusal = Refusal::new(Tag::InvalidValue, message).about("with-defaults");
        return Err(errors(session, &refusal));
    }
    match filter {
        None => Ok(Done::Data(write_branch(schema, tree.root()))),
        Some(Filter::Subtree(wanted)) => {
            Ok(Done::Data(write_branch(schema, &filter::select(schema, tree.root(), &wanted))))
        }
        Some(Filter::XPath { .. }) => Err(errors(session, &unsupported("filters are subtrees: no :xpath"))),
    }
}

/// The kinds of state that a filter may mean. What IS-IS tells is much, and stands in one place.
fn meant(filter: Option<&Filter>) -> Parts {
    let is_instances = |wanted: &Element| &*wanted.name.local == "network-instances";
    match filter {
        Some(Filter::Subtree(wanted)) if !wanted.iter().any(is_instances) => Parts::all_but(Part::Database),
        _ => Parts::all(),
    }
}

fn edit_config(session: &Session, edit: EditConfig) -> Result<(), Refusal> {
    if edit.target != Name::Candidate {
        return Err(unsupported("only the candidate can be edited: no :writable-running"));
    }
    if edit.error_option == Some(ErrorOption::ContinueOnError) {
        return Err(unsupported("an edit is taken whole or not at all: use rollback-on-error"));
    }
    let edits = read_config(session.router.schema(), &edit.config)?;
    let default = match edit.default_operation {
        None | Some(DefaultOperation::Merge) => Operation::Merge,
        Some(DefaultOperation::Replace) => Operation::Replace,
        Some(DefaultOperation::None) => Operation::None,
    };
    // With :validate the default is to test first (RFC 6241 section 7.2).
    let test = match edit.test_option {
        None | Some(Test::TestThenSet) => TestOption::TestThenSet,
        Some(Test::Set) => TestOption::Set,
        Some(Test::TestOnly) => TestOption::TestOnly,
    };
    session.router.with(|store| store.edit(session.id, &edits, default, test))
}

fn copy_config(session: &Session, target: &To, source: Source) -> Result<(), Refusal> {
    if *target != To::Datastore(Name::Candidate) {
        return Err(unsupported("only the candidate can be copied to"));
    }
    match source {
        Source::Datastore(Name::Running) => session.router.with(|store| store.discard(session.id)),
        Source::Datastore(Name::Candidate) => {
            Err(Refusal::new(Tag::InvalidValue, "source and target are the same"))
        }
        Source::Datastore(Name::Startup) | Source::Url(_) => {
            Err(unsupported("there is neither startup nor :url"))
        }
        Source::Config(config) => {
            let edits = read_config(session.router.schema(), &config)?;
            let replace = (Operation::Replace, TestOption::Set);
            session.router.with(|store| store.edit(session.id, &edits, replace.0, replace.1))
        }
    }
}

fn validate(session: &Session, source: Source) -> Result<(), Refusal> {
    match source {
        Source::Datastore(name) => {
            let target = store_of(name)?;
            session.router.with(|store| store.validate(target))
        }
        Source::Config(config) => {
            let edits = read_config(session.router.schema(), &config)?;
            session.router.with(|store| store.validate_inline(&edits))
        }
        Source::Url(_) => Err(unsupported("no :url")),
    }
}

fn kill(session: &Session, other: SessionId) -> Result<(), Refusal> {
    let wrong = |message: &str| Err(Refusal::new(Tag::InvalidValue, message).about("session-id"));
    if other == session.id {
        return wrong("a session ends itself by close-session");
    }
    if session.router.kill_session(other) { Ok(()) } else { wrong("there is no such session") }
}

fn subscribe(session: &mut Session, stream: Option<&str>, filter: Option<Filter>, replay: bool) -> Outcome {
    if session.subscription.is_some() {
        let refusal = Refusal::new(Tag::InUse, "this session has its subscription already");
        return Err(errors(session, &refusal));
    }
    session.subscription = Some(Subscription::new(stream, filter, replay).map_err(|e| RpcErrors::from(*e))?);
    Ok(Done::Ok)
}

fn schema_text(session: &Session, identifier: &str, version: Option<&str>, format: Option<&str>) -> Outcome {
    let format = format.map(|format| format.rsplit_once(':').map_or(format, |(_, name)| name));
    if format.is_some_and(|format| format != "yang") {
        let refusal = Refusal::new(Tag::InvalidValue, "schemas are served as yang").about("format");
        return Err(errors(session, &refusal));
    }
    let modules = session.router.schema().modules();
    let wanted = modules.iter().find(|module| {
        module.name == identifier && version.is_none_or(|v| v.is_empty() || v == module.revision)
    });
    match wanted {
        Some(module) => Ok(Done::Output(vec![Element::new(ns::MONITORING, "data").with_text(module.text)])),
        None => {
            let message = format!("no module `{identifier}` of that revision is served");
            Err(errors(session, &Refusal::new(Tag::InvalidValue, message).about("identifier")))
        }
    }
}
