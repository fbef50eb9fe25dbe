//! What every vendor's SR policies have in common: one data plane, limits of numbers, and how a candidate path's name and
//! discriminator travel in the name of its segment list where the vendor has no leaf for them.

use std::{fmt, ops::RangeInclusive};

use model::{
    CandidatePath, PolicyKey, SegmentList, Sid, SrPolicy,
    sr::{Dataplane, LastResort},
    state::OWN_PREFIX,
};

use crate::{
    capability::{Feature, Refusal, Support, Unsupported},
    escape::Alphabet,
    reading::{bad, need, parse, parse_color},
    view::{BadPayload, View},
};

/// The ranges of a vendor.
pub(crate) struct Limits {
    /// The vendor's dialect.
    pub dialect: &'static str,
    /// Its table.
    pub support: fn(Feature) -> Support,
    /// Preferences.
    pub preference: RangeInclusive<u32>,
    /// Discriminators.
    pub discriminator: RangeInclusive<u32>,
    /// Weights.
    pub weight: RangeInclusive<u32>,
    /// Lists of a candidate path, at most.
    pub lists: usize,
    /// Segments of a list, at most.
    pub segments: usize,
    /// Whether a preference is the identity of a candidate path.
    pub one_of_a_preference: bool,
}

/// A policy as errors call it.
struct Named<'a>(&'a SrPolicy);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy {} ({})", self.0.name, self.0.key)
    }
}

