//! Whom a link leads to.

use contract::sync::Digest;
use url::Url;

use crate::config::SiteSettings;
use crate::store::site::Site;

/// Where a site is and by what it is known. A link is made anew when any of it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its name, which stands in every request.
    pub name: String,
    /// Its sync listener.
    pub base: Url,
    /// The keys that its end may have.
    pub pins: Vec<Digest>,
    /// The core's generation, which stands in every request, too.
    pub generation: u64,
    /// The site's epoch, likewise.
    pub epoch: u64,
}

impl Address {
    /// The address of a paired site.
    pub fn of(settings: &SiteSettings, site: &Site, generation: u64) -> Self {
        Self {
            name: settings.name.clone(),
            base: settings.sync_url.url().clone(),
            pins: site.pins.clone(),
            generation,
            epoch: site.epoch,
        }
    }
}
