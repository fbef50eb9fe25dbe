use proptest::option::of;
use proptest::prelude::*;

use super::*;
use crate::capability::Capabilities;
use crate::hello::Hello;
use crate::ns;
use crate::rpc_error::ErrorTag;
use crate::xml::parse as parse_xml;

fn read(text: &str) -> Result<Operation, Box<crate::rpc_error::RpcError>> {
    Operation::parse(parse_xml(text, &Limits::default()).unwrap())
}

fn in_base(text: &str) -> String {
    text.replacen('>', &format!(" xmlns='{}'>", ns::BASE), 1)
}

#[test]
fn a_payload_cannot_leave_its_config() {
    let payload = "<a/></config></edit-config></rpc><rpc><kill-session/>";
    assert!(EditConfig::new(Datastore::Candidate, payload).is_err());
}

#[test]
fn config_spells_its_namespace_out() {
    let edit = EditConfig::new(Datastore::Candidate, "<a xmlns='urn:m'/>").unwrap();
    let text = Operation::EditConfig(edit).to_element().to_xml();
    assert!(
        text.contains(&format!("<config xmlns=\"{}\"><a xmlns=\"urn:m\"/></config>", ns::BASE)),
        "{text}"
    );
}

#[test]
fn wrong_parameters_get_the_error_that_the_rfc_prescribes() {
    let tag = |text: &str| read(&in_base(text)).unwrap_err().tag;
    assert_eq!(tag("<lock></lock>"), ErrorTag::MissingElement);
    assert_eq!(tag("<lock><target><nowhere/></target></lock>"), ErrorTag::UnknownElement);
    assert_eq!(tag("<commit><persit/></commit>"), ErrorTag::UnknownElement);
    assert_eq!(
        tag("<commit><confirmed/><confirm-timeout>0</confirm-timeout></commit>"),
        ErrorTag::InvalidValue
    );
    assert_eq!(tag("<commit><confirm-timeout>9</confirm-timeout></commit>"), ErrorTag::MissingElement);
    assert_eq!(tag("<commit><confirmed/><confirmed/></commit>"), ErrorTag::BadElement);
    assert_eq!(tag("<get><filter type='regex'/></get>"), ErrorTag::BadAttribute);
    assert_eq!(tag("<get><filter type='xpath'/></get>"), ErrorTag::MissingAttribute);
    assert_eq!(tag("<get><with-defaults>all</with-defaults></get>"), ErrorTag::UnknownElement);
}

#[test]
fn a_datastore_is_known_by_the_module_of_its_identity() {
    let get = |datastore: &str| {
        let open = format!("<get-data xmlns='{}' xmlns:d='{}'>", ns::NMDA, ns::DATASTORES);
        read(&format!("{open}<datastore>{datastore}</datastore></get-data>"))
    };
    let operational = Operation::GetData { datastore: DataStore::Operational, filter: None };
    assert_eq!(get("d:operational").unwrap(), operational);
    for wrong in ["operational", "d:nowhere", ""] {
        assert_eq!(get(wrong).unwrap_err().tag, ErrorTag::InvalidValue, "{wrong}");
    }
    assert_eq!(read(&format!("<get-data xmlns='{}'/>", ns::NMDA)).unwrap_err().tag, ErrorTag::MissingElement);
}

#[test]
fn what_is_not_standard_is_handed_on() {
    assert!(matches!(read("<reboot xmlns='urn:v'/>"), Ok(Operation::Other(_))));
    assert!(matches!(read(&in_base("<partial-lock></partial-lock>")), Ok(Operation::Other(_))));
}

#[test]
fn the_hello_decides_what_may_be_asked() {
    let caps = |names: &[&str]| {
        let uris = names.iter().map(|n| format!("urn:ietf:params:netconf:capability:{n}"));
        Capabilities::from_hello(&Hello::server(1, uris))
    };
    let edit = |d| EditConfig::new(d, "").unwrap();
    let missing = |op: Operation, c: &Capabilities| op.needs(c).unwrap_err().capability;
    let bare = caps(&[]);
    assert_eq!(missing(Operation::EditConfig(edit(Datastore::Running)), &bare), ":writable-running");
    assert_eq!(missing(Operation::Lock { target: Datastore::Candidate }, &bare), ":candidate");
    let some = caps(&["candidate:1.0", "confirmed-commit:1.0", "validate:1.0"]);
    let persistent = Confirmed { timeout_s: None, persist: Some("x".into()) };
    let commit = Commit { confirmed: Some(persistent), persist_id: None };
    assert_eq!(missing(Operation::Commit(commit), &some), ":confirmed-commit:1.1");
    assert_eq!(missing(Operation::CancelCommit { persist_id: None }, &some), ":confirmed-commit:1.1");
    let plain = Commit { confirmed: Some(Confirmed::default()), persist_id: None };
    assert_eq!(Operation::Commit(plain).needs(&some), Ok(()));
    let test_only = edit(Datastore::Candidate).test_option(TestOption::TestOnly);
    assert_eq!(missing(Operation::EditConfig(test_only), &some), ":validate:1.1");
    let read = |datastore| Operation::GetData { datastore, filter: None };
    assert_eq!(missing(read(DataStore::Operational), &some), "ietf-netconf-nmda");
    let module = format!("{}?module=ietf-netconf-nmda&revision=2019-01-07", ns::NMDA);
    let names = [module, "urn:ietf:params:netconf:capability:candidate:1.0".to_owned()];
    let nmda = Capabilities::from_hello(&Hello::server(1, names));
    assert_eq!(read(DataStore::Operational).needs(&nmda), Ok(()));
    let write = |datastore| Operation::EditData { datastore, default_operation: None, config: vec![] };
    assert_eq!(write(DataStore::Candidate).needs(&nmda), Ok(()));
    assert_eq!(missing(write(DataStore::Running), &nmda), ":writable-running");
    assert_eq!(missing(write(DataStore::Operational), &nmda), "a datastore that clients write");
    let rollback = edit(Datastore::Candidate).error_option(ErrorOption::RollbackOnError);
    assert_eq!(missing(Operation::EditConfig(rollback), &some), ":rollback-on-error");
}

