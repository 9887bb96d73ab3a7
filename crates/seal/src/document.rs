//! The key document: the core's sealing keys under its signature.
//!
//! The portal hands blocks to browsers; against its pin of the core's key it can tell that the key in a
//! block is the core's and not one that somebody put in between.

use serde::{Deserialize, Serialize};

use crate::keyring::BlockKey;
use crate::signing::{Label, PinnedKey, SigningKey};
use crate::{SealBlock, base64url};

/// Version of the document that this crate writes and reads.
const VERSION: u8 = 1;

/// What the core publishes about its sealing keys. The fields stand in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyDocument {
    /// Version, 1.
    pub v: u8,
    /// Id of the current key.
    pub kid: String,
    /// The current public key.
    pub pk: String,
    /// The key before it, still accepted; `null` when there is none.
    pub previous: Option<BlockKey>,
    /// When the current key was made: milliseconds since the epoch.
    pub made_at: i64,
    /// The core's generation: grows with each restore of the core from a backup.
    pub generation: u64,
}

/// A document as it travels: its exact text and the signature over it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedDocument {
    /// The document's exact text.
    pub document: String,
    /// Ed25519 over label and text: base64url of 64 bytes.
    pub signature: String,
}

/// Why a document is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The pinned key did not sign this text.
    #[error("the key document is not signed by the pinned key")]
    NotSigned,
    /// Signed, but nothing that this version understands.
    #[error("the key document is malformed or of another version")]
    Malformed,
}

impl KeyDocument {
    pub(crate) fn new(current: BlockKey, previous: Option<BlockKey>, made_at: i64, generation: u64) -> Self {
        Self {
            v: VERSION,
            kid: current.kid,
            pk: current.pk,
            previous,
            made_at,
            generation,
        }
    }

    /// Writes the document once and signs those bytes.
    pub fn sign(&self, key: &SigningKey) -> SignedDocument {
        let document = serde_json::to_string(self).expect("strings and numbers always serialise");
        let signature = base64url::encode(&key.sign(Label::KeyDocument, document.as_bytes()));
        SignedDocument { document, signature }
    }

    /// Whether `block` names one of the keys published here.
    pub fn publishes(&self, block: &SealBlock) -> bool {
        let same = |kid: &str, pk: &str| block.kid == kid && block.pk == pk;
        same(&self.kid, &self.pk) || self.previous.as_ref().is_some_and(|key| same(&key.kid, &key.pk))
    }
}

impl SignedDocument {
    /// The document, if the owner of `pin` signed it. The signature is checked before the text is read.
    pub fn verify(&self, pin: &PinnedKey) -> Result<KeyDocument, DocumentError> {
        let signature = base64url::decode_array(&self.signature).ok_or(DocumentError::NotSigned)?;
        pin.verify(Label::KeyDocument, self.document.as_bytes(), &signature)
            .map_err(|_| DocumentError::NotSigned)?;
        serde_json::from_str(&self.document)
            .ok()
            .filter(|document: &KeyDocument| document.v == VERSION)
            .ok_or(DocumentError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyRing, os_random};

    fn signed_by(key: &SigningKey) -> (KeyRing, SignedDocument) {
        let mut ring = KeyRing::generate(1, &mut os_random);
        ring.rotate(2, &mut os_random);
        let document = ring.document(3).sign(key);
        (ring, document)
    }

    #[test]
    fn publishes_both_keys_to_the_owner_of_the_pin() {
        let key = SigningKey::generate(&mut os_random);
        let mut ring = KeyRing::generate(1, &mut os_random);
        let block = |ring: &KeyRing| SealBlock::new(ring.block_key(), String::new(), "reset", None, "", 0);
        let first = block(&ring);
        ring.rotate(2, &mut os_random);
        let document = ring
            .document(3)
            .sign(&key)
            .verify(&key.pinned())
            .expect("just signed");

        assert_eq!((document.made_at, document.generation), (2, 3));
        assert!(document.publishes(&first) && document.publishes(&block(&ring)));
        let stranger = block(&KeyRing::generate(1, &mut os_random));
        assert!(!document.publishes(&stranger));
        let swapped = SealBlock {
            pk: stranger.pk,
            ..first
        };
        assert!(!document.publishes(&swapped), "our id with somebody else's key");
    }

    #[test]
    fn any_change_is_noticed() {
        let key = SigningKey::generate(&mut os_random);
        let (_ring, signed) = signed_by(&key);
        for changed in [
            SignedDocument {
                document: signed.document.replace(":3}", ":4}"),
                ..signed.clone()
            },
            SignedDocument {
                document: format!("{} ", signed.document),
                ..signed.clone()
            },
            SignedDocument {
                signature: signed.signature[1..].to_owned(),
                ..signed.clone()
            },
            signed_by(&SigningKey::generate(&mut os_random)).1,
        ] {
            assert_ne!(changed, signed);
            assert_eq!(changed.verify(&key.pinned()), Err(DocumentError::NotSigned));
        }
    }

    #[test]
    fn a_signed_text_that_is_no_document_is_malformed() {
        let key = SigningKey::generate(&mut os_random);
        let (ring, _signed) = signed_by(&key);
        let later = KeyDocument {
            v: 2,
            ..ring.document(3)
        };
        assert_eq!(
            later.sign(&key).verify(&key.pinned()),
            Err(DocumentError::Malformed)
        );
    }
}
