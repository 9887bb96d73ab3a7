//! What became of a message, for its sender.

use contract::ProblemKind;
use contract::message::{MessageEvent, MessageView};
use contract::sync::{End, Event, Token, What};
use domain::message::{Arrival, Ending, Live, Message as State};
use sqlite::Connection;

use super::details::Details;
use crate::core::Core;
use crate::keys::AtRest;
use crate::store::message::{self, Message};
use crate::store::{Id, StoreError, site_event};
use crate::usecase::UseCaseError;

/// Messages in one list.
pub const MOST: u32 = 200;

/// The message; of `sender` only, where one is named.
///
/// # Errors
/// `NotFound` for an unknown one, and for somebody else's.
pub async fn show(core: &Core, sender: Option<&str>, id: Id) -> Result<MessageView, UseCaseError> {
    let (sender, at_rest) = (sender.map(str::to_owned), std::sync::Arc::clone(&core.at_rest));
    core.store
        .read(move |c| {
            let found = own(c, sender.as_deref(), &id)?;
            found.map(|message| view(c, &at_rest, &message)).transpose()
        })
        .await?
        .ok_or_else(|| ProblemKind::NotFound.into())
}

/// The youngest messages, or the next ones after `before`, which was the last so far; without what happened to them.
///
/// # Errors
/// `NotFound` when `before` is unknown, or somebody else's.
pub async fn list(
    core: &Core,
    sender: Option<&str>,
    before: Option<Id>,
) -> Result<Vec<MessageView>, UseCaseError> {
    let (sender, at_rest) = (sender.map(str::to_owned), std::sync::Arc::clone(&core.at_rest));
    core.store
        .read(move |c| {
            if let Some(before) = &before
                && own(c, sender.as_deref(), before)?.is_none()
            {
                return Ok(None);
            }
            let rows = message::list(c, sender.as_deref(), before.as_ref(), MOST)?;
            Ok(Some(rows.iter().map(|row| told(&at_rest, row, vec![])).collect()))
        })
        .await?
        .ok_or_else(|| ProblemKind::NotFound.into())
}

/// The message with this id, if it is this sender's.
pub(super) fn own(c: &Connection, sender: Option<&str>, id: &Id) -> Result<Option<Message>, StoreError> {
    Ok(message::by_id(c, id)?.filter(|message| sender.is_none_or(|sender| sender == message.sender)))
}

fn view(c: &Connection, at_rest: &AtRest, message: &Message) -> Result<MessageView, StoreError> {
    let mut events: Vec<MessageEvent> = site_event::of_message(c, &message.site, &message.id)?
        .iter()
        .filter_map(happened)
        .collect();
    // An end that no site told of stands in the message alone.
    if let Some(ended) = message.state.ended()
        && matches!(ended.how, Ending::NotSent | Ending::Lost)
    {
        events.push(MessageEvent {
            kind: ended.how.word().to_owned(),
            at: ended.at.0,
            source: None,
        });
    }
    Ok(told(at_rest, message, events))
}

fn told(at_rest: &AtRest, message: &Message, events: Vec<MessageEvent>) -> MessageView {
    let details = Details::open(at_rest, &message.id, &message.details)
        .inspect_err(|error| tracing::error!(%error, "a message's details cannot be read"))
        .ok();
    let (to, reason) = details.map_or((None, None), |details| (details.to, details.reason));
    MessageView {
        id: Token::from(message.id).to_string(),
        state: message.state.stage().to_owned(),
        site: message.site.clone(),
        made_at: message.made_at.0,
        expires_at: message.expires_at.0,
        readings_left: message.state.live().map(Live::readings_left),
        arrival: arrival(&message.state).map(str::to_owned),
        to,
        reason,
        events,
    }
}

fn arrival(state: &State) -> Option<&'static str> {
    state.ended().map(|ended| match ended.arrival {
        Arrival::Unopened => "unopened",
        Arrival::Unconfirmed => "unconfirmed",
        Arrival::Confirmed => "confirmed",
    })
}

fn happened(event: &Event) -> Option<MessageEvent> {
    let (kind, source) = match &event.what {
        What::Opened { source, .. } => ("opened", Some(source)),
        What::Delivered { .. } => ("delivered", None),
        What::WrongPassphrase { source, .. } => ("wrong-passphrase", Some(source)),
        What::Ended { state, .. } => (end_word(*state), None),
        What::Unlocked { .. } => ("unlocked", None),
        What::Extended { .. } => ("extended", None),
        What::Dropped { source, .. } => ("dropped", Some(source)),
        What::Noise { .. } | What::Started { .. } => return None,
    };
    Some(MessageEvent {
        kind: kind.to_owned(),
        at: event.at,
        source: source.cloned(),
    })
}

fn end_word(end: End) -> &'static str {
    match end {
        End::Read => Ending::Read,
        End::Expired => Ending::Expired,
        End::Revoked => Ending::Revoked,
        End::Destroyed => Ending::Destroyed,
    }
    .word()
}
