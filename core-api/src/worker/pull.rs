//! Takes over what happens on one site, and looks after it: is it there, does it hold what it should, does it keep the
//! witness of our audit, how long is its certificate good?

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use client::site::SiteApi;
use contract::sync::LONGEST_WAIT;
use domain::Timestamp;
use server::Stop;
use tokio::time::{Instant, sleep};

use super::line::Line;
use super::patience::Patience;
use crate::core::Core;
use crate::steps::Step;
use crate::store::site::Site;
use crate::store::{Id, StoreError, message, site};
use crate::usecase::alarm::{self, What};
use crate::usecase::site_certificate::look_after;
use crate::usecase::site_inventory;
use crate::usecase::site_pull::{Pulled, ack, is_flooded, pull};
use crate::usecase::site_rekey::lose_former;
use crate::usecase::site_witness::leave;

/// How long a poll waits for the first event, in seconds.
pub const POLL: u32 = 25;
const _: () = assert!(POLL < LONGEST_WAIT, "no site waits as long");
/// Without a good head for this long it is stale: three poll periods.
pub const STALE: Duration = Duration::from_secs(3 * POLL as u64);
/// How long an end may be late.
pub const GRACE: Duration = Duration::from_mins(10);
/// Between looks while there is no site.
const LOOK: Duration = Duration::from_secs(30);
/// Between looks at a site with which something is wrong: longer than it serves readers without us.
const TROUBLED: Duration = Duration::from_mins(5);
/// Between two answers that came at once.
const SHORTEST_BREATH: Duration = Duration::from_millis(20);
const LONGEST_BREATH: Duration = Duration::from_millis(250);
/// Between inventories.
const INVENTORY: Duration = Duration::from_hours(1);
/// Until the next one when something was missed: ends that are being erased have been told by then.
pub const MISSED: Duration = Duration::from_mins(10);
/// Between looks at its public certificate.
const CERTIFICATE: Duration = Duration::from_hours(1);
/// Between looks at what is late and at the witness.
const CARE: Duration = Duration::from_mins(1);
/// Messages looked at that are late.
const LATE_TOGETHER: u32 = 100;

/// A site's pulling, as far as it can begin again from nothing at a restart.
pub struct Puller {
    core: Arc<Core>,
    name: String,
    line: Line,
    is_acked: bool,
    witnessed: Option<String>,
    inventory_at: Option<Timestamp>,
    certificate_at: Option<Timestamp>,
    /// Looks in a row at which it did not tell its certificate.
    certificate_untold: u32,
    /// What was missed at the last inventory.
    missed: BTreeSet<Id>,
    cared_at: Option<Timestamp>,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on at once.
    GoOn,
    /// Nothing is paired: wait until somebody does.
    Wait,
    /// The site is away: wait a little.
    Patience(String),
    /// Something is wrong with it: look again much later.
    Troubled(What),
    /// It tells of more unknown messages than anybody can look at: listen to it now and then.
    Slow,
}

/// Works until it is time to stop.
pub async fn run(core: Arc<Core>, name: String, stop: Stop) {
    let mut puller = Puller::new(Arc::clone(&core), name.clone());
    let mut patience = Patience::default();
    while !stop.is_ordered() {
        let mut woken = pin!(core.wake.sites.notified());
        woken.as_mut().enable();
        let began = Instant::now();
        // A poll that is cut off took nothing: what it would have kept is asked for again.
        let next = tokio::select! {
            next = puller.try_one(POLL) => next,
            () = stop.ordered() => return,
        };
        let pause = match next {
            Ok(Next::GoOn) => {
                patience.reset();
                stop.pause(breath(began.elapsed())).await;
                continue;
            }
            Ok(Next::Slow) => {
                tracing::warn!(site = name, pause = ?TROUBLED, "a site tells of too many unknown messages");
                stop.pause(TROUBLED).await;
                continue;
            }
            Ok(Next::Wait) => LOOK,
            Ok(Next::Troubled(what)) => {
                puller.wait_out(what, &stop).await;
                continue;
            }
            Ok(Next::Patience(why)) => {
                let pause = patience.pause(&*core.randomness);
                tracing::warn!(site = name, why, ?pause, "a site does not answer");
                stop.pause(pause).await;
                continue;
            }
            Err(error) => {
                tracing::error!(site = name, %error, "what happened on a site could not be kept");
                stop.pause(patience.pause(&*core.randomness)).await;
                continue;
            }
        };
        tokio::select! {
            () = woken => {}
            _ = stop.pause(pause) => {}
        }
    }
}

