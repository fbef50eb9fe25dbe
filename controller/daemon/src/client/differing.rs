//! In what routers differ from what they should hold, field by field, as people read a change: `-` is there, `+` should be.

use std::fmt::{Result, Write};

use engine::{
    exposure,
    snapshot::{Difference, ExceptionView, NodeView, Session},
};

use super::moment;
use crate::draw;

/// Terminals show what is behind these in red and in green (ECMA-48, SGR), and then as before.
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const PLAIN: &str = "\x1b[0m";

/// What is to be said of routers.
pub fn shown(nodes: &[NodeView], coloured: bool) -> String {
    let mut text = String::new();
    for node in nodes {
        // Writing into a string cannot fail.
        let _ = router(node, coloured, &mut text);
    }
    let differ: Vec<&str> =
        nodes.iter().filter(|node| !node.differs.is_empty()).map(|node| node.id.as_str()).collect();
    if !differ.is_empty() {
        let names = differ.join(" ");
        text.push_str(&format!(
            "\nPut it back: trunkline restore {names} -m WHY\nKeep it: trunkline adopt {names} -m WHY\n"
        ));
    }
    let excepted: Vec<&str> =
        nodes.iter().filter(|node| !node.exceptions.is_empty()).map(|node| node.id.as_str()).collect();
    if !excepted.is_empty() {
        text.push_str(&format!("\nEnd exceptions: trunkline restore {} -m WHY\n", excepted.join(" ")));
    }
    text
}

fn router(node: &NodeView, coloured: bool, out: &mut String) -> Result {
    let how = match &node.session {
        Session::Down { why, since } => format!("down since {}: {why}", moment(*since)),
        Session::Unknown if node.protocol.is_none() => "not in the inventory".to_owned(),
        Session::Unknown => "not reached yet".to_owned(),
        Session::Up => match (&node.uncompared, node.differs.len()) {
            (Some(why), _) => format!("not compared: {why}"),
            (None, 0) if node.exceptions.is_empty() => "holds what it should".to_owned(),
            (None, 0) => "holds what it should, with exceptions".to_owned(),
            (None, differ) => format!("differs in {}", crate::check::plural(differ, "object")),
        },
    };
    // Between two readings it may have changed.
    let read = node.read.filter(|_| node.session == Session::Up);
    let read = read.map_or_else(String::new, |at| format!(", as read {}", moment(at)));
    writeln!(out, "{}: {}{read}", node.id, draw::clean(&how))?;
    if let Some(words) = node.rollback.and_then(exposure::words) {
        writeln!(out, "  a change that is not confirmed: {words}")?;
    }
    if let Some(lost) = &node.startup {
        writeln!(out, "  a restart of it: {}", draw::clean(lost))?;
    }
    // As it was read last, where it does not answer now.
    node.differs.iter().try_for_each(|difference| object(difference, coloured, out))?;
    node.exceptions.iter().try_for_each(|one| exception(one, coloured, out))
}

/// Who accepted what, and below that each object: after `-` as it is held, after `+` as the intents ask for it.
fn exception(exception: &ExceptionView, coloured: bool, out: &mut String) -> Result {
    let ExceptionView { who, since, why, until, objects } = exception;
    let until = until.map_or_else(String::new, |until| format!(" until {}", moment(until)));
    let line = format!("exception of {who} since {}{until}: {why}", moment(*since));
    writeln!(out, "  {}", draw::clean(&line))?;
    objects.iter().try_for_each(|difference| object(difference, coloured, out))
}

