//! How a site comes to know its core: it takes the file that the core wrote, makes its keys, begins its first epoch and
//! answers with a file of its own.
//!
//! What was agreed on stays in the data folder, but for the ratchet's first key, which goes into the database and is
//! overwritten there by the first event. The answer is written last: a pairing that was cut short is simply repeated.

use std::path::{Path, PathBuf};

use contract::pairing::{Look, Pairing, PairingAnswer, VERSION, is_name};
use contract::sync::{Bytes, Digest};
use journal::{Ratchet, SigningKey, VerifyingKey};
use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use server::config::Origin;
use server::tls::pin;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::config::SiteConfig;
use crate::files::{self, FileError, open_to_others, private_folder, remove, replace};
use crate::given::{Randomness, random_bytes};
use crate::site::{Beginning, Given, Site, StartError};
use crate::store::databases;

/// Where things are in the data folder.
#[derive(Clone, Debug)]
pub struct Place(PathBuf);

impl Place {
    /// In this folder.
    pub fn new(data_dir: &Path) -> Self {
        Self(data_dir.to_owned())
    }

    /// What was agreed on.
    pub fn pairing(&self) -> PathBuf {
        self.0.join("pairing.json")
    }

    /// The certificate of the sync listener.
    pub fn sync_certificate(&self) -> PathBuf {
        self.0.join("sync.pem")
    }

    /// Its key.
    pub fn sync_key(&self) -> PathBuf {
        self.0.join("sync.key")
    }

    fn next_sync_certificate(&self) -> PathBuf {
        self.0.join("sync-next.pem")
    }

    fn next_sync_key(&self) -> PathBuf {
        self.0.join("sync-next.key")
    }

    /// The site's Ed25519 key until the pairing is finished. From then on the database has it.
    fn begun(&self) -> PathBuf {
        self.0.join("begun.key")
    }

    /// Every file that is for this user alone.
    pub fn private_files(&self) -> [PathBuf; 6] {
        [
            self.begun(),
            self.pairing(),
            self.sync_certificate(),
            self.sync_key(),
            self.next_sync_certificate(),
            self.next_sync_key(),
        ]
    }
}

/// Files that a site knows again; it has been paired as often by then.
const MOST_TAKEN: usize = 64;

/// What a paired site knows of its core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paired {
    /// The form of the file.
    pub v: u32,
    /// What the core calls the site.
    pub site: String,
    /// The keys that the core's end of the sync link may have.
    pub core_pins: Vec<Digest>,
    /// The core's Ed25519 key.
    pub core_key: Bytes<32>,
    /// The epoch that began with the pairing.
    pub epoch: u64,
    /// SHA-256 of the secrets in the files that were taken, by which a file is known again: the last 64, the
    /// oldest first.
    #[serde(default)]
    pub taken: Vec<Digest>,
    /// What pages say about whose they are.
    pub look: Look,
}

