//! The public certificate of a site, renewed from inside.

use serde::{Deserialize, Serialize};

/// Longest chain that a site takes, in bytes. A chain of four certificates with RSA keys has some 8 KiB.
pub const LONGEST_CHAIN: usize = 64 * 1024;

/// What the core wants with the site's public certificate, whose key never leaves the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Certificate {
    /// Tell which one is there.
    Show,
    /// Make a signing request with a fresh key. An earlier one is void.
    Request,
    /// Take the chain for the last signing request into use. Repeated it does nothing more and is answered the same.
    Take {
        /// PEM, the site's own certificate first.
        chain: String,
    },
}

/// The site's answer to a [`Certificate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum CertificateAnswer {
    /// The one that is there; after a chain was taken, the new one.
    InUse(CertificateInUse),
    /// The signing request (RFC 2986, PEM).
    Request(String),
    /// It was not done, and what is in use stays.
    Refused(CertificateRefusal),
}

/// A certificate, as whoever reads it sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateInUse {
    /// The DNS names and addresses that it is for, in lower case.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// Its first moment, in milliseconds since the Unix epoch.
    pub from: i64,
    /// Its last moment, in milliseconds since the Unix epoch.
    pub until: i64,
}

/// Why a site did not do what was asked about its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateRefusal {
    /// No signing request is open.
    NothingOpen,
    /// The chain is longer than [`LONGEST_CHAIN`].
    TooLong,
    /// The chain is not PEM, or holds no certificate that can be used.
    NoCertificate,
    /// Its first certificate is for another key than that of the last signing request.
    OtherKey,
    /// Its first certificate is not for the site's address.
    OtherNames,
    /// Its time is over.
    Ended,
    /// Its time has not come, by the site's clock.
    NotYet,
    /// Certificate and key are in one file, which would be overwritten.
    OneFile,
    /// The site cannot write the files of its certificate.
    Unwritable,
    /// What the files of the site's certificate hold cannot be used; the listener goes on with what it read before.
    Unusable,
}
