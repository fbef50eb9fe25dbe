//! What the tests of all vendors share: a device that judges by the vendor's own modules, and configurations to give it.

mod any;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use model::{DeviceConfig, Edit, VrfName, state::Foreign};
use serde_json::{Map, Value};
use yang5::{
    context::{Context, ContextFlags, EmbeddedModuleKey, EmbeddedModules},
    data::{Data as _, DataFormat, DataParserFlags, DataPrinterFlags, DataTree, DataValidationFlags},
};

pub(crate) use any::{Range, config, sample, sample_policy};

use crate::{Action, Dialect, Headend, Operation, Step, View, to_gnmi, to_netconf};

/// What a vendor's modules are and what its device holds before we come.
pub(crate) struct Vendor {
    pub dialect: Dialect,
    /// Below `shared/yang`.
    pub folder: &'static str,
    /// Modules and the features that are on: these, `*` for all, or all but those with a `-` before them.
    pub modules: &'static [(&'static str, &'static [&'static str])],
    /// Configuration that is not ours, as XML.
    pub base: &'static str,
}

/// The folder of the vendor's modules, in this workspace's neighbourhood.
fn folder(name: &str) -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|place| place.join("shared/yang").join(name)).find(|place| place.is_dir());
    if found.is_none() {
        println!("skipped: shared/yang/{name} is not beside the workspace");
    }
    found
}

/// The text of a module as libyang can take it. One pattern is too long for the library that judges it; without it, any text
/// passes there. One condition asks whether a leaf is true by naming it, which in XPath asks whether it is there, and it
/// always is.
fn mended(text: &str) -> String {
    let lines = text.lines().filter(|line| !(line.trim_start().starts_with("pattern") && line.len() > 700));
    let text = lines.collect::<Vec<_>>().join("\n");
    text.replace("srl_nokia-mplslbl:shared)'", "srl_nokia-mplslbl:shared = \"true\")'")
}

/// The features that are meant: `-name` is off where all others are on.
fn switched_on<'a>(text: &'a str, features: &[&'a str]) -> Vec<&'a str> {
    let off: Vec<&str> = features.iter().filter_map(|name| name.strip_prefix('-')).collect();
    if off.is_empty() {
        return features.to_vec();
    }
    let defined = text.lines().filter_map(|line| line.trim().strip_prefix("feature ")?.strip_suffix(" {"));
    defined.filter(|name| !off.contains(name)).collect()
}

impl Vendor {
    /// The compiled modules; none where they are not at hand, which is printed.
    pub fn context(&self) -> Option<Context> {
        let folder = folder(self.folder)?;
        let mut context = Context::new(ContextFlags::NO_YANGLIBRARY | ContextFlags::REF_IMPLEMENTED).unwrap();
        context.set_searchdir(&folder).unwrap();
        let mut texts = EmbeddedModules::new();
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lab/router/yang");
        for (name, place) in [
            ("huawei-routing-policy", &folder),
            ("srl_nokia-te-policies", &folder),
            ("trunkline-measurement", &ours),
            ("trunkline-sr-policy", &ours),
        ] {
            if let Ok(text) = std::fs::read_to_string(place.join(format!("{name}.yang"))) {
                let text = Box::leak(mended(&text).into_boxed_str());
                texts.insert(EmbeddedModuleKey::new(name, None, None, None), text);
            }
        }
        context.set_embedded_modules(&texts);
        for (module, features) in self.modules {
            let text = std::fs::read_to_string(folder.join(format!("{module}.yang"))).unwrap_or_default();
            let on = switched_on(&text, features);
            context.load_module(module, None, &on).unwrap_or_else(|e| panic!("{module}: {e:?}"));
        }
        context.unset_embedded_modules();
        Some(context)
    }

    /// Edits in this dialect, on a device that holds `held`.
    pub fn render(&self, edits: &[Edit], held: &DeviceConfig) -> Result<Vec<Operation>, crate::Unsupported> {
        let address = "10.0.0.1".parse().unwrap();
        self.dialect.render(edits, &Headend { address, held })
    }
}

/// A device: it carries operations out on a tree of the vendor's modules.
pub(crate) struct Served<'a> {
    context: &'a Context,
    tree: DataTree<'a>,
}

