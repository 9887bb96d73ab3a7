//! Does to a message what the core orders, once.

use std::sync::Arc;

use contract::sync::{Command, Commanded, End, Ended, Order, What};
use sqlite::Connection;

use super::sweep::{COMMANDS_KEPT, UNKNOWN_KEPT};
use super::to_its_end;
use crate::given::Step;
use crate::running::{Epoch, Running, Side};
use crate::site::SiteError;
use crate::store::message::Message;
use crate::store::{chain, claim, command, message};

/// For so long a push can still come that was sent before its revocation, in milliseconds: its signature is good for five
/// minutes by a clock that may be five minutes off, and a request may take some more.
const ON_ITS_WAY: i64 = 15 * 60 * 1000;

/// As many commands for unknown messages may be remembered for one more to be taken: whoever makes up ids fills no disk.
const MOST_UNKNOWN: u32 = 100_000;

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
    let asked = Asked {
        epoch: Arc::clone(&entered),
        command: command.clone(),
        now: site.now(),
    };
    let place = site.place(Side::Sync).await?;
    let site = Arc::clone(site);
    to_its_end(entered, async move {
        let _place = place;
        let first = asked.clone();
        let outcome = match site.site.write(move |c| first.try_once(c)).await? {
            Some(outcome) => outcome,
            // Perhaps its push is on the way, though nobody waits for it any more: then it comes first.
            None => settle_behind_pushes(&site, asked).await?,
        };
        site.step(Step::CommandDone);
        if let Some(seq) = outcome.seq {
            site.announce(seq);
        }
        site.count_ended(usize::from(outcome.ended));
        Ok(outcome.answer)
    })
    .await
}

async fn settle_behind_pushes(site: &Running, asked: Asked) -> Result<Outcome, SiteError> {
    // For what keeps a revoked message away.
    let loose = (asked.command.order == Order::Revoke).then(|| site.rows.take());
    let row = loose.as_ref().map(|loose| loose.row);
    let settle = move |c: &Connection| asked.settle(c, row);
    let (outcome, row_is_used) = site.site.write_behind(&site.keys, settle).await?;
    if let Some(loose) = loose.filter(|_| row_is_used) {
        loose.keep();
    }
    Ok(outcome)
}

/// A command, on the writer's side.
#[derive(Clone)]
struct Asked {
    epoch: Arc<Epoch>,
    command: Command,
    now: i64,
}

impl Asked {
    /// Nothing, if there is no such message.
    fn try_once(&self, c: &Connection) -> Result<Option<Outcome>, SiteError> {
        if let Some(answer) = command::answer(c, self.command.id)? {
            return Ok(Some(answer.into()));
        }
        let found = message::by_id(c, self.command.message)?;
        let Some(message) = found.filter(|message| !message.never_came()) else {
            return Ok(None);
        };
        let outcome = carry_out(c, &self.epoch, &self.command, &message, self.now)?;
        command::insert(c, self.command.id, outcome.answer, self.now)?;
        Ok(Some(outcome))
    }

    /// The same, but that there is no such message is an answer, too. A revoked one does not come later either: `row` is for
    /// what keeps it away. Says whether it is used.
    fn settle(&self, c: &Connection, row: Option<i64>) -> Result<(Outcome, bool), SiteError> {
        if let Some(outcome) = self.try_once(c)? {
            return Ok((outcome, false));
        }
        if command::are_more_unknown_than(c, MOST_UNKNOWN)? {
            return Err(SiteError::TooManyUnknown);
        }
        let Command { id, message, .. } = self.command;
        let is_new = message::by_id(c, message)?.is_none();
        let row = row.filter(|_| is_new);
        if let Some(row) = row {
            let (state, at) = (End::Revoked, self.now);
            let due = at.saturating_add(ON_ITS_WAY);
            message::bury_unseen(c, row, message, Ended { state, at }, due)?;
        }
        let at = self.now.saturating_sub(COMMANDS_KEPT - UNKNOWN_KEPT);
        command::insert(c, id, Commanded::Unknown, at)?;
        Ok((Commanded::Unknown.into(), row.is_some()))
    }
}

fn carry_out(
    c: &Connection,
    epoch: &Epoch,
    command: &Command,
    message: &Message,
    now: i64,
) -> Result<Outcome, SiteError> {
    if let Some(ended) = message.ended(now) {
        return Ok(Commanded::Ended(ended).into());
    }
    match command.order {
        Order::Revoke => end(c, message, End::Revoked, now),
        Order::Destroy if message.is_locked() => end(c, message, End::Destroyed, now),
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
