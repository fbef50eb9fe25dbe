//! Any value of the language, for properties. Records and words make theirs where they are declared; here are the values that
//! they are made of.

use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::{
    calendar::{self, Offset, TimeOfDay},
    condition::{Comparison, Condition, Ordering, Quantity},
    id::{Affinity, ClassName, LinkId, NodeId, QueueName, Site, VrfName},
    steering::Dscp,
    time::{Span, Timestamp},
    unit::{Bandwidth, Delay, Jitter, Loss, Ratio},
};
use proptest::{collection, option, prelude::*, sample};

use crate::{
    doc::{AnyValue, Body, ConditionSpec, Moment, Name, Prefix, Text},
    read::At,
    source::Mark,
    tree::{Key, Node, Value},
};

/// Any value of a type, with optional fields on and off.
pub(crate) trait Any: Sized + std::fmt::Debug {
    fn any() -> BoxedStrategy<Self>;
}

impl<T: Any + 'static> Any for At<T> {
    fn any() -> BoxedStrategy<Self> {
        T::any().prop_map(|value| Self { value, mark: Mark::default() }).boxed()
    }
}

impl<T: Any + 'static> Any for Option<T> {
    fn any() -> BoxedStrategy<Self> {
        option::of(T::any()).boxed()
    }
}

impl<T: Any + 'static> Any for Box<T> {
    fn any() -> BoxedStrategy<Self> {
        T::any().prop_map(Self::new).boxed()
    }
}

impl<T: Any + 'static> Any for Vec<T> {
    fn any() -> BoxedStrategy<Self> {
        collection::vec(T::any(), 0..3).boxed()
    }
}

impl<K: Any + Ord + 'static, V: Any + 'static> Any for BTreeMap<K, V> {
    fn any() -> BoxedStrategy<Self> {
        collection::btree_map(K::any(), V::any(), 0..3).boxed()
    }
}

impl Any for u32 {
    fn any() -> BoxedStrategy<Self> {
        any::<Self>().boxed()
    }
}

