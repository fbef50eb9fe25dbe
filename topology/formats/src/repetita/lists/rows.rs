//! The form of rows: `demand source middle… destination`.

use model::dense::{Segment, WeightedList};

use super::{
    super::{RepetitaError, cursor::Cursor},
    MOST_SEGMENTS, Taken,
};

pub(super) fn read(text: &[u8], taken: &mut Taken<'_>) -> Result<(), RepetitaError> {
    let nodes = taken.instance.nodes;
    let mut cursor = Cursor::new(text);
    while cursor.has_row() {
        let index = cursor.integer("the number of a demand", 0, u32::MAX).map_err(|mut error| {
            error.message.push_str("; a row is `demand source middle… destination`");
            error
        })?;
        let demand = taken.demand(index).map_err(|why| cursor.refuse_word(why))?;
        let from = cursor.id("the node where the demand enters", nodes)?;
        if from != demand.from {
            let wanted = demand.from;
            let why = format!(
                "demand {index} enters at node {wanted}, and not at {from}; are these lists of other demands?"
            );
            return Err(cursor.refuse_word(why));
        }
        let mut segments = Vec::new();
        while segments.is_empty() || cursor.has_word() {
            segments.push(Segment::Node(cursor.id("a node of the list", nodes)?));
            if segments.len() > MOST_SEGMENTS {
                let why = format!("a list has at most {MOST_SEGMENTS} segments; does a line end miss here?");
                return Err(cursor.refuse_word(why));
            }
        }
        let list = WeightedList { weight: 1, segments };
        taken.take(index, vec![list]).map_err(|why| cursor.refuse_word(why))?;
        cursor.end_of_row()?;
    }
    taken
        .all(|index, demand| format!("{index} {} {}", demand.from, demand.to))
        .map_err(|why| cursor.refuse(why))
}
