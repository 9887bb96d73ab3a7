//! Somebody outside puts something into a drop box: once, and only with the proof in the request's link.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use contract::sync::{Digest, Token, What};
use sqlite::Connection;

use super::push::store_pieces;
use super::{fits, sha256, to_its_end};
use crate::given::Step;
use crate::running::{Epoch, InEpoch, Running, Side};
use crate::site::{SiteError, Uploaded};
use crate::store::held::{self, Kind};
use crate::store::keys::{self, DataKey};
use crate::store::request::{self, Request, State};
use crate::store::{chain, piece};

/// How long something that came in waits for the core, beyond its request's end.
const WAITS: i64 = 90 * 24 * 60 * 60 * 1_000;

/// What is in the box, in the box's eyes.
struct Upload {
    id: Token,
    size: u64,
    digest: Digest,
    source: String,
    now: i64,
    most_bytes: u64,
}

/// How large it may be, for whoever has the right proof and a box that still answers him.
pub(crate) async fn largest(site: &Running, id: Token, proof: &[u8; 16]) -> Result<Option<u64>, SiteError> {
    let Ok(_epoch) = site.enter().await else {
        return Ok(None);
    };
    let now = site.now();
    let found = find(site, id, proof).await?;
    let answers = found.filter(|request| match request.state {
        State::Open => now < request.asked.expires_at,
        // Whoever lost the answer sends it again.
        State::Filled => true,
        State::Dying | State::Spent => false,
    });
    Ok(answers.map(|request| request.asked.largest))
}

/// The box behind the right proof. What is not here is compared with, too, so that both take as long.
async fn find(site: &Running, id: Token, proof: &[u8; 16]) -> Result<Option<Request>, SiteError> {
    let found = site.site.read(move |c| request::by_id(c, id)).await?;
    let stored = found
        .as_ref()
        .map_or([0; 32], |request| *request.asked.upload.as_bytes());
    let proof_fits = fits(proof, &stored);
    let found = found.filter(|_| proof_fits);
    if found.is_none() {
        site.noise.misses.fetch_add(1, Ordering::Relaxed);
    }
    Ok(found)
}

/// Takes it, or gives the neutral answer.
pub(crate) async fn upload(
    site: &Arc<Running>,
    id: Token,
    proof: &[u8; 16],
    sealed: &[u8],
    source: &str,
) -> Result<Uploaded, SiteError> {
    let Ok(entered) = site.enter().await else {
        return Ok(Uploaded::Neutral);
    };
    let Some(request) = find(site, id, proof).await? else {
        return Ok(Uploaded::Neutral);
    };
    let upload = Upload {
        id,
        size: sealed.len() as u64,
        digest: Digest::from(sha256(sealed)),
        source: source.to_owned(),
        now: site.now(),
        most_bytes: site.settings.limits.drop_bytes,
    };
    match upload.judge(&request) {
        Some(uploaded) => Ok(uploaded),
        None => take(site, entered, upload, sealed).await,
    }
}

impl Upload {
    /// What is answered without anything being stored.
    fn judge(&self, request: &Request) -> Option<Uploaded> {
        match request.state {
            // A repetition after a lost answer.
            State::Filled if request.digest == Some(self.digest) => Some(Uploaded::Again),
            State::Open if self.now >= request.asked.expires_at => Some(Uploaded::Neutral),
            State::Open if self.size > request.asked.largest => Some(Uploaded::TooLarge),
            State::Open => None,
            State::Filled | State::Dying | State::Spent => Some(Uploaded::Neutral),
        }
    }

    fn store(
        self,
        c: &Connection,
        epoch: &Epoch,
        row: i64,
        last: &(u16, Vec<u8>),
    ) -> Result<Stored, SiteError> {
        let Some(request) = request::by_id(c, self.id)? else {
            return Ok((Uploaded::Neutral, None));
        };
        if let Some(uploaded) = self.judge(&request) {
            return Ok((uploaded, None));
        }
        held::add(c, Kind::Drops, self.size, u64::MAX >> 1, self.most_bytes)?;
        piece::insert(c, row, last.0, &last.1)?;
        let due = request.asked.expires_at.saturating_add(WAITS);
        request::fill(c, request.row, row, self.size, self.digest, due)?;
        let what = What::Dropped {
            request: self.id,
            size: self.size,
            source: self.source,
        };
        let seq = chain::append(c, &epoch.owner, self.now, what)?;
        Ok((Uploaded::Taken, Some(seq)))
    }
}

/// What is answered, and the event if there is one.
type Stored = (Uploaded, Option<u64>);

async fn take(
    site: &Arc<Running>,
    entered: InEpoch,
    upload: Upload,
    sealed: &[u8],
) -> Result<Uploaded, SiteError> {
    let (length, most_bytes) = (upload.size, upload.most_bytes);
    let room = move |c: &Connection| held::has_room(c, Kind::Drops, length, u64::MAX >> 1, most_bytes);
    if !site.site.read(room).await? {
        return Err(SiteError::Full);
    }
    let loose = site.rows.take();
    let row = loose.row;
    let key = DataKey::random(&*site.given.randomness);
    let cipher = key.cipher(upload.id.as_bytes());
    site.keys.write(move |c| keys::insert(c, row, &key)).await?;
    let last = store_pieces(site, Side::Public, row, &cipher, sealed).await?;
    let epoch = Arc::clone(&entered);
    let site = Arc::clone(site);
    to_its_end(entered, async move {
        let job = move |c: &Connection| upload.store(c, &epoch, row, &last);
        let (uploaded, seq) = site.write(Side::Public, job).await?;
        if let Some(seq) = seq {
            site.step(Step::DropStored);
            site.announce(seq);
        }
        if uploaded == Uploaded::Taken {
            loose.keep();
        }
        Ok(uploaded)
    })
    .await
}
