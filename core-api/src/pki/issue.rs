//! Issuing certificates to our own servers and tools.

use std::net::IpAddr;
use std::time::Duration;

use domain::{Randomness, Timestamp};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType};
use zeroize::Zeroizing;

use super::authority::{key_pair, named, serial};
use super::{Authority, Certified, PkiError, set_validity};

/// How long a certificate of one's own is good: its key is what is believed, until it is replaced.
const PINNED: Duration = Duration::from_hours(24 * 365 * 20);

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// The core: it serves portals and dials sites.
    Core,
    /// A portal: it dials the core.
    Portal,
    /// A tool of the organisation: it dials the core.
    Client,
    /// A self-destruct site: it is dialled by the core and dials nobody.
    Site,
    /// Browsers are served with it; for the demo, where no public authority signs.
    Web,
}

impl Role {
    /// How long its certificates are good. A portal stands in the DMZ, so its certificate ends soon.
    pub fn validity(self) -> Duration {
        match self {
            Self::Portal => Duration::from_hours(24 * 7),
            Self::Core | Self::Client | Self::Site | Self::Web => Duration::from_hours(24 * 90),
        }
    }

    pub(super) fn usages(self) -> Vec<ExtendedKeyUsagePurpose> {
        match self {
            Self::Core => vec![
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ],
            Self::Portal | Self::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Self::Site | Self::Web => vec![ExtendedKeyUsagePurpose::ServerAuth],
        }
    }
}

/// What is to be issued.
#[derive(Debug, Clone)]
pub struct Order {
    /// What for.
    pub role: Role,
    /// DNS names and addresses.
    pub names: Vec<String>,
}

/// Makes a key and signs a certificate for it.
pub fn issue(
    authority: &Authority,
    order: &Order,
    now: Timestamp,
    randomness: &dyn Randomness,
) -> Result<Certified, PkiError> {
    let names = order
        .names
        .iter()
        .map(|name| san(name))
        .collect::<Result<Vec<_>, _>>()?;
    let params = leaf(names, order.role.usages(), now, order.role.validity(), randomness)?;
    let key = key_pair()?;
    let certificate = params.signed_by(&key, &authority.issuer)?;
    Ok(Certified {
        chain: format!("{}{}", certificate.pem(), authority.certificate),
        key: Zeroizing::new(key.serialize_pem()),
    })
}

/// Makes a key and a certificate of its own, for a link whose ends know each other's keys.
pub fn self_signed(name: &str, now: Timestamp, randomness: &dyn Randomness) -> Result<Certified, PkiError> {
    let usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut params = leaf(vec![san(name)?], usages, now, PINNED, randomness)?;
    params.use_authority_key_identifier_extension = false;
    let key = key_pair()?;
    Ok(Certified {
        chain: params.self_signed(&key)?.pem(),
        key: Zeroizing::new(key.serialize_pem()),
    })
}

/// A certificate for a server or client, named by the first of its names.
pub(super) fn leaf(
    names: Vec<SanType>,
    usages: Vec<ExtendedKeyUsagePurpose>,
    now: Timestamp,
    validity: Duration,
    randomness: &dyn Randomness,
) -> Result<CertificateParams, PkiError> {
    let first = names.first().ok_or(PkiError::Nameless)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&text(first));
    params.subject_alt_names = names;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = usages;
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(serial(randomness));
    set_validity(&mut params, now, validity);
    Ok(params)
}

/// A name as it stands in a certificate: an address, or a DNS name without wildcard.
pub(super) fn san(name: &str) -> Result<SanType, PkiError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let wrong = || PkiError::Name(name.to_owned());
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err(wrong());
    }
    Ok(SanType::DnsName(
        name.to_ascii_lowercase().try_into().map_err(|_| wrong())?,
    ))
}

fn text(name: &SanType) -> String {
    match name {
        SanType::DnsName(name) => name.to_string(),
        SanType::IpAddress(address) => address.to_string(),
        _ => "sallyport".to_owned(), // no other kind gets into our certificates
    }
}
