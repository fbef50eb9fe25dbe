//! The dialect of Cisco IOS XR: SR policies in the native model of its agent (`Cisco-IOS-XR-infra-xtc-agent-cfg`), since the
//! unified models have none for them, and queues as policy maps and class maps of the unified models.
//!
//! - A candidate path is known by its preference alone. Its name and discriminator travel in the names of its segment lists.
//! - Names lack `/` and `~`, which policies of ours have: `=` and `#` stand in for them.
//! - A queue is a class of the interface's policy map; the class map of that name says which code points it takes. A queue
//!   without code points has a class map that matches nothing.

mod policy;
mod qos;

#[cfg(test)]
mod tests;

use model::{DeviceConfig, state::Foreign};

use crate::{
    capability::{Feature, Support},
    escape::Alphabet,
    objects::Objects,
    operation::Module,
    view::{BadPayload, View},
};

pub(crate) use policy::LONGEST_POLICY as LONGEST_NAME;

/// As files write it.
pub(crate) const NAME: &str = "iosxr";

const SR: Module = Module {
    name: "Cisco-IOS-XR-segment-routing-ms-cfg",
    namespace: "http://cisco.com/ns/yang/Cisco-IOS-XR-segment-routing-ms-cfg",
};
const XTC: Module = Module {
    name: "Cisco-IOS-XR-infra-xtc-agent-cfg",
    namespace: "http://cisco.com/ns/yang/Cisco-IOS-XR-infra-xtc-agent-cfg",
};
const MAPS: Module = Module {
    name: "Cisco-IOS-XR-um-policymap-classmap-cfg",
    namespace: "http://cisco.com/ns/yang/Cisco-IOS-XR-um-policymap-classmap-cfg",
};
const INTERFACES: Module = Module {
    name: "Cisco-IOS-XR-um-interface-cfg",
    namespace: "http://cisco.com/ns/yang/Cisco-IOS-XR-um-interface-cfg",
};
const SERVICE: Module = Module {
    name: "Cisco-IOS-XR-um-if-service-policy-qos-cfg",
    namespace: "http://cisco.com/ns/yang/Cisco-IOS-XR-um-if-service-policy-qos-cfg",
};

/// Letters that names of policies, lists and maps all have.
const ALPHABET: Alphabet = Alphabet {
    plain: |c| c.is_ascii_alphanumeric() || "._-:@+".contains(c),
    stand_ins: &[('/', '='), ('~', '#')],
};

/// What [`read`] looks at, as gNMI paths.
pub(crate) const PATHS: [&str; 4] = [
    "/Cisco-IOS-XR-segment-routing-ms-cfg:sr",
    "/Cisco-IOS-XR-um-policymap-classmap-cfg:policy-map",
    "/Cisco-IOS-XR-um-policymap-classmap-cfg:class-map",
    "/Cisco-IOS-XR-um-interface-cfg:interfaces",
];

/// How far these modules carry a feature.
pub(crate) const fn support(feature: Feature) -> Support {
    match feature {
        Feature::MplsPolicies | Feature::Srv6Policies => {
            Support::Within("names of up to 59 characters, with those of candidate paths up to 128")
        }
        Feature::Preferences => Support::Within("one candidate path of each preference"),
        Feature::WeightedLists | Feature::MplsBindingSids | Feature::DropWhenInvalid => Support::Full,
        Feature::Srv6BindingSids => Support::Missing(
            "a policy's SRv6 binding SID can only be allocated by the router, out of a locator",
        ),
        Feature::PrefixSteering | Feature::DscpSteering | Feature::WholeSteering => Support::Missing(
            "no module at hand gives a color to the routes of a VRF, and forward classes divide only what has one",
        ),
        Feature::StrictQueues => {
            Support::Within("policed to the guarantee; rates of 32 bits in bit/s to Gbit/s")
        }
        Feature::WeightedQueues => Support::Within("weights from 1"),
        Feature::Guarantees => Support::Within("rates of 32 bits in bit/s to Gbit/s"),
        Feature::Classifiers => {
            Support::Within("at least one code point; it takes effect where queues are set")
        }
        Feature::BoundClassifiers => Support::Missing(
            "policy maps match code points themselves where packets leave, so there is nothing to bind where they enter",
        ),
    }
}

/// What a configuration comes to.
pub(crate) fn objects(config: &DeviceConfig) -> Objects {
    let mut objects = Objects::default();
    policy::objects(config, &mut objects);
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
    qos::read(root, &mut owned, &mut foreign)?;
    Ok((owned, foreign))
}

/// What [`read`] looks at, as a NETCONF subtree filter.
pub(crate) fn filter_xml() -> String {
    format!(
        "<sr xmlns=\"{}\"><traffic-engineering xmlns=\"{}\"><segments/><segment-lists/><policies/>\
         </traffic-engineering></sr>\
         <policy-map xmlns=\"{maps}\"><type><qos/></type></policy-map>\
         <class-map xmlns=\"{maps}\"><type><qos/></type></class-map>\
         <interfaces xmlns=\"{}\"><interface><interface-name/><service-policy xmlns=\"{}\"><output/></service-policy>\
         </interface></interfaces>",
        SR.namespace,
        XTC.namespace,
        INTERFACES.namespace,
        SERVICE.namespace,
        maps = MAPS.namespace,
    )
}
