//! The page: title, verdict, picture, tables. One file that needs nothing else.

use crate::{chart::chart, run::Run, table, text::escaped};

const STYLE: &str = include_str!("page.css");

/// The run as an HTML file, well-formed as XML too. Equal runs give equal pages. Its size is bounded by the number of plots, whatever the
/// run holds: series are thinned, tables are cut. O(points + marks).
pub fn page(run: &Run) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"/>\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n",
        title = escaped(&run.title)
    );
    out.push_str(&paragraph("", &run.about));
    let cites = if run.cites.is_empty() { String::new() } else { format!("Shows {}", run.cites.join(", ")) };
    let under: Vec<String> =
        [cites, run.network.clone()].into_iter().filter(|part| !part.is_empty()).collect();
    out.push_str(&paragraph("faint", &under.join(" · ")));
    let (class, word) = if run.verdict.passed { ("good", "as expected") } else { ("bad", "NOT as expected") };
    let text = escaped(&run.verdict.text);
    let reason = if text.is_empty() { String::new() } else { format!(": {text}") };
    out.push_str(&format!("<div class=\"verdict {class}\">{word}{reason}</div>\n"));
    out.push_str(&chart(run));
    for part in [table::expectations(run), table::moves(run), table::happened(run), table::figures(run)] {
        out.push_str(&part);
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn paragraph(class: &str, text: &str) -> String {
    match (class, text) {
        (_, "") => String::new(),
        ("", text) => format!("<p>{}</p>\n", escaped(text)),
        (class, text) => format!("<p class=\"{class}\">{}</p>\n", escaped(text)),
    }
}

#[cfg(test)]
mod tests;
