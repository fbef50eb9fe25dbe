use model::Hints;

use crate::tests::{CLASSES, compiled, minimal_ted, service, set_of};

/// What is told of a name that nothing has, where an instance `tri` has made two intents.
fn told(name: &str) -> String {
    let star = "  connectivity: {type: hub-spoke, hubs: [hq-pe1], spokes: {role: branch}}\n  match: [{dscp: [af21]}]";
    let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, &service("tri-voice", star), &service("tri-bulk", ends)], &ted);
    super::why(name, &set, &compiled(&set, &ted, &Hints::default())).unwrap_err().to_string()
}

#[test]
fn the_name_of_an_instance_leads_to_what_it_made() {
    assert_eq!(
        told("tri"),
        "there is no intent or service `tri`: the intents whose names begin so are tri-bulk, tri-voice"
    );
    assert_eq!(told("tri-bulc"), "there is no intent or service `tri-bulc`: did you mean `tri-bulk`?");
    assert_eq!(told("elsewhere"), "there is no intent or service `elsewhere`");
}

#[test]
fn a_service_is_found_from_its_other_end() {
    assert_eq!(
        told("tri-voice/br-1~hq-pe1"),
        "there is no intent or service `tri-voice/br-1~hq-pe1`: did you mean `tri-voice/hq-pe1~br-1`?"
    );
}
