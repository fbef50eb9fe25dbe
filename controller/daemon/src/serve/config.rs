//! The controller's configuration: a file, and options of the command line that go before it.

use std::{
    fs::DirBuilder,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use api::{NotifyConfig, Origin};
use assess::Limits;
use engine::terms::{Most, Share};
use formats::text::{Kind, Report, Scalar, Shape, parse};
use model::{Ratio, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    ServeArgs,
    keys::{self, Fault},
};
use crate::{input, outcome::Stop};

/// The file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Trunkline controller configuration")]
struct ConfigFile {
    /// `trunkline/v1`.
    api_version: String,
    /// `Controller`.
    kind: String,
    /// The network file, relative to this one.
    network: Option<PathBuf>,
    /// The inventory file, relative to this one.
    inventory: Option<PathBuf>,
    /// The folder of journal and token, relative to this file; `$XDG_STATE_HOME/trunkline` where absent.
    state: Option<PathBuf>,
    /// Where API and dashboard listen, a loopback address; `127.0.0.1:8080` where absent.
    listen: Option<SocketAddr>,
    /// The origin under which a TLS proxy in front shows the dashboard, as browsers name it: `https://trunkline.example.net`. Where absent, only
    /// the dashboard of this machine's own address can change anything.
    outer_origin: Option<String>,
    /// How often each device is read to see what others changed; `30s` where absent.
    read_every: Option<Span>,
    /// How often devices send what they measure; `1s` where absent.
    telemetry_interval: Option<Span>,
    /// Who is told of events.
    #[serde(default)]
    notify: NotifyConfig,
    /// How fast and how often the loop may act, and how much of the network one change may touch.
    #[serde(default)]
    limits: LimitsFile,
}

/// How fast and how often the loop may act, and how much of the network one change may touch; what is absent is as by default.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct LimitsFile {
    /// Decisions that move traffic within the rate window; 6.
    rate: Option<usize>,
    /// The rate window; `60s`.
    rate_window: Option<Span>,
    /// How long moves count toward doubled waits; `1h`.
    move_memory: Option<Span>,
    /// The longest hold-down and wait-to-restore, however often they are doubled; `1h`.
    longest_hold_down: Option<Span>,
    /// Moves in a row that may fail to help before a service is frozen; 3.
    futile_moves: Option<u32>,
    /// How long a link must be up before paths use it again; `10s`.
    up_after: Option<Span>,
    /// The longest such wait, however often it flaps; `5min`.
    longest_up_after: Option<Span>,
    /// How long flaps count; `10min`.
    flap_memory: Option<Span>,
    /// Devices that one change may touch, a number like 30 or a share of those of the inventory like `25%`; as many as it likes where absent.
    most_devices: Option<Share>,
    /// Services whose paths one change may move or take away, a number or a share of those that are carried; as many as it likes
    /// where absent.
    most_services: Option<Share>,
}

impl LimitsFile {
    fn limits(self) -> Limits {
        let default = Limits::default();
        Limits {
            rate: self.rate.unwrap_or(default.rate),
            rate_window: self.rate_window.unwrap_or(default.rate_window),
            move_memory: self.move_memory.unwrap_or(default.move_memory),
            longest_hold_down: self.longest_hold_down.unwrap_or(default.longest_hold_down),
            futile_moves: self.futile_moves.unwrap_or(default.futile_moves),
            up_after: self.up_after.unwrap_or(default.up_after),
            longest_up_after: self.longest_up_after.unwrap_or(default.longest_up_after),
            flap_memory: self.flap_memory.unwrap_or(default.flap_memory),
        }
    }

    const fn most(self) -> Most {
        Most { devices: self.most_devices, services: self.most_services }
    }
}

/// The JSON Schema of the file.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(ConfigFile).to_value()
}

