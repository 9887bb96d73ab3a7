//! A listener: an address, who may connect to it, and what its requests are held to.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use crate::config::{Origin, Section};
use crate::inherited::Inherited;
use crate::limits::Limits;
use crate::refusal::{AsProblem, Explain};
use crate::source::Source;
use crate::tls::{Clients, Tls, TlsError, TlsFiles};

/// The settings of a listener, from its section of the configuration.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// Where to listen; port 0 lets the system choose.
    pub address: SocketAddr,
    /// Who may connect; empty: anyone. Others are refused before a byte is read.
    pub sources: Vec<IpNet>,
    /// Certificate, key and client authority; `None` only on loopback.
    pub tls: Option<TlsFiles>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Within which a request must have arrived and been answered.
    pub deadline: Duration,
    /// How large a request's body may be, in bytes.
    pub body_limit: usize,
    /// Requests per visitor and minute, and at once; `None`: not limited.
    pub rate: Option<(NonZeroU32, NonZeroU32)>,
    /// Connections that a visitor may hold open; `None`: not limited. A trusted proxy may hold as many as all visitors may.
    pub connections: Option<NonZeroU32>,
}

/// Sealed input is at most 8 KiB, which is 11 KiB in base64url; a form carries the block it was sealed to beside it.
const BODY_LIMIT: usize = 64 * 1024;
const DEADLINE: Duration = Duration::from_secs(15);
/// Connections that one of our servers may hold open to another that knows it by its key: it needs a few.
const PEER_CONNECTIONS: u32 = 64;

impl ListenerSettings {
    /// A listener for browsers: `listen`, `sources`, `cert_file`, `key_file`, `trusted_proxies`, `deadline`,
    /// `requests_per_minute`, `requests_at_once`, `connections_at_once`.
    pub fn public(section: &Section<'_>, default: SocketAddr) -> Self {
        Self {
            address: section.get_or("listen", default),
            sources: section.get_or("sources", Vec::new()),
            tls: Some(TlsFiles {
                cert: section.file("cert_file"),
                key: section.private_file("key_file"),
                clients: Clients::Anybody,
            }),
            trusted_proxies: section.get_or("trusted_proxies", Vec::new()),
            deadline: deadline(section),
            body_limit: BODY_LIMIT,
            rate: Some((
                whole(section, "requests_per_minute", 600),
                whole(section, "requests_at_once", 200),
            )),
            connections: Some(whole(section, "connections_at_once", 64)),
        }
    }

    /// A listener for our own servers: `listen` and `sources`, which must be given, `cert_file`, `key_file`,
    /// `client_ca_file`, `deadline`.
    pub fn inner(section: &Section<'_>) -> Self {
        Self {
            address: section.get("listen"),
            sources: section.get("sources"),
            tls: Some(TlsFiles {
                cert: section.file("cert_file"),
                key: section.private_file("key_file"),
                clients: Clients::Of(section.file("client_ca_file")),
            }),
            trusted_proxies: Vec::new(),
            deadline: deadline(section),
            body_limit: BODY_LIMIT,
            rate: None,
            connections: None,
        }
    }

    /// A listener for one other server, known by its key: `listen` and `sources`, which must be given, `deadline`. The
    /// files and the pins come from elsewhere than the configuration.
    pub fn pinned(section: &Section<'_>, tls: TlsFiles) -> Self {
        let (address, sources) = (section.get("listen"), section.get("sources"));
        Self {
            deadline: deadline(section),
            ..Self::pinned_at(address, sources, tls)
        }
    }

    /// The same where the program itself knows who connects from where.
    pub fn pinned_at(address: SocketAddr, sources: Vec<IpNet>, tls: TlsFiles) -> Self {
        Self {
            address,
            sources,
            tls: Some(tls),
            trusted_proxies: Vec::new(),
            deadline: DEADLINE,
            body_limit: BODY_LIMIT,
            rate: None,
            connections: NonZeroU32::new(PEER_CONNECTIONS),
        }
    }

    /// The loopback listener for health and metrics: `listen`, which must be a loopback address.
    pub fn local(section: &Section<'_>) -> Self {
        let address: SocketAddr = section.get_or("listen", SocketAddr::from(([127, 0, 0, 1], 9090)));
        if !address.ip().is_loopback() {
            section.mistake(
                "listen",
                "health and metrics are for this host only: write a loopback address",
            );
        }
        Self {
            address,
            sources: Vec::new(),
            tls: None,
            trusted_proxies: Vec::new(),
            deadline: DEADLINE,
            body_limit: BODY_LIMIT,
            rate: None,
            connections: None,
        }
    }
}

fn deadline(section: &Section<'_>) -> Duration {
    section.get_within(
        "deadline",
        DEADLINE,
        Duration::from_secs(1)..=Duration::from_mins(2),
    )
}

fn whole(section: &Section<'_>, key: &str, default: u32) -> NonZeroU32 {
    NonZeroU32::new(section.get_within(key, default, 1..=1_000_000)).unwrap_or(NonZeroU32::MIN)
}

