//! Does to a message what the core orders, once.

use std::sync::Arc;

use contract::sync::{Command, Commanded, End, Ended, Order, What};
use sqlite::Connection;

use super::to_its_end;
use crate::given::Step;
use crate::running::{Epoch, Running};
use crate::site::SiteError;
use crate::store::message::Message;
use crate::store::{chain, claim, command, message};

/// What came of it, and what others have to be told.
struct Outcome {
    answer: Commanded,
    seq: Option<u64>,
    ended: bool,
}

impl From<Commanded> for Outcome {
    fn from(answer: Commanded) -> Self {
        Self {
            answer,
            seq: None,
            ended: false,
        }
    }
}

/// Carries the command out, or says what was answered the first time.
pub(crate) async fn run(site: &Arc<Running>, command: &Command) -> Result<Commanded, SiteError> {
    let entered = site.enter().await?;
    let now = site.now();
    let epoch = Arc::clone(&entered);
    let command = command.clone();
    let job = move |c: &Connection| {
        if let Some(answer) = command::answer(c, command.id)? {
            return Ok(Outcome::from(answer));
        }
        let outcome = carry_out(c, &epoch, &command, now)?;
        command::insert(c, command.id, outcome.answer, now)?;
        Ok(outcome)
    };
    let site = Arc::clone(site);
    to_its_end(entered, async move {
        // The way that a push goes: it comes after those that nobody waits for any more.
        let outcome = site.write_both(|_| Ok(()), job).await?;
        site.step(Step::CommandDone);
        if let Some(seq) = outcome.seq {
            site.announce(seq);
        }
        site.count_ended(usize::from(outcome.ended));
        Ok(outcome.answer)
    })
    .await
}

fn carry_out(c: &Connection, epoch: &Epoch, command: &Command, now: i64) -> Result<Outcome, SiteError> {
    let Some(message) = message::by_id(c, command.message)? else {
        return Ok(Commanded::Unknown.into());
    };
    if let Some(ended) = message.ended(now) {
        return Ok(Commanded::Ended(ended).into());
    }
    match command.order {
        Order::Revoke => end(c, &message, End::Revoked, now),
        Order::Destroy if message.is_locked() => end(c, &message, End::Destroyed, now),
        Order::Unlock if message.is_locked() && !message.unlocked => {
            message::unlock(c, message.row)?;
            let message = command.message;
            told(c, epoch, What::Unlocked { message }, now)
        }
        Order::Extend { expires_at } if expires_at > now => {
            message::extend(c, message.row, expires_at)?;
            let message = command.message;
            told(c, epoch, What::Extended { message, expires_at }, now)
        }
        Order::Destroy | Order::Unlock | Order::Extend { .. } => Ok(Commanded::Unfitting.into()),
    }
}

/// It ends at once; the event follows when it is erased.
fn end(c: &Connection, message: &Message, state: End, now: i64) -> Result<Outcome, SiteError> {
    message::end(c, message.row, Ended { state, at: now })?;
    claim::remove_all(c, message.row)?;
    Ok(Outcome {
        answer: Commanded::Done,
        seq: None,
        ended: true,
    })
}

fn told(c: &Connection, epoch: &Epoch, what: What, now: i64) -> Result<Outcome, SiteError> {
    let seq = chain::append(c, &epoch.owner, now, what)?;
    Ok(Outcome {
        answer: Commanded::Done,
        seq: Some(seq),
        ended: false,
    })
}
