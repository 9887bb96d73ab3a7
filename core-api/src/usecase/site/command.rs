//! Brings commands to a site, each until it is answered. The site does a repeated one once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use client::ClientError;
use client::site::{SiteApi, SiteError};
use contract::ProblemKind;
use contract::sync::{self, Commanded, Order, Token};
use domain::Timestamp;
use domain::message::{Ending, Event, Message as State};
use sqlite::Connection;

use super::pull::unbelieved;
use super::push::Tried;
use crate::core::Core;
use crate::steps::Step;
use crate::store::command::{self, Command};
use crate::store::site::{self, Site};
use crate::store::{Id, StoreError, message};
use crate::usecase::message::step::{Seen, step};

/// Commands between two looks at messages that wait.
const TOGETHER: usize = 32;
/// How long a command for a message that a site does not know is passed over.
pub const PASSED_OVER: Duration = Duration::from_mins(1);
/// So many that are passed over are enough: what waits behind more has to wait.
const MOST_PASSED_OVER: usize = 4096;
/// After so many were refused it is the turn of what is pushed; the next time goes on behind them.
const MOST_REFUSED: usize = 64;

/// Commands that a site did not take because it remembers too many for messages that it does not know, and until when each
/// is passed over. They must not hold up those for other messages, nor what is pushed. Whatever else a site has no room
/// for holds up all: a later order for a message must not get there before an earlier one.
#[derive(Debug, Default)]
pub struct PassedOver(BTreeMap<Id, Timestamp>);

impl PassedOver {
    /// Of a clock that was set back nothing is kept for longer.
    fn forget(&mut self, now: Timestamp) {
        self.0
            .retain(|_, until| *until > now && *until <= now.plus(PASSED_OVER));
    }

    fn insert(&mut self, command: Id, now: Timestamp) {
        self.0.insert(command, now.plus(PASSED_OVER));
    }

    fn is_full(&self) -> bool {
        self.0.len() >= MOST_PASSED_OVER
    }
}

/// What came of some commands.
#[derive(Default)]
struct Count {
    answered: usize,
    /// The site knows too many unknown ones.
    refused: usize,
}

/// Delivers the oldest commands but those that are passed over.
///
/// # Errors
/// When the database fails.
pub async fn command_some(
    core: &Arc<Core>,
    site: &Site,
    api: &dyn SiteApi,
    passed: &mut PassedOver,
) -> Result<Tried, StoreError> {
    passed.forget(core.now());
    let mut all = Count::default();
    // Until something is reached behind those that are not taken.
    loop {
        let count = match command_oldest(core, site, api, passed).await? {
            Ok(count) => count,
            Err(away) => return Ok(Tried::Away(away)),
        };
        all.answered += count.answered;
        all.refused += count.refused;
        if count.refused == 0 || all.refused >= MOST_REFUSED || passed.is_full() {
            break;
        }
    }
    if all.answered > 0 {
        core.wake.outbox.notify_one();
        core.wake.settled.notify_waiters();
        return Ok(Tried::Settled(all.answered));
    }
    Ok(if all.refused > 0 {
        Tried::Later
    } else {
        Tried::Nothing
    })
}

/// Delivers some, or says why it cannot.
async fn command_oldest(
    core: &Arc<Core>,
    site: &Site,
    api: &dyn SiteApi,
    passed: &mut PassedOver,
) -> Result<Result<Count, String>, StoreError> {
    let (name, most) = (site.name.clone(), TOGETHER + passed.0.len());
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    let mut waiting = core.store.read(move |c| command::waiting(c, &name, most)).await?;
    waiting.retain(|command| !passed.0.contains_key(&command.id));
    waiting.truncate(TOGETHER);
    let mut count = Count::default();
    for wanted in waiting {
        let asked = sync::Command {
            id: Token::from(wanted.id),
            message: Token::from(wanted.message),
            order: wanted.order,
        };
        match api.command(&asked).await {
            Ok(answer) => {
                core.step(Step::CommandAnswered);
                let (shared, name) = (Arc::clone(core), site.name.clone());
                core.store
                    .write(move |c| settle(c, &shared, &name, &wanted, answer))
                    .await?;
                core.step(Step::CommandSettled);
                count.answered += 1;
            }
            Err(SiteError::Unbelieved(line)) => {
                unbelieved(core, site, &line).await?;
                return Ok(Err("it does not believe us".to_owned()));
            }
            Err(SiteError::Client(ClientError::Problem(problem)))
                if problem.kind() == ProblemKind::TooManyUnknown =>
            {
                passed.insert(wanted.id, core.now());
                count.refused += 1;
            }
            Err(error) => return Ok(Err(error.to_string())),
        }
    }
    Ok(Ok(count))
}

/// What was done to a message is told by its events. Only of one that never got there nobody else tells.
fn settle(
    c: &Connection,
    core: &Core,
    site: &str,
    wanted: &Command,
    answer: Commanded,
) -> Result<(), StoreError> {
    let now = core.now();
    if !command::answer(c, &wanted.id, answer, now)? {
        return Ok(());
    }
    if wanted.order != Order::Revoke || answer != Commanded::Unknown {
        return Ok(());
    }
    match message::by_id(c, &wanted.message)?.filter(|message| message.site == site) {
        Some(message) if matches!(message.state, State::Waiting(_)) => {
            // What may have been there in a former epoch may have been read in it.
            let current = site::by_name(c, &message.site)?.map(|site| site.epoch);
            let how = if message.epoch.is_some() && message.epoch < current {
                Ending::Lost
            } else {
                Ending::Revoked
            };
            let ended = Event::Ended { how, at: now };
            step(c, core, message, ended, Seen::here(now)).map(drop)
        }
        _ => Ok(()),
    }
}
