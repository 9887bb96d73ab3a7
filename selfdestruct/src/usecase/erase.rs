//! Erases what has ended: the keys first, then the bytes, then what the files still hold of both. Only then is the end
//! reported, so that a reported end means that nothing is left.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use contract::sync::What;
use sqlite::{CheckpointError, Connection};

use crate::given::Step;
use crate::running::{Epoch, HURRY, Running};
use crate::site::SiteError;
use crate::store::held::{self, Kind};
use crate::store::message::{self, Dying};
use crate::store::request::{self, Request};
use crate::store::{Store, chain, claim, keys, piece};

/// Ciphertext that is overwritten in one transaction, but for one that is larger by itself.
const BYTES: u64 = 16 * 1024 * 1024;
/// How long it is remembered, beyond its expiry, that a message was here. Its event has 90 days to arrive.
const REMEMBERED: i64 = 90 * 24 * 60 * 60 * 1_000;

/// What is erased together.
struct Batch {
    messages: Vec<Dying>,
    requests: Vec<Request>,
}

impl Batch {
    fn find(c: &Connection) -> Result<Self, SiteError> {
        let most = u32::try_from(HURRY).unwrap_or(u32::MAX);
        let mut left = BYTES;
        let mut fits = |size: u64, first: bool| {
            let fits = first || size <= left;
            left = left.saturating_sub(size);
            fits
        };
        let mut messages = message::dying(c, most)?;
        let mut first = true;
        messages.retain(|message| fits(message.size, std::mem::take(&mut first)));
        let mut requests = request::dying(c, most)?;
        let mut first = messages.is_empty();
        requests.retain(|request| fits(request.size, std::mem::take(&mut first)));
        Ok(Self { messages, requests })
    }

    fn rows(&self) -> Vec<i64> {
        let messages = self.messages.iter().map(|message| message.row);
        messages
            .chain(self.requests.iter().map(|request| request.row))
            .collect()
    }
}

/// Erases a batch; says how many there were.
pub(crate) async fn try_some(site: &Running, epoch: &Arc<Epoch>) -> Result<usize, SiteError> {
    site.ended.store(0, Ordering::Relaxed);
    let batch = site.site.read(Batch::find).await?;
    let rows = batch.rows();
    if rows.is_empty() {
        return Ok(0);
    }
    site.step(Step::EndsFound);
    let keyed = rows.clone();
    site.keys.write(move |c| keys::erase(c, &keyed)).await?;
    site.step(Step::KeysErased);
    let count = rows.len();
    site.site.write(move |c| erase(c, &rows)).await?;
    site.step(Step::PiecesErased);
    clean(site).await?;
    site.step(Step::FilesCleaned);
    let now = site.now();
    let shared = Arc::clone(epoch);
    let seq = site.site.write(move |c| report(c, &shared, batch, now)).await?;
    if let Some(seq) = seq {
        site.announce(seq);
    }
    Ok(count)
}

fn erase(c: &Connection, rows: &[i64]) -> Result<(), SiteError> {
    for &row in rows {
        claim::remove_all(c, row)?;
        piece::erase(c, row)?;
    }
    Ok(())
}

/// After it, what was deleted before stands in no file of either database.
pub(crate) async fn clean(site: &Running) -> Result<(), SiteError> {
    empty_log(&site.keys).await?;
    empty_log(&site.site).await
}

/// After it, what was deleted before stands in neither file of this one.
pub(crate) async fn empty_log(store: &Store) -> Result<(), SiteError> {
    store.database().checkpoint().await.map_err(|error| match error {
        CheckpointError::Busy => SiteError::Busy,
        CheckpointError::Database(error) => error.into(),
        CheckpointError::Stopped => SiteError::Failed(error.to_string()),
    })
}

fn report(c: &Connection, epoch: &Epoch, batch: Batch, now: i64) -> Result<Option<u64>, SiteError> {
    let mut last = None;
    let mut bytes = 0;
    let count = batch.messages.len() as u64;
    for dying in batch.messages {
        let what = What::Ended {
            message: dying.id,
            state: dying.end,
        };
        let seq = chain::append(c, &epoch.owner, now, what)?;
        message::bury(c, dying.row, seq, dying.expires_at.saturating_add(REMEMBERED))?;
        bytes += dying.size;
        last = Some(seq);
    }
    held::remove(c, Kind::Messages, count, bytes)?;
    for request in batch.requests {
        held::remove(c, Kind::Drops, 1, request.size)?;
        request::spend(c, request.row, request.asked.expires_at.max(now))?;
    }
    Ok(last)
}
