//! A place in the text: takes words and numbers off a row and knows where it is.

use super::RepetitaError;

/// The longest part of a text that an error quotes.
const QUOTED: usize = 24;

pub(super) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
    /// Where the word that was taken last begins.
    word_start: usize,
}

type Read<T> = Result<T, RepetitaError>;

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1, line_start: 0, word_start: 0 }
    }

    /// `NAME count`, then the line that names the columns.
    pub(super) fn section(&mut self, name: &str, most: u32) -> Read<u32> {
        self.skip_empty_lines();
        let start = self.at;
        let word = self.word(&format!("`{name}` and a count"))?;
        if word != name.as_bytes() {
            return Err(self.error(start, format!("expected `{name}` and a count, found `{}`", quoted(word))));
        }
        let count = self.integer(&format!("the count after `{name}`"), 0, most)?;
        self.end_of_row()?;
        // The names of the columns are the same in every file and carry nothing.
        self.word("the line that names the columns")?;
        while self.text.get(self.at).is_some_and(|&byte| byte != b'\n') {
            self.at += 1;
        }
        self.end_of_row()?;
        Ok(count)
    }

    /// The next word of the row.
    pub(super) fn word(&mut self, what: &str) -> Read<&'a [u8]> {
        self.skip_blanks();
        let start = self.at;
        while self.text.get(self.at).is_some_and(|byte| !byte.is_ascii_whitespace()) {
            self.at += 1;
        }
        if self.at == start {
            let found = if self.at == self.text.len() { "the file ends" } else { "the row ends" };
            return Err(self.error(start, format!("{found} where {what} should stand")));
        }
        self.word_start = start;
        Ok(&self.text[start..self.at])
    }

    /// A whole number.
    pub(super) fn integer(&mut self, what: &str, least: u32, most: u32) -> Read<u32> {
        let word = self.word(what)?;
        let start = self.at - word.len();
        let mut value = 0_u64;
        for &byte in word {
            if !byte.is_ascii_digit() {
                return Err(self.error(start, format!("{what} is `{}`, not a whole number", quoted(word))));
            }
            value = value.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
        }
        match u32::try_from(value) {
            Ok(value) if (least..=most).contains(&value) => Ok(value),
            _ => {
                let word = quoted(word);
                Err(self.error(start, format!("{what} is {word}; it lies between {least} and {most}")))
            }
        }
    }

    /// The id of a node.
    pub(super) fn id(&mut self, what: &str, nodes: u32) -> Read<u32> {
        let Some(last) = nodes.checked_sub(1) else {
            return Err(self.error(self.at, format!("{what} cannot exist: the network has no nodes")));
        };
        self.integer(what, 0, last)
    }

    /// A number that is not negative, and above zero where `positive`.
    pub(super) fn rate(&mut self, what: &str, positive: bool) -> Read<f64> {
        let value = self.number(what)?;
        if value < 0.0 || positive && value == 0.0 {
            let rule = if positive { "above 0" } else { "0 or above" };
            return Err(self.refuse_word(format!("{what} is {value}; it has to be {rule}")));
        }
        Ok(value)
    }

    /// Any finite number.
    pub(super) fn number(&mut self, what: &str) -> Read<f64> {
        let word = self.word(what)?;
        // Whole numbers below 2^53 are the rule and are exact; all else goes through the slower, general way.
        if word.len() <= 15 && word.iter().all(u8::is_ascii_digit) {
            let value = word.iter().fold(0_u64, |value, &byte| value * 10 + u64::from(byte - b'0'));
            #[expect(clippy::cast_precision_loss, reason = "15 digits fit exactly")]
            return Ok(value as f64);
        }
        let value = std::str::from_utf8(word).ok().and_then(|text| text.parse::<f64>().ok());
        value.filter(|value| value.is_finite()).ok_or_else(|| {
            self.error(self.at - word.len(), format!("{what} is `{}`, not a number", quoted(word)))
        })
    }

    /// Whether another row stands below.
    pub(super) fn has_row(&mut self) -> bool {
        self.skip_empty_lines();
        self.at < self.text.len()
    }

    /// Whether more stands on this row.
    pub(super) fn has_word(&mut self) -> bool {
        self.skip_blanks();
        self.text.get(self.at).is_some_and(|&byte| byte != b'\n')
    }

    /// What is wrong with the word that was taken last.
    pub(super) fn refuse_word(&self, message: String) -> RepetitaError {
        self.error(self.word_start, message)
    }

    /// What is wrong here.
    pub(super) fn refuse(&self, message: String) -> RepetitaError {
        self.error(self.at, message)
    }

    /// Nothing more stands on this row.
    pub(super) fn end_of_row(&mut self) -> Read<()> {
        self.skip_blanks();
        match self.text.get(self.at) {
            None => Ok(()),
            Some(b'\n') => {
                self.at += 1;
                self.line = self.line.saturating_add(1);
                self.line_start = self.at;
                Ok(())
            }
            Some(_) => {
                let start = self.at;
                let word = self.word("the end of the row")?;
                Err(self.error(start, format!("`{}` is one column too many", quoted(word))))
            }
        }
    }

    /// Nothing more stands in this file.
    pub(super) fn end(&mut self) -> Read<()> {
        self.skip_empty_lines();
        if self.at == self.text.len() {
            return Ok(());
        }
        let start = self.at;
        let word = self.word("the end of the file")?;
        Err(self.error(start, format!("`{}` stands after the last row that was counted", quoted(word))))
    }

    fn skip_blanks(&mut self) {
        while self.text.get(self.at).is_some_and(|&byte| byte != b'\n' && byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn skip_empty_lines(&mut self) {
        self.skip_blanks();
        while self.text.get(self.at) == Some(&b'\n') {
            self.at += 1;
            self.line = self.line.saturating_add(1);
            self.line_start = self.at;
            self.skip_blanks();
        }
    }

    fn error(&self, at: usize, message: String) -> RepetitaError {
        let column = u32::try_from(at.saturating_sub(self.line_start)).unwrap_or(u32::MAX).saturating_add(1);
        RepetitaError { line: self.line, column, message }
    }
}

fn quoted(word: &[u8]) -> String {
    let shown = harmless(&String::from_utf8_lossy(&word[..word.len().min(QUOTED)]));
    if word.len() > QUOTED { format!("{shown}…") } else { shown }
}

/// A text of a file as an error may quote it: a terminal must not obey what a file says.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}
