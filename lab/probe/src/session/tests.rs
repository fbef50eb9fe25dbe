use proptest::{collection::vec, prelude::*};

use super::*;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A moment that says nothing but which packet it is of.
fn sent(number: u64) -> Moment {
    Moment::from_nanos(1_000_000 + number)
}

fn answer(number: u64, count: u32, delay: u64) -> Answer {
    let sequence = u32::try_from(number).unwrap();
    Answer { sequence, sent: sent(number), count, delay: Some(ms(delay)) }
}

/// A session that sent so many packets, one every 20 ms.
fn sending(packets: u64) -> Session {
    let mut session = Session::new(Settings::default());
    for number in 0..packets {
        assert_eq!(u64::from(session.send(ms(20 * number), sent(number))), number);
    }
    session
}

#[test]
fn nothing_is_known_before_anything_came_back() {
    let session = sending(9);
    let unknown = Reading { sent: 9, ..Reading::default() };
    assert_eq!(session.reading(ms(161)), unknown);
    assert_eq!(session.next(ms(161)), Some(ms(200)));
    assert_eq!(Session::new(Settings::default()).next(ms(0)), None);
}

#[test]
fn without_a_reflector_all_is_lost_and_the_delay_is_unknown() {
    let mut session = sending(10);
    session.expire(ms(379));
    assert_eq!(session.reading(ms(379)).loss, None, "nine are judged, which is too few");
    session.expire(ms(380));
    let reading = session.reading(ms(380));
    assert_eq!((reading.loss, reading.delay, reading.jitter), (Some(Loss::ALL), None, None));
    assert!(reading.silent);
}

#[test]
fn what_is_lost_on_the_way_back_is_not_lost_on_the_way_forth() {
    let mut session = sending(12);
    // All arrived; 3, 4 and 7 were lost on the way back.
    for number in [0_u32, 1, 2, 5, 6, 8, 9, 10, 11] {
        assert!(session.hear(&answer(number.into(), number, 4), ms(230)));
    }
    session.expire(ms(900));
    let reading = session.reading(ms(900));
    assert_eq!((reading.loss, reading.answered), (Some(Loss::ZERO), 9));
    // Of 3 and 4 one arrived, 7 did not.
    let mut session = sending(12);
    for (number, count) in [(0, 0), (1, 1), (2, 2), (5, 4), (6, 5), (8, 6), (9, 7), (10, 8), (11, 9)] {
        assert!(session.hear(&answer(number, count, 4), ms(230)));
    }
    session.expire(ms(900));
    assert_eq!(session.reading(ms(900)).loss, Some(Loss::from_ppb(166_666_666)));
}

#[test]
fn what_was_sent_before_somebody_answered_is_no_loss_of_the_line() {
    let mut session = sending(40);
    session.expire(ms(900));
    assert_eq!(session.reading(ms(900)).loss, Some(Loss::ALL), "nobody is known to be there");
    // The router at the other end came after 20 packets, and lost one since.
    for (number, count) in (20..40).filter(|number| *number != 30).zip(0..) {
        session.hear(&answer(number, count, 4), ms(900));
    }
    assert_eq!(session.reading(ms(900)).loss, Some(Loss::from_ppb(50_000_000)), "one of twenty");
}

#[test]
fn a_reflector_that_was_started_again_is_no_loss_of_the_line() {
    let mut session = sending(100);
    for number in 0..40_u32 {
        session.hear(&answer(number.into(), number, 4), ms(20 * u64::from(number) + 8));
    }
    session.expire(ms(2_180));
    let while_away = session.reading(ms(2_180)).loss.unwrap();
    assert!(
        while_away > Loss::from_ppb(500_000_000),
        "until it says so itself it may be the line: {while_away}"
    );
    // It was away for 30 packets, and counts from 0.
    for (number, count) in (70..100).zip(0..) {
        session.hear(&answer(number, count, 4), ms(2_190));
    }
    assert_eq!(session.reading(ms(2_190)).loss, Some(Loss::ZERO));
    // The line was cut for as long: the count goes on.
    let mut session = sending(100);
    for (number, count) in (0..40).chain(70..100).zip(0..) {
        session.hear(&answer(number, count, 4), ms(2_190));
    }
    session.expire(ms(4_000));
    assert_eq!(session.reading(ms(4_000)).loss, Some(Loss::from_ppb(300_000_000)));
}

#[test]
fn delay_and_jitter_are_means_of_what_was_answered() {
    let mut session = sending(4);
    for (number, delay) in [(0, 10), (1, 16), (3, 12)] {
        assert!(session.hear(&answer(number, u32::try_from(number).unwrap(), delay), ms(100)));
    }
    let unclear = Answer { delay: None, ..answer(2, 2, 0) };
    assert!(session.hear(&unclear, ms(100)));
    let reading = session.reading(ms(100));
    assert_eq!(reading.delay, Some(Delay::from_micros(12_667)));
    assert_eq!(reading.jitter, Some(Jitter::from_micros(5_000)));
}

