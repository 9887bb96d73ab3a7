//! The core's lasting keys, and what is derived from them.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use domain::clock::{Randomness, random_bytes};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const NONCE: usize = 12;

/// Secrets under the at-rest keys: AES-256-GCM, a random nonce ahead of the ciphertext, the row's id as
/// associated data, so that rows cannot be swapped.
pub struct AtRest {
    /// The current key first; the others only open what was sealed before.
    keys: Vec<AtRestKey>,
}

struct AtRestKey {
    id: String,
    key: Zeroizing<[u8; 32]>,
}

/// A secret under an at-rest key, as a row holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Locked {
    /// Which key.
    pub key_id: String,
    /// Nonce and ciphertext.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Locked(key {}, {} bytes)", self.key_id, self.bytes.len())
    }
}

/// Why a secret at rest cannot be opened, or a key not be read.
#[derive(Debug, thiserror::Error)]
pub enum AtRestError {
    /// The row names a key that is not configured.
    #[error(
        "a secret is under the at-rest key {0}, which is not configured: add its file to keys.at_rest_previous_files"
    )]
    UnknownKey(String),
    /// The row was changed, or belongs to another id.
    #[error("a secret at rest does not open: the row was changed")]
    Changed,
    /// A key file is not 64 hexadecimal digits.
    #[error("an at-rest key is 32 bytes as 64 hexadecimal digits")]
    Malformed,
}

impl AtRest {
    /// Takes the current key and the former ones, each as 64 hexadecimal digits.
    pub fn from_hex(current: &str, former: &[&str]) -> Result<Self, AtRestError> {
        let keys = std::iter::once(&current)
            .chain(former)
            .map(|text| AtRestKey::parse(text))
            .collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// A fresh key as text for its file.
    pub fn generate(randomness: &dyn Randomness) -> Zeroizing<String> {
        let key = Zeroizing::new(random_bytes::<32>(randomness));
        Zeroizing::new(HEXLOWER.encode(&*key))
    }

    /// The id of the key that seals now.
    pub fn current_id(&self) -> &str {
        &self.keys[0].id
    }

    /// Seals a secret for the row with this id.
    pub fn lock(&self, row: &[u8], secret: &[u8], randomness: &dyn Randomness) -> Locked {
        let key = &self.keys[0];
        let nonce = random_bytes::<NONCE>(randomness);
        let sealed = key
            .cipher()
            .encrypt(
                &Nonce::from(nonce),
                Payload {
                    msg: secret,
                    aad: row,
                },
            )
            .expect("secrets at rest are far below the limit of AES-GCM");
        Locked {
            key_id: key.id.clone(),
            bytes: [nonce.as_slice(), &sealed].concat(),
        }
    }

    /// Opens the secret of the row with this id.
    pub fn open(&self, row: &[u8], locked: &Locked) -> Result<Zeroizing<Vec<u8>>, AtRestError> {
        let key = self
            .keys
            .iter()
            .find(|key| key.id == locked.key_id)
            .ok_or_else(|| AtRestError::UnknownKey(locked.key_id.clone()))?;
        let (nonce, sealed) = locked
            .bytes
            .split_first_chunk::<NONCE>()
            .ok_or(AtRestError::Changed)?;
        key.cipher()
            .decrypt(
                &Nonce::from(*nonce),
                Payload {
                    msg: sealed,
                    aad: row,
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| AtRestError::Changed)
    }

    fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, &*self.keys[0].key)
            .expand(purpose.as_bytes(), &mut *key)
            .expect("32 bytes are within HKDF's limit");
        key
    }
}

impl AtRestKey {
    fn parse(text: &str) -> Result<Self, AtRestError> {
        let bytes = Zeroizing::new(
            HEXLOWER
                .decode(text.trim().as_bytes())
                .map_err(|_| AtRestError::Malformed)?,
        );
        let key = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| AtRestError::Malformed)?);
        let digest = Sha256::new()
            .chain_update(b"sallyport/at-rest/key-id")
            .chain_update(*key)
            .finalize();
        Ok(Self {
            id: HEXLOWER.encode(&digest[..8]),
            key,
        })
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new_from_slice(&*self.key).expect("the key has 32 bytes")
    }
}

