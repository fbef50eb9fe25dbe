use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use yang5::{
    context::{Context, ContextFlags},
    schema::{SchemaNode, SchemaNodeKind, SchemaPathFormat},
};

use super::*;

mod closed;
mod text;

#[test]
fn the_served_modules_make_a_schema() {
    let schema = Schema::load().unwrap();
    let policy = schema.at("network-instances/network-instance/sr-policies/sr-policy").unwrap();
    let keys: Vec<_> = schema.keys(policy).iter().map(|k| schema.node(*k).name.as_str()).collect();
    assert_eq!(keys, ["color", "endpoint"]);
    assert_eq!(schema.module_of(policy).namespace, "urn:trunkline:yang:sr-policy");
    let counters = schema.at("interfaces/interface/state/counters/in-octets").unwrap();
    assert!(!schema.node(counters).config);
    assert_eq!(schema.leaf_type(counters), Some(LeafType::Uint { wide: true }));
}

#[test]
fn every_module_describes_itself_and_every_node() {
    let schema = Schema::load().unwrap();
    for module in schema.modules() {
        assert!(!module.revision.is_empty(), "{} has no revision", module.name);
        for node in schema.context.get_module_implemented(&module.name).unwrap().traverse() {
            if !matches!(node.kind(), SchemaNodeKind::Case | SchemaNodeKind::Input | SchemaNodeKind::Output) {
                assert!(node.description().is_some(), "{}", node.path(SchemaPathFormat::DATA));
            }
        }
    }
}

#[test]
fn the_product_finds_all_that_it_writes_in_the_texts() {
    // One that its parser does not take is judged by nobody.
    let read = |module: &ModuleText| dialects::catalogue::read_module(module.text).ok();
    let texts: Vec<_> = MODULES.iter().filter_map(read).collect();
    for (module, nodes) in dialects::Dialect::OpenConfig.vocabulary() {
        assert!(texts.iter().any(|text| text.name == module), "{module}");
        for node in nodes {
            assert!(texts.iter().any(|text| text.may_define(&node)), "{module}: {node}");
        }
    }
}

/// The folder of public models beside the workspace, where this machine has it.
fn genuine_models() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/yang/openconfig");
    folder.is_dir().then_some(folder)
}

/// What two modules must agree on for a client not to see a difference.
fn signature(node: &SchemaNode<'_>) -> String {
    let keys: Vec<String> = match node.kind() {
        SchemaNodeKind::List => node.list_keys().map(|key| key.name().to_owned()).collect(),
        _ => Vec::new(),
    };
    let base = node.leaf_type().map(|leaf| {
        let real = leaf.leafref_real_type();
        (leaf.base_type(), real.map(|r| r.base_type()))
    });
    let namespace = node.module().namespace().to_owned();
    let default = (node.kind() == SchemaNodeKind::Leaf && node.has_default())
        .then(|| node.default_value_canonical().unwrap())
        .flatten();
    let [kind, config] = [format!("{:?}", node.kind()), node.is_config().to_string()];
    format!("{kind} config={config} keys={keys:?} type={base:?} default={default:?} in {namespace}")
}

#[test]
fn every_openconfig_path_exists_alike_in_the_genuine_modules() {
    let Some(folder) = genuine_models() else {
        println!("skipped: ../shared/yang/openconfig is not beside the workspace");
        return;
    };
    let mut genuine = Context::new(ContextFlags::NO_YANGLIBRARY | ContextFlags::REF_IMPLEMENTED).unwrap();
    genuine.set_searchdir(&folder).unwrap();
    let ours = Schema::load().unwrap();
    let served: Vec<_> = ours.modules().iter().filter(|m| m.name.starts_with("openconfig-")).collect();
    for module in &served {
        let theirs = genuine.load_module(&module.name, None, &[]).unwrap();
        assert_eq!(theirs.namespace(), module.namespace, "{}", module.name);
        assert_eq!(theirs.prefix(), module.prefix, "{}", module.name);
    }
    let mut compared = 0;
    for module in &served {
        for node in ours.context.get_module_implemented(&module.name).unwrap().traverse() {
            if !node.module().name().starts_with("openconfig-") {
                continue;
            }
            let path = node.path(SchemaPathFormat::DATA);
            let theirs = genuine.find_path(&path).unwrap_or_else(|e| panic!("{path}: {e:?}"));
            assert_eq!(signature(&node), signature(&theirs), "{path}");
            compared += 1;
        }
    }
    assert!(compared > 200, "only {compared} nodes were compared");
}

/// What a type restricts, and not only what it is made of.
#[test]
fn every_openconfig_leaf_allows_what_it_allows_in_the_genuine_modules() {
    let Some(folder) = genuine_models() else {
        println!("skipped: ../shared/yang/openconfig is not beside the workspace");
        return;
    };
    let served: Vec<_> = MODULES.iter().map(|module| module.name).collect();
    let texts: BTreeMap<_, _> = MODULES.iter().map(|module| (module.name, module.text)).collect();
    let mut ours = text::Library::default();
    for name in &served {
        ours.take(name, &|wanted| texts.get(wanted).map(|text| (*text).to_owned()));
    }
    let openconfig: Vec<_> = served.into_iter().filter(|name| name.starts_with("openconfig-")).collect();
    let (ours, theirs) = (ours.leaves(), text::Library::of_folder(&folder, &openconfig).leaves());
    let schema = Schema::load().unwrap();
    let mut compared = 0;
    let mut differences = Vec::new();
    for module in openconfig {
        for node in schema.context.get_module_implemented(module).unwrap().traverse() {
            if !node.module().name().starts_with("openconfig-") || node.leaf_type().is_none() {
                continue;
            }
            let path = text::plain(&node.path(SchemaPathFormat::DATA));
            let (Some(our), Some(their)) = (ours.get(&path), theirs.get(&path)) else {
                panic!("{path}: a leaf without a type: {:?}", ours.get(&path));
            };
            differences.extend(our.difference(their).map(|found| format!("{path}: {found}")));
            compared += 1;
        }
    }
    assert!(differences.is_empty(), "{} of {compared}:\n{}", differences.len(), differences.join("\n"));
    assert!(compared > 150, "only {compared} leaves were compared");
}
