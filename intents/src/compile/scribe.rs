//! Segment lists of paths, each worked out once: the classes of a branch mostly ride the same way.

use std::collections::BTreeMap;

use model::{EdgeIx, Sid, sr::Dataplane};
use paths::Encoder;

/// An encoder that remembers. Memory: some 200 bytes a path.
pub(super) struct Scribe<'a> {
    encoder: Encoder<'a>,
    known: BTreeMap<(Dataplane, Vec<EdgeIx>), Result<Vec<Sid>, String>>,
}

impl<'a> Scribe<'a> {
    pub(super) const fn new(encoder: Encoder<'a>) -> Self {
        Self { encoder, known: BTreeMap::new() }
    }

    /// The segments that pin a path, with room kept for the service's own; or why there are none.
    pub(super) fn segments(&mut self, path: &[EdgeIx], dataplane: Dataplane) -> Result<Vec<Sid>, String> {
        let Self { encoder, known } = self;
        let segments = known.entry((dataplane, path.to_vec())).or_insert_with(|| {
            let list = encoder.encode(path, dataplane, 1).map_err(|error| error.to_string())?;
            Ok(list.into_iter().map(|segment| segment.sid).collect())
        });
        segments.clone()
    }
}
