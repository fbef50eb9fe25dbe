//! The form of JSON.
//!
//! Demands are judged while they are read, so that a fault has the place of its demand and no second tree stands in memory.

use std::fmt;

use model::dense::{Segment, WeightedList};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};

use super::{
    super::{RepetitaError, cursor::harmless},
    Taken,
};

/// The longest message that is passed on: it may quote the file.
const LONGEST: usize = 200;

pub(super) fn read(text: &[u8], taken: &mut Taken<'_>) -> Result<(), RepetitaError> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = File(taken).deserialize(&mut reader).and_then(|()| reader.end());
    read.map_err(|error| fault(&error))
}

fn fault(error: &serde_json::Error) -> RepetitaError {
    let whole = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what: String = whole.strip_suffix(&place).unwrap_or(&whole).chars().take(LONGEST).collect();
    let what = harmless(&what);
    let message = if error.is_data() { what } else { format!("this is no whole JSON: {what}") };
    let number = |from: usize| u32::try_from(from).unwrap_or(u32::MAX).max(1);
    RepetitaError { line: number(error.line()), column: number(error.column()), message }
}

/// `{"demands": […]}`
struct File<'a, 'i>(&'a mut Taken<'i>);

/// `[{"index": …}, …]`
struct Demands<'a, 'i>(&'a mut Taken<'i>);

/// `{"index": 0, "lists": […]}`
struct Entry<'a, 'i>(&'a mut Taken<'i>);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum FileWord {
    Demands,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum EntryWord {
    Index,
    Lists,
}

impl<'de> DeserializeSeed<'de> for File<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for File<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("`{\"demands\": […]}`")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut is_read = false;
        while let Some(FileWord::Demands) = map.next_key()? {
            if is_read {
                return Err(M::Error::duplicate_field("demands"));
            }
            map.next_value_seed(Demands(self.0))?;
            is_read = true;
        }
        if !is_read {
            return Err(M::Error::missing_field("demands"));
        }
        let alone = |index, to| Written { index, lists: &[direct(to)] }.to_json();
        self.0.all(|index, demand| alone(index, demand.to)).map_err(M::Error::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Demands<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Demands<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of demands")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        while seq.next_element_seed(Entry(self.0))?.is_some() {}
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Entry<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entry<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a demand: `{\"index\": 0, \"lists\": […]}`")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut index: Option<u32> = None;
        let mut lists: Option<Vec<WeightedList>> = None;
        while let Some(word) = map.next_key()? {
            match word {
                EntryWord::Index if index.is_none() => index = Some(map.next_value()?),
                EntryWord::Lists if lists.is_none() => lists = Some(map.next_value()?),
                EntryWord::Index => return Err(M::Error::duplicate_field("index")),
                EntryWord::Lists => return Err(M::Error::duplicate_field("lists")),
            }
        }
        let index = index.ok_or_else(|| M::Error::missing_field("index"))?;
        let lists = lists.ok_or_else(|| M::Error::missing_field("lists"))?;
        self.0.take(index, lists).map_err(M::Error::custom)
    }
}

#[derive(Serialize)]
struct Written<'a> {
    index: u32,
    lists: &'a [WeightedList],
}

impl Written<'_> {
    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and words can be written")
    }
}

fn direct(to: u32) -> WeightedList {
    WeightedList { weight: 1, segments: vec![Segment::Node(to)] }
}

pub(super) fn write(lists: &[Vec<WeightedList>]) -> String {
    #[derive(Serialize)]
    struct Whole<'a> {
        demands: Vec<Written<'a>>,
    }
    let demands = (0..).zip(lists).map(|(index, lists)| Written { index, lists }).collect();
    serde_json::to_string(&Whole { demands }).expect("numbers and words can be written") + "\n"
}
