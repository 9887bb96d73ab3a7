//! Begins an epoch: the first at the pairing, a later one after a fork or a restore. Nothing of the former is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contract::sync::{Bytes, EpochOpened, NewEpoch};
use journal::{Chain, Hash, Link, SigningKey};
use zeroize::Zeroizing;

use super::erase::{self, empty_log};
use super::sha256;
use crate::given::{Step, random_bytes};
use crate::running::{Epoch, Running};
use crate::site::SiteError;
use crate::store::chain::Owner;
use crate::store::standing::{self, Standing};
use crate::store::{Garbled, Store, chain, held, keys, message, piece};

/// How far ahead an epoch's number may be: it goes up by one at a time, and what is used up does not come back.
const MOST_AHEAD: u64 = 1_000;
/// Pieces that are erased in one transaction: 16 MiB.
const PIECES_AT_A_TIME: u32 = 64;

/// What an epoch begins with.
pub(crate) struct First<'a> {
    pub(crate) name: &'a str,
    pub(crate) epoch: u64,
    pub(crate) follows: Option<Link>,
    pub(crate) ratchet: &'a [u8; 32],
    pub(crate) generation: u64,
    pub(crate) key: &'a SigningKey,
    pub(crate) clock: i64,
}

impl First<'_> {
    fn origin(&self) -> Hash {
        let origin = journal::site::origin(self.name, self.epoch, self.follows);
        Chain::begin(&origin).end().hash
    }

    /// Tells a repetition from another epoch, without keeping the ratchet's first key.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let origin = journal::site::origin(self.name, self.epoch, self.follows);
        let whole = Zeroizing::new([sha256(self.ratchet).as_slice(), &origin].concat());
        sha256(&whole)
    }

    fn standing(&self) -> Standing {
        let origin = *self.origin().as_bytes();
        Standing {
            name: self.name.to_owned(),
            epoch: self.epoch,
            origin,
            opened_by: self.fingerprint(),
            stopped: false,
            generation: self.generation,
            acked: 0,
            pruned: 0,
            pruned_hash: origin,
            clock: self.clock,
        }
    }
}

/// Erases everything and stores the beginning. The keys go first: from then on nothing can be read, whenever the rest
/// follows.
pub(crate) async fn begin(
    site: &Store,
    keys: &Store,
    first: First<'_>,
    between: impl FnOnce(),
) -> Result<Epoch, SiteError> {
    let (epoch, key) = (first.epoch, first.key.clone());
    keys.write(move |c| {
        keys::erase_all(c)?;
        keys::insert_signing(c, epoch, &key)
    })
    .await?;
    between();
    while site.write(|c| piece::clear_some(c, PIECES_AT_A_TIME)).await? > 0 {
        // What was overwritten stands in the log, too: emptied each time, it needs no room of the whole.
        empty_log(site).await?;
    }
    let mut standing = first.standing();
    let goes_on = first.follows.is_some();
    let ratchet = Zeroizing::new(*first.ratchet);
    let origin = first.origin();
    site.write(move |c| {
        message::clear(c)?;
        held::clear(c)?;
        chain::begin(c, origin, &ratchet)?;
        if goes_on && let Some(former) = standing::get(c)? {
            // A higher one may have come while the pieces were erased.
            standing.generation = standing.generation.max(former.generation);
        }
        standing::put(c, &standing)
    })
    .await?;
    // The new epoch stands already: it cannot fail any more, and the next one forgets what is left.
    if let Err(error) = keys.write(move |c| keys::forget_signing_but(c, epoch)).await {
        tracing::error!(%error, "the key that signed in the former epoch is not forgotten");
    }
    Ok(Epoch {
        owner: Owner {
            name: first.name.to_owned(),
            epoch,
        },
        key: first.key.clone(),
        stopped: AtomicBool::new(false),
    })
}

/// Begins the epoch that the core asks for. Asked again it answers the same; asked for an earlier one it does nothing.
pub(crate) async fn open(site: &Running, asked: &NewEpoch) -> Result<EpochOpened, SiteError> {
    // Whatever goes on in the former epoch has come to its end once this is held.
    let mut current = site.epoch.write().await;
    let former = site.site.read(standing::get).await?.ok_or(Garbled)?;
    let key = SigningKey::from_bytes(&Zeroizing::new(random_bytes(&*site.given.randomness)));
    let wall = site.given.clock.now_ms();
    let first = First {
        name: &site.settings.name,
        epoch: asked.epoch,
        follows: Some(Link {
            seq: asked.follows.seq,
            hash: Hash::from(*asked.follows.hash.as_bytes()),
        }),
        ratchet: asked.ratchet.expose(),
        generation: former.generation,
        key: &key,
        clock: wall,
    };
    if former.opened_by == first.fingerprint() {
        // The answer says that nothing of the former is left, and it may have ended before that.
        let epoch = asked.epoch;
        site.keys
            .write(move |c| keys::forget_signing_but(c, epoch))
            .await?;
        erase::clean(site).await?;
        return Ok(opened(&current));
    }
    // The same number may come a second time: from a core that was restored to before it asked.
    if asked.epoch < former.epoch {
        return Err(SiteError::Outdated);
    }
    if asked.epoch > former.epoch.saturating_add(MOST_AHEAD) {
        return Err(SiteError::Refused);
    }
    site.set_confirmed(None);
    let between = || site.step(Step::EpochKeysErased);
    let begun = begin(&site.site, &site.keys, first, between).await?;
    *current = Arc::new(begun);
    site.begin_time(wall);
    site.head.send_replace(0);
    site.anchored.store(0, Ordering::Relaxed);
    erase::clean(site).await?;
    site.step(Step::EpochOpened);
    tracing::warn!(
        epoch = asked.epoch,
        "a new epoch: everything of the former is erased"
    );
    Ok(opened(&current))
}

fn opened(epoch: &Epoch) -> EpochOpened {
    EpochOpened {
        epoch: epoch.owner.epoch,
        site_key: Bytes::from(epoch.key.verifying_key().to_bytes()),
    }
}
