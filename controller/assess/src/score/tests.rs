use model::{Delay, QueueName};

use super::*;
use crate::{fixture::link, lines::QueueState};

fn fine() -> LineState {
    LineState {
        delay: Some(Delay::from_micros(5_000)),
        jitter: Some(Jitter::from_micros(200)),
        loss: Some(Loss::ZERO),
        utilisation: Some(Ratio::from_ppm(300_000)),
        ..LineState::default()
    }
}

fn of(line: &LineState) -> (Option<u8>, Vec<String>) {
    let score = score(line, LinkState::Up, &link("a", "b"), Side::A);
    (
        score.value,
        score.reasons.into_iter().map(|reason| format!("{} {}", reason.points, reason.what)).collect(),
    )
}

#[test]
fn a_line_as_promised_has_a_hundred_and_no_reasons() {
    assert_eq!(of(&fine()), (Some(100), vec![]));
    // The contract promises 8 ms: what is within it costs nothing.
    assert_eq!(of(&LineState { delay: Some(Delay::from_micros(8_000)), ..fine() }).0, Some(100));
}

#[test]
fn points_are_lost_for_each_reason_most_first() {
    let line = LineState {
        delay: Some(Delay::from_micros(16_000)),
        loss: Some(Loss::from_ppb(20_000_000)),
        utilisation: Some(Ratio::from_ppm(850_000)),
        queues: [(QueueName::lit("af4"), QueueState { rate: None, drops: Some(7) })].into(),
        ..fine()
    };
    let reasons =
        ["40 loss 2%", "25 delay 16ms, 8ms promised", "20 utilisation 85%", "10 queue af4 dropped 7 packets"];
    assert_eq!(of(&line), (Some(5), reasons.map(str::to_owned).to_vec()));
}

#[test]
fn a_line_that_is_down_has_none_and_a_silent_one_is_unknown() {
    assert_eq!(score(&fine(), LinkState::Down, &link("a", "b"), Side::A).value, Some(0));
    let silent = LineState { silent: true, ..LineState::default() };
    assert_eq!(of(&silent), (None, vec!["0 nothing was heard of it lately".into()]));
    let half = LineState { delay: None, ..fine() };
    assert_eq!(of(&half), (Some(100), vec!["0 delay is unknown".into()]));
}

proptest::proptest! {
    #[test]
    fn a_worse_line_never_scores_higher(
        delay in 0_u64..1_000_000, more in 0_u64..1_000_000, loss in 0_u32..1_000_000_000, load in 0_u64..3_000_000,
    ) {
        let line = LineState {
            delay: Some(Delay::from_micros(delay)),
            loss: Some(Loss::from_ppb(loss)),
            utilisation: Some(Ratio::from_ppm(load)),
            ..fine()
        };
        let worse = LineState { delay: Some(Delay::from_micros(delay + more)), ..line.clone() };
        proptest::prop_assert!(of(&worse).0 <= of(&line).0);
    }
}