/// What the controller is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The network file.
    pub network: PathBuf,
    /// The inventory file.
    pub inventory: PathBuf,
    /// The folder of journal and token.
    pub state: PathBuf,
    /// Where API and dashboard listen.
    pub listen: SocketAddr,
    /// Under which a TLS proxy in front shows the dashboard.
    pub outer_origin: Option<Origin>,
    /// How often each device is read.
    pub read_every: Duration,
    /// How often devices send what they measure.
    pub telemetry_interval: Duration,
    /// Who is told of events.
    pub notify: NotifyConfig,
    /// How fast and how often the loop may act.
    pub limits: Limits,
    /// How much of the network one change may touch.
    pub most: Most,
}

/// Shorter intervals only load devices.
const SHORTEST: Duration = Duration::from_millis(100);

impl Config {
    /// File and options together.
    ///
    /// # Errors
    /// The file cannot be read or is not one, or something that is needed stands in neither.
    pub fn of(args: &ServeArgs) -> Result<Self, Stop> {
        let (file, base) = match &args.config {
            Some(path) => (read(path)?, path.parent().unwrap_or(Path::new(""))),
            None => (ConfigFile::default(), Path::new("")),
        };
        // Only the file can have set what is told with it.
        let name = args.config.as_deref().unwrap_or(Path::new("")).display();
        if [&file.network, &file.inventory, &file.state]
            .into_iter()
            .flatten()
            .any(|path| path.as_os_str().is_empty())
        {
            return Err(Stop::usage(format!(
                "{name}: a path is empty; name a file or folder, or leave the key out"
            )));
        }
        let path = |option: &Option<PathBuf>, file: Option<PathBuf>| {
            option.clone().or_else(|| file.map(|path| base.join(path)))
        };
        let network = path(&args.network, file.network).ok_or_else(|| ServeArgs::needed("network"))?;
        let inventory =
            path(&args.inventory, file.inventory).ok_or_else(|| ServeArgs::needed("inventory"))?;
        let state = path(&args.state, file.state).or_else(default_state);
        let state = state.ok_or_else(|| {
            Stop::usage("no state folder: give --state DIR, for neither XDG_STATE_HOME nor HOME is set")
        })?;
        let interval = |key: &str, span: Option<Span>, default: u64| {
            let span = span.unwrap_or(Span::from_secs(default));
            (span.as_duration() >= SHORTEST)
                .then_some(span.as_duration())
                .ok_or_else(|| Stop::usage(format!("{name}: {key} is {span}, too short: give 100ms or more")))
        };
        let outer_origin = file.outer_origin.map(|text| text.parse::<Origin>()).transpose();
        let outer_origin =
            outer_origin.map_err(|error| Stop::usage(format!("{name}: outerOrigin: {error}")))?;
        let mut notify = file.notify;
        for ca in notify.webhooks.iter_mut().filter_map(|webhook| webhook.ca.as_mut()) {
            *ca = base.join(&*ca);
        }
        Ok(Self {
            network,
            inventory,
            state,
            listen: args.listen.or(file.listen).unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 8080).into()),
            outer_origin,
            read_every: interval("readEvery", file.read_every, 30)?,
            telemetry_interval: interval("telemetryInterval", file.telemetry_interval, 1)?,
            notify,
            limits: file.limits.limits(),
            most: file.limits.most(),
        })
    }

    /// Limits that can hardly be meant, in words: one that stops everything, or one that never holds.
    pub fn odd_limits(&self) -> Vec<String> {
        let of = |name: &str, most: Option<Share>| {
            let why = match most? {
                Share::Count(0) => {
                    "no change is made without --beyond-limit, and none by the controller itself"
                }
                Share::Part(part) if part == Ratio::ZERO => {
                    "no change is made without --beyond-limit, and none by the controller itself"
                }
                Share::Part(part) if part.as_ppm() > 1_000_000 => "it limits nothing",
                Share::Count(_) | Share::Part(_) => return None,
            };
            Some(format!("limits.{name} is {}: {why}", most?))
        };
        let rate = (self.limits.rate == 0).then(|| {
            "limits.rate is 0: the loop moves nothing by itself, as in the mode `recommend`".to_owned()
        });
        let most = [of("mostDevices", self.most.devices), of("mostServices", self.most.services)];
        rate.into_iter().chain(most.into_iter().flatten()).collect()
    }

    /// The file of the token that changes need.
    pub fn token(&self) -> PathBuf {
        self.state.join("token")
    }

    /// Makes the folder of journal and token, for this user only.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make_state_folder(&self) -> anyhow::Result<()> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.state);
        made.with_context(|| {
            format!(
                "the state folder {} cannot be made; choose another one with --state",
                self.state.display()
            )
        })
    }
}

