//! `trunkline devices`: the routers, in what those differ that are named, and with `schema` the YANG modules of one of them, through the
//! controller or from a folder.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use device::{Contents, Lacks, Module};
use dialects::catalogue::read_module;
use engine::schema::{ModuleView, Writers};
use model::NodeId;
use serde::Serialize;

use super::{Target, tables};
use crate::{
    args::Format,
    check::plural,
    draw, input,
    outcome::{FOUND, Stop, say, say_json},
};

const AFTER: &str = "\
A router says which YANG modules it serves; over NETCONF it also gives their texts (RFC 6022, RFC 8525), which the controller reads
and keeps for all routers of a kind. Shown are revision, namespace, how many containers, lists and operations a text defines, and
which dialects write the module. Below stands what the router lacks of its own dialect: plans that need it are refused (TL0095).

With --folder nobody is asked: the files *.yang of that folder are read. What a router does not tell, and texts that cannot be read,
are shown as -.

Examples:
  trunkline devices schema hq-pe1
  trunkline devices schema hq-pe1 --module openconfig-qos
  trunkline devices schema --folder yang/ --format json | jq -r '.modules[].name'

Exit codes: 0 shown, 1 the controller or the router did not answer, 2 called wrongly.";

/// Files that are read of a folder.
const MOST: usize = 4_096;
/// The longest text of a module that is read, bytes.
const LONGEST: u64 = 2 << 20;

/// List the routers and their sessions, or show in what some of them differ
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct DevicesArgs {
    /// What else is asked.
    #[command(subcommand)]
    pub command: Option<DevicesCommand>,
    /// Show in what these routers differ from what they should hold
    #[arg(value_name = "ROUTER")]
    pub routers: Vec<NodeId>,
    /// Which controller.
    #[command(flatten)]
    pub target: Target,
}

/// What can be asked of routers.
#[derive(Debug, Subcommand)]
pub enum DevicesCommand {
    /// Show the YANG modules that a router serves, and which of them are used
    Schema(SchemaArgs),
}

/// Show the YANG modules that a router serves, and which of them are used
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct SchemaArgs {
    /// The router
    #[arg(value_name = "NAME", required_unless_present = "folder")]
    pub name: Option<NodeId>,
    /// Read the modules of this folder, and ask nobody
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    pub folder: Option<PathBuf>,
    /// Only this module
    #[arg(long, value_name = "MODULE")]
    pub module: Option<String>,
    /// Which controller.
    #[command(flatten)]
    pub target: Target,
}

/// What is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    /// The router; absent where a folder was read.
    node: Option<NodeId>,
    /// What it is configured in; absent where a folder was read.
    dialect: Option<String>,
    modules: Vec<ModuleView>,
    /// Modules that the dialect writes and the router does not serve.
    missing: Vec<String>,
    /// Modules that the dialect writes and of which it is not known whether they lack anything.
    unjudged: Vec<String>,
    /// Modules whose texts were not to be had.
    unread: usize,
}

/// Lists routers, shows in what some of them differ, or lists the modules of one.
///
/// # Errors
/// The controller or the router does not answer, it has no such router, or the folder cannot be read.
pub async fn devices(args: DevicesArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Some(DevicesCommand::Schema(args)) => schema(args).await,
        None => tables::devices(args.routers, args.target).await,
    }
}

async fn schema(args: SchemaArgs) -> anyhow::Result<ExitCode> {
    let SchemaArgs { name, folder, module, target } = args;
    let shown = match (folder, name) {
        (Some(folder), node) => Shown { node, ..of_folder(&folder, module.as_deref())? },
        (None, Some(node)) => {
            let need = "a router is asked for this, so it needs the controller's token";
            let client = target.access.client_with_token(need)?;
            let schema = client.schema(&node, module.as_deref()).await?;
            Shown {
                node: Some(schema.node),
                dialect: Some(schema.dialect),
                modules: schema.modules,
                missing: schema.missing,
                unjudged: schema.unjudged,
                unread: schema.unread,
            }
        }
        (None, None) => return Err(Stop::usage("name a router, or a folder with --folder").into()),
    };
    if let Some(module) = module.filter(|_| shown.modules.is_empty()) {
        return Err(
            Stop::usage(format!("there is no module {module}; without --module all are listed")).into()
        );
    }
    match target.format {
        Format::Json => say_json(&shown)?,
        Format::Text => say(&draw::clean(&text(&shown))),
    }
    // Files that are all no modules are no success.
    let is_read = !shown.modules.is_empty() || shown.unread == 0;
    Ok(if is_read { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

/// The modules of a folder's files, by name and revision. Files that cannot be read as modules are told and counted.
fn of_folder(folder: &Path, only: Option<&str>) -> Result<Shown, Stop> {
    let refuse = |path: &Path, why: &io::Error| Stop::usage(input::told(path, why));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|why| refuse(folder, &why))? {
        let path = entry.map_err(|why| refuse(folder, &why))?.path();
        if path.extension().is_some_and(|extension| extension == "yang") {
            files.push(path);
        }
    }
    files.sort_unstable();
    if files.is_empty() || files.len() > MOST {
        let count = files.len();
        let count = plural(count, "file");
        let why = format!("{} holds {count} *.yang; from 1 to {MOST} are read", folder.display());
        return Err(Stop::usage(why));
    }
    let (mut modules, mut unread) = (Vec::new(), 0);
    for path in files {
        match module_of(&path) {
            Ok(module) => modules.push(module),
            Err(why) => {
                unread += 1;
                eprintln!("warning: {}: {}", path.display(), draw::clean(&why));
            }
        }
    }
    modules.sort_unstable();
    modules.retain(|module| only.is_none_or(|only| module.name == only));
    let (writers, nothing) = (Writers::default(), Lacks::new());
    let modules = modules.iter().map(|module| writers.view(module, &nothing)).collect();
    let (missing, unjudged) = (Vec::new(), Vec::new());
    Ok(Shown { node: None, dialect: None, modules, missing, unjudged, unread })
}

fn module_of(path: &Path) -> Result<Module, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|why| why.to_string())?;
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(|why| why.to_string())?;
    if text.len() as u64 > LONGEST {
        return Err(format!("it is longer than {} MiB", LONGEST >> 20));
    }
    let entry = read_module(&text).map_err(|why| why.to_string())?;
    let contents = Contents { containers: entry.containers, lists: entry.lists, rpcs: entry.rpcs };
    Ok(Module {
        name: entry.name,
        revision: entry.revision,
        namespace: entry.namespace,
        contents: Some(contents),
    })
}

