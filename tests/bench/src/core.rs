//! The core's end of a site's sync listener, so that nothing but the site is measured: paired by the two files that an
//! administrator would carry, known by its key, and signing what it asks.

use std::cell::Cell;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use contract::pairing::{Look, Pairing, PairingAnswer, VERSION};
use contract::sync::{
    Bytes, Digest, Events, Position, PushHead, Pushed, SIGNATURE_HEADER, Secret, Stored, Token, paths,
};
use journal::site::{CoreRequest, Receipt, origin};
use journal::{Chain, Hash, Signed, SigningKey, Statement as _, VerifyingKey};
use rcgen::{CertifiedKey, KeyPair, PublicKeyData as _, generate_simple_self_signed};
use rustls::ClientConfig;
use rustls_pki_types::PrivateKeyDer;
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsConnector;

use crate::http::believing;
use crate::wire::{Answer, Place, Wire};

const SITE: &str = "bench";
const GENERATION: u64 = 1;
/// The name in the certificate of every sync listener.
const SYNC_HOST: &str = "selfdestruct";

/// The core of one site.
pub(crate) struct Core {
    key: SigningKey,
    tls: CertifiedKey<KeyPair>,
    site_key: VerifyingKey,
    epoch: u64,
    nonces: Cell<u64>,
}