/// As for a configuration. Modules of which nothing is held are not asked: what they miss is not ours to write.
const JUDGE: DataValidationFlags = DataValidationFlags::NO_STATE.union(DataValidationFlags::PRESENT);
const PARSE: DataParserFlags = DataParserFlags::STRICT.union(DataParserFlags::NO_VALIDATION);

impl<'a> Served<'a> {
    pub fn new(context: &'a Context, base: &str) -> Self {
        let mut device = Self { context, tree: DataTree::new(context) };
        device.merge(base, DataFormat::XML);
        device
    }

    fn merge(&mut self, text: &str, format: DataFormat) {
        self.tree.merge(&parse(self.context, text, format)).unwrap();
    }

    /// Carries operations out, one after the other. XML and JSON have to say the same.
    pub fn carry_out(&mut self, operations: &[Operation]) {
        for operation in operations {
            if !matches!(operation.action, Action::Merge(_)) {
                let _ = self.tree.remove(&place(&operation.path));
            }
            if operation.action == Action::Remove {
                continue;
            }
            let xml = without_marks(&to_netconf(std::slice::from_ref(operation)));
            let json = wrapped(operation).to_string();
            let [one, other] = [(&xml, DataFormat::XML), (&json, DataFormat::JSON)].map(|(text, format)| {
                let mut tree = parse(self.context, text, format);
                let _ = tree.validate(JUDGE);
                print(&tree, DataFormat::JSON)
            });
            assert_eq!(one, other, "XML and JSON differ");
            self.merge(&xml, DataFormat::XML);
        }
    }

    /// Validates all that is held, and gives it as text in both encodings.
    pub fn answers(&mut self) -> [View; 2] {
        if let Err(error) = self.tree.validate(JUDGE) {
            panic!("the modules refuse it: {error:?}\n{}", print(&self.tree, DataFormat::JSON));
        }
        let json = serde_json::from_str(&print(&self.tree, DataFormat::JSON)).unwrap();
        let xml = View::from_xml(&print(&self.tree, DataFormat::XML)).unwrap();
        [xml, View::from_json(&json)]
    }

    /// What is held, without containers that hold nothing.
    pub fn text(&self) -> String {
        print(&self.tree, DataFormat::JSON)
    }
}

fn parse<'a>(context: &'a Context, text: &str, format: DataFormat) -> DataTree<'a> {
    DataTree::parse_string(context, text, format, PARSE, JUDGE)
        .unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

fn print(tree: &DataTree<'_>, format: DataFormat) -> String {
    let flags = DataPrinterFlags::WITH_SIBLINGS | DataPrinterFlags::WD_EXPLICIT;
    let text = tree.print_string(format, flags).unwrap();
    if text.is_empty() { "{}".into() } else { text }
}

/// The path as libyang writes it.
fn place(path: &[Step]) -> String {
    let keys =
        |step: &Step| step.keys.iter().map(|(key, value)| format!("[{key}='{value}']")).collect::<String>();
    path.iter().map(|step| format!("/{}:{}{}", step.module.name, step.name, keys(step))).collect()
}

fn without_marks(xml: &str) -> String {
    let mark = " xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\" nc:operation=\"replace\"";
    xml.replace(mark, "")
}

/// A gNMI update as one JSON document from the root.
fn wrapped(operation: &Operation) -> Value {
    let mut value = to_gnmi(operation).1.unwrap();
    for step in operation.path.iter().rev() {
        if let Value::Object(members) = &mut value {
            for (key, text) in &step.keys {
                let word = || text.parse::<bool>().map_or_else(|_| Value::from(text.as_str()), Value::from);
                let key_value = text.parse::<u32>().map_or_else(|_| word(), Value::from);
                members.insert(format!("{}:{key}", step.module.name), key_value);
            }
        }
        let name = format!("{}:{}", step.module.name, step.name);
        let value_here = if step.keys.is_empty() { value } else { Value::Array(vec![value]) };
        value = Value::Object(Map::from_iter([(name, value_here)]));
    }
    value
}