#[test]
fn an_answer_to_something_else_is_none() {
    let mut session = sending(2);
    assert!(!session.hear(&answer(2, 0, 1), ms(30)), "not sent yet");
    assert!(!session.hear(&Answer { sent: sent(9), ..answer(1, 0, 1) }, ms(30)), "sent at another moment");
    assert!(session.hear(&answer(1, 0, 1), ms(30)));
    assert!(!session.hear(&answer(1, 0, 1), ms(30)), "it came twice");
    assert_eq!(session.reading(ms(30)).answered, 1);
}

#[test]
fn silence_begins_after_three_and_ends_after_three() {
    let mut session = sending(9);
    session.hear(&answer(0, 0, 1), ms(2));
    session.expire(ms(240));
    assert!(!session.is_silent(), "two are missed");
    session.expire(ms(260));
    assert!(session.is_silent());
    session.hear(&answer(5, 1, 1), ms(261));
    session.hear(&answer(6, 2, 1), ms(261));
    assert!(session.is_silent());
    session.hear(&answer(7, 3, 1), ms(261));
    assert!(!session.is_silent());
    session.expire(ms(500));
    assert!(!session.is_silent(), "4 is older than what was answered");
}

#[test]
fn patience_grows_with_how_long_answers_take() {
    let mut session = sending(3);
    session.expire(ms(240));
    assert!(session.is_silent());
    for number in 0..3 {
        assert!(session.hear(&answer(number, u32::try_from(number).unwrap(), 150), ms(300 + 20 * number)));
    }
    assert!(!session.is_silent(), "late answers are answers");
    session.send(ms(400), sent(3));
    assert_eq!(session.next(ms(401)), Some(ms(1000)), "twice 300 ms");
    session.send(ms(5400), sent(4));
    assert_eq!(session.next(ms(5400)), Some(ms(600)), "those answers have left the window");
    session.expire(ms(5400));
    assert_eq!(session.next(ms(5400)), Some(ms(5600)), "what was sent last");
}

#[test]
fn a_packet_takes_32_octets_and_its_answer_comes_out_as_it_went_in() {
    assert!(size_of::<Packet>() <= 32, "{} octets", size_of::<Packet>());
    let mut packet = Packet::new(Duration::new(7, 123_456_789), sent(1));
    assert_eq!((packet.at(), packet.answer()), (Duration::new(7, 123_456_789), None));
    for delay in [None, Some(Duration::ZERO), Some(Duration::from_nanos(1)), Some(Duration::new(9, 1))] {
        let answered = Answered { count: 5, delay };
        packet.take(answered);
        assert_eq!(packet.answer(), Some(answered));
    }
}

#[test]
fn memory_is_bounded() {
    let mut session = Session::new(Settings::default());
    for number in 0..10_000 {
        session.send(Duration::from_micros(number), sent(number));
        session.hear(&answer(number, u32::try_from(number).unwrap(), 1), Duration::from_micros(number));
    }
    assert_eq!((session.packets.len(), session.rounds.len()), (MOST, 1));
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug)]
struct Fate {
    forth: Option<u64>,
    back: Option<u64>,
}

fn fate() -> impl Strategy<Value = Fate> {
    let way = || prop_oneof![3 => (1_u64..45).prop_map(Some), 1 => Just(None)];
    (way(), way()).prop_map(|(forth, back)| Fate { forth, back })
}

/// A packet's story as somebody sees it who sees everything. Moments in ms.
#[derive(Clone, Copy, Debug)]
struct Told {
    at: u64,
    forth: Option<u64>,
    count: Option<u32>,
    heard: Option<u64>,
}

const EVERY: u64 = 20;
const TIMEOUT: u64 = 200;

fn told(fates: &[Fate]) -> Vec<Told> {
    let mut stories: Vec<Told> = (0_u64..)
        .zip(fates)
        .map(|(number, fate)| {
            let at = EVERY * number;
            let heard = fate.forth.zip(fate.back).map(|(forth, back)| at + forth + back);
            Told { at, forth: fate.forth, count: None, heard }
        })
        .collect();
    let mut arrivals: Vec<(u64, usize)> =
        (0..).zip(&stories).filter_map(|(place, story)| Some((story.at + story.forth?, place))).collect();
    arrivals.sort_unstable();
    for (count, (_, place)) in (0..).zip(arrivals) {
        stories[place].count = Some(count);
    }
    stories
}