fn store() -> impl Strategy<Value = Datastore> {
    prop_oneof![Just(Datastore::Running), Just(Datastore::Candidate), Just(Datastore::Startup)]
}

fn datastore() -> impl Strategy<Value = DataStore> {
    proptest::sample::select(DataStore::ALL.to_vec())
}

fn text() -> impl Strategy<Value = String> {
    "[!-~]([ -~]{0,10}[!-~])?"
}

fn content() -> impl Strategy<Value = Vec<Element>> {
    let one = ("[a-z]{1,4}", "[0-9]{1,4}").prop_map(|(n, v)| Element::new("urn:m", n).with_leaf("v", v));
    proptest::collection::vec(one, 0..3)
}

fn filter() -> impl Strategy<Value = Filter> {
    let xpath = "/p:[a-z]{1,5}".prop_map(|select| {
        let bindings = vec![Binding { prefix: "p".into(), ns: "urn:m".into() }];
        Filter::XPath { select, bindings }
    });
    prop_oneof![content().prop_map(Filter::Subtree), xpath]
}

fn defaults() -> impl Strategy<Value = Option<DefaultsMode>> {
    of(prop_oneof![Just(DefaultsMode::ReportAll), Just(DefaultsMode::Trim), Just(DefaultsMode::Explicit)])
}

fn operation() -> impl Strategy<Value = Operation> {
    let target =
        || prop_oneof![store().prop_map(Target::Datastore), "file:/[a-z]{1,5}".prop_map(Target::Url)];
    let source = || {
        let url = "file:/[a-z]{1,5}".prop_map(Source::Url);
        prop_oneof![store().prop_map(Source::Datastore), url, content().prop_map(Source::Config)]
    };
    let edit = (store(), any::<bool>(), any::<bool>(), any::<bool>(), content()).prop_map(
        |(d, a, b, c, content)| {
            let edit = EditConfig::of(d, content);
            let edit = if a { edit.default_operation(DefaultOperation::None) } else { edit };
            let edit = if b { edit.test_option(TestOption::TestThenSet) } else { edit };
            Operation::EditConfig(if c { edit.error_option(ErrorOption::RollbackOnError) } else { edit })
        },
    );
    let confirmed =
        of((of(1..9999_u32), of(text())).prop_map(|(timeout_s, persist)| Confirmed { timeout_s, persist }));
    prop_oneof![
        (of(filter()), defaults())
            .prop_map(|(filter, with_defaults)| Operation::Get { filter, with_defaults }),
        (store(), of(filter()), defaults()).prop_map(|(source, filter, with_defaults)| {
            Operation::GetConfig { source, filter, with_defaults }
        }),
        edit,
        (datastore(), of(filter())).prop_map(|(datastore, filter)| Operation::GetData { datastore, filter }),
        (datastore(), any::<bool>(), content()).prop_map(|(datastore, replaces, config)| {
            let default_operation = replaces.then_some(DefaultOperation::Replace);
            Operation::EditData { datastore, default_operation, config }
        }),
        (target(), source()).prop_map(|(target, source)| Operation::CopyConfig { target, source }),
        target().prop_map(|target| Operation::DeleteConfig { target }),
        store().prop_map(|target| Operation::Lock { target }),
        store().prop_map(|target| Operation::Unlock { target }),
        source().prop_map(|source| Operation::Validate { source }),
        (confirmed, of(text()))
            .prop_map(|(confirmed, persist_id)| Operation::Commit(Commit { confirmed, persist_id })),
        of(text()).prop_map(|persist_id| Operation::CancelCommit { persist_id }),
        Just(Operation::DiscardChanges),
        Just(Operation::CloseSession),
        (1..u32::MAX).prop_map(|session_id| Operation::KillSession { session_id }),
        (text(), of(text()), of(text())).prop_map(|(identifier, version, format)| Operation::GetSchema {
            identifier,
            version,
            format
        }),
        (of(text()), of(filter()), of(text()), of(text())).prop_map(|(stream, filter, start, stop)| {
            Operation::CreateSubscription { stream, filter, start, stop }
        }),
    ]
}

proptest! {
    #[test]
    fn parsing_undoes_building(op in operation()) {
        prop_assert_eq!(read(&op.to_element().to_xml()).unwrap(), op);
    }
}
