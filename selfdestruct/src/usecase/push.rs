//! Takes a message from the core.

use std::sync::Arc;

use contract::sync::{Digest, PushHead, Pushed, Token, read_push};
use futures_util::future::join_all;
use journal::site::Receipt;
use journal::{Hash, Statement};
use sha2::{Digest as _, Sha256};
use sqlite::Connection;

use super::to_its_end;
use crate::given::Step;
use crate::running::{Epoch, InEpoch, Running, Side};
use crate::site::{Limits, Push, SiteError};
use crate::store::held::{self, Kind};
use crate::store::keys::{self, Cipher, DataKey};
use crate::store::message::{self, Message};
use crate::store::piece::{self, PIECE};

/// The longest header. Those that we write have some 30 bytes.
const HEADER: usize = 256;
/// The most readings: each may leave a row until its lease is over.
const READINGS: u32 = 10_000;
/// The tag that AES-GCM appends: no envelope is shorter.
const TAG: u64 = 16;

/// What the writer found under the id.
enum Found {
    New,
    Known(Box<Message>),
}

/// Takes several. They share their commits.
pub(crate) async fn push_batch(
    site: &Arc<Running>,
    epoch: u64,
    bodies: &[&[u8]],
) -> Result<Vec<Pushed>, SiteError> {
    let pushes = join_all(bodies.iter().map(|body| push(site, epoch, None, body))).await;
    pushes
        .into_iter()
        .map(|push| push.map(|push| push.pushed))
        .collect()
}

/// Takes one that was pushed into an epoch; `id` is the one that was named beside the body.
pub(crate) async fn push(
    site: &Arc<Running>,
    into: u64,
    id: Option<Token>,
    body: &[u8],
) -> Result<Push, SiteError> {
    let Some((head, ciphertext)) = read_push(body) else {
        return Ok(old(Pushed::Refused));
    };
    if id.is_some_and(|id| id != head.id) || !is_bearable(&head, ciphertext, &site.settings.limits) {
        return Ok(old(Pushed::Refused));
    }
    let entered = site.enter_epoch(into).await?;
    let epoch = Arc::clone(&entered);
    let digest = Digest::from(digest(body).await);
    match take(site, entered, head, ciphertext, digest).await {
        Ok((id, now, Found::New)) => Ok(Push {
            pushed: receipt(&epoch, id, digest, now),
            new: true,
        }),
        Ok((id, now, Found::Known(message))) => Ok(old(answer(&epoch, id, digest, &message, now))),
        Err(SiteError::Full) => Ok(old(Pushed::Full)),
        // Only one that was never here: a repetition is answered from what is stored.
        Err(SiteError::Refused) => Ok(old(Pushed::Refused)),
        Err(error) => Err(error),
    }
}

const fn old(pushed: Pushed) -> Push {
    Push { pushed, new: false }
}

fn is_bearable(head: &PushHead, ciphertext: &[u8], limits: &Limits) -> bool {
    let size = ciphertext.len() as u64;
    let policy = &head.policy;
    // It comes back as the head of an answer.
    let is_printable = |byte: u8| (0x20..0x7f).contains(&byte);
    head.header.len() <= HEADER
        && head.header.bytes().all(is_printable)
        && (TAG..=limits.largest.min((piece::MOST - 1) * PIECE as u64)).contains(&size)
        && (1..=READINGS).contains(&policy.readings)
        && policy.max_wrong >= 1
        && policy.expires_at > 0
}

/// A large body is hashed in pieces, between which others get on.
async fn digest(body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (number, piece) in body.chunks(PIECE).enumerate() {
        if number > 0 {
            tokio::task::yield_now().await;
        }
        hash.update(piece);
    }
    hash.finalize().into()
}

