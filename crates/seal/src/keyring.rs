//! The core's key ring: the only thing in the system that opens what people typed.
//!
//! It lives in the core's memory and nowhere else, so a stolen disk or backup opens nothing, and a restart
//! or two turns retire every key. Two keys are accepted: somebody may be typing while the ring turns.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::boxed::{inward_info, open_text};
use crate::document::KeyDocument;
use crate::random::Fill;
use crate::suite::{self, POINT, PrivateKey};
use crate::{OpenError, SealBlock, base64url};

/// Milliseconds after which the current key is due to be replaced: one day.
pub const ROTATE_AFTER_MS: i64 = 24 * 60 * 60 * 1000;

/// A public key and its id, as blocks and the key document carry them: both base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockKey {
    /// Id: 16 bytes, 22 characters.
    pub kid: String,
    /// Public key: 65 bytes.
    pub pk: String,
}

/// One key pair. The private half is wiped when the pair is dropped.
struct Pair {
    kid: [u8; 16],
    secret: PrivateKey,
    public: [u8; POINT],
}

impl Pair {
    fn generate(fill: &mut Fill<'_>) -> Self {
        let mut kid = [0; 16];
        fill(&mut kid);
        let (secret, public) = suite::key_pair(fill);
        Self { kid, secret, public }
    }

    fn block_key(&self) -> BlockKey {
        BlockKey {
            kid: base64url::encode(&self.kid),
            pk: base64url::encode(&self.public),
        }
    }
}

/// The current key pair and the one before it.
pub struct KeyRing {
    current: Pair,
    previous: Option<Pair>,
    made_at: i64,
}

impl KeyRing {
    /// A ring with one fresh pair, made at `now` (milliseconds since the epoch).
    pub fn generate(now: i64, fill: &mut Fill<'_>) -> Self {
        Self {
            current: Pair::generate(fill),
            previous: None,
            made_at: now,
        }
    }

    /// Whether the current pair has served its day at `now` (milliseconds since the epoch).
    pub fn due(&self, now: i64) -> bool {
        now.saturating_sub(self.made_at) >= ROTATE_AFTER_MS
    }

    /// Makes a fresh pair the current one and keeps the last; the one before that is wiped.
    pub fn rotate(&mut self, now: i64, fill: &mut Fill<'_>) {
        let retired = std::mem::replace(&mut self.current, Pair::generate(fill));
        self.previous = Some(retired);
        self.made_at = now;
    }

    /// The current public key, for new blocks.
    pub fn block_key(&self) -> BlockKey {
        self.current.block_key()
    }

    /// The document that publishes both keys, for the core to sign. `generation` is the core's generation.
    pub fn document(&self, generation: u64) -> KeyDocument {
        let previous = self.previous.as_ref().map(Pair::block_key);
        KeyDocument::new(self.block_key(), previous, self.made_at, generation)
    }

    /// Opens a box that was sealed for `block`, both as the exact texts that arrived. Gives the JSON inside.
    ///
    /// That the box is opened only once, and that the block speaks of the recovery at hand, is the caller's
    /// to check.
    pub fn open(&self, block: &str, box_text: &str) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let parsed = SealBlock::parse(block).map_err(|_| OpenError::Malformed)?;
        let kid = parsed.key_id().ok_or(OpenError::Malformed)?;
        let pair = self.pair(&kid).ok_or(OpenError::UnknownKey)?;
        // A block of ours names our public key; one that was rewritten to name another is not ours.
        if parsed.public_key() != Some(pair.public) {
            return Err(OpenError::Forged);
        }
        open_text(&pair.secret, &inward_info(&kid), block, box_text)
    }

    fn pair(&self, kid: &[u8; 16]) -> Option<&Pair> {
        [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .find(|pair| pair.kid == *kid)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("current", &self.current.block_key().kid)
            .finish_non_exhaustive()
    }
}
