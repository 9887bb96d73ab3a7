//! The site learns that its events are here.

use client::site::SiteApi;

use crate::core::Core;
use crate::steps::Step;
use crate::store::site::Site;
use crate::usecase::site::pull::ack;

/// Whether the site knows of the last event that is kept here.
#[derive(Default)]
pub(super) struct Confirming {
    is_known: bool,
}

impl Confirming {
    /// So many events came, of which the site does not know yet that they are kept.
    pub(super) const fn came(&mut self, events: usize) {
        self.is_known &= events == 0;
    }

    /// Tells it, if it does not know.
    pub(super) async fn tell(&mut self, core: &Core, site: &Site, api: &dyn SiteApi) {
        if self.is_known {
            return;
        }
        match ack(site, api).await {
            Ok(()) => {
                core.step(Step::EventsAcked);
                self.is_known = true;
            }
            Err(error) => {
                tracing::debug!(site = site.name, %error, "an ack was lost, which harms nothing");
            }
        }
    }
}
