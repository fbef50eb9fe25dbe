//! The picture: a plot for each kind of value, and below them what happened, all on one time axis.
//!
//! From top to bottom: plots with their own vertical axes, then a lane for the network (faults and their ends), one for promises that were
//! broken, one for the controller. What happened is a vertical line through all of them, so that cause and effect are seen.

use std::collections::BTreeSet;

use crate::{
    run::{Mark, MarkKind, Point, Run, Series, Span},
    scale::{Scale, moments, ticks},
    svg::{Anchor, Svg},
    text::{count, seconds, shortened},
    thin::thin,
};

/// The width of the picture; it grows and shrinks with the page.
const WIDTH: f64 = 1_080.0;
/// Where plots begin and end.
const PLOT: (f64, f64) = (62.0, 850.0);
/// How many pixels that is: spans of time nearer than one of them are one to the eye.
const PIXELS: u32 = 788;
/// How high a plot is, and what is above and below it.
const HEIGHT: f64 = 150.0;
const ABOVE: f64 = 30.0;
const BELOW: f64 = 26.0;
/// A line of text below a plot.
const NOTE: f64 = 16.0;
/// How high a lane is.
const LANE: f64 = 34.0;
/// Between two labels, one above the other.
const LEADING: f64 = 13.0;
/// Series that one plot shows; each has a colour and a dash of its own.
pub(crate) const MOST_SERIES: usize = 8;
/// Letters of a label.
const LETTERS: usize = 34;
/// Letters of a line of text below a plot.
const NOTE_LETTERS: usize = 125;
/// Two dots nearer than this stand one above the other.
const NEAR: f64 = 17.0;

/// Marks that stand in the picture with a number: all but notes, at most so many.
pub(crate) const MOST_MARKS: usize = 60;

const STYLE: &str = include_str!("chart.css");

/// Draws it.
pub(crate) fn chart(run: &Run) -> String {
    let mut svg = Svg::default();
    let time = Scale::new((0.0, f64::from(run.length_ms.max(1))), PLOT);
    let broken = united(&run.spans, run.length_ms / PIXELS);
    let mut top = 4.0;
    for (plot, series) in plots(&run.series) {
        top = draw_plot(&mut svg, run, &time, (plot, series.as_slice()), (top, broken.as_slice()));
    }
    let bottom = draw_lanes(&mut svg, run, &time, top, &broken);
    let plots = plots(&run.series).iter().map(|(plot, _)| *plot).collect::<Vec<_>>().join(", ");
    let label = format!("{}: {plots}, and what happened, over {}", run.title, seconds(run.length_ms));
    svg.finish((WIDTH, bottom), STYLE, &label)
}

/// The series by plot, in the order in which plots come first.
pub(crate) fn plots(series: &[Series]) -> Vec<(&str, Vec<&Series>)> {
    let mut plots: Vec<(&str, Vec<&Series>)> = Vec::new();
    for one in series {
        match plots.iter_mut().find(|(plot, _)| *plot == one.plot) {
            Some((_, all)) => all.push(one),
            None => plots.push((one.plot.as_str(), vec![one])),
        }
    }
    plots
}

/// The marks that have a number in the picture, with it.
pub(crate) fn numbered(run: &Run) -> impl Iterator<Item = (usize, &Mark)> {
    (1..).zip(run.marks.iter().filter(|mark| mark.kind != MarkKind::Note)).take(MOST_MARKS)
}

/// How the class of a mark is called.
pub(crate) const fn class(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Fault => "fault",
        MarkKind::Heal | MarkKind::Restore => "restore",
        MarkKind::Decision => "decision",
        MarkKind::Note => "note",
    }
}

/// Times in which at least one promise was broken, and how many promises that concerns. Those that are no further apart than `apart_ms`
/// are one: there are never more of them than that parts the run into. O(spans log spans).
fn united(spans: &[Span], apart_ms: u32) -> Vec<(u32, u32, usize)> {
    let mut sorted: Vec<&Span> = spans.iter().collect();
    sorted.sort_unstable_by_key(|span| (span.from_ms, span.to_ms));
    let mut united: Vec<(u32, u32, BTreeSet<&str>)> = Vec::new();
    for span in sorted {
        match united.last_mut().filter(|last| span.from_ms <= last.1.saturating_add(apart_ms)) {
            Some((_, to, promises)) => {
                *to = (*to).max(span.to_ms);
                promises.insert(&span.what);
            }
            None => united.push((span.from_ms, span.to_ms, BTreeSet::from([span.what.as_str()]))),
        }
    }
    united.into_iter().map(|(from, to, promises)| (from, to, promises.len())).collect()
}

/// Whether all is known of a series, and is nothing. Such lines lie on each other and on the axis, and their labels crowd at its end.
fn is_nothing(series: &Series) -> bool {
    !series.points.is_empty() && series.points.iter().all(|(_, value)| *value == Some(0.0))
}

