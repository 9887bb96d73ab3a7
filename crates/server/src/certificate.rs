//! What a certificate file says about itself.

use std::net::IpAddr;
use std::path::Path;

use contract::sync::CertificateInUse;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 24 * 60 * 60 * SECOND_MS;

/// Days before the end from which a certificate that people see needs somebody's attention.
const SOON_DAYS: i64 = 14;

/// The first certificate of a PEM file: from when to when it is good (milliseconds since the Unix epoch), for which DNS
/// names and addresses, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate(CertificateInUse);

impl Certificate {
    /// Reads the file; `None` if there is no certificate in it.
    pub fn read(path: &Path) -> Option<Self> {
        Self::of(&CertificateDer::from_pem_file(path).ok()?)
    }

    /// Reads what would stand in a file.
    pub fn from_pem(pem: &[u8]) -> Option<Self> {
        Self::of(&CertificateDer::from_pem_slice(pem).ok()?)
    }

    fn of(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.iter().flat_map(|names| &names.value.general_names);
        Some(Self(CertificateInUse {
            from: validity.not_before.timestamp().saturating_mul(SECOND_MS),
            until: validity.not_after.timestamp().saturating_mul(SECOND_MS),
            issuer: certificate.issuer().to_string(),
            names: names
                .filter_map(|name| match name {
                    GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
                    GeneralName::IPAddress(octets) => address(octets).map(|address| address.to_string()),
                    _ => None,
                })
                .collect(),
        }))
    }

    /// Whole days for which it is still good; negative when it has ended.
    pub fn days_left(&self, now: i64) -> i64 {
        self.0.until.saturating_sub(now).div_euclid(DAY_MS)
    }

    /// Whether its time has not come yet.
    pub fn is_early(&self, now: i64) -> bool {
        now < self.0.from
    }

    /// Whether two thirds of its time are over.
    pub fn is_due(&self, now: i64) -> bool {
        let span = self.0.until.saturating_sub(self.0.from);
        now >= self.0.from.saturating_add(span / 3 * 2)
    }

    /// Whether it ends within two weeks and should have been renewed by now. One that is short-lived is not at its end
    /// from its beginning.
    pub fn ends_soon(&self, now: i64) -> bool {
        self.days_left(now) < SOON_DAYS && self.is_due(now)
    }

    /// Whether it ends later than the other.
    pub fn lasts_longer_than(&self, other: &Self) -> bool {
        self.0.until > other.0.until
    }

    /// Whether browsers accept it for `host`, a name or an address as in a URL (RFC 6125 section 6.4: a wildcard stands
    /// for one whole label of a name).
    pub fn is_for(&self, host: &str) -> bool {
        if let Ok(host) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return self.0.names.iter().any(|name| name.parse() == Ok(host));
        }
        let parent = host.split_once('.').map(|(_, parent)| format!("*.{parent}"));
        self.0
            .names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(host) || Some(name) == parent.as_ref())
    }
}

/// RFC 5280 section 4.2.1.6: the octets in network byte order.
fn address(octets: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(octets)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .ok()
}

impl From<CertificateInUse> for Certificate {
    fn from(told: CertificateInUse) -> Self {
        Self(told)
    }
}

impl From<Certificate> for CertificateInUse {
    fn from(certificate: Certificate) -> Self {
        certificate.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_due_after_two_thirds_and_is_for_its_names() {
        let names = vec!["reset.corp.example".to_owned(), "*.dmz.example".to_owned()];
        let certificate = Certificate(CertificateInUse {
            from: 0,
            until: 9 * DAY_MS,
            issuer: String::new(),
            names,
        });
        assert!(!certificate.is_due(6 * DAY_MS - 1) && certificate.is_due(6 * DAY_MS));
        assert_eq!(certificate.days_left(8 * DAY_MS + 1), 0);
        assert_eq!(certificate.days_left(10 * DAY_MS), -1);
        assert!(certificate.is_for("reset.corp.example") && certificate.is_for("a.dmz.example"));
        assert!(!certificate.is_for("a.b.dmz.example") && !certificate.is_for("dmz.example"));
    }

    #[test]
    fn a_certificate_may_be_for_an_address() {
        let key = rcgen::KeyPair::generate().unwrap();
        let named = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let params = rcgen::CertificateParams::new(names).unwrap();
            Certificate::from_pem(params.self_signed(&key).unwrap().pem().as_bytes()).unwrap()
        };
        let certificate = named(&["192.0.2.7", "2001:db8::7"]);
        assert!(certificate.is_for("192.0.2.7") && certificate.is_for("[2001:db8:0::7]"));
        assert!(!certificate.is_for("192.0.2.8"));
        assert!(
            !named(&["*.0.2.7"]).is_for("192.0.2.7"),
            "an address has no labels"
        );
    }

    #[test]
    fn a_certificate_ends_soon_in_its_last_two_weeks_unless_it_is_young() {
        let lasting = |days| {
            Certificate(CertificateInUse {
                from: 0,
                until: days * DAY_MS,
                issuer: String::new(),
                names: Vec::new(),
            })
        };
        assert!(!lasting(90).ends_soon(76 * DAY_MS) && lasting(90).ends_soon(76 * DAY_MS + 1));
        assert!(lasting(90).ends_soon(91 * DAY_MS), "it has ended");
        assert!(!lasting(6).ends_soon(4 * DAY_MS - 1) && lasting(6).ends_soon(4 * DAY_MS));
        assert!(lasting(90).is_early(-1) && !lasting(90).is_early(0));
    }

    #[test]
    fn what_another_host_tells_of_its_certificate_is_only_looked_at() {
        for (from, until) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (i64::MAX, i64::MAX)] {
            let certificate = Certificate(CertificateInUse {
                from,
                until,
                issuer: String::new(),
                names: Vec::new(),
            });
            certificate.ends_soon(-1); // does not overflow
            certificate.ends_soon(i64::MAX);
        }
    }
}
