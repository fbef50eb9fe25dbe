//! The documents of an intent file as they were written: every value with its place, nothing resolved yet.
//! The types here are the language: the parser, the printer and the JSON Schema follow from them.

use std::{collections::BTreeMap, sync::Arc};

use model::finding::{Place, Related};
use schemars::JsonSchema;

use crate::{
    origin::Origin,
    read::{At, record},
    source::Mark,
};

mod alarm;
mod class;
mod connectivity;
mod design;
mod path;
mod service;
mod steering;
mod window;

pub use alarm::{AlarmSpec, ClearSpec, WatchSpec, WhenSpec};
pub use class::{ClassSpec, DisciplineWord, InterfacesWord, ProfileSpec, QueueSpec};
pub use connectivity::{
    By, Connectivity, HubSpoke, HubSpokeWord, Mesh, MeshWord, P2p, P2pWord, Pairing, Selector,
};
pub use design::{AnyValue, Body, DesignSpec, InstanceSpec, ParameterSpec, ParameterType};
pub use path::{AssuranceSpec, BreachSpec, ConditionSpec, LinksWith, PathSpec};
pub use service::{EncryptionWish, MarkWish, MatchSpec, Prefix, ServiceSpec, SleSpec, SloSpec};
pub use steering::{ChosenSpec, SteeringSpec};
pub use window::{LinkSelector, LinksBy, Moment, OnceSpec, ScheduleSpec, WeeklySpec, WindowSpec, WorkSpec};

/// A document with the file that it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// Its name, owner and labels.
    pub metadata: Metadata,
    /// What it says.
    pub spec: Spec,
    /// Where it comes from, if an instance of a design made it; and where its values come from, if policies gave some.
    pub origin: Option<Arc<Origin>>,
}

impl Document {
    /// The name of its kind.
    pub const fn kind(&self) -> &'static str {
        match self.spec {
            Spec::ServiceIntent(_) => "ServiceIntent",
            Spec::TrafficClass(_) => "TrafficClass",
            Spec::QosProfile(_) => "QosProfile",
            Spec::AlarmPolicy(_) => "AlarmPolicy",
            Spec::SteeringPolicy(_) => "SteeringPolicy",
            Spec::MaintenanceWindow(_) => "MaintenanceWindow",
            Spec::Design(_) => "Design",
            Spec::DesignInstance(_) => "DesignInstance",
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.metadata.name.value.0
    }

    /// What findings call it.
    pub fn subject(&self) -> String {
        format!("{} {}", self.kind(), self.name())
    }

    /// A place in its file, or in the file that a parameter's value came from.
    pub fn place(&self, mark: Mark) -> Place {
        mark.place(self.origin.as_ref().map_or(&self.file, |origin| origin.file(mark, &self.file)))
    }

    /// How what stands at a mark came there: parameters, and the instances that made the document.
    pub fn trace(&self, mark: Mark) -> Vec<Related> {
        self.origin.as_ref().map(|origin| origin.trace(mark)).unwrap_or_default()
    }
}

/// What a document says, by kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// A promise.
    ServiceIntent(Box<ServiceSpec>),
    /// A class of traffic.
    TrafficClass(ClassSpec),
    /// The queues of an interface.
    QosProfile(ProfileSpec),
    /// What raises an alarm.
    AlarmPolicy(AlarmSpec),
    /// Path and assurance for many services.
    SteeringPolicy(Box<SteeringSpec>),
    /// Time for work on parts of the network.
    MaintenanceWindow(Box<WindowSpec>),
    /// A standard design.
    Design(Box<DesignSpec>),
    /// One use of a design.
    DesignInstance(InstanceSpec),
}

/// A text that is a name: 1 to 128 letters, digits and `. _ - : / ~ @ +`.
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[schemars(transparent, inline)]
pub struct Name(pub String);

/// Free text.
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[schemars(transparent, inline)]
pub struct Text(pub String);

record! {
    /// What a document is called and who answers for it.
    pub struct Metadata {
        /// The name: unique among documents of its kind. Objects on devices are named after it.
        "name" => name: At<Name>,
        /// Who answers for it.
        "owner" => owner: Option<At<Text>>,
        /// Free labels, for instance the number of a change ticket.
        #[schemars(default)]
        "labels" => labels: BTreeMap<Text, At<Text>>,
    }
}
