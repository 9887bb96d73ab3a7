//! Ed25519 keys (RFC 8032), for what is signed many thousand times a second.
//!
//! AWS-LC signs and verifies: in half the time and in four fifths of it, beside the library that judges whether a key is
//! one. Both are checked against each other by a test.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, ParsedPublicKey};
use zeroize::Zeroizing;

/// Signs statements. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct SigningKey {
    seed: ed25519_dalek::SigningKey,
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// The key of this seed, which is 32 random bytes.
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("every 32 bytes are a seed");
        let seed = ed25519_dalek::SigningKey::from_bytes(seed);
        Self { seed, pair }
    }

    /// The seed.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.seed.to_bytes())
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey::from_bytes(self.seed.verifying_key().as_bytes()).expect("the key of a seed is not weak")
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.pair.sign(message);
        signature.as_ref().try_into().expect("a signature has 64 bytes")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// Verifies them.
#[derive(Clone)]
pub struct VerifyingKey {
    bytes: [u8; 32],
    parsed: ParsedPublicKey,
}

/// These bytes are no Ed25519 public key, or a weak one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 public key")]
pub struct NotAKey;

impl VerifyingKey {
    /// The key with these bytes.
    ///
    /// # Errors
    /// When they are no point of the curve, or one of small order, whose signatures fit many texts.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, NotAKey> {
        let point = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| NotAKey)?;
        if point.is_weak() {
            return Err(NotAKey);
        }
        let parsed = ParsedPublicKey::new(&ED25519, bytes).map_err(|_| NotAKey)?;
        Ok(Self {
            bytes: *bytes,
            parsed,
        })
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The same, to keep.
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.bytes
    }

    pub(crate) fn fits(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VerifyingKey").field(&self.bytes).finish()
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for VerifyingKey {}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signature, Signer as _};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn two_libraries_agree(seed: [u8; 32], message: Vec<u8>, flipped in 0..64_usize) {
            let key = SigningKey::from_bytes(&seed);
            let mut signature = key.sign(&message);
            prop_assert_eq!(signature, key.seed.sign(&message).to_bytes());
            let public = key.verifying_key();
            prop_assert!(public.fits(&message, &signature));
            signature[flipped] ^= 1;
            let strict = key.seed.verifying_key().verify_strict(&message, &Signature::from_bytes(&signature));
            prop_assert!(strict.is_err());
            prop_assert!(!public.fits(&message, &signature));
        }
    }

    #[test]
    fn a_weak_key_is_none() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let off_the_curve = [2; 32];
        for bytes in [neutral, [0; 32], off_the_curve] {
            assert_eq!(VerifyingKey::from_bytes(&bytes), Err(NotAKey), "{bytes:?}");
        }
        let of_seed = SigningKey::from_bytes(&[7; 32]).verifying_key();
        assert_eq!(VerifyingKey::from_bytes(of_seed.as_bytes()), Ok(of_seed));
    }
}
