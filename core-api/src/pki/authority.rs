//! The root and the issuing authority.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

use domain::Timestamp;
use domain::clock::{Randomness, random_bytes};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use zeroize::Zeroizing;

use super::files::{read, read_key};
use super::{Certified, PkiError, set_validity};

const ROOT: Duration = Duration::from_hours(24 * 3652);
const ISSUING: Duration = Duration::from_hours(24 * 366);

/// The issuing authority, ready to sign.
pub struct Authority {
    pub(super) issuer: Issuer<'static, KeyPair>,
    /// Its certificate, PEM, which goes along with each that it signs.
    pub(super) certificate: String,
}

impl Authority {
    /// Opens `issuing.pem` and `issuing.key` of the folder that [`init`] made.
    pub fn open(folder: &Path) -> Result<Self, PkiError> {
        Self::load(&folder.join("issuing.pem"), &folder.join("issuing.key"))
    }

    /// Reads certificate and key.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, PkiError> {
        let text = read(certificate)?;
        let issuer = Issuer::from_ca_cert_pem(&text, read_key(key)?).map_err(|_| PkiError::Unusable {
            path: certificate.to_owned(),
            what: "certificate",
        })?;
        Ok(Self {
            issuer,
            certificate: text.to_string(),
        })
    }
}

/// Makes a root and an issuing authority in a new folder (mode 0700): `root.pem`, `root.key`, `issuing.pem`,
/// `issuing.key`. The root's key is then carried away and kept offline.
pub fn init(folder: &Path, name: &str, now: Timestamp, randomness: &dyn Randomness) -> Result<(), PkiError> {
    if folder.join("root.key").exists() || folder.join("issuing.key").exists() {
        return Err(PkiError::Exists(folder.join("root.key")));
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|wrong| PkiError::File {
            path: folder.to_owned(),
            wrong,
        })?;

    let key = key_pair()?;
    let root = authority(&format!("{name} root"), 1, now, ROOT, randomness);
    let certificate = root.self_signed(&key)?;
    write(folder, "root", &certificate, &key)?;

    let root = Issuer::new(root, key);
    let key = key_pair()?;
    let issuing = authority(&format!("{name} issuing"), 0, now, ISSUING, randomness);
    write(folder, "issuing", &issuing.signed_by(&key, &root)?, &key)
}

/// An authority that may stand above `below` further authorities (RFC 5280 section 4.2.1.9).
fn authority(
    name: &str,
    below: u8,
    now: Timestamp,
    validity: Duration,
    randomness: &dyn Randomness,
) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(serial(randomness));
    set_validity(&mut params, now, validity);
    params
}

fn write(folder: &Path, name: &str, certificate: &Certificate, key: &KeyPair) -> Result<(), PkiError> {
    let certified = Certified {
        chain: certificate.pem(),
        key: Zeroizing::new(key.serialize_pem()),
    };
    certified.write(&folder.join(name)).map(drop)
}

pub(super) fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// 127 random bits: positive and never the same twice, also for a certificate that keeps its key.
pub(super) fn serial(randomness: &dyn Randomness) -> SerialNumber {
    let mut bytes: [u8; 16] = random_bytes(randomness);
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

/// A fresh P-256 key, from the TLS library's own generator.
pub(super) fn key_pair() -> Result<KeyPair, PkiError> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)
}
