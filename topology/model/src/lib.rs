//! The vocabulary that every stage speaks.
//!
//! Everything that crosses a seam between two crates is a type of this crate; nothing here does IO, reads a clock or draws
//! a random number. Terms are those of the RFCs: network and topology from RFC 8345, traffic engineering from RFC 9522,
//! segment routing from RFC 8402, 8986 and 9256, services from RFC 9543. The modules are listed in the order of the flow.

// What things are called and how they are measured.
pub mod id;
pub mod pattern;
pub mod time;
pub mod unit;

pub mod calendar;
pub mod schedule;

// The network: nodes and links with sourced facts, and the frozen graph that searches run on.
pub mod csid;
pub mod fact;
pub mod feature;
pub mod link;
pub mod next_csid;
pub mod node;
pub mod ted;

pub mod graph;

// What is promised: classes, services, conditions.
pub mod class;
pub mod condition;
pub mod window;

pub mod intent;

pub mod demand;

pub mod dense;

// How it is carried: segments, policies, steering, queues, and a device's share of them.
pub mod sr;
pub mod steering;

pub mod qos;

pub mod state;

// What compilation answers, and the ids that it must not change.
pub mod allocation;
pub mod verdict;

// How it changes.
pub mod change;

// What is seen, what it led to, and what is said about it.
pub mod lsdb;
pub mod sample;
pub mod surroundings;

pub mod hint;

pub mod season;

pub mod finding;

pub use allocation::Allocations;
pub use change::{Cause, Edit, Phase, Plan, ReasonedEdit, Transaction, TransactionId};
pub use class::{QosProfile, Scheduling, TrafficClass};
pub use condition::{AlarmPolicy, Condition};
pub use demand::{Demand, Demands};
pub use fact::{Fact, Source, Standing};
pub use feature::{Feature, Features};
pub use finding::{Finding, Severity};
pub use graph::{EdgeIx, Graph, NodeIx};
pub use hint::Hints;
pub use id::{
    Affinity, ClassName, DemandId, IntentId, InterfaceName, LinkId, NodeId, QueueName, ServiceId, Site,
    VrfName,
};
pub use intent::{IntentSet, Service, Sle, Slo};
pub use link::{DirectedLink, Link, Side};
pub use lsdb::Lsdb;
pub use next_csid::NextCsid;
pub use node::Node;
pub use qos::{Classifier, Discipline, InterfaceQos, QueueShare};
pub use sample::{Measure, Sample};
pub use schedule::Schedule;
pub use season::Season;
pub use sr::{CandidatePath, Color, Label, PolicyKey, SegmentList, Sid, SrPolicy};
pub use state::{ActualState, DesiredState, DeviceConfig, DeviceReading, Revision};
pub use steering::{SteeringKey, SteeringRule};
pub use surroundings::{Neighbour, Oper, Port, Surroundings};
pub use ted::Ted;
pub use time::{Span, Timestamp};
pub use unit::{Bandwidth, Delay, IgpMetric, Jitter, Loss, Price, Ratio, TeMetric};
pub use verdict::{Path, Verdict};
pub use window::Window;
