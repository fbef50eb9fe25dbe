//! The phrases that the text and the Markdown of a report have in common. They are written where they go, without a string of their
//! own: a plan of a large network has millions of them.

use std::fmt::{self, Display, Formatter, Write};

use super::{PlanReport, RouteView, ServiceChange, ServiceFate, TransactionView};
use crate::prove::Breakage;

/// Something that is shown by a closure.
pub(super) struct Shown<F>(pub(super) F);

impl<F: Fn(&mut Formatter<'_>) -> fmt::Result> Display for Shown<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0(f)
    }
}

/// Things with something between them.
pub(super) fn joined<'a, I>(items: I, between: &'a str) -> impl Display + 'a
where
    I: IntoIterator<Item: Display> + Clone + 'a,
{
    Shown(move |f: &mut Formatter<'_>| {
        for (number, item) in items.clone().into_iter().enumerate() {
            if number > 0 {
                f.write_str(between)?;
            }
            write!(f, "{item}")?;
        }
        Ok(())
    })
}

pub(super) const fn phase(phase: model::Phase) -> &'static str {
    match phase {
        model::Phase::Make => "make",
        model::Phase::Move => "move",
        model::Phase::Break => "break",
    }
}

/// Whose traffic moves in a wave, all of them: who goes first is what is asked of waves. Nothing where services do not move in waves.
pub(super) fn moving(transaction: &TransactionView) -> Option<String> {
    let services = &transaction.services;
    (!services.is_empty()).then(|| format!("this wave moves {}", joined(services, ", ")))
}

/// A path with its quality and what is left on it.
pub(super) fn route(view: &RouteView) -> impl Display {
    Shown(|f: &mut Formatter<'_>| {
        write!(f, "{}", joined(&view.nodes, if view.partial { " .. " } else { " " }))?;
        if let Some(delay) = view.delay {
            write!(f, ", delay {delay}")?;
        }
        if let Some(jitter) = view.jitter {
            write!(f, ", jitter {jitter}")?;
        }
        let loss = view.loss.filter(|loss| *loss > model::Loss::ZERO);
        if let Some(loss) = loss {
            write!(f, ", loss {}", loss.rough())?;
        }
        if view.measured && (view.delay.is_some() || view.jitter.is_some() || loss.is_some()) {
            f.write_str(" (as measured)")?;
        }
        match view.spare {
            Some(spare) => write!(f, ", spare {spare}"),
            None => Ok(()),
        }
    })
}

/// The sites that it passes; empty where the network file gives none.
pub(super) fn sites(view: &RouteView) -> impl Display {
    joined(&view.sites, ", ")
}

/// The lines that it goes over; empty where they are not known.
pub(super) fn lines(view: &RouteView) -> impl Display {
    joined(&view.lines, ", ")
}

pub(super) fn segments(view: &RouteView) -> impl Display {
    joined(&view.segments, " ")
}

pub(super) fn domains(change: &ServiceChange) -> impl Display {
    joined(&change.domains, ", ")
}

pub(super) fn title(change: &ServiceChange) -> impl Display {
    Shown(|f: &mut Formatter<'_>| {
        let name = change.service.as_ref().map_or("a service no longer known", |id| id.as_str());
        let to = change.to.as_ref().map_or("?", |node| node.as_str());
        write!(f, "{name}: {} to {to} (intent {}", change.from, joined(&change.intents, " "))?;
        match &change.class {
            Some(class) => write!(f, ", class {class})"),
            None => f.write_char(')'),
        }
    })
}

pub(super) const fn sign(fate: ServiceFate) -> char {
    match fate {
        ServiceFate::New => '+',
        ServiceFate::Moved => '>',
        ServiceFate::Adjusted => '~',
        ServiceFate::Gone => '-',
    }
}

/// What single failures break: first the lines that nothing can replace, then what the proof saw, failure by failure.
pub(super) fn afterwards(report: &PlanReport) -> impl Iterator<Item = String> {
    let risks = report
        .risks
        .iter()
        .map(|risk| format!("link {}: no other way at all for {}", risk.link, joined(&risk.services, ", ")));
    let breakages = report.breakages.iter().map(|Breakage { failure, of }| {
        let of: Vec<String> =
            of.iter().map(|(what, services)| format!("{what} of {}", joined(services, ", "))).collect();
        format!("{failure}: {}", of.join("; "))
    });
    risks.chain(breakages)
}
