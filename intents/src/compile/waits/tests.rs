use proptest::prelude::*;

use super::*;

#[test]
fn a_full_line_makes_packets_wait_as_long_as_its_buffer_and_no_longer() {
    assert_eq!((most(0), most(1), most(160_000), most(8_000_000)), (BUFFER, BUFFER, BUFFER, 1_000));
    assert_eq!((needed(BUFFER), needed(1_000), needed(u64::MAX)), (0, 8_000_000, 0));
}

proptest! {
    /// Whoever leaves what is held makes nobody wait longer than may be, and what is held is there.
    #[test]
    fn what_is_held_keeps_waits_together_within_what_may_be_waited(
        lines in prop::collection::vec((1_u64..100_000, 0_u64..=100), 1..8),
        allowance in 0_u64..200_000,
    ) {
        // kbit/s and percent that are left.
        let lines: Vec<(u64, u64)> =
            lines.into_iter().map(|(capacity, left)| (capacity * 1_000, capacity * 10 * left)).collect();
        let now: u64 = lines.iter().map(|(_, left)| most(*left)).sum();
        let held = held(allowance, &lines);
        prop_assert_eq!(held.is_some(), now <= allowance);
        if let Some(held) = held {
            prop_assert!(held.iter().zip(&lines).all(|(held, (_, left))| held <= left));
            let then: u64 = held.iter().map(|held| most(*held)).sum();
            prop_assert!(then <= allowance, "{} over {}", then, allowance);
        }
    }
}
