use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1);

fn after(events: &[Event]) -> (Message, Change) {
    events
        .iter()
        .fold((Message::begin(1, 5), Change::Nothing), |(message, _), event| {
            message.step(*event)
        })
}

fn end(how: Ending) -> Event {
    Event::Ended { how, at: NOW }
}

const OPENED: Event = Event::Opened { readings_left: 0 };

#[test]
fn the_usual_course() {
    let mut message = Message::begin(2, 5);
    for (event, stage, change) in [
        (Event::Stored, "on-site", Change::OnSite),
        (
            Event::WrongPassphrase { tries_left: 4 },
            "on-site",
            Change::Nothing,
        ),
        (Event::Opened { readings_left: 1 }, "opened", Change::Opened),
        (Event::Delivered, "delivered", Change::Delivered),
        (Event::Opened { readings_left: 0 }, "opened", Change::Opened),
        (end(Ending::Read), "read", Change::Ended(Ending::Read)),
        (Event::Delivered, "read", Change::Delivered),
    ] {
        let (next, what) = message.step(event);
        assert_eq!((next.stage(), what), (stage, change), "{event:?}");
        message = next;
    }
    let last = message.ended().expect("it was read");
    assert_eq!(last.arrival, Arrival::Confirmed);
}

#[test]
fn an_event_may_come_before_the_receipt() {
    assert_eq!(after(&[OPENED]).0.stage(), "opened");
    assert_eq!(after(&[OPENED, Event::Stored]), {
        let (message, _) = after(&[OPENED]);
        (message, Change::Nothing)
    });
    assert_eq!(after(&[end(Ending::Read), Event::Stored]).0.stage(), "read");
}

#[test]
fn it_locks_once_and_unlocks_to_where_it_stood() {
    let wrong = Event::WrongPassphrase { tries_left: 0 };
    assert_eq!(after(&[Event::Stored, wrong]).1, Change::Locked);
    assert_eq!(after(&[Event::Stored, wrong, wrong]).1, Change::Nothing);
    let (unlocked, change) = after(&[Event::Stored, wrong, Event::Unlocked]);
    assert_eq!((unlocked.stage(), change), ("on-site", Change::Unlocked));
    let live = unlocked.live().expect("it lives");
    assert_eq!((live.tries_left(), live.was_unlocked()), (5, true));
    let again = |event| unlocked.clone().step(wrong).0.step(event).1;
    assert_eq!(again(Event::Unlocked), Change::Contradiction, "a second time");
    let more = Event::WrongPassphrase { tries_left: 5 };
    assert_eq!(again(more), Change::Contradiction, "tries do not grow");
}

#[test]
fn what_cannot_have_happened_is_said_so() {
    for events in [
        &[Event::Stored, OPENED, OPENED][..],
        &[Event::Stored, Event::Delivered],
        &[Event::Stored, Event::Refused { at: NOW }],
        &[end(Ending::Read), OPENED],
        &[end(Ending::Read), end(Ending::Expired)],
        &[end(Ending::Revoked), Event::WrongPassphrase { tries_left: 0 }],
    ] {
        assert_eq!(after(events).1, Change::Contradiction, "{events:?}");
    }
}

fn an_ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        Just(Ending::NotSent),
        Just(Ending::Read),
        Just(Ending::Expired),
        Just(Ending::Revoked),
        Just(Ending::Destroyed),
        Just(Ending::Lost),
    ]
}

fn an_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Stored),
        Just(Event::Refused { at: NOW }),
        (0_u32..3).prop_map(|readings_left| Event::Opened { readings_left }),
        Just(Event::Delivered),
        (0_u32..3).prop_map(|tries_left| Event::WrongPassphrase { tries_left }),
        Just(Event::Unlocked),
        Just(Event::Extended),
        (an_ending(), 0_i64..9).prop_map(|(how, at)| Event::Ended {
            how,
            at: Timestamp(at)
        }),
    ]
}

proptest! {
    #[test]
    fn there_is_one_end_and_nothing_leads_out_of_it(
        readings in 1_u32..4,
        events in prop::collection::vec(an_event(), 0..40),
    ) {
        let mut message = Message::begin(readings, 3);
        let (mut ends, mut readings_told) = (0, 0);
        for event in events {
            let before = message.ended().map(|ended| (ended.how, ended.at));
            let (next, change) = message.step(event);
            if let Some(end) = before {
                prop_assert_eq!(next.ended().map(|ended| (ended.how, ended.at)), Some(end));
            }
            ends += u32::from(matches!(change, Change::Ended(_)));
            readings_told += u32::from(change == Change::Opened);
            prop_assert_eq!(next.ended().is_some(), ends == 1);
            message = next;
        }
        prop_assert!(ends <= 1);
        prop_assert!(readings_told <= readings, "no more readings than there were");
    }

    /// Whether the receipt or the events are here first makes no difference in the end.
    #[test]
    fn a_receipt_changes_nothing_that_an_event_already_told(
        events in prop::collection::vec(an_event(), 1..12).prop_filter(
            "a refusal says that it never was there", |events| !events.iter().any(|event| matches!(event, Event::Refused { .. })),
        ),
        place in any::<prop::sample::Index>(),
    ) {
        let place = place.index(events.len() + 1);
        let plain = events.iter().fold(Message::begin(2, 3), |message, event| message.step(*event).0);
        let with_receipt = events[..place].iter().chain([&Event::Stored]).chain(&events[place..])
            .fold(Message::begin(2, 3), |message, event| message.step(*event).0);
        prop_assert_eq!(plain, with_receipt);
    }
}
