//! A running portal: its listeners, its workers, its end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use client::SetupError;
use client::core::{CoreApi, CoreClient};
use metrics_exporter_prometheus::PrometheusHandle;
use server::{
    Ended, Life, ListenError, Listener, Order, Randomness, Reloads, Stack, Stop, Visitors, observe,
};
use tokio::sync::mpsc;

use crate::config::PortalConfig;
use crate::http;
use crate::link;
use crate::office::{Clock, Office};
use crate::refusal::Explainer;
use crate::renewal::OwnCertificate;

const MINUTE: Duration = Duration::from_mins(1);

/// What a portal takes from outside instead of reaching for it.
pub struct Surroundings {
    /// The time.
    pub clock: Clock,
    /// Randomness fit for keys.
    pub randomness: Randomness,
    /// Where the process's metrics are collected.
    pub metrics: PrometheusHandle,
}

/// Why a portal cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A listener cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The listeners cannot be served.
    #[error("the listeners cannot be served: {0}")]
    Serve(#[from] io::Error),
    /// The way to the core cannot be set up from the files.
    #[error("[core]: {0}")]
    Core(#[from] SetupError),
}

/// A portal whose listeners are open. It serves from [`run`](Self::run) on.
pub struct Opened {
    stack: Stack,
    life: Life,
    public: SocketAddr,
    health: SocketAddr,
    certificate: Option<Arc<OwnCertificate>>,
}

impl Opened {
    /// Opens the listeners and sets up the way to the core; connects to nothing yet.
    pub fn new(config: &PortalConfig, surroundings: Surroundings) -> Result<Self, ServeError> {
        let client = Arc::new(CoreClient::new(link::transport(&config.core))?);
        let clock = Arc::clone(&surroundings.clock);
        let mut opened = Self::with_core(config, Arc::<CoreClient>::clone(&client), surroundings)?;
        let certificate = Arc::new(OwnCertificate::new(client, config.core.clone(), clock));
        opened.certificate = Some(Arc::clone(&certificate));
        opened
            .life
            .spawn("own-certificate", move |stop| Arc::clone(&certificate).keep(stop));
        Ok(opened)
    }

    /// The same with anything that answers in the core's place.
    pub fn with_core(
        config: &PortalConfig,
        core: Arc<dyn CoreApi>,
        surroundings: Surroundings,
    ) -> Result<Self, ServeError> {
        let Surroundings {
            clock,
            randomness,
            metrics,
        } = surroundings;
        let office = Arc::new(Office::new(config, core, clock, Arc::clone(&randomness)));
        let visitors = Visitors::Browsers {
            origin: config.origin.clone(),
            explain: Arc::new(Explainer(Arc::clone(&office))),
        };
        let public = Listener::bind("public", &config.public, visitors)?;
        let health = Listener::bind("health", &config.health, Visitors::Programs)?;
        let (public_address, health_address) = (public.address(), health.address());
        let life = Life::new();
        let stack = Stack::new(randomness)
            .serve(public, http::routes(Arc::clone(&office)))?
            .serve(health, observe::routes(checks(&office, &life), metrics))?;
        let reloads = stack.reloads();
        life.spawn("minute", move |stop| every_minute(reloads.clone(), stop));
        life.spawn("core", move |stop| link::watch(Arc::clone(&office), stop));
        Ok(Self {
            stack,
            life,
            public: public_address,
            health: health_address,
            certificate: None,
        })
    }

    /// Where people come in, with the port that the system chose.
    pub fn public(&self) -> SocketAddr {
        self.public
    }

    /// Where health and metrics are.
    pub fn health(&self) -> SocketAddr {
        self.health
    }

    /// Serves until a stop is ordered.
    pub async fn run(self, orders: mpsc::Receiver<Order>) -> Ended {
        let reloads = self.stack.reloads();
        let server = self.stack.run();
        let reload = || {
            reloads.certificates();
            if let Some(certificate) = &self.certificate {
                certificate.reload();
            }
        };
        self.life.run(server, orders, reload).await
    }
}

fn checks(office: &Arc<Office>, life: &Life) -> observe::Checks {
    let (office, life) = (Arc::clone(office), life.clone());
    Arc::new(move || {
        let running = observe::Check {
            name: "running".to_owned(),
            ok: !life.is_ending(),
            detail: if life.is_ending() { "stopping" } else { "serving" }.to_owned(),
        };
        vec![running, link::check(&office)]
    })
}

async fn every_minute(reloads: Reloads, stop: Stop) {
    while stop.pause(MINUTE).await {
        reloads.tick();
    }
}
