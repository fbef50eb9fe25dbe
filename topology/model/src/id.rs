//! Names. Each kind of name is a type, so that a link cannot be asked for by a node's name.

use std::{fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not a name.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("`{text}` is not a name: {why}; use 1 to 128 letters, digits, and . _ - : / ~ @ + without blanks")]
pub struct BadName {
    /// The text as it was given, cut to 140 characters.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

fn check(text: &str) -> Result<(), BadName> {
    let fault = if text.is_empty() {
        Some("it is empty")
    } else if text.len() > 128 {
        Some("it is longer than 128 characters")
    } else if !text.chars().all(|c| c.is_alphanumeric() || "._-:/~@+".contains(c)) {
        Some("it has a character that names do not have")
    } else {
        None
    };
    fault.map_or(Ok(()), |why| Err(BadName { text: text.chars().take(140).collect(), why }))
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A name that the program itself spells.
            ///
            /// # Panics
            /// When the literal is no name: a fault of the program, found by its first run.
            #[track_caller]
            pub fn lit(text: &str) -> Self {
                text.parse().expect("a literal name follows the rule for names")
            }
        }

        impl FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                check(text).map(|()| Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    )*};
}

names! {
    /// A node of the topology (RFC 8345 `node-id`); also the name under which its device stands in the inventory.
    NodeId;
    /// A link, both directions together. Unnamed links are called `a:if--z:if`, ends in the file's order.
    LinkId;
    /// An interface of a node (RFC 8345 termination point).
    InterfaceName;
    /// A site: nodes of one building or campus.
    Site;
    /// An administrative group by name (RFC 7308); links carry them, intents ask for them.
    Affinity;
    /// A `ServiceIntent` document.
    IntentId;
    /// One promise between two nodes: the intent's name, or `intent/a~z` where one intent spans several pairs.
    ServiceId;
    /// A traffic class.
    ClassName;
    /// A queue of an interface.
    QueueName;
    /// A VRF, which exists on the routers and is only referred to.
    VrfName;
    /// A stream of traffic offered to the network.
    DemandId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_refuses_blanks_and_says_why() {
        let error = "hq pe1".parse::<NodeId>().unwrap_err();
        assert!(error.to_string().contains("`hq pe1`"), "{error}");
        assert!("".parse::<NodeId>().is_err());
        assert!("x".repeat(129).parse::<NodeId>().is_err());
    }

    #[test]
    fn names_of_links_and_services_are_names() {
        for text in
            ["line1:core-bj1--hz-pe1", "hq-pe1:eth1--core:Ethernet0/0/1", "voice/hq-pe1~hz-pe1", "北京"]
        {
            assert_eq!(text.parse::<LinkId>().unwrap().as_str(), text);
        }
    }
}
