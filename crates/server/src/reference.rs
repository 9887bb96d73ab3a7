//! The short code that joins an error page, a log line and an audit record.

use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;

pub use contract::paths::REFERENCE_HEADER;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};

use crate::refusal::{Reason, Refused};

/// Fills a buffer with random bytes. Passed in, so that nothing here reaches for the operating system by itself.
pub type Randomness = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Crockford's base32: no I, L, O, U, so that a person can read it out on the telephone.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 10;

/// Ten characters of Crockford's base32: 50 random bits. It is no secret and proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    /// A new one.
    pub fn new(randomness: &Randomness) -> Self {
        let mut bytes = [0; LENGTH];
        randomness(&mut bytes);
        Self(
            bytes
                .iter()
                .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]))
                .collect(),
        )
    }

    /// One that a peer sent; `None` unless it looks like ours.
    pub fn parse(text: &str) -> Option<Self> {
        let right = text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte));
        right.then(|| Self(text.to_owned()))
    }

    /// The ten characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequest for Reference {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            request
                .extensions()
                .get::<Self>()
                .cloned()
                .ok_or(Refused(Reason::Broken)),
        )
    }
}
