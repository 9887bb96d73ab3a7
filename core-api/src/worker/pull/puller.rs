//! One round with a site: what is due of the care for it, and one poll.

use std::sync::Arc;

use client::site::SiteApi;

use super::Next;
use super::certificate::Certificate;
use super::confirming::Confirming;
use super::inventory::Inventory;
use super::lateness::Lateness;
use super::witness::Witness;
use crate::core::Core;
use crate::store::{StoreError, site};
use crate::usecase::site::new_epoch::lose_former;
use crate::usecase::site::pull::{Pulled, is_flooded, pull};
use crate::worker::line::Line;

/// A site's pulling, as far as it can begin again from nothing at a restart.
pub struct Puller {
    core: Arc<Core>,
    name: String,
    line: Line,
    confirming: Confirming,
    witness: Witness,
    certificate: Certificate,
    inventory: Inventory,
    lateness: Lateness,
}

impl Puller {
    /// Begins with what the store knows.
    pub fn new(core: Arc<Core>, name: String) -> Self {
        Self {
            line: Line::new(Arc::clone(&core), name.clone()),
            core,
            name,
            confirming: Confirming::default(),
            witness: Witness::default(),
            certificate: Certificate::default(),
            inventory: Inventory::default(),
            lateness: Lateness::default(),
        }
    }

    /// One round: what is due of the care for the site, and one poll that waits up to `wait` seconds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_one(&mut self, wait: u32) -> Result<Next, StoreError> {
        let Some((site, api)) = self.line.take().await? else {
            return Ok(Next::Wait);
        };
        lose_former(&self.core, &self.name).await?;
        self.lateness.look(&self.core, &site).await?;
        match pull(&self.core, &site, &*api, wait).await? {
            Pulled::Overtaken => Ok(Next::GoOn),
            Pulled::More(count) | Pulled::UpToDate(count) => {
                self.confirming.came(count);
                self.after_good(&*api).await?;
                let name = self.name.clone();
                let slow = count > 0 && self.core.store.read(move |c| is_flooded(c, &name)).await?;
                Ok(if slow { Next::Slow } else { Next::GoOn })
            }
            Pulled::Wrong(what) => Ok(Next::Troubled(what)),
            Pulled::Unbelieved => Ok(Next::Patience("it does not believe us; see its clock".to_owned())),
            Pulled::Away(why) => Ok(Next::Patience(why)),
        }
    }

    /// The site answers and is believed: ack, witness, certificate, inventory.
    async fn after_good(&mut self, api: &dyn SiteApi) -> Result<(), StoreError> {
        let name = self.name.clone();
        let Some(site) = self.core.store.read(move |c| site::by_name(c, &name)).await? else {
            return Ok(());
        };
        self.confirming.tell(&self.core, &site, api).await;
        self.witness.leave(&self.core, &site, api).await;
        self.certificate.look_if_due(&self.core, &site, api).await?;
        let (confirming, lateness) = (&mut self.confirming, &mut self.lateness);
        self.inventory
            .take_if_due(&self.core, &site, api, confirming, lateness)
            .await
    }
}
