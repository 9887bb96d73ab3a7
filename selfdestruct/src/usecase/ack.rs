//! The core keeps the events up to here.

use contract::sync::Position;

use super::events;
use crate::running::{Running, Side};
use crate::site::SiteError;
use crate::store::standing;

/// Permits the site to forget them in time.
pub(crate) async fn ack(site: &Running, position: Position) -> Result<(), SiteError> {
    events::confirm(site, position, false).await?;
    let epoch = site.enter().await?;
    if epoch.owner.epoch != position.epoch {
        return Err(SiteError::Outdated);
    }
    site.write(Side::Sync, move |c| standing::raise_acked(c, position.seq))
        .await
}
