//! Whether the devices of a plan can be told what it asks of them, each in its own dialect and by the modules that it serves: found
//! out before anything is sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
};

use device::{Lack, Lacks};
use dialects::{Dialect, Headend, Unsupported, operation::names};
use model::{
    ActualState, DeviceConfig, DeviceReading, Edit, Finding, IntentId, Node, NodeId, Plan, ReasonedEdit,
    Severity, Ted,
};
use plan::report::object_name;

use crate::codes;

/// Intents that a finding names; there may be many.
const NAMED: usize = 5;

/// What modules of devices lack, of the devices that are known to lack something of their dialect.
pub type Lacking = BTreeMap<NodeId, Lacks>;

/// Notes at each node what it can be told in its dialect, so that intents are judged by it. A dialect that nobody speaks is told with
/// the plan.
pub fn note_features(ted: &mut Ted) {
    for node in ted.nodes.values_mut() {
        if let Ok(dialect) = node.dialect.parse::<Dialect>() {
            node.features = dialect.features();
        }
    }
}

/// A finding for each edit of the plan that its device has no words for, and for each node that edits need and that its modules
/// lack; all of them errors. OpenConfig has words for all that the model knows, and what each device lacks was worked out when it
/// said what it serves: its devices cost a re-route no time unless they lack something. The others cost what it costs to render
/// their edits.
pub fn lacking(plan: &Plan, ted: &Ted, actual: &ActualState, lacks: &Lacking) -> Vec<Finding> {
    let mut edits: BTreeMap<&NodeId, Vec<&[ReasonedEdit]>> = BTreeMap::new();
    for (id, part) in plan.transactions.iter().flat_map(|transaction| &transaction.edits) {
        edits.entry(id).or_default().push(part);
    }
    let mut findings = Vec::new();
    for (id, parts) in edits {
        let Some(node) = ted.nodes.get(id) else { continue };
        match node.dialect.parse::<Dialect>() {
            Ok(dialect) => {
                let speaker = Speaker { node, dialect };
                if dialect != Dialect::OpenConfig {
                    findings.extend(speaker.judge(&parts, actual));
                }
                if let Some(lacks) = lacks.get(id) {
                    findings.extend(speaker.find_missing(&parts, actual, lacks));
                }
            }
            Err(unknown) => {
                let message = format!("the network file gives it a dialect that nobody speaks: {unknown}");
                findings.push(Finding::new(codes::NO_WORDS, Severity::Error, id, message));
            }
        }
    }
    findings
}

/// A device and what it speaks.
struct Speaker<'v> {
    node: &'v Node,
    dialect: Dialect,
}

