//! What a device's own modules say is asked once, believed where it is certain, and never needed.

use std::collections::BTreeSet;

use device::{Contents, Lack, Lacks};

use super::*;
use crate::ns;
use crate::xml::{self, Limits};

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
/// It names no module in its hello, and refers to its YANG library.
const REFERS: [&str; 4] = [
    FULL[0],
    FULL[2],
    FULL[3],
    "urn:ietf:params:netconf:capability:yang-library:1.1?revision=2019-01-04&content-id=7",
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

fn labels(modules: &[Module]) -> Vec<String> {
    modules.iter().map(Module::label).collect()
}

#[tokio::test]
async fn what_a_device_serves_and_lacks_is_learnt_without_a_lock() {
    let chamber = Chamber::start(&TELLS).await;
    chamber.chassis().schemas.insert("openconfig-network-instance", BARE);
    let mut learner = device(&chamber).with_library(Library::default());
    let served = learner.serves().await.unwrap();
    let expected = [
        "ietf-netconf-monitoring@2010-10-04",
        "openconfig-network-instance@2024-01-01",
        "openconfig-qos@2023-01-01",
        "trunkline-sr-policy@2026-07-15",
    ];
    assert_eq!(labels(&served.modules), expected);
    // Texts that it does not give say nothing.
    assert_eq!(served.lacks.keys().collect::<Vec<_>>(), ["openconfig-network-instance"]);
    assert_eq!(served.judged.iter().collect::<Vec<_>>(), ["openconfig-network-instance"]);
    let Lack::Nodes { revision, names } = &served.lacks["openconfig-network-instance"] else { panic!() };
    assert_eq!(revision.as_deref(), Some("2024-01-01"));
    assert!(names.contains("policy-forwarding") && !names.contains("network-instance"), "{names:?}");
    let log: BTreeSet<String> = chamber.chassis().log.iter().cloned().collect();
    assert_eq!(log, BTreeSet::from(["get-schema".to_owned()]));
    // Who has no library looks no further than the hello.
    let served = device(&chamber).serves().await.unwrap();
    assert_eq!((labels(&served.modules).len(), served.lacks.len(), served.judged.len()), (4, 0, 0));
}

#[tokio::test]
async fn modules_that_a_hello_does_not_name_are_lacking() {
    let chamber = Chamber::start(&FULL).await;
    let served = device(&chamber).with_library(Library::default()).serves().await.unwrap();
    let lacking: Vec<_> = served.lacks.iter().map(|(module, lack)| (module.as_str(), lack)).collect();
    let expected = ["openconfig-network-instance", "trunkline-sr-policy"].map(|name| (name, &Lack::Module));
    assert_eq!(lacking, expected);
    assert_eq!(chamber.chassis().log, Vec::<String>::new());
}

#[tokio::test]
async fn a_device_that_refers_to_its_library_is_judged_by_that_alone() {
    let chamber = Chamber::start(&REFERS).await;
    let mut device = device(&chamber).with_library(Library::default());
    let served = device.serves().await.unwrap();
    assert_eq!((served.modules.len(), served.lacks.len()), (0, 0), "nothing is known");
    let text = format!(
        "<yang-library xmlns='{}'><module-set><name>all</name><module><name>openconfig-qos</name>\
         <revision>2023-01-01</revision></module></module-set></yang-library>",
        ns::YANG_LIBRARY
    );
    chamber.chassis().state.children = xml::parse_fragment(&text, &Limits::default()).unwrap();
    let served = device.serves().await.unwrap();
    assert_eq!(labels(&served.modules), ["openconfig-qos@2023-01-01"]);
    assert_eq!(served.lacks.len(), 2);
    assert!(served.lacks.values().all(|lack| *lack == Lack::Module), "{:?}", served.lacks);
}

#[tokio::test]
async fn modules_are_listed_and_looked_into() {
    let chamber = Chamber::start(&TELLS).await;
    chamber.chassis().schemas.insert("openconfig-network-instance", BARE);
    let text = format!(
        "<netconf-state xmlns='{}'><schemas><schema><identifier>part</identifier><version/><format>yang</format>\
         <namespace>urn:p</namespace><location>NETCONF</location></schema></schemas></netconf-state>",
        ns::MONITORING
    );
    chamber.chassis().state.children = xml::parse_fragment(&text, &Limits::default()).unwrap();
    let mut device = device(&chamber).with_library(Library::default());
    let modules = device.modules().await.unwrap();
    assert_eq!(modules.len(), 5);
    assert!(labels(&modules).contains(&"part".to_owned()), "{modules:?}");
    for _ in 0..2 {
        let known = device.contents(&modules).await.unwrap();
        let contents: Vec<_> = known.iter().filter_map(|module| module.contents).collect();
        assert_eq!(contents, [Contents { containers: 1, lists: 1, rpcs: 0 }], "the others are not given");
    }
    assert_eq!(asked(&chamber), 5 + 1, "only the one without a revision is asked for again");
}

#[tokio::test]
async fn a_session_that_ends_over_what_is_served_leaves_it_unknown() {
    let chamber = Chamber::start(&TELLS).await;
    chamber.will("get-schema", Fault::Close);
    let mut device = device(&chamber).with_library(Library::default());
    assert_eq!(device.serves().await.unwrap(), Served::default());
    // Its hello still names modules; that is no judgement of them, and what was known to be missing stands.
    let served = device.serves().await.unwrap();
    assert_eq!((served.modules.len(), served.judged.len()), (4, 0));
    let known = Lacks::from([("trunkline-other".into(), Lack::Module)]);
    assert_eq!(served.over(&known), known);
    device.stage(ONE, &sample_edits(1)).await.unwrap();
    assert_eq!((asked(&chamber), chamber.sessions()), (1, 2));
}

#[tokio::test]
async fn nothing_is_asked_of_modules_in_the_middle_of_a_change() {
    let chamber = Chamber::start(&TELLS).await;
    let mut device = device(&chamber).with_library(Library::default());
    let modules = device.modules().await.unwrap();
    device.stage(ONE, &sample_edits(1)).await.unwrap();
    // Whatever is asked now is not answered, and would cost the session.
    for name in ["get", "get-schema"] {
        chamber.will(name, Fault::Close);
    }
    let asked = chamber.chassis().log.len();
    for is_committed in [false, true] {
        if is_committed {
            device.commit(ONE, LONG).await.unwrap();
        }
        let errors = [
            kind(device.serves().await),
            kind(device.modules().await),
            kind(device.contents(&modules).await),
        ];
        assert!(errors.iter().all(|kind| matches!(kind, ErrorKind::Locked(_))), "{errors:?}");
    }
    device.confirm(ONE).await.unwrap();
    assert!(!chamber.truth().is_empty());
    assert_eq!((chamber.sessions(), chamber.locks()), (1, vec![]));
    assert!(
        !chamber.chassis().log[asked..].iter().any(|name| name.starts_with("get-schema") || name == "get")
    );
}

#[tokio::test]
async fn a_mute_device_costs_no_other_of_its_kind_a_session_or_the_look_at_its_modules() {
    let (mute, sound) = (Chamber::start(&TELLS).await, Chamber::start(&TELLS).await);
    sound.chassis().schemas.insert("openconfig-network-instance", BARE);
    mute.will("get-schema", Fault::Hang);
    let library = Library::hasty(Duration::from_secs(2));
    let mut first = device(&mute).with_library(library.clone());
    let mut second = device(&sound).with_library(library);
    second.capabilities().await.unwrap();
    let meanwhile = async {
        while asked(&mute) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let begun = Instant::now();
        let served = second.serves().await.unwrap();
        (served, begun.elapsed())
    };
    let (untold, (served, took)) = tokio::join!(first.serves(), meanwhile);
    assert_eq!(untold.unwrap(), Served::default());
    assert_eq!(served.modules.len(), 4, "its session tells them all the same");
    assert!(took < Duration::from_secs(2), "{took:?}: it waits for the other's silence");
    assert_eq!((asked(&mute), sound.sessions()), (1, 1));
    let served = second.serves().await.unwrap();
    assert!(served.lacks.contains_key("openconfig-network-instance"), "it is still asked");
    // Only the one that was silent is not asked again.
    first.serves().await.unwrap();
    assert_eq!((asked(&mute), mute.sessions(), sound.sessions()), (1, 2, 1));
}

#[tokio::test]
async fn a_session_that_had_ended_before_says_nothing_of_who_answers() {
    let chamber = Chamber::start(&TELLS).await;
    chamber.chassis().schemas.insert("openconfig-network-instance", BARE);
    let mut device = device(&chamber).with_library(Library::default());
    device.unanswered(&CallError::NotSent(session::Cause::Deadline));
    assert!(device.serves().await.unwrap().lacks.contains_key("openconfig-network-instance"));
}

#[tokio::test]
async fn a_text_that_one_device_does_not_give_is_asked_of_the_next() {
    let (shut, open) = (Chamber::start(&TELLS).await, Chamber::start(&TELLS).await);
    open.chassis().schemas.insert("openconfig-network-instance", BARE);
    let library = Library::default();
    let mut first = device(&shut).with_library(library.clone());
    for _ in 0..2 {
        assert_eq!(first.serves().await.unwrap().judged.len(), 0);
    }
    assert_eq!(asked(&shut), 3, "it is asked once for each module");
    let served = device(&open).with_library(library.clone()).serves().await.unwrap();
    assert!(served.lacks.contains_key("openconfig-network-instance"), "{served:?}");
    // The text is the same everywhere, wherever it was had.
    assert!(first.serves().await.unwrap().lacks.contains_key("openconfig-network-instance"));
    assert_eq!(asked(&shut), 3);
    let third = Chamber::start(&TELLS).await;
    let served = device(&third).with_library(library).serves().await.unwrap();
    assert!(served.lacks.contains_key("openconfig-network-instance"), "{served:?}");
}

#[tokio::test]
async fn what_is_served_is_judged_bit_by_bit() {
    let chamber = Chamber::start(&TELLS).await;
    for name in ["openconfig-network-instance", "openconfig-qos", "trunkline-sr-policy"] {
        chamber.chassis().schemas.insert(name, BARE);
    }
    let mut device = device(&chamber).with_library(Library::step_by_step());
    for texts in 1..=3 {
        let served = device.serves().await.unwrap();
        assert_eq!((served.judged.len(), served.unfinished), (texts, texts < 3));
        assert_eq!((asked(&chamber), served.modules.len()), (texts, 4));
    }
}

#[tokio::test]
async fn a_list_of_modules_that_is_cut_is_no_proof_that_one_is_missing() {
    let chamber = Chamber::start(&REFERS).await;
    let names = ["openconfig-qos".to_owned(), "x".repeat(600)];
    for told in 1..=2 {
        let modules: Vec<_> =
            names[..told].iter().map(|name| format!("<module><name>{name}</name></module>")).collect();
        let text = format!(
            "<yang-library xmlns='{}'><module-set><name>all</name>{}</module-set></yang-library>",
            ns::YANG_LIBRARY,
            modules.concat()
        );
        chamber.chassis().state.children = xml::parse_fragment(&text, &Limits::default()).unwrap();
        let served = device(&chamber).with_library(Library::default()).serves().await.unwrap();
        assert_eq!(served.modules.len(), 1);
        assert_eq!(served.lacks.len(), if told == 1 { 2 } else { 0 }, "{:?}", served.lacks);
    }
}
