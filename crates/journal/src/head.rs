//! Where a chain stood at a time, signed by its owner.

use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::{Hash, Link, Signed, SignedError};

/// The form is part of the purpose: another form gets another number.
const PURPOSE: &str = "sallyport/journal/head/1";

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

    /// Signs it with the owner's key.
    pub fn sign(&self, key: &SigningKey) -> Signed {
        Signed::seal(PURPOSE, self, key)
    }

    /// Reads a head that the owner of this key signed. Whether name and epoch are the expected ones is for the
    /// caller to say.
    pub fn open(signed: &Signed, key: &VerifyingKey) -> Result<Self, SignedError> {
        signed.open(PURPOSE, key)
    }

    /// What it witnesses, for [`verify`](crate::verify).
    pub const fn link(&self) -> Link {
        Link {
            seq: self.seq,
            hash: self.hash,
        }
    }
}
