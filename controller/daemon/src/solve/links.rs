//! Links as people name them: by the label that the graph file gives them, or by their place in it, `3` or `#3`.

use std::{path::Path, str::FromStr};

use formats::{
    repetita::{RepetitaError, read_edge_labels},
    text::nearest,
};
use model::dense::Instance;

use crate::{draw::harmless, outcome::Stop};

/// A utilisation without a percent sign above this is one whose sign was forgotten.
const HIGHEST: f64 = 10.0;

/// One link, and the utilisation that it is to come to: `17=80%`.
#[derive(Clone, Debug, PartialEq)]
pub struct Relief {
    /// The link as it was named.
    pub link: String,
    /// Above 0; 1 is all that the link can carry.
    pub to: f64,
}

impl FromStr for Relief {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A label may hold the sign, a utilisation does not.
        let (link, to) = text.rsplit_once('=').ok_or("it names a link and a utilisation: `17=80%`")?;
        if link.is_empty() {
            return Err("the link is missing before `=`".to_owned());
        }
        let (number, unit) = to.strip_suffix('%').map_or((to, 1.0), |percent| (percent, 100.0));
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let value = number.parse::<f64>().ok().filter(|value| is_number && value.is_finite());
        let value = value.ok_or_else(|| format!("`{to}` is no utilisation; write `80%` or `0.8`"))?;
        if value <= 0.0 {
            return Err("the utilisation has to be above 0; to take all off a link, say `--down`".to_owned());
        }
        if unit == 1.0 && value > HIGHEST {
            return Err(format!("`{to}` is {to} times what the link can carry; write `{to}%`"));
        }
        Ok(Self { link: link.to_owned(), to: value / unit })
    }
}

/// The links of an instance.
pub struct Links {
    labels: Vec<String>,
}

impl Links {
    /// Reads the labels of a graph file that was read as this instance.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(path: &Path, graph: &[u8], instance: &Instance) -> Result<Self, Stop> {
        let labels = read_edge_labels(graph).map_err(|error| at(path, error))?;
        debug_assert_eq!(labels.len(), instance.edges.len());
        Ok(Self { labels })
    }

    /// The label of each, by its place in the file.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The link of that name. A label goes before a number: with labels `1` to `9`, link 3 is the one that the file calls so.
    ///
    /// # Errors
    /// There is none, or several have this label.
    pub fn find(&self, option: &str, name: &str) -> Result<u32, Stop> {
        let mut named =
            (0_u32..).zip(&self.labels).filter(|(_, label)| *label == name).map(|(id, _)| id).fuse();
        match (named.next(), named.next()) {
            (Some(only), None) => return Ok(only),
            (Some(first), Some(second)) => {
                return Err(Stop::usage(format!(
                    "{option}: links {first} and {second} have the label `{name}` both; say `#{first}` or `#{second}`, whichever you mean"
                )));
            }
            (None, _) => {}
        }
        let count = self.labels.len();
        let why = match place(name) {
            Some(id) if id < count => return Ok(u32::try_from(id).unwrap_or(u32::MAX)),
            Some(_) => format!("they are counted from 0, and there are {count}"),
            None => match nearest(name, self.labels.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{}`?", harmless(near)),
                None => format!(
                    "a link is named by the label that the graph file gives it, or by its place there, from 0 to {}",
                    count.saturating_sub(1)
                ),
            },
        };
        Err(Stop::usage(format!("{option}: there is no link `{name}`; {why}")))
    }

    /// What to say where a name that is a place as well was taken for a label.
    pub fn note(&self, option: &str, name: &str, taken: u32) -> Option<String> {
        let other = place(name).filter(|other| *other < self.labels.len() && *other != taken as usize)?;
        let label = harmless(name);
        let is_free = !self.labels.iter().any(|label| *label == format!("#{other}"));
        let way = if is_free { format!("say `#{other}`") } else { "say its own label".to_owned() };
        Some(format!(
            "note: {option}: `{label}` is the label of the link at place {taken}, which was taken; for the one at place {other} {way}"
        ))
    }

    /// How a link is called in what is printed: by its label, or by its place where others have the same.
    pub fn name(&self, row: u32) -> String {
        let Some(label) = self.labels.get(row as usize) else { return format!("#{row}") };
        let alike = self.labels.iter().filter(|other| *other == label).count();
        if alike == 1 { harmless(label) } else { format!("#{row}") }
    }
}

/// The place that a name says, `3` or `#3`, if it is one. What is too large for a number is no place that exists.
fn place(name: &str) -> Option<usize> {
    let digits = name.strip_prefix('#').unwrap_or(name);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}

/// A fault of a file, with its place.
pub fn at(path: &Path, error: RepetitaError) -> Stop {
    let RepetitaError { line, column, message } = error;
    Stop::usage(format!("{}:{line}:{column}: {message}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relief_is_a_link_and_a_utilisation() {
        let read = |text: &str| text.parse::<Relief>();
        assert_eq!(read("17=80%").unwrap(), Relief { link: "17".to_owned(), to: 0.8 });
        assert_eq!(read("a=b=0.8").unwrap(), Relief { link: "a=b".to_owned(), to: 0.8 });
        assert_eq!(read("17=120%").unwrap().to, 1.2);
        for (text, why) in [
            ("17", "it names a link and a utilisation"),
            ("=80%", "the link is missing"),
            ("17=", "`` is no utilisation"),
            ("17=%", "`%` is no utilisation"),
            ("17=-1", "`-1` is no utilisation"),
            ("17=nan", "`nan` is no utilisation"),
            ("17=1e3", "`1e3` is no utilisation"),
            ("17=0", "above 0"),
            ("17=80", "write `80%`"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    #[test]
    fn a_link_is_found_by_label_and_then_by_number() {
        let links =
            |labels: &[&str]| Links { labels: labels.iter().map(|&label| label.to_owned()).collect() };
        let plain = links(&["edge_0", "edge_1", "twin", "twin", "\u{1b}[31mred"]);
        assert_eq!(plain.find("--down", "edge_1").unwrap(), 1);
        assert_eq!(plain.find("--down", "3").unwrap(), 3);
        assert_eq!(links(&["1", "2"]).find("--down", "1").unwrap(), 0, "the file calls it so");
        let told = |name: &str| plain.find("--down", name).unwrap_err().to_string();
        assert!(told("5").ends_with("`5`; they are counted from 0, and there are 5"), "{}", told("5"));
        assert!(told("99999999999999999999999").contains("counted from 0, and there are 5"));
        assert!(told("edge1").ends_with("did you mean `edge_1`?"), "{}", told("edge1"));
        assert!(told("[31mred").ends_with("did you mean `\\u{1b}[31mred`?"), "{}", told("[31mred"));
        assert!(told("twin").contains("links 2 and 3 have the label `twin` both; say `#2` or `#3`"));
        assert!(told("").contains("from 0 to 4"));
        assert_eq!(plain.find("--down", "#3").unwrap(), 3);
        assert_eq!([1, 3].map(|row| plain.name(row)), ["edge_1", "#3"]);
    }

    #[test]
    fn a_label_that_is_a_number_is_taken_and_told() {
        let links = Links { labels: ["1", "2", "0"].map(str::to_owned).to_vec() };
        let find = |name: &str| links.find("--down", name).unwrap();
        assert_eq!(["1", "#1", "0"].map(find), [0, 1, 2]);
        let note = links.note("--down", "1", 0).unwrap();
        assert!(note.contains("place 0, which was taken") && note.ends_with("say `#1`"), "{note}");
        assert_eq!((links.note("--down", "#1", 1), links.note("--down", "9", 0)), (None, None));
    }
}
