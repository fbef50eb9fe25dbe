//! Notifications (RFC 5277): what changed in running, as `netconf-config-change` (RFC 6470).

use netconf::{
    message::Notification,
    operation::Filter,
    rpc_error::{ErrorTag, ErrorType, RpcError},
    xml::Element,
};

use super::content::prefixed;
use crate::{
    clock,
    datastore::{ChangeKind, SessionId, path::show},
    router::{Author, Event},
    yang::Schema,
};

const NAMESPACE: &str = "urn:ietf:params:xml:ns:yang:ietf-netconf-notifications";

/// Most edits that one notification lists; a larger change lists none, which RFC 6470 allows and readers must expect.
const MAX_EDITS: usize = 500;

/// What a session asked to be told.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    filter: Option<Vec<Element>>,
}

impl Subscription {
    /// Reads the parameters of `<create-subscription>`.
    ///
    /// # Errors
    /// For another stream than `NETCONF`, for replay, and for XPath.
    pub(super) fn new(
        stream: Option<&str>,
        filter: Option<Filter>,
        replay: bool,
    ) -> Result<Self, Box<RpcError>> {
        let refuse = |tag, message: &str, name: &str| {
            let info = Element::new(netconf::ns::BASE, "bad-element").with_text(name);
            Err(Box::new(RpcError::new(ErrorType::Protocol, tag, message).with_info(info)))
        };
        if stream.is_some_and(|stream| stream != "NETCONF") {
            return refuse(ErrorTag::InvalidValue, "the only stream is NETCONF", "stream");
        }
        if replay {
            return refuse(ErrorTag::OperationNotSupported, "past notifications are not kept", "startTime");
        }
        match filter {
            None => Ok(Self { filter: None }),
            Some(Filter::Subtree(filter)) => Ok(Self { filter: Some(filter) }),
            Some(Filter::XPath { .. }) => refuse(ErrorTag::OperationNotSupported, "no :xpath", "filter"),
        }
    }

    /// Whether the filter lets a notification pass.
    pub(super) fn wants(&self, notification: &Notification) -> bool {
        let passes = |filter: &[Element]| {
            filter.iter().any(|wanted| notification.content.iter().any(|content| fits(wanted, content)))
        };
        self.filter.as_deref().is_none_or(passes)
    }
}

fn fits(wanted: &Element, content: &Element) -> bool {
    let text = wanted.text.trim();
    wanted.name.local == content.name.local
        && (wanted.name.ns.is_empty() || wanted.name.ns == content.name.ns)
        && (text.is_empty() || text == content.text.trim())
        && wanted.children.iter().all(|child| content.children.iter().any(|c| fits(child, c)))
}

/// A change of running as a notification.
pub(super) fn config_change(schema: &Schema, event: &Event) -> Notification {
    let by = Element::new(NAMESPACE, "changed-by");
    let by = match &event.by {
        Author::Session { id: SessionId(id), user, host } => by
            .with_leaf("username", user.as_str())
            .with_leaf("session-id", id.to_string())
            .with_leaf("source-host", host.to_string()),
        // Session 0 is what is no NETCONF session (RFC 6470).
        Author::Client => by.with_leaf("username", "gnmi").with_leaf("session-id", "0"),
        Author::Server => by.with_empty("server"),
    };
    let mut content =
        Element::new(NAMESPACE, "netconf-config-change").with_child(by).with_leaf("datastore", "running");
    if event.changes.len() <= MAX_EDITS {
        for change in &event.changes {
            let (path, bindings) = prefixed(schema, &show(schema, &change.path));
            let mut target = Element::new(NAMESPACE, "target").with_text(path);
            target.bindings = bindings;
            let operation = match change.kind {
                ChangeKind::Created(_) => "create",
                ChangeKind::Deleted => "delete",
                ChangeKind::Modified(_) => "replace",
            };
            let edit = Element::new(NAMESPACE, "edit").with_child(target).with_leaf("operation", operation);
            content = content.with_child(edit);
        }
    }
    Notification { event_time: clock::rfc3339(event.at), content: vec![content] }
}
