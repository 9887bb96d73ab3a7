//! How long is the site's public certificate good?

use std::sync::Arc;
use std::time::Duration;

use client::site::SiteApi;

use super::last::Last;
use crate::core::Core;
use crate::store::StoreError;
use crate::store::site::Site;
use crate::usecase::site::certificate::look_after;

/// Between looks.
const EVERY: Duration = Duration::from_hours(1);

/// Looks at the certificate now and then.
#[derive(Default)]
pub(super) struct Certificate {
    looked: Last,
    /// Looks in a row at which it was not told.
    untold: u32,
}

impl Certificate {
    /// Looks, if it is time for it.
    pub(super) async fn look_if_due(
        &mut self,
        core: &Arc<Core>,
        site: &Site,
        api: &dyn SiteApi,
    ) -> Result<(), StoreError> {
        if self.looked.take_if_due(EVERY, core.now()) {
            look_after(core, site, api, &mut self.untold).await?;
        }
        Ok(())
    }
}
