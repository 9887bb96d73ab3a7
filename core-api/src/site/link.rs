//! The real links: mutual TLS with pinned keys, every request signed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use client::site::{Sign, SiteApi, SiteClient, SiteSettings};
use contract::sync::{Digest, Token};
use domain::clock::random_bytes;
use domain::{Clock, Randomness};
use journal::site::CoreRequest;
use journal::{Hash, SigningKey, Statement as _};
use sha2::{Digest as _, Sha256};

use super::{Address, LinkError, SiteLink, own_keys};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Long enough for ten mebibytes over a slow line.
const CALL_WITHIN: Duration = Duration::from_secs(30);

/// Dials sites with the keys in the data directory.
pub struct PinnedLink {
    /// Where `keys/` stands.
    pub data_dir: PathBuf,
    /// The core's key.
    pub signing: SigningKey,
    /// Tells the time that requests carry.
    pub clock: Arc<dyn Clock>,
    /// Makes nonces and keys.
    pub randomness: Arc<dyn Randomness>,
}

impl SiteLink for PinnedLink {
    fn pins(&self) -> Result<Vec<Digest>, LinkError> {
        Ok(own_keys::pins(
            &self.data_dir,
            self.clock.now(),
            &*self.randomness,
        )?)
    }

    fn dial(&self, to: &Address) -> Result<Arc<dyn SiteApi>, LinkError> {
        let own = own_keys::current(&self.data_dir, self.clock.now(), &*self.randomness)?;
        let settings = SiteSettings {
            base: to.base.clone(),
            pins: to.pins.clone(),
            cert_file: own.cert_file,
            key_file: own.key_file,
            connect_timeout: CONNECT_WITHIN,
            timeout: CALL_WITHIN,
        };
        let signer = Signer {
            site: to.name.clone(),
            generation: to.generation,
            epoch: to.epoch,
            key: self.signing.clone(),
            clock: Arc::clone(&self.clock),
            randomness: Arc::clone(&self.randomness),
        };
        Ok(Arc::new(SiteClient::new(&settings, signer)?))
    }
}

/// Signs what is sent to one site.
struct Signer {
    site: String,
    generation: u64,
    epoch: u64,
    key: SigningKey,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Sign for Signer {
    fn sign(&self, method: &str, path: &str, body: &[u8]) -> String {
        let request = CoreRequest {
            site: self.site.clone(),
            method: method.to_owned(),
            path: path.to_owned(),
            body: Hash::from(<[u8; 32]>::from(Sha256::digest(body))),
            time_ms: self.clock.now().0,
            nonce: Token::from(random_bytes::<16>(&*self.randomness)).to_string(),
            generation: self.generation,
            epoch: self.epoch,
        };
        request.sign(&self.key).to_string()
    }
}

#[cfg(test)]
mod tests {
    use journal::Signed;

    use super::*;
    use crate::clock::SystemClock;
    use crate::keys::OsRandomness;

    #[test]
    fn a_request_is_signed_over_what_it_is_and_never_twice_alike() {
        let key = SigningKey::from_bytes(&[5; 32]);
        let signer = Signer {
            site: "dmz1".to_owned(),
            generation: 3,
            epoch: 2,
            key: key.clone(),
            clock: Arc::new(SystemClock),
            randomness: Arc::new(OsRandomness),
        };
        let line = signer.sign("POST", "/sync/v1/ack", b"body");
        assert_ne!(line, signer.sign("POST", "/sync/v1/ack", b"body"));
        let header: Signed = line.parse().unwrap();
        let request = CoreRequest::open(&header, &key.verifying_key()).unwrap();
        assert_eq!(
            (request.site.as_str(), request.generation, request.epoch),
            ("dmz1", 3, 2)
        );
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("POST", "/sync/v1/ack")
        );
        assert_eq!(
            *request.body.as_bytes(),
            <[u8; 32]>::from(Sha256::digest(b"body"))
        );
    }
}
