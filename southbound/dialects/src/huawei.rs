//! The dialect of Huawei VRP, as NE40E serves it: `huawei-srpolicy` for both data planes, `huawei-qos` for queues and
//! classifiers.
//!
//! - Segment lists are global and named in 31 characters, and a candidate path has neither a name nor a discriminator of its
//!   own (it must equal the preference): both travel in the name of its segment lists.
//! - Packets are classified where an interface trusts the code points of what comes in, by our domain.
//! - Queues are the router's eight service classes, so the names of ours must be theirs. Rates are whole Mbit/s.
//! - Steering is by the color of routes: a VRF's import policy gives it to the prefixes of our rules, and a packet follows the color of
//!   the route that leads it. So a rule has a prefix and no code points.
//! - What must be there already: VRFs whose tunnel policies (SR-MPLS) or BGP families (SRv6) lead colored routes into policies,
//!   segment routing or SRv6 switched on, and for binding SIDs of SRv6 a locator with static functions, chosen in the attributes
//!   of its policies.

mod policy;
mod qos;
mod steering;

#[cfg(test)]
mod tests;

use model::{DeviceConfig, state::Foreign};

use crate::{
    capability::{Feature, Support},
    objects::Objects,
    operation::Module,
    view::{BadPayload, View},
};

pub(crate) use policy::LONGEST_NAME;

/// As files write it.
pub(crate) const NAME: &str = "huawei";

const NI: Module =
    Module { name: "huawei-network-instance", namespace: "urn:huawei:yang:huawei-network-instance" };
const SR: Module =
    Module { name: "huawei-segment-routing", namespace: "urn:huawei:yang:huawei-segment-routing" };
const SRV6: Module = Module { name: "huawei-srv6", namespace: "urn:huawei:yang:huawei-srv6" };
const SRPOLICY: Module = Module { name: "huawei-srpolicy", namespace: "urn:huawei:yang:huawei-srpolicy" };
const QOS: Module = Module { name: "huawei-qos", namespace: "urn:huawei:yang:huawei-qos" };
const L3VPN: Module = Module { name: "huawei-l3vpn", namespace: "urn:huawei:yang:huawei-l3vpn" };
const RTP: Module =
    Module { name: "huawei-routing-policy", namespace: "urn:huawei:yang:huawei-routing-policy" };
const IFM: Module = Module { name: "huawei-ifm", namespace: "urn:huawei:yang:huawei-ifm" };

/// What [`read`] looks at, as gNMI paths.
pub(crate) const PATHS: [&str; 4] = [
    "/huawei-network-instance:network-instance/instances",
    "/huawei-routing-policy:routing-policy",
    "/huawei-qos:qos",
    "/huawei-ifm:ifm/interfaces",
];

/// How far these modules carry a feature.
pub(crate) const fn support(feature: Feature) -> Support {
    match feature {
        Feature::MplsPolicies | Feature::Srv6Policies => Support::Within(
            "names of up to 31 characters, those of candidate paths shorter; lists of up to 10 segments",
        ),
        Feature::Preferences => Support::Within("one candidate path of each preference"),
        Feature::WeightedLists | Feature::MplsBindingSids => Support::Full,
        Feature::Srv6BindingSids => {
            Support::Within("out of the static part of a locator that is there already")
        }
        Feature::DropWhenInvalid => Support::Missing("huawei-srpolicy has no leaf for it"),
        Feature::PrefixSteering => Support::Within(
            "by the routes that a VRF imports, of which none may be shorter than the prefix; names of VRFs of up to 31 characters",
        ),
        Feature::DscpSteering => Support::Missing(
            "huawei-srpolicy chooses by code point among policies toward one endpoint, for SR-MPLS alone and whatever the prefix",
        ),
        Feature::WholeSteering => Support::Missing(
            "routes are colored by address family, and which of them a VRF has is not known: give each match both prefixes",
        ),
        Feature::StrictQueues => Support::Within("whole Mbit/s, service classes be to cs7"),
        Feature::Guarantees => Support::Within("whole Mbit/s, for two queues of an interface"),
        Feature::WeightedQueues => Support::Within("weights 1 to 100, service classes be to cs7"),
        Feature::Classifiers => Support::Within("service classes be to cs7"),
        Feature::BoundClassifiers => Support::Full,
    }
}

/// What a configuration comes to.
pub(crate) fn objects(config: &DeviceConfig) -> Objects {
    let mut objects = Objects::default();
    policy::objects(config, &mut objects);
    steering::objects(config, &mut objects);
    qos::objects(config, &mut objects);
    objects.need_all_but_policies(NAME, support, config);
    objects
}

/// What a tree holds.
///
/// # Errors
/// Something of ours has a value that we never write.
pub(crate) fn read(root: &View) -> Result<(DeviceConfig, Foreign), BadPayload> {
    let (mut owned, mut foreign) = (DeviceConfig::default(), Foreign::default());
    policy::read(root, &mut owned, &mut foreign)?;
    steering::read(root, &mut owned, &mut foreign);
    qos::read(root, &mut owned, &mut foreign)?;
    Ok((owned, foreign))
}

/// What [`read`] looks at, as a NETCONF subtree filter.
pub(crate) fn filter_xml() -> String {
    let policies = format!(
        "<srpolicy xmlns=\"{}\"><policy-attributes><segment-lists/></policy-attributes><policys/></srpolicy>",
        SRPOLICY.namespace
    );
    format!(
        "<network-instance xmlns=\"{}\"><instances><instance><name/><segment-routing xmlns=\"{}\">{policies}\
         </segment-routing><srv6 xmlns=\"{}\">{policies}</srv6><afs xmlns=\"{}\"><af><type/><import-policy/>\
         <import-filter/></af></afs></instance></instances></network-instance>\
         <routing-policy xmlns=\"{}\"><ipv4-prefix-filters/><ipv6-prefix-filters/><policy-definitions/></routing-policy>\
         <qos xmlns=\"{qos}\"><queue-scheduler-template><port-queue-templates/></queue-scheduler-template>\
         <classifier-template><diffserv-domains/></classifier-template></qos>\
         <ifm xmlns=\"{}\"><interfaces><interface><name/><qos xmlns=\"{qos}\"><trusts/>\
         <port-queue-template-applys/><port-queues/></qos></interface></interfaces></ifm>",
        NI.namespace,
        SR.namespace,
        SRV6.namespace,
        L3VPN.namespace,
        RTP.namespace,
        IFM.namespace,
        qos = QOS.namespace,
    )
}
