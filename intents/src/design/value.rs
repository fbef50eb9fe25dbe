//! Values of parameters: whether they are of the type, and whether the parameter allows them.

use ipnet::IpNet;
use model::{
    finding::{Finding, Severity},
    id::{Affinity, NodeId, Site},
    steering::Dscp,
    time::Span,
    unit::{Bandwidth, Delay, Jitter, Loss, Ratio},
};

use crate::{
    codes,
    doc::{
        Document, LinksWith, MatchSpec, Name, ParameterSpec, ParameterType, Prefix, ScheduleSpec, Selector,
        Text,
    },
    faults::{Fault, Faults},
    read::{Read, shape},
    source::Mark,
    tree::{Node, Value, short},
};

/// What a value is worth: two texts of one worth are the same value, for instance `1000Mbps` and `1Gbps`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Worth {
    /// A number or a quantity.
    Number(u64),
    /// A word.
    Word(String),
    /// A prefix.
    Prefix(IpNet),
    /// Something with parts.
    Parts,
}

/// Whether least and greatest values mean something to a type.
pub(super) const fn is_ordered(kind: ParameterType) -> bool {
    use ParameterType as Type;
    matches!(
        kind,
        Type::Number | Type::Bandwidth | Type::Delay | Type::Jitter | Type::Loss | Type::Ratio | Type::Span
    )
}

/// Whether values of the type have parts, so that two of them are not compared.
pub(super) const fn is_composed(kind: ParameterType) -> bool {
    use ParameterType as Type;
    matches!(kind, Type::Selector | Type::Match | Type::Links | Type::Schedule)
}

/// Whether a value of the type can stand within a text.
pub(super) const fn is_text(kind: ParameterType) -> bool {
    use ParameterType as Type;
    !(is_composed(kind) || matches!(kind, Type::List))
}

/// What a value of a type is worth; the faults are those of its fields.
fn worth(kind: ParameterType, node: &Node, faults: &mut Faults<'_>) -> Option<Worth> {
    use ParameterType as Type;
    macro_rules! word {
        ($type:ty) => {
            <$type>::read(node, faults).map(|value| Worth::Word(value.to_string()))
        };
    }
    match kind {
        Type::String => Text::read(node, faults).map(|text| Worth::Word(text.0)),
        Type::Name => Name::read(node, faults).map(|name| Worth::Word(name.0)),
        Type::Number => u32::read(node, faults).map(|number| Worth::Number(number.into())),
        Type::Bool => word!(bool),
        Type::Bandwidth => Bandwidth::read(node, faults).map(|value| Worth::Number(value.as_bps())),
        Type::Delay => Delay::read(node, faults).map(|value| Worth::Number(value.as_micros())),
        Type::Jitter => Jitter::read(node, faults).map(|value| Worth::Number(value.as_micros())),
        Type::Loss => Loss::read(node, faults).map(|value| Worth::Number(value.as_ppb().into())),
        Type::Ratio => Ratio::read(node, faults).map(|value| Worth::Number(value.as_ppm())),
        Type::Span => Span::read(node, faults).map(|value| Worth::Number(value.as_micros())),
        Type::Node => word!(NodeId),
        Type::Site => word!(Site),
        Type::Affinity => word!(Affinity),
        Type::Dscp => word!(Dscp),
        Type::Prefix => Prefix::read(node, faults).map(|prefix| Worth::Prefix(prefix.0)),
        Type::Selector => Selector::read(node, faults).map(|_| Worth::Parts),
        Type::Match => MatchSpec::read(node, faults).map(|_| Worth::Parts),
        Type::Links => LinksWith::read(node, faults).map(|_| Worth::Parts),
        Type::Schedule => ScheduleSpec::read(node, faults).map(|_| Worth::Parts),
        Type::List => Some(Worth::Parts),
    }
}

/// A parameter with its declaration.
#[derive(Clone, Copy)]
pub(super) struct Declared<'a> {
    /// The design's document.
    pub doc: &'a Document,
    /// Its name.
    pub name: &'a str,
    /// What it takes.
    pub spec: &'a ParameterSpec,
}

