//! The order of edges: one of their own, so that the same network gives the same answer in whatever order its rows stand.
//!
//! A search breaks ties by ids and sums in their order. So edges are sorted by all that is said of them, their labels last, and links
//! are named by their rows again where something is written.

use model::dense::{Edge, Segment, WeightedList};

/// The lists of each demand, in the words of files.
pub type Lists = Vec<Vec<WeightedList>>;

/// Where the rows of EDGES have gone, and where what stands there came from.
pub struct Order {
    /// By row.
    places: Vec<u32>,
    /// By place.
    rows: Vec<u32>,
}

impl Order {
    /// Sorts edges that stand in the order of their rows, as their labels do.
    pub fn sort(edges: &mut Vec<Edge>, labels: &[String]) -> Self {
        let label = |row: u32| labels.get(row as usize);
        let mut order: Vec<(u32, Edge)> = (0_u32..).zip(std::mem::take(edges)).collect();
        order.sort_by(|(first, a), (second, b)| {
            let whole = |edge: &Edge| (edge.from, edge.to, edge.metric);
            let rates = a.capacity.total_cmp(&b.capacity).then(a.delay.total_cmp(&b.delay));
            whole(a).cmp(&whole(b)).then(rates).then_with(|| label(*first).cmp(&label(*second)))
        });
        let mut places = vec![0; order.len()];
        let mut rows = Vec::with_capacity(order.len());
        for (place, (row, edge)) in (0_u32..).zip(order) {
            places[row as usize] = place;
            rows.push(row);
            edges.push(edge);
        }
        Self { places, rows }
    }

    /// The place of a row.
    pub fn place(&self, row: u32) -> u32 {
        self.places[row as usize]
    }

    /// The row of a place.
    pub fn row(&self, place: u32) -> u32 {
        self.rows[place as usize]
    }

    /// Lists that name links by their rows, by places.
    pub fn placed(&self, lists: Lists) -> Lists {
        renamed(lists, |row| self.place(row))
    }

    /// Lists that name links by their places, by rows.
    pub fn to_rows(&self, lists: Lists) -> Lists {
        renamed(lists, |place| self.row(place))
    }
}

fn renamed(mut lists: Lists, name: impl Fn(u32) -> u32) -> Lists {
    for segment in lists.iter_mut().flatten().flat_map(|list| &mut list.segments) {
        if let Segment::Link(link) = segment {
            *link = name(*link);
        }
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_stand_in_the_same_order_whatever_their_rows() {
        let edge = |(from, to, metric, capacity)| Edge { from, to, metric, capacity, delay: 1.0 };
        // The second and the last differ in nothing but their labels.
        let rows = [(1, 0, 1, 5.0), (0, 1, 1, 5.0), (0, 1, 1, 9.0), (0, 1, 1, 5.0)].map(edge);
        let labels = ["c", "b", "d", "a"].map(str::to_owned);
        let (mut one, mut other, mut turned) = (rows.to_vec(), rows.to_vec(), labels.clone());
        other.reverse();
        turned.reverse();
        let (first, second) = (Order::sort(&mut one, &labels), Order::sort(&mut other, &turned));
        assert_eq!(one, other);
        for row in 0..4_u32 {
            assert_eq!(first.place(row), second.place(3 - row));
            assert_eq!(first.row(first.place(row)), row);
        }
        let lists =
            vec![vec![WeightedList { weight: 1, segments: vec![Segment::Link(0), Segment::Node(1)] }]];
        let placed = first.placed(lists.clone());
        assert_eq!(placed[0][0].segments, [Segment::Link(3), Segment::Node(1)]);
        assert_eq!(first.to_rows(placed), lists);
    }
}
