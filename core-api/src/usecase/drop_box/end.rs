//! Drop boxes end: with their time, with what came in being damaged, or with what their site knew. Whoever asked is told
//! where something may have been put in that he will never see.

use contract::sync::Token;
use domain::Timestamp;
use sqlite::Connection;

use super::details::DropDetails;
use crate::core::Core;
use crate::mail::letter::{Content, Letter, MessageEvent, MessageNews};
use crate::store::audit::{Event, Personal};
use crate::store::drop_box::{self, Request, Stage};
use crate::store::{Id, StoreError, audit};
use crate::worker::outbox::{Job, NOTICE_KEPT, queue};

/// Ends a request, with its private key and with what came in.
///
/// # Errors
/// When the database fails.
pub(super) fn end(
    c: &Connection,
    core: &Core,
    request: &Request,
    how: Stage,
    now: Timestamp,
) -> Result<(), StoreError> {
    let details = DropDetails::open(&core.at_rest, &request.id, &request.details)
        .inspect_err(|error| tracing::error!(%error, "a drop request's details cannot be read"))
        .unwrap_or_default()
        .without_key();
    let left = details.lock(&core.at_rest, &request.id, &*core.randomness)?;
    if !drop_box::end(c, &request.id, how, &left, now)? {
        return Ok(());
    }
    let event = Event::DropEnded {
        request: Token::from(request.id).to_string(),
        how: how.word().to_owned(),
    };
    audit::append(c, &core.entry(event, "", "core", Personal::default()), now)?;
    if matches!(how, Stage::Damaged | Stage::Lost) {
        tell(c, core, request, MessageEvent::DropLost, now)?;
    }
    Ok(())
}

/// What becomes of a site's drop boxes when it begins anew and has forgotten them: their links work again once they
/// are brought there again. Where something was put in that did not come inside, it is lost.
///
/// # Errors
/// When the database fails.
pub(in crate::usecase) fn begin_anew(
    c: &Connection,
    core: &Core,
    site: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    drop_box::await_again(c, site)?;
    for request in drop_box::at_stage(c, site, Stage::OnSite, u32::MAX)? {
        end(c, core, &request, Stage::Lost, now)?;
    }
    Ok(())
}

/// Ends up to `most` drop boxes of a site that is given up; says how many.
///
/// # Errors
/// When the database fails.
pub(in crate::usecase) fn give_up(
    c: &Connection,
    core: &Core,
    site: &str,
    most: u32,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut open = drop_box::at_stage(c, site, Stage::Waiting, most)?;
    open.extend(drop_box::at_stage(c, site, Stage::OnSite, most)?);
    for request in &open {
        end(c, core, request, Stage::Lost, now)?;
    }
    Ok(open.len())
}

/// Whoever asked is told, if he wants to be.
///
/// # Errors
/// When the database fails.
pub(super) fn tell(
    c: &Connection,
    core: &Core,
    request: &Request,
    event: MessageEvent,
    now: Timestamp,
) -> Result<(), StoreError> {
    let details = match DropDetails::open(&core.at_rest, &request.id, &request.details) {
        Ok(details) => details,
        Err(error) => {
            tracing::error!(%error, "a drop request's details cannot be read, so nobody is told");
            return Ok(());
        }
    };
    let Some(to) = details.notify.clone() else {
        return Ok(());
    };
    let letter = Letter {
        to,
        language: core.settings.messages.language.clone(),
        content: Content::MessageNews(MessageNews {
            event,
            at: now,
            place: None,
            message: Token::from(request.id).to_string(),
            recipient: None,
            reason: details.reason.clone(),
        }),
    };
    let id: Id = core.new_id();
    queue(
        c,
        &core.at_rest,
        &*core.randomness,
        &id,
        &Job::Mail(letter),
        now,
        now.plus(NOTICE_KEPT),
    )
}