fn object(difference: &Difference, coloured: bool, out: &mut String) -> Result {
    writeln!(out, "  {}", draw::clean(&difference.to_string()))?;
    let widest = difference.fields.iter().map(|field| field.field.chars().count()).max().unwrap_or_default();
    for field in &difference.fields {
        let sides = [('-', RED, &field.found), ('+', GREEN, &field.wanted)];
        for (sign, colour, value) in sides {
            let Some(value) = value else { continue };
            let line = format!("{sign} {:<widest$}  {value}", field.field);
            let line = draw::clean(&line);
            match coloured {
                true => writeln!(out, "    {colour}{line}{PLAIN}")?,
                false => writeln!(out, "    {line}")?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use engine::snapshot::{Deviation, FieldDifference, Rollback};
    use model::NodeId;

    use super::*;

    fn node(name: &str, session: Session, differs: Vec<Difference>) -> NodeView {
        NodeView {
            id: NodeId::lit(name),
            role: None,
            site: None,
            lat: None,
            lon: None,
            protocol: Some("netconf".into()),
            session,
            policies: 1,
            read: None,
            differs,
            uncompared: None,
            exceptions: Vec::new(),
            modules: None,
            rollback: None,
            startup: None,
        }
    }

    fn field(name: &str, wanted: Option<&str>, found: Option<&str>) -> FieldDifference {
        let owned = |value: Option<&str>| value.map(str::to_owned);
        FieldDifference { field: name.to_owned(), wanted: owned(wanted), found: owned(found) }
    }

    fn astray() -> NodeView {
        let path = "path primary preference 200";
        let differs = vec![
            Difference {
                object: "policy color 101 to 10.0.0.4".into(),
                deviation: Deviation::Changed,
                fields: vec![
                    field(path, Some("16002 16004"), Some("16003 16004")),
                    field("last resort", Some("igp"), None),
                ],
            },
            Difference {
                object: "queues of eth1".into(),
                deviation: Deviation::Unexpected,
                fields: vec![field("queue voice", None, Some("strict, guarantee 2Mbps"))],
            },
        ];
        node("hq-pe1", Session::Up, differs)
    }

    #[test]
    fn what_is_there_and_what_should_be_stand_below_each_other() {
        let nodes = [astray(), node("br-1", Session::Up, Vec::new())];
        insta::assert_snapshot!(shown(&nodes, false), @r"
        hq-pe1: differs in 2 objects
          policy color 101 to 10.0.0.4, changed
            - path primary preference 200  16003 16004
            + path primary preference 200  16002 16004
            + last resort                  igp
          queues of eth1, should not be there
            - queue voice  strict, guarantee 2Mbps
        br-1: holds what it should

        Put it back: trunkline restore hq-pe1 -m WHY
        Keep it: trunkline adopt hq-pe1 -m WHY
        ");
    }

    #[test]
    fn a_router_that_was_compared_with_nothing_does_not_hold_what_it_should() {
        let why = Some("the network is not adopted".to_owned());
        let router = NodeView { uncompared: why, ..node("br-1", Session::Up, Vec::new()) };
        assert_eq!(shown(&[router], false), "br-1: not compared: the network is not adopted\n");
    }

    #[test]
    fn a_router_without_a_confirm_timer_is_shown_as_such() {
        let of = |rollback| NodeView { rollback: Some(rollback), ..node("br-1", Session::Up, Vec::new()) };
        insta::assert_snapshot!(shown(&[of(Rollback::ByPreImage), of(Rollback::ByDevice)], false), @r"
        br-1: holds what it should
          a change that is not confirmed: no confirm timer: it takes effect at once, and the controller puts back what was there
        br-1: holds what it should
        ");
    }

    #[test]
    fn what_a_restart_would_take_is_shown() {
        let router = NodeView { startup: Some("LOST".into()), ..node("br-1", Session::Up, Vec::new()) };
        assert_eq!(shown(&[router], false), "br-1: holds what it should\n  a restart of it: LOST\n");
    }

    #[test]
    fn what_is_said_of_a_router_is_as_old_as_its_reading() {
        let at = model::Timestamp::from_micros(1_000_000);
        let router = NodeView { read: Some(at), ..node("br-1", Session::Up, Vec::new()) };
        let expected = format!("br-1: holds what it should, as read {}\n", moment(at));
        assert_eq!(shown(&[router], false), expected);
    }

    #[test]
    fn what_was_accepted_says_by_whom_why_and_until_when() {
        let (since, until) = (model::Timestamp::from_micros(1), model::Timestamp::from_micros(2_000_000));
        let held = ExceptionView {
            who: "mei".into(),
            since,
            why: "CHG9".into(),
            until: Some(until),
            objects: astray().differs.split_off(1),
        };
        let nodes = [NodeView { exceptions: vec![held], ..node("br-1", Session::Up, Vec::new()) }];
        let expected = format!(
            "br-1: holds what it should, with exceptions\n  exception of mei since {} until {}: CHG9\n  queues of eth1, \
             should not be there\n    - queue voice  strict, guarantee 2Mbps\n\nEnd exceptions: trunkline restore br-1 -m WHY\n",
            moment(since),
            moment(until)
        );
        assert_eq!(shown(&nodes, false), expected);
    }

    #[test]
    fn colours_change_nothing_else_and_what_a_router_says_cannot_play_with_the_terminal() {
        let coloured = shown(&[astray()], true);
        let plain = [RED, GREEN, PLAIN].iter().fold(coloured.clone(), |text, code| text.replace(code, ""));
        assert_eq!(plain, shown(&[astray()], false));
        assert!(
            coloured.contains(&format!("    {RED}- path"))
                && coloured.contains(&format!("    {GREEN}+ path"))
        );
        let mut sly = astray();
        sly.differs[0].fields[0].found = Some("\x1b[2J".into());
        assert!(!shown(&[sly], false).contains('\x1b'));
    }
}
