//! The tables below the picture: what was expected, how traffic moved, what happened, single figures. Long ones are cut, and say so.

use crate::{
    chart::{class, numbered},
    run::{Mark, MarkKind, Move, Run},
    text::{count, escaped, seconds, wrappable},
};

/// Rows of a table in a page.
const MOST_ROWS: usize = 300;
/// Names in a cell.
const MOST_NAMES: usize = 6;

/// A column: its name, and whether it holds figures.
type Column = (&'static str, bool);

/// A table of cells that are markup already; nothing where it has no rows.
fn table(title: &str, columns: &[Column], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let class = |figure: bool| if figure { " class=\"figure\"" } else { "" };
    let mut out = format!("<h2>{}</h2>\n<div class=\"wide\">\n<table>\n<thead><tr>", escaped(title));
    for (name, figure) in columns {
        out.push_str(&format!("<th{}>{}</th>", class(*figure), escaped(name)));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    let all = rows.len();
    for row in rows.into_iter().take(MOST_ROWS) {
        out.push_str("<tr>");
        for ((_, figure), cell) in columns.iter().zip(row) {
            out.push_str(&format!("<td{}>{cell}</td>", class(*figure)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    if all > MOST_ROWS {
        let more = count(all - MOST_ROWS, "more row");
        out.push_str(&format!("<p class=\"faint\">and {more}, in the JSON of this run</p>\n"));
    }
    out
}

/// What was expected, and when it was met or not.
pub(crate) fn expectations(run: &Run) -> String {
    let rows = run.expectations.iter().map(|one| {
        let met = if one.met { "<span class=\"good\">yes</span>" } else { "<span class=\"bad\">NO</span>" };
        vec![wrappable(&one.what), met.to_owned(), seconds(one.at_ms), wrappable(&one.why)]
    });
    let columns = [("what was expected", false), ("met", false), ("known at", true), ("why", false)];
    table("Expectations", &columns, rows.collect())
}

/// How traffic was moved.
pub(crate) fn moves(run: &Run) -> String {
    let columns = [
        ("at", true),
        ("who", false),
        ("from", false),
        ("to", false),
        ("why", false),
        ("breach to plan", true),
        ("to last reply", true),
        ("read back", true),
        ("confirm", true),
    ];
    table("Moves of traffic", &columns, run.moves.iter().map(moved).collect())
}

fn moved(one: &Move) -> Vec<String> {
    let millis = |value: Option<f64>| value.map_or("unknown".to_owned(), |value| format!("{value:.0} ms"));
    let (class, way) = if one.back { ("restore", "back") } else { ("decision", "away") };
    let who = format!("<span class=\"{class}\">{way}</span>: {}", names(&one.services, "service"));
    vec![
        seconds(one.at_ms),
        who,
        names(&one.from, "link"),
        names(&one.to, "link"),
        wrappable(&one.why),
        millis(one.breach_to_plan_ms),
        millis(one.breach_to_ack_ms),
        millis(one.readback_ms),
        millis(one.confirm_ms),
    ]
}

/// Some names, and how many others.
fn names(all: &[String], what: &str) -> String {
    if all.is_empty() {
        return "unknown".to_owned();
    }
    let mut shown: Vec<String> = all.iter().take(MOST_NAMES).map(|name| wrappable(name)).collect();
    if all.len() > MOST_NAMES {
        shown.push(format!("and {}", count(all.len() - MOST_NAMES, &format!("other {what}"))));
    }
    shown.join("<br/>")
}

/// What happened, with the numbers of the picture.
pub(crate) fn happened(run: &Run) -> String {
    let mut numbers = numbered(run).map(|(number, _)| number);
    let rows = run.marks.iter().map(|mark| {
        let number = if mark.kind == MarkKind::Note { None } else { numbers.next() };
        row(mark, number)
    });
    let columns = [("", true), ("at", true), ("what", false)];
    table("What happened", &columns, rows.collect())
}

fn row(mark: &Mark, number: Option<usize>) -> Vec<String> {
    let what = format!("<span class=\"{}\">{}</span>", class(mark.kind), wrappable(&mark.text));
    vec![number.map_or(String::new(), |number| number.to_string()), seconds(mark.at_ms), what]
}

/// Single figures.
pub(crate) fn figures(run: &Run) -> String {
    let rows = run.figures.iter().map(|one| vec![wrappable(&one.name), wrappable(&one.value)]);
    // Values are sentences too, so they may wrap.
    table("Figures", &[("", false), ("", false)], rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Expectation;

    #[test]
    fn what_was_expected_and_was_not_met_is_seen() {
        let one =
            |what: &str, met, at_ms| Expectation { what: what.into(), met, at_ms, why: "it <was>".into() };
        let run =
            Run { expectations: vec![one("a & b", true, 1_250), one("c", false, 9_000)], ..Run::default() };
        insta::assert_snapshot!(expectations(&run), @r#"
        <h2>Expectations</h2>
        <div class="wide">
        <table>
        <thead><tr><th>what was expected</th><th>met</th><th class="figure">known at</th><th>why</th></tr></thead>
        <tbody>
        <tr><td>a &amp; b</td><td><span class="good">yes</span></td><td class="figure">1.2 s</td><td>it &lt;was&gt;</td></tr>
        <tr><td>c</td><td><span class="bad">NO</span></td><td class="figure">9.0 s</td><td>it &lt;was&gt;</td></tr>
        </tbody>
        </table>
        </div>
        "#);
    }

    #[test]
    fn a_move_tells_from_where_to_where_and_how_long_it_took() {
        let run = Run {
            moves: vec![Move {
                at_ms: 18_400,
                services: (1..=8).map(|number| format!("p<{number}>")).collect(),
                from: vec!["line1".into()],
                why: "loss".into(),
                breach_to_plan_ms: Some(61.4),
                breach_to_ack_ms: Some(104.0),
                ..Move::default()
            }],
            ..Run::default()
        };
        insta::assert_snapshot!(moves(&run), @r#"
        <h2>Moves of traffic</h2>
        <div class="wide">
        <table>
        <thead><tr><th class="figure">at</th><th>who</th><th>from</th><th>to</th><th>why</th><th class="figure">breach to plan</th><th class="figure">to last reply</th><th class="figure">read back</th><th class="figure">confirm</th></tr></thead>
        <tbody>
        <tr><td class="figure">18.4 s</td><td><span class="decision">away</span>: p&lt;1&gt;<br/>p&lt;2&gt;<br/>p&lt;3&gt;<br/>p&lt;4&gt;<br/>p&lt;5&gt;<br/>p&lt;6&gt;<br/>and 2 other services</td><td>line1</td><td>unknown</td><td>loss</td><td class="figure">61 ms</td><td class="figure">104 ms</td><td class="figure">unknown</td><td class="figure">unknown</td></tr>
        </tbody>
        </table>
        </div>
        "#);
    }

    #[test]
    fn numbers_are_those_of_the_picture() {
        let mark = |kind, text: &str| Mark { at_ms: 0, kind, text: text.into() };
        let marks = vec![mark(MarkKind::Note, "n"), mark(MarkKind::Fault, "f"), mark(MarkKind::Restore, "r")];
        let told = happened(&Run { marks, ..Run::default() });
        for (number, kind, text) in [("", "note", "n"), ("1", "fault", "f"), ("2", "restore", "r")] {
            let row = format!(
                "<tr><td class=\"figure\">{number}</td><td class=\"figure\">0.0 s</td><td><span class=\"{kind}\">{text}</span></td></tr>"
            );
            assert!(told.contains(&row), "{row}\nis missing in\n{told}");
        }
    }

    #[test]
    fn a_long_table_is_cut_and_says_so() {
        let mark = Mark { at_ms: 0, kind: MarkKind::Note, text: "n".into() };
        let told = happened(&Run { marks: vec![mark; MOST_ROWS + 2], ..Run::default() });
        assert_eq!(told.matches("<tr><td").count(), MOST_ROWS);
        assert!(told.contains("and 2 more rows, in the JSON of this run"));
        assert_eq!(happened(&Run::default()), "");
    }
}
