//! How a core and a site come to know each other: two files, carried by hand.
//!
//! The core writes a [`Pairing`]; the site takes it and writes a [`PairingAnswer`]; the core takes that. The first
//! holds a secret and goes over no network that others read; the second is proven by it.

use serde::{Deserialize, Serialize};

use crate::sync::{Bytes, Digest, Secret};

/// The form of both files.
pub const VERSION: u32 = 2;

/// The longest name of a site: it stands in what is signed, in logs and on the command line.
pub const LONGEST_NAME: usize = 32;

/// Whether this can be the name of a site: lower-case letters, digits and hyphens.
pub fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(is_plain)
}

/// What a site is told at the pairing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairing {
    /// [`VERSION`].
    pub v: u32,
    /// What the core calls the site.
    pub site: String,
    /// SHA-256 of the public keys (`SubjectPublicKeyInfo`) that the core's end of the sync link may have: the current
    /// one, and the next if there is one.
    pub core_pins: Vec<Digest>,
    /// The core's Ed25519 key, which signs its requests.
    pub core_key: Bytes<32>,
    /// The core's generation.
    pub generation: u64,
    /// The epoch that begins.
    pub epoch: u64,
    /// The first key of its ratchet.
    pub ratchet: Secret,
    /// What the site's pages say about whose they are.
    pub look: Look,
}

/// What the public pages of a site say. The core decides it, so that it can tell the true pages from changed ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The address that people use.
    pub public_origin: String,
    /// The organisation.
    pub organisation: String,
    /// The helpdesk's telephone number.
    pub phone: Option<String>,
    /// The helpdesk's mail address.
    pub mail: Option<String>,
    /// Whether this is a demonstration.
    pub demo: bool,
}

/// What the core is told in return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairingAnswer {
    /// [`VERSION`].
    pub v: u32,
    /// The site.
    pub site: String,
    /// The epoch.
    pub epoch: u64,
    /// SHA-256 of the public keys that the site's end of the sync link may have.
    pub site_pins: Vec<Digest>,
    /// The site's Ed25519 key, which signs its heads and receipts.
    pub site_key: Bytes<32>,
    /// That whoever answers has the file: the ratchet's first key vouches for [what is said](Self::said).
    pub proof: Digest,
}

impl PairingAnswer {
    /// Everything but the proof, as bytes that say one thing only: numbers have eight bytes, big-endian, and what has no
    /// fixed length stands behind its length.
    pub fn said(&self) -> Vec<u8> {
        let number = |number: u64| number.to_be_bytes();
        let count = |count: usize| number(count as u64);
        let mut said = Vec::new();
        said.extend(number(u64::from(self.v)));
        said.extend(count(self.site.len()));
        said.extend(self.site.as_bytes());
        said.extend(number(self.epoch));
        said.extend(count(self.site_pins.len()));
        for pin in &self.site_pins {
            said.extend(pin.as_bytes());
        }
        said.extend(self.site_key.as_bytes());
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_of_an_answer_is_said() {
        let answer = PairingAnswer {
            v: VERSION,
            site: "dmz1".to_owned(),
            epoch: 1,
            site_pins: vec![Digest::from([1; 32])],
            site_key: Bytes::from([2; 32]),
            proof: Digest::from([0; 32]),
        };
        let changes: [fn(&mut PairingAnswer); 6] = [
            |answer| answer.v += 1,
            |answer| answer.site.push('0'),
            |answer| answer.epoch += 1,
            |answer| answer.site_pins.push(Digest::from([3; 32])),
            |answer| answer.site_pins[0] = Digest::from([3; 32]),
            |answer| answer.site_key = Bytes::from([3; 32]),
        ];
        for change in changes {
            let mut other = answer.clone();
            change(&mut other);
            assert_ne!(other.said(), answer.said(), "{other:?}");
        }
    }

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["dmz1", "a-b", &"x".repeat(LONGEST_NAME)] {
            assert!(is_name(name), "{name}");
        }
        for none in ["", "DMZ", "a.b", "a b", "ü", &"x".repeat(LONGEST_NAME + 1)] {
            assert!(!is_name(none), "{none}");
        }
    }
}