impl Puller {
    /// Begins with what the store knows.
    pub fn new(core: Arc<Core>, name: String) -> Self {
        Self {
            line: Line::new(Arc::clone(&core), name.clone()),
            core,
            name,
            is_acked: false,
            witnessed: None,
            inventory_at: None,
            certificate_at: None,
            certificate_untold: 0,
            missed: BTreeSet::new(),
            cared_at: None,
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
        self.care(&site).await?;
        match pull(&self.core, &site, &*api, wait).await? {
            Pulled::Overtaken => Ok(Next::GoOn),
            Pulled::More(count) | Pulled::UpToDate(count) => {
                self.is_acked &= count == 0;
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

    /// Leaves a troubled site alone, until it is keyed anew or some time is over.
    async fn wait_out(&self, what: What, stop: &Stop) {
        let over = sleep(TROUBLED);
        tokio::pin!(over);
        loop {
            let mut woken = pin!(self.core.wake.sites.notified());
            woken.as_mut().enable();
            let name = self.name.clone();
            let site = self.core.store.read(move |c| site::by_name(c, &name)).await;
            let is_over =
                site.is_ok_and(|site| site.is_none_or(|site| site.trouble.as_deref() != Some(what.word())));
            if is_over {
                return;
            }
            tokio::select! {
                () = woken => {}
                () = &mut over => return,
                () = stop.ordered() => return,
            }
        }
    }

    /// The site answers and is believed: ack, witness, certificate, inventory.
    async fn after_good(&mut self, api: &dyn SiteApi) -> Result<(), StoreError> {
        let name = self.name.clone();
        let Some(site) = self.core.store.read(move |c| site::by_name(c, &name)).await? else {
            return Ok(());
        };
        if !self.is_acked {
            match ack(&site, api).await {
                Ok(()) => {
                    self.core.step(Step::EventsAcked);
                    self.is_acked = true;
                }
                Err(error) => {
                    tracing::debug!(site = self.name, %error, "an ack was lost, which harms nothing");
                }
            }
        }
        self.leave_witness(&site, api).await;
        let now = self.core.now();
        if is_due(self.certificate_at, CERTIFICATE, now) {
            self.certificate_at = Some(now);
            look_after(&self.core, &site, api, &mut self.certificate_untold).await?;
        }
        let every = if self.missed.is_empty() { INVENTORY } else { MISSED };
        if is_due(self.inventory_at, every, now) {
            self.inventory_at = Some(now);
            self.take_inventory(&site, api).await?;
        }
        Ok(())
    }

    async fn leave_witness(&mut self, site: &Site, api: &dyn SiteApi) {
        match leave(&self.core, site, api, self.witnessed.as_deref()).await {
            Ok(left) => self.witnessed = left,
            Err(error) => tracing::warn!(site = self.name, %error, "no checkpoint could be left at a site"),
        }
    }

    /// What lives there is judged only when all that happened until then is here.
    async fn take_inventory(&mut self, site: &Site, api: &dyn SiteApi) -> Result<(), StoreError> {
        let living = match site_inventory::ask(&self.core, site, api).await {
            Ok(living) => living,
            Err(error) => {
                tracing::warn!(site = self.name, %error, "a site gave no inventory");
                return Ok(());
            }
        };
        loop {
            let name = self.name.clone();
            let current = self.core.store.read(move |c| site::by_name(c, &name)).await?;
            let Some(current) = current.filter(|current| current.epoch == site.epoch) else {
                return Ok(());
            };
            self.care(&current).await?;
            match pull(&self.core, &current, api, 0).await? {
                Pulled::More(_) => self.is_acked = false,
                Pulled::UpToDate(count) => {
                    self.is_acked &= count == 0;
                    let before = std::mem::take(&mut self.missed);
                    self.missed = site_inventory::judge(&self.core, &current, living, &before).await?;
                    return Ok(());
                }
                _ => return Ok(()),
            }
        }
    }

    /// What no answer is needed for: is the last good head old, is an end late?
    async fn care(&mut self, site: &Site) -> Result<(), StoreError> {
        let now = self.core.now();
        let is_stale = now.since(site.head_at.unwrap_or(site.paired_at)) > STALE;
        let looks_late = is_due(self.cared_at, CARE, now);
        if !is_stale && !looks_late {
            return Ok(());
        }
        if looks_late {
            self.cared_at = Some(now);
        }
        let (core, name) = (Arc::clone(&self.core), self.name.clone());
        self.core
            .store
            .write(move |c| {
                if is_stale {
                    alarm::raise(c, &core, &name, What::Stale, "", now)?;
                }
                if looks_late {
                    for late in message::overdue(c, &name, now.minus(GRACE), LATE_TOGETHER)? {
                        let subject = contract::sync::Token::from(late.id).to_string();
                        alarm::raise(c, &core, &name, What::Overdue, &subject, now)?;
                    }
                }
                Ok(())
            })
            .await
    }
}

/// After an answer that came fast: as long as it took, so that no site gets more than half of the writer's time. One that
/// was waited for came because something happened, and is not held against the site.
fn breath(took: Duration) -> Duration {
    if took > Duration::from_secs(1) {
        return Duration::ZERO;
    }
    took.clamp(SHORTEST_BREATH, LONGEST_BREATH)
}

fn is_due(last: Option<Timestamp>, every: Duration, now: Timestamp) -> bool {
    last.is_none_or(|last| now.since(last) >= every)
}
