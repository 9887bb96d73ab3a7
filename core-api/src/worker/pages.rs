//! Looks at the start, and every minute, whether a site's public pages are those that this release draws.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use client::page::PageClient;
use contract::sync::Token;
use domain::Timestamp;
use domain::clock::random_bytes;
use server::Stop;
use sqlite::Connection;
use tokio::task::spawn_blocking;

use crate::config::SiteSettings;
use crate::core::Core;
use crate::site::pages::{Digests, Found, Gravity, Ids, WITHIN, expected, look};
use crate::store::{Id, StoreError, alarm as standing, message, site};
use crate::usecase::operators::alarm::{self, What};

const PAUSE: Duration = Duration::from_mins(1);
/// How long the pages of a site that answers the core may not be fetched, before somebody has to hear of it.
const UNSEEN: Duration = Duration::from_mins(5);

/// Messages that are asked for besides, each with four requests in a look.
const MOST_SUSPECTS: usize = 8;

/// Looks until it is time to stop.
pub async fn run(core: Arc<Core>, name: String, stop: Stop) {
    let Some(settings) = core.site(&name).cloned() else {
        return;
    };
    let mut watch = Watch::new(core, settings);
    loop {
        let looked = tokio::select! {
            looked = watch.look() => looked,
            () = stop.ordered() => return,
        };
        if let Err(error) = looked {
            tracing::error!(site = name, %error, "what a site's pages showed could not be kept");
        }
        if !stop.pause(PAUSE).await {
            return;
        }
    }
}

/// The watch over the pages of one site.
pub struct Watch {
    core: Arc<Core>,
    settings: SiteSettings,
    /// Since when not all of them could be fetched.
    unseen_since: Option<Timestamp>,
    /// Whether the last look asked for a message that is there.
    asked_of_living: bool,
    /// Messages for which something differed or could not be fetched: each is asked for besides until it is right. Else
    /// the alarm would be over, or never come, by the next look, at another.
    suspects: Vec<Token>,
}

impl Watch {
    /// Nothing was looked at yet.
    pub fn new(core: Arc<Core>, settings: SiteSettings) -> Self {
        Self {
            core,
            settings,
            unseen_since: None,
            asked_of_living: false,
            suspects: Vec::new(),
        }
    }

