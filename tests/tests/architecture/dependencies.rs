//! Cargo's view of the workspace against the table.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use crate::{
    root,
    table::{AT_WORK, AT_WORK_LATER, CRATES, LATER, NOT_LINKED, OWNERS, Row},
};

fn metadata() -> Metadata {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--filter-platform".to_owned(), platform])
        .exec()
        .unwrap()
}

fn row(name: &str) -> &'static Row {
    CRATES.iter().find(|row| row.name == name).unwrap_or_else(|| {
        panic!("the crate `{name}` is not in the table: tests/tests/architecture/table.rs")
    })
}

/// What a package names in its manifest. Dependencies of build scripts count; those of tests do not.
fn declared(package: &Package) -> BTreeSet<&str> {
    let shipped =
        package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    shipped.map(|dependency| dependency.name.as_str()).collect()
}

#[test]
fn every_crate_uses_only_the_crates_that_the_table_allows() {
    let metadata = metadata();
    let ours: BTreeSet<&str> = CRATES.iter().map(|row| row.name).collect();
    for package in metadata.workspace_packages() {
        let allowed: BTreeSet<&str> = row(&package.name).may.iter().copied().collect();
        let used: BTreeSet<&str> = declared(package).intersection(&ours).copied().collect();
        let beyond: Vec<_> = used.difference(&allowed).collect();
        assert!(beyond.is_empty(), "{} must not use {beyond:?}", package.name);
    }
}

#[test]
fn members_stand_in_flow_order_and_in_their_folders() {
    let metadata = metadata();
    let folders: BTreeMap<&PackageId, String> = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let folder = package.manifest_path.parent().unwrap().as_std_path();
            (&package.id, folder.strip_prefix(root()).unwrap().display().to_string())
        })
        .collect();
    for package in metadata.workspace_packages() {
        assert_eq!(folders[&package.id], row(&package.name).folder, "{} lies elsewhere", package.name);
    }
    let built = CRATES.iter().filter(|row| !LATER.contains(&row.name));
    let expected: Vec<&str> = built.map(|row| row.folder).collect();
    assert_eq!(members_as_written(), expected, "the members of the root manifest, in flow order");
}

/// Cargo sorts members; the order that people read is in the file.
fn members_as_written() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, after) = manifest.split_once("members = [").unwrap();
    let (list, _) = after.split_once(']').unwrap();
    let lines = list.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.trim_end_matches(',').trim_matches('"').to_owned()).collect()
}

#[test]
fn the_table_itself_has_no_way_back() {
    for (place, row) in CRATES.iter().enumerate() {
        // The daemon starts the lab's processes, which are listed after the product.
        let before = |name: &str| {
            CRATES[..place].iter().any(|earlier| earlier.name == name)
                || (row.name == "daemon"
                    && ["sim", "net", "report", "router", "ground", "host", "probe"].contains(&name))
        };
        assert!(row.may.iter().all(|name| before(name)), "{} uses what comes after it", row.name);
        let impure = row.may.iter().find(|name| row.pure && !self::row(name).pure);
        assert!(impure.is_none(), "{} is pure and may use {impure:?}, which is not", row.name);
    }
}

#[test]
fn the_witness_and_path_computation_do_not_know_each_other() {
    for (one, other) in [("traffic", "paths"), ("paths", "traffic"), ("plan", "paths"), ("sim", "paths")] {
        assert!(
            !row(one).may.contains(&other),
            "{one} judges what {other} works out: they share the model alone"
        );
    }
}

/// The normal dependencies of every package, as resolved.
fn edges(metadata: &Metadata) -> BTreeMap<&PackageId, Vec<&PackageId>> {
    let resolve = metadata.resolve.as_ref().unwrap();
    resolve
        .nodes
        .iter()
        .map(|node| {
            let normal = node.deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
            });
            (&node.id, normal.map(|dependency| &dependency.pkg).collect())
        })
        .collect()
}

/// The way from a package to one of that name, if there is any.
fn way_to<'a>(metadata: &'a Metadata, from: &'a PackageId, name: &str) -> Option<Vec<&'a str>> {
    let edges = edges(metadata);
    let mut seen = BTreeSet::from([from]);
    let mut waiting = vec![vec![from]];
    while let Some(way) = waiting.pop() {
        for next in edges.get(way.last()?).into_iter().flatten().copied() {
            let mut longer = way.clone();
            longer.push(next);
            if metadata[next].name.as_str() == name {
                return Some(longer.into_iter().map(|id| metadata[id].name.as_str()).collect());
            }
            if seen.insert(next) {
                waiting.push(longer);
            }
        }
    }
    None
}

