//! Who is at the other end of an inner connection: the names in its certificate.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::refusal::{Reason, Refused};

/// The DNS names that a peer's certificate carries (RFC 5280 section 4.2.1.6), in lower case.
///
/// Only inner listeners know peers; as an extractor it refuses everybody else. Which name may do what is for the
/// server to decide. The subject's common name is not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerNames(Vec<String>);

impl PeerNames {
    pub(crate) fn of(certificate: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let names = certificate.subject_alternative_name().ok()??;
        let dns = names.value.general_names.iter().filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        });
        Some(Self(dns.collect()))
    }

    /// The names, in the certificate's order.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether `name` is one of them.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

impl FromRequest for PeerNames {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            request
                .conn_data::<Self>()
                .cloned()
                .ok_or(Refused(Reason::NotForYou)),
        )
    }
}
