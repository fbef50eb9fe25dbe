//! A router is asked what is around it by the modules that it names, and its answer is read or refused as a whole.

use model::{InterfaceName, Oper};

use super::*;
use crate::xml::{self, Limits};

const INTERFACES: &str =
    "http://openconfig.net/yang/interfaces?module=openconfig-interfaces&revision=2024-01-01";
const LLDP: &str = "http://openconfig.net/yang/lldp?module=openconfig-lldp&revision=2024-01-01";
const TELLS: [&str; 8] = [FULL[0], FULL[1], FULL[2], FULL[3], FULL[4], FULL[5], INTERFACES, LLDP];
const ANSWER: &str = "<interfaces xmlns='http://openconfig.net/yang/interfaces'><interface><name>eth1</name>\
     <state><oper-status>DOWN</oper-status><ifindex>4</ifindex></state></interface></interfaces>\
     <lldp xmlns='http://openconfig.net/yang/lldp'><state><system-name>r1</system-name></state><interfaces>\
     <interface><name>eth1</name><neighbors><neighbor><id>a</id><state><id>a</id><system-name>r2</system-name>\
     <port-id>eth9</port-id><port-id-type>INTERFACE_NAME</port-id-type></state></neighbor></neighbors></interface>\
     </interfaces></lldp>";

fn answers(chamber: &Chamber, text: &str) {
    chamber.chassis().state.children = xml::parse_fragment(text, &Limits::default()).unwrap();
}

#[tokio::test]
async fn what_is_around_it_is_read_without_a_lock() {
    let chamber = Chamber::start(&TELLS).await;
    answers(&chamber, ANSWER);
    let mut device = device(&chamber);
    let around = device.surroundings().await.unwrap().unwrap();
    let eth1 = InterfaceName::lit("eth1");
    assert_eq!(around.system_name.as_deref(), Some("r1"));
    assert_eq!((around.ports[&eth1].oper, around.ports[&eth1].index), (Some(Oper::Down), Some(4)));
    let [heard] = &around.neighbours[&eth1][..] else { panic!("{around:?}") };
    assert_eq!((heard.system_name.as_deref(), heard.port_id.as_deref()), (Some("r2"), Some("eth9")));
    assert!(heard.is_interface);
    assert_eq!(chamber.chassis().log, ["get"]);
    assert_eq!((chamber.sessions(), chamber.locks()), (1, vec![]));
}

#[tokio::test]
async fn a_router_that_names_none_of_the_modules_is_not_asked() {
    let chamber = Chamber::start(&FULL).await;
    answers(&chamber, ANSWER);
    assert_eq!(device(&chamber).surroundings().await.unwrap(), None);
    assert_eq!(chamber.chassis().log, Vec::<String>::new());
}

#[tokio::test]
async fn nothing_around_it_is_asked_in_the_middle_of_a_change() {
    let chamber = Chamber::start(&TELLS).await;
    answers(&chamber, ANSWER);
    let mut device = device(&chamber);
    device.stage(ONE, &sample_edits(1)).await.unwrap();
    // It would not be answered, and cost the session with what is staged.
    chamber.will("get", Fault::Hang);
    assert!(matches!(kind(device.surroundings().await), ErrorKind::Locked(_)));
    device.commit(ONE, LONG).await.unwrap();
    assert!(matches!(kind(device.surroundings().await), ErrorKind::Locked(_)));
    device.confirm(ONE).await.unwrap();
    assert_eq!(chamber.sessions(), 1);
}

