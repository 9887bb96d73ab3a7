//! Pairs a site: a file goes out with a fresh secret, one comes back with the site's keys, and its epoch begins.

use std::sync::Arc;

use contract::pairing::{Pairing, PairingAnswer, VERSION};
use contract::sync::{Bytes, Digest, Secret};
use domain::clock::random_bytes;
use journal::site::origin;
use journal::{Chain, Link, Ratchet, Tag, VerifyingKey};
use sqlite::Connection;
use zeroize::Zeroizing;

use crate::core::Core;
use crate::site::LinkError;
use crate::store::audit::{Event, Personal};
use crate::store::site::{self, Offer, Paired, ratchet_row};
use crate::store::{StoreError, alarm, audit, fact};
use crate::usecase::drop_box;
use crate::usecase::operators::alarm::{What, through};
use crate::worker::checkpoint::witness_key;

/// Why a site was not paired, in words for whoever typed the command.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// It is not in the configuration.
    #[error("no [[site]] of this name is configured; add one and restart the core")]
    NotConfigured,
    /// The answer belongs to nothing that was offered.
    #[error("no pairing file for this site waits for an answer; make one with `core-api site add`")]
    NothingOffered,
    /// The file is of another release.
    #[error(
        "the answer has form {0}, and this core knows form {VERSION}; core and site must be of the same release: have a new file made, and take it at the site with --again"
    )]
    Version(u32),
    /// The answer is another site's, or to an older file.
    #[error(
        "the answer is for site {site:?}, epoch {epoch}; the file that was made last is not its question"
    )]
    Another {
        /// Whose answer it is.
        site: String,
        /// For which epoch.
        epoch: u64,
    },
    /// Whoever made the answer did not have the file.
    #[error(
        "the answer was not made from the file of this pairing, or it was changed on its way; carry it over once more"
    )]
    Unproven,
    /// The answer holds no usable keys.
    #[error("the answer holds no usable keys")]
    Keys,
    /// It was never paired, or is retired.
    #[error("this site is not paired")]
    NotPaired,
    /// The offer no longer stands.
    #[error(
        "the site was paired, begun anew or retired by somebody else in the meantime, so the core kept nothing of this \
         answer; what the site holds may be of another epoch: see `core-api site list`, then `site re-key` or pair it \
         again"
    )]
    Overtaken,
    /// Our own keys are not there.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The site did not do it.
    #[error("the site did not begin a new epoch: {0}")]
    Site(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the file for a site. An older file for the same site is void from now on; what is paired stays so until the
/// answer is taken.
///
/// # Errors
/// When the site is not configured, or our keys cannot be made.
pub async fn offer(core: &Arc<Core>, name: &str) -> Result<Pairing, PairError> {
    let settings = core.site(name).ok_or(PairError::NotConfigured)?;
    let look = settings.look(&core.settings.organisation, core.settings.demo);
    let core_pins = core.link.pins()?;
    let ratchet = Zeroizing::new(random_bytes::<32>(&*core.randomness));
    let locked = core
        .at_rest
        .lock(&ratchet_row(name), &*ratchet, &*core.randomness);
    let (site, now) = (name.to_owned(), core.now());
    let (epoch, generation) = core
        .store
        .write(move |c| {
            let epoch = site::by_name(c, &site)?.map_or(1, |site| site.epoch + 1);
            let offer = Offer {
                site,
                epoch,
                follows: None,
                ratchet: locked,
            };
            site::set_offer(c, &offer, now)?;
            Ok((epoch, fact::generation(c)?))
        })
        .await?;
    Ok(Pairing {
        v: VERSION,
        site: name.to_owned(),
        core_pins,
        core_key: Bytes::from(witness_key(core.signing()).to_bytes()),
        generation,
        epoch,
        ratchet: Secret::new(*ratchet),
        look,
    })
}

/// Takes a site's answer: its epoch begins. What an earlier pairing left alive there counts as lost.
///
/// # Errors
/// When the answer does not belong to the last file, or the offer no longer stands when it is to be kept.
pub async fn take_answer(
    core: &Arc<Core>,
    name: &str,
    answer: &PairingAnswer,
    reference: &str,
    operator: &str,
) -> Result<u64, PairError> {
    if core.site(name).is_none() {
        return Err(PairError::NotConfigured);
    }
    if answer.v != VERSION {
        return Err(PairError::Version(answer.v));
    }
    let is_key = VerifyingKey::from_bytes(answer.site_key.as_bytes()).is_ok();
    if !is_key || answer.site_pins.is_empty() {
        return Err(PairError::Keys);
    }
    let site = name.to_owned();
    let offer = core.store.read(move |c| site::offer(c, &site)).await?;
    let offer = offer
        .filter(|offer| offer.follows.is_none())
        .ok_or(PairError::NothingOffered)?;
    if answer.site != name || answer.epoch != offer.epoch {
        return Err(PairError::Another {
            site: answer.site.clone(),
            epoch: answer.epoch,
        });
    }
    let key = first_key(core, &offer)?;
    if !Ratchet::from_bytes(*key).is_vouched(&answer.said(), &Tag::from(*answer.proof.as_bytes())) {
        return Err(PairError::Unproven);
    }
    let epoch = offer.epoch;
    let pins = answer.site_pins.clone();
    begin(
        core,
        offer,
        pins,
        *answer.site_key.as_bytes(),
        reference,
        operator,
    )
    .await?;
    Ok(epoch)
}

/// The first key of the ratchet that was offered.
pub(super) fn first_key(core: &Core, offer: &Offer) -> Result<Zeroizing<[u8; 32]>, PairError> {
    let key = core
        .at_rest
        .open(&ratchet_row(&offer.site), &offer.ratchet)
        .map_err(StoreError::from)?;
    <[u8; 32]>::try_from(key.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| PairError::Keys)
}

/// Begins an epoch that was offered and taken, if the offer still stands.
pub(super) async fn begin(
    core: &Arc<Core>,
    offer: Offer,
    pins: Vec<Digest>,
    key: [u8; 32],
    reference: &str,
    operator: &str,
) -> Result<(), PairError> {
    let now = core.now();
    let paired = Paired {
        pins,
        key,
        origin: first_link(&offer),
    };
    let personal = Personal {
        operator: Some(operator.to_owned()),
        ..Personal::default()
    };
    let event = Event::SiteEpoch { epoch: offer.epoch };
    let entry = core.entry(event, reference, &through(&offer.site), personal);
    let shared = Arc::clone(core);
    let begun = core
        .store
        .write(move |c: &Connection| {
            if !site::open_epoch(c, &offer, &paired, now)? {
                return Ok(false);
            }
            // What the site kept of our audit speaks of us, whatever becomes of its own chain.
            alarm::lower_all_but(c, &offer.site, What::Witness.word())?;
            audit::append(c, &entry, now)?;
            drop_box::end::begin_anew(c, &shared, &offer.site, now)?;
            Ok(true)
        })
        .await?;
    if !begun {
        return Err(PairError::Overtaken);
    }
    core.wake.sites.notify_waiters();
    core.wake.drops.notify_waiters();
    core.wake.outbox.notify_one();
    Ok(())
}

/// Where the chain of an epoch begins.
fn first_link(offer: &Offer) -> Link {
    Chain::begin(&origin(&offer.site, offer.epoch, offer.follows)).end()
}
