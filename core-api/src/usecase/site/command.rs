//! Brings commands to a site, each until it is answered. The site does a repeated one once.

use std::sync::Arc;

use client::site::{SiteApi, SiteError};
use contract::sync::{self, Commanded, Order, Token};
use domain::message::{Ending, Event, Message as State};
use sqlite::Connection;

use super::pull::unbelieved;
use super::push::Tried;
use crate::core::Core;
use crate::steps::Step;
use crate::store::command::{self, Command};
use crate::store::site::{self, Site};
use crate::store::{StoreError, message};
use crate::usecase::message::step::{Seen, step};

/// Commands between two looks at messages that wait.
const TOGETHER: u32 = 32;

/// Delivers the oldest commands.
///
/// # Errors
/// When the database fails.
pub async fn command_some(core: &Arc<Core>, site: &Site, api: &dyn SiteApi) -> Result<Tried, StoreError> {
    let name = site.name.clone();
    let waiting = core
        .store
        .read(move |c| command::waiting(c, &name, TOGETHER))
        .await?;
    let mut answered = 0;
    for wanted in waiting {
        let asked = sync::Command {
            id: Token::from(wanted.id),
            message: Token::from(wanted.message),
            order: wanted.order,
        };
        match api.command(&asked).await {
            Ok(answer) => {
                core.step(Step::CommandAnswered);
                let shared = Arc::clone(core);
                core.store
                    .write(move |c| settle(c, &shared, &wanted, answer))
                    .await?;
                core.step(Step::CommandSettled);
                answered += 1;
            }
            Err(SiteError::Unbelieved(line)) => {
                unbelieved(core, site, &line).await?;
                return Ok(Tried::Away("it does not believe us".to_owned()));
            }
            Err(error) => return Ok(Tried::Away(error.to_string())),
        }
    }
    if answered == 0 {
        return Ok(Tried::Nothing);
    }
    core.wake.outbox.notify_one();
    core.wake.settled.notify_waiters();
    Ok(Tried::Settled(answered))
}

/// What was done to a message is told by its events. Only of one that never got there nobody else tells.
fn settle(c: &Connection, core: &Core, wanted: &Command, answer: Commanded) -> Result<(), StoreError> {
    let now = core.now();
    if !command::answer(c, &wanted.id, answer, now)? {
        return Ok(());
    }
    if wanted.order != Order::Revoke || answer != Commanded::Unknown {
        return Ok(());
    }
    match message::by_id(c, &wanted.message)? {
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