/// All that was heard by a moment, counted anew.
fn recount(stories: &[Told], now: u64, window: u64) -> Reading {
    let sent = stories.iter().filter(|story| story.at <= now).count();
    let stories = &stories[..sent];
    let is_heard = |story: &Told| story.heard.is_some_and(|heard| heard <= now);
    // Which of the unanswered ones are taken to have arrived, and of which nobody was there.
    let (mut arrived, mut unseen) = (vec![false; sent], vec![false; sent]);
    let heard: Vec<usize> = (0..sent).filter(|place| is_heard(&stories[*place])).collect();
    let mut lower = (0, -1_i64);
    for place in &heard {
        let count = i64::from(stories[*place].count.unwrap());
        let between = usize::try_from(count - lower.1 - 1).unwrap_or(0);
        arrived[lower.0..*place].iter_mut().take(between).for_each(|arrived| *arrived = true);
        let unanswered = i64::try_from(place - lower.0).unwrap();
        let began_anew = count <= lower.1 && unanswered >= 3 && count <= unanswered;
        if lower.1 < 0 || began_anew {
            unseen[lower.0..*place].fill(true);
        }
        lower = (place + 1, count);
    }
    let recent: Vec<usize> = (0..sent).filter(|place| stories[*place].at + window >= now).collect();
    // What is judged: all up to the first that is waited for.
    let is_over = |story: &Told| is_heard(story) || story.at + TIMEOUT <= now;
    let over = stories.iter().take_while(|story| is_over(story)).count();
    let judged_places: Vec<usize> =
        recent.iter().copied().filter(|place| *place < over && !unseen[*place]).collect();
    let is_lost = |place: &&usize| !is_heard(&stories[**place]) && !arrived[**place];
    let judged = u64::try_from(judged_places.len()).unwrap();
    let lost = u64::try_from(judged_places.iter().filter(is_lost).count()).unwrap();
    let delays: Vec<u64> = recent
        .iter()
        .filter(|place| is_heard(&stories[**place]))
        .filter_map(|place| stories[*place].forth)
        .collect();
    let mean = |all: &[u64]| {
        let count = u64::try_from(all.len()).unwrap();
        (count > 0).then(|| (all.iter().sum::<u64>() * 1000 + count / 2) / count)
    };
    let differences: Vec<u64> = delays.windows(2).map(|pair| pair[0].abs_diff(pair[1])).collect();
    let share = (judged >= 10).then(|| Loss::from_ppb(u32::try_from(lost * 1_000_000_000 / judged).unwrap()));
    Reading {
        sent: u64::try_from(sent).unwrap(),
        answered: u64::try_from(heard.len()).unwrap(),
        delay: mean(&delays).map(Delay::from_micros),
        jitter: mean(&differences).map(Jitter::from_micros),
        loss: share,
        silent: is_silent(stories, now),
    }
}

/// Whether a session is silent, told from all that happened. At one moment times end before answers come.
fn is_silent(stories: &[Told], now: u64) -> bool {
    let mut events: Vec<(u64, u8, usize)> = Vec::new();
    for (place, story) in stories.iter().enumerate() {
        events.extend(story.heard.filter(|heard| *heard <= now).map(|heard| (heard, 1, place)));
        let is_late = story.heard.is_none() && story.at + TIMEOUT <= now;
        events.extend(is_late.then_some((story.at + TIMEOUT, 0, place)));
    }
    events.sort_unstable();
    let (mut silent, mut spoke) = (false, 0);
    for (at, kind, place) in &events {
        let before = events.iter().take_while(|event| *event <= &(*at, *kind, *place));
        let newest = before.clone().filter(|event| event.1 == 1).map(|event| event.2).max();
        let missed = before.filter(|event| event.1 == 0 && newest.is_none_or(|newest| event.2 > newest));
        if *kind == 1 {
            spoke += 1;
            silent &= spoke < 3;
        } else if newest.is_none_or(|newest| *place > newest) {
            spoke = 0;
            silent |= missed.count() >= 3;
        }
    }
    silent
}

proptest! {
    #[test]
    fn a_session_says_what_a_recount_says(fates in vec(fate(), 1..90), window in 400_u64..1500, end in 0_u64..2200) {
        let settings = Settings { window: ms(window), most_patience: ms(300), ..Settings::default() };
        let stories = told(&fates);
        let mut session = Session::new(settings);
        // In time: what is over, what is sent, what is heard.
        let mut events: Vec<(u64, u8, usize)> = Vec::new();
        for (place, story) in stories.iter().enumerate() {
            events.push((story.at, 1, place));
            events.extend(story.heard.map(|heard| (heard, 2, place)));
        }
        events.retain(|event| event.0 <= end);
        events.sort_unstable();
        for (at, kind, place) in events {
            session.expire(ms(at));
            let (story, number) = (&stories[place], u64::try_from(place).unwrap());
            if kind == 1 {
                session.send(ms(at), sent(number));
            } else {
                prop_assert!(session.hear(&answer(number, story.count.unwrap(), story.forth.unwrap()), ms(at)));
            }
        }
        session.expire(ms(end));
        prop_assert_eq!(session.reading(ms(end)), recount(&stories, end, window));
    }
}
