//! The stack that every request of every listener goes through, from the socket to the routes.
//!
//! Sources → TLS → patience → HTTP → headers, trace, panics, refusals → limits → deadline → cross-site guard →
//! routes. A server gives routes only, so none of it can be forgotten.

use std::io;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use actix_http::{HttpService, KeepAlive, Protocol};
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::{AppConfig, Server};
use actix_web::error::Error;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, HttpResponse};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::connection::Connection;
use crate::layers;
use crate::lifecycle::{DRAIN, Life};
use crate::limits::Limits;
use crate::listener::{Listener, Rules};
use crate::reference::Randomness;
use crate::seats::{Seat, Seats};
use crate::tls::Tls;

/// Connections that one worker serves at once; more wait to be accepted. A connection takes about 40 KiB.
const MOST_CONNECTIONS: usize = 1000;
/// See [`Places::kept`].
const KEPT_CONNECTIONS: usize = 100;
/// Handshakes that one address may have under way where keys are shown. One of our servers begins a few at a time, and many
/// addresses are needed to take all that there are.
const UNPROVEN: usize = 16;
const HANDSHAKE: Duration = Duration::from_secs(5);
const HEAD: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(15);
/// How much longer than its deadline a request may take before its connection is simply closed.
const GRACE: Duration = Duration::from_secs(2);

const MINUTE: Duration = Duration::from_mins(1);
/// Between two tidyings of the metrics: every request leaves some bytes until then.
const TIDY: Duration = Duration::from_secs(10);

/// Connections that the listeners of one process serve at once, over all workers. Each is an open file.
pub fn most_connections() -> usize {
    Places::default().all()
}

/// Who serves, and how many connections at once.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// Worker threads.
    pub workers: usize,
    /// Connections of each worker.
    pub each: usize,
    /// Of these, those that the visitors of a listener that anybody reaches cannot take: listeners share their workers,
    /// and a site whose core cannot come in soon hands nothing out.
    pub kept: usize,
}

impl Places {
    fn all(self) -> usize {
        self.workers * self.each
    }

    /// Those of all visitors to a listener that anybody reaches; no stack has two of them.
    fn of_visitors(self) -> usize {
        self.workers * self.each.saturating_sub(self.kept)
    }

    fn kept_by_all(self) -> usize {
        self.workers * self.kept.min(self.each)
    }
}

/// A worker for each processor.
impl Default for Places {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(2, NonZeroUsize::get),
            each: MOST_CONNECTIONS,
            kept: KEPT_CONNECTIONS,
        }
    }
}

/// When a connection was accepted.
#[derive(Clone, Copy)]
pub(crate) struct Born(pub(crate) Instant);

/// All listeners of a server, on the same worker threads.
pub struct Stack {
    builder: ServerBuilder,
    randomness: Randomness,
    reloads: Reloads,
    places: Places,
}

impl Stack {
    /// An empty one. `randomness` makes references.
    pub fn new(randomness: Randomness) -> Self {
        Self::with(randomness, Places::default())
    }

    /// The same with so many places.
    pub fn with(randomness: Randomness, places: Places) -> Self {
        let builder = ServerBuilder::new()
            .disable_signals()
            .shutdown_timeout(DRAIN.as_secs())
            .workers(places.workers)
            .max_concurrent_connections(places.each);
        Self {
            builder,
            randomness,
            reloads: Reloads::default(),
            places,
        }
    }

    /// Adds a listener with its routes. `routes` runs once per worker: make what they share outside of it.
    pub fn serve(
        mut self,
        listener: Listener,
        routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let Listener {
            name,
            socket,
            tls,
            rules,
            ..
        } = listener;
        self.reloads.add(name, tls.clone(), rules.limits.clone());
        let shutdown = self.builder.graceful_shutdown_signal();
        let randomness = Arc::clone(&self.randomness);
        let seating = Seating::of(&rules, self.places);
        let rules = Arc::new(rules);
        self.builder = self.builder.listen(name, socket, move || {
            let shutdown = shutdown.clone();
            let http = HttpService::build()
                .keep_alive(KeepAlive::Timeout(IDLE))
                .client_request_timeout(HEAD)
                .client_disconnect_timeout(Duration::from_secs(1))
                .graceful_shutdown_signal(move || {
                    let shutdown = shutdown.clone();
                    async move { shutdown.notified().await }
                })
                .on_connect_ext(|connection: &Connection, data| {
                    data.insert(Born(Instant::now()));
                    data.insert(connection.leeway());
                    data.insert(connection.pipeline());
                    if let Some(names) = connection.peer_names() {
                        data.insert(names);
                    }
                });
            let app = App::new()
                .app_data(Data::from(Arc::clone(&rules)))
                .app_data(Data::new(Arc::clone(&randomness)))
                .configure(layers::body_limits(rules.body_limit))
                .configure(routes.clone())
                .wrap(from_fn(layers::same_site_only))
                .wrap(from_fn(layers::deadline))
                .wrap(from_fn(layers::limit))
                .wrap(from_fn(layers::answer_always)) // the last one runs first
                .into_factory()
                .map_err(|error: Error| HttpResponse::from_error(error));
            let (rules, seating, tls) = (Arc::clone(&rules), seating.clone(), tls.clone());
            fn_service(move |stream: TcpStream| {
                admit(stream, Arc::clone(&rules), seating.clone(), tls.clone())
            })
            .and_then(
                http.finish(map_config(app, |()| AppConfig::default()))
                    .map_err(|error| tracing::debug!(%error, "connection ended")),
            )
        })?;
        Ok(self)
    }

    /// What a SIGHUP exchanges.
    pub fn reloads(&self) -> Reloads {
        self.reloads.clone()
    }

