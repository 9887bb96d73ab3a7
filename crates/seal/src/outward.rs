//! Outward boxes: a new authenticator secret or new recovery codes, from the core to the browser.
//!
//! The browser makes a key pair for one page, sends its public half inside an inward box, and is the only
//! one that can open the answer. The portal in between carries text.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::base64url;
use crate::boxed::{OpenError, SealError, open_text, seal_text};
use crate::random::Fill;
use crate::suite::{self, POINT, PrivateKey};

/// HPKE's `info` of the outward direction, before the hash of the reply key.
const OUTWARD: &[u8] = b"sallyport/outward/1\0";

/// Seals `json` to the browser's `reply_key` (base64url of 65 bytes, as it came in the inward box). `block`
/// is the text of the block of that inward box: the answer opens only for the question.
pub fn seal_outward(
    reply_key: &str,
    block: &str,
    json: &[u8],
    fill: &mut Fill<'_>,
) -> Result<String, SealError> {
    let key: [u8; POINT] = base64url::decode_array(reply_key)
        .filter(suite::is_public_key)
        .ok_or(SealError::Malformed)?;
    seal_text(&key, &outward_info(&key), block, json, fill)
}

fn outward_info(reply_key: &[u8; POINT]) -> Vec<u8> {
    [OUTWARD, &Sha256::digest(reply_key)].concat()
}

/// A reply key outside a browser: for clients of the core's API that are no browser, and for tests.
pub struct ReplyKey {
    secret: PrivateKey,
    public: [u8; POINT],
}

impl ReplyKey {
    /// A fresh key, to be used for one answer.
    pub fn generate(fill: &mut Fill<'_>) -> Self {
        let (secret, public) = suite::key_pair(fill);
        Self { secret, public }
    }

    /// The public half as `reply_key` in an inward box: base64url of 65 bytes.
    pub fn public_text(&self) -> String {
        base64url::encode(&self.public)
    }

    /// Opens the answer to the inward box of `block`. Gives the JSON inside.
    pub fn open(&self, block: &str, box_text: &str) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        open_text(&self.secret, &outward_info(&self.public), block, box_text)
    }
}

impl fmt::Debug for ReplyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyKey(..)")
    }
}
