//! Findings as a compiler shows them: code, message, the line with a mark under the place, other places, help.

mod clear;

use std::{collections::BTreeMap, fmt, io::IsTerminal as _};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    Severity as Level, SourceCode, SourceSpan, SpanContents,
};
use model::{Finding, Severity, finding::Place};

use self::clear::Clear;
pub use self::clear::clean;
use crate::{secret, sources::Sources};

/// More than these are counted, not drawn.
const MOST: usize = 100;
/// Columns of a drawing.
const WIDTH: usize = 110;
/// Characters of a message, and bytes of a line that is drawn; what is longer helps nobody.
const LONGEST: usize = 600;

/// All findings, by file and place, in the colours that standard output takes.
pub fn all(findings: &[Finding], sources: &Sources) -> String {
    draw(
        findings,
        sources,
        if is_coloured() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() },
    )
}

/// Whether standard output takes colours, and the user wants them.
pub fn is_coloured() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
}

/// In the order in which they are shown: by place; those without one last, errors first.
pub fn sorted(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| {
        let place = finding.place.as_ref();
        let at = place.map(|place| (&place.file, place.offset, place.line));
        (place.is_none(), at, std::cmp::Reverse(finding.severity))
    });
    sorted
}

/// `2 errors, 1 warning`.
pub fn count(findings: &[Finding]) -> String {
    let plural = |number: usize, what: &str| {
        (number > 0).then(|| format!("{number} {what}{}", if number == 1 { "" } else { "s" }))
    };
    let of = |class: Class| findings.iter().filter(|finding| class == Class::of(finding)).count();
    let parts = [
        plural(of(Class::Error), "error"),
        plural(of(Class::Warning), "warning"),
        plural(of(Class::Remark), "remark"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Class {
    Error,
    Warning,
    Remark,
}

impl Class {
    fn of(finding: &Finding) -> Self {
        match finding.severity {
            Severity::Error => Self::Error,
            Severity::Major | Severity::Minor | Severity::Warning => Self::Warning,
            Severity::Info => Self::Remark,
        }
    }
}

fn draw(findings: &[Finding], sources: &Sources, theme: GraphicalTheme) -> String {
    let handler =
        GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_links(false).with_context_lines(1);
    let mut text = String::new();
    let drawn: Vec<&Finding> = sorted(findings).into_iter().take(MOST).collect();
    let texts = texts(&drawn, sources);
    for finding in drawn {
        if handler.render_report(&mut text, &Shown::of(finding, &texts)).is_err() {
            // The place lies outside its text, because the file changed since: the words are still right.
            text.push_str(&clean(&finding.to_string()));
        }
        text.push('\n');
    }
    if findings.len() > MOST {
        text.push_str(&format!("and {} more; --format json shows all\n", findings.len() - MOST));
    }
    text
}

/// The texts that findings are about, by the names of their files.
type Texts<'s> = BTreeMap<&'s str, Clear<'s>>;

fn texts<'s>(findings: &[&Finding], sources: &'s Sources) -> Texts<'s> {
    let places = findings
        .iter()
        .flat_map(|finding| finding.place.iter().chain(finding.related.iter().map(|related| &related.place)));
    let mut texts = Texts::new();
    for place in places {
        if let Some((name, text)) = sources.get_key_value(&place.file)
            && !texts.contains_key(name.as_str())
            // Wherever it was read: none of its lines is drawn.
            && secret::held(text.as_bytes()).is_none()
        {
            texts.insert(name, Clear::of(text));
        }
    }
    texts
}

/// A text under its name, borrowed: files may be large and findings many.
#[derive(Debug)]
struct Text<'s> {
    name: &'s str,
    text: &'s Clear<'s>,
}

impl SourceCode for Text<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.text().read_span(span, before, after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            clean(self.name).into_owned(),
            inner.data(),
            *inner.span(),
            inner.line(),
            // It counts bytes; people and editors count characters.
            self.text.column(inner.span().offset()),
            inner.line_count(),
        )))
    }
}

/// A finding beside the text that it is about, or another place that has to do with it.
#[derive(Debug)]
struct Shown<'s> {
    finding: &'s Finding,
    /// Whether this is the finding itself.
    itself: bool,
    message: String,
    text: Option<Text<'s>>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Shown<'s>>,
}

