//! Our end of the links to sites of one-time messages.
//!
//! The core always dials. What a site says is believed by its key and by the chain that is known here ([`follow`]).

mod address;
pub mod follow;
mod link;
mod own_keys;
pub mod pages;
pub mod signing_request;

use std::sync::Arc;

use client::SetupError;
use client::site::SiteApi;
use contract::sync::Digest;

pub use self::address::Address;
pub use self::link::PinnedLink;
pub use self::own_keys::OwnKeysError;

/// Why a site cannot be dialled at all.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Our own keys are not there and cannot be made.
    #[error(transparent)]
    OwnKeys(#[from] OwnKeysError),
    /// They cannot be used.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// This core was started without links.
    #[error("this core has no links to sites")]
    None,
}

/// Dials sites. A trait, so that tests can put something in its place.
pub trait SiteLink: Send + Sync {
    /// SHA-256 of the public keys that our end may have: the current one, then the next.
    fn pins(&self) -> Result<Vec<Digest>, LinkError>;

    /// A client for a site; it connects when it is used.
    fn dial(&self, to: &Address) -> Result<Arc<dyn SiteApi>, LinkError>;
}

/// For a core that has no sites.
pub struct NoLink;

impl SiteLink for NoLink {
    fn pins(&self) -> Result<Vec<Digest>, LinkError> {
        Err(LinkError::None)
    }

    fn dial(&self, _: &Address) -> Result<Arc<dyn SiteApi>, LinkError> {
        Err(LinkError::None)
    }
}