#[test]
fn no_pure_crate_reaches_tokio() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        if row(&package.name).pure {
            let way = way_to(&metadata, &package.id, "tokio");
            assert!(way.is_none(), "{} reaches tokio: {}", package.name, way.unwrap_or_default().join(" > "));
        }
    }
    let engine = metadata.workspace_packages().into_iter().find(|package| *package.name == "engine").unwrap();
    assert!(way_to(&metadata, &engine.id, "tokio").is_some(), "a search that finds nothing proves nothing");
}

#[test]
fn every_io_library_has_its_owner() {
    let metadata = metadata();
    for (library, owners) in OWNERS {
        let users: BTreeSet<&str> = metadata
            .workspace_packages()
            .into_iter()
            .filter(|package| declared(package).contains(library))
            .map(|package| package.name.as_str())
            .collect();
        assert!(
            users.iter().all(|user| owners.contains(user)),
            "{library} belongs to {owners:?}, used by {users:?}"
        );
        assert!(!users.is_empty(), "nobody uses {library} any more: take it out of the table");
    }
}

#[test]
fn the_dependency_policy_names_exactly_those_who_use_an_io_library() {
    let metadata = metadata();
    let policy = fs::read_to_string(root().join(".deny.toml")).unwrap();
    for (library, _) in OWNERS {
        let resolve = metadata.resolve.as_ref().unwrap();
        let users = resolve.nodes.iter().filter(|node| {
            node.deps.iter().any(|dependency| metadata[&dependency.pkg].name.as_str() == *library)
        });
        let users: BTreeSet<&str> = users.map(|node| metadata[&node.id].name.as_str()).collect();
        let written: BTreeSet<&str> = wrappers(&policy, library).into_iter().collect();
        assert_eq!(written, users, "the wrappers of {library} in .deny.toml");
    }
}

/// The `wrappers` of a library in the dependency policy: one line for each library.
fn wrappers<'a>(policy: &'a str, library: &str) -> Vec<&'a str> {
    let start = format!("{{ crate = \"{library}\", wrappers = [");
    let line = policy.lines().find_map(|line| line.trim().strip_prefix(&start));
    let (list, _) = line.and_then(|line| line.split_once(']')).unwrap_or_default();
    list.split(',').map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty()).collect()
}

/// netconf-rs has an SSH of its own, which trusts any host key. In the place of what that is built on stands a crate that opens
/// nothing, so the only way to a device is a session of ours.
#[test]
fn the_ssh_of_netconf_rs_is_not_in_the_product() {
    let metadata = metadata();
    let named = |name: &str| {
        metadata.packages.iter().filter(|package| package.name.as_str() == name).collect::<Vec<_>>()
    };
    let ssh = named("ssh2");
    assert_eq!(ssh.len(), 1, "{ssh:?}");
    assert!(ssh.iter().all(|package| package.source.is_none()), "the published crate is in: {ssh:?}");
    assert!(way_to(&metadata, &named("netconf")[0].id, "ssh2").is_some(), "nobody asks for it any more");
    for library in NOT_LINKED {
        assert!(named(library).is_empty(), "{library} is in the product");
    }
}

#[test]
fn every_named_library_is_at_work() {
    let metadata = metadata();
    let used: BTreeSet<&str> = metadata.workspace_packages().into_iter().flat_map(declared).collect();
    for library in AT_WORK {
        assert!(used.contains(library), "{library} has no work in this workspace");
    }
    for library in AT_WORK_LATER {
        assert!(!used.contains(library), "{library} is at work now: move it to AT_WORK");
    }
    for name in LATER {
        let built = metadata.workspace_packages().into_iter().any(|package| package.name.as_str() == *name);
        assert!(!built, "{name} is built now: take it out of LATER");
    }
}

#[test]
fn every_crate_obeys_the_lints_of_the_workspace() {
    for package in metadata().workspace_packages() {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} has lints of its own", package.name);
    }
}
