//! Drop boxes: outsiders send something in.

use serde::{Deserialize, Serialize};

use super::{Bytes, Digest, Token};

/// Lets outsiders send something in: who has the request's link may put one thing into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropRequest {
    /// The core's public key for it: an uncompressed P-256 point. The link carries its SHA-256.
    pub public_key: Bytes<65>,
    /// SHA-256 of the upload proof in the link.
    pub upload: Digest,
    /// How large the sealed thing may be, in bytes.
    pub largest: u64,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_at: i64,
}

/// What lies in drop boxes: one page of it, in the order of ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drops {
    /// The requests that were answered.
    pub drops: Vec<Drop>,
    /// Whether more follow.
    pub more: bool,
}

/// One thing in a drop box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drop {
    /// The request.
    pub id: Token,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}
