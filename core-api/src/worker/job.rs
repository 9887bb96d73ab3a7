//! What the outbox holds, and how it gets there: one transaction writes down what happened and what is to follow.

use domain::{Method, Randomness, Timestamp};
use serde::{Deserialize, Serialize};
use sqlite::Connection;
use zeroize::Zeroizing;

use crate::keys::{AtRest, AtRestError, Locked};
use crate::mail::letter::Letter;
use crate::store::{Id, StoreError, outbox};

/// The kind of [`Job::SendCode`] in the table.
pub(super) const SEND_CODE: &str = "send-code";
/// The kind of [`Job::Mail`] with a code in the table: somebody is waiting for it.
pub(super) const MAIL_CODE: &str = "mail-code";
/// The kind of every other [`Job::Mail`].
pub(super) const MAIL: &str = "mail";
/// More than any job takes, so that its plain bytes are never moved, which would leave a copy behind.
const ROOM: usize = 4096;

/// Something that happens after the answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Prepare a code, if there is anybody to send it to.
    SendCode {
        /// For which recovery.
        recovery: Id,
        /// For which challenge of it; a newer one makes this job void.
        challenge: Id,
        /// By which method.
        method: Method,
    },
    /// Hand a letter to the mail server.
    Mail(Letter),
}

impl Job {
    fn kind(&self) -> &'static str {
        match self {
            Self::SendCode { .. } => SEND_CODE,
            Self::Mail(letter) if letter.is_code() => MAIL_CODE,
            Self::Mail(_) => MAIL,
        }
    }

    /// The recovery whose older job this one replaces.
    fn recovery(&self) -> Option<&Id> {
        match self {
            Self::SendCode { recovery, .. } => Some(recovery),
            Self::Mail(_) => None,
        }
    }

    /// Opens what the table holds.
    pub(super) fn open(at_rest: &AtRest, id: &Id, payload: &Locked) -> Result<Self, Unreadable> {
        let bytes = at_rest.open(id, payload)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

/// Why an item of the outbox cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// Its key is not configured, or its row was changed.
    #[error(transparent)]
    AtRest(#[from] AtRestError),
    /// It was written by another release.
    #[error("an item of the outbox is of no kind that this release knows")]
    Job(#[from] serde_json::Error),
}

/// Queues a job within the transaction that wants it. Wake the outbox once that is committed.
///
/// # Errors
/// When the database fails.
pub fn queue(
    c: &Connection,
    at_rest: &AtRest,
    randomness: &dyn Randomness,
    id: &Id,
    job: &Job,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), StoreError> {
    let mut plain = Zeroizing::new(Vec::with_capacity(ROOM));
    serde_json::to_writer(&mut *plain, job)?;
    let payload = at_rest.lock(id, &plain, randomness);
    outbox::insert(c, id, job.kind(), job.recovery(), &payload, now, until)
}
