//! Begins a new epoch at a site, after a fork or whatever else keeps its chain from being followed.
//!
//! The site erases everything of the old epoch. What the core does not know as ended becomes lost: it may or may not
//! have been read.

use std::sync::Arc;

use client::site::SiteApi;
use contract::sync::{Digest, NewEpoch, Position, Secret};
use domain::clock::random_bytes;
use journal::VerifyingKey;
use zeroize::Zeroizing;

use super::pair::{PairError, begin, first_key};
use crate::core::Core;
use crate::site::Address;
use crate::steps::Step;
use crate::store::site::{self, Offer, Site, ratchet_row};
use crate::store::{StoreError, fact, message};
use crate::usecase::message::step::{Seen, lose};

/// Messages that are given up in one transaction.
const TOGETHER: u32 = 200;

/// Has a site begin anew; gives the epoch. Called again after an answer that was lost, it goes on with the same epoch
/// and key.
///
/// # Errors
/// When the site is not there or refuses; then everything is as before. When it was retired or paired in the meantime;
/// then the site has begun, and the core has kept nothing of it.
pub async fn new_epoch(
    core: &Arc<Core>,
    name: &str,
    reference: &str,
    operator: &str,
) -> Result<u64, PairError> {
    let settings = core.site(name).ok_or(PairError::NotConfigured)?;
    let _alone = core.rekeying.lock().await;
    let (site, offer, generation) = prepare(core, name).await?;
    let api = core.link.dial(&Address::of(settings, &site, generation))?;
    let key = ask(core, &site, &offer, &*api).await?;
    core.step(Step::EpochAnswered);
    let epoch = offer.epoch;
    begin(core, offer, site.pins, key, reference, operator).await?;
    core.step(Step::EpochKept);
    while lose_former(core, name).await? > 0 {}
    Ok(epoch)
}

/// What is asked of the site is written down first: if the answer is lost, the site has begun with this very key.
async fn prepare(core: &Arc<Core>, name: &str) -> Result<(Site, Offer, u64), PairError> {
    let fresh = Zeroizing::new(random_bytes::<32>(&*core.randomness));
    let locked = core.at_rest.lock(&ratchet_row(name), &*fresh, &*core.randomness);
    let (name, now) = (name.to_owned(), core.now());
    let prepared = core
        .store
        .write(move |c| {
            let paired = site::by_name(c, &name)?.filter(|site| site.retired_at.is_none());
            let Some(site) = paired else { return Ok(None) };
            let begun = site::offer(c, &name)?
                .filter(|offer| offer.epoch == site.epoch + 1 && offer.follows == Some(site.last));
            let offer = if let Some(begun) = begun {
                begun
            } else {
                let offer = Offer {
                    site: name,
                    epoch: site.epoch + 1,
                    follows: Some(site.last),
                    ratchet: locked,
                };
                site::set_offer(c, &offer, now)?;
                offer
            };
            Ok(Some((site, offer, fact::generation(c)?)))
        })
        .await?;
    prepared.ok_or(PairError::NotPaired)
}

async fn ask(core: &Core, site: &Site, offer: &Offer, api: &dyn SiteApi) -> Result<[u8; 32], PairError> {
    let ratchet = first_key(core, offer)?;
    let asked = NewEpoch {
        epoch: offer.epoch,
        follows: Position {
            epoch: site.epoch,
            seq: site.last.seq,
            hash: Digest::from(*site.last.hash.as_bytes()),
        },
        ratchet: Secret::new(*ratchet),
    };
    let opened = api
        .open_epoch(&asked)
        .await
        .map_err(|error| PairError::Site(error.to_string()))?;
    let is_key = VerifyingKey::from_bytes(opened.site_key.as_bytes()).is_ok();
    if opened.epoch == offer.epoch && is_key {
        Ok(*opened.site_key.as_bytes())
    } else {
        Err(PairError::Keys)
    }
}

/// Gives up some of the messages that the site may have had in an epoch that is over; says how many. A restart goes on
/// where it was.
///
/// # Errors
/// When the database fails.
pub async fn lose_former(core: &Arc<Core>, name: &str) -> Result<usize, StoreError> {
    let (shared, site, now) = (Arc::clone(core), name.to_owned(), core.now());
    let some = core
        .store
        .read({
            let site = site.clone();
            move |c| Ok(!message::of_former_epoch(c, &site, 1)?.is_empty())
        })
        .await?;
    if !some {
        return Ok(0);
    }
    let lost = core
        .store
        .write(move |c| {
            let former = message::of_former_epoch(c, &site, TOGETHER)?;
            let count = former.len();
            for message in former {
                lose(c, &shared, message, Seen::here(now))?;
            }
            Ok(count)
        })
        .await?;
    core.wake.outbox.notify_one();
    Ok(lost)
}
