//! A key that vouches for each event and is then forgotten.
//!
//! Whoever takes a site over finds the key of the next event only: what is already in the chain cannot be written anew
//! with tags that fit, unless an older copy of the database is found, too.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Hash, Link};

/// The key of the next event of an epoch: `k_{n+1} = SHA-256("ratchet" || k_n)`. Its owner stores it, in the
/// transaction that stores the event, over the former one.
pub struct Ratchet(Zeroizing<[u8; 32]>);

/// `HMAC-SHA-256(k_n, site || 0x00 || epoch || seq || h_n)` (RFC 2104), numbers as eight bytes, big-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(Hash);

impl Ratchet {
    /// Goes on with a stored key, or begins with the secret that the two sides exchanged.
    pub fn from_bytes(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// The key, to be stored.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Vouches for the event that ends with `link`, and gives the key of the one after it.
    pub fn tag(self, site: &str, epoch: u64, link: Link) -> (Tag, Self) {
        let tag = Tag(Hash::from(<[u8; 32]>::from(
            self.mac(site, epoch, link).finalize().into_bytes(),
        )));
        (tag, self.next())
    }

    /// Whether `tag` is the one of the event that ends with `link`, in constant time; gives the next key if it is.
    pub fn check(self, site: &str, epoch: u64, link: Link, tag: &Tag) -> Option<Self> {
        let fits = self.mac(site, epoch, link).verify_slice(tag.0.as_bytes()).is_ok();
        fits.then(|| self.next())
    }

    /// Vouches for the answer to the pairing that brought this key: `HMAC-SHA-256(k_0, "pairing answer" || 0x00 || text)`.
    /// No site's name has a space, so it is never the tag of an event.
    pub fn vouch(&self, text: &[u8]) -> Tag {
        Tag(Hash::from(<[u8; 32]>::from(
            self.over(text).finalize().into_bytes(),
        )))
    }

    /// Whether whoever made `tag` had this key, in constant time.
    pub fn is_vouched(&self, text: &[u8], tag: &Tag) -> bool {
        self.over(text).verify_slice(tag.0.as_bytes()).is_ok()
    }

    fn over(&self, text: &[u8]) -> Hmac<Sha256> {
        self.keyed().chain_update(b"pairing answer\0").chain_update(text)
    }

    fn keyed(&self) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(&*self.0).expect("HMAC takes keys of any length")
    }

    fn mac(&self, site: &str, epoch: u64, link: Link) -> Hmac<Sha256> {
        self.keyed()
            .chain_update(site.as_bytes())
            .chain_update([0x00])
            .chain_update(epoch.to_be_bytes())
            .chain_update(link.seq.to_be_bytes())
            .chain_update(link.hash.as_bytes())
    }

    fn next(&self) -> Self {
        let hash = Sha256::new()
            .chain_update(b"ratchet")
            .chain_update(*self.0)
            .finalize();
        Self(Zeroizing::new(hash.into()))
    }
}

impl fmt::Debug for Ratchet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ratchet(..)")
    }
}

impl Tag {
    /// The bytes, as they stand in a database.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl From<[u8; 32]> for Tag {
    fn from(bytes: [u8; 32]) -> Self {
        Self(Hash::from(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chain;

    fn link() -> Link {
        Chain::begin(b"site").append(b"event")
    }

    #[test]
    fn both_sides_move_alike_and_nothing_else_fits() {
        let (tag, next) = Ratchet::from_bytes([7; 32]).tag("dmz1", 1, link());
        let other = Ratchet::from_bytes([7; 32])
            .check("dmz1", 1, link(), &tag)
            .expect("the tag was made by the same key");
        assert_eq!(next.as_bytes(), other.as_bytes());
        assert_ne!(next.as_bytes(), &[7; 32]);
        let later = Chain::resume(link()).append(b"another");
        for (site, epoch, link, key) in [
            ("dmz2", 1, link(), [7; 32]),
            ("dmz1", 2, link(), [7; 32]),
            ("dmz1", 1, later, [7; 32]),
            ("dmz1", 1, link(), [8; 32]),
            ("dmz1", 1, link(), *next.as_bytes()),
        ] {
            let checked = Ratchet::from_bytes(key).check(site, epoch, link, &tag);
            assert!(checked.is_none(), "{site} {epoch} {link:?}");
        }
    }

    /// Computed with `printf 'ratchet' | cat - <(head -c 32 /dev/zero) | sha256sum`: stored keys would break.
    #[test]
    fn the_step_is_the_documented_one() {
        let (_, next) = Ratchet::from_bytes([0; 32]).tag("dmz1", 1, link());
        let expected = "cb972bd62f70ca08832cefacae3f48b5d1f30f4b8ae978572077a94ac60ee49d";
        assert_eq!(Hash::from(*next.as_bytes()).to_string(), expected);
    }

    #[test]
    fn only_the_same_key_vouches_for_the_same_answer() {
        let key = Ratchet::from_bytes([7; 32]);
        let tag = key.vouch(b"answer");
        assert!(key.is_vouched(b"answer", &tag));
        assert!(!key.is_vouched(b"another", &tag));
        assert!(!Ratchet::from_bytes([8; 32]).is_vouched(b"answer", &tag));
    }

    #[test]
    fn a_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", Ratchet::from_bytes([1; 32])), "Ratchet(..)");
    }
}