/// One plot with its axes, from its top; gives its bottom.
fn draw_plot(
    svg: &mut Svg,
    run: &Run,
    time: &Scale,
    (plot, series): (&str, &[&Series]),
    (top, broken): (f64, &[(u32, u32, usize)]),
) -> f64 {
    let (upper, lower) = (top + ABOVE, top + ABOVE + HEIGHT);
    let unit = series.first().map_or("", |one| one.unit.as_str());
    let shown: Vec<(&&Series, Vec<Point>)> =
        series.iter().take(MOST_SERIES).map(|one| (one, thin(&one.points))).collect();
    let values = shown.iter().flat_map(|(_, points)| points.iter().filter_map(|point| point.1));
    let (ticks, decimals) = ticks(values.fold(0.0, f64::max));
    let value = Scale::new((0.0, ticks.last().copied().unwrap_or(1.0)), (lower, upper));
    svg.text("title", (PLOT.0, upper - 10.0), Anchor::Start, &format!("{plot}, {unit}"));
    backdrop(svg, time, (upper, lower), broken);
    for tick in ticks {
        let y = value.place(tick);
        svg.line("grid", (PLOT.0, y), (PLOT.1, y));
        svg.text("tick", (PLOT.0 - 6.0, y + 4.0), Anchor::End, &format!("{tick:.decimals$}"));
    }
    time_axis(svg, run, time, (upper, lower));
    for (_, mark) in numbered(run) {
        let x = time.place(f64::from(mark.at_ms));
        svg.line(&format!("mark {}", class(mark.kind)), (x, upper), (x, lower));
    }
    let mut labels = Vec::new();
    // A series keeps its colour in all plots, so what is not drawn has a number too.
    for (number, (one, points)) in shown.iter().enumerate().filter(|(_, (one, _))| !is_nothing(one)) {
        let places: Vec<Option<(f64, f64)>> = points
            .iter()
            .map(|(at, is)| is.map(|is| (time.place(f64::from(*at)), value.place(is))))
            .collect();
        svg.path(&format!("series s{number}"), &places, &one.name);
        let end = places.iter().rev().copied().flatten().next();
        labels.push((end.map_or(lower, |(_, y)| y), number, one.name.as_str()));
    }
    draw_labels(svg, labels, (upper, lower));
    if series.len() > MOST_SERIES {
        let more = format!("and {} more, not drawn", series.len() - MOST_SERIES);
        svg.text("tick", (PLOT.1, upper - 10.0), Anchor::End, &more);
    }
    let nothing: Vec<&str> =
        shown.iter().filter(|(one, _)| is_nothing(one)).map(|(one, _)| one.name.as_str()).collect();
    if nothing.is_empty() {
        return lower + BELOW;
    }
    let note = format!("{} zero throughout, not drawn: {}", nothing.len(), nothing.join(", "));
    svg.text("tick", (PLOT.0, lower + BELOW + 4.0), Anchor::Start, &shortened(&note, NOTE_LETTERS));
    lower + BELOW + NOTE
}

/// The ground of a plot or of lanes, and where promises were broken.
fn backdrop(svg: &mut Svg, time: &Scale, (upper, lower): (f64, f64), broken: &[(u32, u32, usize)]) {
    svg.area("ground", (PLOT.0, upper), (PLOT.1 - PLOT.0, lower - upper), "");
    for (from, to, promises) in broken {
        let (begin, end) = (time.place(f64::from(*from)), time.place(f64::from(*to)));
        let title = format!("{} broken, {} to {}", count(*promises, "promise"), seconds(*from), seconds(*to));
        svg.area("broken", (begin, upper), ((end - begin).max(1.0), lower - upper), &title);
    }
}

/// Ticks of time below a plot.
fn time_axis(svg: &mut Svg, run: &Run, time: &Scale, (upper, lower): (f64, f64)) {
    let all = moments(run.length_ms);
    let last = all.last().copied();
    for moment in all {
        let x = time.place(f64::from(moment) * 1_000.0);
        svg.line("grid", (x, upper), (x, lower));
        let unit = if Some(moment) == last { " s" } else { "" };
        svg.text("tick", (x, lower + 15.0), Anchor::Middle, &format!("{moment}{unit}"));
    }
}

/// Names beside the ends of their lines, pushed apart where they would stand on each other.
fn draw_labels(svg: &mut Svg, mut labels: Vec<(f64, usize, &str)>, (upper, lower): (f64, f64)) {
    labels.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    let ends: Vec<f64> = labels.iter().map(|(end, _, _)| *end).collect();
    for ((end, number, name), y) in labels.into_iter().zip(apart(&ends, upper, lower)) {
        let line = format!("leader s{number}");
        svg.line(&line, (PLOT.1 + 2.0, end), (PLOT.1 + 12.0, y));
        svg.text(
            &format!("label t{number}"),
            (PLOT.1 + 15.0, y + 4.0),
            Anchor::Start,
            &shortened(name, LETTERS),
        );
    }
}

