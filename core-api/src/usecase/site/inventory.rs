//! Holds what lives on a site against what should live there.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use client::ClientError;
use client::site::{SiteApi, SiteError};
use contract::sync::{Order, Token};
use domain::Timestamp;
use journal::site::{Inventory, Live};
use journal::{Signed, Statement as _, VerifyingKey};
use sqlite::Connection;

use super::push::revoke_there;
use crate::core::Core;
use crate::store::command::On;
use crate::store::message::Message;
use crate::store::site::Site;
use crate::store::site_event::Place;
use crate::store::{Id, StoreError, alarm as standing, command, message, site_event};
use crate::usecase::message::step::{Seen, lose, name};
use crate::usecase::operators::alarm::{self, What};

/// More than any site should hold; what lists more is not believed.
const MOST: usize = 2_000_000;
/// Rows looked at in one transaction.
const TOGETHER: u32 = 500;

/// What is odd and new and is seen to after one inventory; the rest after the next. A site that was taken over may list
/// what it likes, and each makes a few rows here.
const ODD_AT_A_TIME: usize = 50;
/// While fewer alarms about what is odd stand, the next inventory comes soon when there is more: a core from an older copy
/// finds all that was sent since. Nobody looks at so many.
const MOST_SOON: u64 = 1_000;

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

/// What one inventory leaves for the next.
#[derive(Debug, Default)]
pub struct Left {
    /// What was missed for the first time.
    pub missed: BTreeSet<Id>,
    /// Whether there is more that is odd, and it should be seen to soon.
    pub is_more: bool,
}

/// Judges what lived, once all events of that time are here. What lives there and should not is revoked. Of what should,
/// the site must say what its events said. What should live there and does not is missed: a site tells an end only when
/// everything of it is erased, so it may be on its way. What was missed `before`, too, is lost.
///
/// # Errors
/// When the database fails.
pub async fn judge(
    core: &Arc<Core>,
    site: &Site,
    living: Living,
    before: &BTreeSet<Id>,
) -> Result<Left, StoreError> {
    let is_more = see_to_odd(core, site, &living).await?;
    let missed = lose_gone(core, site, &living, before).await?;
    Ok(Left { missed, is_more })
}

/// Says whether there is more, which should be seen to soon.
async fn see_to_odd(core: &Arc<Core>, site: &Site, living: &Living) -> Result<bool, StoreError> {
    let mut told: Vec<(Id, Figures)> = living.told.iter().map(|(id, told)| (*id, *told)).collect();
    told.sort_unstable_by_key(|(id, _)| *id);
    let (mut news, mut again) = (ODD_AT_A_TIME, ODD_AT_A_TIME);
    for some in told.chunks(usize::try_from(TOGETHER).unwrap_or(usize::MAX)) {
        let (known, some) = (Known::at(site, living), some.to_vec());
        let mut found = core.store.read(move |c| known.look(c, &some)).await?;
        let is_more = found.news.len() > news;
        found.news.truncate(news);
        found.again.truncate(again);
        news -= found.news.len();
        again -= found.again.len();
        if !found.news.is_empty() || !found.again.is_empty() {
            tell(core, &site.name, found).await?;
        }
        if is_more {
            let name = site.name.clone();
            return core.store.read(move |c| are_few(c, &name)).await;
        }
    }
    Ok(false)
}

fn are_few(c: &Connection, site: &str) -> Result<bool, StoreError> {
    let mut standing = 0;
    for what in [What::Unknown, What::Figures] {
        standing += standing::count(c, site, what.word())?;
    }
    Ok(standing < MOST_SOON)
}

/// What was known here when the site was asked.
struct Known {
    site: String,
    epoch: u64,
    seq: u64,
    asked_at: Timestamp,
}

/// What is odd.
#[derive(Default)]
struct Found {
    /// What nobody was told of, or nothing was done about.
    news: Vec<Odd>,
    /// What lives there still, though its revocation was answered.
    again: Vec<Id>,
}

/// What is wrong with a message that lives there.
enum Odd {
    /// It should not: it has ended here, was never made here, or belongs on another site, where it may well live.
    Strange(Id),
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

    fn look(&self, c: &Connection, told: &[(Id, Figures)]) -> Result<Found, StoreError> {
        let mut found = Found::default();
        for (id, figures) in told {
            let may_live = |message: &Message| {
                message.site == self.site && message.ended_at.is_none_or(|ended| ended >= self.asked_at)
            };
            match message::by_id(c, id)?.filter(may_live) {
                None => self.strange(c, id, &mut found)?,
                Some(message)
                    if self.differs(c, &message, *figures)? && !self.is_told_to_differ(c, id)? =>
                {
                    found.news.push(Odd::Differing(*id));
                }
                Some(_) => {}
            }
        }
        Ok(found)
    }

    /// What was told and is being revoked is no news.
    fn strange(&self, c: &Connection, message: &Id, found: &mut Found) -> Result<(), StoreError> {
        let on = On {
            message,
            site: &self.site,
        };
        if !command::was_ordered(c, on, Order::Revoke)? || !self.stands(c, What::Unknown, message)? {
            found.news.push(Odd::Strange(*message));
        } else if !command::waits(c, on, Order::Revoke)? {
            found.again.push(*message);
        }
        Ok(())
    }

    /// After a reading that cannot have been, the figures differ anyway: that has its own alarm.
    fn is_told_to_differ(&self, c: &Connection, message: &Id) -> Result<bool, StoreError> {
        Ok(self.stands(c, What::Figures, message)? || self.stands(c, What::Contradiction, message)?)
    }

    fn stands(&self, c: &Connection, what: What, message: &Id) -> Result<bool, StoreError> {
        standing::stands(c, &self.site, what.word(), &name(message))
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

async fn tell(core: &Arc<Core>, site: &str, found: Found) -> Result<(), StoreError> {
    let (shared, site, now) = (Arc::clone(core), site.to_owned(), core.now());
    core.store
        .write(move |c| {
            for odd in &found.news {
                match odd {
                    Odd::Strange(id) => {
                        alarm::raise(c, &shared, &site, What::Unknown, &name(id), now)?;
                        revoke_there(c, &shared, &site, id, now)?;
                    }
                    Odd::Differing(id) => alarm::raise(c, &shared, &site, What::Figures, &name(id), now)?,
                }
            }
            for id in &found.again {
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