/// Why a site is not paired, or cannot be.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// There is no pairing yet.
    #[error(
        "this site is not paired: have the core write a file (core-api site add NAME URL), carry it here and run selfdestruct pair FILE"
    )]
    NotPaired,
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file may be read by others, and holds a secret.
    #[error("{}: others on this host may read it (mode {mode:04o}), and it holds a secret; chmod it to 0600", path.display())]
    Open {
        /// Which one.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not a file of a pairing.
    #[error("{}: it is not what `core-api site add` writes ({wrong}); carry the file over once more", path.display())]
    Malformed {
        /// Which one.
        path: PathBuf,
        /// What is wrong, without a value.
        wrong: &'static str,
    },
    /// It is of another release.
    #[error("{}: it has the form {v}, and this release knows {VERSION}; core and site must be of the same release", path.display())]
    OtherVersion {
        /// Which one.
        path: PathBuf,
        /// Its form.
        v: u32,
    },
    /// It is paired already.
    #[error(
        "this site is paired already, as {site}; say --again and everything that is here is erased. If the file is of another core, retire the pairing in the former one before: core-api site retire {site}"
    )]
    Already {
        /// As what.
        site: String,
    },
    /// The file was taken already, now or at a pairing before.
    #[error("this file was taken already; have the core write a new one (core-api site add NAME)")]
    Used,
    /// The epoch cannot begin.
    #[error("{0}; a site that serves must be stopped first")]
    Start(#[from] StartError),
    /// A key or certificate cannot be made.
    #[error("the keys of the sync link cannot be made: {0}")]
    Keys(#[from] rcgen::Error),
}

impl Paired {
    /// What was agreed on at the pairing.
    pub fn load(place: &Place) -> Result<Self, PairError> {
        let path = place.pairing();
        if !path.exists() {
            return Err(PairError::NotPaired);
        }
        let text = files::read(&path)?;
        serde_json::from_str(&text).map_err(|_| PairError::Malformed {
            path,
            wrong: "it was changed",
        })
    }

    /// The core's key, which was looked at when the file was taken.
    pub fn core_key(&self) -> Option<VerifyingKey> {
        VerifyingKey::from_bytes(self.core_key.as_bytes()).ok()
    }

    /// The address that people use.
    pub fn origin(&self) -> Option<Origin> {
        Origin::parse(&self.look.public_origin).ok()
    }

    fn of(pairing: &Pairing) -> Self {
        Self {
            v: VERSION,
            site: pairing.site.clone(),
            core_pins: pairing.core_pins.clone(),
            core_key: pairing.core_key,
            epoch: pairing.epoch,
            taken: vec![secret_of(pairing)],
            look: pairing.look.clone(),
        }
    }

    /// The files that were taken before.
    fn remember(&mut self, mut before: Vec<Digest>) {
        before.append(&mut self.taken);
        self.taken = before.split_off(before.len().saturating_sub(MOST_TAKEN));
    }

    fn wrong(&self) -> Option<&'static str> {
        [
            (!is_name(&self.site), "the site's name is none"),
            (self.core_pins.is_empty(), "it has no pins"),
            (self.core_key().is_none(), "the core's key is none"),
            (self.origin().is_none(), "the public address is none"),
        ]
        .into_iter()
        .find_map(|(wrong, what)| wrong.then_some(what))
    }
}

/// Pairs with the core that wrote this: begins the epoch in the database, makes the keys of the sync link and keeps
/// what was agreed on. `again`: the pairing that there is was retired.
pub async fn pair(
    config: &SiteConfig,
    given: Given,
    pairing: &Pairing,
    again: bool,
) -> Result<PairingAnswer, PairError> {
    let place = Place::new(&config.data_dir);
    let taken = fits_before(&place, pairing, again)?;
    private_folder(&config.data_dir)?;
    private_folder(&config.keys_dir)?;
    let key = begun_key(&place, &*given.randomness)?;
    let site_key = Bytes::from(key.verifying_key().to_bytes());
    let beginning = Beginning {
        epoch: pairing.epoch,
        ratchet: pairing.ratchet.clone(),
        generation: pairing.generation,
        key,
    };
    let site = Site::start(config.site(&pairing.site), given, Some(beginning)).await?;
    site.close().await;
    let mut paired = Paired::of(pairing);
    paired.remember(taken);
    let site_pins = agree(&place, &paired)?;
    let mut answer = PairingAnswer {
        v: VERSION,
        site: paired.site,
        epoch: paired.epoch,
        site_pins,
        site_key,
        proof: Digest::from([0; 32]),
    };
    let tag = Ratchet::from_bytes(*pairing.ratchet.expose()).vouch(&answer.said());
    answer.proof = Digest::from(*tag.as_bytes());
    Ok(answer)
}

/// Takes away all that is left of a pairing which the core knows nothing of, and with it every message.
///
/// # Errors
/// When a file cannot be removed; the pairing goes first, so that the rest is not mistaken for a site.
pub fn forget(config: &SiteConfig) -> Result<(), PairError> {
    let place = Place::new(&config.data_dir);
    remove(&place.pairing())?;
    for file in place.private_files() {
        remove(&file)?;
    }
    for file in databases(&config.data_dir, &config.keys_dir) {
        remove(&file)?;
    }
    Ok(())
}

