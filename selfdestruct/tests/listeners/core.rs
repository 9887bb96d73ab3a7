//! The core's end of the line, with its keys.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use contract::pairing::{Look, Pairing, PairingAnswer, VERSION};
use contract::sync::{Bytes, Digest, Secret, Token};
use journal::site::{CoreRequest, origin};
use journal::{Chain, Hash, SigningKey, Statement as _, VerifyingKey};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::ClientConfig;
use rustls::pki_types::PrivateKeyDer;
use selfdestruct::config::SiteConfig;
use selfdestruct::pair::{PairError, pair, read_pairing};
use selfdestruct::site::Given;
use sha2::{Digest as _, Sha256};

use crate::line::{Answer, Line, request};
use crate::site::{NOW, trusting};

pub(crate) const NAME: &str = "dmz1";

pub(crate) struct Core {
    pub(crate) key: SigningKey,
    pub(crate) answer: PairingAnswer,
    tls: CertifiedKey<KeyPair>,
    nonces: AtomicU64,
    /// Its time.
    pub(crate) now_ms: i64,
}

impl Core {
    /// Writes its half of a pairing, as `core-api site add` does, and takes the answer that `answer` brings.
    pub(crate) async fn pair<F: Future<Output = PairingAnswer>>(
        file: &Path,
        answer: impl FnOnce() -> F,
    ) -> Self {
        let tls = generate_simple_self_signed(vec!["core".to_owned()]).unwrap();
        let key = SigningKey::from_bytes(&[3; 32]);
        write(file, &pairing(&tls, &key, 1, 1));
        Self {
            key,
            answer: answer().await,
            tls,
            nonces: AtomicU64::new(0),
            now_ms: NOW,
        }
    }

    /// Pairs once more.
    pub(crate) async fn pair_again(
        &self,
        config: &SiteConfig,
        given: Given,
        file: &Path,
        epoch: u64,
        again: bool,
    ) -> Result<PairingAnswer, PairError> {
        self.write_pairing(file, epoch, u8::try_from(epoch).unwrap());
        pair(config, given, &read_pairing(file)?, again).await
    }

    /// Writes a new file for a site, with this secret.
    pub(crate) fn write_pairing(&self, file: &Path, epoch: u64, secret: u8) {
        write(file, &pairing(&self.tls, &self.key, epoch, secret));
    }

    /// Its side of mutual TLS.
    pub(crate) fn tls(&self, config: &SiteConfig) -> Arc<ClientConfig> {
        mutual(config, &self.tls)
    }

    pub(crate) fn site_key(&self) -> VerifyingKey {
        VerifyingKey::from_bytes(self.answer.site_key.as_bytes()).unwrap()
    }

    /// What is signed about a request. Its nonce is fresh.
    pub(crate) fn says(&self, method: &str, path: &str, body: &[u8]) -> CoreRequest {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.nonces.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        CoreRequest {
            site: NAME.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            body: Hash::from(<[u8; 32]>::from(Sha256::digest(body))),
            time_ms: self.now_ms,
            nonce: Token::from(nonce).to_string(),
            generation: 5,
            epoch: self.answer.epoch,
        }
    }

    /// The header line.
    pub(crate) fn sign(&self, said: &CoreRequest) -> String {
        format!("{}: {}", contract::sync::SIGNATURE_HEADER, said.sign(&self.key))
    }

    /// The bytes of a request that the site believes.
    pub(crate) fn signed(&self, line: &Line, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let signature = self.sign(&self.says(method, path, body));
        request(line.name, &format!("{method} {path}"), &[&signature], body)
    }

    /// Sends one.
    pub(crate) async fn send(&self, line: &Line, method: &str, path: &str, body: &[u8]) -> Answer {
        let request = self.signed(line, method, path, body);
        line.exchange(&request).await.expect("an answer")
    }

    pub(crate) async fn get(&self, line: &Line, path: &str) -> Answer {
        self.send(line, "GET", path, b"").await
    }

    /// The path of the long poll from the epoch's beginning.
    pub(crate) fn events(&self, wait: u32) -> String {
        let hash = Chain::begin(&origin(NAME, self.answer.epoch, None)).end().hash;
        let hash = Digest::from(*hash.as_bytes());
        format!(
            "/sync/v1/events?epoch={}&after=0&hash={hash}&limit=100&wait={wait}",
            self.answer.epoch
        )
    }
}

/// Whoever has this key, towards the site's sync listener.
pub(crate) fn mutual(config: &SiteConfig, own: &CertifiedKey<KeyPair>) -> Arc<ClientConfig> {
    let roots = trusting(&config.data_dir.join("sync.pem"));
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let builder = ClientConfig::builder().with_root_certificates(roots);
    Arc::new(
        builder
            .with_client_auth_cert(vec![own.cert.der().clone()], key)
            .unwrap(),
    )
}

fn pairing(tls: &CertifiedKey<KeyPair>, key: &SigningKey, epoch: u64, secret: u8) -> Pairing {
    Pairing {
        v: VERSION,
        site: NAME.to_owned(),
        core_pins: vec![server::tls::pin(tls.cert.der()).unwrap()],
        core_key: Bytes::from(key.verifying_key().to_bytes()),
        generation: 5,
        epoch,
        ratchet: Secret::new([secret; 32]),
        look: Look {
            public_origin: "https://secret.corp.example".to_owned(),
            organisation: "Example Corp".to_owned(),
            phone: None,
            mail: Some("help@corp.example".to_owned()),
            demo: false,
        },
    }
}

fn write(file: &Path, pairing: &Pairing) {
    std::fs::write(file, serde_json::to_vec(pairing).unwrap()).unwrap();
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}
