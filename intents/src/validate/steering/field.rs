//! The fields that a steering policy can give, in one list: reading, comparing and copying all follow from it, so that a field
//! cannot be copied without being compared.

use std::collections::BTreeSet;

use model::id::Affinity;

use crate::{
    doc::{BreachSpec, LinksWith, ServiceSpec, SteeringSpec},
    read::At,
    source::Mark,
};

/// Gives a mark of a policy the number under which a service knows its file.
pub(super) type Remark<'f> = dyn FnMut(Mark) -> Mark + 'f;

macro_rules! fields {
    ($($name:ident = $part:ident.$field:ident as $text:literal, $same:ident, $moved:ident;)*) => {
        /// A field that a policy can give.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub(super) enum Field { $($name,)* }

        impl Field {
            /// All of them, in the order of the guide.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What findings call it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Whether a service says it itself.
            pub fn is_own(self, service: &ServiceSpec) -> bool {
                match self {
                    $(Self::$name => service.$part.as_ref().is_some_and(|part| part.value.$field.is_some()),)*
                }
            }

            /// Where a policy says it.
            pub fn mark(self, policy: &SteeringSpec) -> Option<Mark> {
                match self {
                    $(Self::$name => policy.$part.as_ref()?.value.$field.as_ref().map(|at| at.mark),)*
                }
            }

            /// Whether two policies that both say it mean the same.
            pub fn is_same(self, one: &SteeringSpec, other: &SteeringSpec) -> bool {
                match self {
                    $(Self::$name => {
                        let one = one.$part.as_ref().and_then(|part| part.value.$field.as_ref());
                        let other = other.$part.as_ref().and_then(|part| part.value.$field.as_ref());
                        one.zip(other).is_some_and(|(one, other)| $same(one, other))
                    })*
                }
            }

            /// Copies it from a policy that says it to a service that does not.
            pub fn give(self, from: &SteeringSpec, to: &mut ServiceSpec, remark: &mut Remark<'_>) {
                match self {
                    $(Self::$name => {
                        let Some(part) = &from.$part else { return };
                        let Some(value) = &part.value.$field else { return };
                        let empty = || At { value: Default::default(), mark: remark(part.mark) };
                        let mine = to.$part.get_or_insert_with(empty);
                        mine.value.$field = Some($moved(value, remark));
                    })*
                }
            }
        }
    };
}

fields! {
    Dataplane = path.dataplane as "path.dataplane", equal, plain;
    Minimise = path.minimise as "path.minimise", equal, plain;
    Prefer = path.prefer as "path.prefer", in_order, links;
    Avoid = path.avoid as "path.avoid", in_any_order, links;
    LastResort = path.last_resort as "path.lastResort", equal, plain;
    CoRouted = path.co_routed as "path.coRouted", equal, plain;
    Pin = path.pin as "path.pin", equal, plain;
    Breach = assurance.breach as "assurance.breach", same_breach, breach;
    ImprovementMargin = assurance.improvement_margin as "assurance.improvementMargin", equal, plain;
    HoldDown = assurance.hold_down as "assurance.holdDown", equal, plain;
    WaitToRestore = assurance.wait_to_restore as "assurance.waitToRestore", equal, plain;
    Mode = assurance.mode as "assurance.mode", equal, plain;
}

/// Whether a policy gives anything at all.
pub(super) fn says_something(policy: &SteeringSpec) -> bool {
    Field::ALL.iter().any(|field| field.mark(policy).is_some())
}

fn equal<T: PartialEq>(one: &At<T>, other: &At<T>) -> bool {
    one.value == other.value
}

fn names(list: &At<Vec<At<LinksWith>>>) -> impl Iterator<Item = &Affinity> {
    list.value.iter().map(|links| &links.value.affinity.value)
}

/// Earlier entries are preferred, so their order matters.
fn in_order(one: &At<Vec<At<LinksWith>>>, other: &At<Vec<At<LinksWith>>>) -> bool {
    names(one).eq(names(other))
}

fn in_any_order(one: &At<Vec<At<LinksWith>>>, other: &At<Vec<At<LinksWith>>>) -> bool {
    names(one).collect::<BTreeSet<_>>() == names(other).collect::<BTreeSet<_>>()
}

fn same_breach(one: &At<BreachSpec>, other: &At<BreachSpec>) -> bool {
    fn same<T: PartialEq>(one: &Option<At<T>>, other: &Option<At<T>>) -> bool {
        one.as_ref().map(|at| &at.value) == other.as_ref().map(|at| &at.value)
    }
    let (one, other) = (&one.value, &other.value);
    same(&one.all, &other.all) && same(&one.any, &other.any) && same(&one.hold, &other.hold)
}

fn plain<T: Clone>(at: &At<T>, remark: &mut Remark<'_>) -> At<T> {
    At { value: at.value.clone(), mark: remark(at.mark) }
}

fn links(list: &At<Vec<At<LinksWith>>>, remark: &mut Remark<'_>) -> At<Vec<At<LinksWith>>> {
    let value = list
        .value
        .iter()
        .map(|links| At {
            value: LinksWith { affinity: plain(&links.value.affinity, remark) },
            mark: remark(links.mark),
        })
        .collect();
    At { value, mark: remark(list.mark) }
}

fn breach(at: &At<BreachSpec>, remark: &mut Remark<'_>) -> At<BreachSpec> {
    let BreachSpec { all, any, hold } = &at.value;
    let value = BreachSpec {
        all: all.as_ref().map(|all| plain(all, remark)),
        any: any.as_ref().map(|any| plain(any, remark)),
        hold: hold.as_ref().map(|hold| plain(hold, remark)),
    };
    At { value, mark: remark(at.mark) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::{AssuranceSpec, PathSpec};

    /// A field that is added to the documents fails to compile here first: services would silently not get it.
    #[test]
    fn every_field_of_path_and_assurance_can_be_given() {
        let PathSpec { dataplane: _, minimise: _, prefer: _, avoid: _, last_resort: _, co_routed: _, pin: _ } =
            PathSpec::default();
        let AssuranceSpec { breach: _, improvement_margin: _, hold_down: _, wait_to_restore: _, mode: _ } =
            AssuranceSpec::default();
        let given = Field::ALL.iter().map(|field| field.name()).collect::<BTreeSet<_>>();
        assert_eq!(given.len(), 7 + 5, "{given:?}");
    }
}
