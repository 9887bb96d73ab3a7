//! The envelope of a message: sealed inside, or in the sender's browser, and opened in the recipient's.
//!
//! Everything comes from the link's secret `S` and, where there is one, the passphrase:
//!
//! ```text
//! salt = HKDF-SHA-256(S,      salt = id, "sallyport/message/1/pass-salt"), 16 bytes
//! P    = PBKDF2-HMAC-SHA-256(passphrase, salt, 600,000), 32 bytes; empty without a passphrase
//! K    = HKDF-SHA-256(S || P, salt = id, "sallyport/message/1/key")
//! A1   = HKDF-SHA-256(S,      salt = id, "sallyport/message/1/link")
//! A2   = HKDF-SHA-256(S || P, salt = id, "sallyport/message/1/open"), where there is a passphrase
//! ```
//!
//! The site holds the ciphertext (AES-256-GCM under `K`, associated data = id || header) and the hashes of the proofs
//! `A1` and `A2`: enough to tell who may have it, nothing that opens it.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use pbkdf2::pbkdf2_hmac;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::content::{Content, MAX_PADDED_CONTENT};
use crate::link::{LinkSecret, Profile};
use crate::passphrase::Passphrase;
use crate::random::Fill;
use crate::suite::TAG;

/// Longest ciphertext of a message.
pub const MAX_CIPHERTEXT: usize = MAX_PADDED_CONTENT + TAG;

const ROUNDS: u32 = 600_000;
/// Kinds of content, as they stand in the header.
const KINDS: [&str; 2] = ["text", "files"];
const PASS_SALT: &[u8] = b"sallyport/message/1/pass-salt";
const KEY: &[u8] = b"sallyport/message/1/key";
const LINK: &[u8] = b"sallyport/message/1/link";
const OPEN: &[u8] = b"sallyport/message/1/open";

type Bytes32 = Zeroizing<[u8; 32]>;

/// A sealed message, as it goes through the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Version, profile and kind of content, as the sealer wrote them: authenticated as they stand, so nobody writes
    /// them again.
    pub header: String,
    /// The nonce.
    pub nonce: [u8; 12],
    /// The ciphertext with its tag.
    pub ciphertext: Vec<u8>,
}

/// What the site demands before it hands a message out. Never printed.
pub struct Proofs {
    link: Bytes32,
    open: Option<Bytes32>,
}

/// What the site knows the proofs by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofHashes {
    /// SHA-256 of the proof of the link.
    pub link: [u8; 32],
    /// SHA-256 of the proof of the passphrase, where there is one.
    pub open: Option<[u8; 32]>,
}

/// Why an envelope was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Another version, profile or kind of content than this version knows.
    #[error("the message was made by a newer version")]
    Unknown,
    /// It was sealed with a passphrase and none was given, or the other way round.
    #[error("the message takes a passphrase where none was given, or the other way round")]
    OtherProfile,
    /// It does not open: it was changed, or link or passphrase are another message's.
    #[error("the message does not open")]
    Forged,
    /// It opens, but what is inside is malformed.
    #[error("the message's content is malformed")]
    Malformed,
}

/// The key and the proofs of one message. The key serves once: to seal, or to open.
pub struct MessageKeys {
    id: [u8; 16],
    profile: Profile,
    key: Bytes32,
    proofs: Proofs,
}

impl MessageKeys {
    /// Derives them. With a passphrase this takes a good part of a second, on purpose.
    pub fn derive(id: &[u8; 16], secret: &LinkSecret, passphrase: Option<&Passphrase>) -> Self {
        let both = link_and_passphrase(id, secret, passphrase);
        Self {
            id: *id,
            profile: passphrase.map_or(Profile::LinkOnly, |_| Profile::P1),
            key: derive(id, &both, KEY),
            proofs: Proofs {
                link: derive(id, secret.as_bytes(), LINK),
                open: passphrase.map(|_| derive(id, &both, OPEN)),
            },
        }
    }

    /// The proofs.
    pub fn proofs(&self) -> &Proofs {
        &self.proofs
    }

