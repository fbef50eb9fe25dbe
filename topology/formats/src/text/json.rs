//! JSON (RFC 8259) to a tree with places: the libraries that read JSON tell none, and whoever gets a file from another system has to
//! find what is wrong in it.

use super::{
    fault::{DEEPEST, Fault, MAX_NODES},
    mark::{Key, Mark},
    tree::{Kind, Scalar, Shape, Tree},
};

/// Reads one value. O(length).
pub(super) fn read(text: &str) -> Result<Tree, Fault> {
    let mut reader = Reader { text, at: 0, line: 1, column: 1, values: 0 };
    let tree = reader.value(0)?;
    reader.blanks();
    match reader.peek() {
        None => Ok(tree),
        Some(_) => Err(reader.unexpected("the end of the file")),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    column: u32,
    /// How many values were read.
    values: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes on by so many bytes. Columns count characters: bytes that go on with one count nothing.
    fn skip(&mut self, bytes: usize) {
        for byte in self.text.as_bytes().iter().skip(self.at).take(bytes) {
            if *byte == b'\n' {
                (self.line, self.column) = (self.line.saturating_add(1), 1);
            } else if byte & 0xc0 != 0x80 {
                self.column = self.column.saturating_add(1);
            }
        }
        self.at += bytes;
    }

    fn blanks(&mut self) {
        let rest = self.text.as_bytes().iter().skip(self.at);
        self.skip(rest.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count());
    }

    /// The place of the next so many bytes.
    fn mark(&self, length: usize) -> Mark {
        Mark { line: self.line, column: self.column, offset: self.at, length }
    }

    fn value(&mut self, depth: usize) -> Result<Tree, Fault> {
        self.blanks();
        let mark = self.mark(1);
        self.values += 1;
        if depth == DEEPEST || self.values > MAX_NODES {
            return Err(Fault::too_much(mark));
        }
        match self.peek() {
            Some(b'{') => {
                let shape = Shape::Map(self.parts(b'}', |reader| reader.entry(depth + 1))?);
                Ok(Tree { shape, mark: Some(mark) })
            }
            Some(b'[') => {
                let shape = Shape::List(self.parts(b']', |reader| reader.value(depth + 1))?);
                Ok(Tree { shape, mark: Some(mark) })
            }
            Some(b'"') => {
                let Key { text, mark } = self.text()?;
                Ok(Tree { shape: Shape::Scalar(Scalar { text, kind: Kind::Text }), mark })
            }
            _ => self.bare(),
        }
    }

    /// What stands between two brackets, parted by commas.
    fn parts<T>(
        &mut self,
        close: u8,
        mut part: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let (open, line) = (if close == b'}' { '{' } else { '[' }, self.line);
        let wanted = format!("`,` or the `{}` of the `{open}` in line {line}", char::from(close));
        let mut parts = Vec::new();
        self.skip(1);
        self.blanks();
        if self.peek() == Some(close) {
            self.skip(1);
            return Ok(parts);
        }
        loop {
            parts.push(part(self)?);
            self.blanks();
            match self.peek() {
                Some(b',') => self.skip(1),
                Some(other) if other == close => {
                    self.skip(1);
                    return Ok(parts);
                }
                _ => return Err(self.unexpected(&wanted)),
            }
        }
    }

    fn entry(&mut self, depth: usize) -> Result<(Key, Tree), Fault> {
        self.blanks();
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        let key = self.text()?;
        self.blanks();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.skip(1);
        Ok((key, self.value(depth)?))
    }

    /// A number, `true`, `false` or `null`.
    fn bare(&mut self) -> Result<Tree, Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).unwrap_or(rest.len());
        let written = &rest[..end];
        let kind = match written {
            "null" => Kind::Null,
            "true" | "false" => Kind::Bool,
            _ if serde_json::from_str::<serde::de::IgnoredAny>(written).is_ok() => Kind::Number,
            _ => return Err(self.unexpected("a value")),
        };
        let text = if kind == Kind::Null { String::new() } else { written.to_owned() };
        let mark = Some(self.mark(end));
        self.skip(end);
        Ok(Tree { shape: Shape::Scalar(Scalar { text, kind }), mark })
    }

    /// A text in quotes, with its place.
    fn text(&mut self) -> Result<Key, Fault> {
        let (line, column, start) = (self.line, self.column, self.at);
        let mut text = String::new();
        self.skip(1);
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let plain = rest.find(|c: char| matches!(c, '"' | '\\') || c < ' ').unwrap_or(rest.len());
            text.push_str(&rest[..plain]);
            self.skip(plain);
            match self.peek() {
                Some(b'"') => break self.skip(1),
                Some(b'\\') => text.push(self.escaped()?),
                _ => return Err(self.unexpected(&format!("the `\"` that ends the text of line {line}"))),
            }
        }
        Ok(Key { text, mark: Some(Mark { line, column, offset: start, length: self.at - start }) })
    }

    /// What a backslash and what stands behind it mean (RFC 8259 section 7).
    fn escaped(&mut self) -> Result<char, Fault> {
        let rest = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        let (length, meant) = match rest.first() {
            Some(plain @ (b'"' | b'\\' | b'/')) => (2, Some(char::from(*plain))),
            Some(b'b') => (2, Some('\u{8}')),
            Some(b'f') => (2, Some('\u{c}')),
            Some(b'n') => (2, Some('\n')),
            Some(b'r') => (2, Some('\r')),
            Some(b't') => (2, Some('\t')),
            Some(b'u') => match (unit(&rest[1..]), rest.get(5..7), rest.get(7..).and_then(unit)) {
                (Some(high), Some(b"\\u"), Some(low)) if (0xd800..0xdc00).contains(&high) => {
                    (12, char::decode_utf16([high, low]).next().and_then(Result::ok))
                }
                (Some(unit), ..) => (6, char::from_u32(unit.into())),
                (None, ..) => (2, None),
            },
            _ => (2, None),
        };
        let Some(meant) = meant else {
            let message = "what stands behind this backslash means nothing in JSON";
            return Err(Fault::new(self.mark(1), message).help("write `\\\\` for a backslash itself"));
        };
        self.skip(length);
        Ok(meant)
    }

    /// Says what stands here, or that nothing does, and what was wanted instead.
    fn unexpected(&self, wanted: &str) -> Fault {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(c) if c.is_control() => Fault::control(self.mark(c.len_utf8()), c),
            Some(c) => Fault::new(self.mark(c.len_utf8()), format!("`{c}` stands where {wanted} belongs")),
            None => {
                let shown = self.text.trim_end();
                let last = shown.chars().next_back().map_or(0, char::len_utf8);
                let mut end = Reader { text: self.text, at: 0, line: 1, column: 1, values: 0 };
                end.skip(shown.len() - last);
                Fault::new(end.mark(last), format!("the file ends where {wanted} belongs"))
                    .help("the file was probably cut off: get it again")
            }
        }
    }
}

