//! Hand-computed queues, then conservation and monotonicity on random ones.

use model::{Bandwidth, Discipline, QueueShare};
use proptest::prelude::*;

use super::*;

const M: u64 = 1_000_000;

fn strict(guarantee: u64) -> QueueShare {
    QueueShare { discipline: Discipline::Strict, guarantee: Bandwidth::from_bps(guarantee) }
}

fn weighted(weight: u8, guarantee: u64) -> QueueShare {
    QueueShare { discipline: Discipline::Weighted(weight), guarantee: Bandwidth::from_bps(guarantee) }
}

fn served(offered: &[u64], shares: &[QueueShare], bandwidth: u64) -> Vec<u64> {
    serve(offered, shares, bandwidth).iter().map(|service| service.served).collect()
}

#[test]
fn what_fits_is_served_whole() {
    assert_eq!(served(&[30 * M, 20 * M], &[strict(10 * M), weighted(1, 0)], 100 * M), [30 * M, 20 * M]);
}

#[test]
fn strict_goes_first_up_to_its_guarantee_and_competes_beyond() {
    // 20 strict are sure. Of the other 80, weights 1 (strict's excess) and 3 take 20 and 60.
    let shares = [strict(20 * M), weighted(3, 0)];
    assert_eq!(served(&[100 * M, 100 * M], &shares, 100 * M), [40 * M, 60 * M]);
}

#[test]
fn guarantees_are_honoured_and_the_rest_goes_by_weight() {
    // 10 strict, 30 guaranteed; the remaining 60 by 2 to 1 between the weighted two.
    let shares = [strict(10 * M), weighted(2, 30 * M), weighted(1, 0)];
    assert_eq!(served(&[10 * M, 200 * M, 200 * M], &shares, 100 * M), [10 * M, 70 * M, 20 * M]);
}

#[test]
fn a_strict_queue_within_its_guarantee_does_not_wait_for_the_others() {
    let shares = [strict(2 * M), weighted(1, 98 * M)];
    let services = serve(&[2 * M, 98 * M], &shares, 100 * M);
    // A packet of 8000 bits takes 80 us; 2% of the line are strict.
    assert_eq!(services[0].delay, Delay::from_micros(82));
    assert_eq!(services[1].delay, BUFFER, "the other queue is full to the brim");
    // Beyond its guarantee it competes as the others do.
    assert_eq!(serve(&[3 * M, 98 * M], &shares, 100 * M)[0].delay, BUFFER);
    // On an idle line it waits for itself alone, which is less.
    assert!(serve(&[2 * M, 0], &shares, 100 * M)[0].delay < Delay::from_micros(5));
}

#[test]
fn what_one_queue_leaves_the_others_take() {
    // By weight 25 each; the first wants only 5, so the other three share 95 equally and the rest of 2 goes to the first two.
    let shares = [weighted(1, 0); 4];
    assert_eq!(served(&[5, 100, 100, 100], &shares, 100), [5, 32, 32, 31]);
}

#[test]
fn weight_zero_takes_what_nobody_wants() {
    let shares = [weighted(0, 0), weighted(1, 0)];
    assert_eq!(served(&[90, 70], &shares, 100), [30, 70]);
    assert_eq!(served(&[90, 170], &shares, 100), [0, 100]);
}

#[test]
fn guarantees_that_do_not_fit_shrink_in_proportion() {
    assert_eq!(served(&[90, 90], &[weighted(1, 60), weighted(1, 90)], 100), [40, 60]);
}

#[test]
fn an_overloaded_queue_drops_the_difference_and_is_full() {
    let [service] = serve(&[125 * M], &[weighted(1, 0)], 100 * M)[..] else { panic!("one queue") };
    assert_eq!(service.served, 100 * M);
    assert_eq!(service.dropped.as_ppb(), 200_000_000);
    assert_eq!(service.utilisation.as_ppm(), 1_250_000);
    assert_eq!(service.delay, BUFFER);
}

