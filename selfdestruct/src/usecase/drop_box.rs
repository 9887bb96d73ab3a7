//! Drop boxes, as the core sees them, and what a page needs of one.

use contract::sync::{DropRequest, Drops, Token};
use sqlite::Connection;

use crate::running::{Running, Side};
use crate::site::{DropBox, SiteError};
use crate::store::request::{self, State};
use crate::store::{Garbled, keys, piece};

/// The boxes of a page.
const PAGE: u32 = 1_000;
/// The most boxes that there may be.
const MOST: u64 = 100_000;

/// Opens a box. Asked again for the same it does nothing more.
pub(crate) async fn open(site: &Running, into: u64, id: Token, asked: &DropRequest) -> Result<(), SiteError> {
    let _epoch = site.enter_epoch(into).await?;
    let now = site.now();
    let largest = site
        .settings
        .limits
        .drop_bytes
        .min(site.settings.limits.largest) // it comes as one body
        .min((piece::MOST - 1) * piece::PIECE as u64);
    let asked = asked.clone();
    let loose = site.rows.take();
    let row = loose.row;
    let job = move |c: &Connection| {
        if let Some(known) = request::by_id(c, id)? {
            return if known.asked == asked {
                Ok(())
            } else {
                Err(SiteError::Conflict)
            };
        }
        if asked.expires_at <= now || !(1..=largest).contains(&asked.largest) {
            return Err(SiteError::Refused);
        }
        if request::count(c)? >= MOST {
            return Err(SiteError::Full);
        }
        request::insert(c, row, id, &asked)
    };
    site.write(Side::Sync, job).await?;
    loose.keep();
    Ok(())
}

/// The box with this id while it awaits something.
pub(crate) async fn look(site: &Running, id: Token) -> Result<Option<DropBox>, SiteError> {
    let Ok(_epoch) = site.enter().await else {
        return Ok(None);
    };
    let now = site.now();
    let found = site.site.read(move |c| request::by_id(c, id)).await?;
    Ok(found
        .filter(|request| request.state == State::Open && now < request.asked.expires_at)
        .map(|request| DropBox {
            public_key: request.asked.public_key,
            largest: request.asked.largest,
            expires_at: request.asked.expires_at,
        }))
}

/// One page of what came in.
pub(crate) async fn list(site: &Running, after: Option<Token>) -> Result<Drops, SiteError> {
    let _epoch = site.enter().await?;
    let mut drops = site
        .site
        .read(move |c| request::filled(c, after, PAGE + 1))
        .await?;
    let more = drops.len() > PAGE as usize;
    drops.truncate(PAGE as usize);
    Ok(Drops { drops, more })
}

/// What came in, as it came.
pub(crate) async fn fetch(site: &Running, id: Token) -> Result<Vec<u8>, SiteError> {
    let _epoch = site.enter().await?;
    let read = move |c: &Connection| {
        let found = request::by_id(c, id)?.filter(|request| request.state == State::Filled);
        let request = found.ok_or(SiteError::Unknown)?;
        Ok((piece::all(c, request.row)?, request))
    };
    let (pieces, request) = site.site.read(read).await?;
    let unlock = move |c: &Connection| {
        let key = keys::get(c, request.row)?.ok_or(Garbled)?;
        piece::unlock(&pieces, &key.cipher(id.as_bytes()), request.size)
    };
    site.keys.read(unlock).await
}

/// It has arrived: it is to be erased.
pub(crate) async fn erase(site: &Running, id: Token) -> Result<(), SiteError> {
    let _epoch = site.enter().await?;
    let ended = site
        .write(Side::Sync, move |c| {
            let found = request::by_id(c, id)?.filter(|request| request.state == State::Filled);
            if let Some(request) = &found {
                request::end(c, request.row)?;
            }
            Ok(found.is_some())
        })
        .await?;
    site.count_ended(usize::from(ended));
    Ok(())
}
