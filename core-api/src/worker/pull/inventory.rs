//! Does the site hold what it should?

use std::sync::Arc;
use std::time::Duration;

use client::site::SiteApi;

use super::confirming::Confirming;
use super::last::Last;
use super::lateness::Lateness;
use crate::core::Core;
use crate::store::StoreError;
use crate::store::site::{Site, by_name};
use crate::usecase::site::inventory::{Left, ask, judge};
use crate::usecase::site::pull::{Pulled, pull};

/// Between inventories.
const EVERY: Duration = Duration::from_hours(1);
/// Until the next one when something was missed, since ends that are being erased have been told by then, or when more was
/// odd than is seen to at a time.
pub const SOON: Duration = Duration::from_mins(10);

/// Takes the inventory of a site now and then.
#[derive(Default)]
pub(super) struct Inventory {
    taken: Last,
    /// What the last one left.
    left: Left,
}

impl Inventory {
    /// Takes one, if it is time for it; it counts as taken whatever comes of it.
    pub(super) async fn take_if_due(
        &mut self,
        core: &Arc<Core>,
        site: &Site,
        api: &dyn SiteApi,
        confirming: &mut Confirming,
        lateness: &mut Lateness,
    ) -> Result<(), StoreError> {
        let is_soon = self.left.is_more || !self.left.missed.is_empty();
        let every = if is_soon { SOON } else { EVERY };
        if !self.taken.take_if_due(every, core.now()) {
            return Ok(());
        }
        self.take(core, site, api, confirming, lateness).await
    }

    /// What lives there is judged only when all that happened until then is here.
    async fn take(
        &mut self,
        core: &Arc<Core>,
        site: &Site,
        api: &dyn SiteApi,
        confirming: &mut Confirming,
        lateness: &mut Lateness,
    ) -> Result<(), StoreError> {
        let living = match ask(core, site, api).await {
            Ok(living) => living,
            Err(error) => {
                tracing::warn!(site = site.name, %error, "a site gave no inventory");
                return Ok(());
            }
        };
        loop {
            let name = site.name.clone();
            let current = core.store.read(move |c| by_name(c, &name)).await?;
            let Some(current) = current.filter(|current| current.epoch == site.epoch) else {
                return Ok(());
            };
            lateness.look(core, &current).await?;
            match pull(core, &current, api, 0).await? {
                Pulled::More(_) => *confirming = Confirming::default(),
                Pulled::UpToDate(count) => {
                    confirming.came(count);
                    let before = std::mem::take(&mut self.left);
                    self.left = judge(core, &current, living, &before.missed).await?;
                    return Ok(());
                }
                _ => return Ok(()),
            }
        }
    }
}
