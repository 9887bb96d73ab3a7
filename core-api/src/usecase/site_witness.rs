//! Leaves a checkpoint of our audit at a site, and looks at the one that was there before: whoever rewrites the audit
//! here cannot rewrite it there.

use std::sync::Arc;

use client::site::{SiteApi, SiteError};
use ed25519_dalek::VerifyingKey;
use journal::{Head, Signed, Statement as _};
use sqlite::Connection;

use super::alarm::{self, What};
use crate::core::Core;
use crate::store::site::{self, Site};
use crate::store::{StoreError, audit};
use crate::worker::checkpoint::{NAME, witness_key};

/// Why nothing was left.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The site could not be asked.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Leaves the latest checkpoint, unless it is `left` already; gives what the site has now.
///
/// # Errors
/// When the site cannot be asked, or the database fails.
pub async fn leave(
    core: &Arc<Core>,
    site: &Site,
    api: &dyn SiteApi,
    left: Option<&str>,
) -> Result<Option<String>, WitnessError> {
    let Some(line) = core.store.read(audit::latest_checkpoint).await? else {
        return Ok(None);
    };
    if left == Some(&line) {
        return Ok(Some(line));
    }
    if let Some(before) = api.witness(&line).await?.before {
        let (shared, name, now) = (Arc::clone(core), site.name.clone(), core.now());
        let key = witness_key(core.signing());
        core.store
            .write(move |c| {
                if is_ours(c, &before, &key)? {
                    alarm::lower(c, &name, What::Witness, "")?;
                } else {
                    alarm::raise(c, &shared, &name, What::Witness, "", now)?;
                }
                // Kept in either case: `audit verify` says what is wrong with it.
                site::set_witness(c, &name, &before)
            })
            .await?;
    }
    Ok(Some(line))
}

/// Whether our audit still has the record that the line speaks of.
fn is_ours(c: &Connection, line: &str, key: &VerifyingKey) -> Result<bool, StoreError> {
    let head = line.parse::<Signed>().and_then(|signed| Head::open(&signed, key));
    let Ok(head) = head else { return Ok(false) };
    let hash = audit::hash_at(c, head.seq)?;
    let is_cut = audit::end(c)?.seq < head.seq;
    Ok(head.name == NAME && !is_cut && hash.is_none_or(|hash| hash == head.hash))
}
