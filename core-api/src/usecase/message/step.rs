//! One step of a message, with all that follows from it: state, audit, news, alarm, and what is erased.

use contract::sync::Token;
use domain::Timestamp;
use domain::message::{Change, Ending, Event, Message as State};
use sqlite::Connection;

use super::news::{News, tell, withdraw_link};
use crate::core::Core;
use crate::store::audit::{Event as Audited, Personal};
use crate::store::message::{self, Message};
use crate::store::{Id, StoreError, alarm as standing, audit, push};
use crate::usecase::operators::alarm::{self, What, through};

/// What is known about an event besides what it is.
#[derive(Debug, Clone, Copy)]
pub(in crate::usecase) struct Seen<'a> {
    /// When it happened, by the clock of whoever saw it.
    pub(in crate::usecase) at: Timestamp,
    /// From which address.
    pub(in crate::usecase) source: &'a str,
    /// Our own time.
    pub(in crate::usecase) now: Timestamp,
}

impl Seen<'_> {
    /// Here and now, by nobody from outside.
    pub(in crate::usecase) const fn here(now: Timestamp) -> Self {
        Self {
            at: now,
            source: "",
            now,
        }
    }
}

/// Takes the step, within the transaction of whatever brings it.
pub(in crate::usecase) fn step(
    c: &Connection,
    core: &Core,
    message: Message,
    event: Event,
    seen: Seen<'_>,
) -> Result<(Message, Change), StoreError> {
    let (state, change) = message.state.clone().step(event);
    let message = Message { state, ..message };
    message::set_state(c, &message.id, &message.state, seen.now)?;
    record(c, core, &message, event, change, seen)?;
    let news = news(&message.state, event, change, seen);
    if change == Change::Contradiction {
        let (site, id) = (&message.site, name(&message.id));
        // Told once for each message: whoever lies can repeat it as often as he likes.
        let is_first = !standing::stands(c, site, What::Contradiction.word(), &id)?;
        alarm::raise(c, core, site, What::Contradiction, &id, seen.now)?;
        if let Some(news) = news.filter(|_| is_first) {
            tell(c, core, &message, &news)?;
        }
    } else if let Some(news) = news {
        tell(c, core, &message, &news)?;
    }
    if matches!(change, Change::Ended(_)) {
        push::erase(c, &message.id)?;
        message::erase_secret(c, &message.id)?;
        withdraw_link(c, &message.id)?;
        for over in [What::Overdue, What::Receipt] {
            alarm::lower(c, &message.site, over, &name(&message.id))?;
        }
        metrics::counter!("messages_ended_total", "how" => message.state.stage()).increment(1);
    }
    Ok((message, change))
}

/// Gives a message up: it may or may not have been read, and no site will ever say.
pub(in crate::usecase) fn lose(
    c: &Connection,
    core: &Core,
    message: Message,
    seen: Seen<'_>,
) -> Result<(), StoreError> {
    let lost = Event::Ended {
        how: Ending::Lost,
        at: seen.at,
    };
    step(c, core, message, lost, seen).map(drop)
}

/// A message as it stands in its link, which is no secret.
pub(in crate::usecase) fn name(id: &Id) -> String {
    Token::from(*id).to_string()
}

/// Every reading and every end is in the audit, also those that should not have been.
fn record(
    c: &Connection,
    core: &Core,
    message: &Message,
    event: Event,
    change: Change,
    seen: Seen<'_>,
) -> Result<(), StoreError> {
    let id = name(&message.id);
    let audited = match (event, change) {
        (Event::Opened { readings_left }, _) => Audited::MessageOpened {
            message: id,
            readings_left,
        },
        (_, Change::Locked) => Audited::MessageLocked { message: id },
        (_, Change::Ended(how)) => Audited::MessageEnded { message: id, how },
        _ => return Ok(()),
    };
    let personal = Personal {
        source: (!seen.source.is_empty()).then(|| seen.source.to_owned()),
        ..Personal::default()
    };
    let entry = core.entry(audited, &core.new_reference(), &through(&message.site), personal);
    audit::append(c, &entry, seen.now).map(drop)
}

fn news(state: &State, event: Event, change: Change, seen: Seen<'_>) -> Option<News> {
    let (at, source) = (seen.at, seen.source.to_owned());
    match (change, event) {
        (Change::Opened, Event::Opened { readings_left }) => Some(News::Opened {
            at,
            source,
            readings_left,
        }),
        (Change::Contradiction, Event::Opened { .. }) => Some(News::OpenedBeyond { at, source }),
        (Change::Locked, _) => Some(News::Locked { at, source }),
        (Change::Ended(how), _) => state.ended().map(|ended| News::Ended { how, at: ended.at }),
        _ => None,
    }
}
