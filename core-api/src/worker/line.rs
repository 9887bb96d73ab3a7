//! The line to one site, as a worker holds it: dialled anew when the site was paired or began a new epoch.

use std::sync::Arc;

use client::site::SiteApi;

use crate::core::Core;
use crate::site::Address;
use crate::store::site::{self, Site};
use crate::store::{StoreError, fact};

/// A worker's line.
pub struct Line {
    core: Arc<Core>,
    name: String,
    dialled: Option<(Address, Arc<dyn SiteApi>)>,
}

impl Line {
    /// To a site that is configured.
    pub fn new(core: Arc<Core>, name: String) -> Self {
        Self {
            core,
            name,
            dialled: None,
        }
    }

    /// The site as it stands now, and how to ask it; `None` while it is not paired.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&mut self) -> Result<Option<(Site, Arc<dyn SiteApi>)>, StoreError> {
        let Some(settings) = self.core.site(&self.name) else {
            return Ok(None);
        };
        let name = self.name.clone();
        let (site, generation) = self
            .core
            .store
            .read(move |c| Ok((site::by_name(c, &name)?, fact::generation(c)?)))
            .await?;
        let Some(site) = site.filter(|site| site.retired_at.is_none()) else {
            self.dialled = None;
            return Ok(None);
        };
        let address = Address::of(settings, &site, generation);
        if let Some((to, api)) = &self.dialled
            && *to == address
        {
            return Ok(Some((site, Arc::clone(api))));
        }
        match self.core.link.dial(&address) {
            Ok(api) => {
                self.dialled = Some((address, Arc::clone(&api)));
                Ok(Some((site, api)))
            }
            Err(error) => {
                tracing::error!(site = self.name, %error, "a site cannot be dialled");
                Ok(None)
            }
        }
    }
}
