//! Every way to change a stored chain, and what is said about it.

use std::convert::Infallible;

use journal::{Break, Chain, Hash, Link, Record, VerifyError, verify};
use proptest::prelude::*;

fn write(events: &[Vec<u8>]) -> Vec<Record> {
    let mut chain = Chain::begin(b"core");
    events
        .iter()
        .map(|event| {
            let link = chain.append(event);
            Record {
                seq: link.seq,
                event: event.clone(),
                hash: link.hash,
            }
        })
        .collect()
}

fn read(records: &[Record], witnesses: &[Link]) -> Result<Chain, Break> {
    let rows = records.iter().cloned().map(Ok::<_, Infallible>);
    verify(Chain::begin(b"core"), rows, witnesses).map_err(|error| match error {
        VerifyError::Broken(found) => found,
        VerifyError::Unread(never) => match never {},
    })
}

fn link(record: &Record) -> Link {
    Link {
        seq: record.seq,
        hash: record.hash,
    }
}

/// Number `place`, counted from 0, as a record's number.
fn seq(place: usize) -> u64 {
    place as u64 + 1
}

/// Events that differ, as ours do: each has an id and a time.
fn chains() -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 2..24).prop_map(|mut events| {
        for (place, event) in (0_u8..).zip(&mut events) {
            event.push(place);
        }
        write(&events)
    })
}

/// A chain and two different places in it, the earlier one first.
fn chain_and_places() -> impl Strategy<Value = (Vec<Record>, usize, usize)> {
    (
        chains(),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(chain, one, other)| {
            let one = one.index(chain.len());
            let other = (one + 1 + other.index(chain.len() - 1)) % chain.len();
            (chain, one.min(other), one.max(other))
        })
}

proptest! {
    #[test]
    fn what_was_written_is_confirmed_from_any_place_on((records, from, _) in chain_and_places()) {
        let witnesses: Vec<Link> = records.iter().rev().map(link).collect();
        let end = link(records.last().expect("it has two at least"));
        prop_assert_eq!(read(&records, &witnesses).map(|chain| chain.end()), Ok(end));
        let rest = records[from + 1..].iter().cloned().map(Ok::<_, Infallible>);
        let resumed = verify(Chain::resume(link(&records[from])), rest, &witnesses);
        prop_assert_eq!(resumed.map(|chain| chain.end()), Ok(end));
    }

    #[test]
    fn a_flipped_bit_is_found_where_it_is(
        (mut records, place, _) in chain_and_places(),
        byte in any::<prop::sample::Index>(),
        bit in 0..8_u8,
        in_hash in any::<bool>(),
    ) {
        let record = &mut records[place];
        if in_hash {
            let mut hash = *record.hash.as_bytes();
            hash[byte.index(32)] ^= 1 << bit;
            record.hash = Hash::from(hash);
        } else {
            let length = record.event.len();
            record.event[byte.index(length)] ^= 1 << bit;
        }
        prop_assert_eq!(read(&records, &[]), Err(Break::Changed { seq: seq(place) }));
    }

    #[test]
    fn a_longer_or_shorter_event_is_found((mut records, place, _) in chain_and_places(), longer in any::<bool>()) {
        if longer { records[place].event.push(0) } else { records[place].event.pop(); }
        prop_assert_eq!(read(&records, &[]), Err(Break::Changed { seq: seq(place) }));
    }

    #[test]
    fn a_deleted_stretch_is_found((mut records, first, after) in chain_and_places()) {
        records.drain(first..after);
        prop_assert_eq!(read(&records, &[]), Err(Break::Missing { seq: seq(first), next: seq(after) }));
    }

    #[test]
    fn a_deleted_row_is_found_though_the_rest_was_renumbered((mut records, place, _) in chain_and_places()) {
        records.remove(place);
        for record in &mut records[place..] {
            record.seq -= 1;
        }
        prop_assert_eq!(read(&records, &[]), Err(Break::Changed { seq: seq(place) }));
    }

    #[test]
    fn swapped_rows_are_found_in_each_form(
        (records, one, other) in chain_and_places(),
    ) {
        let swapped = Err(Break::Swapped { seq: seq(one), with: seq(other) });

        let mut rows = records.clone();
        rows.swap(one, other);
        prop_assert_eq!(read(&rows, &[]), swapped, "the rows, with their numbers");

        let mut contents = rows;
        contents[one].seq = seq(one);
        contents[other].seq = seq(other);
        prop_assert_eq!(read(&contents, &[]), swapped, "all but the numbers");

        let mut events = records.clone();
        events[one].event = records[other].event.clone();
        events[other].event = records[one].event.clone();
        prop_assert_eq!(read(&events, &[]), swapped, "the events alone");
    }

    #[test]
    fn a_repeated_row_is_found((mut records, one, other) in chain_and_places()) {
        let again = records[one].clone();
        records.insert(other, again);
        prop_assert_eq!(read(&records, &[]), Err(Break::Repeated { seq: seq(one) }));
    }

    #[test]
    fn a_cut_end_is_found_by_a_witness((records, kept, witness) in chain_and_places()) {
        let found = read(&records[..kept], &[link(&records[witness])]);
        prop_assert_eq!(found, Err(Break::Truncated { seq: seq(kept), witnessed: seq(witness) }));
    }

    #[test]
    fn a_chain_written_anew_is_found_by_a_witness((records, changed, witness) in chain_and_places()) {
        let mut events: Vec<Vec<u8>> = records.iter().map(|record| record.event.clone()).collect();
        events[changed].push(0);
        let anew = write(&events);
        prop_assert!(read(&anew, &[]).is_ok(), "only a witness can tell");
        let mut witnesses = vec![link(&records[witness])];
        let after = changed.checked_sub(1).map_or(0, |before| {
            witnesses.push(link(&records[before]));
            seq(before)
        });
        prop_assert_eq!(read(&anew, &witnesses), Err(Break::Rewritten { after, witnessed: seq(witness) }));
    }

    #[test]
    fn a_record_of_another_chain_does_not_fit(events in prop::collection::vec(any::<Vec<u8>>(), 1..4)) {
        let rows = write(&events).into_iter().map(Ok::<_, Infallible>);
        let other = verify(Chain::begin(b"site"), rows, &[]);
        prop_assert_eq!(other, Err(VerifyError::Broken(Break::Changed { seq: 1 })));
    }
}

#[test]
fn a_chain_that_cannot_be_read_is_not_called_broken() {
    let mut rows: Vec<Result<Record, &str>> = write(&[vec![1], vec![2]]).into_iter().map(Ok).collect();
    rows.push(Err("disk"));
    assert_eq!(
        verify(Chain::begin(b"core"), rows.clone(), &[]),
        Err(VerifyError::Unread("disk"))
    );
    rows.remove(0).expect("the first one can be read");
    assert_eq!(
        verify(Chain::begin(b"core"), rows, &[]),
        Err(VerifyError::Unread("disk"))
    );
}
