//! Reads a chain from its beginning and names the first record that does not fit.

use crate::{Chain, Hash, Link};

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub seq: u64,
    /// The event's bytes.
    pub event: Vec<u8>,
    /// The hash stored beside them.
    pub hash: Hash,
}

/// The first thing that is wrong with a chain. Everything before it is as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// The event or its hash is not what was written.
    #[error("record {seq} was changed")]
    Changed {
        /// The record.
        seq: u64,
    },
    /// A record is gone and later ones are there.
    #[error("record {seq} is missing: the next one is {next}")]
    Missing {
        /// The first number that is missing.
        seq: u64,
        /// The number that came instead.
        next: u64,
    },
    /// A number comes a second time.
    #[error("record {seq} is there twice")]
    Repeated {
        /// The number.
        seq: u64,
    },
    /// Two records stand in each other's place.
    #[error("records {seq} and {with} were swapped")]
    Swapped {
        /// The earlier place.
        seq: u64,
        /// The place where the record stands that belongs there.
        with: u64,
    },
    /// The end was cut off: a witness knows a later record.
    #[error("the records from {seq} to {witnessed} were cut off")]
    Truncated {
        /// The first number that is missing.
        seq: u64,
        /// The number that the witness knows.
        witnessed: u64,
    },
    /// The chain fits together and is not the one that the witness saw: it was written anew.
    #[error("the records after {after}, up to {witnessed}, are not those that were witnessed")]
    Rewritten {
        /// The last number that is confirmed by a witness or by the start.
        after: u64,
        /// The number whose hash the witness knows otherwise.
        witnessed: u64,
    },
}

/// Why a chain could not be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError<E> {
    /// It is broken.
    #[error("{0}")]
    Broken(Break),
    /// It could not be read to the end, which says nothing about it.
    #[error("{0}")]
    Unread(E),
}

impl<E> From<Break> for VerifyError<E> {
    fn from(found: Break) -> Self {
        Self::Broken(found)
    }
}

/// Follows the records, in the order in which they are stored, from `start` to their end, and compares with what
/// `witnesses` saw (in any order; those before `start` are pruned and say nothing).
///
/// Gives the chain's end, to be compared or signed. Reads one record at a time; after a break it reads on, to tell
/// a swap from a change.
pub fn verify<E>(
    start: Chain,
    records: impl IntoIterator<Item = Result<Record, E>>,
    witnesses: &[Link],
) -> Result<Chain, VerifyError<E>> {
    let mut watch = Watch::new(start, witnesses);
    let mut chain = start;
    watch.compare(chain.end())?;
    let mut records = records.into_iter();
    while let Some(record) = records.next() {
        let record = record.map_err(VerifyError::Unread)?;
        let place = chain;
        let expected = chain.append(&record.event);
        if record.seq == expected.seq && record.hash == expected.hash {
            watch.compare(expected)?;
        } else {
            return Err(name_break(place, &record, records));
        }
    }
    watch.finish(chain.end())?;
    Ok(chain)
}

/// Tells what happened at the place after `place`, where `found` stands and does not fit.
fn name_break<E>(
    place: Chain,
    found: &Record,
    mut later: impl Iterator<Item = Result<Record, E>>,
) -> VerifyError<E> {
    let seq = place.end().seq + 1;
    if found.seq < seq {
        return Break::Repeated { seq: found.seq }.into();
    }
    let belongs_here = |other: &Record| {
        let hash = place.hash_of(&other.event);
        // Whole rows were swapped, or the events alone, under hashes that stayed.
        (hash == other.hash || hash == found.hash) && (other.seq == seq || found.seq == seq)
    };
    loop {
        match later.next() {
            Some(Ok(other)) if belongs_here(&other) => {
                return Break::Swapped {
                    seq,
                    with: other.seq.max(found.seq),
                }
                .into();
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return VerifyError::Unread(error),
            None if found.seq > seq => return Break::Missing { seq, next: found.seq }.into(),
            None => return Break::Changed { seq }.into(),
        }
    }
}

/// Holds the chain against what was seen of it elsewhere.
struct Watch {
    /// Still to come, the next one last.
    ahead: Vec<Link>,
    confirmed: u64,
}

impl Watch {
    fn new(start: Chain, witnesses: &[Link]) -> Self {
        let confirmed = start.end().seq;
        let mut ahead: Vec<Link> = witnesses
            .iter()
            .copied()
            .filter(|link| link.seq >= confirmed)
            .collect();
        ahead.sort_by_key(|link| std::cmp::Reverse(link.seq));
        Self { ahead, confirmed }
    }

    /// Several witnesses may have seen the same record.
    fn compare(&mut self, link: Link) -> Result<(), Break> {
        while let Some(witness) = self.ahead.pop_if(|witness| witness.seq == link.seq) {
            if witness.hash != link.hash {
                return Err(Break::Rewritten {
                    after: self.confirmed,
                    witnessed: link.seq,
                });
            }
            self.confirmed = link.seq;
        }
        Ok(())
    }

    fn finish(&self, end: Link) -> Result<(), Break> {
        self.ahead.first().map_or(Ok(()), |last| {
            Err(Break::Truncated {
                seq: end.seq + 1,
                witnessed: last.seq,
            })
        })
    }
}
