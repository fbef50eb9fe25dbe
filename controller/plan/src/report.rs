//! The change ticket: what a plan does, for whom, why, and what gets worse. Text, Markdown and (by serde) JSON say the same.
//!
//! Everything is in the order of ids, so that two reports can be compared line by line.

use std::collections::BTreeMap;

use model::{
    Bandwidth, Delay, Edit, Finding, IntentId, Jitter, LinkId, Loss, NodeId, Phase, Plan, PolicyKey,
    ReasonedEdit, Revision, ServiceId, Sid, Site,
    verdict::{DomainDelay, Route},
};
use serde::Serialize;

use crate::{
    cause::{Causes, directions},
    diff::{Change, DeviceDiff, Diff, Unreadable},
    policy::{ChangePolicy, policy_of},
    prove::{Breakage, Proof},
    risk::Risk,
};

mod before;
mod markdown;
mod object;
mod text;
mod words;

/// What a plan does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanReport {
    /// The state it starts from.
    pub base: Revision,
    /// How it is carried out.
    pub policy: ChangePolicy,
    /// The services whose policies change, by name and headend.
    pub services: Vec<ServiceChange>,
    /// What gets worse, and for whom.
    pub worse: Vec<Worse>,
    /// The transactions, in order.
    pub transactions: Vec<TransactionView>,
    /// Objects that change, by device.
    pub devices: BTreeMap<NodeId, Vec<ObjectChange>>,
    /// Devices left out because what they hold is unknown.
    pub unreadable: BTreeMap<NodeId, Unreadable>,
    /// Lines whose loss no plan can mend.
    pub risks: Vec<Risk>,
    /// What a single failure breaks once the plan is carried out: of what the proof looked at, those that break something.
    pub breakages: Vec<Breakage>,
    /// What the proof looked at; none where none was made.
    pub checked: Option<crate::prove::Checked>,
    /// Every judgement on it.
    pub findings: Vec<Finding>,
}

/// What becomes of one direction of a service.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ServiceFate {
    /// It gets its first policy.
    New,
    /// Its path moves.
    Moved,
    /// Only its backup or attributes change.
    Adjusted,
    /// Its policy goes.
    Gone,
}

/// One direction of a service whose policy changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceChange {
    /// The service; none where a policy goes whose service is forgotten.
    pub service: Option<ServiceId>,
    /// Its intents.
    pub intents: Vec<IntentId>,
    /// Its class.
    pub class: Option<String>,
    /// What becomes of it.
    pub fate: ServiceFate,
    /// The headend.
    pub from: NodeId,
    /// The far end; none where it is not known.
    pub to: Option<NodeId>,
    /// The policy.
    pub policy: PolicyKey,
    /// The path that it had.
    pub before: Option<RouteView>,
    /// The path that it gets.
    pub after: Option<RouteView>,
    /// Where the path crosses several domains and a delay is promised: what each takes of it, as planned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<DomainDelay>,
    /// The backup that it gets.
    pub backup: Option<RouteView>,
    /// Why, one line a reason.
    pub why: Vec<String>,
}

/// A path as people read it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteView {
    /// Its nodes; those that its segments name where nothing more is known.
    pub nodes: Vec<NodeId>,
    /// The sites that they stand at, in order, each once for as long as the path stays there; those that the network file gives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<Site>,
    /// The lines between them, in order, where known.
    pub lines: Vec<LinkId>,
    /// Whether only some of the nodes are known.
    pub partial: bool,
    /// Its delay, where known.
    pub delay: Option<Delay>,
    /// Its jitter, where known.
    pub jitter: Option<Jitter>,
    /// Its loss, where known.
    pub loss: Option<Loss>,
    /// The bandwidth that is left on its tightest line beside all that is planned, the service itself included, where known. Of a
    /// backup, what the service finds there when it comes, if nobody else comes.
    pub spare: Option<Bandwidth>,
    /// The segments that pin it.
    pub segments: Vec<Sid>,
    /// Whether delay, jitter and loss are what the loop measured on some of its lines; otherwise they are as planned.
    pub measured: bool,
}

