//! Ed25519 keys (RFC 8032), for what is signed many thousand times a second.
//!
//! AWS-LC signs in half the time that `ed25519-dalek` takes, and verifies in four fifths. That one still says whether 32 bytes
//! are a key. A test holds the two against each other.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, ParsedPublicKey};
use zeroize::Zeroizing;

/// Signs statements. Both halves are wiped when dropped, each by its library, and never printed. The core's own comes from
/// `seal`, which keeps it and signs documents with it.
#[derive(Clone)]
pub struct SigningKey {
    /// Gives the seed back, and the public half.
    key: ed25519_dalek::SigningKey,
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// The key of this seed, which is 32 random bytes.
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("every 32 bytes are a seed");
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        Self { key, pair }
    }

    /// The seed.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes())
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey::from_bytes(self.key.verifying_key().as_bytes()).expect("the key of a seed is not weak")
    }

    /// The signature over exactly these bytes.
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

/// Verifies what a [`SigningKey`] has signed.
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

    /// Its bytes, to keep.
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.bytes
    }

    /// Whether this key signed exactly these bytes. A signature whose S is not below the group's order is refused, and R is
    /// compared as bytes (RFC 8032, section 5.1.7, without the cofactor).
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
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
            prop_assert_eq!(signature, key.key.sign(&message).to_bytes());
            let public = key.verifying_key();
            prop_assert!(public.verify(&message, &signature));
            signature[flipped] ^= 1;
            let strict = key.key.verifying_key().verify_strict(&message, &Signature::from_bytes(&signature));
            prop_assert!(strict.is_err());
            prop_assert!(!public.verify(&message, &signature));
        }
    }

    /// The order of the group, little-endian (RFC 8032, section 5.1).
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    #[test]
    fn a_signature_has_one_form() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let mut signature = key.sign(b"text");
        let mut carry = 0;
        for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            [*byte, _] = sum.to_le_bytes();
            carry = sum >> 8;
        }
        assert_eq!(carry, 0, "it fits still");
        assert!(!key.verifying_key().verify(b"text", &signature));
    }

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn the_standards_example_is_signed_alike() {
        let bytes = |hex: &str| data_encoding::HEXLOWER.decode(hex.as_bytes()).expect("it is hex");
        let seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let key = SigningKey::from_bytes(&seed.try_into().expect("32 bytes"));
        let public = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        assert_eq!(key.verifying_key().as_bytes().as_slice(), public);
        let signature = bytes(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        assert_eq!(key.sign(&[0x72]).as_slice(), signature);
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
