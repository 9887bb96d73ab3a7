//! Tells whoever sent a message what became of it, and its recipient, once the link works, where it is.

use std::time::Duration;

use contract::sync::{Order, Token};
use domain::Timestamp;
use domain::message::{Arrival, Ending};
use sha2::{Digest as _, Sha256};
use sqlite::Connection;

use super::details::Details;
use crate::core::Core;
use crate::mail::letter::{Content, Letter, MessageEvent, MessageLink, MessageNews, Secret};
use crate::store::command::{self, Command, On};
use crate::store::message::{self, Message};
use crate::store::{Id, StoreError, outbox};
use crate::worker::outbox::{Job, NOTICE_KEPT, queue};

/// How long a link is tried to be mailed: a mail server that is away longer is away for good, as far as a message of a
/// day is concerned.
const LINK_KEPT: Duration = NOTICE_KEPT;

/// What is told of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The site has taken it: its link works from now on.
    OnSite,
    /// It was opened.
    Opened {
        /// When, by the site's clock.
        at: Timestamp,
        /// From which address.
        source: String,
        /// How often it may still be opened.
        readings_left: u32,
    },
    /// It was opened, and should not have been: more often than allowed, or after its end.
    OpenedBeyond {
        /// When, by the site's clock.
        at: Timestamp,
        /// From which address.
        source: String,
    },
    /// Too many wrong passphrases.
    Locked {
        /// When, by the site's clock.
        at: Timestamp,
        /// From which address the last one came.
        source: String,
    },
    /// It is over.
    Ended {
        /// How.
        how: Ending,
        /// When.
        at: Timestamp,
    },
    /// The mail with its link was given up: nobody outside has it.
    NotMailed,
}

/// Queues what follows from the news, within the transaction that brings them: each comes once, in order. `message` is
/// the row as it stands after them. Wake the outbox once the transaction is committed.
///
/// # Errors
/// When the database fails.
pub fn tell(c: &Connection, core: &Core, message: &Message, news: &News) -> Result<(), StoreError> {
    let details = match Details::open(&core.at_rest, &message.id, &message.details) {
        Ok(details) => details,
        // What happened must still be written down, whoever cannot be told.
        Err(error) => {
            tracing::error!(%error, "a message's details cannot be read, so nobody is told what became of it");
            return Ok(());
        }
    };
    if *news == News::OnSite {
        return mail_link(c, core, message, &details);
    }
    tell_sender(c, core, message, details, news)
}

/// Trades the link in the row for the letter that carries it.
fn mail_link(c: &Connection, core: &Core, message: &Message, details: &Details) -> Result<(), StoreError> {
    let Some(locked) = &message.secret else {
        return Ok(());
    };
    message::erase_secret(c, &message.id)?;
    let Some(to) = &details.to else {
        return Ok(());
    };
    let link = match core.at_rest.open(&message.id, locked) {
        Ok(link) => Secret::new(String::from_utf8_lossy(&link).into_owned()),
        Err(error) => {
            tracing::error!(%error, "a link that was to be mailed cannot be read");
            return tell_sender(c, core, message, details.clone(), &News::NotMailed);
        }
    };
    let content = Content::MessageLink(MessageLink {
        message: message.id,
        link,
        until: message.expires_at,
        readings: details.readings,
        with_passphrase: details.with_passphrase,
    });
    let until = message.expires_at.min(core.now().plus(LINK_KEPT));
    let id = letter_id(&message.id, &News::OnSite);
    post(c, core, &id, to, content, until)
}

fn tell_sender(
    c: &Connection,
    core: &Core,
    message: &Message,
    details: Details,
    news: &News,
) -> Result<(), StoreError> {
    let Some((event, at, place)) = worth_telling(core, message, news) else {
        return Ok(());
    };
    let Some(notify) = details.notify else {
        return Ok(());
    };
    let content = Content::MessageNews(MessageNews {
        event,
        at,
        place,
        message: Token::from(message.id).to_string(),
        recipient: details.to,
        reason: details.reason,
    });
    let id = letter_id(&message.id, news);
    post(c, core, &id, &notify, content, core.now().plus(NOTICE_KEPT))
}

