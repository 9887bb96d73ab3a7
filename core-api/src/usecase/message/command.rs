//! Revoke, extend, unlock and destroy: what a sender wants done to a message.

use std::mem::discriminant;
use std::sync::Arc;

use contract::sync::Order;
use domain::message::{Ending, Event, Message as State};
use sqlite::Connection;

use super::news::withdraw_link;
use super::step::{Seen, name, step};
use crate::core::Core;
use crate::store::audit::{Event as Audited, Personal};
use crate::store::command::{Command, On};
use crate::store::message::{self, Message};
use crate::store::{Id, StoreError, audit, command, push};

/// Orders that may wait for one message; it can be revoked beyond them. While a site is away somebody may repeat his as
/// often as he likes.
const MOST_WAITING: usize = 16;
/// Ends that are less apart are the same, in milliseconds: whoever asks again asks a little later.
const ALIKE_MS: u64 = 60_000;

/// Who wants it, and through what.
#[derive(Debug, Clone)]
pub struct By {
    /// The operator or peer.
    pub operator: String,
    /// `command`, or the peer's name.
    pub through: String,
    /// The reference of the request.
    pub reference: String,
}

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordered {
    /// It is done: the message never left.
    Done,
    /// It is on its way to the site, under this id.
    Queued(Id),
    /// There is no such message.
    Unknown,
    /// The message has ended.
    Ended(Ending),
    /// It does not fit the message's state.
    Unfitting,
    /// Too much is on its way to the site for this message.
    TooMany,
}

/// Does it, or has it done. The same wish twice is one.
///
/// # Errors
/// When the database fails.
pub async fn order(core: &Arc<Core>, message: Id, order: Order, by: By) -> Result<Ordered, StoreError> {
    let shared = Arc::clone(core);
    let ordered = core
        .store
        .write(move |c| {
            let Some(message) = message::by_id(c, &message)? else {
                return Ok(Ordered::Unknown);
            };
            decide(c, &shared, message, order, &by)
        })
        .await?;
    core.wake.outbox.notify_one();
    core.wake.sites.notify_waiters();
    Ok(ordered)
}

fn decide(
    c: &Connection,
    core: &Core,
    message: Message,
    order: Order,
    by: &By,
) -> Result<Ordered, StoreError> {
    if let Some(ended) = message.state.ended() {
        return Ok(Ordered::Ended(ended.how));
    }
    if !fits(&message.state, order) {
        return Ok(Ordered::Unfitting);
    }
    let now = core.now();
    let waiting = command::waiting_for(c, On::its_site(&message))?;
    let alike = alike(&waiting, order);
    if alike.is_none() && waiting.len() >= MOST_WAITING && order != Order::Revoke {
        return Ok(Ordered::TooMany);
    }
    if matches!(order, Order::Revoke | Order::Destroy) {
        // It is not on its way any more, so that it does not arrive after this.
        message::erase_secret(c, &message.id)?;
        withdraw_link(c, &message.id)?;
    }
    if let Some(alike) = alike {
        return Ok(Ordered::Queued(alike.id));
    }
    record(c, core, &message, order, by)?;
    if order == Order::Revoke {
        let tried = push::was_tried(c, &message.id)?;
        message::set_tried(c, &message.id)?;
        // Nor is the message itself.
        push::erase(c, &message.id)?;
        if tried == Some(false) {
            let ended = Event::Ended {
                how: Ending::Revoked,
                at: now,
            };
            step(c, core, message, ended, Seen::here(now))?;
            return Ok(Ordered::Done);
        }
    }
    let id = core.new_id();
    command::insert(c, &id, &message.id, &message.site, order, now)?;
    Ok(Ordered::Queued(id))
}

/// The last of its kind that waits, if it says the same.
fn alike(waiting: &[Command], order: Order) -> Option<&Command> {
    let last = waiting
        .iter()
        .find(|command| discriminant(&command.order) == discriminant(&order))?;
    let is_alike = match (last.order, order) {
        (Order::Extend { expires_at: one }, Order::Extend { expires_at: other }) => {
            one.abs_diff(other) < ALIKE_MS
        }
        _ => true,
    };
    is_alike.then_some(last)
}

/// Only what is locked can be unlocked, once, or destroyed.
fn fits(state: &State, order: Order) -> bool {
    match (order, state) {
        (Order::Unlock, State::Locked(live)) => !live.was_unlocked(),
        (Order::Destroy, State::Locked(_)) | (Order::Revoke | Order::Extend { .. }, _) => true,
        (Order::Unlock | Order::Destroy, _) => false,
    }
}

fn record(c: &Connection, core: &Core, message: &Message, order: Order, by: &By) -> Result<(), StoreError> {
    let event = Audited::MessageOrdered {
        message: name(&message.id),
        order: word(order).to_owned(),
    };
    let personal = Personal {
        operator: Some(by.operator.clone()),
        ..Personal::default()
    };
    let entry = core.entry(event, &by.reference, &by.through, personal);
    audit::append(c, &entry, core.now()).map(drop)
}

const fn word(order: Order) -> &'static str {
    match order {
        Order::Revoke => "revoke",
        Order::Extend { .. } => "extend",
        Order::Unlock => "unlock",
        Order::Destroy => "destroy",
    }
}
