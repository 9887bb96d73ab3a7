//! What can be asked of a site, one file for each thing. Transactions are opened here and nowhere else.

pub(crate) mod ack;
pub(crate) mod admit;
pub(crate) mod command;
pub(crate) mod done;
pub(crate) mod drop_box;
pub(crate) mod erase;
pub(crate) mod events;
pub(crate) mod inventory;
pub(crate) mod judge;
pub(crate) mod new_epoch;
pub(crate) mod noise;
pub(crate) mod open;
pub(crate) mod orphans;
pub(crate) mod push;
pub(crate) mod start;
pub(crate) mod sweep;
pub(crate) mod upload;
pub(crate) mod witness;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Whether this is the thing whose SHA-256 is stored, in constant time.
pub(crate) fn fits(shown: &[u8], stored: &[u8; 32]) -> bool {
    sha256(shown).ct_eq(stored).into()
}