/// What a sender wants to know who did not do it himself.
fn worth_telling(
    core: &Core,
    message: &Message,
    news: &News,
) -> Option<(MessageEvent, Timestamp, Option<String>)> {
    match news {
        News::OnSite => None,
        News::Opened { at, source, .. } => Some((MessageEvent::Opened, *at, Some(source.clone()))),
        News::OpenedBeyond { at, source } => Some((MessageEvent::OpenedBeyond, *at, Some(source.clone()))),
        News::Locked { at, source } => Some((MessageEvent::Locked, *at, Some(source.clone()))),
        News::Ended { how, at } => {
            let event = match how {
                Ending::NotSent => MessageEvent::NotSent,
                Ending::Lost => MessageEvent::Lost,
                Ending::Expired if was_never_opened(message) => MessageEvent::Expired,
                Ending::Expired | Ending::Read | Ending::Revoked | Ending::Destroyed => return None,
            };
            Some((event, *at, None))
        }
        News::NotMailed => Some((MessageEvent::NotMailed, core.now(), None)),
    }
}

fn was_never_opened(message: &Message) -> bool {
    message
        .state
        .ended()
        .is_none_or(|ended| ended.arrival == Arrival::Unopened)
}

/// Erases the letter with the link, where it still waits: there is nothing any more that it leads to.
///
/// # Errors
/// When the database fails.
pub(super) fn withdraw_link(c: &Connection, message: &Id) -> Result<(), StoreError> {
    outbox::remove(c, &letter_id(message, &News::OnSite))
}

/// The message ends at another time, and the letter with its link is tried as long.
///
/// # Errors
/// When the database fails.
pub(in crate::usecase) fn extend_link(
    c: &Connection,
    message: &Id,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let id = letter_id(message, &News::OnSite);
    outbox::set_until(c, &id, expires_at, LINK_KEPT)
}

/// A letter as it is to be mailed now: of a message that was extended since it was queued, it tells the new end. `None`
/// for one with the link of a message that has ended or is to end: whoever took it out of the outbox did so before.
///
/// # Errors
/// When the database fails.
pub async fn up_to_date(core: &Core, letter: Letter) -> Result<Option<Letter>, StoreError> {
    let Content::MessageLink(link) = letter.content else {
        return Ok(Some(letter));
    };
    let id = link.message;
    let found = core.store.read(move |c| still_wanted(c, &id)).await?;
    Ok(found.map(|message| Letter {
        content: Content::MessageLink(MessageLink {
            until: message.expires_at,
            ..link
        }),
        ..letter
    }))
}

/// The message, unless it has ended or is ordered to.
fn still_wanted(c: &Connection, id: &Id) -> Result<Option<Message>, StoreError> {
    let Some(message) = message::by_id(c, id)?.filter(|message| message.state.ended().is_none()) else {
        return Ok(None);
    };
    let ends = |command: &Command| matches!(command.order, Order::Revoke | Order::Destroy);
    let is_to_end = command::waiting_for(c, On::its_site(&message))?.iter().any(ends);
    Ok((!is_to_end).then_some(message))
}

/// The mail with a link was given up: its sender is told, within the transaction that gives it up.
///
/// # Errors
/// When the database fails.
pub fn tell_not_mailed(c: &Connection, core: &Core, id: &Id) -> Result<(), StoreError> {
    match message::by_id(c, id)? {
        Some(message) if message.state.ended().is_none() => tell(c, core, &message, &News::NotMailed),
        _ => Ok(()),
    }
}

/// The same for the same news. A core that was put back to an older copy of its database has to tell again what happened
/// since: mailboxes recognise the double by its `Message-ID`, which is made of this.
fn letter_id(message: &Id, news: &News) -> Id {
    let what = match news {
        News::OnSite => "on-site".to_owned(),
        News::Opened {
            at, readings_left, ..
        } => format!("opened {} {readings_left}", at.0),
        News::OpenedBeyond { at, .. } => format!("opened-beyond {}", at.0),
        News::Locked { at, .. } => format!("locked {}", at.0),
        News::Ended { .. } => "ended".to_owned(),
        News::NotMailed => "not-mailed".to_owned(),
    };
    let hash = Sha256::new()
        .chain_update("sallyport/letter/1")
        .chain_update(message)
        .chain_update(what)
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    id
}

fn post(
    c: &Connection,
    core: &Core,
    id: &Id,
    to: &str,
    content: Content,
    until: Timestamp,
) -> Result<(), StoreError> {
    let letter = Letter {
        to: to.to_owned(),
        language: core.settings.messages.language.clone(),
        content,
    };
    queue(
        c,
        &core.at_rest,
        &*core.randomness,
        id,
        &Job::Mail(letter),
        core.now(),
        until,
    )
}