/// Where the state is when nobody says: the folder for programs' state of this user (XDG Base Directory 0.8).
pub fn default_state() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_STATE_HOME")
        .or_else(|| Some(set("HOME")?.join(".local/state")))
        .map(|base| base.join("trunkline"))
}

/// A key that is not known, or a share that is none: the parser tells neither which key that is nor where it stands.
fn fault(text: &str) -> Option<Fault> {
    keys::fault(text, &schema(), "config").or_else(|| {
        let tree = parse(text, &mut Report::new("config"))?;
        let limits = tree.at("limits")?;
        ["mostDevices", "mostServices"].into_iter().find_map(|name| {
            let share = limits.at(name)?;
            let fits = match &share.shape {
                Shape::Scalar(Scalar { kind: Kind::Null, .. }) => true,
                Shape::Scalar(Scalar { kind: Kind::Number, text }) => text.parse::<usize>().is_ok(),
                Shape::Scalar(Scalar { kind: Kind::Text, text }) => text.parse::<Ratio>().is_ok(),
                _ => false,
            };
            let what = format!("limits, {name}: give a number, such as 30, or a share of all, such as 25%");
            (!fits).then(|| Fault::new(share.mark, what))
        })
    })
}

fn read(path: &Path) -> Result<ConfigFile, Stop> {
    let refuse = |why: String| Stop::usage(format!("{}: {why}", path.display()));
    let text = input::text(path)?;
    let file: ConfigFile = serde_yaml::from_str(&text).map_err(|error| match fault(&text) {
        Some(fault) => Stop::usage(fault.of(path)),
        None => {
            let error = keys::without_text(&error.to_string());
            refuse(format!("{error}; `trunkline schema config` tells what may stand there"))
        }
    })?;
    if file.kind != "Controller" || file.api_version != "trunkline/v1" {
        return Err(refuse(format!(
            "the file is `{}` of `{}`, not a Controller of trunkline/v1",
            file.kind, file.api_version
        )));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(config: Option<PathBuf>) -> ServeArgs {
        let log_format = super::super::log::LogFormat::Text;
        ServeArgs {
            config,
            network: None,
            inventory: None,
            state: None,
            listen: None,
            until_input_ends: false,
            log_format,
        }
    }

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("controller.yaml");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    const HEAD: &str =
        "apiVersion: trunkline/v1\nkind: Controller\nnetwork: n.yaml\ninventory: i.yaml\nstate: s\n";

    #[test]
    fn paths_are_relative_to_the_file_and_options_go_first() {
        let (folder, path) = file(&format!(
            "{HEAD}telemetryInterval: 250ms\nlimits: {{rate: 2, mostDevices: 25%, mostServices: 40}}\n\
            notify: {{webhooks: [{{url: \"https://noc\", ca: ca.pem}}]}}\n"
        ));
        let mut args = args(Some(path));
        args.network = Some("other.yaml".into());
        let config = Config::of(&args).unwrap();
        assert_eq!(config.network, Path::new("other.yaml"));
        assert_eq!(config.inventory, folder.path().join("i.yaml"));
        assert_eq!(config.notify.webhooks[0].ca, Some(folder.path().join("ca.pem")));
        assert_eq!(config.telemetry_interval, Duration::from_millis(250));
        assert_eq!(config.limits, Limits { rate: 2, ..Limits::default() });
        let [devices, services] =
            [config.most.devices, config.most.services].map(|most| most.map(|most| most.of(200)));
        assert_eq!((devices, services), (Some(50), Some(40)));
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.outer_origin, None);
    }

    #[test]
    fn limits_that_can_hardly_be_meant_are_told() {
        let told = |limits: &str| {
            let (_folder, path) = file(&format!("{HEAD}limits: {{{limits}}}\n"));
            Config::of(&args(Some(path))).unwrap().odd_limits().join("; ")
        };
        assert_eq!(
            told("rate: 0, mostDevices: 0, mostServices: 150%"),
            "limits.rate is 0: the loop moves nothing by itself, as in the mode `recommend`; limits.mostDevices is 0: no change is \
             made without --beyond-limit, and none by the controller itself; limits.mostServices is 150% of all: it limits nothing"
        );
        let none = told("mostServices: 0%");
        assert!(
            none.starts_with("limits.mostServices is 0") && none.contains(": no change is made"),
            "{none}"
        );
        assert_eq!(told("rate: 2, mostDevices: 25%, mostServices: 100%"), "");
    }

    #[test]
    fn what_is_wrong_in_the_file_is_told_with_its_name() {
        let wrong = |text: &str| {
            let (_folder, path) = file(text);
            Config::of(&args(Some(path))).unwrap_err().to_string()
        };
        for (text, told) in [
            (
                format!("{HEAD}limits: {{rat: 2}}\n"),
                "controller.yaml:6:10: limits: there is no key `rat` here; did you mean `rate`?",
            ),
            (
                HEAD.replace("inventory:", "Inventory:"),
                "there is no key `Inventory` here; did you mean `inventory`?",
            ),
            (format!("{HEAD}readEvery: 1ms\n"), "controller.yaml: readEvery is 1ms, too short: give 100ms"),
            (format!("{HEAD}readEvery: 0s\n"), "readEvery is 0us, too short"),
            (
                format!("{HEAD}outerOrigin: https://mei:hunter2@noc.example/\n"),
                "controller.yaml: outerOrigin: browsers call it `https://noc.example`: write it so",
            ),
            (
                format!("{HEAD}outerOrigin: http://noc.example\n"),
                "outerOrigin: it must begin with `https://`",
            ),
            (format!("{HEAD}readEvery: 5\n"), "controller.yaml"),
            (
                format!("{HEAD}limits: {{mostDevices: many}}\n"),
                "controller.yaml:6:23: limits, mostDevices: give a number, such as 30, or a share of all, such as 25%",
            ),
            (
                format!("{HEAD}limits: {{mostServices: -1}}\n"),
                "limits, mostServices: give a number, such as 30",
            ),
            (format!("{HEAD}limits: {{mostServices: 2.5}}\n"), "limits, mostServices: give a number"),
            (format!("{HEAD}limits: {{mostServices: \"25\"}}\n"), "limits, mostServices: give a number"),
            (
                format!("{HEAD}limits: {{mostDevices: 99999999999999999999999}}\n"),
                "limits, mostDevices: give a number",
            ),
            ("hunter2\n".to_owned(), "the file holds a text, and must hold keys with their values"),
            (String::new(), "controller.yaml: the file is empty"),
            (HEAD.replace("Controller", "Inventory"), "not a Controller"),
            (HEAD.replace("network: n.yaml\n", ""), "--network FILE"),
        ] {
            let error = wrong(&text);
            assert!(error.contains(told) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_proxy_shows_the_dashboard_under_the_origin_of_the_file() {
        let (_folder, path) = file(&format!("{HEAD}outerOrigin: https://noc.example:8443\n"));
        let config = Config::of(&args(Some(path))).unwrap();
        assert_eq!(config.outer_origin.unwrap().as_str(), "https://noc.example:8443");
    }
}