    /// Which profile the link carries.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Seals the message's content.
    pub fn seal(self, content: &Content, fill: &mut Fill<'_>) -> Envelope {
        let header = header(self.profile, content);
        let mut nonce = [0; 12];
        fill(&mut nonce);
        let payload = Payload {
            msg: &content.pack(),
            aad: &associated(&self.id, &header),
        };
        let ciphertext = self
            .cipher()
            .encrypt(&Nonce::from(nonce), payload)
            .expect("AES-GCM takes far more than content has");
        Envelope {
            header,
            nonce,
            ciphertext,
        }
    }

    /// Opens the message's envelope.
    pub fn open(self, envelope: &Envelope) -> Result<Content, EnvelopeError> {
        let profile = header_profile(&envelope.header).ok_or(EnvelopeError::Unknown)?;
        if profile != self.profile {
            return Err(EnvelopeError::OtherProfile);
        }
        if envelope.ciphertext.len() > MAX_CIPHERTEXT {
            return Err(EnvelopeError::Malformed);
        }
        let payload = Payload {
            msg: &envelope.ciphertext,
            aad: &associated(&self.id, &envelope.header),
        };
        let plain = self
            .cipher()
            .decrypt(&Nonce::from(envelope.nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| EnvelopeError::Forged)?;
        Content::unpack(&plain)
            .ok()
            .filter(|content| header(profile, content) == envelope.header)
            .ok_or(EnvelopeError::Malformed)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new_from_slice(self.key.as_slice()).expect("the key has 32 bytes")
    }
}

impl fmt::Debug for MessageKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageKeys(..)")
    }
}

impl Proofs {
    /// `A1`: whoever has it has the link.
    pub fn link(&self) -> &[u8; 32] {
        &self.link
    }

    /// `A2`: whoever has it knows the passphrase, too.
    pub fn open(&self) -> Option<&[u8; 32]> {
        self.open.as_deref()
    }

    /// What the site is told.
    pub fn hashes(&self) -> ProofHashes {
        let hash = |proof: &Bytes32| Sha256::digest(proof.as_slice()).into();
        ProofHashes {
            link: hash(&self.link),
            open: self.open.as_ref().map(hash),
        }
    }
}

impl fmt::Debug for Proofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proofs(..)")
    }
}

/// `S || P`.
fn link_and_passphrase(
    id: &[u8; 16],
    secret: &LinkSecret,
    passphrase: Option<&Passphrase>,
) -> Zeroizing<Vec<u8>> {
    let mut both = Zeroizing::new(Vec::with_capacity(64));
    both.extend_from_slice(secret.as_bytes());
    if let Some(passphrase) = passphrase {
        let salt: Zeroizing<[u8; 16]> = derive(id, secret.as_bytes(), PASS_SALT);
        let mut stretched = Zeroizing::new([0; 32]);
        pbkdf2_hmac::<Sha256>(
            passphrase.expose().as_bytes(),
            salt.as_slice(),
            ROUNDS,
            stretched.as_mut_slice(),
        );
        both.extend_from_slice(stretched.as_slice());
    }
    both
}

fn derive<const N: usize>(id: &[u8; 16], input: &[u8], label: &[u8]) -> Zeroizing<[u8; N]> {
    let mut output = Zeroizing::new([0; N]);
    Hkdf::<Sha256>::new(Some(id), input)
        .expand(label, output.as_mut_slice())
        .expect("HKDF gives far more bytes than these");
    output
}

/// The header's exact text.
fn header(profile: Profile, content: &Content) -> String {
    let [text, files] = KINDS;
    header_text(profile, if content.files().is_empty() { text } else { files })
}

fn header_text(profile: Profile, kind: &str) -> String {
    format!(r#"{{"v":1,"p":"{}","k":"{kind}"}}"#, profile.name())
}

/// The profile of a header, if it is one of the four that this version writes; also for whoever hands on an envelope
/// that somebody else sealed.
pub fn header_profile(header: &str) -> Option<Profile> {
    [Profile::LinkOnly, Profile::P1]
        .into_iter()
        .find(|profile| KINDS.iter().any(|kind| header_text(*profile, kind) == header))
}

fn associated(id: &[u8; 16], header: &str) -> Vec<u8> {
    [id, header.as_bytes()].concat()
}