impl RouteView {
    fn of(route: &Route) -> Self {
        let path = &route.path;
        Self {
            nodes: path.nodes.clone(),
            sites: Vec::new(),
            lines: path.hops.iter().map(|hop| hop.link.clone()).collect(),
            partial: false,
            delay: Some(path.delay),
            jitter: Some(path.jitter),
            loss: Some(path.loss),
            spare: Some(path.spare),
            segments: route.segments.clone(),
            measured: false,
        }
    }
}

/// Something that gets worse.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Worse {
    /// For whom.
    pub service: ServiceId,
    /// In which direction: its headend.
    pub from: NodeId,
    /// What, with both values.
    pub what: String,
}

/// A transaction in short.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct TransactionView {
    /// What it is for.
    pub phase: Phase,
    /// How many edits each device gets.
    pub devices: BTreeMap<NodeId, usize>,
    /// Where services move in waves: those whose traffic moves here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceId>,
}

/// One object of a device that changes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ObjectChange {
    /// `+` new, `~` changed, `-` gone.
    pub sign: char,
    /// Which object.
    pub object: String,
    /// Its lines, each after a blank, `+` or `-`.
    pub lines: Vec<String>,
    /// The transactions that touch it, counted from 1, each with its rule.
    pub steps: Vec<(usize, String)>,
    /// The intents behind it.
    pub intents: Vec<IntentId>,
}

impl PlanReport {
    pub(crate) fn new(diff: Diff, plan: &Plan, policy: ChangePolicy, causes: &Causes<'_>) -> Self {
        Self {
            base: plan.base,
            policy,
            services: services(&diff, plan, causes),
            worse: worse(causes),
            transactions: plan
                .transactions
                .iter()
                .map(|transaction| TransactionView {
                    phase: transaction.phase,
                    devices: transaction
                        .edits
                        .iter()
                        .map(|(node, edits)| (node.clone(), edits.len()))
                        .collect(),
                    services: Vec::new(),
                })
                .collect(),
            devices: devices(&diff, plan),
            unreadable: diff.unreadable,
            risks: Vec::new(),
            breakages: Vec::new(),
            checked: None,
            findings: diff.findings,
        }
    }

    /// With the services that move in each transaction.
    #[must_use]
    pub(crate) fn moving(mut self, services: Vec<Vec<ServiceId>>) -> Self {
        for (transaction, services) in self.transactions.iter_mut().zip(services) {
            transaction.services = services;
        }
        self
    }

    /// With what compilation has to say about the state that it leads to.
    #[must_use]
    pub fn noting(mut self, findings: &[Finding]) -> Self {
        self.findings.extend(findings.iter().cloned());
        self
    }

    /// With what the proof found.
    #[must_use]
    pub fn proved(mut self, proof: &Proof) -> Self {
        self.findings.extend(proof.findings.iter().cloned());
        self.breakages.clone_from(&proof.breakages);
        self.checked = Some(proof.checked);
        self
    }

    /// With the lines whose loss no plan can mend.
    #[must_use]
    pub fn risking(mut self, risks: Vec<Risk>) -> Self {
        self.risks = risks;
        self
    }

    /// How many objects change.
    pub fn objects(&self) -> usize {
        self.devices.values().map(Vec::len).sum()
    }

    /// For the terminal.
    pub fn text(&self) -> String {
        let mut whole = String::new();
        self.each_piece(1, &mut |piece| whole.push_str(piece));
        whole
    }

    /// The same piece by piece, in order, written by several threads: the whole of a large network is larger than memory should have
    /// to hold.
    pub fn each_piece(&self, threads: usize, each: &mut dyn FnMut(&str)) {
        text::render(self, threads, each);
    }

    /// For a change ticket or a comment on a merge request: at most 60,000 bytes, a little over that only where single entries are
    /// huge. `beside` are findings of the same change that the report does not have.
    pub fn markdown(&self, beside: &[Finding]) -> String {
        markdown::render(self, beside)
    }

