//! Erases what the audit may not keep any longer: names after one time, addresses after a shorter one.
//!
//! The chain stays as it is. A signed redaction, a record of its own, says which side rows went and why, so that
//! missing ones can be told from stolen ones.

use std::time::Duration;

use domain::Timestamp;
use journal::{Redaction, SigningKey, Statement as _};
use sqlite::Connection;

use crate::core::{Core, Retention};
use crate::store::audit::{self, Event, Kind, Personal};
use crate::store::{StoreError, fact};
use crate::worker::checkpoint::journal_key;

const DAY: Duration = Duration::from_hours(24);

/// Rows that go in one transaction: few enough that nobody's request waits for it.
const BATCH: u32 = 2000;

/// Erases one batch of each kind that is due, and says how many rows went. Whole days (UTC) become due, so that a
/// quiet core writes one redaction a day and not one a minute.
///
/// # Errors
/// When the store fails.
pub async fn redact(core: &Core) -> Result<usize, StoreError> {
    let (now, key) = (core.now(), journal_key(core.signing()));
    let mut erased = 0;
    for kind in Kind::ALL {
        let before = midnight(now.minus(keep(core.settings.retention, kind)));
        let (key, salt) = (key.clone(), core.new_salt());
        erased += core
            .store
            .write(move |c| redact_kind(c, kind, before, &key, salt, now))
            .await?;
    }
    Ok(erased)
}

fn keep(retention: Retention, kind: Kind) -> Duration {
    match kind {
        Kind::Names => retention.names,
        Kind::Addresses => retention.addresses,
    }
}

/// The beginning of the day (UTC).
fn midnight(at: Timestamp) -> Timestamp {
    let day = i64::try_from(DAY.as_millis()).expect("a day is short");
    Timestamp(at.0.div_euclid(day) * day)
}

fn redact_kind(
    c: &Connection,
    kind: Kind,
    before: Timestamp,
    key: &SigningKey,
    salt: [u8; 32],
    now: Timestamp,
) -> Result<usize, StoreError> {
    let gone = audit::erase(c, kind, before, BATCH)?;
    if gone.is_empty() {
        return Ok(0);
    }
    let count = gone.len();
    let redaction = Redaction::of(kind.name(), fact::generation(c)?, gone, "retention", now.0);
    let entry = audit::Entry {
        event: Event::Redacted {
            signed: redaction.sign(key).to_string(),
        },
        reference: String::new(),
        through: "core".to_owned(),
        personal: Personal::default(),
        salt,
    };
    let seq = audit::append(c, &entry, now)?;
    audit::insert_redaction(c, seq)?;
    Ok(count)
}