#[tokio::test]
async fn a_router_that_leaves_the_question_unanswered_keeps_its_session_and_is_asked_rarely() {
    for is_stuck in [false, true] {
        let chamber = Chamber::start(&TELLS).await;
        answers(&chamber, ANSWER);
        let mut device = device_with(&chamber, Manners { answer: Duration::from_millis(100), ..manners() });
        chamber.will("get", Fault::Hang);
        if is_stuck {
            chamber.will("get-config", Fault::Hang);
        }
        assert!(matches!(kind(device.surroundings().await), ErrorKind::Silent(_)));
        let asked = chamber.chassis().log.len();
        for _ in 0..3 {
            assert!(matches!(kind(device.surroundings().await), ErrorKind::Silent(_)));
        }
        assert_eq!(chamber.chassis().log.len(), asked, "it rests");
        device.read().await.unwrap();
        assert_eq!(chamber.sessions(), if is_stuck { 2 } else { 1 }, "stuck: {is_stuck}");
    }
}

#[tokio::test]
async fn a_value_that_no_module_allows_is_garbage_and_a_refusal_costs_no_session() {
    let chamber = Chamber::start(&TELLS).await;
    answers(&chamber, &ANSWER.replace("DOWN", "ALIVE"));
    let mut device = device(&chamber);
    let ErrorKind::Garbage(text) = kind(device.surroundings().await) else { panic!() };
    assert!(text.contains("interface eth1: `ALIVE`"), "{text}");
    chamber.will("get", Fault::Refuse);
    assert!(matches!(kind(device.surroundings().await), ErrorKind::Refused(_)));
    answers(&chamber, ANSWER);
    assert!(device.surroundings().await.unwrap().is_some());
    assert_eq!(chamber.sessions(), 1);
}

#[tokio::test]
async fn the_database_of_is_is_is_asked_of_whom_it_is_wanted() {
    const ISIS: &str =
        "http://openconfig.net/yang/openconfig-isis?module=openconfig-isis&revision=2024-01-01";
    const ALL: [&str; 9] = [FULL[0], FULL[1], FULL[2], FULL[3], FULL[4], FULL[5], INTERFACES, LLDP, ISIS];
    let chamber = Chamber::start(&ALL).await;
    let lsp = "<lsp><lsp-id>0000.0000.0001.00-00</lsp-id><tlvs><tlv><hostname><state><hostname>r1</hostname></state>\
         </hostname></tlv></tlvs></lsp>";
    let instances = format!(
        "<network-instances xmlns='http://openconfig.net/yang/network-instance'><network-instance><name>default</name>\
         <protocols><protocol><identifier>ISIS</identifier><name>i</name><isis><levels><level><level-number>2</level-number>\
         <link-state-database>{lsp}</link-state-database></level></levels></isis></protocol></protocols></network-instance>\
         </network-instances>"
    );
    answers(&chamber, &format!("{ANSWER}{instances}"));
    let around = device(&chamber).surroundings().await.unwrap().unwrap();
    assert_eq!((around.lsdb, around.ports.len()), (None, 1), "nobody wants it of this one");
    let around = device(&chamber).telling_database().surroundings().await.unwrap().unwrap();
    let lsdb = around.lsdb.unwrap();
    let names: Vec<_> = lsdb.routers.values().map(|router| router.name.as_deref()).collect();
    assert_eq!((names, around.ports.len()), (vec![Some("r1")], 1));
}

#[tokio::test]
async fn a_router_with_nmda_is_asked_for_what_is_in_force() {
    const NMDA: &str =
        "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda?module=ietf-netconf-nmda&revision=2019-01-07";
    const ALL: [&str; 8] = [FULL[0], FULL[1], FULL[2], FULL[3], FULL[4], FULL[5], INTERFACES, NMDA];
    let chamber = Chamber::start(&ALL).await;
    answers(&chamber, ANSWER);
    let mut device = device(&chamber);
    assert_eq!(device.surroundings().await.unwrap().unwrap().ports.len(), 1);
    assert_eq!(chamber.chassis().log, ["get-data"]);
    // One that lists the module and refuses what it has is asked as others are.
    chamber.will("get-data", Fault::Refuse);
    assert_eq!(device.surroundings().await.unwrap().unwrap().ports.len(), 1);
    assert_eq!(chamber.chassis().log, ["get-data", "get-data", "get"]);
}
