use model::Severity;

use super::*;

#[test]
fn services_of_the_first_wave_that_were_not_seen_are_counted() {
    let applied = |unseen: &[&str]| Applied {
        revision: Revision(1),
        devices: 2,
        transactions: 3,
        edits: 4,
        took_ms: 1.0,
        left_out: Default::default(),
        unseen: unseen.iter().map(|name| model::ServiceId::lit(name)).collect(),
        accepted: 0,
        findings: Vec::new(),
    };
    let told = |unseen: &[&str]| did(&applied(unseen), &LeftOut::named(&applied(unseen)));
    let done = "4 edits on 2 devices in 3 transactions, 1 ms";
    assert_eq!(told(&[]), done);
    let one = format!("{done}; nothing is known of 1 service that moved in the first wave");
    assert_eq!(told(&["s"]), one);
    let kept = Applied { edits: 0, accepted: 7, ..applied(&[]) };
    assert_eq!(did(&kept, &LeftOut::named(&kept)), "7 objects accepted as found");
}

#[test]
fn a_drain_that_leaves_services_on_the_line_is_no_success_to_a_script() {
    let applied = |code: &str, left_out: &[&str]| Applied {
        revision: Revision(1),
        devices: 1,
        transactions: 1,
        edits: 1,
        took_ms: 1.0,
        left_out: left_out.iter().map(|name| model::NodeId::lit(name)).collect(),
        unseen: Default::default(),
        accepted: 0,
        findings: vec![Finding::new(code, Severity::Major, "link l1", "is drained and still carries a")],
    };
    let subject = Subject::Link(model::LinkId::lit("l1"));
    for format in [Format::Text, Format::Json] {
        let code = |code, left_out: &[&str]| {
            let applied = applied(code, left_out);
            drained(format, &applied, &subject, &LeftOut::named(&applied)).unwrap()
        };
        assert_eq!(code(intents::codes::STAYS_ON_DRAINED, &[]), ExitCode::from(FOUND));
        assert_eq!(code(plan::codes::UNREADABLE, &["r1"]), ExitCode::from(FOUND));
        // One that could not be read and is not concerned.
        assert_eq!(code(plan::codes::UNREADABLE, &[]), ExitCode::SUCCESS);
        assert_eq!(code(intents::codes::BACKUP_OVER_DRAINED, &[]), ExitCode::SUCCESS);
    }
}

#[derive(Debug, clap::Parser)]
struct Called {
    #[command(flatten)]
    apply: ApplyArgs,
}

fn called(arguments: &[&str]) -> ApplyArgs {
    let words = ["apply", "intents"].into_iter().chain(arguments.iter().copied());
    <Called as clap::Parser>::try_parse_from(words).unwrap().apply
}

#[test]
fn waves_are_looked_at_for_a_minute_and_beyond_the_limit_a_reason_must_be_said() {
    let waves = |arguments: &[&str]| called(arguments).waves().map(|waves| (waves.first, waves.settle));
    assert_eq!(waves(&[]), None);
    assert_eq!(waves(&["--waves", "2"]), Some((2, Span::from_secs(60))));
    assert_eq!(waves(&["--waves", "2", "--settle", "5min"]), Some((2, Span::from_secs(300))));
    let limit = called(&["--beyond-limit"]).limit;
    assert!(limit.reason(" ".to_owned()).unwrap_err().to_string().contains("-m WHY"));
    assert!(limit.reason("CHG1042".to_owned()).unwrap().beyond_limit);
    assert!(!called(&[]).limit.reason(String::new()).unwrap().beyond_limit);
}

#[test]
fn how_long_a_wave_is_looked_at_is_judged_before_anybody_is_asked() {
    for wrong in ["0s", "1h", "5", "500ms", "soon"] {
        let words = ["apply", "intents", "--waves", "2", "--settle", wrong];
        let error = <Called as clap::Parser>::try_parse_from(words).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let told = error.to_string();
        assert!(told.contains("--settle") && told.contains("1s to 15min, like 60s"), "{told}");
    }
    for right in ["1s", "15min"] {
        assert!(called(&["--waves", "2", "--settle", right]).settle.is_some(), "{right}");
    }
}

#[test]
fn a_router_that_was_not_read_is_not_said_to_hold_what_it_should() {
    let finding = Finding::new(plan::codes::UNREADABLE, Severity::Warning, "r1", "what it holds is unknown");
    let applied = Applied {
        revision: Revision(2),
        devices: 0,
        transactions: 0,
        edits: 0,
        took_ms: 0.0,
        left_out: Default::default(),
        unseen: Default::default(),
        accepted: 0,
        findings: vec![finding],
    };
    let named = |names: &[&str]| -> BTreeSet<NodeId> { names.iter().map(|name| NodeId::lit(name)).collect() };
    let told = |names: &[&str]| did(&applied, &not_restored(&named(names), &applied));
    assert_eq!(told(&["r1"]), "nothing was changed; 1 of 1 router was left out: r1");
    let two = "nothing had to change on those that can be reached; 1 of 2 routers was left out: r1";
    assert_eq!(told(&["r1", "r2"]), two);
    let left = not_restored(&named(&["r1"]), &applied);
    assert_eq!(show(Format::Text, &applied, &Sources::new(), &left).unwrap(), ExitCode::from(FOUND));
}

#[test]
fn how_something_stands_is_said_also_where_nothing_had_to_change() {
    let line = Subject::Link(model::LinkId::lit("l1"));
    assert_eq!(is_drained(&line, false), "l1 is drained now: `trunkline undrain l1` when the work is done");
    let router = Subject::Node(NodeId::lit("r1"));
    assert!(
        is_drained(&router, true).starts_with("r1 is drained now, and what has no other way stays on it")
    );
}
