//! UPDATE: routes that come and go (RFC 4271 section 4.3), read so that a fault costs as little as RFC 7606 allows. What can be
//! survived is told beside the update; only what makes the routes unreadable ends the session.

use ipnet::{IpNet, Ipv4Net};
use nom::{
    Parser, bytes::complete::take, multi::length_data, number::complete::be_u8, number::complete::be_u16,
};

use super::{
    attribute::{Attribute, Treatment, code as attribute_code, flag},
    context::Context,
    family::Family,
    notification::{Notification, update as subcode},
    octets::{Malformed, Out, Read, Why, series},
    prefix,
    reach::{Nlri, Reach, Unreach},
};
use crate::{ls::LsAttribute, policy::Tunnel};

/// Routes that come and go.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Update {
    /// IPv4 unicast routes that went.
    pub withdrawn: Vec<Ipv4Net>,
    /// Attributes, in the order that they have in the message.
    pub attributes: Vec<Attribute>,
    /// IPv4 unicast routes that came.
    pub announced: Vec<Ipv4Net>,
}

/// A fault that the session survives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The code of the attribute in which it is; none where the list of attributes is at fault.
    pub attribute: Option<u8>,
    /// What it leads to.
    pub treatment: Treatment,
    /// What is wrong.
    pub malformed: Malformed,
}

/// An update as it came, and what was wrong with it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Received {
    /// What could be read.
    pub update: Update,
    /// What was wrong; empty as a rule.
    pub faults: Vec<Fault>,
}

impl Update {
    /// The mark that all routes of a family were sent (RFC 4724 section 2).
    pub fn end_of_rib(family: Family) -> Self {
        if family == Family::IPV4_UNICAST {
            return Self::default();
        }
        let nlri = match family {
            Family::LINK_STATE => Nlri::LinkState(Vec::new()),
            Family::IPV6_UNICAST => Nlri::Ipv6(Vec::new()),
            Family::IPV4_SR_POLICY | Family::IPV6_SR_POLICY => Nlri::SrPolicy(family, Vec::new()),
            _ => Nlri::Other(family, Vec::new()),
        };
        Self { attributes: vec![Attribute::Unreach(Unreach(nlri))], ..Self::default() }
    }

    /// The family of which this is the end, if it is one.
    pub fn is_end_of_rib(&self) -> Option<Family> {
        match self.attributes.as_slice() {
            _ if !self.withdrawn.is_empty() || !self.announced.is_empty() => None,
            [] => Some(Family::IPV4_UNICAST),
            [Attribute::Unreach(Unreach(nlri))] if nlri.is_empty() => Some(nlri.family()),
            _ => None,
        }
    }

    /// Whether routes come or go.
    pub fn has_routes(&self) -> bool {
        let own = !self.withdrawn.is_empty() || !self.announced.is_empty();
        own || self.reach().is_some() || self.unreach().is_some()
    }

    /// Routes that came, beside those of IPv4 unicast in the message's own field.
    pub fn reach(&self) -> Option<&Reach> {
        self.attributes.iter().find_map(|attribute| match attribute {
            Attribute::Reach(reach) => Some(reach),
            _ => None,
        })
    }

    /// Routes that went, beside those of IPv4 unicast in the message's own field.
    pub fn unreach(&self) -> Option<&Unreach> {
        self.attributes.iter().find_map(|attribute| match attribute {
            Attribute::Unreach(unreach) => Some(unreach),
            _ => None,
        })
    }

    /// What BGP-LS says of the routes that came.
    pub fn link_state(&self) -> Option<&LsAttribute> {
        self.attributes.iter().find_map(|attribute| match attribute {
            Attribute::LinkState(attribute) => Some(attribute),
            _ => None,
        })
    }

