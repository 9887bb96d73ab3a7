//! Brings drop boxes to a site, and what was put into them inside.
//!
//! What arrives is kept first, under the at-rest key, and erased on the site then: a core that ends in between finds it
//! there again and only erases it.

use std::sync::Arc;
use std::time::Duration;

use client::ClientError;
use client::site::{SiteApi, SiteError};
use contract::ProblemKind;
use contract::sync::{Drop as Lying, DropRequest, Token};
use sha2::{Digest as _, Sha256};

use super::end::{end, tell};
use crate::core::Core;
use crate::mail::letter::MessageEvent;
use crate::steps::Step;
use crate::store::audit::{Event, Personal};
use crate::store::drop_box::{self, Request, Stage};
use crate::store::site::Site;
use crate::store::{Id, StoreError, audit};

/// Requests that are looked at together.
const TOGETHER: u32 = 32;
/// Pages of drops in one round: a site that goes on without end is asked again later.
const MOST_PAGES: usize = 100;
/// How long after its end a request is still asked for: what was put in at the last moment is on its way.
const GRACE: Duration = Duration::from_mins(10);
/// How long after a request's end what came in waits to be opened.
const UNOPENED: Duration = Duration::from_hours(24 * 30);

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The site did not do what it was asked.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Brings requests that the site does not have yet; says how many. One that it does not take holds up none of the
/// others: it is asked for again until its time is over.
///
/// # Errors
/// When the site is away, or the database fails.
pub async fn bring(core: &Arc<Core>, site: &Site, api: &dyn SiteApi) -> Result<usize, CollectError> {
    let (mut after, mut brought) = (Id::default(), 0);
    loop {
        let (name, now) = (site.name.clone(), core.now());
        let waiting = core
            .store
            .read(move |c| drop_box::waiting(c, &name, now, &after, TOGETHER))
            .await?;
        let Some(last) = waiting.last() else {
            return Ok(brought);
        };
        after = last.id;
        for request in &waiting {
            match bring_one(core, site.epoch, api, request).await {
                Ok(()) => brought += 1,
                Err(CollectError::Site(error)) if is_about_one(&error) => {
                    let id = Token::from(request.id);
                    tracing::warn!(site = site.name, %id, %error, "a site does not take a drop request");
                }
                Err(error) => return Err(error),
            }
        }
    }
}

async fn bring_one(
    core: &Core,
    epoch: u64,
    api: &dyn SiteApi,
    request: &Request,
) -> Result<(), CollectError> {
    let id = request.id;
    let asked = DropRequest {
        public_key: request.public_key.into(),
        upload: request.upload.into(),
        largest: request.largest,
        expires_at: request.expires_at.0,
    };
    api.request_drop(Token::from(id), &asked).await?;
    core.store
        .write(move |c| drop_box::set_on_site(c, &id, epoch))
        .await?;
    Ok(())
}

/// Whether the site is there and only this one thing is wrong.
const fn is_about_one(error: &SiteError) -> bool {
    matches!(
        error,
        SiteError::Client(ClientError::Problem(_) | ClientError::Protocol(_))
    )
}

/// Brings inside what lies in drop boxes; says how many. One that cannot be fetched holds up none of the others.
///
/// # Errors
/// When the site is away, or the database fails.
pub async fn collect(core: &Arc<Core>, site: &str, api: &dyn SiteApi) -> Result<usize, CollectError> {
    let name = site.to_owned();
    let is_expected = core.store.read(move |c| drop_box::is_open(c, &name)).await?;
    if !is_expected {
        return Ok(0);
    }
    let (mut after, mut collected) = (None, 0);
    for _ in 0..MOST_PAGES {
        let page = api.drops(after).await?;
        for lying in &page.drops {
            match take(core, site, api, lying).await {
                Ok(()) => collected += 1,
                Err(CollectError::Site(error)) if is_about_one(&error) => {
                    tracing::warn!(site, id = %lying.id, %error, "a drop cannot be fetched");
                }
                Err(error) => return Err(error),
            }
        }
        after = page.drops.last().map(|lying| lying.id);
        if !page.more || after.is_none() {
            break;
        }
    }
    Ok(collected)
}

/// Ends requests whose time is over, with their private keys and with what came in and was never opened.
///
/// # Errors
/// When the database fails.
pub async fn end_overdue(core: &Arc<Core>) -> Result<usize, StoreError> {
    let (shared, now) = (Arc::clone(core), core.now());
    core.store
        .write(move |c| {
            let overdue = drop_box::overdue(c, now.minus(GRACE), now.minus(UNOPENED), TOGETHER)?;
            for request in &overdue {
                end(c, &shared, request, Stage::Expired, now)?;
            }
            Ok(overdue.len())
        })
        .await
}

async fn take(core: &Arc<Core>, site: &str, api: &dyn SiteApi, lying: &Lying) -> Result<(), CollectError> {
    let id = *lying.id.as_bytes();
    let known = core.store.read(move |c| drop_box::by_id(c, &id)).await?;
    // One that waits may be there as well: an answer was lost.
    let expected = known
        .filter(|request| request.site == site && matches!(request.stage, Stage::Waiting | Stage::OnSite));
    let Some(request) = expected else {
        // It is here already, or nobody asked for it: it is not needed there.
        return Ok(api.erase_drop(lying.id).await?);
    };
    let largest = usize::try_from(request.largest).unwrap_or(usize::MAX);
    let body = match api.fetch_drop(lying.id, largest).await {
        Ok(body) => body,
        // Somebody else erased it, or it was never there.
        Err(SiteError::Client(ClientError::Problem(problem))) if problem.kind() == ProblemKind::NotFound => {
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    keep(core, request, lying, body).await?;
    core.step(Step::DropKept);
    core.wake.outbox.notify_one();
    api.erase_drop(lying.id).await?;
    core.step(Step::DropErased);
    Ok(())
}

async fn keep(core: &Arc<Core>, request: Request, lying: &Lying, body: Vec<u8>) -> Result<(), StoreError> {
    let digest: [u8; 32] = Sha256::digest(&body).into();
    let is_whole = digest == *lying.digest.as_bytes();
    let (shared, now) = (Arc::clone(core), core.now());
    core.store
        .write(move |c| {
            if !is_whole {
                tracing::error!(
                    site = request.site,
                    "what came in by a drop box is not what the site said"
                );
                return end(c, &shared, &request, Stage::Damaged, now);
            }
            let size = u64::try_from(body.len()).unwrap_or(u64::MAX);
            let locked = shared.at_rest.lock(&request.id, &body, &*shared.randomness);
            if drop_box::arrive(c, &request.id, size, &digest, &locked)? {
                let event = Event::DropArrived {
                    request: Token::from(request.id).to_string(),
                    size,
                };
                audit::append(c, &shared.entry(event, "", "core", Personal::default()), now)?;
                tell(c, &shared, &request, MessageEvent::Arrived, now)?;
            }
            Ok(())
        })
        .await
}