/// Texts that some reader of YAML takes for something else.
#[rustfmt::skip]
const TRAPS: [&str; 55] = [
    "", " ", "~", "null", "Null", "no", "on", "true", "0755", "1e3", "1e999", ".inf", "0x1F", "12:30", "<<", "=",
    "- a", "? a", "a: b", "a:", "a #b", "#a", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`", "{a}", "[a]", "a, b",
    "'a'", "\"a\"", "\\", "a\nb", "a\r\nb", "\ta", "a ", "  a  b", "---", "...", "$(a)", "$$(", "hz-*", "é",
    "\u{feff}", "\u{85}", "\u{2028}", "\0", "😀", "fd00::", "::1", "2026-12-05",
];

/// Such texts, and any others.
fn text() -> BoxedStrategy<String> {
    prop_oneof![
        4 => "[a-z][a-z0-9-]{0,12}",
        2 => sample::select(TRAPS.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
    .boxed()
}

impl Any for Text {
    fn any() -> BoxedStrategy<Self> {
        text().prop_map(Self).boxed()
    }
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9._:/~@+-]{1,16}"
}

impl Any for Name {
    fn any() -> BoxedStrategy<Self> {
        name().prop_filter("the rule of names", |text| text.parse::<NodeId>().is_ok()).prop_map(Self).boxed()
    }
}

macro_rules! names {
    ($($type:ty)*) => {$(
        impl Any for $type {
            fn any() -> BoxedStrategy<Self> {
                name().prop_filter_map("the rule of names", |text| text.parse().ok()).boxed()
            }
        }
    )*};
}

names! { NodeId LinkId ClassName QueueName VrfName Affinity Site }

macro_rules! amounts {
    ($($type:ty: $from:ident($number:ty);)*) => {$(
        impl Any for $type {
            fn any() -> BoxedStrategy<Self> {
                prop_oneof![any::<$number>(), (0 as $number..1_000).prop_map(|number| number * 1_000)]
                    .prop_map(Self::$from)
                    .boxed()
            }
        }
    )*};
}

amounts! {
    Delay: from_micros(u64);
    Jitter: from_micros(u64);
    Bandwidth: from_bps(u64);
    Loss: from_ppb(u32);
    Ratio: from_ppm(u64);
    Span: from_micros(u64);
}

impl Any for Dscp {
    fn any() -> BoxedStrategy<Self> {
        (0_u8..64).prop_map(|number| Self::new(number).unwrap()).boxed()
    }
}

impl Any for Prefix {
    fn any() -> BoxedStrategy<Self> {
        let v4 = (any::<[u8; 4]>(), 0_u8..=32)
            .prop_map(|(address, length)| IpNet::from(Ipv4Net::new(address.into(), length).unwrap()));
        let v6 = (any::<[u8; 16]>(), 0_u8..=128)
            .prop_map(|(address, length)| IpNet::from(Ipv6Net::new(address.into(), length).unwrap()));
        prop_oneof![v4, v6].prop_map(|net| Self(net.trunc())).boxed()
    }
}

impl Any for TimeOfDay {
    fn any() -> BoxedStrategy<Self> {
        (0_u16..24 * 60).prop_map(|minutes| Self::from_minutes(minutes).unwrap()).boxed()
    }
}

impl Any for Offset {
    fn any() -> BoxedStrategy<Self> {
        (-840_i16..=840).prop_map(|minutes| Self::from_minutes(minutes).unwrap()).boxed()
    }
}

impl Any for Moment {
    fn any() -> BoxedStrategy<Self> {
        // From 1970 to the last year that four digits can say.
        let at = prop_oneof![
            0_u64..253_402_000_000_000_000,
            (0_u64..5_000_000).prop_map(|minutes| minutes * 60_000_000)
        ];
        (at.prop_map(Timestamp::from_micros), Offset::any())
            .prop_map(|(at, offset)| Self(calendar::Moment { at, offset }))
            .boxed()
    }
}

fn comparison() -> impl Strategy<Value = Comparison> {
    let quantity = prop_oneof![
        Just(Quantity::Utilisation),
        Just(Quantity::Delay),
        Just(Quantity::Jitter),
        Just(Quantity::Loss),
        Option::<QueueName>::any().prop_map(Quantity::QueueDrops),
        Option::<QueueName>::any().prop_map(Quantity::QueueDepth),
    ];
    let orderings = [Ordering::Above, Ordering::AtLeast, Ordering::Below, Ordering::AtMost];
    // No more than 100% of anything.
    (quantity, sample::select(orderings.to_vec()), any::<bool>(), 0_u64..=1_000_000).prop_map(
        |(quantity, ordering, above_contract, bound)| Comparison {
            quantity,
            ordering,
            above_contract,
            bound,
        },
    )
}

impl Any for ConditionSpec {
    fn any() -> BoxedStrategy<Self> {
        let whole = comparison().prop_map(Condition::One).prop_recursive(3, 8, 3, |part| {
            prop_oneof![
                collection::vec(part.clone(), 0..3).prop_map(|all| Condition::All { all }),
                collection::vec(part, 0..3).prop_map(|any| Condition::Any { any }),
            ]
        });
        whole.prop_map(Self).boxed()
    }
}

/// Any tree; not a null as a whole, which no field takes.
pub(crate) fn tree() -> BoxedStrategy<Node> {
    let node = |value| Node { mark: Mark::default(), value };
    let leaf = prop_oneof![1 => Just(Value::Null), 6 => text().prop_map(Value::Scalar)].prop_map(node);
    let whole = leaf.prop_recursive(4, 24, 4, move |inner| {
        let entries = collection::btree_map(text(), inner.clone(), 0..4).prop_map(|entries| {
            let key = |text| Key { mark: Mark::default(), text };
            Value::Map(entries.into_iter().map(|(text, value)| (key(text), value)).collect())
        });
        prop_oneof![collection::vec(inner, 0..4).prop_map(Value::List), entries].prop_map(node)
    });
    whole.prop_filter("no field takes a null", |node| node.value != Value::Null).boxed()
}

impl Any for AnyValue {
    fn any() -> BoxedStrategy<Self> {
        tree().prop_map(Self).boxed()
    }
}

impl Any for Body {
    fn any() -> BoxedStrategy<Self> {
        tree()
            .prop_filter("a document is a mapping", |node| matches!(node.value, Value::Map(_)))
            .prop_map(Self)
            .boxed()
    }
}
