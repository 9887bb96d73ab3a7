//! Looks at the start, and every minute, whether a site's public pages are those that this release draws.

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
use crate::site::pages::{Digests, differing, expected};
use crate::store::{StoreError, alarm as standing, site};
use crate::usecase::operators::alarm::{self, What};

const PAUSE: Duration = Duration::from_mins(1);
/// How long the pages of a site that answers the core may not be fetched, before somebody has to hear of it.
const UNSEEN: Duration = Duration::from_mins(5);

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
    /// Since when they could not be fetched.
    unseen_since: Option<Timestamp>,
}

impl Watch {
    /// Nothing was looked at yet.
    pub fn new(core: Arc<Core>, settings: SiteSettings) -> Self {
        Self {
            core,
            settings,
            unseen_since: None,
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
            return Ok(());
        }
        match self.changed().await {
            Ok(changed) => {
                self.unseen_since = None;
                self.judge(&changed).await
            }
            Err(why) => {
                tracing::warn!(
                    site = self.settings.name,
                    why,
                    "a site's public pages could not be fetched"
                );
                let now = self.core.now();
                let since = *self.unseen_since.get_or_insert(now);
                if now.since(since) >= UNSEEN {
                    self.tell_unseen(now).await?;
                }
                Ok(())
            }
        }
    }

    /// The paths that differ, or why that cannot be said. The authority's file is read each time: it may be put right.
    async fn changed(&self) -> Result<Vec<String>, String> {
        let settings = self.settings.clone();
        // The host's own list is a large file.
        let client =
            spawn_blocking(move || PageClient::new(settings.public_ca_file.as_deref(), settings.stands_at()));
        let client = client.await.map_err(|error| error.to_string())?;
        let client = client.map_err(|error| error.to_string())?;
        let settings = &self.settings;
        let look = settings.look(&self.core.settings.organisation, self.core.settings.demo);
        let id = Token::from(random_bytes::<16>(&*self.core.randomness));
        let expected = expected(&Digests::of(&look), id);
        let changed = differing(&client, settings.public_origin.url(), expected).await;
        let changed = changed.map_err(|error| error.to_string())?;
        if !changed.is_empty() {
            tracing::warn!(site = settings.name, ?changed, "public pages differ");
        }
        // An id that nobody has would say nothing.
        Ok(changed
            .into_iter()
            .map(|path| path.replace(&id.to_string(), "…"))
            .collect())
    }

    async fn judge(&self, changed: &[String]) -> Result<(), StoreError> {
        let (shared, name, now) = (
            Arc::clone(&self.core),
            self.settings.name.clone(),
            self.core.now(),
        );
        let first = changed.first().cloned();
        self.core
            .store
            .write(move |c| {
                if !is_paired(c, &name)? {
                    return Ok(());
                }
                alarm::lower(c, &name, What::Unseen, "")?;
                match first {
                    Some(page) => alarm::raise_one(c, &shared, &name, What::Pages, &page, now),
                    None => alarm::lower_kind(c, &name, What::Pages).map(drop),
                }
            })
            .await
    }

    /// A site that does not answer at all has an alarm already.
    async fn tell_unseen(&self, now: Timestamp) -> Result<(), StoreError> {
        let (shared, name) = (Arc::clone(&self.core), self.settings.name.clone());
        self.core
            .store
            .write(move |c| {
                if is_paired(c, &name)? && standing::count(c, &name, What::Stale.word())? == 0 {
                    alarm::raise(c, &shared, &name, What::Unseen, "", now)?;
                }
                Ok(())
            })
            .await
    }
}

/// It may be retired while its pages are looked at, and then has no alarms.
fn is_paired(c: &Connection, name: &str) -> Result<bool, StoreError> {
    Ok(site::by_name(c, name)?.is_some_and(|site| site.retired_at.is_none()))
}
