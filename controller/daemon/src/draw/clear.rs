//! Texts as a terminal may have them. Files and arguments hold anything: what would move the cursor, change colours or turn the
//! order of letters is shown as the escape that writes it.

use std::borrow::Cow;

/// Whether a character does something in place of being seen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// A text of several lines that does nothing to a terminal. Most are plain, and some have hundreds of megabytes.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) && c != '\n' {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// The text of a file as it is drawn, and which byte of it stands for which of the file.
#[derive(Debug)]
pub struct Clear<'s> {
    original: &'s str,
    text: Cow<'s, str>,
    /// Behind each character that is written otherwise: the byte of the file, and the byte of this text.
    moved: Vec<(usize, usize)>,
}

impl<'s> Clear<'s> {
    /// The text of a file. Tabs stay, and line feeds with or without a carriage return. O(bytes).
    pub fn of(original: &'s str) -> Self {
        let mut moved = Vec::new();
        let mut shown = String::new();
        let mut copied = 0;
        for (at, c) in original.char_indices().filter(|(_, c)| is_hidden(*c)) {
            let end = at + c.len_utf8();
            if matches!(c, '\n' | '\t') || c == '\r' && original[end..].starts_with('\n') {
                continue;
            }
            shown.push_str(&original[copied..at]);
            // A byte order mark is no part of the text: columns are counted without it.
            if at > 0 || c != '\u{feff}' {
                shown.extend(c.escape_default());
            }
            copied = end;
            moved.push((end, shown.len()));
        }
        if moved.is_empty() {
            return Self { original, text: Cow::Borrowed(original), moved };
        }
        shown.push_str(&original[copied..]);
        Self { original, text: Cow::Owned(shown), moved }
    }

    /// The text as it is drawn.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of the file.
    pub fn original(&self) -> &'s str {
        self.original
    }

    /// Where some bytes of the file are drawn: the first, and how many.
    pub fn span(&self, offset: usize, length: usize) -> (usize, usize) {
        let end = offset.saturating_add(length).min(self.original.len());
        let start = self.shown(offset.min(end));
        (start, self.shown(end).saturating_sub(start))
    }

    fn shown(&self, offset: usize) -> usize {
        let before = self.moved.partition_point(|(file, _)| *file <= offset);
        let (file, here) = before.checked_sub(1).map_or((0, 0), |last| self.moved[last]);
        (offset - file + here).min(self.text.len())
    }

    /// The column of a byte as it is drawn, from 0: in characters of the file, as editors count.
    pub fn column(&self, shown: usize) -> usize {
        let before = self.moved.partition_point(|(_, here)| *here <= shown);
        let (file, here) = before.checked_sub(1).map_or((0, 0), |last| self.moved[last]);
        let head = self.original.get(..shown - here + file).unwrap_or_default();
        let line = head.rsplit('\n').next().unwrap_or_default();
        line.trim_start_matches('\u{feff}').chars().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_shown_as_its_escape() {
        assert_eq!(clean("plain 银行 ü\nnext"), "plain 银行 ü\nnext");
        assert_eq!(clean("a\u{1b}[31mb\u{7}\0\r\u{202e}"), "a\\u{1b}[31mb\\u{7}\\u{0}\\r\\u{202e}");
    }

    #[test]
    fn places_move_with_what_is_written_otherwise_and_columns_do_not() {
        let file = "\u{feff}a\tb\r\nü\u{1b}\u{202e}银: x\ry\n";
        let clear = Clear::of(file);
        assert_eq!(clear.text(), "a\tb\r\nü\\u{1b}\\u{202e}银: x\\ry\n");
        for (what, column) in [("a", 0), ("b", 2), ("ü", 0), ("银", 3), ("x", 6), ("y", 8)] {
            let (start, length) = clear.span(file.find(what).unwrap(), what.len());
            assert_eq!(&clear.text()[start..start + length], what);
            assert_eq!(clear.column(start), column, "{what}");
        }
        let (start, length) = clear.span(file.find('\u{1b}').unwrap(), 1);
        assert_eq!(&clear.text()[start..start + length], "\\u{1b}");
        assert_eq!(clear.span(file.len() + 9, 3), (clear.text().len(), 0), "a file may have become shorter");
        assert!(matches!(Clear::of("a\r\n\tb\n").text, Cow::Borrowed(_)));
    }
}
