//! The seal block: what one box is for, in the core's words.
//!
//! The core writes it once; page, script and portal carry its bytes untouched; it is the box's associated
//! data. So a box sealed for one step, purpose or action opens for no other.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base64url;
use crate::boxed::MAX_BLOCK;
use crate::keyring::BlockKey;
use crate::suite::{POINT, UNCOMPRESSED};

/// Version of the block that this crate writes and reads.
const VERSION: u8 = 1;

/// One block. The fields stand in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealBlock {
    /// Version, 1.
    pub v: u8,
    /// Id of the core's key: 16 bytes in base64url, 22 characters.
    pub kid: String,
    /// The core's public key: 65 bytes (an uncompressed P-256 point) in base64url.
    pub pk: String,
    /// Which recovery, without saying so to anybody who has not its handle: see [`rid`].
    pub rid: String,
    /// What the recovery is for, in the contract's words.
    pub purpose: String,
    /// The action that the box carries, once the proofs are passed; `null` before.
    pub action: Option<String>,
    /// The challenge that the box answers.
    pub challenge: String,
    /// The step that the box spends.
    pub step: u64,
}

/// The block is not one that the core wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed seal block")]
pub struct MalformedBlock;

impl SealBlock {
    /// A block for `key`, which names the recovery by `rid`.
    pub fn new(
        key: BlockKey,
        rid: String,
        purpose: impl Into<String>,
        action: Option<String>,
        challenge: impl Into<String>,
        step: u64,
    ) -> Self {
        let (purpose, challenge) = (purpose.into(), challenge.into());
        Self {
            v: VERSION,
            kid: key.kid,
            pk: key.pk,
            rid,
            purpose,
            action,
            challenge,
            step,
        }
    }

    /// The block's text. Written once where the block is made; from then on everybody works on these bytes.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and a number always serialise")
    }

    /// Reads a block that came back. Refuses unknown and repeated fields, other versions, keys of the wrong
    /// shape, and texts above [`MAX_BLOCK`].
    pub fn parse(text: &str) -> Result<Self, MalformedBlock> {
        if text.len() > MAX_BLOCK {
            return Err(MalformedBlock);
        }
        let block: Self = serde_json::from_str(text).map_err(|_| MalformedBlock)?;
        let shaped = block.v == VERSION && block.key_id().is_some() && block.public_key().is_some();
        shaped.then_some(block).ok_or(MalformedBlock)
    }

    /// The key id's bytes.
    pub(crate) fn key_id(&self) -> Option<[u8; 16]> {
        base64url::decode_array(&self.kid)
    }

    /// The public key's bytes.
    pub(crate) fn public_key(&self) -> Option<[u8; POINT]> {
        base64url::decode_array(&self.pk).filter(|point: &[u8; POINT]| point[0] == UNCOMPRESSED)
    }
}

/// What a block calls a recovery: base64url of SHA-256("rid" || handle). It follows the handle, so it changes
/// with each step, and gives the handle away to nobody.
pub fn rid(handle: &[u8; 32]) -> String {
    base64url::encode(&Sha256::new().chain_update("rid").chain_update(handle).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> SealBlock {
        SealBlock {
            v: 1,
            kid: base64url::encode(&[7; 16]),
            pk: base64url::encode(&[4; 65]),
            rid: rid(&[0; 32]),
            purpose: "reset".to_owned(),
            action: None,
            challenge: "c1".to_owned(),
            step: 2,
        }
    }

    #[test]
    fn fields_are_written_in_the_agreed_order() {
        let expected = format!(
            r#"{{"v":1,"kid":"BwcHBwcHBwcHBwcHBwcHBw","pk":"{}","rid":"{}","purpose":"reset","action":null,"challenge":"c1","step":2}}"#,
            block().pk,
            block().rid,
        );
        assert_eq!(block().to_json(), expected);
        assert_eq!(SealBlock::parse(&expected), Ok(block()));
    }

    #[test]
    fn rid_is_the_hash_of_the_labelled_handle() {
        // printf 'rid' and 32 zero bytes through sha256sum.
        let expected = "9c669c77ac88be8b4b57a84d6abd6cc599c4a162e5d5e559df2ba25241a4b276";
        let bytes = base64url::decode(&rid(&[0; 32])).expect("our own text");
        assert_eq!(data_encoding::HEXLOWER.encode(&bytes), expected);
    }

    #[test]
    fn anything_else_is_malformed() {
        let good = block().to_json();
        for (was, is) in [
            ("\"v\":1", "\"v\":2"),
            ("\"step\":2", "\"step\":-1"),
            ("\"step\":2", "\"step\":2,\"step\":2"),
            ("\"step\":2", "\"step\":2,\"extra\":0"),
            ("\"challenge\":\"c1\",", ""),
            ("BwcHBw", "BwcHB"),
            ("\"pk\":\"BA", "\"pk\":\"AA"),
        ] {
            let bad = good.replacen(was, is, 1);
            assert_ne!(bad, good);
            assert_eq!(SealBlock::parse(&bad), Err(MalformedBlock), "{bad}");
        }
        assert_eq!(
            SealBlock::parse(&format!("{good}{}", " ".repeat(MAX_BLOCK))),
            Err(MalformedBlock)
        );
        assert_eq!(SealBlock::parse(""), Err(MalformedBlock));
    }
}
