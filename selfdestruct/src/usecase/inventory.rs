//! What lives here.

use contract::sync::Token;
use journal::Statement;
use journal::site::Inventory;

use crate::running::Running;
use crate::site::SiteError;
use crate::store::message;

/// The messages of a page.
const PAGE: u32 = 1_000;

/// One page, signed.
pub(crate) async fn page(site: &Running, after: Option<Token>) -> Result<String, SiteError> {
    let epoch = site.enter().await?;
    let mut live = site.site.read(move |c| message::live(c, after, PAGE + 1)).await?;
    let more = live.len() > PAGE as usize;
    live.truncate(PAGE as usize);
    let inventory = Inventory {
        site: epoch.owner.name.clone(),
        epoch: epoch.owner.epoch,
        after: after.map_or_else(String::new, |id| id.to_string()),
        live,
        more,
        time_ms: site.now(),
    };
    Ok(inventory.sign(&epoch.key).to_string())
}
