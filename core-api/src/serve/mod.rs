//! Putting the core together, serving, and ending in the right order.

mod directory;
mod embedded;
mod keys;
mod ready;
#[cfg(test)]
mod tests;

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::directory::DirectoryError;
use actix_web::dev::Server;
use domain::{Clock, Randomness};
use server::{Ended, Life, ListenError, Listener, Order, Reloads, Stack, Visitors, observe};
use tokio::sync::mpsc;

pub use self::directory::{Opened, open_directory};
pub use self::embedded::EmbeddedError;
use self::embedded::EmbeddedSites;
pub use self::keys::{KeyError, open_keys, signing_key};
use crate::admin::AdminSocket;
use crate::clock::{HighWaterClock, SystemClock};
use crate::config::Config;
use crate::core::{Core, Parts};
use crate::keys::OsRandomness;
use crate::mail::{Mailer, MailerError};
use crate::own_rules::{OwnRuleFiles, OwnRulesError};
use crate::pki::{Authority, PkiError};
use crate::site::PinnedLink;
use crate::steps::Steps;
use crate::store::audit::{Event, Personal};
use crate::store::{Store, StoreError, audit, fact};
use crate::worker::checkpoint::journal_key;
use crate::{http, worker};

/// Why the core did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be made or used.
    #[error("{}: {wrong}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        wrong: std::io::Error,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] sqlite::OpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key is missing or wrong.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The directory cannot be used as configured.
    #[error("the directory cannot be used: {}", .0.for_operator())]
    Directory(DirectoryError),
    /// The password lists cannot be used.
    #[error(transparent)]
    OwnRules(#[from] OwnRulesError),
    /// The authority that renews peers' certificates cannot be used.
    #[error(transparent)]
    Authority(#[from] PkiError),
    /// Mail cannot leave as configured.
    #[error(transparent)]
    Mail(#[from] MailerError),
    /// A listener cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A site that the core serves itself cannot begin.
    #[error("site {name}: {wrong}")]
    Embedded {
        /// Its name.
        name: String,
        /// What is wrong.
        wrong: Box<EmbeddedError>,
    },
    /// Metrics are collected once per process.
    #[error("metrics cannot be collected: {0}")]
    Metrics(String),
}

/// A core that accepts requests.
pub struct Running {
    /// The core itself.
    pub core: Arc<Core>,
    opened: Opened,
    embedded: EmbeddedSites,
    life: Life,
    server: Server,
    reloads: Reloads,
    api: SocketAddr,
    health: SocketAddr,
}

impl Running {
    /// Where the API listens, with the port that the system chose.
    pub fn api(&self) -> SocketAddr {
        self.api
    }

    /// Where health and metrics are, with the port that the system chose.
    pub fn health(&self) -> SocketAddr {
        self.health
    }

    /// Serves until a stop is ordered, then finishes what is under way and closes everything.
    pub async fn run(self, orders: mpsc::Receiver<Order>) -> Ended {
        let (sites, orders) = self.embedded.serve(orders);
        let ended = self.life.run(self.server, orders, || reload(&self.reloads)).await;
        sites.end().await;
        self.core.store.database().close().await;
        self.opened.close().await;
        ended
    }
}

/// Starts a core as configured, with somebody who watches its steps.
///
/// # Errors
/// What is wrong, in words for whoever starts it. Nothing is left running.
pub async fn start(config: Config, steps: Arc<dyn Steps>) -> Result<Running, StartError> {
    make_data_dir(&config.data_dir)?;
    let store = Store::open(&config.data_dir)?;
    let clock = Arc::new(HighWaterClock::new(
        SystemClock,
        store.read(fact::high_water).await?,
    ));
    let randomness: Arc<dyn Randomness> = Arc::new(OsRandomness);
    let keys = open_keys(&config.data_dir, &config.keys, &*randomness)?;
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let opened = open_directory(
        &config.data_dir,
        config.directory,
        Arc::clone(&shared),
        Arc::clone(&randomness),
    )
    .await
    .map_err(StartError::Directory)?;
    let link = Arc::new(PinnedLink {
        data_dir: config.data_dir.clone(),
        signing: journal_key(&keys.signing),
        clock: Arc::clone(&shared),
        randomness: Arc::clone(&randomness),
    });
    let own_rules = OwnRuleFiles::open(&config.passwords)?;
    let authority = config
        .pki
        .map(|pki| Authority::load(&pki.issuer_cert, &pki.issuer_key))
        .transpose()?
        .map(Arc::new);
    let mailer = Arc::new(Mailer::new(&config.mail, config.house)?);
    let core = Arc::new(Core::new(Parts {
        clock: shared,
        randomness,
        store,
        directory: opened.directory(),
        at_rest: keys.at_rest,
        signing: keys.signing,
        settings: config.settings,
        own_rules: Arc::new(own_rules),
        link,
        steps,
    }));
    record_start(&core).await?;

    let metrics = observe::install_metrics().map_err(|error| StartError::Metrics(error.to_string()))?;
    let embedded = Box::pin(EmbeddedSites::open(&core, &config.embedded, &metrics)).await?;
    let life = Life::new();
    let fill = Arc::clone(&core.randomness);
    let api = Listener::bind("api", &config.api, Visitors::Programs)?;
    let health = Listener::bind("health", &config.health, Visitors::Programs)?;
    let (api_address, health_address) = (api.address(), health.address());
    let socket =
        Arc::new(AdminSocket::bind(&config.data_dir).map_err(|wrong| folder(&config.data_dir, wrong))?);
    let watch = ready::Watch::new(Arc::clone(&core), clock);
    let routes = observe::routes(watch.checks(life.clone()), metrics.clone());
    let stack = Stack::new(Arc::new(move |bytes| fill.fill(bytes)))
        .serve(api, http::routes(Arc::clone(&core), authority))
        .and_then(|stack| stack.serve(health, routes))
        .map_err(|wrong| folder(&config.data_dir, wrong))?;
    let reloads = stack.reloads();
    reloads.watch(&life, metrics);
    spawn_workers(&life, &core, &mailer, &socket, &watch);
    spawn_sites(&life, &core);
    let server = stack.run();
    tracing::info!(api = %api_address, health = %health_address, demo = core.settings.demo, "ready");
    if !core.directory.is_real() {
        tracing::warn!("the directory is the embedded one: nobody signs in with these accounts");
    }
    Ok(Running {
        core,
        opened,
        embedded,
        life,
        server,
        reloads,
        api: api_address,
        health: health_address,
    })
}

/// Certificates are read again; what cannot be used is logged, and its listener keeps what it has. Everything else in
/// the configuration takes a restart.
fn reload(reloads: &Reloads) {
    if reloads.certificates() {
        tracing::info!("reloaded");
    }
}

/// Only the service's own user may look into the data directory.
fn make_data_dir(path: &Path) -> Result<(), StartError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|wrong| folder(path, wrong))
}