    /// One line: what changes and in how many steps.
    pub fn headline(&self) -> String {
        if self.transactions.is_empty() {
            return format!("Nothing to do on network state {}", self.base.0);
        }
        let count =
            |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        format!(
            "Plan on network state {}: {}, {}, {}",
            self.base.0,
            count(self.transactions.len(), "transaction"),
            count(self.devices.len(), "device"),
            count(self.objects(), "object"),
        )
    }
}

/// Transactions with their rules, and the intents behind them.
type Said = (Vec<(usize, String)>, Vec<IntentId>);

fn devices(diff: &Diff, plan: &Plan) -> BTreeMap<NodeId, Vec<ObjectChange>> {
    let objects = |(node, change): (&NodeId, &DeviceDiff)| {
        let mut steps = steps(node, plan);
        let mut objects = object::changes(change);
        for object in &mut objects {
            if let Some((said, intents)) = steps.remove(&object.object) {
                object.steps = said;
                object.intents = intents;
            }
        }
        (node.clone(), objects)
    };
    diff.devices.iter().map(objects).collect()
}

/// What transactions do to a device, by object.
fn steps(node: &NodeId, plan: &Plan) -> BTreeMap<String, Said> {
    let mut steps: BTreeMap<String, Said> = BTreeMap::new();
    for (number, transaction) in (1..).zip(&plan.transactions) {
        for edit in transaction.edits.get(node).into_iter().flatten() {
            let (said, intents) = steps.entry(object::name(&edit.edit)).or_default();
            said.push((number, edit.cause.rule.clone()));
            intents.clone_from(&edit.cause.intents);
        }
    }
    steps
}

fn services<'a>(diff: &Diff, plan: &Plan, causes: &Causes<'a>) -> Vec<ServiceChange> {
    let mut changes = Vec::new();
    for (node, device) in &diff.devices {
        let rules = rules(node, plan);
        for (key, change) in &device.policies {
            let service = causes.service(node, *key);
            let verdict = |all: Option<&'a BTreeMap<ServiceId, model::Verdict>>| {
                let directions = directions(all?.get(service?));
                directions.iter().find(|direction| direction.from == *node && direction.policy == *key)
            };
            let (before, after) = (verdict(causes.before), verdict(Some(causes.after)));
            let to = after.or(before).map(|direction| direction.to.clone());
            let mut why: Vec<String> = Vec::new();
            let rule = rules.get(key);
            why.extend(rule.map(|(rule, _)| (*rule).to_owned()));
            let after = change.after().and(after);
            why.extend(after.into_iter().flat_map(|direction| direction.primary.why.iter().cloned()));
            changes.push(ServiceChange {
                service: service.cloned(),
                intents: rule.map(|(_, intents)| intents.to_vec()).unwrap_or_default(),
                class: service.and_then(|id| causes.set.services.get(id)).map(|s| s.class.to_string()),
                fate: fate(change),
                from: node.clone(),
                to,
                policy: *key,
                before: change.before().map(|policy| match before {
                    Some(direction) => causes.seen(service, &direction.primary),
                    None => before::decode(causes.ted, node, policy),
                }),
                after: after.map(|direction| causes.seen(service, &direction.primary)),
                domains: after.map(|direction| direction.domains.clone()).unwrap_or_default(),
                backup: after
                    .and_then(|direction| direction.backup.as_ref())
                    .map(|route| causes.seen(service, route)),
                why,
            });
        }
    }
    changes.sort_by(|a, b| (&a.service, &a.from, a.policy).cmp(&(&b.service, &b.from, b.policy)));
    changes
}

/// Why policies of a device change, and for whom.
fn rules<'p>(node: &NodeId, plan: &'p Plan) -> BTreeMap<PolicyKey, (&'p str, &'p [IntentId])> {
    let edits = plan.transactions.iter().filter_map(|transaction| transaction.edits.get(node)).flatten();
    let mut rules: BTreeMap<PolicyKey, (&str, &[IntentId])> = BTreeMap::new();
    for ReasonedEdit { edit, cause } in edits {
        if let Some(key) = policy_of(edit) {
            rules.insert(key, (&cause.rule, &cause.intents));
        }
    }
    rules
}

