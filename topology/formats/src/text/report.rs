//! Where findings gather: all faults of a text, not the first.

use model::{
    Finding, Severity,
    finding::{Place, Related},
};

use super::mark::{Key, Mark};
use crate::code;

/// The findings on one text.
#[derive(Clone, Debug)]
pub struct Report {
    file: String,
    findings: Vec<Finding>,
}

/// More findings than these help nobody.
const MOST: usize = 1000;

impl Report {
    /// An empty report on a file of that name.
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), findings: Vec::new() }
    }

    /// The place of a mark in this file.
    pub fn place(&self, mark: Mark) -> Place {
        Place {
            file: self.file.clone(),
            line: mark.line,
            column: mark.column,
            offset: mark.offset,
            length: mark.length,
        }
    }

    /// Another place to look at.
    pub fn related(&self, mark: Option<Mark>, message: &str) -> Vec<Related> {
        mark.map(|mark| Related { place: self.place(mark), message: message.to_owned() })
            .into_iter()
            .collect()
    }

    /// Adds a finding and gives it back for help and related places.
    pub fn add(
        &mut self,
        code: &'static str,
        severity: Severity,
        subject: impl std::fmt::Display,
        message: impl Into<String>,
        mark: Option<Mark>,
    ) -> &mut Finding {
        let mut finding = Finding::new(code, severity, subject, message);
        finding.place = mark.map(|mark| self.place(mark));
        let same = |other: &Finding| {
            other.place.is_some()
                && (&other.place, &other.code, &other.message)
                    == (&finding.place, &finding.code, &finding.message)
        };
        // What many objects inherit is wrong in one place only.
        let at = self.findings.iter().position(same).unwrap_or_else(|| {
            self.findings.truncate(MOST - 1);
            self.findings.push(finding);
            self.findings.len() - 1
        });
        &mut self.findings[at]
    }

    /// Adds an error.
    pub fn error(
        &mut self,
        code: &'static str,
        subject: impl std::fmt::Display,
        message: impl Into<String>,
        mark: Option<Mark>,
    ) -> &mut Finding {
        self.add(code, Severity::Error, subject, message, mark)
    }

    /// Says that a word is not known, and which known one it resembles.
    pub fn unknown_word(&mut self, subject: &str, key: &Key, known: &[&str]) {
        let help = match nearest(&key.text, known.iter().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("known here: {}", one_of(known)),
        };
        let message = format!("`{}` is not a word that is known here", shorten(&key.text));
        self.error(code::UNKNOWN_WORD, subject, message, key.mark).help = Some(help);
    }

    /// Whether there is an error.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    /// All findings, in the order in which they were made.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// A text cut to what a message can hold.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Words as a list for people.
pub fn one_of(words: &[&str]) -> String {
    words.join(", ")
}

/// The known word that a mistyped one resembles: the same letters, or at most one edit in three letters.
/// Ties go to the word that comes first.
pub fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let letters = |text: &str| {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let wanted = letters(&shorten(word));
    let allowed = (wanted.len() / 3).clamp(1, 3);
    known
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &letters(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *candidate != word)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
