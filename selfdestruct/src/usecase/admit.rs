//! Whether the core that asks is the one that asked last, or one that was restored since.

use std::sync::atomic::Ordering;

use crate::running::{Running, Side};
use crate::site::SiteError;
use crate::store::standing;

/// Takes a generation that is not lower than any before, and remembers it.
pub(crate) async fn admit(site: &Running, generation: u64) -> Result<(), SiteError> {
    // A database takes no larger number.
    if i64::try_from(generation).is_err() {
        return Err(SiteError::Refused);
    }
    site.trust_clock();
    let seen = site.generation.load(Ordering::Acquire);
    if generation < seen {
        return Err(SiteError::Outdated);
    }
    if generation > seen {
        site.write(Side::Sync, move |c| standing::raise_generation(c, generation))
            .await?;
        site.generation.fetch_max(generation, Ordering::AcqRel);
    }
    Ok(())
}
