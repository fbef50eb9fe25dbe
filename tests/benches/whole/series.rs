//! Measured series and the table that shows them: the median and the worst of each, never the best.

/// What is hoped for; a figure below it is good, where nothing else is said.
#[derive(Clone, Copy)]
pub enum Target {
    /// Nothing: it is printed beside another.
    None,
    /// Half of the runs are below.
    Median(f64),
    /// All runs are below.
    Worst(f64),
    /// Both.
    Both {
        /// Half of the runs are below.
        median: f64,
        /// All runs are below.
        worst: f64,
    },
    /// Nothing, of what is the better the more it is.
    Much,
    /// All runs are above or there.
    AtLeast(f64),
}

impl Target {
    /// Whether a small figure is a bad one.
    const fn wants_much(self) -> bool {
        matches!(self, Self::Much | Self::AtLeast(_))
    }
}

/// One row.
pub struct Series<'a> {
    /// What was measured.
    pub what: String,
    /// What is hoped for.
    pub target: Target,
    /// Of all its figures.
    pub unit: &'static str,
    /// What was measured, in the order of the runs.
    pub values: &'a [f64],
}

/// A row that keeps what was measured for it.
#[derive(Clone)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What is hoped for.
    pub target: Target,
    /// Of all its figures.
    pub unit: &'static str,
    /// What was measured, in the order of the runs.
    pub values: Vec<f64>,
}

impl Row {
    /// One of these.
    pub fn new(what: impl Into<String>, target: Target, unit: &'static str, values: Vec<f64>) -> Self {
        Self { what: what.into(), target, unit, values }
    }

    /// As the table takes it.
    pub fn series(&self) -> Series<'_> {
        let Self { what, target, unit, values } = self;
        Series { what: what.clone(), target: *target, unit, values }
    }
}

/// The value in the middle; of an even number the worse of the two, which flatters nobody. None of nothing.
fn median(values: &[f64], target: Target) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    if target.wants_much() {
        sorted.reverse();
    }
    sorted.get(sorted.len() / 2).copied()
}

fn worst(values: &[f64], target: Target) -> Option<f64> {
    let values = values.iter().copied();
    if target.wants_much() { values.min_by(f64::total_cmp) } else { values.max_by(f64::total_cmp) }
}

/// Three digits.
fn show(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) if value < 100.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.0}"),
    }
}

impl Series<'_> {
    fn cells(&self) -> [String; 7] {
        let (median, worst) = (median(self.values, self.target), worst(self.values, self.target));
        let below = |value: Option<f64>, limit: f64| value.is_some_and(|value| value < limit);
        let number = |limit: f64| format!("{limit}");
        let (target, met) = match self.target {
            Target::None | Target::Much => (String::new(), None),
            Target::Median(limit) => (format!("median < {}", number(limit)), Some(below(median, limit))),
            Target::Worst(limit) => (format!("< {}", number(limit)), Some(below(worst, limit))),
            Target::Both { median: half, worst: all } => (
                format!("median < {}, worst < {}", number(half), number(all)),
                Some(below(median, half) && below(worst, all)),
            ),
            Target::AtLeast(limit) => {
                (format!(">= {}", number(limit)), Some(worst.is_some_and(|worst| worst >= limit)))
            }
        };
        let met = met.filter(|_| !self.values.is_empty()).map_or("", |met| if met { "yes" } else { "NO" });
        let runs = self.values.len().to_string();
        [self.what.clone(), target, show(median), show(worst), self.unit.to_owned(), runs, met.to_owned()]
    }
}

/// All rows as a table, in Markdown so that it can be kept as it is.
pub fn table(rows: &[Series<'_>]) -> String {
    let head = ["what", "target", "median", "worst", "unit", "measured", "met"].map(str::to_owned);
    let body: Vec<[String; 7]> = rows.iter().map(Series::cells).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            body.iter().chain([&head]).map(|cells| cells[column].chars().count()).max().unwrap_or_default()
        })
        .collect();
    let line = |cells: &[String; 7]| {
        let padded: Vec<String> =
            cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("| {} |\n", padded.join(" | "))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = line(&head) + &format!("| {} |\n", rule.join(" | "));
    body.iter().for_each(|cells| text.push_str(&line(cells)));
    text
}
