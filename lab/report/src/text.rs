//! Text into a page. Names come from files and routers: nothing in them may be taken for markup.

/// Text that stands for itself, in elements and in attributes. What no document may hold is shown as unknown.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(letter),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            // They turn the direction of what stands beside them.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            _ if letter.is_control() => out.push('\u{fffd}'),
            _ => out.push(letter),
        }
    }
    out
}

/// Text that stands for itself, with a place for a line break where the parts of a name meet. Browsers break names at hyphens alone: a
/// column as narrow as its words would else be as wide as `production/hangzhou~shanghai`.
pub(crate) fn wrappable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['/', ':', '~']) {
        let (part, after) = rest.split_at(at + 1);
        out.push_str(&escaped(part));
        if after.starts_with(char::is_alphanumeric) {
            out.push_str("<wbr/>");
        }
        rest = after;
    }
    out.push_str(&escaped(rest));
    out
}

/// At most so many letters; what is left out is shown by an ellipsis.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// A moment as seconds, `12.3 s`.
pub(crate) fn seconds(at_ms: u32) -> String {
    format!("{}.{} s", at_ms / 1_000, at_ms % 1_000 / 100)
}

/// A number of things.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup() {
        assert_eq!(
            escaped("<b a=\"1\">Q&A's</b>\u{1b}[0m\u{202e}"),
            "&lt;b a=&quot;1&quot;&gt;Q&amp;A&#39;s&lt;/b&gt;\u{fffd}[0m\u{fffd}"
        );
        assert_eq!(escaped("北京 line1:a--b"), "北京 line1:a--b");
    }

    #[test]
    fn a_name_may_wrap_where_its_parts_meet_and_nowhere_else() {
        assert_eq!(
            wrappable("production/a~b: line1:sh<1> 北京:上海/"),
            "production/<wbr/>a~<wbr/>b: line1:<wbr/>sh&lt;1&gt; 北京:<wbr/>上海/"
        );
        assert_eq!(wrappable("</td>//"), "&lt;/<wbr/>td&gt;//");
        assert_eq!(wrappable(""), "");
    }

    #[test]
    fn long_names_are_cut_between_letters() {
        assert_eq!(shortened("línea", 5), "línea");
        assert_eq!(shortened("línea-1", 5), "líne…");
        assert_eq!(shortened("", 0), "");
        assert_eq!(shortened("ab", 1), "…");
    }

    #[test]
    fn moments_and_counts_read_well() {
        assert_eq!([seconds(0), seconds(950), seconds(61_250)], ["0.0 s", "0.9 s", "61.2 s"]);
        assert_eq!([count(1, "service"), count(0, "service")], ["1 service", "0 services"]);
    }
}
