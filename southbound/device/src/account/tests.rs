//! Who is left alone after which refusals, and who waits for whom.

use tokio::time::{self, sleep};

use super::*;

/// Seconds after some moment.
#[expect(clippy::disallowed_methods, reason = "any instant will do")]
fn seconds() -> impl Fn(u64) -> Instant {
    let begun = Instant::now();
    move |seconds| begun + Duration::from_secs(seconds)
}

fn now() -> Instant {
    time::Instant::now().into_std()
}

#[test]
fn one_device_that_refuses_is_left_alone_and_a_second_one_stops_all() {
    let (mut known, at) = (Known::default(), seconds());
    known.refused("b", at(0));
    assert_eq!(known.held("b", at(1)).unwrap().left, OWN - Duration::from_secs(1));
    assert_eq!(known.held("a", at(1)), None, "it may be that device's own fault");
    known.refused("c", at(10));
    let held = known.held("a", at(10)).unwrap();
    assert_eq!((held.by, held.left), (vec!["b".to_owned(), "c".to_owned()], SHARED));
    // Refusals of the same devices hold up the others no longer than that.
    known.refused("c", at(20));
    assert_eq!(known.held("a", at(310)), None);
    known.accepted("a");
    known.refused("b", at(700));
    assert_eq!(known.held("c", at(701)), None);
    assert!(known.held("b", at(701)).is_some());
    known.accepted("b");
    assert_eq!(known.held("b", at(702)), None);
}

#[test]
fn devices_that_never_took_it_do_not_keep_others_from_coming_back() {
    let (mut known, at) = (Known::default(), seconds());
    known.accepted("a");
    // They came back without our user, and refuse it each time, for ever.
    for round in 0..5 {
        known.refused("b", at(600 * round));
        known.refused("c", at(600 * round + 1));
        assert_eq!(known.held("a", at(600 * round + 2)), None, "round {round}");
        assert_eq!(known.held("d", at(600 * round + 2)), None, "round {round}: a new device");
        assert!(known.is_proven(), "round {round}: nobody waits for them");
        assert!(known.held("b", at(600 * round + 2)).is_some(), "round {round}");
    }
}

#[test]
fn a_device_that_had_taken_it_is_asked_until_a_third_one_refuses() {
    let (mut known, at) = (Known::default(), seconds());
    for place in ["a", "b", "c", "d", "e"] {
        known.accepted(place);
    }
    known.refused("b", at(0));
    known.refused("c", at(1));
    assert!(known.held("new", at(2)).is_some(), "it may be no good any more");
    assert_eq!(known.held("a", at(2)), None, "who took it is asked whether that still holds");
    let (took, doubts, held_since) = (known.took.clone(), known.doubts.clone(), known.held_since);
    let mut changed = Known { took, doubts, held_since, ..Known::default() };
    known.accepted("a");
    assert_eq!(known.held("new", at(3)), None, "two devices alone lost it");
    // The password was changed on all.
    changed.refused("a", at(3));
    let held = changed.held("d", at(4)).unwrap();
    assert_eq!(held.left, SHARED - Duration::from_secs(3));
    assert_eq!(changed.held("d", at(1) + SHARED), None);
}

#[test]
fn two_ports_of_one_device_are_one_device() {
    let (mut known, at) = (Known::default(), seconds());
    known.refused("192.0.2.1:830", at(0));
    known.refused("192.0.2.1:9339", at(1));
    assert_eq!(known.held("192.0.2.2:830", at(2)), None);
    assert!(known.held("192.0.2.1:9339", at(2)).is_some());
    let mut lab = Known::default();
    lab.refused("127.0.0.1:10830", at(0));
    lab.refused("127.0.0.1:10831", at(1));
    assert!(lab.held("127.0.0.1:10832", at(2)).is_some(), "in a lab each port is a device");
}

#[tokio::test(start_paused = true)]
async fn until_a_device_has_taken_it_one_at_a_time_is_tried() {
    let account = Account::default();
    let first = account.turn("a", now).await.unwrap();
    let second = account.clone();
    let second = tokio::spawn(async move { second.turn("b", now).await.map(|turn| turn.0.is_some()) });
    // Who gives up waiting takes nobody's turn with him.
    assert!(time::timeout(Duration::from_millis(10), account.turn("z", now)).await.is_err());
    sleep(Duration::from_secs(1)).await;
    assert!(!second.is_finished());
    account.accepted("a");
    drop(first);
    assert_eq!(second.await.unwrap(), Ok(false), "nobody has to wait any more");
    assert!(account.turn("c", now).await.unwrap().0.is_none());
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_turn_is_told_when_it_is_not_shown_any_more() {
    let account = Account::default();
    account.refused("b", now());
    let first = account.turn("a", now).await.unwrap();
    let waiting = account.clone();
    let waiting = tokio::spawn(async move { waiting.turn("c", now).await.err() });
    sleep(Duration::from_secs(1)).await;
    account.refused("a", now());
    drop(first);
    let held = waiting.await.unwrap().unwrap();
    assert_eq!(held.by, ["a", "b"]);
}
