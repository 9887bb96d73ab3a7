//! What crosses between the core and a site of one-time messages. The core always dials.
//!
//! Every request carries [`SIGNATURE_HEADER`]: a `CoreRequest` of the journal, signed with the core's key. A site that
//! does not believe it answers 401 with [`Unbelieved`]; whatever else it refuses is a problem (RFC 9457). Bodies that
//! are hashed or signed are kept and carried as the bytes they are.

mod bytes;
mod certificate;
mod command;
mod drop_box;
mod epoch;
mod event;
mod message;
pub mod paths;
mod push;
mod witness;

pub use bytes::{BadBytes, Bytes, Digest, Secret, Token};
pub use certificate::{Certificate, CertificateAnswer, CertificateInUse, CertificateRefusal, LONGEST_CHAIN};
pub use command::{Command, Commanded, Order};
pub use drop_box::{Drop, DropRequest, Drops};
pub use epoch::{EpochOpened, NewEpoch};
pub use event::{After, Event, Events, LONGEST_WAIT, MOST_EVENTS, Position, Stored, What};
pub use message::{End, Ended, Policy};
pub use push::{PushHead, Pushed, push_body, read_push};
pub use witness::Witnessed;

use serde::{Deserialize, Serialize};

/// The header that carries the core's signed statement about the request.
pub const SIGNATURE_HEADER: &str = "sallyport-core-signature";

/// The answer to a request whose signature, time or nonce is not believed (401).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unbelieved {
    /// The site's signed time, as a line of text.
    pub time: String,
}