/// Four hexadecimal digits.
fn unit(digits: &[u8]) -> Option<u16> {
    let digits = digits.get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same value as another reader gives it.
    fn plain(tree: &Tree) -> serde_json::Value {
        match &tree.shape {
            Shape::List(list) => list.iter().map(plain).collect(),
            Shape::Map(entries) => {
                entries.iter().map(|(key, value)| (key.text.clone(), plain(value))).collect()
            }
            Shape::Scalar(Scalar { text, kind: Kind::Text }) => text.as_str().into(),
            Shape::Scalar(Scalar { kind: Kind::Null, .. }) => serde_json::Value::Null,
            Shape::Scalar(scalar) => serde_json::from_str(&scalar.text).unwrap(),
        }
    }

    /// Whether every place holds what was read there.
    fn placed(tree: &Tree, text: &str) {
        let at = |mark: Option<Mark>| {
            let mark = mark.unwrap();
            let before = &text[..mark.offset];
            let line = before.rfind('\n').map_or(0, |end| end + 1);
            assert_eq!(mark.line as usize, before.matches('\n').count() + 1);
            assert_eq!(mark.column as usize, before[line..].chars().count() + 1);
            &text[mark.offset..mark.offset + mark.length]
        };
        match &tree.shape {
            Shape::List(list) => {
                assert_eq!(at(tree.mark), "[");
                list.iter().for_each(|part| placed(part, text));
            }
            Shape::Map(entries) => {
                assert_eq!(at(tree.mark), "{");
                for (key, value) in entries {
                    assert_eq!(serde_json::from_str::<String>(at(key.mark)).unwrap(), key.text);
                    placed(value, text);
                }
            }
            Shape::Scalar(scalar) => {
                let written: serde_json::Value = serde_json::from_str(at(tree.mark)).unwrap();
                assert_eq!(written, plain(&Tree { shape: Shape::Scalar(scalar.clone()), mark: None }));
            }
        }
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".{0,6}|[\\u{0}-\\u{ff}😀]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::btree_map(".{0,4}", inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_another_writer_wrote_is_read_with_its_places(value in value(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let tree = read(&text).unwrap();
            prop_assert_eq!(plain(&tree), value);
            placed(&tree, &text);
        }

        #[test]
        fn what_is_json_is_decided_as_by_another_reader(text in r#"[\[\]{}",:0-9eE+.tru \\n-]{0,12}"#) {
            let other = serde_json::from_str::<serde::de::IgnoredAny>(&text);
            prop_assert_eq!(read(&text).is_ok(), other.is_ok(), "{:?}", text);
        }
    }

    #[test]
    fn faults_have_their_place_and_say_what_was_wanted() {
        let told = |text: &str| {
            let fault = read(text).unwrap_err();
            let mark = fault.mark.unwrap();
            format!("{}:{} {}", mark.line, mark.column, fault.message)
        };
        for (text, said) in [
            ("{\"networks\": {\"network\": [\n", "1:26 the file ends where a value belongs"),
            ("{\n \"é\": tru}", "2:7 `t` stands where a value belongs"),
            ("{\"a\": 1\n\"b\": 2}", "2:1 `\"` stands where `,` or the `}` of the `{` in line 1 belongs"),
            ("[1, ]", "1:5 `]` stands where a value belongs"),
            ("{\"a\": 1,}", "1:9 `}` stands where a key in double quotes belongs"),
            ("{\"a\" 1}", "1:6 `1` stands where `:` belongs"),
            ("[\"a\nb\"]", "1:4 a control character (U+000A) stands here"),
            ("[\"\\q\"]", "1:3 what stands behind this backslash means nothing in JSON"),
            ("[\"\\ud800\"]", "1:3 what stands behind this backslash means nothing in JSON"),
            ("{} {}", "1:4 `{` stands where the end of the file belongs"),
            ("[\"a", "1:3 the file ends where the `\"` that ends the text of line 1 belongs"),
        ] {
            assert_eq!(told(text), said, "{text}");
        }
        assert!(told(&"[".repeat(100_000)).starts_with("1:65 the file is too large or too deep"));
        let mut full = Reader { text: "[0]", at: 0, line: 1, column: 1, values: MAX_NODES - 1 };
        assert!(full.value(0).unwrap_err().message.starts_with("the file is too large or too deep"));
        assert_eq!(plain(&read("[\"\\ud83d\\ude00\\/\"]").unwrap()), serde_json::json!(["😀/"]));
    }
}