#[test]
fn a_half_full_line_waits_one_packet_time() {
    // A packet of 8000 bits takes 80 us at 100 Mbit/s; at one half, u / (1 - u) is 1; at nine tenths it is 9.
    let wait = |offered| serve(&[offered], &[weighted(1, 0)], 100 * M)[0].delay.as_micros();
    assert_eq!(wait(0), 0);
    assert_eq!(wait(50 * M), 80);
    assert_eq!(wait(90 * M), 720);
    assert_eq!(wait(100 * M - 1), BUFFER.as_micros());
}

#[test]
fn a_line_without_bandwidth_drops_everything() {
    let service = serve(&[1], &[weighted(1, 0)], 0)[0];
    assert_eq!((service.served, service.dropped), (0, Loss::ALL));
    assert_eq!(serve(&[0], &[weighted(1, 0)], 0)[0], Service::default());
}

fn share() -> impl Strategy<Value = QueueShare> {
    (0_u8..8, 0_u64..60).prop_map(|(weight, guarantee)| match weight {
        7 => strict(guarantee),
        weight => weighted(weight, guarantee),
    })
}

fn queues() -> impl Strategy<Value = (Vec<u64>, Vec<QueueShare>)> {
    proptest::collection::vec((0_u64..200, share()), 1..7).prop_map(|queues| queues.into_iter().unzip())
}

proptest! {
    #[test]
    fn nothing_is_left_while_anyone_wants_it((offered, shares) in queues(), bandwidth in 0_u64..400) {
        let got = served(&offered, &shares, bandwidth);
        prop_assert_eq!(got.iter().sum::<u64>(), bandwidth.min(offered.iter().sum()));
        prop_assert!(got.iter().zip(&offered).all(|(got, wanted)| got <= wanted));
    }

    #[test]
    fn guarantees_that_fit_always_hold((offered, shares) in queues(), extra in 0_u64..100) {
        let guaranteed: u64 = shares.iter().map(|share| share.guarantee.as_bps()).sum();
        let got = served(&offered, &shares, guaranteed + extra);
        for ((got, wanted), share) in got.iter().zip(&offered).zip(&shares) {
            prop_assert!(*got >= share.guarantee.as_bps().min(*wanted));
        }
    }

    /// To one bit per queue, which is what integers leave over.
    #[test]
    fn more_bandwidth_harms_nobody((offered, shares) in queues(), bandwidth in 0_u64..300, more in 0_u64..100) {
        let (before, after) =
            (served(&offered, &shares, bandwidth), served(&offered, &shares, bandwidth + more));
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(after + offered.len() as u64 >= *before);
        }
    }

    #[test]
    fn who_offers_more_gets_no_less_and_others_no_more(
        (offered, shares) in queues(), bandwidth in 0_u64..300, which in 0_usize..6, more in 0_u64..100,
    ) {
        let which = which % offered.len();
        let mut greater = offered.clone();
        greater[which] += more;
        let (before, after) =
            (served(&offered, &shares, bandwidth), served(&greater, &shares, bandwidth));
        let odd = offered.len() as u64;
        for queue in 0..offered.len() {
            if queue == which {
                prop_assert!(after[queue] + odd >= before[queue]);
            } else {
                prop_assert!(before[queue] + odd >= after[queue]);
            }
        }
    }

    #[test]
    fn a_queue_drops_exactly_when_it_is_asked_more_than_it_can((offered, shares) in queues(), bandwidth in 1_u64..300) {
        for (service, offered) in serve(&offered, &shares, bandwidth).iter().zip(&offered) {
            let over = service.utilisation.as_ppm() > 1_000_000;
            // An odd bit may go either way.
            if service.served + 1 < *offered {
                prop_assert!(over);
            }
            if over {
                prop_assert!(service.served < *offered);
            }
            prop_assert!(service.delay <= BUFFER);
        }
    }
}
