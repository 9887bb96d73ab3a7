//! Sites that the core serves itself, for those who have no DMZ: the same code behind the same two listeners, with the
//! sync listener on loopback. Only the filter against dialling is missing, since the core dials.

use std::sync::Arc;

use contract::pairing::PairingAnswer;
use metrics_exporter_prometheus::PrometheusHandle;
use selfdestruct::given::{Given, Unwatched};
use selfdestruct::machine::{OsRandom, SystemClock};
use selfdestruct::pair::{self, PairError, Paired, Place};
use selfdestruct::serve::{Opened, ServeError, Surroundings};
use server::{Ended, Order};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};

use super::StartError;
use crate::config::EmbeddedSite;
use crate::core::Core;
use crate::store::site;
use crate::usecase::site::pair::{PairError as CorePairError, offer, take_answer};

/// Who pairs, in the audit.
const BY: &str = "core";

/// Orders that may wait for a site that is busy ending.
const ORDERS: usize = 4;

/// Why an embedded site cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The site does not take the pairing.
    #[error(transparent)]
    Site(#[from] PairError),
    /// The core does not.
    #[error(transparent)]
    Core(#[from] CorePairError),
    /// Its listeners or databases cannot be opened.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Sites whose listeners are open.
pub(super) struct EmbeddedSites(Vec<Opened>);

/// Sites that serve.
pub(super) struct Serving {
    relay: AbortHandle,
    sites: Vec<JoinHandle<Ended>>,
}

impl EmbeddedSites {
    /// Pairs with each that does not know us yet, and opens it.
    pub(super) async fn open(
        core: &Arc<Core>,
        sites: &[EmbeddedSite],
        metrics: &PrometheusHandle,
    ) -> Result<Self, StartError> {
        let mut opened = Vec::with_capacity(sites.len());
        for site in sites {
            let one = open(core, site, metrics).await;
            opened.push(one.map_err(|wrong| StartError::Embedded {
                name: site.name.clone(),
                wrong: Box::new(wrong),
            })?);
        }
        Ok(Self(opened))
    }

    /// Serves. Gives the orders on, to whoever asks for them and to every site.
    pub(super) fn serve(self, orders: mpsc::Receiver<Order>) -> (Serving, mpsc::Receiver<Order>) {
        let (core, for_core) = mpsc::channel(ORDERS);
        let mut everybody = vec![core];
        let mut sites = Vec::with_capacity(self.0.len());
        for site in self.0 {
            let (order, orders) = mpsc::channel(ORDERS);
            everybody.push(order);
            sites.push(tokio::spawn(site.run(orders)));
        }
        let relay = tokio::spawn(relay(orders, everybody)).abort_handle();
        (Serving { relay, sites }, for_core)
    }
}

impl Serving {
    /// Ends what still serves.
    pub(super) async fn end(self) {
        self.relay.abort(); // whom nobody can order anything any more, ends
        for site in self.sites {
            match site.await {
                Ok(Ended::Drained) => {}
                Ok(ended) => tracing::warn!(?ended, "an embedded site did not end tidily"),
                Err(error) => tracing::error!(%error, "an embedded site ended by itself"),
            }
        }
    }
}

async fn relay(mut orders: mpsc::Receiver<Order>, everybody: Vec<mpsc::Sender<Order>>) {
    while let Some(order) = orders.recv().await {
        for one in &everybody {
            let _ = one.send(order).await; // who ended already needs none
        }
    }
}

async fn open(
    core: &Arc<Core>,
    site: &EmbeddedSite,
    metrics: &PrometheusHandle,
) -> Result<Opened, EmbeddedError> {
    if !know_each_other(core, site).await? {
        pair_anew(core, site).await?;
    }
    let surroundings = Surroundings {
        given: given(),
        sockets: None,
        metrics: metrics.clone(),
    };
    let opened = Opened::new(&site.config, surroundings).await?;
    tracing::info!(site = site.name, public = %opened.public(), "serving an embedded site");
    Ok(opened)
}

async fn know_each_other(core: &Core, site: &EmbeddedSite) -> Result<bool, EmbeddedError> {
    let name = site.name.clone();
    let known = core.store.read(move |c| site::by_name(c, &name)).await;
    let known = known.map_err(CorePairError::from)?;
    let is_known = known.is_some_and(|site| site.retired_at.is_none());
    match Paired::load(&Place::new(&site.config.data_dir)) {
        Ok(_) => Ok(is_known),
        Err(PairError::NotPaired) => Ok(false),
        Err(wrong) => Err(wrong.into()),
    }
}

/// What one of the two knows alone is of no use: a message that only the site has was never confirmed to anybody, or
/// was given up, and one that only the core has counts as lost from the new epoch on.
async fn pair_anew(core: &Arc<Core>, site: &EmbeddedSite) -> Result<(), EmbeddedError> {
    pair::forget(&site.config)?;
    let pairing = offer(core, &site.name).await?;
    let answer: PairingAnswer = pair::pair(&site.config, given(), &pairing, false).await?;
    let epoch = take_answer(core, &site.name, &answer, "", BY).await?;
    tracing::info!(site = site.name, epoch, "paired with an embedded site");
    Ok(())
}

fn given() -> Given {
    Given {
        clock: Arc::new(SystemClock),
        randomness: Arc::new(OsRandom),
        steps: Arc::new(Unwatched),
    }
}
