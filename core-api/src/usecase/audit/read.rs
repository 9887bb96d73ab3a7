//! Writes into the audit that somebody reads it.

use domain::{Randomness, Timestamp, clock::random_bytes};

use crate::store::audit::{Entry, Event, Personal, Reading};
use crate::store::{Store, StoreError, audit};

/// Who reads, how, and from which record on.
pub struct Reader<'a> {
    /// In which way.
    pub how: Reading,
    /// From the record after this one on.
    pub after: u64,
    /// Whose process it is.
    pub operator: &'a str,
    /// Joins the record with the log.
    pub reference: &'a str,
}

/// Writes it down before anything is given away.
///
/// # Errors
/// When the store fails; then nothing may be read.
pub async fn note(
    store: &Store,
    randomness: &dyn Randomness,
    now: Timestamp,
    reader: &Reader<'_>,
) -> Result<(), StoreError> {
    let entry = Entry {
        event: Event::AuditRead {
            how: reader.how,
            after: reader.after,
        },
        reference: reader.reference.to_owned(),
        through: "command".to_owned(),
        personal: Personal {
            operator: Some(reader.operator.to_owned()),
            ..Personal::default()
        },
        salt: random_bytes(randomness),
    };
    store
        .write(move |c| audit::append(c, &entry, now))
        .await
        .map(drop)
}
