//! Where a chain stood at a time, signed by its owner.

use serde::{Deserialize, Serialize};

use crate::statement::Statement;
use crate::{Hash, Link};

/// A checkpoint. Whoever keeps one can show later that the chain was cut or written anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Whose chain: the core, or a site by its name.
    pub name: String,
    /// Which of the owner's chains.
    pub epoch: u64,
    /// The number of its last record, which is their count.
    pub seq: u64,
    /// The hash of its last record.
    pub hash: Hash,
    /// When, in milliseconds since the Unix epoch (UTC), by the owner's clock.
    pub time_ms: i64,
}

impl Head {
    /// The head of the chain that ends with `link`.
    pub fn of(name: impl Into<String>, epoch: u64, link: Link, time_ms: i64) -> Self {
        Self {
            name: name.into(),
            epoch,
            seq: link.seq,
            hash: link.hash,
            time_ms,
        }
    }

    /// What it witnesses, for [`verify`](crate::verify).
    pub const fn link(&self) -> Link {
        Link {
            seq: self.seq,
            hash: self.hash,
        }
    }
}

impl Statement for Head {
    const PURPOSE: &'static str = "sallyport/journal/head/1";
}
