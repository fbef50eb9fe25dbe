//! A file as it was read, cut into its YAML documents. Cutting comes before parsing, so that a document with a fault in its
//! syntax hides none of the others.

use model::finding::{Finding, Place, Severity};

use crate::codes;

/// The largest file that is read: 64 MiB, some 130,000 intents.
pub const MAX_BYTES: usize = 64 << 20;

/// A file with the name under which findings speak of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourceFile {
    /// The name, as the user gave it.
    pub name: String,
    /// What it holds.
    pub text: String,
}

impl SourceFile {
    /// A file from text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// A file from its bytes.
    ///
    /// # Errors
    /// A finding at the first byte that is not UTF-8; a finding when the file is larger than [`MAX_BYTES`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, Box<Finding>> {
        if bytes.len() > MAX_BYTES {
            return Err(Box::new(too_large(name)));
        }
        String::from_utf8(bytes).map(|text| Self::new(name, text)).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            let good = error.as_bytes().get(..offset).unwrap_or_default();
            let good = std::str::from_utf8(good).unwrap_or_default();
            let line_start = good.rfind('\n').map_or(0, |at| at + 1);
            let mark = Mark {
                line: saturating(good.matches('\n').count() + 1),
                column: saturating(good[line_start..].trim_start_matches('\u{feff}').chars().count() + 1),
                offset,
                length: 1,
                via: 0,
            };
            let finding = Finding::new(codes::NOT_UTF8, Severity::Error, name, "the file is not UTF-8 text")
                .with_help("save it as UTF-8; an editor's status line shows the encoding")
                .at(mark.place(name));
            Box::new(finding)
        })
    }
}

/// Who reads a file stops behind [`MAX_BYTES`], so nobody knows how large it is.
pub(crate) fn too_large(name: &str) -> Finding {
    let message = format!("the file is larger than {} MiB, which is the most that is read", MAX_BYTES >> 20);
    let start = Mark { line: 1, column: 1, ..Mark::default() };
    Finding::new(codes::TOO_LARGE, Severity::Error, name, message)
        .with_help("split it into several files")
        .at(start.place(name))
}

/// A place within a file whose name is known elsewhere.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Mark {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// First byte.
    pub offset: usize,
    /// Number of bytes: files have fewer than 4 GiB ([`MAX_BYTES`]).
    pub length: u32,
    /// Which file it is: 0 is the document's own, others are told by the document's [`crate::Origin`].
    pub via: u32,
}

impl Mark {
    /// The mark of a value that stands nowhere.
    pub const HOLE: Self = Self { line: 0, column: 0, offset: 0, length: 0, via: 0 };

    /// The place in a file of that name.
    pub fn place(self, file: &str) -> Place {
        let Self { line, column, offset, length, via: _ } = self;
        Place { file: file.to_owned(), line, column, offset, length: length as usize }
    }
}

/// One document of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk<'a> {
    /// Its text, from its `---` to the next.
    pub text: &'a str,
    /// Bytes of the file before it.
    pub offset: usize,
    /// Lines of the file before it.
    pub lines: u32,
}

/// Cuts a file at its document markers. `---` at the start of a line ends a document wherever it stands, also within a
/// block of text (YAML 1.2.2 section 9.1.2), so that lines decide it.
pub(crate) fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let bom = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut found = Vec::new();
    let mut start = Chunk { text: "", offset: bom, lines: 0 };
    let mut offset = bom;
    let mut lines = 0_u32;
    for line in text[bom..].split_inclusive('\n') {
        let marker = line
            .strip_prefix("---")
            .is_some_and(|rest| rest.trim_start_matches([' ', '\t', '\r', '\n']) != rest || rest.is_empty());
        if marker && offset > start.offset {
            found.push(Chunk { text: &text[start.offset..offset], ..start });
            start = Chunk { text: "", offset, lines };
        }
        offset += line.len();
        lines = lines.saturating_add(1);
    }
    found.push(Chunk { text: &text[start.offset..], ..start });
    found
}

/// The mark of a line of a chunk, without its indentation and end.
pub(crate) fn line_mark(chunk: Chunk<'_>, line: u32) -> Mark {
    let mut offset = chunk.offset;
    for (number, text) in (1_u32..).zip(chunk.text.split_inclusive('\n')) {
        if number == line {
            let indent = text.len() - text.trim_start().len();
            return Mark {
                line: chunk.lines + line,
                column: saturating(text[..indent].chars().count() + 1),
                offset: offset + indent,
                length: saturating(text.trim().len()),
                via: 0,
            };
        }
        offset += text.len();
    }
    Mark { line: chunk.lines + line.max(1), column: 1, offset: chunk.offset, length: 0, via: 0 }
}

/// The mark of some bytes of a chunk.
pub(crate) fn mark_at(chunk: Chunk<'_>, at: usize, length: usize) -> Mark {
    let before = chunk.text.get(..at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Mark {
        line: chunk.lines.saturating_add(saturating(before.matches('\n').count() + 1)),
        column: saturating(before[line_start..].chars().count() + 1),
        offset: chunk.offset + at,
        length: saturating(length),
        via: 0,
    }
}

pub(crate) fn saturating(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_cut_at_their_markers_and_keep_their_lines() {
        let text = "\u{feff}a: 1\n---\nb: |\n  text\n  --- not this\n--- # this\nc: ---x\n";
        let cut: Vec<_> = chunks(text).iter().map(|chunk| (chunk.text, chunk.lines)).collect();
        assert_eq!(
            cut,
            [("a: 1\n", 0), ("---\nb: |\n  text\n  --- not this\n", 1), ("--- # this\nc: ---x\n", 5)]
        );
        assert!(chunks(text).iter().all(|chunk| text[chunk.offset..].starts_with(chunk.text)));
    }

    #[test]
    fn a_byte_that_is_not_utf8_is_found_at_its_place() {
        let error = SourceFile::from_bytes("x.yaml", b"name: ok\nsite: M\xfcnchen\n".to_vec()).unwrap_err();
        let place = error.place.unwrap();
        assert_eq!((error.code.as_str(), place.line, place.column), (codes::NOT_UTF8, 2, 8));
    }

    #[test]
    fn a_file_that_is_too_large_is_a_finding_on_the_file() {
        let most = SourceFile::from_bytes("x.yaml", vec![b'#'; MAX_BYTES]);
        assert!(most.is_ok(), "as much as is read");
        let error = SourceFile::from_bytes("x.yaml", vec![b'#'; MAX_BYTES + 1]).unwrap_err();
        let place = error.place.unwrap();
        assert_eq!((error.code.as_str(), place.file.as_str(), place.line), (codes::TOO_LARGE, "x.yaml", 1));
        assert_eq!(error.message, "the file is larger than 64 MiB, which is the most that is read");
    }
}