    /// The tunnels of the routes that came.
    pub fn tunnels(&self) -> &[Tunnel] {
        let found = self.attributes.iter().find_map(|attribute| match attribute {
            Attribute::Tunnel(tunnels) => Some(tunnels.as_slice()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    pub(crate) fn encode(&self, four_octet_as: bool, out: &mut Out) {
        out.sized16("the withdrawn routes", |out| {
            self.withdrawn.iter().for_each(|net| prefix::put(IpNet::V4(*net), out));
        });
        out.sized16("the attributes", |out| {
            self.attributes.iter().for_each(|attribute| attribute.encode(four_octet_as, out));
        });
        self.announced.iter().for_each(|net| prefix::put(IpNet::V4(*net), out));
    }

    /// Reads an UPDATE.
    ///
    /// # Errors
    /// Where nothing less than the end of the session will do (RFC 4271 section 6.3, RFC 7606 section 3).
    pub fn decode(body: &[u8], context: &Context) -> Result<Received, Notification> {
        let fields: Read<'_, _> = (length_data(be_u16), length_data(be_u16)).parse(body);
        let (announced, (withdrawn, attributes)) =
            fields.map_err(|_| Notification::update(subcode::ATTRIBUTE_LIST))?;
        let invalid = |_| Notification::update(subcode::NETWORK);
        let withdrawn = series("withdrawn routes", withdrawn, prefix::prefix4).map_err(invalid)?;
        let announced = series("routes", announced, prefix::prefix4).map_err(invalid)?;
        let mut received =
            Received { update: Self { withdrawn, announced, attributes: Vec::new() }, faults: Vec::new() };
        received.read_attributes(attributes, context)?;
        received.miss_mandatory();
        received.has_routes_to_withdraw()?;
        Ok(received)
    }
}

impl Received {
    /// Whether the routes that came count as withdrawn.
    pub fn counts_as_withdrawn(&self) -> bool {
        self.faults.iter().any(|fault| fault.treatment >= Treatment::Withdraw)
    }

    /// Routes that came and are to be believed.
    pub fn came(&self) -> Option<&Nlri> {
        self.update.reach().map(|reach| &reach.nlri).filter(|_| !self.counts_as_withdrawn())
    }

    /// Routes that went, or count as withdrawn.
    pub fn went(&self) -> impl Iterator<Item = &Nlri> {
        let withdrawn = self.update.reach().map(|reach| &reach.nlri).filter(|_| self.counts_as_withdrawn());
        self.update.unreach().map(|unreach| &unreach.0).into_iter().chain(withdrawn)
    }

    fn fault(&mut self, attribute: Option<u8>, treatment: Treatment, malformed: Malformed) {
        self.faults.push(Fault { attribute, treatment, malformed });
    }

    fn read_attributes(&mut self, mut octets: &[u8], context: &Context) -> Result<(), Notification> {
        let mut seen = [false; 256];
        while !octets.is_empty() {
            let Ok((rest, (flags, code, value))) = attribute(octets) else {
                // RFC 7606 section 4: the length of all attributes is right, so the routes are where they should be.
                let short = Malformed::new("list of attributes", Why::Short { have: octets.len() });
                self.fault(None, Treatment::Withdraw, short);
                return Ok(());
            };
            octets = rest;
            let Some(before) = seen.get_mut(usize::from(code)) else { continue };
            if std::mem::replace(before, true) {
                // RFC 7606 section 3 g.
                if [attribute_code::REACH, attribute_code::UNREACH].contains(&code) {
                    return Err(Notification::update(subcode::ATTRIBUTE_LIST));
                }
                let again = Malformed::new("second attribute of its kind", Why::Value(code.into()));
                self.fault(Some(code), Treatment::DiscardAttribute, again);
                continue;
            }
            match Attribute::decode(flags, code, value, context) {
                Ok((attribute, left_out)) => {
                    self.update.attributes.push(attribute);
                    for malformed in left_out {
                        self.fault(Some(code), Treatment::DiscardNlri, malformed);
                    }
                }
                Err((Treatment::Reset, _)) => return Err(reset(flags, code, value)),
                Err((treatment, malformed)) => {
                    // What the routes are has to be known to withdraw them.
                    if code == attribute_code::REACH || code == attribute_code::UNREACH {
                        self.keep_routes(code, value).map_err(|_| reset(flags, code, value))?;
                    }
                    self.fault(Some(code), treatment, malformed);
                }
            }
        }
        Ok(())
    }

    /// Routes of an attribute whose flags alone are wrong.
    fn keep_routes(&mut self, code: u8, value: &[u8]) -> Result<(), Malformed> {
        self.update.attributes.push(if code == attribute_code::REACH {
            Attribute::Reach(Reach::decode(value)?.0)
        } else {
            Attribute::Unreach(Unreach::decode(value)?.0)
        });
        Ok(())
    }

    /// ORIGIN and AS_PATH belong to all routes, NEXT_HOP to those of the message's own field (RFC 7606 section 3 d).
    fn miss_mandatory(&mut self) {
        let own = !self.update.announced.is_empty();
        let any = own || self.update.reach().is_some_and(|reach| !reach.nlri.is_empty());
        let mandatory =
            [(any, attribute_code::ORIGIN), (any, attribute_code::AS_PATH), (own, attribute_code::NEXT_HOP)];
        for (needed, code) in mandatory {
            let there = self.update.attributes.iter().any(|attribute| attribute.code() == code);
            let told = self.faults.iter().any(|fault| fault.attribute == Some(code));
            if needed && !there && !told {
                let missing = Malformed::new("mandatory attribute", Why::Missing(code.into()));
                self.fault(Some(code), Treatment::Withdraw, missing);
            }
        }
    }

    /// An error that withdraws, in a message whose routes cannot be found, ends the session (RFC 7606 section 5.2).
    fn has_routes_to_withdraw(&self) -> Result<(), Notification> {
        let routes = !self.update.announced.is_empty() || self.update.reach().is_some();
        let bad = |fault: &Fault| {
            fault.treatment >= Treatment::Withdraw && fault.attribute != Some(attribute_code::UNREACH)
        };
        if !routes && self.faults.iter().any(bad) {
            return Err(Notification::update(subcode::ATTRIBUTE_LIST));
        }
        Ok(())
    }
}

/// One attribute: flags, code, value.
fn attribute(octets: &[u8]) -> Read<'_, (u8, u8, &[u8])> {
    let (octets, (flags, code)) = (be_u8, be_u8).parse(octets)?;
    let (octets, length) =
        if flags & flag::EXTENDED == 0 { be_u8.map(u16::from).parse(octets)? } else { be_u16(octets)? };
    let (octets, value) = take(length)(octets)?;
    Ok((octets, (flags, code, value)))
}

/// What the other side is told of an attribute that ends the session: the attribute itself (RFC 4271 section 6.3).
fn reset(flags: u8, code: u8, value: &[u8]) -> Notification {
    let well_known = flags & flag::OPTIONAL == 0;
    let subcode = if well_known { subcode::UNRECOGNISED } else { subcode::OPTIONAL };
    let mut data = vec![flags | flag::EXTENDED, code];
    data.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
    data.extend(value.iter().take(1_024));
    Notification::with(super::notification::code::UPDATE, subcode, data)
}
