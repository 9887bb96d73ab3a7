//! Keeps a head of the core's audit.

use crate::running::{Running, Side};
use crate::site::SiteError;
use crate::store::witness;

/// The longest line, in bytes. Those that a core writes have some 300.
const LONGEST: usize = 4096;

/// Keeps the line; gives the one before.
pub(crate) async fn keep(site: &Running, line: &str) -> Result<Option<String>, SiteError> {
    if line.len() > LONGEST {
        return Err(SiteError::Refused);
    }
    let _epoch = site.enter().await?;
    let line = line.to_owned();
    site.write(Side::Sync, move |c| witness::insert(c, &line)).await
}
