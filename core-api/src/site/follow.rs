//! Whether what a site says follows from what is known of it, link by link.

use std::net::IpAddr;

use contract::sync::{Event, Events, What};
use journal::{
    Break, Chain, Hash, Head, Link, Ratchet, Record, Signed, Statement as _, Tag, VerifyError, VerifyingKey,
    verify,
};

/// The longest event, in bytes. Those of this release are half as long.
const LONGEST: usize = 1024;

/// What is known.
pub struct Known<'a> {
    /// The site.
    pub site: &'a str,
    /// Its key.
    pub key: &'a VerifyingKey,
    /// Its epoch.
    pub epoch: u64,
    /// The last event that is kept.
    pub last: Link,
    /// The ratchet's key of the next one.
    pub ratchet: Ratchet,
}

/// What follows from it.
pub struct Followed {
    /// The new events: number, the text that was chained, and what it says.
    pub events: Vec<(u64, String, Event)>,
    /// The last of them; with none, what was known.
    pub last: Link,
    /// The ratchet's key of the next one.
    pub ratchet: Ratchet,
    /// The head that vouches for it.
    pub head: Head,
    /// Whether there are more.
    pub more: bool,
}

/// Why nothing of an answer is taken: each is an alarm of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The head is not signed by the site, or speaks of another chain.
    Head,
    /// The site's chain is not the one that is known here.
    Fork,
    /// An event is missing.
    Missing,
    /// An event was changed.
    Changed,
    /// Two events were swapped.
    Swapped,
    /// An event does not have the ratchet's tag.
    Tag,
    /// An event is of no kind that this release knows.
    Unreadable,
}

/// Takes an answer apart. All of it fits, or nothing is taken.
///
/// # Errors
/// The first thing that does not fit.
pub fn follow(known: Known<'_>, answer: Events) -> Result<Followed, Wrong> {
    let head = head(&known, &answer.head)?;
    let count = u64::try_from(answer.events.len()).unwrap_or(u64::MAX);
    let end = known.last.seq.saturating_add(count);
    if head.seq < end {
        return Err(if count == 0 { Wrong::Fork } else { Wrong::Head });
    }
    if count == 0 && head.seq > end {
        return Err(Wrong::Missing);
    }
    if count == 0 && head.seq == end && head.hash != known.last.hash {
        return Err(Wrong::Fork);
    }
    let witness = (head.seq == end).then(|| head.link());
    let last = chained(known.last, &answer, witness)?;
    let ratchet = tagged(known, &answer)?;
    let events = answer
        .events
        .into_iter()
        .map(|stored| {
            let event = read(&stored.event).ok_or(Wrong::Unreadable)?;
            Ok((stored.seq, stored.event, event))
        })
        .collect::<Result<_, _>>()?;
    Ok(Followed {
        events,
        last,
        ratchet,
        more: head.seq > end,
        head,
    })
}

/// What it says, if that is all that an event says: an address is one, so that nothing else gets to people's eyes in
/// its place.
fn read(text: &str) -> Option<Event> {
    let event: Event = (text.len() <= LONGEST).then(|| serde_json::from_str(text).ok())??;
    let (What::Opened { source, .. } | What::WrongPassphrase { source, .. } | What::Dropped { source, .. }) =
        &event.what
    else {
        return Some(event);
    };
    source.parse::<IpAddr>().is_ok().then_some(event)
}

fn head(known: &Known<'_>, line: &str) -> Result<Head, Wrong> {
    let signed: Signed = line.parse().map_err(|_| Wrong::Head)?;
    let head = Head::open(&signed, known.key).map_err(|_| Wrong::Head)?;
    if head.name == known.site && head.epoch == known.epoch {
        Ok(head)
    } else {
        Err(Wrong::Head)
    }
}

fn chained(last: Link, answer: &Events, witness: Option<Link>) -> Result<Link, Wrong> {
    let records = answer.events.iter().map(|stored| {
        Ok::<_, std::convert::Infallible>(Record {
            seq: stored.seq,
            event: stored.event.clone().into_bytes(),
            hash: Hash::from(*stored.hash.as_bytes()),
        })
    });
    let witnesses: Vec<Link> = witness.into_iter().collect();
    match verify(Chain::resume(last), records, &witnesses) {
        Ok(chain) => Ok(chain.end()),
        Err(VerifyError::Broken(broken)) => Err(match broken {
            Break::Missing { .. } | Break::Truncated { .. } => Wrong::Missing,
            Break::Swapped { .. } => Wrong::Swapped,
            Break::Changed { .. } | Break::Repeated { .. } => Wrong::Changed,
            Break::Rewritten { .. } => Wrong::Head,
        }),
        Err(VerifyError::Unread(never)) => match never {},
    }
}

fn tagged(known: Known<'_>, answer: &Events) -> Result<Ratchet, Wrong> {
    answer.events.iter().try_fold(known.ratchet, |ratchet, stored| {
        let link = Link {
            seq: stored.seq,
            hash: Hash::from(*stored.hash.as_bytes()),
        };
        let tag = Tag::from(*stored.tag.as_bytes());
        ratchet
            .check(known.site, known.epoch, link, &tag)
            .ok_or(Wrong::Tag)
    })
}