impl Speaker<'_> {
    /// Judges its part of each transaction in turn, on what it holds by then.
    fn judge(&self, parts: &[&[ReasonedEdit]], actual: &ActualState) -> Vec<Finding> {
        let mut held = self.held(actual);
        let mut findings = Vec::new();
        // Queues may be set twice on their way, and are told once.
        let mut told = BTreeSet::new();
        for part in parts {
            for (reasoned, why) in self.refused(part, &held) {
                if told.insert((object_name(&reasoned.edit), why.missing.clone())) {
                    findings.push(self.finding(reasoned, &why));
                }
            }
            part.iter().for_each(|reasoned| reasoned.edit.apply(&mut held));
        }
        findings
    }

    fn held(&self, actual: &ActualState) -> DeviceConfig {
        match actual.devices.get(&self.node.id) {
            Some(DeviceReading::Read { owned, .. }) => owned.clone(),
            Some(DeviceReading::Unreadable { .. }) | None => DeviceConfig::default(),
        }
    }

    /// What edits need and the device's modules lack: a finding for each such node, however many edits need it.
    fn find_missing(&self, parts: &[&[ReasonedEdit]], actual: &ActualState, lacks: &Lacks) -> Vec<Finding> {
        let mut held = self.held(actual);
        let mut needed: BTreeMap<String, Vec<&ReasonedEdit>> = BTreeMap::new();
        for reasoned in parts.iter().copied().flatten() {
            let headend = Headend { address: self.node.router_id.into(), held: &held };
            // What has no words at all is told as such.
            let operations =
                self.dialect.render(slice::from_ref(&reasoned.edit), &headend).unwrap_or_default();
            for (module, nodes) in names(&operations) {
                let nodes = nodes.iter().map(String::as_str);
                let missing = lacks.get(module).and_then(|lack: &Lack| lack.missing(module, nodes));
                if let Some(missing) = missing {
                    needed.entry(missing.to_string()).or_default().push(reasoned);
                }
            }
            reasoned.edit.apply(&mut held);
        }
        needed.into_iter().map(|(missing, edits)| self.not_served(&missing, &edits)).collect()
    }

    fn not_served(&self, missing: &str, edits: &[&ReasonedEdit]) -> Finding {
        let intents: BTreeSet<&IntentId> = edits.iter().flat_map(|edit| &edit.cause.intents).collect();
        let first = edits.first().map(|edit| edit.edit.to_string()).unwrap_or_default();
        let needs = match edits.len() {
            1 => format!("an edit needs it: {first}"),
            many => format!("{many} edits need it, the first: {first}"),
        };
        let message = format!("{missing}, and {needs}{}", for_whom(intents.into_iter()));
        Finding::new(codes::NOT_SERVED, Severity::Error, &self.node.id, message).with_help(format!(
            "`trunkline devices schema {}` shows what it serves; lead these intents over other routers, or put a release on it, or \
             a licence, that serves this",
            self.node.id
        ))
    }

    fn try_render(&self, edits: &[Edit], held: &DeviceConfig) -> Result<(), Unsupported> {
        let headend = Headend { address: self.node.router_id.into(), held };
        self.dialect.render(edits, &headend).map(drop)
    }

    /// The edits that cannot be rendered, with what is missing: those that could not be by themselves, and then those that come
    /// to the name of another object. What counts is what each object is in the end, beside all that is not touched: put there one after the
    /// other, what does not go together never does again.
    fn refused<'e>(
        &self,
        edits: &'e [ReasonedEdit],
        held: &DeviceConfig,
    ) -> Vec<(&'e ReasonedEdit, Unsupported)> {
        let plain = |edits: &[&ReasonedEdit]| edits.iter().map(|one| one.edit.clone()).collect::<Vec<_>>();
        // As the device will: all at once.
        if self.try_render(&plain(&edits.iter().collect::<Vec<_>>()), held).is_ok() {
            return Vec::new();
        }
        let (mut rest, held) = settled(edits, held);
        let mut refused = Vec::new();
        let nothing = DeviceConfig::default();
        rest.retain(|one| match self.try_render(slice::from_ref(&one.edit), &nothing) {
            Ok(()) => true,
            Err(why) => {
                refused.push((*one, why));
                false
            }
        });
        while !rest.is_empty()
            && let Err(mut why) = self.try_render(&plain(&rest), &held)
        {
            // So many of them go together, and so many do not.
            let (mut good, mut bad) = (0_usize, rest.len());
            while bad - good > 1 {
                let middle = good.midpoint(bad);
                match self.try_render(&plain(&rest[..middle]), &held) {
                    Ok(()) => good = middle,
                    Err(first) => (bad, why) = (middle, first),
                }
            }
            refused.push((rest.remove(bad - 1), why));
        }
        refused
    }

    fn finding(&self, reasoned: &ReasonedEdit, why: &Unsupported) -> Finding {
        let message = format!("{}: {why}{}", reasoned.edit, for_whom(reasoned.cause.intents.iter()));
        Finding::new(codes::NO_WORDS, Severity::Error, &self.node.id, message).with_help(
            "docs/dialects.md has what each dialect carries; lead these intents over other routers, or give this one another \
             `dialect` in the network file where it speaks one",
        )
    }
}

/// What edits put there in the end, the last of each object in their order, and what is held beside all that they touch.
fn settled<'e>(edits: &'e [ReasonedEdit], held: &DeviceConfig) -> (Vec<&'e ReasonedEdit>, DeviceConfig) {
    let mut untouched = held.clone();
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    for (place, one) in edits.iter().enumerate() {
        let removal = removal(&one.edit);
        removal.apply(&mut untouched);
        last.insert(removal.to_string(), place);
    }
    let mut places: Vec<usize> = last.into_values().collect();
    places.sort_unstable();
    let puts = places.into_iter().map(|place| &edits[place]).filter(|one| removal(&one.edit) != one.edit);
    (puts.collect(), untouched)
}

