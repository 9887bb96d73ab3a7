//! The core's Ed25519 key: it signs what others must be able to check without asking the core.
//!
//! Every signature covers a label first, so that a signed document can never be passed off as a signed
//! checkpoint or the other way round.

use std::fmt;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::base64url;
use crate::random::Fill;

/// What a signature is about: a closed list, so that no two kinds share a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The document that publishes the core's sealing keys.
    KeyDocument,
    /// A checkpoint of the audit's chain.
    Checkpoint,
}

impl Label {
    /// The bytes that are signed: `label || 0x00 || bytes`. No label holds a zero byte.
    fn cover(self, bytes: &[u8]) -> Vec<u8> {
        let label: &[u8] = match self {
            Self::KeyDocument => b"sallyport/key-document/1",
            Self::Checkpoint => b"sallyport/checkpoint/1",
        };
        [label, &[0], bytes].concat()
    }
}

/// The key file or the pin is not an Ed25519 key in the form that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// A private key is PKCS #8 in PEM.
    #[error("not an Ed25519 private key in PKCS #8 PEM")]
    Private,
    /// A pin is `ed25519:` and base64url of 32 bytes.
    #[error("not a pinned key; expected ed25519: and 43 characters of base64url")]
    Pinned,
}

/// The signature is not the pinned key's over these bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bad signature")]
pub struct BadSignature;

/// The private key. Wiped when dropped, never printed.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A fresh key.
    pub fn generate(fill: &mut Fill<'_>) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        fill(seed.as_mut_slice());
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// Reads the key file's text (PKCS #8 PEM, RFC 8410).
    pub fn from_pem(pem: &str) -> Result<Self, BadKey> {
        ed25519_dalek::SigningKey::from_pkcs8_pem(pem)
            .map(Self)
            .map_err(|_| BadKey::Private)
    }

    /// The key file's text (PKCS #8 PEM, RFC 8410).
    pub fn to_pem(&self) -> Zeroizing<String> {
        self.0
            .to_pkcs8_pem(LineEnding::LF)
            .expect("a key of fixed length always encodes")
    }

    /// The 32 bytes that the key is made of: the journal signs with the same key, by a type of its own.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half, for others to pin.
    pub fn pinned(&self) -> PinnedKey {
        PinnedKey(self.0.verifying_key())
    }

    /// The Ed25519 signature over `label` and `bytes`.
    pub fn sign(&self, label: Label, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(&label.cover(bytes)).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// A public key that somebody decided to believe: `ed25519:<base64url of 32 bytes>` in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PinnedKey(VerifyingKey);

impl PinnedKey {
    const SCHEME: &str = "ed25519:";

    /// Reads a pin.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        text.strip_prefix(Self::SCHEME)
            .and_then(base64url::decode_array)
            .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
            // A point of small order has signatures that fit many texts.
            .filter(|key| !key.is_weak())
            .map(Self)
            .ok_or(BadKey::Pinned)
    }

    /// Checks that this key signed `label` and `bytes` (RFC 8032, in its strict form).
    pub fn verify(&self, label: Label, bytes: &[u8], signature: &[u8; 64]) -> Result<(), BadSignature> {
        self.0
            .verify_strict(&label.cover(bytes), &Signature::from_bytes(signature))
            .map_err(|_| BadSignature)
    }
}

impl fmt::Display for PinnedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::SCHEME, base64url::encode(self.0.as_bytes()))
    }
}

impl TryFrom<String> for PinnedKey {
    type Error = BadKey;

    fn try_from(text: String) -> Result<Self, BadKey> {
        Self::parse(&text)
    }
}

impl From<PinnedKey> for String {
    fn from(key: PinnedKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::generate(&mut |buffer| buffer.fill(5))
    }

    #[test]
    fn a_signature_holds_for_its_label_and_bytes_only() {
        let pin = key().pinned();
        let signature = key().sign(Label::KeyDocument, b"bytes");
        assert_eq!(pin.verify(Label::KeyDocument, b"bytes", &signature), Ok(()));
        assert_eq!(
            pin.verify(Label::Checkpoint, b"bytes", &signature),
            Err(BadSignature)
        );
        assert_eq!(
            pin.verify(Label::KeyDocument, b"byte", &signature),
            Err(BadSignature)
        );
        let other = SigningKey::generate(&mut |buffer| buffer.fill(6)).pinned();
        assert_eq!(
            other.verify(Label::KeyDocument, b"bytes", &signature),
            Err(BadSignature)
        );
    }

    #[test]
    fn key_file_and_pin_survive_being_written() {
        let pem = key().to_pem();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert_eq!(
            SigningKey::from_pem(&pem).expect("just written").pinned(),
            key().pinned()
        );
        let pin = key().pinned().to_string();
        assert_eq!(PinnedKey::parse(&pin), Ok(key().pinned()));
        assert_eq!(pin.len(), "ed25519:".len() + 43);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(
            SigningKey::from_pem("-----BEGIN PRIVATE KEY-----").unwrap_err(),
            BadKey::Private
        );
        let identity = format!("ed25519:{}", base64url::encode(&[&[1][..], &[0; 31]].concat()));
        for text in [
            "",
            "ed25519:",
            "ed25519:AAAA",
            "rsa:AAAA",
            &identity,
            &format!("{} ", key().pinned()),
        ] {
            assert_eq!(PinnedKey::parse(text), Err(BadKey::Pinned), "{text}");
        }
    }

    #[test]
    fn a_private_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", key()), "SigningKey(..)");
    }
}
