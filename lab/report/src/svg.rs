//! Shapes of a drawing. Each has a class in place of a colour: how it looks is said by the style, for light, dark and paper.

use crate::text::escaped;

/// A drawing that grows.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    shapes: String,
}

/// Which end of a text stands at its place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    /// The beginning.
    Start,
    /// The middle.
    Middle,
    /// The end.
    End,
}

impl Svg {
    /// A straight line.
    pub(crate) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.shapes.push_str(&format!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>\n"
        ));
    }

    /// A box, with what a pointer on it shows.
    pub(crate) fn area(&mut self, class: &str, at: (f64, f64), size: (f64, f64), title: &str) {
        let ((x, y), (width, height)) = (at, size);
        self.shapes.push_str(&format!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\">{}</rect>\n",
            titled(title)
        ));
    }

    /// A text.
    pub(crate) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let ((x, y), text) = (at, escaped(text));
        self.shapes.push_str(&format!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>\n"
        ));
    }

    /// A dot with a number in it, and what a pointer on it shows.
    pub(crate) fn dot(&mut self, class: &str, at: (f64, f64), number: usize, title: &str) {
        let (x, y) = at;
        let below = y + 3.5;
        self.shapes.push_str(&format!(
            "<g class=\"{class}\"><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8\"/><text class=\"number\" x=\"{x:.1}\" y=\"{below:.1}\" \
             text-anchor=\"middle\">{number}</text>{}</g>\n",
            titled(title)
        ));
    }

    /// Lines through points; a new one begins after each gap. One point by itself is a short line, so that it is seen.
    pub(crate) fn path(&mut self, class: &str, places: &[Option<(f64, f64)>], title: &str) {
        let mut way = String::new();
        for piece in places.split(Option::is_none) {
            let mut next = 'M';
            for (x, y) in piece.iter().copied().flatten() {
                way.push_str(&format!("{next}{x:.1} {y:.1}"));
                next = 'L';
            }
            if piece.len() == 1 {
                way.push_str("h1");
            }
        }
        if !way.is_empty() {
            self.shapes.push_str(&format!("<path class=\"{class}\" d=\"{way}\">{}</path>\n", titled(title)));
        }
    }

    /// The whole, so large; `label` tells who cannot see it what it is.
    pub(crate) fn finish(self, (width, height): (f64, f64), style: &str, label: &str) -> String {
        let (label, shapes) = (escaped(label), self.shapes);
        format!(
            "<svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{label}\">\n<style>\n{style}</style>\n{shapes}</svg>\n"
        )
    }
}

fn titled(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(title)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(draw: impl FnOnce(&mut Svg)) -> String {
        let mut svg = Svg::default();
        draw(&mut svg);
        svg.shapes
    }

    #[test]
    fn a_gap_begins_a_new_line_and_a_point_alone_is_seen() {
        let places = [Some((0.0, 1.0)), Some((2.0, 3.0)), None, None, Some((4.04, 5.06))];
        assert_eq!(
            drawn(|svg| svg.path("series s0", &places, "a<b")),
            "<path class=\"series s0\" d=\"M0.0 1.0L2.0 3.0M4.0 5.1h1\"><title>a&lt;b</title></path>\n"
        );
        assert_eq!(drawn(|svg| svg.path("series s0", &[None], "")), "");
    }

    #[test]
    fn texts_and_titles_are_no_markup() {
        assert_eq!(
            drawn(|svg| svg.text("label", (1.0, 2.0), Anchor::End, "<\"&>")),
            "<text class=\"label\" x=\"1.0\" y=\"2.0\" text-anchor=\"end\">&lt;&quot;&amp;&gt;</text>\n"
        );
        assert_eq!(
            drawn(|svg| svg.area("broken", (1.0, 2.0), (3.0, 4.0), "</title>")),
            "<rect class=\"broken\" x=\"1.0\" y=\"2.0\" width=\"3.0\" height=\"4.0\"><title>&lt;/title&gt;</title></rect>\n"
        );
        let whole = Svg::default().finish((10.0, 20.0), "", "\"><script>");
        assert_eq!(
            whole,
            "<svg viewBox=\"0 0 10 20\" role=\"img\" aria-label=\"&quot;&gt;&lt;script&gt;\">\n<style>\n</style>\n</svg>\n"
        );
    }
}
