//! Ends a site for good: nobody dials it any more, and what lived there counts as lost.

use std::sync::Arc;

use domain::message::Event;
use sqlite::Connection;

use super::pair::PairError;
use crate::core::Core;
use crate::store::audit::{Event as Audited, Personal};
use crate::store::{StoreError, alarm, audit, message, push, site};
use crate::usecase::drop_box;
use crate::usecase::message::step::{Seen, lose, step};
use crate::usecase::operators::alarm::through;

/// Messages or drop boxes that are given up in one transaction.
const TOGETHER: u32 = 200;

/// Retires it; says how many messages were given up.
///
/// # Errors
/// When it is not paired.
pub async fn retire(core: &Arc<Core>, name: &str, reference: &str, operator: &str) -> Result<u64, PairError> {
    let now = core.now();
    let personal = Personal {
        operator: Some(operator.to_owned()),
        ..Personal::default()
    };
    let entry = core.entry(Audited::SiteRetired, reference, &through(name), personal);
    let owned = name.to_owned();
    let retired = core
        .store
        .write(move |c| {
            if !site::retire(c, &owned, now)? {
                return Ok(false);
            }
            alarm::lower_all(c, &owned)?;
            audit::append(c, &entry, now)?;
            Ok(true)
        })
        .await?;
    core.wake.sites.notify_waiters();
    // Called again, it gives up what a restart left.
    let (mut total, mut has_left) = (0, retired);
    while give_up_drops(core, name).await? > 0 {
        has_left = true;
    }
    loop {
        match give_up_some(core, name).await? {
            0 if total == 0 && !has_left => return Err(PairError::NotPaired),
            0 => return Ok(total),
            some => total += some,
        }
    }
}

async fn give_up_drops(core: &Arc<Core>, name: &str) -> Result<usize, StoreError> {
    let (shared, site, now) = (Arc::clone(core), name.to_owned(), core.now());
    core.store
        .write(move |c| {
            if is_retired(c, &site)? {
                drop_box::end::give_up(c, &shared, &site, TOGETHER, now)
            } else {
                Ok(0)
            }
        })
        .await
}

/// What is retired only: a name that is paired is not given up by a mistaken word.
fn is_retired(c: &Connection, name: &str) -> Result<bool, StoreError> {
    Ok(site::by_name(c, name)?.is_some_and(|site| site.retired_at.is_some()))
}

async fn give_up_some(core: &Arc<Core>, name: &str) -> Result<u64, StoreError> {
    let (shared, site, now) = (Arc::clone(core), name.to_owned(), core.now());
    let given_up = core
        .store
        .write(move |c| {
            if !is_retired(c, &site)? {
                return Ok(0);
            }
            let living = message::not_ended(c, &site, TOGETHER)?;
            let count = u64::try_from(living.len()).unwrap_or(u64::MAX);
            for message in living {
                let seen = Seen::here(now);
                if push::was_tried(c, &message.id)? == Some(false) {
                    step(c, &shared, message, Event::Refused { at: now }, seen)?;
                } else {
                    lose(c, &shared, message, seen)?;
                }
            }
            Ok(count)
        })
        .await?;
    core.wake.outbox.notify_one();
    Ok(given_up)
}
