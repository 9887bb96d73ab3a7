//! What a certificate file says about itself.

use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 24 * 60 * 60 * SECOND_MS;

/// The first certificate of a PEM file: from when to when it is good (milliseconds since the Unix epoch), and for
/// which DNS names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    from: i64,
    until: i64,
    names: Vec<String>,
}

impl Certificate {
    /// Reads the file; `None` if there is no certificate in it.
    pub fn read(path: &Path) -> Option<Self> {
        let der = CertificateDer::from_pem_file(path).ok()?;
        let (_, certificate) = X509Certificate::from_der(&der).ok()?;
        let validity = certificate.validity();
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.iter().flat_map(|names| &names.value.general_names);
        Some(Self {
            from: validity.not_before.timestamp().saturating_mul(SECOND_MS),
            until: validity.not_after.timestamp().saturating_mul(SECOND_MS),
            names: names
                .filter_map(|name| match name {
                    GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
                    _ => None,
                })
                .collect(),
        })
    }

    /// Whole days for which it is still good; negative when it has ended.
    pub fn days_left(&self, now: i64) -> i64 {
        (self.until - now).div_euclid(DAY_MS)
    }

    /// Whether two thirds of its time are over.
    pub fn is_due(&self, now: i64) -> bool {
        now >= self.from + (self.until - self.from) / 3 * 2
    }

    /// Whether it ends later than the other.
    pub fn lasts_longer_than(&self, other: &Self) -> bool {
        self.until > other.until
    }

    /// Whether browsers accept it for `host` (RFC 6125 section 6.4: a wildcard stands for one whole label).
    pub fn is_for(&self, host: &str) -> bool {
        let parent = host.split_once('.').map(|(_, parent)| format!("*.{parent}"));
        self.names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(host) || Some(name) == parent.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_due_after_two_thirds_and_is_for_its_names() {
        let names = vec!["reset.corp.example".to_owned(), "*.dmz.example".to_owned()];
        let certificate = Certificate {
            from: 0,
            until: 9 * DAY_MS,
            names,
        };
        assert!(!certificate.is_due(6 * DAY_MS - 1) && certificate.is_due(6 * DAY_MS));
        assert_eq!(certificate.days_left(8 * DAY_MS + 1), 0);
        assert_eq!(certificate.days_left(10 * DAY_MS), -1);
        assert!(certificate.is_for("reset.corp.example") && certificate.is_for("a.dmz.example"));
        assert!(!certificate.is_for("a.b.dmz.example") && !certificate.is_for("dmz.example"));
    }
}