impl Core {
    /// Writes its half of a pairing into the file, and takes the answer from the file that `answer` says.
    pub(crate) fn pair(file: &Path, answer: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<Self> {
        let tls = generate_simple_self_signed(vec!["core".to_owned()]).map_err(io::Error::other)?;
        let key = SigningKey::from_bytes(&random());
        let pairing = Pairing {
            v: VERSION,
            site: SITE.to_owned(),
            core_pins: vec![Digest::from(sha256(&tls.signing_key.subject_public_key_info()))],
            core_key: Bytes::from(key.verifying_key().to_bytes()),
            generation: GENERATION,
            epoch: 1,
            ratchet: Secret::new(random()),
            look: Look {
                public_origin: ORIGIN.to_owned(),
                organisation: "Corp Example".to_owned(),
                phone: None,
                mail: Some("help@corp.example".to_owned()),
                demo: false,
            },
        };
        write_private(file, &serde_json::to_vec(&pairing)?)?;
        let answered = file.with_extension("answer.json");
        answer(&answered)?;
        let answer: PairingAnswer = serde_json::from_slice(&fs::read(&answered)?)?;
        Ok(Self {
            key,
            tls,
            site_key: VerifyingKey::from_bytes(answer.site_key.as_bytes()).map_err(io::Error::other)?,
            epoch: answer.epoch,
            nonces: Cell::new(0),
        })
    }

    /// The site's sync listener, whose certificate is this one.
    pub(crate) fn sync(&self, certificate: &Path, port: u16) -> io::Result<Place> {
        let key = PrivateKeyDer::try_from(self.tls.signing_key.serialize_der()).map_err(io::Error::other)?;
        let config = ClientConfig::builder()
            .with_root_certificates(believing(certificate)?)
            .with_client_auth_cert(vec![self.tls.cert.der().clone()], key)
            .map_err(io::Error::other)?;
        Ok(Place {
            host: SYNC_HOST.to_owned(),
            port,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// The bytes of a request that the site believes, once, within five minutes.
    pub(crate) fn request(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let number = self.nonces.replace(self.nonces.get() + 1);
        let nonce =
            Token::from(<[u8; 16]>::try_from(&sha256(&number.to_be_bytes())[..16]).expect("16 of 32"));
        let said = CoreRequest {
            site: SITE.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            body: Hash::from(sha256(body)),
            time_ms: now_ms(),
            nonce: nonce.to_string(),
            generation: GENERATION,
            epoch: self.epoch,
        };
        let signature = said.sign(&self.key);
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {SYNC_HOST}\r\n{SIGNATURE_HEADER}: {signature}\r\nContent-Length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    }

    /// The push of a message.
    pub(crate) fn push(&self, letter: &Letter) -> Vec<u8> {
        let path = paths::MESSAGE.replace("{id}", &letter.id.to_string());
        self.request("PUT", &path, &letter.body())
    }

    /// The push of several.
    pub(crate) fn push_batch(&self, letters: &[Letter]) -> Vec<u8> {
        let mut whole = Vec::new();
        for body in letters.iter().map(Letter::body) {
            whole.extend_from_slice(&u32::try_from(body.len()).expect("a small one").to_be_bytes());
            whole.extend_from_slice(&body);
        }
        self.request("POST", paths::MESSAGES, &whole)
    }

    /// Whether the site vouches for having stored it.
    pub(crate) fn believes(&self, pushed: &Pushed, letter: &Letter) -> io::Result<()> {
        let Pushed::Stored(line) = pushed else {
            return Err(io::Error::other(format!("not stored: {pushed:?}")));
        };
        let signed: Signed = line.parse().map_err(io::Error::other)?;
        let receipt = Receipt::open(&signed, &self.site_key).map_err(io::Error::other)?;
        if receipt.id == letter.id.to_string() && receipt.digest == Hash::from(sha256(&letter.body())) {
            Ok(())
        } else {
            Err(io::Error::other("the receipt is another's"))
        }
    }

    /// Where the chain begins.
    pub(crate) fn origin(&self) -> Position {
        let hash = Chain::begin(&origin(SITE, self.epoch, None)).end().hash;
        Position {
            epoch: self.epoch,
            seq: 0,
            hash: Digest::from(*hash.as_bytes()),
        }
    }

    /// Asks for events behind this position, which confirms the chain up to there. With `wait` 0 nothing is waited for.
    pub(crate) async fn events(
        &self,
        wire: &mut Wire,
        after: Position,
        limit: u32,
    ) -> io::Result<Vec<Stored>> {
        let Position { epoch, seq, hash } = after;
        let path = format!(
            "{}?epoch={epoch}&after={seq}&hash={hash}&limit={limit}&wait=0",
            paths::EVENTS
        );
        let answer = wire.ask(&self.request("GET", &path, b"")).await?.expect(200)?;
        let events: Events = serde_json::from_slice(&answer.body)?;
        Ok(events.events)
    }
}

/// The address that people use for a site; nobody looks it up.
pub(crate) const ORIGIN: &str = "https://site.localhost";

/// A message as its sender knows it, made from its number.
pub(crate) struct Letter {
    id: Token,
    link: [u8; 32],
    expires_at: i64,
}

/// Its text, sealed: 1 KiB and the tag.
const SEALED: usize = 1024 + 16;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Letter {
    /// The message of this number.
    pub(crate) fn new(number: u64) -> Self {
        let link = sha256(&number.to_be_bytes());
        let id = <[u8; 16]>::try_from(&sha256(&link)[..16]).expect("16 of 32");
        Self {
            id: Token::from(id),
            link,
            expires_at: now_ms() + DAY_MS,
        }
    }

    fn body(&self) -> Vec<u8> {
        let head = PushHead {
            id: self.id,
            header: r#"{"v":1,"p":"","k":"text"}"#.to_owned(),
            nonce: [2; 12].into(),
            link: Digest::from(sha256(&self.link)),
            open: None,
            policy: contract::sync::Policy {
                expires_at: self.expires_at,
                readings: 1,
                max_wrong: 5,
            },
        };
        contract::sync::push_body(&head, &self.ciphertext())
    }

    fn ciphertext(&self) -> Vec<u8> {
        self.id.as_bytes().repeat(SEALED / 16)
    }

    /// What the page of somebody with the link sends.
    pub(crate) fn opening(&self) -> Vec<u8> {
        let (id, link) = (self.id, Digest::from(self.link));
        let body = format!(r#"{{"link":"{link}","claim":"{id}"}}"#);
        let length = body.len();
        format!(
            "POST /m/{id}/open HTTP/1.1\r\nHost: site.localhost\r\nOrigin: {ORIGIN}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// Whether this is what was pushed.
    pub(crate) fn is_in(&self, answer: &Answer) -> bool {
        answer.body == self.ciphertext()
    }
}

pub(crate) fn now_ms() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "what is measured asks the machine, too")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    seal::os_random(&mut bytes);
    bytes
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(bytes)
}