fn folder(path: &Path, wrong: std::io::Error) -> StartError {
    StartError::Folder {
        path: path.to_owned(),
        wrong,
    }
}

async fn record_start(core: &Core) -> Result<(), StoreError> {
    let event = Event::Started {
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let (entry, now) = (core.entry(event, "", "core", Personal::default()), core.now());
    core.store
        .write(move |c| {
            fact::raise_high_water(c, now)?;
            audit::append(c, &entry, now)
        })
        .await
        .map(drop)
}

/// On the main runtime: whatever a request's worker spawns would end with that worker.
fn spawn_workers(
    life: &Life,
    core: &Arc<Core>,
    mailer: &Arc<Mailer>,
    socket: &Arc<AdminSocket>,
    watch: &Arc<ready::Watch>,
) {
    let shared = Arc::clone(core);
    life.spawn("resolve", move |stop| {
        worker::resolve::run(Arc::clone(&shared), stop)
    });
    let shared = Arc::clone(core);
    life.spawn("settle", move |stop| {
        worker::settle::run(Arc::clone(&shared), stop)
    });
    let shared = Arc::clone(core);
    life.spawn("checkpoint", move |stop| {
        worker::checkpoint::run(Arc::clone(&shared), stop)
    });
    let shared = Arc::clone(core);
    life.spawn("reap", move |stop| worker::reap::run(Arc::clone(&shared), stop));
    let shared = Arc::clone(core);
    life.spawn("rewrap", move |stop| {
        worker::rewrap::run(Arc::clone(&shared), stop)
    });
    let (shared, mailer) = (Arc::clone(core), Arc::clone(mailer));
    life.spawn("outbox", move |stop| {
        worker::outbox::run(Arc::clone(&shared), Arc::clone(&mailer), stop)
    });
    let (shared, socket) = (Arc::clone(core), Arc::clone(socket));
    life.spawn("admin", move |stop| {
        let (core, socket) = (Arc::clone(&shared), Arc::clone(&socket));
        async move { socket.serve(core, stop).await }
    });
    let watch = Arc::clone(watch);
    life.spawn("watch", move |stop| {
        let watch = Arc::clone(&watch);
        async move { watch.run(stop).await }
    });
}

/// Workers of its own for each site: what one waits for does not hold up the other, and no site another.
fn spawn_sites(life: &Life, core: &Arc<Core>) {
    for site in &core.settings.sites {
        let (shared, name) = (Arc::clone(core), site.name.clone());
        life.spawn("push", move |stop| {
            worker::push::run(Arc::clone(&shared), name.clone(), stop)
        });
        let (shared, name) = (Arc::clone(core), site.name.clone());
        life.spawn("pull", move |stop| {
            worker::pull::run(Arc::clone(&shared), name.clone(), stop)
        });
        // Pages of our own process are those that we were built with.
        if !site.is_embedded {
            let (shared, name) = (Arc::clone(core), site.name.clone());
            life.spawn("pages", move |stop| {
                worker::pages::run(Arc::clone(&shared), name.clone(), stop)
            });
        }
        let (shared, name) = (Arc::clone(core), site.name.clone());
        life.spawn("drops", move |stop| {
            worker::drops::run(Arc::clone(&shared), name.clone(), stop)
        });
    }
}
