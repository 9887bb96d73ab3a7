//! A running site: its listeners, its workers, its end.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use server::logs::LogSettings;
use server::tls::Clients;
use server::{
    Ended, Inherited, Life, ListenError, Listener, ListenerSettings, Order, Randomness, Stack, Visitors,
    lifecycle, logs, observe,
};
use tokio::sync::mpsc;

use crate::believe::Believer;
use crate::config::SiteConfig;
use crate::filter;
use crate::http::drawn::Drawn;
use crate::http::public::{self, Explainer, Front};
use crate::http::sync::{self, Back};
use crate::pair::{PairError, Paired, Place};
use crate::public_certificate::{PublicCertificate, RenewalError};
use crate::room;
use crate::site::{Given, Numbers, Site, StartError};

/// Between two looks at what `/readyz` and the metrics tell.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a site takes from outside instead of reaching for it.
pub struct Surroundings {
    /// Time, randomness, and who watches.
    pub given: Given,
    /// Sockets that the service manager opened, if it did.
    pub sockets: Option<Inherited>,
    /// Where the process's metrics are collected.
    pub metrics: PrometheusHandle,
}

/// Why a site cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It is not paired, or the pairing cannot be read.
    #[error(transparent)]
    Pairing(#[from] PairError),
    /// What was agreed on at the pairing was changed.
    #[error("{}: it was changed; pair this site again", .0.display())]
    Changed(PathBuf),
    /// A listener cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The service manager opened more sockets than there are listeners.
    #[error(
        "the service manager opened sockets that no listener asks for: {0:?}; its socket unit and the configuration must name the same addresses"
    )]
    Left(Vec<SocketAddr>),
    /// A renewal of the public certificate was cut short and cannot be finished.
    #[error("the renewal of the public certificate cannot be finished: {0}")]
    Certificate(#[from] RenewalError),
    /// The site below the listeners cannot begin.
    #[error(transparent)]
    Site(#[from] StartError),
    /// The listeners cannot be served.
    #[error("the listeners cannot be served: {0}")]
    Serve(#[from] io::Error),
}

/// Serves until a signal ends it, with the way out closed.
///
/// # Errors
/// Why it cannot begin, in words for whoever started it.
pub async fn serve(config: &SiteConfig, log: &LogSettings, given: Given) -> Result<ExitCode, Box<dyn Error>> {
    let _last_lines = logs::install(log)?;
    let orders = lifecycle::signals()?;
    let surroundings = Surroundings {
        given,
        sockets: Inherited::from_environment()?,
        metrics: observe::install_metrics()?,
    };
    let site = Opened::new(config, surroundings).await?;
    // From here on nothing in this process reaches anybody who did not come to it.
    filter::close_the_way_out()?;
    tracing::info!(
        public = %site.public(), sync = %site.sync(), health = ?site.health(),
        "serving, with the way out closed"
    );
    Ok(match site.run(orders).await {
        Ended::Drained | Ended::CutShort => ExitCode::SUCCESS,
        Ended::Failed => ExitCode::FAILURE,
    })
}

/// A site whose listeners are open. It serves from [`run`](Self::run) on.
pub struct Opened {
    stack: Stack,
    life: Life,
    site: Site,
    public: SocketAddr,
    sync: SocketAddr,
    health: Option<SocketAddr>,
}

impl Opened {
    /// Opens the listeners and the databases. Nothing is served yet.
    pub async fn new(config: &SiteConfig, surroundings: Surroundings) -> Result<Self, ServeError> {
        let Surroundings {
            given,
            mut sockets,
            metrics,
        } = surroundings;
        let place = Place::new(&config.data_dir);
        let paired = Paired::load(&place)?;
        let changed = || ServeError::Changed(place.pairing());
        let (origin, core_key) = (
            paired.origin().ok_or_else(changed)?,
            paired.core_key().ok_or_else(changed)?,
        );
        let certificate = public_certificate(config, origin.host());
        certificate.finish(given.clock.now_ms())?;
        let drawn = Arc::new(Drawn::of(&paired.look));
        let browsers = Visitors::Browsers {
            origin,
            explain: Arc::new(Explainer(Arc::clone(&drawn))),
        };
        let public = Listener::take("public", &config.public, browsers, &mut sockets)?;
        let inner = sync_settings(config, &paired);
        let sync = Listener::take("sync", &inner, Visitors::Programs, &mut sockets)?;
        let health = config.health.as_ref();
        let health = health
            .map(|health| Listener::take("health", health, Visitors::Programs, &mut sockets))
            .transpose()?;
        if let Some(left) = sockets
            .map(|sockets| sockets.left())
            .filter(|left| !left.is_empty())
        {
            return Err(ServeError::Left(left));
        }
        let site = Site::start(config.site(&paired.site), given.clone(), None).await?;
        let front = Arc::new(Front::new(site.clone(), drawn));
        let (public_address, sync_address) = (public.address(), sync.address());
        let health_address = health.as_ref().map(Listener::address);
        let randomness = Arc::clone(&given.randomness);
        let randomness: Randomness = Arc::new(move |bytes| randomness.fill(bytes));
        let stack = Stack::new(randomness);
        let life = Life::new();
        let back = Arc::new(Back {
            site: site.clone(),
            believer: Believer::new(paired.site, core_key),
            clock: Arc::clone(&given.clock),
            certificate,
            reloads: stack.reloads(),
            ending: life.ending(),
        });
        let seen = look_after(&life, &site, config.data_dir.clone());
        let mut stack = stack
            .serve(public, public::routes(front))?
            .serve(sync, sync::routes(back))?;
        if let Some(health) = health {
            stack = stack.serve(health, observe::routes(checks(&seen, &life), metrics.clone()))?;
        }
        stack.reloads().watch(&life, metrics);
        Ok(Self {
            stack,
            life,
            site,
            public: public_address,
            sync: sync_address,
            health: health_address,
        })
    }

    /// Where people come in, with the port that the system chose.
    pub fn public(&self) -> SocketAddr {
        self.public
    }

    /// Where the core comes in.
    pub fn sync(&self) -> SocketAddr {
        self.sync
    }

    /// Where health and metrics are, if the site has a listener of its own for them.
    pub fn health(&self) -> Option<SocketAddr> {
        self.health
    }

    /// Serves until a stop is ordered.
    pub async fn run(self, orders: mpsc::Receiver<Order>) -> Ended {
        let reloads = self.stack.reloads();
        let server = self.stack.run();
        let reload = || {
            reloads.certificates(); // what is wrong is logged
        };
        let ended = self.life.run(server, orders, reload).await;
        self.site.close().await;
        ended
    }
}

fn public_certificate(config: &SiteConfig, host: &str) -> PublicCertificate {
    let files = config.public.tls.clone();
    let (cert, key) = files.map(|files| (files.cert, files.key)).unwrap_or_default();
    PublicCertificate::new(cert, key, &config.data_dir, host)
}

/// Whom the sync listener lets in is known from the pairing on.
fn sync_settings(config: &SiteConfig, paired: &Paired) -> ListenerSettings {
    let mut settings = config.sync.clone();
    if let Some(tls) = &mut settings.tls {
        tls.clients = Clients::Pinned(paired.core_pins.clone());
    }
    settings
}

/// How the site was at the last look.
#[derive(Clone, Copy)]
struct Seen {
    numbers: Numbers,
    free: Option<u64>,
}

type LastSeen = Arc<Mutex<Option<Seen>>>;

/// Begins the site's own work, and looks at it once a second.
fn look_after(life: &Life, site: &Site, data_dir: PathBuf) -> LastSeen {
    let last = LastSeen::default();
    let tended = site.clone();
    life.spawn("site", move |stop| {
        let site = tended.clone();
        async move { site.tend(stop).await }
    });
    let (site, kept) = (site.clone(), Arc::clone(&last));
    life.spawn("look", move |stop| {
        let (site, last, data_dir) = (site.clone(), Arc::clone(&kept), data_dir.clone());
        async move {
            loop {
                let seen = Seen {
                    numbers: site.numbers().await,
                    free: room::free(&data_dir),
                };
                tell(&seen);
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
                if !stop.pause(LOOK_EVERY).await {
                    return;
                }
            }
        }
    });
    last
}

#[expect(clippy::cast_precision_loss, reason = "figures for a graph")]
fn tell(seen: &Seen) {
    metrics::gauge!("site_confirmed").set(f64::from(u8::from(seen.numbers.confirmed)));
    metrics::gauge!("site_stopped").set(f64::from(u8::from(seen.numbers.stopped)));
    metrics::gauge!("site_seq").set(seen.numbers.seq as f64);
    metrics::gauge!("site_free_bytes").set(seen.free.unwrap_or_default() as f64);
    for (database, numbers) in [("site", seen.numbers.site), ("keys", seen.numbers.keys)] {
        metrics::counter!("site_changes_total", "database" => database).absolute(numbers.written);
        metrics::counter!("site_commits_total", "database" => database).absolute(numbers.groups);
        metrics::counter!("site_commits_failed_total", "database" => database)
            .absolute(numbers.failed_groups);
    }
}

fn checks(last: &LastSeen, life: &Life) -> observe::Checks {
    let (last, life) = (Arc::clone(last), life.clone());
    Arc::new(move || {
        let seen = *last.lock().unwrap_or_else(PoisonError::into_inner);
        let ending = life.is_ending();
        let mut checks = vec![
            one("running", !ending, if ending { "stopping" } else { "serving" }),
            one("paired", true, "with the core"),
        ];
        checks.extend(of_site(seen));
        checks
    })
}

fn of_site(seen: Option<Seen>) -> [observe::Check; 3] {
    let (chain, core) = match seen.map(|seen| seen.numbers) {
        None => ((false, "not looked at yet"), (false, "not looked at yet")),
        Some(Numbers { stopped: true, .. }) => (
            (
                false,
                "it is not the one that the core knows: core-api site re-key",
            ),
            (false, "nothing is opened"),
        ),
        Some(Numbers { confirmed: true, .. }) => ((true, "goes on"), (true, "has confirmed the chain")),
        Some(_) => (
            (true, "goes on"),
            (false, "waiting for the core to confirm the chain"),
        ),
    };
    let free = seen.and_then(|seen| seen.free);
    let disk = match free {
        Some(free) if free >= room::LEAST => (true, "has room"),
        Some(_) => (false, "is full"),
        None => (false, "cannot be looked at"),
    };
    [
        one("chain", chain.0, chain.1),
        one("core", core.0, core.1),
        one("disk", disk.0, disk.1),
    ]
}

fn one(name: &str, ok: bool, detail: &str) -> observe::Check {
    observe::Check {
        name: name.to_owned(),
        ok,
        detail: detail.to_owned(),
    }
}
