//! A reader says that he has decrypted.

use std::sync::Arc;

use contract::sync::{Digest, End, Ended, Token, What};
use sqlite::Connection;

use super::{sha256, to_its_end};
use crate::given::Step;
use crate::running::{Epoch, Running, Side};
use crate::site::SiteError;
use crate::store::message::State;
use crate::store::{chain, claim, message};

/// Writes the delivery down, and lets the message end if that was the last reading. Whoever has no claim changes
/// nothing, and does not get as far as the writer.
pub(crate) async fn done(site: &Arc<Running>, id: Token, claim: Token) -> Result<(), SiteError> {
    let entered = site.enter().await?;
    let claim = sha256(claim.as_bytes());
    let has_claim = move |c: &Connection| {
        // Looked for with every id, so that both take as long.
        let message = message::by_id(c, id)?;
        let claimed = claim::until(c, message.as_ref().map_or(0, |message| message.row), &claim)?;
        Ok(claimed.is_some() && message.is_some_and(|message| message.state == State::Live))
    };
    if !site.site.read(has_claim).await? {
        return Ok(());
    }
    let now = site.now();
    let epoch = Arc::clone(&entered);
    let job = move |c: &Connection| deliver(c, &epoch, id, claim, now);
    let site = Arc::clone(site);
    to_its_end(entered, async move {
        if let Some((seq, ended)) = site.write(Side::Public, job).await? {
            site.step(Step::DeliveryStored);
            site.announce(seq);
            site.count_ended(usize::from(ended));
        }
        Ok(())
    })
    .await
}

fn deliver(
    c: &Connection,
    epoch: &Epoch,
    id: Token,
    claim: [u8; 32],
    now: i64,
) -> Result<Option<(u64, bool)>, SiteError> {
    let Some(message) = message::by_id(c, id)?.filter(|message| message.state == State::Live) else {
        return Ok(None);
    };
    if !claim::remove(c, message.row, &claim)? {
        return Ok(None);
    }
    let what = What::Delivered {
        message: id,
        claim: Digest::from(claim),
    };
    let seq = chain::append(c, &epoch.owner, now, what)?;
    let ended = message.readings_left == 0 && claim::last_until(c, message.row)?.is_none();
    if ended {
        let at = message.opened_at.unwrap_or(now);
        let state = End::Read;
        message::end(c, message.row, Ended { state, at })?;
    }
    Ok(Some((seq, ended)))
}
