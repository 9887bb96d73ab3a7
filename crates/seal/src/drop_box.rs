//! Drop boxes: an outsider seals something to a key that the core made, and the site in between can neither read it
//! nor put another key in.
//!
//! The link is `https://site/d/<id>#<fragment>`. The fragment is base64url of SHA-256(public key) (32 bytes) followed
//! by the upload proof (16 bytes): 48 bytes, so 64 characters. The page compares the hash with the key that the site
//! hands out, seals, and shows the proof with the upload (`Sallyport-Proof`, base64url).
//!
//! A drop is HPKE like our boxes, `enc || ciphertext || tag`, with `info` = `sallyport/drop/1` || 0x00 || id and empty
//! associated data; inside is the same as in a message.

use std::fmt;

use hpke::{Deserializable, Serializable};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::base64url;
use crate::boxed::OpenError;
use crate::content::{Content, MAX_PADDED_CONTENT};
use crate::random::Fill;
use crate::suite::{self, BoxAead, POINT, PrivateKey, TAG};

/// Longest drop.
pub const MAX_DROP: usize = POINT + MAX_PADDED_CONTENT + TAG;

const INFO: &[u8] = b"sallyport/drop/1\0";

/// The core's key pair for one drop box. The private half is wiped when dropped, never printed.
pub struct DropKey {
    secret: PrivateKey,
    public: [u8; POINT],
}

/// Lets somebody put one thing into one drop box. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadProof(Zeroizing<[u8; 16]>);

/// What follows the `#` of a drop box's link.
#[derive(Debug, PartialEq, Eq)]
pub struct DropLink {
    /// SHA-256 of the public key.
    pub key: [u8; 32],
    /// The upload proof.
    pub proof: UploadProof,
}

/// Nothing can be sealed to this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a public key")]
pub struct NotAKey;

impl DropKey {
    /// A fresh pair.
    pub fn generate(fill: &mut Fill<'_>) -> Self {
        let (secret, public) = suite::key_pair(fill);
        Self { secret, public }
    }

    /// The private half, for the core to keep under its at-rest key.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_bytes().into())
    }

    /// Takes back what [`DropKey::to_bytes`] gave.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, NotAKey> {
        let secret = PrivateKey::from_bytes(bytes).map_err(|_| NotAKey)?;
        let public = suite::public_of(&secret);
        Ok(Self { secret, public })
    }

    /// The public half: an uncompressed point.
    pub fn public(&self) -> &[u8; POINT] {
        &self.public
    }

    /// What follows the `#` of the link.
    pub fn link(&self, proof: UploadProof) -> DropLink {
        DropLink {
            key: Sha256::digest(self.public).into(),
            proof,
        }
    }

    /// Opens what was put into the drop box `id`.
    pub fn open(&self, id: &[u8; 16], sealed: &[u8]) -> Result<Content, OpenError> {
        if sealed.len() > MAX_DROP {
            return Err(OpenError::Malformed);
        }
        let plain =
            suite::open::<BoxAead>(&self.secret, &info(id), b"", sealed).map_err(|_| OpenError::Forged)?;
        Content::unpack(&plain).map_err(|_| OpenError::Malformed)
    }
}

impl fmt::Debug for DropKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DropKey(..)")
    }
}

/// Seals `content` to the drop box `id`, as the page's script does.
pub fn seal_drop(
    id: &[u8; 16],
    public: &[u8; POINT],
    content: &Content,
    fill: &mut Fill<'_>,
) -> Result<Vec<u8>, NotAKey> {
    if !suite::is_public_key(public) {
        return Err(NotAKey);
    }
    suite::seal::<BoxAead>(public, &info(id), b"", &content.pack(), fill).map_err(|_| NotAKey)
}

fn info(id: &[u8; 16]) -> Vec<u8> {
    [INFO, id].concat()
}

impl UploadProof {
    /// A fresh one.
    pub fn generate(fill: &mut Fill<'_>) -> Self {
        let mut bytes = Zeroizing::new([0; 16]);
        fill(bytes.as_mut_slice());
        Self(bytes)
    }

    /// Wraps bytes that were kept.
    pub fn from_bytes(bytes: Zeroizing<[u8; 16]>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// What the site knows it by: SHA-256.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_slice()).into()
    }
}

impl fmt::Debug for UploadProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadProof(..)")
    }
}

impl DropLink {
    /// What follows the `#`: 64 characters.
    pub fn fragment(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; 48]);
        bytes[..32].copy_from_slice(&self.key);
        bytes[32..].copy_from_slice(self.proof.as_bytes());
        Zeroizing::new(base64url::encode(bytes.as_slice()))
    }

    /// Reads what follows the `#`; `None` if it is not complete.
    pub fn parse(fragment: &str) -> Option<Self> {
        let bytes = Zeroizing::new(base64url::decode_array::<48>(fragment)?);
        let (key, proof) = bytes.split_first_chunk::<32>()?;
        let proof = UploadProof(Zeroizing::new(proof.try_into().ok()?));
        Some(Self { key: *key, proof })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os_random;

    fn content() -> Content {
        Content::new(Zeroizing::new("secret".to_owned()), vec![]).expect("small")
    }

    #[test]
    fn a_kept_key_opens_what_was_sealed_to_it_for_its_own_id_only() {
        let key = DropKey::generate(&mut os_random);
        let kept = DropKey::from_bytes(&key.to_bytes()).expect("a private key");
        assert_eq!(kept.public(), key.public());
        let sealed = seal_drop(&[1; 16], key.public(), &content(), &mut os_random).expect("a key");
        assert_eq!(kept.open(&[1; 16], &sealed), Ok(content()));
        assert_eq!(kept.open(&[2; 16], &sealed), Err(OpenError::Forged));
        assert_eq!(kept.open(&[1; 16], &sealed[1..]), Err(OpenError::Forged));
        assert_eq!(kept.open(&[1; 16], &[]), Err(OpenError::Forged));
        assert!(seal_drop(&[1; 16], &[4; POINT], &content(), &mut os_random).is_err());
        assert!(DropKey::from_bytes(&[0; 32]).is_err());
    }

    #[test]
    fn the_fragment_has_64_characters_and_one_spelling() {
        let key = DropKey::generate(&mut os_random);
        let link = key.link(UploadProof::generate(&mut os_random));
        let text = link.fragment();
        assert_eq!(text.len(), 64);
        assert_eq!(DropLink::parse(&text), Some(link));
        for bad in [
            "",
            &text[1..],
            &format!("{}A", *text),
            &format!("{} ", &text[1..]),
        ] {
            assert_eq!(DropLink::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn nothing_secret_prints_itself() {
        let key = DropKey::generate(&mut os_random);
        let proof = UploadProof::generate(&mut os_random);
        assert_eq!(format!("{key:?} {proof:?}"), "DropKey(..) UploadProof(..)");
    }
}
