//! The dialect of Nokia SR Linux: SR policies over SR-MPLS as `srl_nokia-te-policies` has them.
//!
//! - Its policies are candidate paths: all of one color and endpoint make up an SR policy (RFC 9256 section 2). Their names
//!   are those of the policy and the candidate path, with `|` between them; that of an explicit path says its place as well.
//! - It wants a binding SID for each, out of a static label block that is there already.
//! - Its queues are shared by weight and capped in percent, but nothing guarantees them a rate, so no queue of ours fits.

mod policy;

#[cfg(test)]
mod tests;

use model::{DeviceConfig, state::Foreign};

use crate::{
    capability::{Feature, Support},
    objects::Objects,
    operation::Module,
    view::{BadPayload, View},
};

/// As files write it.
pub(crate) const NAME: &str = "srlinux";

const NI: Module = Module {
    name: "srl_nokia-network-instance",
    namespace: "urn:nokia.com:srlinux:net-inst:network-instance",
};
const TE: Module =
    Module { name: "srl_nokia-te-policies", namespace: "urn:nokia.com:srlinux:tepolicy:te-policies" };

/// What [`read`] looks at, as gNMI paths.
pub(crate) const PATHS: [&str; 1] = [
    "/srl_nokia-network-instance:network-instance[name=default]/srl_nokia-te-policies:traffic-engineering-policies",
];

/// How far these modules carry a feature.
pub(crate) const fn support(feature: Feature) -> Support {
    match feature {
        Feature::MplsPolicies => {
            Support::Within("with a binding SID, up to 32 lists and 255 characters of names")
        }
        Feature::Srv6Policies | Feature::Srv6BindingSids => Support::Missing(
            "explicit paths of srl_nokia-te-policies have addresses and labels, no SRv6 SIDs",
        ),
        Feature::Preferences => Support::Full,
        Feature::WeightedLists => Support::Within("up to 32 lists"),
        Feature::MplsBindingSids => Support::Within("out of a static label block that is there already"),
        Feature::DropWhenInvalid => Support::Missing("srl_nokia-te-policies has no leaf for it"),
        Feature::PrefixSteering | Feature::DscpSteering | Feature::WholeSteering => {
            Support::Missing("no module at hand gives a color to what a VRF receives")
        }
        Feature::StrictQueues => {
            Support::Missing("srl_nokia-qos caps a strict queue in percent of its port and not at a rate")
        }
        Feature::WeightedQueues => {
            Support::Missing("srl_nokia-qos wants the index of each queue, which the model does not have")
        }
        Feature::Guarantees => {
            Support::Missing("srl_nokia-qos has weights and peak rates, no committed rate")
        }
        Feature::Classifiers => {
            Support::Missing("srl_nokia-qos classifies to forwarding classes, whose queues want an index")
        }
        Feature::BoundClassifiers => Support::Missing(
            "srl_nokia-qos binds classifiers to interfaces, and there is none of ours to bind",
        ),
    }
}

/// What a configuration comes to.
pub(crate) fn objects(config: &DeviceConfig) -> Objects {
    let mut objects = Objects::default();
    policy::objects(config, &mut objects);
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
    Ok((owned, foreign))
}

/// What [`read`] looks at, as a NETCONF subtree filter.
pub(crate) fn filter_xml() -> String {
    format!(
        "<network-instance xmlns=\"{}\"><name/><traffic-engineering-policies xmlns=\"{}\"><explicit-paths/><policy/>\
         </traffic-engineering-policies></network-instance>",
        NI.namespace, TE.namespace,
    )
}
