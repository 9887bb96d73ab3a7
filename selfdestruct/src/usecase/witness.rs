//! Keeps a head of the core's audit.

use crate::running::{Running, Side};
use crate::site::SiteError;
use crate::store::witness;

/// Keeps the line; gives the one before.
pub(crate) async fn keep(site: &Running, line: &str) -> Result<Option<String>, SiteError> {
    let _epoch = site.enter().await?;
    let line = line.to_owned();
    site.write(Side::Sync, move |c| witness::insert(c, &line)).await
}
