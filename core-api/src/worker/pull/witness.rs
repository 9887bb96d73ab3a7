//! The site keeps the last checkpoint of our audit.

use std::sync::Arc;

use client::site::SiteApi;

use crate::core::Core;
use crate::store::site::Site;
use crate::usecase::site::witness::leave;

/// What was left at the site last.
#[derive(Default)]
pub(super) struct Witness {
    left: Option<String>,
}

impl Witness {
    /// Leaves the newest, if it is not there.
    pub(super) async fn leave(&mut self, core: &Arc<Core>, site: &Site, api: &dyn SiteApi) {
        match leave(core, site, api, self.left.as_deref()).await {
            Ok(left) => self.left = left,
            Err(error) => tracing::warn!(site = site.name, %error, "no checkpoint could be left at a site"),
        }
    }
}
