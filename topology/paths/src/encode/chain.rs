//! Service chains: a path through nodes with service functions, a firewall for instance, lists the function's segment where it
//! comes to its node (RFC 8402 section 1; the SID is bound to the function as RFC 8986 section 4 binds SIDs to behaviours).
//!
//! No segment leads past a function that is to be visited, so a path falls into legs. A leg is written with the fewest segments as
//! any path is; in SRv6 the SID of a function leads to its node, as the End SID would, and saves that. So taking it as
//! soon as it holds the rest of the leg, and what reaches farthest before, is optimal for the same reason as without functions.

use model::{EdgeIx, NodeIx, Sid, node::ServiceFunction, sr::Dataplane};

use super::{EncodeError, Encoded, Encoder, Encoding, Pin, Segment, SegmentKind, sid::leads};

impl Encoder<'_> {
    /// As [`Encoder::encode_with`], through the service functions of the nodes that the path visits in this order: the waypoints
    /// of a [`crate::PathRequest`]. Each is visited where the path first comes to it after the one before. A node without a
    /// function is a place to pass, and adds nothing; a function adds one segment, in SRv6 none where the node's own segment
    /// would stand there and its locator covers the SID. In containers of [`super::Csid`] it stands last or alone, for no flavor of
    /// it is known that reads on. Of the lists that visit them at these places it is the shortest.
    ///
    /// Costs as much as [`Encoder::encode_with`]. Of the ways to encode this one alone knows service functions.
    ///
    /// # Errors
    /// As there; or the path does not come to one of the nodes, or the function of one has no SID in this data plane that means
    /// it alone.
    pub fn encode_chain(
        &mut self,
        path: &[EdgeIx],
        visits: &[NodeIx],
        encoding: &Encoding<'_>,
    ) -> Result<Encoded, EncodeError> {
        self.check(path)?;
        let stops = self.stops(path, visits)?;
        let Some(first) = path.first() else { return Ok(Encoded { segments: Vec::new(), sids: Vec::new() }) };
        let mut segments = Vec::new();
        let mut from = 0;
        for (place, node) in stops {
            if let Some(service) = self.service_segment(node, encoding.plane)? {
                self.leg(&path[from..place], service, encoding, &mut segments)?;
                from = place;
            }
        }
        segments.append(&mut self.segments(&path[from..], encoding)?);
        let wire = self.wire(&segments, encoding)?;
        let ends = (self.graph.edge(*first).from, path.last().map(|last| self.graph.edge(*last).to));
        self.check_depth(ends, &segments, &wire, encoding, usize::from(encoding.service))?;
        Ok(Encoded { segments, sids: wire.sids })
    }

    /// The segments to a service function and its own.
    fn leg(
        &mut self,
        leg: &[EdgeIx],
        service: Segment,
        encoding: &Encoding<'_>,
        segments: &mut Vec<Segment>,
    ) -> Result<(), EncodeError> {
        let SegmentKind::Service(node) = service.kind else { return Ok(()) };
        let is_led_to = encoding.pin == Pin::Fewest
            && self.locator(node)?.is_some_and(|locator| leads(locator, service.sid));
        let mut at = 0;
        while at < leg.len() && !(is_led_to && self.pinned.holds(&leg[at..])) {
            let (segment, end) = self.next(leg, at, encoding)?;
            segments.push(segment);
            at = end;
        }
        segments.push(service);
        Ok(())
    }

    /// After how many edges a path comes to each of these nodes, in their order.
    fn stops(&self, path: &[EdgeIx], visits: &[NodeIx]) -> Result<Vec<(usize, NodeIx)>, EncodeError> {
        let at = |place: usize| match place.checked_sub(1) {
            None => path.first().map(|first| self.graph.edge(*first).from),
            Some(before) => path.get(before).map(|edge| self.graph.edge(*edge).to),
        };
        let mut stops = Vec::with_capacity(visits.len());
        let mut from = 0;
        for node in visits {
            let place = (from..=path.len()).find(|place| at(*place) == Some(*node));
            from =
                place.ok_or_else(|| EncodeError::NotVisited { node: self.graph.node_id(*node).clone() })?;
            stops.push((from, *node));
        }
        // Asked for twice in a row, a node is visited once.
        stops.dedup();
        Ok(stops)
    }

    /// The segment of a node's service function, where it has one.
    fn service_segment(&self, node: NodeIx, plane: Dataplane) -> Result<Option<Segment>, EncodeError> {
        let facts = self.node(node)?;
        let Some(function) = facts.service_function.as_ref().map(|fact| fact.value) else { return Ok(None) };
        let sid = match plane {
            Dataplane::SrMpls => self.own_label(node, function).map(Sid::Mpls),
            Dataplane::Srv6 => self.own_sid(node, function).map(Sid::Srv6),
        };
        let sid = sid.ok_or_else(|| EncodeError::NoServiceSid { node: facts.id.clone(), plane })?;
        Ok(Some(Segment { sid, kind: SegmentKind::Service(node) }))
    }

    /// The label of a function, unless it means a node or a link there.
    fn own_label(&self, node: NodeIx, function: ServiceFunction) -> Option<model::Label> {
        let srgb = self.node(node).ok()?.srgb;
        let is_link = |label| {
            self.graph.out(node).iter().any(|edge| self.graph.edge(*edge).adjacency_label == Some(label))
        };
        function.label.filter(|label| !super::sid::holds(srgb, *label) && !is_link(*label))
    }

    /// The SRv6 SID of a function, unless it means something else there or leads elsewhere.
    fn own_sid(&self, node: NodeIx, function: ServiceFunction) -> Option<std::net::Ipv6Addr> {
        let facts = self.node(node).ok()?;
        let is_link = |sid| self.graph.out(node).iter().any(|edge| self.graph.edge(*edge).end_x == Some(sid));
        function
            .sid
            .filter(|sid| ![facts.end_sid(), facts.service_sid()].contains(&Some(*sid)) && !is_link(*sid))
    }
}
