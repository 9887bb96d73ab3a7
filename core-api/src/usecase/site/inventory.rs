//! Holds what lives on a site against what should live there.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use client::ClientError;
use client::site::{SiteApi, SiteError};
use contract::sync::Token;
use domain::Timestamp;
use journal::site::{Inventory, Live};
use journal::{Signed, Statement as _, VerifyingKey};
use sqlite::Connection;

use super::push::revoke_there;
use crate::core::Core;
use crate::store::message::Message;
use crate::store::site::Site;
use crate::store::site_event::Place;
use crate::store::{Id, StoreError, alarm as standing, message, site_event};
use crate::usecase::message::step::{Seen, lose, name};
use crate::usecase::operators::alarm::{self, What};

/// More than any site should hold; what lists more is not believed.
const MOST: usize = 2_000_000;
/// Rows looked at in one transaction.
const TOGETHER: u32 = 500;

/// What is odd and is seen to after one inventory; the rest after the next. A site that was taken over may list what it
/// likes, and each makes a few rows here.
const ODD_AT_A_TIME: usize = 50;

/// What lived on a site.
pub struct Living {
    /// When we began to ask.
    asked_at: Timestamp,
    /// The last event that was here then.
    seq: u64,
    told: HashMap<Id, Figures>,
}

/// What is left of a message. Each change of it on a site is an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Figures {
    readings_left: u32,
    tries_left: u32,
    expires_at: i64,
}

impl Figures {
    const fn told(live: &Live) -> Self {
        Self {
            readings_left: live.readings_left,
            tries_left: live.tries_left,
            expires_at: live.expires_at,
        }
    }

    /// Nothing is left of one that has ended.
    fn known(message: &Message) -> Option<Self> {
        message.state.live().map(|live| Self {
            readings_left: live.readings_left(),
            tries_left: live.tries_left(),
            expires_at: message.expires_at.0,
        })
    }
}

/// Asks a site for all that lives there.
///
/// # Errors
/// When it cannot be asked, or what it says is not signed by it.
pub async fn ask(core: &Core, site: &Site, api: &dyn SiteApi) -> Result<Living, SiteError> {
    let key = VerifyingKey::from_bytes(&site.key)
        .map_err(|_| ClientError::Protocol("the site's key is not one"))?;
    let (asked_at, seq) = (core.now(), site.last.seq);
    let mut told = HashMap::new();
    let mut after = None;
    loop {
        let page = page(site, &key, after, &api.inventory(after).await?)?;
        let before = told.len();
        for live in &page.live {
            let token: Token = live
                .id
                .parse()
                .map_err(|_| ClientError::Protocol("an id is not one"))?;
            told.insert(*token.as_bytes(), Figures::told(live));
            after = Some(token);
        }
        if !page.more {
            return Ok(Living { asked_at, seq, told });
        }
        if told.len() == before || told.len() > MOST {
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

/// Judges what lived, once all events of that time are here. What lives there and should not is revoked. Of what should,
/// the site must say what its events said. What should live there and does not is missed: a site tells an end only when
/// everything of it is erased, so it may be on its way. What was missed `before`, too, is lost. Gives those that are missed
/// for the first time.
///
/// # Errors
/// When the database fails.
pub async fn judge(
    core: &Arc<Core>,
    site: &Site,
    living: Living,
    before: &BTreeSet<Id>,
) -> Result<BTreeSet<Id>, StoreError> {
    let mut told: Vec<(Id, Figures)> = living.told.iter().map(|(id, told)| (*id, *told)).collect();
    told.sort_unstable_by_key(|(id, _)| *id);
    let mut left = ODD_AT_A_TIME;
    for some in told.chunks(usize::try_from(TOGETHER).unwrap_or(usize::MAX)) {
        let (known, some) = (Known::at(site, &living), some.to_vec());
        let mut odd = core.store.read(move |c| known.odd(c, &some)).await?;
        odd.truncate(left);
        left -= odd.len();
        if !odd.is_empty() {
            tell_odd(core, &site.name, odd).await?;
        }
    }
    lose_gone(core, site, &living, before).await
}

/// What was known here when the site was asked.
struct Known {
    site: String,
    epoch: u64,
    seq: u64,
    asked_at: Timestamp,
}

/// What is wrong with a message that lives there.
enum Odd {
    /// It should not.
    Strange(Id),
    /// It should live on another site, where orders for it go.
    Elsewhere(Id),
    /// The site says something else of it than its events.
    Differing(Id),
}

impl Known {
    fn at(site: &Site, living: &Living) -> Self {
        Self {
            site: site.name.clone(),
            epoch: site.epoch,
            seq: living.seq,
            asked_at: living.asked_at,
        }
    }

    fn odd(&self, c: &Connection, told: &[(Id, Figures)]) -> Result<Vec<Odd>, StoreError> {
        let mut odd = Vec::new();
        for (id, figures) in told {
            let message = message::by_id(c, id)?;
            let may_live = |message: &Message| message.ended_at.is_none_or(|ended| ended >= self.asked_at);
            match message.filter(may_live) {
                None => odd.push(Odd::Strange(*id)),
                Some(message) if message.site != self.site => odd.push(Odd::Elsewhere(*id)),
                Some(message) if self.differs(c, &message, *figures)? => odd.push(Odd::Differing(*id)),
                Some(_) => {}
            }
        }
        Ok(odd)
    }

    /// Of a message about which an event came since the site was asked, nobody knows whether it was told before or after.
    fn differs(&self, c: &Connection, message: &Message, told: Figures) -> Result<bool, StoreError> {
        let known = Figures::known(message);
        if known.is_none_or(|known| known == told) {
            return Ok(false);
        }
        let place = Place {
            site: &self.site,
            epoch: self.epoch,
            seq: self.seq,
        };
        Ok(!site_event::is_any_after(c, place, &message.id)?)
    }
}

async fn tell_odd(core: &Arc<Core>, site: &str, odd: Vec<Odd>) -> Result<(), StoreError> {
    let (shared, site, now) = (Arc::clone(core), site.to_owned(), core.now());
    core.store
        .write(move |c| {
            for odd in &odd {
                match odd {
                    Odd::Strange(id) => {
                        alarm::raise(c, &shared, &site, What::Unknown, &name(id), now)?;
                        revoke_there(c, &shared, &site, id, now)?;
                    }
                    Odd::Elsewhere(id) => {
                        alarm::raise(c, &shared, &site, What::Unknown, &name(id), now)?;
                    }
                    Odd::Differing(id) => tell_differing(c, &shared, &site, &name(id), now)?,
                }
            }
            Ok(())
        })
        .await?;
    core.wake.sites.notify_waiters();
    Ok(())
}

/// After a reading that cannot have been, the figures differ anyway: that has its own alarm.
fn tell_differing(
    c: &Connection,
    core: &Core,
    site: &str,
    message: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !standing::stands(c, site, What::Contradiction.word(), message)? {
        alarm::raise(c, core, site, What::Figures, message, now)?;
    }
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
        let absent = some.into_iter().filter(|(id, stored)| {
            stored.is_some_and(|at| at < living.asked_at) && !living.told.contains_key(id)
        });
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
