//! The typed clients of our own APIs, and outbound HTTP: the only user of reqwest.

pub mod core;
mod error;
pub mod page;
pub mod site;
mod tls;
mod transport;
pub mod trust;

pub use error::{ClientError, SetupError};
pub use transport::{Call, Transport, TransportSettings};

#[cfg(test)]
mod tests;