fn text(shown: &Shown) -> String {
    let head = ["MODULE", "REVISION", "CONTAINERS", "LISTS", "RPCS", "USED BY", "NAMESPACE"];
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let number = |count: Option<usize>| or_dash(count.map(|count| count.to_string()));
    let table = tables::table(&shown.modules, head, |module| {
        [
            module.name.clone(),
            or_dash(module.revision.clone()),
            number(module.containers),
            number(module.lists),
            number(module.rpcs),
            module.used_by.join(" "),
            or_dash(module.namespace.clone()),
        ]
    });
    let mut text = format!("{table}\n\n{}", plural(shown.modules.len(), "module"));
    match shown.unread {
        0 => {}
        1 => text.push_str("; the text of 1 was not to be had"),
        unread => text.push_str(&format!("; the texts of {unread} were not to be had")),
    }
    if let (Some(node), Some(dialect)) = (&shown.node, &shown.dialect) {
        let lacking: Vec<String> = shown
            .missing
            .iter()
            .map(|module| format!("\n  the module {module}"))
            .chain(shown.modules.iter().filter(|module| !module.lacks.is_empty()).map(|module| {
                let nodes = module.lacks.join(", ");
                format!("\n  of the module {}: {nodes}", module.name)
            }))
            .collect();
        match lacking.is_empty() {
            true => text.push_str(&format!("\n{node} is not known to lack anything that {dialect} writes")),
            false => text.push_str(&format!("\n{node} lacks, of what {dialect} writes:{}", lacking.concat())),
        }
        if !shown.unjudged.is_empty() {
            text.push_str(&format!(
                "\nnot judged, because their texts were not to be had: {}",
                shown.unjudged.join(", ")
            ));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const QOS: &str =
        "module openconfig-qos { namespace \"http://openconfig.net/yang/qos\"; prefix q; revision 2024-01-01;
        container qos { list interface { key id; leaf id { type string; } } } rpc clear; }";

    #[test]
    fn a_folder_is_read_without_anybody_s_help() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("qos.yang"), QOS).unwrap();
        let bare = "module a { namespace \"urn:a\"; prefix a; }";
        std::fs::write(folder.path().join("a.yang"), bare).unwrap();
        std::fs::write(folder.path().join("broken.yang"), "module broken {").unwrap();
        std::fs::write(folder.path().join("read.me"), "no module").unwrap();
        let shown = of_folder(folder.path(), None).unwrap();
        assert_eq!((shown.modules.len(), shown.unread), (2, 1));
        let qos = &shown.modules[1];
        assert_eq!((qos.containers, qos.lists, qos.rpcs), (Some(1), Some(1), Some(1)));
        assert_eq!(qos.used_by, ["openconfig"]);
        assert_eq!(qos.namespace.as_deref(), Some("http://openconfig.net/yang/qos"));
        let text = text(&shown);
        assert!(text.contains("openconfig-qos") && text.contains("2024-01-01"), "{text}");
        assert!(text.contains("2 modules; the text of 1 was not to be had"), "{text}");
        assert!(!text.contains("lack"), "nobody's dialect is known: {text}");
        assert_eq!(of_folder(folder.path(), Some("a")).unwrap().modules.len(), 1);
    }

    #[test]
    fn an_empty_folder_and_none_at_all_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let why = of_folder(folder.path(), None).unwrap_err().to_string();
        assert!(why.contains("holds 0 files *.yang"), "{why}");
        assert!(of_folder(&folder.path().join("gone"), None).is_err());
    }

    #[test]
    fn what_a_router_lacks_stands_below_the_table() {
        let module = |name: &str, lacks: &[&str]| ModuleView {
            name: name.into(),
            lacks: lacks.iter().map(|name| (*name).to_owned()).collect(),
            ..ModuleView::default()
        };
        let mut shown = Shown {
            node: Some(NodeId::lit("r1")),
            dialect: Some("openconfig".into()),
            modules: vec![module("m", &["a", "b"]), module("n", &[])],
            missing: vec!["o".into()],
            unjudged: Vec::new(),
            unread: 2,
        };
        let told = text(&shown);
        let expected = "r1 lacks, of what openconfig writes:\n  the module o\n  of the module m: a, b";
        assert!(told.ends_with(expected), "{told}");
        shown.missing.clear();
        shown.modules.remove(0);
        assert!(text(&shown).ends_with("r1 is not known to lack anything that openconfig writes"));
        shown.unjudged.push("n".into());
        assert!(text(&shown).ends_with("not judged, because their texts were not to be had: n"));
    }
}