fn fate(change: &Change<model::SrPolicy>) -> ServiceFate {
    let lists = |policy: &model::SrPolicy| policy.candidates.first().map(|path| path.lists.clone());
    match change {
        Change::Add(_) => ServiceFate::New,
        Change::Remove(_) => ServiceFate::Gone,
        Change::Change { from, to } if lists(from) != lists(to) => ServiceFate::Moved,
        Change::Change { .. } => ServiceFate::Adjusted,
    }
}

/// Compares what each direction had with what it gets, both as measured where that is known.
fn worse(causes: &Causes<'_>) -> Vec<Worse> {
    let Some(before) = causes.before else { return Vec::new() };
    let mut found = Vec::new();
    for (service, verdict) in before {
        for old in directions(Some(verdict)) {
            let mut say = |what: String| {
                found.push(Worse { service: service.clone(), from: old.from.clone(), what });
            };
            let new = directions(causes.after.get(service)).iter().find(|new| new.from == old.from);
            let Some(new) = new else {
                if causes.set.services.contains_key(service) {
                    say("is no longer carried".into());
                }
                continue;
            };
            let was = causes.seen(Some(service), &old.primary);
            let is = causes.seen(Some(service), &new.primary);
            for what in [
                rise("delay", was.delay, is.delay),
                rise("jitter", was.jitter, is.jitter),
                rise("loss", was.loss, is.loss),
                rise("price", Some(old.primary.path.price.0), Some(new.primary.path.price.0)),
            ] {
                what.into_iter().for_each(&mut say);
            }
            if old.backup.is_some() && new.backup.is_none() {
                say("has no backup any more".into());
            }
        }
    }
    found
}

fn rise<T: Ord + std::fmt::Display>(name: &str, was: Option<T>, is: Option<T>) -> Option<String> {
    let (was, is) = (was?, is?);
    (is > was).then(|| format!("{name} {was} -> {is}"))
}

impl Causes<'_> {
    fn sites(&self, nodes: &[NodeId]) -> Vec<Site> {
        let mut sites: Vec<Site> =
            nodes.iter().filter_map(|node| self.ted.nodes.get(node)?.site.clone()).collect();
        sites.dedup();
        sites
    }

    /// A route with the values that the loop has seen on it, where it has; otherwise as it was computed.
    fn seen(&self, service: Option<&ServiceId>, route: &Route) -> RouteView {
        let mut view = RouteView::of(route);
        view.sites = self.sites(&view.nodes);
        let relief = service.and_then(|id| self.hints?.relief.get(id));
        let Some(relief) =
            relief.filter(|relief| route.path.hops.iter().any(|hop| relief.seen.contains_key(hop)))
        else {
            return view;
        };
        let (mut delay, mut jitter, mut loss) = (Delay::ZERO, Jitter::ZERO, Loss::ZERO);
        for hop in &route.path.hops {
            let Some(link) = self.ted.links.get(&hop.link) else { return view };
            let (plan, seen) = (link.direction(hop.from), relief.seen.get(hop));
            delay = delay.saturating_add(seen.and_then(|seen| seen.delay).unwrap_or(plan.delay.value));
            jitter = jitter.saturating_add(seen.and_then(|seen| seen.jitter).unwrap_or(plan.jitter.value));
            loss = loss.then(seen.and_then(|seen| seen.loss).unwrap_or(plan.loss.value));
        }
        (view.delay, view.jitter, view.loss) = (Some(delay), Some(jitter), Some(loss));
        view.measured = true;
        view
    }
}

/// What an edit touches, in the words of [`ObjectChange::object`].
pub fn object_name(edit: &Edit) -> String {
    object::name(edit)
}

#[cfg(test)]
mod tests;
