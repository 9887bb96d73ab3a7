//! Mails every operator that the configuration names.

use domain::Timestamp;
use sqlite::Connection;

use crate::core::Core;
use crate::mail::letter::{Content, Letter};
use crate::store::StoreError;
use crate::worker::outbox::{Job, NOTICE_KEPT, queue};

/// Queues a letter to each, within the transaction that raises the alarm.
///
/// # Errors
/// When the database fails.
pub(in crate::usecase) fn tell_operators(
    c: &Connection,
    core: &Core,
    content: &Content,
    now: Timestamp,
) -> Result<(), StoreError> {
    for to in &core.settings.operators {
        let letter = Letter {
            to: to.clone(),
            language: String::new(),
            content: content.clone(),
        };
        let (id, until) = (core.new_id(), now.plus(NOTICE_KEPT));
        queue(
            c,
            &core.at_rest,
            &*core.randomness,
            &id,
            &Job::Mail(letter),
            now,
            until,
        )?;
    }
    Ok(())
}