    /// Starts to accept connections.
    pub fn run(self) -> Server {
        self.builder.run()
    }
}

/// How many connections of a listener each visitor and all of them may hold; `None`: as many as there are.
#[derive(Clone)]
struct Seating {
    /// Those that are served.
    served: Option<Arc<Seats>>,
    /// Those that have yet to show their key, where keys are shown. Were they counted among the served, whoever has no key
    /// would take the places of those who have; were they not counted, all that the process has.
    unproven: Option<Arc<Seats>>,
}

impl Seating {
    fn of(rules: &Rules, places: Places) -> Self {
        let seats = |each, all| rules.each_visitor.map(|_| Seats::new(each, all));
        let each = rules.each_visitor.unwrap_or_default();
        if rules.proven_peers {
            Self {
                served: seats(each, places.all()),
                unproven: seats(UNPROVEN, places.kept_by_all()),
            }
        } else {
            Self {
                served: seats(each, places.of_visitors()),
                unproven: None,
            }
        }
    }
}

/// A seat for a connection from here, where they are counted.
fn take_seat(seats: Option<&Arc<Seats>>, rules: &Rules, peer: IpAddr) -> Result<Option<Seat>, ()> {
    let seat = seats.map(|seats| seats.take(rules.visitor(peer))).transpose();
    seat.map_err(|why| {
        metrics::counter!("connections_refused_total", "listener" => rules.listener, "why" => why.name())
            .increment(1);
        tracing::debug!(listener = rules.listener, %peer, ?why, "a connection too many refused");
    })
}

/// Lets a connection in, or ends it: before a byte is read if it comes from a foreign network, or from a visitor who
/// has enough of them, or when visitors hold all that there are for them.
async fn admit(
    stream: TcpStream,
    rules: Arc<Rules>,
    seating: Seating,
    tls: Option<Arc<Tls>>,
) -> Result<(Connection, Protocol, Option<std::net::SocketAddr>), ()> {
    let peer = stream.peer_addr().map_err(drop)?;
    if !rules.allows(peer.ip()) {
        metrics::counter!("connections_refused_total", "listener" => rules.listener, "why" => "source")
            .increment(1);
        tracing::debug!(listener = rules.listener, peer = %peer.ip(), "connection from a foreign network refused");
        return Err(());
    }
    stream.set_nodelay(true).map_err(drop)?;
    let patience = rules.deadline + GRACE;
    let served = || take_seat(seating.served.as_ref(), &rules, peer.ip());
    let Some(tls) = tls else {
        return Ok((
            Connection::plain(stream, patience, served()?),
            Protocol::Http1,
            Some(peer),
        ));
    };
    let handshake = TlsAcceptor::from(tls.config()).accept(stream);
    let early = if rules.proven_peers {
        take_seat(seating.unproven.as_ref(), &rules, peer.ip())?
    } else {
        served()?
    };
    let failed = match timeout(HANDSHAKE, handshake).await {
        Ok(Ok(stream)) => {
            let seat = if rules.proven_peers { served()? } else { early };
            return Ok((
                Connection::tls(stream, patience, seat),
                Protocol::Http1,
                Some(peer),
            ));
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it took too long".to_owned(),
    };
    metrics::counter!("connections_refused_total", "listener" => rules.listener, "why" => "tls").increment(1);
    tracing::debug!(listener = rules.listener, peer = %peer.ip(), failed, "TLS handshake failed");
    Err(())
}

/// What can be renewed in a running stack.
#[derive(Clone, Default)]
pub struct Reloads(Arc<RwLock<Vec<Renewable>>>);

struct Renewable {
    listener: &'static str,
    tls: Option<Arc<Tls>>,
    limits: Option<Arc<Limits>>,
}

impl Reloads {
    fn add(&self, listener: &'static str, tls: Option<Arc<Tls>>, limits: Option<Arc<Limits>>) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Renewable {
                listener,
                tls,
                limits,
            });
    }

    /// Reads every certificate again; connections go on with what they began with. A file that is wrong is logged,
    /// and its listener keeps what it has. Answers whether all went well.
    pub fn certificates(&self) -> bool {
        self.each_tls(|tls| tls.reload().map(|()| true))
    }

    /// Has [`tick`](Self::tick) done once a minute, and the metrics tidied every ten seconds: they grow with every request
    /// while nobody asks for them.
    pub fn watch(&self, life: &Life, metrics: PrometheusHandle) {
        let reloads = self.clone();
        life.spawn("reloads", move |stop| {
            let (reloads, metrics) = (reloads.clone(), metrics.clone());
            async move {
                let mut ticked = Instant::now();
                while stop.pause(TIDY).await {
                    metrics.run_upkeep();
                    if ticked.elapsed() >= MINUTE {
                        reloads.tick();
                        ticked = Instant::now();
                    }
                }
            }
        });
    }

    /// What a minute brings: certificates whose files were written are read again, idle visitors forgotten.
    pub fn tick(&self) {
        self.each_tls(Tls::reload_if_changed);
        for renewable in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(limits) = &renewable.limits {
                limits.forget();
            }
        }
    }

    fn each_tls(&self, reload: impl Fn(&Tls) -> Result<bool, crate::tls::TlsError>) -> bool {
        let mut well = true;
        for Renewable { listener, tls, .. } in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            match tls.as_ref().map_or(Ok(false), |tls| reload(tls)) {
                Ok(true) => tracing::info!(listener, "certificate read again"),
                Ok(false) => {}
                Err(error) => {
                    well = false;
                    tracing::error!(listener, %error, "certificate kept, the new one cannot be used");
                }
            }
        }
        well
    }
}
