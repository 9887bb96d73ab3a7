//! Moves secrets at rest from former keys to the current one, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use server::Stop;
use sqlite::Connection;

use crate::core::Core;
use crate::keys::Locked;
use crate::store::{StoreError, drop_box, factor, message, site};

/// Few enough that other writes hardly wait.
const AT_A_TIME: u32 = 50;

/// A drop may have ten mebibytes.
const DROPS_AT_A_TIME: u32 = 2;

/// How often it looks once everything is under the current key.
const EVERY: Duration = Duration::from_hours(1);

/// Moves up to `AT_A_TIME` secrets of each kind and says how many. Once none is left under a former key, that key's
/// file may be taken out of the configuration.
///
/// # Errors
/// When the store fails or a former key is not configured any more.
pub async fn rewrap_some(core: &Arc<Core>) -> Result<usize, StoreError> {
    let shared = Arc::clone(core);
    core.store
        .write(move |c| {
            let behind = factor::under_other_key(c, shared.at_rest.current_id(), AT_A_TIME)?;
            for factor in &behind {
                let secret = shared.at_rest.open(&factor.id, &factor.secret)?;
                let locked = shared.at_rest.lock(&factor.id, &secret, &*shared.randomness);
                factor::rewrap(c, &factor.id, &locked)?;
            }
            Ok(behind.len()
                + rewrap_sites(c, &shared)?
                + rewrap_messages(c, &shared)?
                + rewrap_drops(c, &shared)?)
        })
        .await
}

/// The ratchets' keys move by themselves with each event; this is for sites where nothing happens.
fn rewrap_sites(c: &Connection, core: &Core) -> Result<usize, StoreError> {
    let mut moved = 0;
    for site in site::all(c)? {
        if site.ratchet.key_id != core.at_rest.current_id() {
            let row = site::ratchet_row(&site.name);
            let key = core.at_rest.open(&row, &site.ratchet)?;
            site::rewrap(c, &site, &core.at_rest.lock(&row, &key, &*core.randomness))?;
            moved += 1;
        }
    }
    Ok(moved)
}

/// For whom messages are, and links that are to be mailed.
fn rewrap_messages(c: &Connection, core: &Core) -> Result<usize, StoreError> {
    let behind = message::under_other_key(c, core.at_rest.current_id(), AT_A_TIME)?;
    for message in &behind {
        let details = again(core, &message.id, &message.details)?;
        let secret = message.secret.as_ref();
        let secret = secret
            .map(|secret| again(core, &message.id, secret))
            .transpose()?;
        message::rewrap(c, &message.id, &details, secret.as_ref())?;
    }
    Ok(behind.len())
}

/// What came in by drop boxes, and the keys that open it.
fn rewrap_drops(c: &Connection, core: &Core) -> Result<usize, StoreError> {
    let behind = drop_box::under_other_key(c, core.at_rest.current_id(), DROPS_AT_A_TIME)?;
    for request in &behind {
        let details = again(core, &request.id, &request.details)?;
        let body = drop_box::body(c, &request.id)?;
        let body = body.map(|body| again(core, &request.id, &body)).transpose()?;
        drop_box::rewrap(c, &request.id, &details, body.as_ref())?;
    }
    Ok(behind.len())
}

fn again(core: &Core, row: &[u8], locked: &Locked) -> Result<Locked, StoreError> {
    let secret = core.at_rest.open(row, locked)?;
    Ok(core.at_rest.lock(row, &secret, &*core.randomness))
}

/// Re-wraps until told to stop.
pub async fn run(core: Arc<Core>, stop: Stop) {
    loop {
        match rewrap_some(&core).await {
            Ok(0) => {}
            Ok(moved) => {
                tracing::info!(moved, "secrets moved under the current at-rest key");
                continue;
            }
            Err(error) => {
                tracing::error!(cause = %error, "secrets cannot be moved under the current at-rest key");
            }
        }
        if !stop.pause(EVERY).await {
            return;
        }
    }
}