/// What kind of visitors a listener has.
#[derive(Clone)]
pub enum Visitors {
    /// Browsers that come to a site: pages of other sites may not send to it.
    Browsers {
        /// The address that the site has for them.
        origin: Origin,
        /// Makes the pages that explain refusals.
        explain: Arc<dyn Explain>,
    },
    /// Our own servers, known by their certificates, and tools on the host itself.
    Programs,
}

/// A bound listener, not yet serving.
pub struct Listener {
    pub(crate) name: &'static str,
    pub(crate) socket: TcpListener,
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) rules: Rules,
}

/// What the layers hold every request of a listener to.
pub(crate) struct Rules {
    pub(crate) listener: &'static str,
    pub(crate) sources: Vec<IpNet>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) deadline: Duration,
    pub(crate) body_limit: usize,
    pub(crate) limits: Option<Arc<Limits>>,
    /// Connections that each visitor may hold.
    pub(crate) each_visitor: Option<usize>,
    pub(crate) origin: Option<Origin>,
    pub(crate) explain: Arc<dyn Explain>,
    /// Who connects was proven by certificate, so the reference that it sends is one of ours.
    pub(crate) proven_peers: bool,
}

impl Rules {
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.sources.is_empty() || self.sources.iter().any(|network| network.contains(&address))
    }

    /// Whether the connections from here carry many visitors.
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(&address))
    }

    /// Whose places a connection from here takes; `None` is a proxy's.
    pub(crate) fn visitor(&self, address: IpAddr) -> Option<IpNet> {
        (!self.is_proxy(address)).then(|| Source::from(address).group())
    }
}

/// Why a listener cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be had.
    #[error("{name}: cannot listen on {address}: {wrong}")]
    Bind {
        /// The listener.
        name: &'static str,
        /// Its address.
        address: SocketAddr,
        /// What the system says.
        wrong: io::Error,
    },
    /// Certificate, key or client authority cannot be used.
    #[error("{name}: {wrong}")]
    Tls {
        /// The listener.
        name: &'static str,
        /// What is wrong.
        wrong: TlsError,
    },
    /// The service manager opened sockets for us, and none for this listener.
    #[error(
        "{name}: {address} is not among the sockets that the service manager opened ({given:?}); its socket unit and the configuration must name the same addresses"
    )]
    NotHandedOver {
        /// The listener.
        name: &'static str,
        /// Its address.
        address: SocketAddr,
        /// The addresses of the sockets that are left.
        given: Vec<SocketAddr>,
    },
    /// Without TLS, and not on loopback.
    #[error("{name}: {address} is not a loopback address, so it must have TLS")]
    Naked {
        /// The listener.
        name: &'static str,
        /// Its address.
        address: SocketAddr,
    },
}

impl Listener {
    /// Takes the address and reads the TLS files. `name` is for logs and metrics.
    pub fn bind(
        name: &'static str,
        settings: &ListenerSettings,
        visitors: Visitors,
    ) -> Result<Self, ListenError> {
        let address = settings.address;
        Self::on(name, settings, visitors, || {
            TcpListener::bind(address).map_err(|wrong| ListenError::Bind { name, address, wrong })
        })
    }

    /// The same on a socket that was opened before the process began. Where there are none at all, as on a command line,
    /// it opens its own.
    pub fn take(
        name: &'static str,
        settings: &ListenerSettings,
        visitors: Visitors,
        sockets: &mut Option<Inherited>,
    ) -> Result<Self, ListenError> {
        let address = settings.address;
        let Some(sockets) = sockets else {
            return Self::bind(name, settings, visitors);
        };
        Self::on(name, settings, visitors, || {
            sockets.take(address).ok_or_else(|| ListenError::NotHandedOver {
                name,
                address,
                given: sockets.left(),
            })
        })
    }

    fn on(
        name: &'static str,
        settings: &ListenerSettings,
        visitors: Visitors,
        socket: impl FnOnce() -> Result<TcpListener, ListenError>,
    ) -> Result<Self, ListenError> {
        let address = settings.address;
        if settings.tls.is_none() && !address.ip().is_loopback() {
            return Err(ListenError::Naked { name, address });
        }
        let tls = settings.tls.clone().map(Tls::new).transpose();
        let tls = tls
            .map_err(|wrong| ListenError::Tls { name, wrong })?
            .map(Arc::new);
        let socket = socket()?;
        let address = socket
            .local_addr()
            .map_err(|wrong| ListenError::Bind { name, address, wrong })?;
        let (origin, explain): (_, Arc<dyn Explain>) = match visitors {
            Visitors::Browsers { origin, explain } => (Some(origin), explain),
            Visitors::Programs => (None, Arc::new(AsProblem)),
        };
        let rules = Rules {
            listener: name,
            sources: settings.sources.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            deadline: settings.deadline,
            body_limit: settings.body_limit,
            limits: settings
                .rate
                .map(|(per_minute, burst)| Limits::new(per_minute, burst)),
            each_visitor: settings.connections.map(|each| each.get() as usize),
            origin,
            explain,
            proven_peers: settings.tls.as_ref().is_some_and(|tls| tls.clients.are_proven()),
        };
        Ok(Self {
            name,
            socket,
            address,
            tls,
            rules,
        })
    }

    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its TLS, to be reloaded; `None` without.
    pub fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }
}
