//! A list that is too long, in parts: each part but the last ends in the binding SID of a policy on the way, which holds the
//! next part (RFC 9256 section 6.2; in SRv6 End.B6.Encaps, RFC 8986 section 4.13).

use std::ops::Range;

use model::{EdgeIx, NodeIx, sr::Dataplane};

use super::{EncodeError, Encoder, Encoding, Segment, SegmentKind, depth::Wire};

/// One part of a list: a policy of its own on the node where it starts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// The node that holds it: the headend of the path, or the node whose binding SID ends the part before.
    pub head: NodeIx,
    /// Which edges of the path it pins.
    pub edges: Range<usize>,
    /// Its segments, without the binding SID that follows them where another part comes.
    pub segments: Vec<Segment>,
}

impl Encoder<'_> {
    /// A path in as few parts as fit, each of them as [`Encoder::encode_with`] would write it; a single part where the whole list
    /// fits. Of equally few parts the first is the shortest, then the second. Every part but the last has room kept
    /// for the binding SID of the next one (the caller allocates it), and the first one for the service SIDs too.
    ///
    /// In SRv6 the node of a further part encapsulates anew: the end of each such part has to take that off (flavor USD, RFC 8986
    /// section 4.16.3). A binding SID is routed to by its node's locator, so no node segment stands before it.
    ///
    /// O(links² * cost of encoding); exact.
    ///
    /// # Errors
    /// Something cannot be encoded, or even a single link is too deep somewhere.
    pub fn encode_in_parts(
        &mut self,
        path: &[EdgeIx],
        encoding: &Encoding<'_>,
    ) -> Result<Vec<Part>, EncodeError> {
        self.check(path)?;
        let end = path.len();
        // From each place on the path: how many parts the rest takes, and where its first part ends.
        let mut best: Vec<Option<(usize, Part)>> = vec![None; end];
        let mut why = None;
        for start in (0..end).rev() {
            for stop in start + 1..=end {
                let Some(rest) = (if stop == end { Some(0) } else { best[stop].as_ref().map(|best| best.0) })
                else {
                    continue;
                };
                if best[start].as_ref().is_some_and(|known| known.0 <= rest + 1) {
                    continue;
                }
                match self.part(path, start..stop, encoding) {
                    Ok(part) => best[start] = Some((rest + 1, part)),
                    Err(error) => why = why.or(Some(error)),
                }
            }
        }
        let mut parts = Vec::new();
        let mut at = 0;
        while at < end {
            let Some((_, part)) = best[at].take() else {
                return Err(why.unwrap_or_else(|| self.broken(path[at])));
            };
            at = part.edges.end;
            parts.push(part);
        }
        Ok(parts)
    }

    fn part(
        &mut self,
        path: &[EdgeIx],
        edges: Range<usize>,
        encoding: &Encoding<'_>,
    ) -> Result<Part, EncodeError> {
        let mut segments = self.segments(&path[edges.clone()], encoding)?;
        let goes_on = edges.end < path.len();
        if goes_on
            && encoding.plane == Dataplane::Srv6
            && matches!(segments.last().map(|last| last.kind), Some(SegmentKind::Node(_)))
        {
            segments.pop();
        }
        let service = if edges.start == 0 { usize::from(encoding.service) } else { 0 };
        let head = self.graph.edge(path[edges.start]).from;
        // The service SIDs of the first part are read at the end of the whole path; a further part that goes on ends in the
        // binding SID of the next, where nothing is taken off.
        let is_last = service > 0 || !goes_on;
        let tail = path.last().filter(|_| is_last).map(|last| self.graph.edge(*last).to);
        let wire: Wire = self.wire(&segments, encoding)?;
        self.check_depth((head, tail), &segments, &wire, encoding, service + usize::from(goes_on))?;
        Ok(Part { head, edges, segments })
    }
}
