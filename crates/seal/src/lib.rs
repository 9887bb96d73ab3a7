//! Sealed boxes: what a person types in secret travels through the DMZ unreadable. Envelopes: a one-time message
//! waits there unreadable.
//!
//! A box is HPKE (RFC 9180) in base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. The suite is
//! the one that every browser's `WebCrypto` can do without a library, so the page's script and this crate
//! open each other's boxes; `vectors/` holds both to the same bytes.
//!
//! - [`SealBlock`]: what the core says a box is for. Its exact bytes are authenticated with the box.
//! - [`seal_to`]: inward, from a browser (or, without JavaScript, from the portal) to the core.
//! - [`KeyRing`]: the core's private keys, in memory only, that open such boxes.
//! - [`seal_outward`], [`ReplyKey`]: from the core to a key that the browser made.
//! - [`KeyDocument`], [`SigningKey`], [`PinnedKey`]: how the portal knows that a public key is the core's.
//! - [`MessageKeys`], [`Envelope`], [`LinkSecret`], [`Passphrase`]: a message that a link opens, and the proofs that
//!   the site demands for it.
//! - [`DropKey`], [`seal_drop`], [`DropLink`]: the way back, from an outsider's browser to the core.
//! - [`Content`]: the text and the files in both.
//!
//! Nothing here reads a clock (times are milliseconds since the Unix epoch, UTC) and nothing finds its own
//! randomness: callers pass it in, so vectors are reproducible and tests deterministic.

mod base64url;
mod block;
mod boxed;
mod content;
mod document;
mod drop_box;
mod envelope;
mod file_name;
mod keyring;
mod link;
mod outward;
mod padding;
mod passphrase;
mod random;
mod signing;
mod suite;

pub use block::{MalformedBlock, SealBlock, rid};
pub use boxed::{MAX_BLOCK, MAX_BOX_TEXT, OpenError, SealError, seal_to};
pub use content::{
    Content, ContentError, File, MAX_CONTENT, MAX_FILES, MAX_PADDED_CONTENT, MalformedContent,
};
pub use document::{DocumentError, KeyDocument, SignedDocument};
pub use drop_box::{DropKey, DropLink, MAX_DROP, NotAKey, UploadProof, seal_drop};
pub use envelope::{
    Envelope, EnvelopeError, MAX_CIPHERTEXT, MessageKeys, ProofHashes, Proofs, header_profile,
};
pub use keyring::{BlockKey, KeyRing, ROTATE_AFTER_MS};
pub use link::{BadLink, LinkSecret, Profile};
pub use outward::{ReplyKey, seal_outward};
pub use padding::MAX_PLAIN;
pub use passphrase::{MAX_PASSPHRASE, Passphrase};
pub use random::{Fill, os_random};
pub use signing::{BadKey, BadSignature, Label, PinnedKey, SigningKey};