    /// Looks once, if the site is paired. Pages that cannot be fetched say nothing for a while.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look(&mut self) -> Result<(), StoreError> {
        let name = self.settings.name.clone();
        if !self.core.store.read(move |c| is_paired(c, &name)).await? {
            self.unseen_since = None;
            self.suspects.clear();
            return Ok(());
        }
        let ids = self.ids().await?;
        let found = match self.found(&ids).await {
            Ok(found) => found,
            Err(why) => return self.unseen(&why).await,
        };
        self.suspect(&ids, &found);
        if let Some(worst) = found.differing.first() {
            let changed: BTreeSet<String> = found
                .differing
                .iter()
                .map(|told| without_ids(told, &ids))
                .collect();
            tracing::warn!(site = self.settings.name, ?changed, "public pages differ");
            self.raise(without_ids(worst, &ids)).await?;
        }
        match found.unseen {
            Some(error) => self.unseen(&error.to_string()).await,
            None => self.seen(found.differing.is_empty()).await,
        }
    }

    /// Keeps those that were not seen to be right, and adds a new one while there are few.
    fn suspect(&mut self, ids: &Ids, found: &Found) {
        self.suspects.retain(|id| !found.is_right_at(*id));
        let new = ids.messages.iter().filter(|id| found.is_wrong_at(**id));
        for id in new {
            if self.suspects.len() < MOST_SUSPECTS && !self.suspects.contains(id) {
                self.suspects.push(*id);
            }
        }
    }

    /// With one of two looks that of a message that is there, if one is: whoever changed the site knows which are.
    async fn ids(&mut self) -> Result<Ids, StoreError> {
        let random = || random_bytes::<16>(&*self.core.randomness);
        let drop_box = Token::from(random());
        let (site, any, otherwise) = (self.settings.name.clone(), random(), Token::from(random()));
        self.asked_of_living = !self.asked_of_living;
        let mut message = otherwise;
        if self.asked_of_living {
            let living = self.core.store.read(move |c| living(c, &site, &any)).await?;
            message = living.map_or(otherwise, Token::from);
        }
        let suspects = self.suspects.iter().filter(|suspect| **suspect != message);
        let messages = [message].iter().chain(suspects).copied().collect();
        Ok(Ids { messages, drop_box })
    }

    /// What is seen, or why nothing can be. The authority's file is read each time: it may be put right.
    async fn found(&self, ids: &Ids) -> Result<Found, String> {
        let settings = self.settings.clone();
        // The host's own list is a large file.
        let client =
            spawn_blocking(move || PageClient::new(settings.public_ca_file.as_deref(), settings.stands_at()));
        let client = client.await.map_err(|error| error.to_string())?;
        let client = client.map_err(|error| error.to_string())?;
        let settings = &self.settings;
        let as_configured = settings.look(&self.core.settings.organisation, self.core.settings.demo);
        let mut expected = expected(&Digests::of(&as_configured), ids);
        // What takes long there takes no time from the others.
        expected.sort_by_cached_key(|public| {
            let is_of = |id: &Token| public.path.contains(&id.to_string());
            self.suspects.iter().any(is_of)
        });
        Ok(look(&client, settings.public_origin.url(), expected, WITHIN).await)
    }

    /// Raises the alarm, and once more where it stands for something less bad: that must not hide this.
    async fn raise(&self, worst: String) -> Result<(), StoreError> {
        let (shared, name, now) = (
            Arc::clone(&self.core),
            self.settings.name.clone(),
            self.core.now(),
        );
        self.core
            .store
            .write(move |c| {
                if !is_paired(c, &name)? || is_told(c, &name, Gravity::of(&worst))? {
                    return Ok(());
                }
                alarm::lower_kind(c, &name, What::Pages)?;
                alarm::raise(c, &shared, &name, What::Pages, &worst, now)
            })
            .await
    }

    /// Everything was seen.
    async fn seen(&mut self, is_right: bool) -> Result<(), StoreError> {
        self.unseen_since = None;
        let name = self.settings.name.clone();
        self.core
            .store
            .write(move |c| {
                alarm::lower(c, &name, What::Unseen, "")?;
                if is_right {
                    alarm::lower_kind(c, &name, What::Pages)?;
                }
                Ok(())
            })
            .await
    }

    /// Not everything was, which says nothing for a while.
    async fn unseen(&mut self, why: &str) -> Result<(), StoreError> {
        tracing::warn!(
            site = self.settings.name,
            why,
            "not all of a site's public pages could be fetched"
        );
        let now = self.core.now();
        let since = *self.unseen_since.get_or_insert(now);
        if now.since(since) < UNSEEN {
            return Ok(());
        }
        let (shared, name) = (Arc::clone(&self.core), self.settings.name.clone());
        self.core
            .store
            .write(move |c| {
                if answers(c, &name)? {
                    alarm::raise(c, &shared, &name, What::Unseen, "", now)?;
                }
                Ok(())
            })
            .await
    }
}

/// A message that may be on the site: the first one after `any`, in the order of ids.
fn living(c: &Connection, site: &str, any: &Id) -> Result<Option<Id>, StoreError> {
    let mut found = message::perhaps_on_site(c, site, any, 1)?;
    if found.is_empty() {
        found = message::perhaps_on_site(c, site, &[0; 16], 1)?;
    }
    Ok(found.pop().map(|(id, _)| id))
}

/// Which id it was says nothing.
fn without_ids(told: &str, ids: &Ids) -> String {
    let asked = ids.messages.iter().chain([&ids.drop_box]);
    asked.fold(told.to_owned(), |told, id| told.replace(&id.to_string(), "…"))
}

/// Whether the alarm stands for something as bad.
fn is_told(c: &Connection, name: &str, gravity: Gravity) -> Result<bool, StoreError> {
    let standing = standing::standing(c, name)?;
    let mut told = standing.iter().filter(|alarm| alarm.what == What::Pages.word());
    Ok(told.any(|alarm| Gravity::of(&alarm.subject) <= gravity))
}

/// A site that does not answer the core, or that has a trouble, for which it may have been taken off the net, has an
/// alarm already.
fn answers(c: &Connection, name: &str) -> Result<bool, StoreError> {
    let site = site::by_name(c, name)?.filter(|site| site.retired_at.is_none());
    Ok(site.is_some_and(|site| site.trouble.is_none()) && standing::count(c, name, What::Stale.word())? == 0)
}

/// It may be retired while its pages are looked at, and then has no alarms.
fn is_paired(c: &Connection, name: &str) -> Result<bool, StoreError> {
    Ok(site::by_name(c, name)?.is_some_and(|site| site.retired_at.is_none()))
}
