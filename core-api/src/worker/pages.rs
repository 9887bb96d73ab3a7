//! Looks at the start, and every minute, whether a site's public pages are those that this release draws.

use std::sync::Arc;
use std::time::Duration;

use client::page::PageClient;
use contract::sync::Token;
use domain::clock::random_bytes;
use server::Stop;

use crate::config::SiteSettings;
use crate::core::Core;
use crate::site::pages::{differing, expected};
use crate::store::{StoreError, site};
use crate::usecase::operators::alarm::{self, What};

const PAUSE: Duration = Duration::from_mins(1);

/// Looks until it is time to stop.
pub async fn run(core: Arc<Core>, name: String, stop: Stop) {
    let Some(settings) = core.site(&name).cloned() else {
        return;
    };
    let client = match PageClient::new(settings.public_ca_file.as_deref(), settings.stands_at()) {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(site = name, %error, "the public pages of a site cannot be looked at");
            return;
        }
    };
    loop {
        let looked = tokio::select! {
            looked = try_one(&core, &settings, &client) => looked,
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

/// Looks once, if the site is paired. Pages that cannot be fetched say nothing: whether the site is there is known from
/// its sync listener.
///
/// # Errors
/// When the database fails.
pub async fn try_one(
    core: &Arc<Core>,
    settings: &SiteSettings,
    client: &PageClient,
) -> Result<(), StoreError> {
    let name = settings.name.clone();
    let paired = core.store.read(move |c| site::by_name(c, &name)).await?;
    if paired.is_none_or(|site| site.retired_at.is_some()) {
        return Ok(());
    }
    let look = settings.look(&core.settings.organisation, core.settings.demo);
    let id = Token::from(random_bytes::<16>(&*core.randomness));
    let origin = settings.public_origin.url();
    let changed = match differing(client, origin, expected(&look, id)).await {
        Ok(changed) => changed,
        Err(error) => {
            tracing::warn!(site = settings.name, %error, "a site's public pages could not be fetched");
            return Ok(());
        }
    };
    if !changed.is_empty() {
        tracing::warn!(site = settings.name, ?changed, "public pages differ");
    }
    let (shared, name, now) = (Arc::clone(core), settings.name.clone(), core.now());
    // An id that nobody has would say nothing.
    let first = changed.first().map(|path| path.replace(&id.to_string(), "…"));
    core.store
        .write(move |c| match first {
            Some(page) => alarm::raise_one(c, &shared, &name, What::Pages, &page, now),
            None => alarm::lower_kind(c, &name, What::Pages).map(drop),
        })
        .await
}