/// What takes the object of an edit away.
fn removal(edit: &Edit) -> Edit {
    match edit {
        Edit::PutPolicy(policy) => Edit::RemovePolicy(policy.key),
        Edit::PutSteering(rule) => Edit::RemoveSteering(rule.key.clone()),
        Edit::PutQos { interface, .. } => Edit::RemoveQos(interface.clone()),
        Edit::PutClassifier(_) => Edit::RemoveClassifier,
        Edit::BindClassifier(interface) => Edit::UnbindClassifier(interface.clone()),
        Edit::RemovePolicy(_)
        | Edit::RemoveSteering(_)
        | Edit::RemoveQos(_)
        | Edit::UnbindClassifier(_)
        | Edit::RemoveClassifier => edit.clone(),
    }
}

/// The intents behind edits, the first few by name.
fn for_whom<'i>(intents: impl ExactSizeIterator<Item = &'i IntentId>) -> String {
    let many = intents.len();
    let named: Vec<&str> = intents.take(NAMED).map(IntentId::as_str).collect();
    match many {
        0 => String::new(),
        _ => format!("; it is for {}{}", named.join(", "), if many > NAMED { ", …" } else { "" }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use device::contract::sample_edits;
    use dialects::{Feature, Support};
    use model::{Cause, Phase, SrPolicy, Timestamp, Transaction, state::Foreign};

    use super::*;
    use crate::stages::View;

    fn view(dialect: &str, owned: DeviceConfig) -> View {
        let network = format!(
            "apiVersion: trunkline/v1\nkind: Network\nnodes:\n  - {{name: r1, routerId: 10.0.0.1, dialect: {dialect}}}\n"
        );
        let ted = Arc::new(formats::read("network.yaml", &network).unwrap().ted);
        let reading = DeviceReading::Read { owned, foreign: Foreign::default(), at: Timestamp::default() };
        let devices = [(NodeId::lit("r1"), reading)].into();
        let actual = Arc::new(ActualState { devices, ..ActualState::default() });
        View {
            ted,
            actual,
            ids: Default::default(),
            before: Default::default(),
            hints: Default::default(),
            lacks: Arc::default(),
            exceptions: Arc::default(),
            terms: Default::default(),
        }
    }

    /// A plan with a transaction for each of these.
    fn plan(parts: &[Vec<Edit>]) -> Plan {
        let cause = Cause { intents: vec![IntentId::lit("voice")], rule: "test".into() };
        let reasoned = |edit: &Edit| ReasonedEdit { edit: edit.clone(), cause: cause.clone() };
        let transaction = |edits: &Vec<Edit>| Transaction {
            phase: Phase::Make,
            edits: [(NodeId::lit("r1"), edits.iter().map(reasoned).collect())].into(),
        };
        Plan { transactions: parts.iter().map(transaction).collect(), ..Plan::default() }
    }

    fn told(parts: &[Vec<Edit>], view: &View) -> Vec<String> {
        let findings = lacking(&plan(parts), &view.ted, &view.actual, &view.lacks);
        assert!(findings.iter().all(|finding| finding.is_error() && finding.subject == "r1"), "{findings:?}");
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn what_the_table_lacks_is_told_of_each_edit_and_once() {
        for dialect in Dialect::ALL {
            let lacks = |feature| matches!(dialect.support(feature), Support::Missing(_));
            let edits = sample_edits(1);
            let wanted = edits.iter().filter(|edit| match edit {
                Edit::PutSteering(_) => lacks(Feature::DscpSteering),
                Edit::PutQos { .. } => lacks(Feature::StrictQueues),
                Edit::PutClassifier(_) => lacks(Feature::Classifiers),
                Edit::BindClassifier(_) => lacks(Feature::BoundClassifiers),
                Edit::PutPolicy(_) => lacks(Feature::MplsPolicies),
                _ => false,
            });
            let wanted: Vec<String> =
                wanted.map(|edit| format!("{edit}: dialect {dialect} cannot")).collect();
            let told = told(&[edits.clone(), edits.clone()], &view(dialect.name(), DeviceConfig::default()));
            assert_eq!(told.len(), wanted.len(), "{told:?}");
            assert!(told.iter().zip(&wanted).all(|(told, wanted)| told.starts_with(wanted)), "{told:?}");
        }
    }

    #[test]
    fn the_finding_says_what_is_missing_where_and_for_whom() {
        let told = told(&[sample_edits(1)], &view("huawei", DeviceConfig::default()));
        assert_eq!(
            told,
            [
                "put steering vrf production rule 101 to color 2001: dialect huawei cannot carry steering vrf production rule \
              101: steering by DSCP: huawei-srpolicy chooses by code point among policies toward one endpoint, for SR-MPLS \
              alone and whatever the prefix; it is for voice"
            ]
        );
    }

    /// Policies of other colors and endpoints, which all have one name.
    fn namesakes() -> Vec<Edit> {
        let policies = (1..=3).filter_map(|number| {
            sample_edits(number).into_iter().find_map(|edit| match edit {
                Edit::PutPolicy(policy) => Some(Edit::PutPolicy(SrPolicy { name: "tl-a".into(), ..policy })),
                _ => None,
            })
        });
        policies.collect()
    }

    #[test]
    fn two_objects_of_one_name_are_told_of_the_one_that_comes_later() {
        let edits = namesakes();
        let bare = view("iosxr", DeviceConfig::default());
        let told_of = |edits: &[Edit], view: &View| {
            told(&[edits.to_vec()], view)
                .iter()
                .map(|told| told.split(": ").next().unwrap().to_owned())
                .collect()
        };
        let words = |edits: &[Edit]| -> Vec<String> { edits.iter().map(ToString::to_string).collect() };
        let told: Vec<String> = told_of(&edits, &bare);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.iter().all(|told| words(&edits[1..]).contains(told)), "{told:?}");
        assert_eq!(told_of(&edits[..1], &bare), words(&[]));
        // What is held counts too, unless it goes with the same transaction.
        let mut owned = DeviceConfig::default();
        edits[0].apply(&mut owned);
        let gone = Edit::RemovePolicy(*owned.policies.keys().next().unwrap());
        let held = view("iosxr", owned);
        assert_eq!(told_of(&edits[1..2], &held), words(&edits[1..2]));
        assert_eq!(told_of(&[edits[1].clone(), gone], &held), words(&[]));
    }

    #[test]
    fn what_a_dialect_lacks_is_noted_at_the_node() {
        let noted = |dialect: &str| {
            let mut ted = (*view(dialect, DeviceConfig::default()).ted).clone();
            note_features(&mut ted);
            ted.nodes[&NodeId::lit("r1")].features.clone()
        };
        assert!(noted("openconfig").is_everything() && noted("junos").is_everything());
        let huawei = noted("huawei");
        assert!(huawei.has(Feature::PrefixSteering) && !huawei.has(Feature::DscpSteering));
        assert_eq!(huawei.longest_name, Some(31));
    }

    #[test]
    fn what_goes_or_is_renamed_with_the_same_transaction_stands_in_nobodys_way() {
        let [first, second, third]: [Edit; 3] = namesakes().try_into().unwrap();
        let key = |edit: &Edit| match edit {
            Edit::PutPolicy(policy) => policy.key,
            _ => panic!("{edit}"),
        };
        let named = |edit: &Edit, name: &str| match edit {
            Edit::PutPolicy(policy) => Edit::PutPolicy(SrPolicy { name: name.into(), ..policy.clone() }),
            _ => panic!("{edit}"),
        };
        // Two others that do not go together, so that the one to blame is sought.
        let others = [named(&third, "tl-z"), {
            let Edit::PutPolicy(policy) = &third else { panic!("{third}") };
            let color = model::Color::try_from(policy.key.color.number() + 1).unwrap();
            let key = model::PolicyKey { color, ..policy.key };
            Edit::PutPolicy(SrPolicy { key, name: "tl-z".into(), ..policy.clone() })
        }];
        let told_of = |edits: &[Edit], view: &View| -> Vec<String> {
            let told = told(&[edits.to_vec()], view);
            told.iter().map(|told| told.split(": ").next().unwrap().to_owned()).collect()
        };
        let blamed = |told: &[String]| told.len() == 1 && told[0].starts_with("put policy tl-z ");
        // The first is put, the second takes its name, and the first goes again.
        let gone = [vec![first.clone(), second.clone(), Edit::RemovePolicy(key(&first))], others.to_vec()];
        let bare = view("iosxr", DeviceConfig::default());
        let found = told_of(&gone.concat(), &bare);
        assert!(blamed(&found), "{found:?}");
        // One that is held is renamed after another took its name.
        let mut owned = DeviceConfig::default();
        first.apply(&mut owned);
        let renamed = [vec![second, named(&first, "tl-b")], others.to_vec()];
        let found = told_of(&renamed.concat(), &view("iosxr", owned));
        assert!(blamed(&found), "{found:?}");
    }

    #[test]
    fn a_dialect_that_nobody_speaks_is_told() {
        let told = told(&[sample_edits(1)], &view("junos", DeviceConfig::default()));
        assert!(told.len() == 1 && told[0].contains("dialect `junos` is not known"), "{told:?}");
    }

    fn lacking_of(dialect: &str, lacks: Lacks) -> View {
        let known = Lacking::from([(NodeId::lit("r1"), lacks)]);
        View { lacks: Arc::new(known), ..view(dialect, DeviceConfig::default()) }
    }

    #[test]
    fn what_a_device_does_not_serve_is_told_once_with_all_that_need_it() {
        let lacks = Lacks::from([("trunkline-sr-policy".to_owned(), Lack::Module)]);
        let policies: Vec<Edit> = (1..=3)
            .flat_map(sample_edits)
            .filter(|edit| matches!(edit, Edit::PutPolicy(_) | Edit::PutClassifier(_)))
            .collect();
        let view = lacking_of("openconfig", lacks);
        let told = told(&[policies], &view);
        let [told] = told.as_slice() else { panic!("{told:?}") };
        let expected =
            "it does not serve the module trunkline-sr-policy, and 3 edits need it, the first: put policy";
        assert!(told.starts_with(expected) && told.ends_with("; it is for voice"), "{told}");
        let findings = lacking(&plan(&[sample_edits(1)]), &view.ted, &view.actual, &view.lacks);
        assert!(findings.iter().all(|finding| finding.code == codes::NOT_SERVED), "{findings:?}");
        assert!(findings[0].help.as_deref().is_some_and(|help| help.contains("devices schema r1")));
    }

    #[test]
    fn a_node_that_a_module_lacks_is_told_with_its_module_and_only_where_it_is_needed() {
        let names = ["scheduler-policy".to_owned()].into();
        let nodes = Lack::Nodes { revision: Some("2020-01-01".into()), names };
        let view = lacking_of("openconfig", Lacks::from([("openconfig-qos".to_owned(), nodes)]));
        let part = |wanted: fn(&Edit) -> bool| {
            vec![sample_edits(1).into_iter().filter(wanted).collect::<Vec<Edit>>()]
        };
        assert_eq!(told(&part(|edit| !matches!(edit, Edit::PutQos { .. })), &view), Vec::<String>::new());
        let told = told(&part(|edit| matches!(edit, Edit::PutQos { .. })), &view);
        let expected = "its module openconfig-qos (2020-01-01) defines no node `scheduler-policy`, and an edit needs it: ";
        assert!(told.len() == 1 && told[0].starts_with(expected), "{told:?}");
    }

    #[test]
    fn what_is_not_known_to_be_missing_is_not_missing() {
        for lacks in [Lacks::new(), Lacks::from([("somebody-elses".to_owned(), Lack::Module)])] {
            assert_eq!(told(&[sample_edits(1)], &lacking_of("openconfig", lacks)), Vec::<String>::new());
        }
        // In another dialect both are told: what it has no words for, and what its modules lack.
        let lacks = Lacks::from([("huawei-srpolicy".to_owned(), Lack::Module)]);
        let view = lacking_of("huawei", lacks);
        let findings = lacking(&plan(&[sample_edits(1)]), &view.ted, &view.actual, &view.lacks);
        let codes: BTreeSet<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, BTreeSet::from([codes::NOT_SERVED, codes::NO_WORDS]));
    }
}