impl Declared<'_> {
    /// Where it is declared.
    pub fn place(&self) -> model::finding::Place {
        self.doc.place(self.spec.kind.mark)
    }

    /// Whether its type could be read. Of a list that is the type of its items too.
    pub fn is_typed(&self) -> bool {
        let list = self.spec.kind.value == ParameterType::List;
        self.spec.kind.mark != Mark::HOLE && (!list || self.spec.of.is_some())
    }

    /// What single values are: of a list, its items.
    pub fn single(&self) -> ParameterType {
        match self.spec.kind.value {
            ParameterType::List => self.spec.of.map_or(ParameterType::String, |of| of.value),
            single => single,
        }
    }

    /// Whether a value from a document is of the type and allowed; findings where it is not.
    pub fn takes(&self, node: &Node, from: &Document, findings: &mut Vec<Finding>) -> bool {
        if !self.is_typed() {
            return true;
        }
        if self.spec.kind.value != ParameterType::List {
            return self.takes_single(node, from, findings);
        }
        let Value::List(items) = &node.value else {
            let message = format!("the parameter `{}` is a list, not {}", self.name, shape(node));
            Fault::on(findings, Severity::Error, codes::WRONG_TYPE, from, node.mark, message)
                .help("write it like `[first, second]`")
                .related(self.place(), "the parameter is declared here");
            return false;
        };
        // All are judged before the first ends it.
        items.iter().filter(|item| !self.takes_single(item, from, findings)).count() == 0
    }

    fn takes_single(&self, node: &Node, from: &Document, findings: &mut Vec<Finding>) -> bool {
        let Some(worth) = self.worth(node, from, findings) else { return false };
        let Some(why) = self.refusal(&worth) else { return true };
        let message = format!("the parameter `{}` does not allow {}", self.name, shape(node));
        Fault::on(findings, Severity::Error, codes::NOT_ALLOWED, from, node.mark, message)
            .help(why)
            .related(self.place(), "the parameter is declared here");
        false
    }

    /// What a single value is worth; findings where it is not of the type.
    pub fn worth(&self, node: &Node, from: &Document, findings: &mut Vec<Finding>) -> Option<Worth> {
        let mut faults = Faults::new(&from.file);
        faults.subject = from.subject();
        faults.origin = from.origin.as_deref();
        // A value with a fault may be read in part.
        let worth = worth(self.single(), node, &mut faults).filter(|_| faults.findings.is_empty());
        for mut fault in faults.findings {
            fault.code = codes::WRONG_TYPE.to_owned();
            fault.message = format!("the parameter `{}`: {}", self.name, fault.message);
            Fault::push(findings, fault).related(self.place(), "the parameter is declared here");
        }
        worth
    }

    /// Why a value is not allowed, where it is not.
    fn refusal(&self, worth: &Worth) -> Option<String> {
        if let Some(bounds) = self.beyond(worth) {
            return Some(bounds);
        }
        let allowed = &self.spec.allowed.as_ref()?.value;
        if allowed.iter().any(|one| self.quietly(&one.0).as_ref() == Some(worth)) {
            return None;
        }
        let mut listed: Vec<String> = allowed.iter().take(12).map(|one| shape(&one.0)).collect();
        if allowed.len() > listed.len() {
            listed.push("…".to_owned());
        }
        Some(format!("it takes one of {}", listed.join(", ")))
    }

    /// What the parameter takes, where a value is below its least or above its greatest.
    pub fn beyond(&self, worth: &Worth) -> Option<String> {
        let limit = |value: &Option<crate::doc::AnyValue>| {
            let node = &value.as_ref()?.0;
            Some((self.quietly(node)?, shape(node)))
        };
        let (min, max) = (limit(&self.spec.min), limit(&self.spec.max));
        if min.as_ref().is_some_and(|(min, _)| worth < min)
            || max.as_ref().is_some_and(|(max, _)| worth > max)
        {
            let bound = |limit: Option<(Worth, String)>, word: &str| {
                limit.map(|(_, text)| format!("at {word} {text}"))
            };
            let bounds: Vec<String> =
                [bound(min, "least"), bound(max, "most")].into_iter().flatten().collect();
            return Some(format!("it takes {}", bounds.join(" and ")));
        }
        None
    }

    /// What a limit is worth; its faults were told with the design.
    fn quietly(&self, node: &Node) -> Option<Worth> {
        let mut faults = Faults::new(&self.doc.file);
        worth(self.single(), node, &mut faults).filter(|_| faults.findings.is_empty())
    }
}

/// A value that a parameter of a type could have, to judge a design before it has instances.
pub(super) const fn sample(kind: ParameterType) -> &'static str {
    use ParameterType as Type;
    match kind {
        Type::Number => "1",
        Type::Bool => "true",
        Type::Bandwidth => "1Mbps",
        Type::Delay | Type::Jitter => "1ms",
        Type::Loss | Type::Ratio => "1%",
        Type::Span => "1s",
        Type::Prefix => "10.0.0.0/8",
        Type::Dscp => "ef",
        _ => "x",
    }
}

/// A text from a file, as messages quote it.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", short(text))
}
