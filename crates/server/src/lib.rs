//! What every server does alike: configuration, the listener stack (sources, limits, TLS, peers), headers,
//! deadlines, traces, metrics, life cycle.
//!
//! A server reads its settings ([`config`]), binds its listeners ([`Listener`]), gives each its routes
//! ([`Stack::serve`]) and lives until it is told to stop ([`Life::run`]):
//!
//! ```no_run
//! # use std::{path::Path, process::ExitCode, sync::Arc};
//! # use server::{command, config, lifecycle, logs, observe, AsProblem, Ended, Life, Listener, ListenerSettings};
//! # use server::{Randomness, Stack, Visitors};
//! # fn pages(_: &mut actix_web::web::ServiceConfig) {}
//! # fn randomness() -> Randomness { unreachable!() }
//! # async fn serve(file: &Path) -> Result<ExitCode, Box<dyn std::error::Error>> {
//! let (((origin, site), (local, log)), _effective) = config::load(file, std::env::vars(), |root| {
//!     let site = ListenerSettings::public(&root.section("public"), ([0, 0, 0, 0], 443).into());
//!     let local = ListenerSettings::local(&root.section("health"));
//!     ((root.get("public_origin"), site), (local, logs::LogSettings::read(&root.section("log"))))
//! })?;
//! let _last_lines = logs::install(&log)?;
//! let (life, metrics) = (Life::new(), observe::install_metrics()?);
//! let site = Listener::bind("public", &site, Visitors::Browsers { origin, explain: Arc::new(AsProblem) })?;
//! let local = Listener::bind("health", &local, Visitors::Programs)?;
//! let checks: observe::Checks = Arc::new(Vec::new);
//! let stack = Stack::new(randomness()).serve(site, pages)?.serve(local, observe::routes(checks, metrics.clone()))?;
//! let reloads = stack.reloads();
//! reloads.watch(&life, metrics);
//! let ended = life.run(stack.run(), lifecycle::signals()?, || drop(reloads.certificates())).await;
//! # Ok(if ended == Ended::Drained { ExitCode::SUCCESS } else { ExitCode::FAILURE })
//! # }
//! # fn main() -> ExitCode { command::run("portal", serve(Path::new("portal.toml"))) }
//! ```

pub mod certificate;
pub mod check;
pub mod command;
pub mod config;
mod connection;
mod inherited;
mod layers;
mod leeway;
pub mod lifecycle;
mod limits;
mod lines;
pub mod listener;
pub mod logs;
pub mod observe;
mod peer;
mod pipelining;
mod reference;
pub mod refusal;
mod seats;
mod source;
mod stack;
pub mod tls;

pub use inherited::Inherited;
pub use layers::headers;
pub use leeway::Leeway;
pub use lifecycle::{Ended, Life, Order, Stop};
pub use listener::{ListenError, Listener, ListenerSettings, Visitors};
pub use peer::PeerNames;
pub use reference::{REFERENCE_HEADER, Randomness, Reference};
pub use refusal::{AsProblem, Explain, Reason, Refusal, Refused};
pub use source::Source;
pub use stack::{Places, Reloads, Stack, most_connections};
