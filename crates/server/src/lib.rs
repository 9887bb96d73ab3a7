//! What every server does alike: configuration, the listener stack (sources, limits, TLS, peers), headers,
//! deadlines, traces, metrics, life cycle.
//!
//! A server reads its settings ([`config`]), binds its listeners ([`Listener`]), gives each its routes
//! ([`Stack::serve`]) and lives until it is told to stop ([`Life::run`]).

pub mod command;
pub mod config;
mod connection;
mod layers;
pub mod lifecycle;
mod limits;
pub mod listener;
pub mod logs;
pub mod observe;
mod peer;
mod reference;
pub mod refusal;
mod source;
mod stack;
pub mod tls;

pub use lifecycle::{Ended, Life, Order, Stop};
pub use listener::{ListenError, Listener, ListenerSettings, Visitors};
pub use peer::PeerNames;
pub use reference::{REFERENCE_HEADER, Randomness, Reference};
pub use refusal::{AsProblem, Explain, Reason, Refusal, Refused};
pub use source::Source;
pub use stack::{Reloads, Stack};
