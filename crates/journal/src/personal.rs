//! Names, addresses and numbers that a chain vouches for without holding them.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{Hash, Redaction};

/// `HMAC-SHA-256(salt, fields)` (RFC 2104), which stands in the event. The salt is random, one for each record and
/// kept only beside the fields: once both are erased, nobody can tell a guess at the fields from any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitment(Hash);

impl Commitment {
    /// Commits to the fields' bytes as they are stored.
    pub fn to(salt: &[u8; 32], fields: &[u8]) -> Self {
        Self(Hash::from(<[u8; 32]>::from(
            mac(salt, fields).finalize().into_bytes(),
        )))
    }

    /// Whether these are the fields, compared in constant time.
    pub fn holds(&self, salt: &[u8; 32], fields: &[u8]) -> bool {
        mac(salt, fields).verify_slice(self.0.as_bytes()).is_ok()
    }

    /// The bytes, for an event that is not JSON.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

fn mac(salt: &[u8; 32], fields: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(salt)
        .expect("HMAC takes keys of any length")
        .chain_update(fields)
}

/// The personal fields of a record, as they stand beside the chain.
#[derive(Clone, Copy)]
pub struct SideRow<'row> {
    /// The record's salt.
    pub salt: &'row [u8; 32],
    /// The fields' bytes.
    pub fields: &'row [u8],
}

/// What is wrong with a record's personal fields while the chain itself holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldsFault {
    /// They are not those that were committed to.
    #[error("the personal fields of record {seq} were changed")]
    Changed {
        /// The record.
        seq: u64,
    },
    /// They are gone and no redaction says so.
    #[error("the personal fields of record {seq} are missing without a redaction")]
    Missing {
        /// The record.
        seq: u64,
    },
    /// A redaction says that they are gone, and they are there.
    #[error("the personal fields of record {seq} were to be erased and are still there")]
    NotErased {
        /// The record.
        seq: u64,
    },
}

/// Holds a record's personal fields against the commitment in the chain. `redactions` are those of the same chain.
pub fn check_fields(
    seq: u64,
    commitment: &Commitment,
    side: Option<SideRow<'_>>,
    redactions: &[Redaction],
) -> Result<(), FieldsFault> {
    let redacted = redactions.iter().any(|redaction| redaction.covers(seq));
    match side {
        None if redacted => Ok(()),
        None => Err(FieldsFault::Missing { seq }),
        Some(_) if redacted => Err(FieldsFault::NotErased { seq }),
        Some(row) if commitment.holds(row.salt, row.fields) => Ok(()),
        Some(_) => Err(FieldsFault::Changed { seq }),
    }
}