impl Limits {
    /// Runs `then` with the policy's data plane and the means to refuse it, where all that its vendor asks of it holds.
    pub fn within<T>(
        &self,
        policy: &SrPolicy,
        then: impl FnOnce(Dataplane, &Refusal<'_>) -> Result<T, Unsupported>,
    ) -> Result<T, Unsupported> {
        let named = Named(policy);
        let refusal = Refusal { dialect: self.dialect, support: self.support, what: &named };
        let plane = self.judge(policy, &refusal)?;
        then(plane, &refusal)
    }

    fn judge(&self, policy: &SrPolicy, refusal: &Refusal<'_>) -> Result<Dataplane, Unsupported> {
        if !policy.name.starts_with(OWN_PREFIX) {
            return Err(
                refusal.because(format!("its name does not begin with {OWN_PREFIX}, so it is not ours"))
            );
        }
        let plane = plane(policy, refusal)?;
        let (policies, binding) = match plane {
            Dataplane::SrMpls => (Feature::MplsPolicies, Feature::MplsBindingSids),
            Dataplane::Srv6 => (Feature::Srv6Policies, Feature::Srv6BindingSids),
        };
        refusal.unless(policies)?;
        if policy.binding_sid.is_some() {
            refusal.unless(binding)?;
        }
        if policy.last_resort == LastResort::Drop {
            refusal.unless(Feature::DropWhenInvalid)?;
        }
        if policy.candidates.len() > 1 {
            refusal.unless(Feature::Preferences)?;
        }
        policy.candidates.iter().try_for_each(|path| self.judge_candidate(policy, path, refusal))?;
        Ok(plane)
    }

    fn judge_candidate(
        &self,
        policy: &SrPolicy,
        path: &CandidatePath,
        refusal: &Refusal<'_>,
    ) -> Result<(), Unsupported> {
        refusal.unless_in("preference", path.preference, self.preference.clone())?;
        refusal.unless_in("discriminator", path.discriminator, self.discriminator.clone())?;
        let same = policy.candidates.iter().filter(|other| other.preference == path.preference).count();
        if self.one_of_a_preference && same > 1 {
            let preference = path.preference;
            return Err(refusal.because(format!(
                "{same} candidate paths of preference {preference}, and one is its identity"
            )));
        }
        if path.lists.len() > 1 {
            refusal.unless(Feature::WeightedLists)?;
        }
        if path.lists.len() > self.lists {
            return Err(
                refusal.because(format!("more than {} segment lists in a candidate path", self.lists))
            );
        }
        for list in &path.lists {
            refusal.unless_in("weight", list.weight, self.weight.clone())?;
            if list.sids.len() > self.segments {
                return Err(refusal.because(format!("more than {} segments in a list", self.segments)));
            }
        }
        Ok(())
    }
}

/// The one data plane of all SIDs.
fn plane(policy: &SrPolicy, refusal: &Refusal<'_>) -> Result<Dataplane, Unsupported> {
    let of = |sid: &Sid| match sid {
        Sid::Mpls(_) => Dataplane::SrMpls,
        Sid::Srv6(_) => Dataplane::Srv6,
    };
    let lists = || policy.candidates.iter().flat_map(|path| &path.lists);
    if policy.candidates.iter().any(|path| path.lists.is_empty()) || lists().any(|list| list.sids.is_empty())
    {
        return Err(refusal.because("a candidate path or segment list of it is empty"));
    }
    let Some(plane) = lists().flat_map(|list| &list.sids).map(of).next() else {
        return Err(refusal.because("it has no candidate path, so its data plane cannot be told"));
    };
    let all = lists().flat_map(|list| &list.sids).chain(&policy.binding_sid);
    if all.into_iter().all(|sid| of(sid) == plane) {
        Ok(plane)
    } else {
        Err(refusal.because("its SIDs are of two data planes"))
    }
}

/// The identity of a policy from its two leaves. One that is not ours and has none that we understand is nobody's: no error.
pub(crate) fn identity(
    node: &View,
    endpoint: &'static str,
    ours: bool,
    place: &str,
) -> Result<Option<PolicyKey>, BadPayload> {
    let key = || {
        Ok(PolicyKey {
            color: parse_color(need(node, &["color"], place, "color")?, place)?,
            endpoint: parse(need(node, &[endpoint], place, endpoint)?, place, "an address")?,
        })
    };
    match key() {
        Ok(key) => Ok(Some(key)),
        Err(_) if !ours => Ok(None),
        Err(error) => Err(error),
    }
}

/// `5.1` and a mark and the candidate path's name: what the name of a segment list says of its candidate path.
pub(crate) fn tail(path: &CandidatePath, place: u32, mark: char, alphabet: &Alphabet) -> String {
    format!("{}.{place}{mark}{}", path.discriminator, alphabet.write(&path.name))
}

/// A segment list as a device names it: its place, and what the name says of its candidate path.
pub(crate) struct Listed {
    /// Its place in the candidate path.
    pub place: u32,
    /// The candidate path's discriminator.
    pub discriminator: u32,
    /// The candidate path's name.
    pub name: String,
    /// The list.
    pub list: SegmentList,
}

impl Listed {
    /// Understands what [`tail`] wrote.
    pub fn from_tail(
        text: &str,
        mark: char,
        alphabet: &Alphabet,
        list: SegmentList,
        at: &str,
    ) -> Result<Self, BadPayload> {
        let wrong = || bad(text, at, "the name of a segment list of ours");
        let (discriminator, rest) = text.split_once('.').ok_or_else(wrong)?;
        let (place, name) = rest.split_once(mark).ok_or_else(wrong)?;
        Ok(Self {
            place: parse(place, at, "the place of a segment list")?,
            discriminator: parse(discriminator, at, "a discriminator")?,
            name: alphabet.read(name).ok_or_else(wrong)?,
            list,
        })
    }
}

/// The candidate path that the lists belong to.
pub(crate) fn candidate(
    mut lists: Vec<Listed>,
    preference: u32,
    at: &str,
) -> Result<CandidatePath, BadPayload> {
    lists.sort_by_key(|list| list.place);
    let missing = || BadPayload::Missing { place: at.to_owned(), missing: "segment list" };
    let first = lists.first().ok_or_else(missing)?;
    let (discriminator, name) = (first.discriminator, first.name.clone());
    if let Some(other) = lists.iter().find(|list| (list.discriminator, &list.name) != (discriminator, &name))
    {
        return Err(bad(&other.name, at, "the candidate path of the first segment list"));
    }
    Ok(CandidatePath {
        discriminator,
        preference,
        name,
        lists: lists.into_iter().map(|list| list.list).collect(),
    })
}

/// Candidate paths as the model has them: the highest preference first, then the lowest discriminator.
pub(crate) fn in_order(mut candidates: Vec<CandidatePath>) -> Vec<CandidatePath> {
    candidates.sort_by_key(|path| (std::cmp::Reverse(path.preference), path.discriminator));
    candidates
}
