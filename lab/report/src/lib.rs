//! A run of a scenario as a page that people show to others: what was done, what was measured, what the controller decided, and
//! whether that was as expected, on one time axis.
//!
//! [`Run`] is a plain value and knows no lab: whoever plays a scenario, on simulated lines or on real ones, fills it. [`page`] makes one
//! HTML file of it that needs nothing else: no network, no script, no font.
//!
//! The drawing is written by hand. `plotters`, the usual library, writes each colour as an attribute of each element
//! (`plotters-svg`, `make_svg_color`) and places to whole pixels. A page that follows the reader's light or dark scheme and prints well needs
//! classes in place of colours, and each line wants a title that a pointer shows.

mod run;

mod text;
mod thin;

mod scale;
mod svg;

mod chart;
mod page;
mod table;

pub use page::page;
pub use run::{Expectation, Figure, Mark, MarkKind, Move, Point, Run, Series, Span, Verdict};
pub use thin::{MOST_POINTS, thin};