/// Keys for what is only ever compared or derived, never opened.
pub struct Derived {
    handle: Zeroizing<[u8; 32]>,
    code: Zeroizing<[u8; 32]>,
    phantom: Zeroizing<[u8; 32]>,
}

impl Derived {
    /// Derives them from the at-rest key.
    pub fn new(at_rest: &AtRest) -> Self {
        Self {
            handle: at_rest.derive("sallyport/handle/1"),
            code: at_rest.derive("sallyport/code/1"),
            phantom: at_rest.derive("sallyport/phantom/1"),
        }
    }

    /// The handle that follows `old` when this step was passed. Derived, so that a lost answer can be given again
    /// without the handle ever being stored.
    pub fn next_handle(&self, old: &Handle, step: u64) -> Handle {
        Handle(Zeroizing::new(mac(&self.handle, &[&*old.0, &step.to_be_bytes()])))
    }

    /// What is stored of a code, bound to where it was sent from and for.
    pub fn code_mac(&self, row: &[u8; 16], code: &str) -> [u8; 32] {
        mac(&self.code, &[row, code.as_bytes()])
    }

    /// The account that stands in for an identifier in every count while there is no account.
    pub fn phantom(&self, limit_key: &str) -> domain::AccountId {
        let digest = mac(&self.phantom, &[limit_key.as_bytes()]);
        domain::AccountId(*digest.first_chunk().expect("32 bytes have 16 first ones"))
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A recovery's handle: 256 random bits that whoever holds them goes on with. Stored only as its SHA-256.
pub struct Handle(Zeroizing<[u8; 32]>);

impl Handle {
    /// A fresh one.
    pub fn generate(randomness: &dyn Randomness) -> Self {
        Self(Zeroizing::new(random_bytes(randomness)))
    }

    /// Reads one that came back: 43 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?);
        <[u8; 32]>::try_from(bytes.as_slice())
            .ok()
            .map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// As it travels.
    pub fn to_text(&self) -> String {
        BASE64URL_NOPAD.encode(&*self.0)
    }

    /// What is stored.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(*self.0).into()
    }

    /// What seal blocks call the recovery.
    pub fn rid(&self) -> String {
        seal::rid(&self.0)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(..)")
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandomness;

impl Randomness for OsRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        seal::os_random(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "0101010101010101010101010101010101010101010101010101010101010101";
    const NEW: &str = "0202020202020202020202020202020202020202020202020202020202020202";

    #[test]
    fn a_secret_opens_only_in_its_own_row_and_under_a_known_key() {
        let old = AtRest::from_hex(OLD, &[]).expect("a key");
        let locked = old.lock(b"row", b"secret", &OsRandomness);
        let both = AtRest::from_hex(NEW, &[OLD]).expect("two keys");
        assert_eq!(
            both.open(b"row", &locked)
                .expect("the former key opens it")
                .as_slice(),
            b"secret"
        );
        assert!(matches!(both.open(b"other", &locked), Err(AtRestError::Changed)));
        let gone = AtRest::from_hex(NEW, &[]).expect("a key");
        assert!(matches!(
            gone.open(b"row", &locked),
            Err(AtRestError::UnknownKey(_))
        ));
        assert!(AtRest::from_hex("0101", &[]).is_err());
    }

    #[test]
    fn the_next_handle_depends_on_the_old_one_and_the_step() {
        let keys = Derived::new(&AtRest::from_hex(OLD, &[]).expect("a key"));
        let handle = Handle::generate(&OsRandomness);
        let next = keys.next_handle(&handle, 1);
        assert_eq!(next.to_text(), keys.next_handle(&handle, 1).to_text());
        assert_ne!(next.to_text(), keys.next_handle(&handle, 2).to_text());
        assert_eq!(
            Handle::parse(&next.to_text()).expect("its own text").hash(),
            next.hash()
        );
        assert!(Handle::parse("too short").is_none());
    }
}