/// Whether this can follow on the pairing that there is; gives what was taken already.
fn fits_before(place: &Place, pairing: &Pairing, again: bool) -> Result<Vec<Digest>, PairError> {
    match Paired::load(place) {
        Err(PairError::NotPaired) => Ok(Vec::new()),
        Err(wrong) => Err(wrong),
        Ok(before) if !again => Err(PairError::Already { site: before.site }),
        Ok(before) if before.taken.contains(&secret_of(pairing)) => Err(PairError::Used),
        // Whatever its epoch's number: a core from an older copy, or a new one, counts from where it is.
        Ok(before) => Ok(before.taken),
    }
}

fn secret_of(pairing: &Pairing) -> Digest {
    Digest::from(<[u8; 32]>::from(Sha256::digest(pairing.ratchet.expose())))
}

/// A pairing that was cut short goes on with the key that the database may have already.
fn begun_key(place: &Place, randomness: &dyn Randomness) -> Result<SigningKey, PairError> {
    let path = place.begun();
    if !path.exists() {
        let fresh = Zeroizing::new(random_bytes::<32>(randomness));
        replace(&path, Zeroizing::new(Bytes::from(*fresh).to_string()).as_bytes())?;
    }
    let secret: Bytes<32> = files::read(&path)?.parse().map_err(|_| PairError::Malformed {
        path,
        wrong: "it was changed; delete it",
    })?;
    Ok(SigningKey::from_bytes(secret.as_bytes()))
}

/// Makes the keys of the sync link and makes the pairing valid. Gives their pins.
fn agree(place: &Place, paired: &Paired) -> Result<Vec<Digest>, PairError> {
    let current = make_key(&place.sync_certificate(), &place.sync_key())?;
    let next = make_key(&place.next_sync_certificate(), &place.next_sync_key())?;
    let text = serde_json::to_vec_pretty(paired).expect("texts and numbers always become JSON");
    replace(&place.pairing(), &text)?;
    remove(&place.begun())?;
    Ok(vec![current, next])
}

/// Takes the next key of the sync link into use. Its pin is known to the core since the pairing.
pub fn take_next_key(place: &Place) -> Result<(), PairError> {
    Paired::load(place)?;
    let (certificate, key) = (place.next_sync_certificate(), place.next_sync_key());
    let (chain, secret) = (files::read(&certificate)?, files::read(&key)?);
    replace(&place.sync_certificate(), chain.as_bytes())?;
    replace(&place.sync_key(), secret.as_bytes())?;
    remove(&certificate)?;
    Ok(remove(&key)?)
}

/// Reads the file that the core wrote.
///
/// # Errors
/// When others may read it, or it is not such a file.
pub fn read_pairing(file: &Path) -> Result<Pairing, PairError> {
    if let Some(mode) = open_to_others(file) {
        return Err(PairError::Open {
            path: file.to_owned(),
            mode,
        });
    }
    let text = files::read(file)?;
    let malformed = |wrong| PairError::Malformed {
        path: file.to_owned(),
        wrong,
    };
    // The form first: a later one may have other fields.
    let form: Form = serde_json::from_str(&text).map_err(|_| malformed("it is not such a file"))?;
    if form.v != VERSION {
        return Err(PairError::OtherVersion {
            path: file.to_owned(),
            v: form.v,
        });
    }
    let pairing: Pairing =
        serde_json::from_str(&text).map_err(|_| malformed("a field is missing or wrong"))?;
    match Paired::of(&pairing).wrong() {
        None => Ok(pairing),
        Some(wrong) => Err(malformed(wrong)),
    }
}

#[derive(Deserialize)]
struct Form {
    v: u32,
}

/// A key and a certificate that carries it; nobody looks at anything else in it. Gives its pin.
fn make_key(certificate_file: &Path, key_file: &Path) -> Result<Digest, PairError> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["selfdestruct".to_owned()])?.self_signed(&key)?;
    replace(key_file, Zeroizing::new(key.serialize_pem()).as_bytes())?;
    replace(certificate_file, certificate.pem().as_bytes())?;
    let der: &CertificateDer<'_> = certificate.der();
    Ok(pin(der).expect("it was just made"))
}
