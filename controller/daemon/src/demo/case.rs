//! A case, as the demonstration plays it: the network, what is offered to it, what is promised, and what happens. That of CEB is
//! part of the program; others are read from a folder.

use std::{collections::BTreeMap, fs, path::Path};

use model::{Demands, NodeId, Ted};
use net::{Scenario, Traffic};

use crate::{
    outcome::Stop,
    play::{Case, Told, faults},
};

const NETWORK: &str = include_str!("../../../../lab/ceb.clab.yml");
const TRAFFIC: &str = include_str!("../../../../lab/ceb-traffic.yaml");
const SCENARIO: &str = include_str!("../../../../lab/scenarios/ceb-line-degrades.yaml");
const INTENTS: [(&str, &str); 3] = [
    ("alarms.yaml", include_str!("../../../../intents/examples/ceb/alarms.yaml")),
    ("classes.yaml", include_str!("../../../../intents/examples/ceb/classes.yaml")),
    ("services.yaml", include_str!("../../../../intents/examples/ceb/services.yaml")),
];

impl Case {
    /// That of CEB, with so many routers; all where it is not said.
    pub fn ceb(count: Option<usize>, scenario: &Scenario) -> anyhow::Result<Self> {
        let ted = network(count, scenario)?;
        let demands = demands("ceb-traffic.yaml", TRAFFIC, &ted)?;
        let intents = INTENTS.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        Ok(Self { name: "CEB".to_owned(), ted, demands, intents })
    }

    /// That of a folder: its `network.yaml` and `traffic.yaml`; all its other YAML files are intents.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let unread = |path: &Path, error: std::io::Error| Stop::usage(format!("{}: {error}", path.display()));
        let text = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).map_err(|error| unread(&path, error))
        };
        let network = formats::read("network.yaml", &text("network.yaml")?);
        let ted = network.map_err(|findings| faults("network.yaml", &findings))?.ted;
        let demands = demands("traffic.yaml", &text("traffic.yaml")?, &ted)?;
        let mut intents = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(|error| unread(folder, error))? {
            let name =
                entry.map_err(|error| unread(folder, error))?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".yaml") && !["network.yaml", "traffic.yaml"].contains(&name.as_str()) {
                let text = text(&name)?;
                intents.insert(name, text);
            }
        }
        if intents.is_empty() {
            let message = format!("{}: a case has intents, in YAML files of their own", folder.display());
            return Err(Stop::usage(message).into());
        }
        let name = folder
            .canonicalize()
            .ok()
            .and_then(|path| Some(path.file_name()?.to_string_lossy().to_uppercase()));
        Ok(Self { name: name.unwrap_or_else(|| folder.display().to_string()), ted, demands, intents })
    }
}

/// The CEB network, with as many branches as make `count` routers: those of the scenario, then others by name.
fn network(count: Option<usize>, scenario: &Scenario) -> anyhow::Result<Ted> {
    let read =
        formats::read("ceb.clab.yml", NETWORK).map_err(|findings| faults("ceb.clab.yml", &findings))?;
    let mut ted = read.ted;
    let Some(count) = count else { return Ok(ted) };
    let branch = |node: &model::Node| node.role.as_deref() == Some("branch");
    let core = ted.nodes.values().filter(|node| !branch(node)).count();
    if count <= core || count > ted.nodes.len() {
        let all = ted.nodes.len();
        let range = format!("from {} to {all}", core + 1);
        return Err(Stop::usage(format!(
            "--routers {count} is not possible: give a number {range}; {core} of the case's {all} routers stand between \
             the branches and cannot be left out"
        ))
        .into());
    }
    let needed = scenario.nodes(&ted);
    let (mut kept, others): (Vec<NodeId>, Vec<NodeId>) = ted
        .nodes
        .values()
        .filter(|node| branch(node))
        .map(|node| node.id.clone())
        .partition(|id| needed.contains(id));
    kept.extend(others);
    let extra = kept.split_off(count - core);
    for node in &extra {
        ted.nodes.remove(node);
        ted.links.retain(|_, link| link.a.node != *node && link.z.node != *node);
    }
    Ok(ted)
}

fn demands(file: &str, text: &str, ted: &Ted) -> anyhow::Result<Demands> {
    let traffic = Traffic::read(file, text).map_err(|findings| faults(file, &findings))?;
    net::demands(&traffic, ted).map_err(|findings| faults(file, &findings))
}

/// The scenario and what its file says to people.
pub fn read_scenario(path: Option<&Path>) -> anyhow::Result<(Scenario, Told)> {
    let (name, text) = match path {
        None => ("ceb-line-degrades.yaml".to_owned(), SCENARIO.to_owned()),
        Some(path) => {
            let text = fs::read_to_string(path)
                .map_err(|error| Stop::usage(format!("{}: {error}", path.display())))?;
            (path.display().to_string(), text)
        }
    };
    Told::read(name, &text)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::play::fitted;

    #[test]
    fn fewer_routers_keep_those_that_the_scenario_needs() {
        let (scenario, told) = read_scenario(None).unwrap();
        let name = told.name;
        for count in [61, 75, 120] {
            let Case { ted, demands, .. } = Case::ceb(Some(count), &scenario).unwrap();
            assert_eq!(ted.nodes.len(), count);
            assert!(ted.links.values().all(|link| ted.nodes.contains_key(&link.z.node)));
            fitted(scenario.clone(), &name, None, &ted).unwrap();
            fitted(scenario.clone(), &name, Some(3), &ted).unwrap();
            assert!(!demands.is_empty());
        }
    }

    #[test]
    fn a_case_is_read_from_its_folder_or_refused_with_what_is_missing() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let case = Case::read(&root.join("lab/cases/ccb")).unwrap();
        assert_eq!((case.name.as_str(), case.ted.nodes.len(), case.demands.len()), ("CCB", 8, 24));
        assert_eq!(case.intents.keys().collect::<Vec<_>>(), ["intents.yaml"]);
        let path = root.join("lab/scenarios/ccb-5g-degrades.yaml");
        let (scenario, told) = read_scenario(Some(&path)).unwrap();
        fitted(scenario, &told.name, None, &case.ted).unwrap();
        let refused = Case::read(&root.join("lab/scenarios")).unwrap_err().to_string();
        assert!(refused.contains("lab/scenarios/network.yaml: "), "{refused}");
        let folder = tempfile::tempdir().unwrap();
        for name in ["network.yaml", "traffic.yaml"] {
            fs::copy(root.join("lab/cases/ccb").join(name), folder.path().join(name)).unwrap();
        }
        let refused = Case::read(folder.path()).unwrap_err().to_string();
        assert!(refused.ends_with("a case has intents, in YAML files of their own"), "{refused}");
    }

    #[test]
    fn help_and_refusal_tell_how_many_routers_there_can_be() {
        let (scenario, _) = read_scenario(None).unwrap();
        let mut command = crate::cli::Cli::command();
        let help = command.find_subcommand_mut("demo").unwrap().render_help().to_string();
        assert!(help.contains("from 61 to 120"), "{help}");
        for count in [0, 60, 121] {
            let error = network(Some(count), &scenario).unwrap_err().to_string();
            assert!(error.contains("from 61 to 120"), "{error}");
        }
    }
}