async fn take(
    site: &Arc<Running>,
    entered: InEpoch,
    head: PushHead,
    ciphertext: &[u8],
    digest: Digest,
) -> Result<(Token, i64, Found), SiteError> {
    let id = head.id;
    let now = site.now();
    let length = ciphertext.len() as u64;
    let limits = site.settings.limits;
    if ciphertext.len() > PIECE
        && let Some(found) = look_first(site, id, length).await?
    {
        return Ok((id, now, Found::Known(Box::new(found))));
    }
    let loose = site.rows.take();
    let row = loose.row;
    let key = DataKey::random(&*site.given.randomness);
    let cipher = key.cipher(id.as_bytes());
    let store_key = move |c: &Connection| keys::insert(c, row, &key);
    let store_message = move |c: &Connection, (number, bytes): (u16, Vec<u8>)| {
        if let Some(message) = message::by_id(c, id)? {
            return Ok(Found::Known(Box::new(message)));
        }
        if head.policy.expires_at <= now {
            return Err(SiteError::Refused);
        }
        held::add(c, Kind::Messages, length, limits.messages, limits.bytes)?;
        message::insert(c, row, &head, digest, length, now)?;
        piece::insert(c, row, number, &bytes)?;
        Ok(Found::New)
    };
    // The key first: what is in the other database without one could never be read.
    let (store_key, last) = if ciphertext.len() > PIECE {
        site.keys.write(store_key).await?;
        site.step(Step::KeyStored);
        (
            None,
            store_pieces(site, Side::Push, row, &cipher, ciphertext).await?,
        )
    } else {
        (Some(store_key), (0, cipher.lock(0, ciphertext)))
    };
    let place = site.place(Side::Push).await?;
    let site = Arc::clone(site);
    to_its_end(entered, async move {
        let _place = place;
        let found = match store_key {
            None => site.site.write(move |c| store_message(c, last)).await?,
            Some(store_key) => {
                let steps = Arc::clone(&site.given.steps);
                let store_message = move |c: &Connection| {
                    // Here, for nobody is woken between the two.
                    steps.reached(Step::KeyStored);
                    store_message(c, last)
                };
                site.keys
                    .write_in_turn(&site.site, store_key, store_message)
                    .await?
            }
        };
        site.step(Step::MessageStored);
        if matches!(found, Found::New) {
            loose.keep();
        }
        Ok((id, now, found))
    })
    .await
}

/// Before much is stored: whether it is here already, and whether there is room.
async fn look_first(site: &Running, id: Token, length: u64) -> Result<Option<Message>, SiteError> {
    let limits = site.settings.limits;
    let look = move |c: &Connection| {
        let known = message::by_id(c, id)?;
        let room = held::has_room(c, Kind::Messages, length, limits.messages, limits.bytes)?;
        if known.is_none() && !room {
            return Err(SiteError::Full);
        }
        Ok(known)
    };
    site.site.read(look).await
}

/// Stores every piece but the last, each in a change of its own, and gives that one: it goes with the message.
pub(crate) async fn store_pieces(
    site: &Running,
    behalf: Side,
    row: i64,
    cipher: &Cipher,
    whole: &[u8],
) -> Result<(u16, Vec<u8>), SiteError> {
    let mut last = None;
    for (number, piece) in (0_u16..).zip(whole.chunks(PIECE)) {
        let next = (number, cipher.lock(number, piece));
        if let Some((number, bytes)) = last.replace(next) {
            site.write(behalf, move |c| piece::insert(c, row, number, &bytes))
                .await?;
            site.step(Step::PieceStored);
        }
    }
    Ok(last.unwrap_or_else(|| (0, cipher.lock(0, &[]))))
}

/// What is said about a message that is here already.
fn answer(epoch: &Epoch, id: Token, digest: Digest, message: &Message, now: i64) -> Pushed {
    match message.ended(now) {
        // Revoked before it came. Of an end the core would expect an event.
        Some(_) if message.never_came() => Pushed::Refused,
        Some(ended) => Pushed::Ended(ended),
        None if message.digest == digest => receipt(epoch, id, digest, message.pushed_at),
        None => Pushed::Conflict,
    }
}

/// Made of what is stored, so that it is the same each time.
fn receipt(epoch: &Epoch, id: Token, digest: Digest, pushed_at: i64) -> Pushed {
    let receipt = Receipt {
        site: epoch.owner.name.clone(),
        epoch: epoch.owner.epoch,
        id: id.to_string(),
        digest: Hash::from(*digest.as_bytes()),
        time_ms: pushed_at,
    };
    Pushed::Stored(receipt.sign(&epoch.key).to_string())
}