impl<'s> Shown<'s> {
    fn of(finding: &'s Finding, texts: &'s Texts<'s>) -> Self {
        let located = finding.place.as_ref().and_then(|place| Some((place, text(place, texts)?)));
        let Some((place, text)) = located else {
            let place = finding
                .place
                .as_ref()
                .map(|place| format!("{}:{}:{}: ", place.file, place.line, place.column));
            // What is said of a whole file has it as its subject.
            let is_file = finding.place.as_ref().is_some_and(|place| place.file == finding.subject);
            let subject = if is_file { String::new() } else { format!("{}: ", finding.subject) };
            let message = format!("{}{subject}{}", place.unwrap_or_default(), finding.message);
            return Self {
                finding,
                itself: true,
                message,
                text: None,
                labels: Vec::new(),
                elsewhere: Vec::new(),
            };
        };
        let mut labels = vec![LabeledSpan::new_primary_with_span(None, span(place, &text))];
        let mut elsewhere = Vec::new();
        for related in &finding.related {
            let Some(other) = self::text(&related.place, texts) else { continue };
            let at = span(&related.place, &other);
            if related.place.file == place.file {
                labels.push(LabeledSpan::new_with_span(Some(clean(&related.message).into_owned()), at));
            } else {
                elsewhere.push(Self {
                    finding,
                    itself: false,
                    message: related.message.clone(),
                    text: Some(other),
                    labels: vec![LabeledSpan::new_primary_with_span(None, at)],
                    elsewhere: Vec::new(),
                });
            }
        }
        Self { finding, itself: true, message: finding.message.clone(), text: Some(text), labels, elsewhere }
    }
}

/// The text of a place; none where its line is too long to be drawn.
fn text<'s>(place: &Place, texts: &'s Texts<'s>) -> Option<Text<'s>> {
    let (name, text) = texts.get_key_value(place.file.as_str())?;
    let bytes = text.original().as_bytes();
    let (before, after) = bytes.split_at(place.offset.min(bytes.len()));
    let begins = before.iter().rev().take(LONGEST).any(|byte| *byte == b'\n') || before.len() < LONGEST;
    let ends = after.iter().take(LONGEST).any(|byte| *byte == b'\n') || after.len() < LONGEST;
    (begins && ends).then_some(Text { name, text })
}

/// A text that does nothing to a terminal, and does not fill it.
pub fn harmless(text: &str) -> String {
    let mut cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    clean(&cut).into_owned()
}

/// The bytes of a place, as it is drawn.
fn span(place: &Place, text: &Text<'_>) -> (usize, usize) {
    text.text.span(place.offset, place.length)
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&harmless(&self.message))
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.itself.then(|| Box::new(format!("{}[{}]", self.finding.severity, self.finding.code)) as _)
    }

    fn severity(&self) -> Option<Level> {
        Some(match (self.itself, Class::of(self.finding)) {
            (true, Class::Error) => Level::Error,
            (true, Class::Warning) => Level::Warning,
            (true, Class::Remark) | (false, _) => Level::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.finding.help.as_ref().filter(|_| self.itself)?;
        Some(Box::new(harmless(help)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.text.as_ref().map(|text| text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        (!self.elsewhere.is_empty())
            .then(|| Box::new(self.elsewhere.iter().map(|shown| shown as &dyn Diagnostic)) as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_text_that_holds_a_private_key_is_drawn() {
        let place = Place { file: "a.yaml".into(), line: 1, column: 1, offset: 0, length: 4 };
        let finding =
            Finding { place: Some(place), ..Finding::new("TL0011", Severity::Error, "a", "what it says") };
        let drawn = |text: &str| {
            let sources = Sources::from([("a.yaml".to_owned(), text.to_owned())]);
            draw(std::slice::from_ref(&finding), &sources, GraphicalTheme::unicode_nocolor())
        };
        assert!(drawn("kind: x\n").contains("kind: x"));
        let text = drawn("kind: x\nkey: |\n  -----BEGIN EC PRIVATE KEY-----\n  MC4C\n");
        assert!(text.contains("what it says") && text.contains("a.yaml:1:1"), "{text}");
        assert!(!text.contains("kind: x") && !text.contains("MC4C"), "{text}");
    }
}
