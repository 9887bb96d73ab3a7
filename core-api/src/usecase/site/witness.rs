//! Leaves a checkpoint of our audit at a site, and looks at the one that was there before: whoever rewrites the audit
//! here cannot rewrite it there.

use std::sync::Arc;

use client::site::{SiteApi, SiteError};
use journal::{Head, Signed, Statement as _, VerifyingKey};
use sqlite::Connection;

use crate::core::Core;
use crate::store::site::{self, Site};
use crate::store::{StoreError, alarm as standing, audit};
use crate::usecase::operators::alarm::{self, What};
use crate::worker::checkpoint::{NAME, witness_key};

/// The longest line that is looked at, in bytes: a checkpoint of ours is far below.
const LONGEST: usize = 4096;

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
    if left == Some(&line) || stands(core, &site.name).await? {
        return Ok(left.map(str::to_owned));
    }
    if let Some(before) = api.witness(&line).await?.before {
        let (shared, name, now) = (Arc::clone(core), site.name.clone(), core.now());
        let key = witness_key(core.signing());
        core.store
            .write(move |c| {
                let judged = judge(c, &before, &key)?;
                if judged != Judged::Fits {
                    alarm::raise(c, &shared, &name, What::Witness, "", now)?;
                }
                if judged == Judged::Lie {
                    return Ok(());
                }
                // Also one that does not fit: `audit verify` says what is wrong with it.
                site::set_witness(c, &name, &before)
            })
            .await?;
    }
    Ok(Some(line))
}

/// As long as something is wrong nothing more is left there: it would take the place of what shows it. Only an
/// operator ends that.
async fn stands(core: &Core, site: &str) -> Result<bool, StoreError> {
    let name = site.to_owned();
    core.store
        .read(move |c| standing::stands(c, &name, What::Witness.word(), ""))
        .await
}

/// What a line from a site is.
#[derive(PartialEq, Eq)]
enum Judged {
    /// Our audit has the record that it speaks of.
    Fits,
    /// We signed it, and our audit is another.
    Unfitting,
    /// We never signed it: it says something about the site and nothing about our audit.
    Lie,
}

fn judge(c: &Connection, line: &str, key: &VerifyingKey) -> Result<Judged, StoreError> {
    let ours = Some(line)
        .filter(|line| line.len() <= LONGEST)
        .and_then(|line| line.parse::<Signed>().ok())
        .and_then(|signed| Head::open(&signed, key).ok())
        .filter(|head| head.name == NAME);
    let Some(head) = ours else {
        return Ok(Judged::Lie);
    };
    Ok(if audit::has(c, head.link())? {
        Judged::Fits
    } else {
        Judged::Unfitting
    })
}