/// Places at least a line of text from each other, as near as that allows to where they want to be. `wanted` ascends.
fn apart(wanted: &[f64], upper: f64, lower: f64) -> Vec<f64> {
    let mut next = upper;
    let mut places: Vec<f64> = wanted
        .iter()
        .map(|place| {
            let free = (*place).max(next);
            next = free + LEADING;
            free
        })
        .collect();
    let mut last = lower;
    for place in places.iter_mut().rev() {
        *place = (*place).min(last);
        last = *place - LEADING;
    }
    places
}

/// The lanes of what happened, from their top; gives their bottom.
fn draw_lanes(svg: &mut Svg, run: &Run, time: &Scale, top: f64, broken: &[(u32, u32, usize)]) -> f64 {
    let upper = top + ABOVE;
    let lower = upper + 3.0 * LANE;
    svg.text("title", (PLOT.0, upper - 10.0), Anchor::Start, "what happened");
    backdrop(svg, time, (upper, lower), &[]);
    time_axis(svg, run, time, (upper, lower));
    let names = ["network", "broken promises", "controller"];
    for (lane, name) in (0..3_u32).zip(names) {
        let y = upper + f64::from(lane) * LANE;
        svg.line("grid", (PLOT.0, y + LANE), (PLOT.1, y + LANE));
        svg.text("label", (PLOT.1 + 15.0, y + LANE / 2.0 + 4.0), Anchor::Start, name);
    }
    for (from, to, promises) in broken {
        let (begin, end) = (time.place(f64::from(*from)), time.place(f64::from(*to)));
        let title = format!("{} broken, {} to {}", count(*promises, "promise"), seconds(*from), seconds(*to));
        let size = ((end - begin).max(2.0), LANE - 16.0);
        svg.area("span", (begin, upper + LANE + 8.0), size, &title);
    }
    let mut before = [(f64::MIN, false); 2];
    for (number, mark) in numbered(run) {
        let lane = usize::from(!matches!(mark.kind, MarkKind::Fault | MarkKind::Heal));
        let x = time.place(f64::from(mark.at_ms));
        let y = upper + if lane == 0 { LANE / 2.0 } else { 2.5 * LANE };
        svg.line(&format!("mark {}", class(mark.kind)), (x, upper), (x, lower));
        let lowered = before.get(lane).is_some_and(|(last, lowered)| x - last < NEAR && !lowered);
        if let Some(place) = before.get_mut(lane) {
            *place = (x, lowered);
        }
        let y = if lowered { y + 8.0 } else { y - 7.0 };
        let title = format!("{}: {}", seconds(mark.at_ms), mark.text);
        svg.dot(class(mark.kind), (x, y), number, &title);
    }
    lower + BELOW
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(plot: &str, name: &str) -> Series {
        Series { plot: plot.into(), unit: "ms".into(), name: name.into(), points: vec![(0, Some(1.0))] }
    }

    #[test]
    fn plots_stand_in_the_order_in_which_they_come_first() {
        let all = [series("loss", "a"), series("delay", "a"), series("loss", "b")];
        let plots = plots(&all);
        let names: Vec<(&str, Vec<&str>)> = plots
            .iter()
            .map(|(plot, series)| (*plot, series.iter().map(|one| one.name.as_str()).collect()))
            .collect();
        assert_eq!(names, [("loss", vec!["a", "b"]), ("delay", vec!["a"])]);
    }

    #[test]
    fn spans_that_meet_are_one() {
        let span = |from_ms, to_ms, what: &str| Span { from_ms, to_ms, what: what.to_owned() };
        let spans = [span(50, 60, "a"), span(0, 10, "a"), span(5, 20, "b"), span(20, 30, "a")];
        assert_eq!(united(&spans, 0), [(0, 30, 2), (50, 60, 1)]);
        assert_eq!(united(&spans, 20), [(0, 60, 2)], "nobody could see that they are two");
        assert!(united(&[], 0).is_empty());
    }

    #[test]
    fn a_promise_that_flaps_all_day_makes_no_picture_that_nobody_can_open() {
        // Half of each second for a day.
        let spans =
            (0..86_400).map(|at| Span { from_ms: at * 1_000, to_ms: at * 1_000 + 500, what: "p".into() });
        let run = Run { length_ms: 86_400_000, spans: spans.collect(), ..Run::default() };
        let drawn = chart(&run);
        assert!(drawn.matches("<rect").count() < 1_000, "{}", drawn.matches("<rect").count());
    }

    #[test]
    fn labels_stand_apart_and_in_order_within_the_plot() {
        assert_eq!(apart(&[10.0, 40.0], 0.0, 100.0), [10.0, 40.0]);
        assert_eq!(apart(&[10.0, 11.0, 12.0], 0.0, 100.0), [10.0, 23.0, 36.0]);
        assert_eq!(apart(&[99.0, 100.0, 100.0], 0.0, 100.0), [74.0, 87.0, 100.0]);
    }

    #[test]
    fn a_small_picture_is_drawn_as_it_should() {
        let run = Run {
            title: "t".into(),
            length_ms: 2_000,
            series: vec![Series {
                plot: "loss of lines".into(),
                unit: "%".into(),
                name: "line1".into(),
                points: vec![(0, Some(0.0)), (1_000, Some(2.0)), (2_000, None)],
            }],
            marks: vec![Mark { at_ms: 1_000, kind: MarkKind::Fault, text: "it degrades".into() }],
            spans: vec![Span { from_ms: 1_000, to_ms: 1_500, what: "p".into() }],
            ..Run::default()
        };
        let drawn = chart(&run);
        for shape in [
            "<svg viewBox=\"0 0 1080 368\" role=\"img\" aria-label=\"t: loss of lines, and what happened, over 2.0 s\">",
            "<text class=\"title\" x=\"62.0\" y=\"24.0\" text-anchor=\"start\">loss of lines, %</text>",
            // From 62 to 850 in 2 s, from 184 to 34 in 2 %.
            "<path class=\"series s0\" d=\"M62.0 184.0L456.0 34.0\"><title>line1</title></path>",
            "<line class=\"mark fault\" x1=\"456.0\" y1=\"34.0\" x2=\"456.0\" y2=\"184.0\"/>",
            "<rect class=\"broken\" x=\"456.0\" y=\"34.0\" width=\"197.0\" height=\"150.0\"><title>1 promise broken, 1.0 s to 1.5 s</title></rect>",
            "<text class=\"tick\" x=\"56.0\" y=\"38.0\" text-anchor=\"end\">2.0</text>",
            "<text class=\"tick\" x=\"850.0\" y=\"199.0\" text-anchor=\"middle\">2 s</text>",
            "<text class=\"label t0\" x=\"865.0\" y=\"38.0\" text-anchor=\"start\">line1</text>",
            "<g class=\"fault\"><circle cx=\"456.0\" cy=\"250.0\" r=\"8\"/>",
        ] {
            assert!(drawn.contains(shape), "{shape}\nis missing in\n{drawn}");
        }
    }

    #[test]
    fn what_is_zero_throughout_is_named_below_and_what_is_unknown_is_drawn() {
        let of = |name: &str, points: Vec<Point>| Series { points, ..series("load of queues", name) };
        let run = Run {
            length_ms: 9,
            series: vec![
                of("idle <1>", vec![(0, Some(0.0)), (9, Some(0.0))]),
                of("busy", vec![(0, Some(0.0)), (9, Some(4.0))]),
                of("silent", vec![(0, Some(0.0)), (5, None), (9, Some(0.0))]),
                of("idle 2", vec![(9, Some(0.0))]),
                of("never seen", Vec::new()),
            ],
            ..Run::default()
        };
        let drawn = chart(&run);
        let note = "<text class=\"tick\" x=\"62.0\" y=\"214.0\" text-anchor=\"start\">2 zero throughout, not drawn: idle &lt;1&gt;, idle 2</text>";
        assert!(drawn.contains(note), "{note}\nis missing in\n{drawn}");
        for (class, name) in [("label t1", "busy"), ("label t2", "silent"), ("label t4", "never seen")] {
            assert!(drawn.contains(&format!("class=\"{class}\"")) && drawn.contains(name), "{name}: {drawn}");
        }
        assert!(!drawn.contains("t0\"") && !drawn.contains("t3\""), "{drawn}");
        assert_eq!(drawn.matches("<path").count(), 2);
        // 16 more than without the line below.
        assert!(drawn.contains("viewBox=\"0 0 1080 384\""), "{drawn}");
        let all = Run { series: vec![run.series[0].clone()], ..run };
        assert!(chart(&all).contains("1 zero throughout, not drawn"), "a plot of nothing stays a plot");
    }

    #[test]
    fn what_a_picture_cannot_hold_is_counted() {
        let many: Vec<Series> = (0..20).map(|number| series("delay", &format!("line{number}"))).collect();
        let marks = (0..500).map(|at_ms| Mark { at_ms, kind: MarkKind::Decision, text: "moved".into() });
        let run = Run { length_ms: 500, series: many, marks: marks.collect(), ..Run::default() };
        let drawn = chart(&run);
        assert_eq!(drawn.matches("<path").count(), MOST_SERIES);
        assert!(drawn.contains("and 12 more, not drawn"));
        assert_eq!(drawn.matches("<circle").count(), MOST_MARKS);
    }
}
