//! What a device serves: its YANG modules, and what they lack of what we would write.
//!
//! Three questions, from the cheap one to the dear one. What a session tells ([`Served`]) is learnt whenever one is opened. The
//! whole list, and what stands in each module's text ([`Contents`]), is looked up for people who ask. What a device did not say
//! is absent here: that it is not known to have something is no reason to refuse it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

/// What a device said of its modules.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Served {
    /// Those that it serves, by name; empty where it does not say.
    pub modules: Vec<Module>,
    /// What they lack of what the device's dialect can write, as far as that is known.
    pub lacks: Lacks,
    /// The modules of that dialect of which it was found out whether they lack anything. Of the others this says nothing.
    pub judged: BTreeSet<String>,
    /// It was asked for a few texts only, so that others can ask it something; asking again would tell more.
    pub unfinished: bool,
}

impl Served {
    /// What is known to be lacking now, where `known` was before. What was not judged again stands, unless the device now says
    /// that it serves the module, or another revision of it.
    pub fn over(&self, known: &Lacks) -> Lacks {
        let mut lacks = self.lacks.clone();
        for (name, lack) in known {
            if !self.judged.contains(name) && !self.gainsays(name, lack) {
                lacks.entry(name.clone()).or_insert_with(|| lack.clone());
            }
        }
        lacks
    }

    fn gainsays(&self, name: &str, lack: &Lack) -> bool {
        let told: Vec<&Module> = self.modules.iter().filter(|module| module.name == name).collect();
        match lack {
            Lack::Module => !told.is_empty(),
            Lack::Nodes { revision, .. } => {
                !told.is_empty() && told.iter().all(|module| module.revision != *revision)
            }
        }
    }
}

/// What modules lack, by their names. Empty where nothing is known to be missing.
pub type Lacks = BTreeMap<String, Lack>;

/// What a device lacks of a module.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Lack {
    /// It does not serve it.
    Module,
    /// It serves it, and the module's text defines no nodes of these names.
    Nodes {
        /// The revision that it serves, where it has one.
        revision: Option<String>,
        /// The names.
        names: BTreeSet<String>,
    },
}

/// The first thing that is missing of what an edit needs of a module: `None` where it has all of it.
///
/// It reads as what is to be said of the device: `it does not serve the module m`.
#[derive(Clone, Copy, Debug)]
pub struct Missing<'a> {
    module: &'a str,
    of: Option<(&'a Option<String>, &'a str)>,
}

impl Lack {
    /// What is missing of these names.
    pub fn missing<'a>(
        &'a self,
        module: &'a str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Option<Missing<'a>> {
        match self {
            Self::Module => Some(Missing { module, of: None }),
            Self::Nodes { revision, names: lacking } => {
                let name = names.into_iter().find(|name| lacking.contains(*name))?;
                Some(Missing { module, of: Some((revision, name)) })
            }
        }
    }
}

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let module = self.module;
        match self.of {
            None => write!(f, "it does not serve the module {module}"),
            Some((revision, name)) => {
                let revision = revision.as_deref().unwrap_or("of no revision");
                write!(f, "its module {module} ({revision}) defines no node `{name}`")
            }
        }
    }
}

/// A module, or a submodule.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Its revision, or its version over gNMI; absent where the device says none.
    pub revision: Option<String>,
    /// Its namespace; absent where the device says none.
    pub namespace: Option<String>,
    /// What stands in its text; absent where that was not looked up, or is not to be had.
    pub contents: Option<Contents>,
}

impl Module {
    /// As people write it: `name@revision`.
    pub fn label(&self) -> String {
        match &self.revision {
            Some(revision) => format!("{}@{revision}", self.name),
            None => self.name.clone(),
        }
    }
}

/// What stands in a module's text. Groupings and augments count; what is defined elsewhere and used here does not.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Contents {
    /// Containers.
    pub containers: usize,
    /// Lists.
    pub lists: usize,
    /// Operations (`rpc`).
    pub rpcs: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_that_is_missing_is_told_with_its_module() {
        let names = ["a", "b"].map(str::to_owned).into();
        let told = |lack: &Lack, names: &[&'static str]| {
            lack.missing("m", names.iter().copied()).map(|missing| missing.to_string())
        };
        let nodes = Lack::Nodes { revision: Some("2024-01-01".into()), names };
        assert_eq!(told(&nodes, &["c", "b"]).unwrap(), "its module m (2024-01-01) defines no node `b`");
        assert_eq!(told(&nodes, &["c"]), None);
        assert_eq!(told(&Lack::Module, &["c"]).unwrap(), "it does not serve the module m");
        let text = serde_json::to_string(&Lacks::from([("m".into(), nodes.clone())])).unwrap();
        assert_eq!(serde_json::from_str::<Lacks>(&text).unwrap()["m"], nodes);
        assert_eq!(serde_json::to_string(&Lack::Module).unwrap(), "\"module\"");
    }
    #[test]
    fn what_was_known_to_lack_stands_until_it_is_judged_again() {
        let nodes = |revision: &str| Lack::Nodes {
            revision: Some(revision.into()),
            names: ["scheduler-policy".to_owned()].into(),
        };
        let known = Lacks::from([("qos".into(), nodes("2024-01-01")), ("policy".into(), Lack::Module)]);
        let module = |name: &str, revision: &str| Module {
            name: name.into(),
            revision: Some(revision.into()),
            ..Module::default()
        };
        // It cannot be asked: what its hello says of modules is all there is.
        let mut served = Served { modules: vec![module("qos", "2024-01-01")], ..Served::default() };
        assert_eq!(served.over(&known), known);
        // Another release has another text, of which nothing is known, and the module that was missing.
        served.modules = vec![module("policy", "2025-01-01"), module("qos", "2025-01-01")];
        assert_eq!(served.over(&known), Lacks::new());
        served.modules = vec![module("qos", "2024-01-01")];
        served.judged = ["qos".to_owned()].into();
        assert_eq!(served.over(&known).keys().collect::<Vec<_>>(), ["policy"]);
        served.lacks = Lacks::from([("qos".into(), nodes("2024-01-01"))]);
        assert_eq!(served.over(&Lacks::new()), served.lacks);
    }
}
