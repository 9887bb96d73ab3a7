//! Holds what lives on a site against what should live there.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use client::ClientError;
use client::site::{SiteApi, SiteError};
use contract::sync::Token;
use domain::Timestamp;
use journal::site::Inventory;
use journal::{Signed, Statement as _, VerifyingKey};
use sqlite::Connection;

use super::push::revoke_there;
use crate::core::Core;
use crate::store::site::Site;
use crate::store::{Id, StoreError, message};
use crate::usecase::message::step::{Seen, lose, name};
use crate::usecase::operators::alarm::{self, What};

/// More than any site should hold; what lists more is not believed.
const MOST: usize = 2_000_000;
/// Rows looked at in one transaction.
const TOGETHER: u32 = 500;

/// What should not live there and is revoked after one inventory; the rest after the next. A site that was taken over
/// may list what it likes, and each makes a few rows here.
const ODD_AT_A_TIME: usize = 50;

/// What lived on a site.
pub struct Living {
    /// When we began to ask.
    asked_at: Timestamp,
    ids: HashSet<Id>,
}

/// Asks a site for all that lives there.
///
/// # Errors
/// When it cannot be asked, or what it says is not signed by it.
pub async fn ask(core: &Core, site: &Site, api: &dyn SiteApi) -> Result<Living, SiteError> {
    let key = VerifyingKey::from_bytes(&site.key)
        .map_err(|_| ClientError::Protocol("the site's key is not one"))?;
    let asked_at = core.now();
    let mut ids = HashSet::new();
    let mut after = None;
    loop {
        let page = page(site, &key, after, &api.inventory(after).await?)?;
        let before = ids.len();
        for live in &page.live {
            let token: Token = live
                .id
                .parse()
                .map_err(|_| ClientError::Protocol("an id is not one"))?;
            ids.insert(*token.as_bytes());
            after = Some(token);
        }
        if !page.more {
            return Ok(Living { asked_at, ids });
        }
        if ids.len() == before || ids.len() > MOST {
            return Err(ClientError::Protocol("the inventory does not end").into());
        }
    }
}

fn page(site: &Site, key: &VerifyingKey, after: Option<Token>, line: &str) -> Result<Inventory, ClientError> {
    let wrong = ClientError::Protocol("the inventory is not this site's");
    let inventory = line
        .parse::<Signed>()
        .and_then(|signed| Inventory::open(&signed, key));
    let Ok(inventory) = inventory else {
        return Err(wrong);
    };
    let after = after.map_or_else(String::new, |id| id.to_string());
    if inventory.site == site.name && inventory.epoch == site.epoch && inventory.after == after {
        Ok(inventory)
    } else {
        Err(wrong)
    }
}

/// Judges what lived, once all events of that time are here. What lives there and should not is revoked. What should
/// live there and does not is missed: a site tells an end only when everything of it is erased, so it may be on its way.
/// What was missed `before`, too, is lost. Gives those that are missed for the first time.
///
/// # Errors
/// When the database fails.
pub async fn judge(
    core: &Arc<Core>,
    site: &Site,
    living: Living,
    before: &BTreeSet<Id>,
) -> Result<BTreeSet<Id>, StoreError> {
    let mut ids: Vec<Id> = living.ids.iter().copied().collect();
    ids.sort_unstable();
    let mut left = ODD_AT_A_TIME;
    for some in ids.chunks(usize::try_from(TOGETHER).unwrap_or(usize::MAX)) {
        let (asked_at, some) = (living.asked_at, some.to_vec());
        let mut odd = core.store.read(move |c| odd(c, &some, asked_at)).await?;
        odd.truncate(left);
        left -= odd.len();
        if !odd.is_empty() {
            end_odd(core, &site.name, odd).await?;
        }
    }
    lose_gone(core, site, &living, before).await
}

/// Those that should not live.
fn odd(c: &Connection, ids: &[Id], asked_at: Timestamp) -> Result<Vec<Id>, StoreError> {
    let mut odd = Vec::new();
    for id in ids {
        let is_right = message::by_id(c, id)?
            .is_some_and(|message| message.ended_at.is_none_or(|ended| ended >= asked_at));
        if !is_right {
            odd.push(*id);
        }
    }
    Ok(odd)
}

async fn end_odd(core: &Arc<Core>, site: &str, odd: Vec<Id>) -> Result<(), StoreError> {
    let (shared, site, now) = (Arc::clone(core), site.to_owned(), core.now());
    core.store
        .write(move |c| {
            for id in &odd {
                alarm::raise(c, &shared, &site, What::Unknown, &name(id), now)?;
                revoke_there(c, &shared, &site, id, now)?;
            }
            Ok(())
        })
        .await?;
    core.wake.sites.notify_waiters();
    Ok(())
}

async fn lose_gone(
    core: &Arc<Core>,
    site: &Site,
    living: &Living,
    before: &BTreeSet<Id>,
) -> Result<BTreeSet<Id>, StoreError> {
    let (mut after, mut missed) = ([0; 16], BTreeSet::new());
    loop {
        let name = site.name.clone();
        let some = core
            .store
            .read(move |c| message::perhaps_on_site(c, &name, &after, TOGETHER))
            .await?;
        let Some((last, _)) = some.last() else {
            return Ok(missed);
        };
        after = *last;
        let absent = some
            .into_iter()
            .filter(|(id, stored)| stored.is_some_and(|at| at < living.asked_at) && !living.ids.contains(id));
        let (gone, first): (Vec<Id>, Vec<Id>) = absent.map(|(id, _)| id).partition(|id| before.contains(id));
        missed.extend(first);
        if !gone.is_empty() {
            give_up(core, &site.name, gone).await?;
        }
    }
}

async fn give_up(core: &Arc<Core>, site: &str, gone: Vec<Id>) -> Result<(), StoreError> {
    let (shared, site, now) = (Arc::clone(core), site.to_owned(), core.now());
    core.store
        .write(move |c| {
            for id in &gone {
                let living = message::by_id(c, id)?.filter(|message| message.state.live().is_some());
                let Some(message) = living else { continue };
                alarm::raise(c, &shared, &site, What::Gone, &name(id), now)?;
                lose(c, &shared, message, Seen::here(now))?;
            }
            Ok(())
        })
        .await?;
    core.wake.outbox.notify_one();
    Ok(())
}
