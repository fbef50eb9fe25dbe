//! What a device's own modules say is asked once, believed where it is certain, and never needed.

use super::*;

const INSTANCES: &str =
    "http://openconfig.net/yang/network-instance?module=openconfig-network-instance&revision=2024-01-01";
const TELLS: [&str; 9] = [
    FULL[0],
    FULL[1],
    FULL[2],
    FULL[3],
    FULL[4],
    FULL[5],
    INSTANCES,
    "urn:trunkline:yang:sr-policy?module=trunkline-sr-policy&revision=2026-07-15",
    "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring?module=ietf-netconf-monitoring&revision=2010-10-04",
];
const BARE: &str = "module openconfig-network-instance { namespace \"urn:x\"; prefix n; revision 2024-01-01;
    container network-instances { list network-instance { key name; leaf name { type string; } } } }";

fn asked(chamber: &Chamber) -> usize {
    chamber.chassis().log.iter().filter(|name| *name == "get-schema").count()
}

#[tokio::test]
async fn a_device_whose_modules_lack_a_node_is_told_apart_before_anything_is_locked() {
    let chamber = Chamber::start(&TELLS).await;
    chamber.chassis().schemas.insert("openconfig-network-instance", BARE);
    let library = Library::default();
    for _ in 0..2 {
        let mut device = device(&chamber).with_library(library.clone());
        let ErrorKind::Unsupported(text) = kind(device.stage(ONE, &sample_edits(1)).await) else { panic!() };
        assert!(text.contains("openconfig-network-instance (2024-01-01) defines no node"), "{text}");
        assert_eq!(chamber.chassis().log, ["get-schema"], "asked once for all who share the library");
        device.cancel(ONE).await.unwrap();
        chamber.chassis().log.retain(|name| name == "get-schema");
    }
    let known = library.modules();
    assert_eq!(
        (known[0].name.as_str(), known[0].revision.as_deref()),
        ("openconfig-network-instance", Some("2024-01-01"))
    );
    assert_eq!(known[0].namespace.as_deref(), Some("urn:x"));
}

#[tokio::test]
async fn a_device_that_does_not_name_a_module_that_is_written_is_told_apart() {
    let chamber = Chamber::start(&FULL).await;
    let mut device = device(&chamber).with_library(Library::default());
    let ErrorKind::Unsupported(text) = kind(device.stage(ONE, &sample_edits(1)).await) else { panic!() };
    assert!(text.contains("does not serve the module openconfig-network-instance"), "{text}");
    assert_eq!(chamber.chassis().log, Vec::<String>::new());
}

#[tokio::test]
async fn texts_that_are_not_given_or_are_nonsense_are_no_reason_to_refuse() {
    for nonsense in [None, Some("module half {"), Some("")] {
        let chamber = Chamber::start(&TELLS).await;
        if let Some(text) = nonsense {
            chamber.chassis().schemas.insert("openconfig-network-instance", text);
        }
        let mut device = device(&chamber).with_library(Library::default());
        device.stage(ONE, &sample_edits(1)).await.unwrap();
        assert!(asked(&chamber) > 0);
        let before = asked(&chamber);
        device.stage(TWO, &sample_edits(1)).await.unwrap();
        assert_eq!(asked(&chamber), before, "what is not to be had is not asked for again");
    }
}

#[tokio::test]
async fn a_session_that_ends_over_the_question_is_opened_again_without_it() {
    let chamber = Chamber::start(&TELLS).await;
    chamber.will("get-schema", Fault::Close);
    let mut device = device(&chamber).with_library(Library::default());
    device.stage(ONE, &sample_edits(1)).await.unwrap();
    assert_eq!((asked(&chamber), chamber.sessions()), (1, 2));
}
