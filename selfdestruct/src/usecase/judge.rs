//! Whether somebody may open a message. Judged twice: on a snapshot, and again in the transaction that takes the reading.

use contract::sync::Ended;
use sqlite::Connection;

use crate::site::SiteError;
use crate::store::claim;
use crate::store::message::{Message, State};

/// What somebody shows, behind a proof of the link that is right.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    /// Whether the passphrase is right, or none is needed.
    pub(crate) open_fits: bool,
    /// SHA-256 of the claim.
    pub(crate) claim: [u8; 32],
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A reading is taken.
    Take,
    /// The same reader within his lease: nothing is taken.
    Again,
    /// A wrong passphrase is counted.
    Wrong,
    /// Too many were wrong already.
    Locked,
    /// It has ended.
    Ended(Ended),
}

/// Judges. A lease outlives the readings and the expiry, and nothing else.
pub(crate) fn judge(c: &Connection, message: &Message, shown: Shown, now: i64) -> Result<Verdict, SiteError> {
    let again = message.state == State::Live
        && message.opened_at.is_some() // nobody has a lease on what was never opened
        && claim::until(c, message.row, &shown.claim)?.is_some_and(|until| now < until);
    Ok(match message.ended(now) {
        Some(ended) if !again => Verdict::Ended(ended),
        _ if again && shown.open_fits => Verdict::Again,
        _ if message.is_locked() => Verdict::Locked,
        _ if shown.open_fits => Verdict::Take,
        _ => Verdict::Wrong,
    })
}
