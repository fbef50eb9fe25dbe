//! Notices: values and deletions of one moment, as Get and Subscribe deliver them. One notice may carry many leaves
//! below one prefix; it stays in that form until somebody needs full paths, which keeps telemetry cheap.

use serde_json::Value;

use crate::path::{Path, PathError};
use crate::proto::{self, Encoding};
use crate::value::{self, ValueError};

/// Values and deletions of one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notice {
    /// When the values held, on the clock of the device, in nanoseconds since 1970.
    pub at_ns: i64,
    /// Every path of this notice continues it.
    pub prefix: Path,
    /// Values, relative to the prefix.
    pub leaves: Vec<Leaf>,
    /// What is gone, relative to the prefix.
    pub deleted: Vec<Path>,
    /// The notice is the complete state below its prefix.
    pub atomic: bool,
    /// What of the message could not be read, in words. The rest of the message stands.
    pub unreadable: Vec<String>,
}

/// One value below the prefix of its notice. With JSON encodings it may be a whole tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Continues the prefix of the notice.
    pub path: Path,
    /// The value, see [`crate::value`].
    pub value: Value,
}

/// One value with its full path.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// When the value held, on the clock of the device, in nanoseconds since 1970.
    pub at_ns: i64,
    /// Where, from the root.
    pub path: Path,
    /// The value, see [`crate::value`].
    pub value: Value,
}

impl Notice {
    /// Reads a notification of the wire. A leaf that cannot be read is named in `unreadable` and does not spoil the
    /// others.
    ///
    /// # Errors
    /// The prefix is not a path, so nothing has a place.
    pub fn decode(wire: proto::Notification) -> Result<Self, PathError> {
        let prefix = Path::try_from(wire.prefix.unwrap_or_default())?;
        let mut notice = Self {
            at_ns: wire.timestamp,
            prefix,
            leaves: Vec::with_capacity(wire.update.len()),
            deleted: Vec::with_capacity(wire.delete.len()),
            atomic: wire.atomic,
            unreadable: Vec::new(),
        };
        for update in wire.update {
            match notice.below(update.path.unwrap_or_default()) {
                Ok(path) => match value::decode(update.val.unwrap_or_default()) {
                    Ok(value) => notice.leaves.push(Leaf { path, value }),
                    Err(why) => notice.unreadable.push(format!("{}: {why}", notice.prefix.join(path))),
                },
                Err(why) => notice.unreadable.push(why.to_string()),
            }
        }
        for path in wire.delete {
            match notice.below(path) {
                Ok(path) => notice.deleted.push(path),
                Err(why) => notice.unreadable.push(format!("deletion: {why}")),
            }
        }
        Ok(notice)
    }

    fn below(&self, path: proto::Path) -> Result<Path, PathError> {
        let path = Path::try_from(path)?;
        self.prefix.accepts(&path)?;
        Ok(path)
    }

    /// Writes a notification for the wire; `target` is the name that the request gave in its prefix, echoed as the
    /// specification demands (2.2.2.1).
    ///
    /// # Errors
    /// A value has no form in `encoding`.
    pub fn encode(self, encoding: Encoding, target: &str) -> Result<proto::Notification, ValueError> {
        let update = self.leaves.into_iter().map(|leaf| {
            Ok(proto::Update {
                val: Some(value::encode(&leaf.value, encoding)?),
                path: Some(leaf.path.into()),
                ..Default::default()
            })
        });
        let update = update.collect::<Result<_, ValueError>>()?;
        let has_prefix = !target.is_empty() || self.prefix != Path::root();
        let mut prefix = has_prefix.then(|| proto::Path::from(self.prefix));
        if let Some(prefix) = &mut prefix {
            prefix.target = target.to_owned();
        }
        Ok(proto::Notification {
            timestamp: self.at_ns,
            prefix,
            update,
            delete: self.deleted.into_iter().map(Into::into).collect(),
            atomic: self.atomic,
        })
    }

    /// The values with their full paths.
    pub fn updates(self) -> impl Iterator<Item = Update> {
        let (at_ns, prefix) = (self.at_ns, self.prefix);
        self.leaves.into_iter().map(move |leaf| Update {
            at_ns,
            path: prefix.join(leaf.path),
            value: leaf.value,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> Path {
        text.parse().expect("a path of the test")
    }

    fn counters() -> Notice {
        Notice {
            at_ns: 17,
            prefix: path("/interfaces/interface[name=eth1]"),
            leaves: vec![
                Leaf { path: path("/state/oper-status"), value: json!("UP") },
                Leaf { path: path("/state/counters/in-octets"), value: json!(u64::MAX) },
            ],
            deleted: vec![path("/state/description")],
            ..Notice::default()
        }
    }

    #[test]
    fn a_notice_survives_the_wire() {
        let wire = counters().encode(Encoding::Proto, "r1").expect("scalars");
        assert_eq!(wire.prefix.as_ref().map(|prefix| prefix.target.as_str()), Some("r1"));
        assert_eq!(Notice::decode(wire), Ok(counters()));
    }

    #[test]
    fn updates_have_full_paths() {
        let updates: Vec<Update> = counters().updates().collect();
        assert_eq!(updates[1].path, path("/interfaces/interface[name=eth1]/state/counters/in-octets"));
        assert_eq!((updates[1].at_ns, updates[1].value.as_u64()), (17, Some(u64::MAX)));
    }

    #[test]
    fn one_unreadable_leaf_does_not_spoil_the_others() {
        let mut wire = counters().encode(Encoding::Proto, "").expect("scalars");
        wire.update[0].val = None;
        wire.delete[0].origin = "a b".into();
        let notice = Notice::decode(wire).expect("the prefix is good");
        assert_eq!(notice.leaves.len(), 1);
        assert_eq!(notice.unreadable.len(), 2);
        assert!(notice.unreadable[0].contains("oper-status"), "{:?}", notice.unreadable);
    }
}
