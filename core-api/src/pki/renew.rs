//! Renewing what was issued: the same names and uses, new dates.

use std::path::Path;
use std::time::Duration;

use domain::{Randomness, Timestamp};
use rcgen::{CertificateSigningRequestParams, ExtendedKeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::files::{read_key, replace, with_ending};
use super::issue::{Role, leaf, san};
use super::{Authority, PkiError, SKEW};

/// What became of a certificate that was to be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// It was renewed.
    Done,
    /// Less than two thirds of its time are over.
    NotDue,
}

/// What a renewal takes over from the certificate before.
struct Former {
    names: Vec<SanType>,
    usages: Vec<ExtendedKeyUsagePurpose>,
    from: Timestamp,
    validity: Duration,
}

/// Renews `PREFIX.pem` for the key in `PREFIX.key` once two thirds of its time are over, or at once with `force`.
pub fn renew(
    authority: &Authority,
    prefix: &Path,
    force: bool,
    now: Timestamp,
    randomness: &dyn Randomness,
) -> Result<Renewal, PkiError> {
    let path = with_ending(prefix, "pem");
    let former = former(&path)?;
    if !force && now < former.from.plus(former.validity / 3 * 2) {
        return Ok(Renewal::NotDue);
    }
    let key = read_key(&with_ending(prefix, "key"))?;
    let params = leaf(former.names, former.usages, now, former.validity, randomness)?;
    let certificate = params.signed_by(&key, &authority.issuer)?;
    replace(
        &path,
        format!("{}{}", certificate.pem(), authority.certificate).as_bytes(),
        0o644,
    )?;
    Ok(Renewal::Done)
}

/// Signs a peer's request (PKCS #10, PEM), for the DNS names that its present certificate proved and nothing else:
/// what the request itself asks for in names and uses is not looked at. Gives the chain, PEM.
///
/// Tying a name to a *known* peer is the caller's part: only names that the configuration lists may get here.
pub fn sign_request(
    authority: &Authority,
    request: &str,
    proven: &[String],
    role: Role,
    now: Timestamp,
    randomness: &dyn Randomness,
) -> Result<String, PkiError> {
    let mut request = CertificateSigningRequestParams::from_pem(request).map_err(|_| PkiError::Request)?;
    if request.public_key.algorithm() != &PKCS_ECDSA_P256_SHA256 {
        return Err(PkiError::RequestKey);
    }
    let names = proven
        .iter()
        .map(|name| san(name))
        .collect::<Result<Vec<_>, _>>()?;
    request.params = leaf(names, role.usages(), now, role.validity(), randomness)?;
    let certificate = request.signed_by(&authority.issuer)?;
    Ok(format!("{}{}", certificate.pem(), authority.certificate))
}

/// How many whole days the first certificate of a PEM file is still good; negative when it has ended.
pub fn days_left(path: &Path, now: Timestamp) -> Result<i64, PkiError> {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let former = former(path)?;
    Ok((former.from.plus(former.validity).0 - now.0).div_euclid(DAY_MS))
}

fn former(path: &Path) -> Result<Former, PkiError> {
    let unusable = || PkiError::Unusable {
        path: path.to_owned(),
        what: "certificate",
    };
    let der = CertificateDer::from_pem_file(path).map_err(|_| unusable())?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| unusable())?;
    let validity = certificate.validity();
    let span = validity.not_after.timestamp() - validity.not_before.timestamp();
    Ok(Former {
        names: names(&certificate).ok_or_else(unusable)?,
        usages: usages(&certificate),
        from: Timestamp(validity.not_before.timestamp().saturating_mul(1000)).plus(SKEW),
        validity: Duration::from_secs(u64::try_from(span).map_err(|_| unusable())?).saturating_sub(SKEW),
    })
}

fn names(certificate: &X509Certificate<'_>) -> Option<Vec<SanType>> {
    let Some(extension) = certificate.subject_alternative_name().ok()? else {
        return Some(Vec::new());
    };
    let names = extension.value.general_names.iter();
    names
        .map(|name| match name {
            GeneralName::DNSName(name) => san(name).ok(),
            GeneralName::IPAddress(bytes) => address(bytes).map(SanType::IpAddress),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<std::net::IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(Into::into)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(Into::into))
        .ok()
}

fn usages(certificate: &X509Certificate<'_>) -> Vec<ExtendedKeyUsagePurpose> {
    let Ok(Some(extension)) = certificate.extended_key_usage() else {
        return Vec::new();
    };
    let found = [
        (extension.value.server_auth, ExtendedKeyUsagePurpose::ServerAuth),
        (extension.value.client_auth, ExtendedKeyUsagePurpose::ClientAuth),
    ];
    found
        .into_iter()
        .filter(|(is_set, _)| *is_set)
        .map(|(_, usage)| usage)
        .collect()
}