/// The edits that make `after` of `before`.
pub(crate) fn edits(before: &DeviceConfig, after: &DeviceConfig) -> Vec<Edit> {
    let mut edits: Vec<Edit> = after.classifier.iter().cloned().map(Edit::PutClassifier).collect();
    edits.extend(after.policies.values().cloned().map(Edit::PutPolicy));
    edits.extend(after.steering.values().cloned().map(Edit::PutSteering));
    edits.extend(
        after
            .qos
            .iter()
            .map(|(interface, qos)| Edit::PutQos { interface: interface.clone(), qos: qos.clone() }),
    );
    edits.extend(after.classified.iter().cloned().map(Edit::BindClassifier));
    let gone = before.policies.keys().filter(|key| !after.policies.contains_key(key));
    edits.extend(gone.copied().map(Edit::RemovePolicy));
    let gone = before.steering.keys().filter(|key| !after.steering.contains_key(key));
    edits.extend(gone.cloned().map(Edit::RemoveSteering));
    let gone = before.qos.keys().filter(|interface| !after.qos.contains_key(interface));
    edits.extend(gone.cloned().map(Edit::RemoveQos));
    edits.extend(before.classified.difference(&after.classified).cloned().map(Edit::UnbindClassifier));
    if before.classifier.is_some() && after.classifier.is_none() {
        edits.push(Edit::RemoveClassifier);
    }
    edits
}

/// From nothing to one configuration, to another one, to nothing: at each step the modules agree with what the device
/// holds, and it reads back. Afterwards nothing is left.
pub(crate) fn live_through(vendor: &Vendor, context: &Context, one: &DeviceConfig, other: &DeviceConfig) {
    let mut device = Served::new(context, vendor.base);
    device.answers();
    let untouched = device.text();
    let nothing = DeviceConfig::default();
    for (before, after) in [(&nothing, one), (one, other), (other, &nothing)] {
        device.carry_out(&vendor.render(&edits(before, after), before).unwrap());
        for answer in device.answers() {
            let (owned, foreign) = vendor.dialect.read(&answer).unwrap();
            let others = Foreign { tables: None, ..foreign };
            assert_eq!((owned, others), (after.clone(), Foreign::default()));
            let part = selected(&View::from_xml(&vendor.dialect.filter_xml()).unwrap(), &answer);
            assert_eq!(vendor.dialect.read(&part).unwrap().0, *after, "the filter leaves something out");
        }
    }
    assert_eq!(device.text(), untouched, "something of ours is left");
}

/// The same objects under names that are not ours: nothing is owned, nothing is an error, and all of it is in the way.
pub(crate) fn is_foreign_under_other_names(vendor: &Vendor, context: &Context, config: &DeviceConfig) {
    fn renamed(view: &mut View) {
        if let Some(rest) = view.text.strip_prefix("tl-") {
            view.text = format!("ops-{rest}");
        }
        view.children.iter_mut().for_each(renamed);
    }
    let mut device = Served::new(context, vendor.base);
    let nothing = DeviceConfig::default();
    device.carry_out(&vendor.render(&edits(&nothing, config), &nothing).unwrap());
    for mut answer in device.answers() {
        renamed(&mut answer);
        let (owned, foreign) = vendor.dialect.read(&answer).unwrap();
        assert!(owned.is_empty(), "{owned:?}");
        assert!(foreign.policies.keys().eq(config.policies.keys()), "{foreign:?}");
        assert!(foreign.qos.iter().eq(config.qos.keys()), "{foreign:?}");
        assert_eq!(foreign.classified, config.classified, "{foreign:?}");
        let vrfs: BTreeSet<&VrfName> = config.steering.keys().map(|key| &key.vrf).collect();
        assert!(foreign.vrfs.iter().eq(vrfs), "{foreign:?}");
    }
}

/// What a subtree filter selects (RFC 6241 section 6.2), without content match nodes but for names of instances.
fn selected(filter: &View, from: &View) -> View {
    let mut part = View { children: Vec::new(), ..from.clone() };
    for child in &from.children {
        let wanted = filter.children.iter().filter(|wanted| wanted.name == child.name);
        for wanted in wanted {
            part.children.push(if wanted.children.is_empty() {
                child.clone()
            } else {
                selected(wanted, child)
            });
        }
    }
    part
}

/// A payload as a person reads it: the content of `<config>`, a line for each element.
pub(crate) fn shown(operations: &[Operation]) -> String {
    let xml = to_netconf(operations).replace("><", ">\n<");
    let mut depth = 0_usize;
    let lines = xml.lines().map(|line| {
        let closes = line.starts_with("</");
        let whole = line.contains("</") && !closes;
        depth -= usize::from(closes);
        let text = format!("{:1$}{line}", "", depth * 2);
        depth += usize::from(!closes && !whole);
        text
    });
    lines.collect::<Vec<_>>().join("\n")
}
