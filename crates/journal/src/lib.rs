//! A log that cannot be changed unnoticed.
//!
//! - [`Chain`] ties each record to all before it: `h_n = SHA-256(0x00 || h_{n-1} || event_n)` over the event's bytes
//!   as they are stored. [`verify`] finds and names the first record that does not fit.
//! - [`Head`] says where a chain stands, signed with Ed25519. Kept elsewhere, it is the witness against whoever
//!   rewrites the whole chain or cuts its end off: nothing in the chain itself can show that.
//! - [`SigningKey`] and [`VerifyingKey`] are what is signed and verified with.
//! - [`Ratchet`] vouches for each event of a site with a key that is forgotten at once.
//! - [`site`] holds what core and sites sign to each other. Whatever is signed is a [`Statement`].
//! - [`Commitment`] stands in the chain in place of names and addresses. The fields themselves and their salt stand
//!   beside the chain and can be erased; a signed [`Redaction`] says that this was meant.
//!
//! What is hashed or signed is kept and carried as the bytes that were hashed or signed; nothing is serialised a
//! second time. There is no I/O here and no clock: the owner of a chain stores it and tells the time.

mod chain;
mod hash;
mod head;
mod key;
mod personal;
mod ratchet;
mod redaction;
mod signed;
pub mod site;
mod statement;
mod verify;

pub use chain::{Chain, Link};
pub use hash::{Hash, HashError};
pub use head::Head;
pub use key::{NotAKey, SigningKey, VerifyingKey};
pub use personal::{Commitment, FieldsFault, SideRow, check_fields};
pub use ratchet::{Ratchet, Tag};
pub use redaction::Redaction;
pub use signed::{Signed, SignedError};
pub use statement::Statement;
pub use verify::{Break, Record, VerifyError, verify};
