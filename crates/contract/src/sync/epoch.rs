//! A new epoch: a chain that begins anew after a fork or a restore.

use serde::{Deserialize, Serialize};

use super::{Bytes, Position, Secret};

/// Opens an epoch after a fork or a restore, and erases everything of the one before.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewEpoch {
    /// The new number, one more than the last that the core knows.
    pub epoch: u64,
    /// The last good head of the epoch before.
    pub follows: Position,
    /// The first key of the ratchet.
    pub ratchet: Secret,
}

/// The site's answer to a [`NewEpoch`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochOpened {
    /// The epoch.
    pub epoch: u64,
    /// The site's new Ed25519 key.
    pub site_key: Bytes<32>,
}
