//! The private authority for the links between our servers.
//!
//! A root, kept offline, signs an issuing authority; that one signs what servers and clients show each other. Each
//! certificate is good for what its role needs and no more: a portal only dials the core, so its certificate cannot
//! serve.

mod authority;
mod files;
mod issue;
mod renew;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use domain::Timestamp;
use rcgen::CertificateParams;
use x509_parser::time::ASN1Time;

pub use self::authority::{Authority, init};
pub use self::files::{Certified, write_new};
pub use self::issue::{Order, Role, issue, self_signed};
pub use self::renew::{Renewal, days_left, renew, sign_request};

/// How far back a certificate begins, for peers whose clocks are behind.
const SKEW: Duration = Duration::from_mins(5);

/// Why a certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file cannot be read or written.
    #[error("{}: {wrong}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        wrong: std::io::Error,
    },
    /// A file is there that would be overwritten.
    #[error("{} is there already; it is never overwritten", .0.display())]
    Exists(PathBuf),
    /// A file does not hold what it should.
    #[error("{} holds no usable {what}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// A name cannot stand in a certificate.
    #[error("{0:?} is neither a DNS name nor an address")]
    Name(String),
    /// No name was given.
    #[error("a certificate needs at least one name")]
    Nameless,
    /// The request is not a valid one, or its signature does not fit its key.
    #[error("this is no valid certificate request")]
    Request,
    /// The key of the request is of a kind that is not signed here.
    #[error("keys are P-256; the request has another one")]
    RequestKey,
    /// The library could not do it.
    #[error("the certificate could not be made: {0}")]
    Library(#[from] rcgen::Error),
}

/// Sets how long a certificate is good, from a little before now.
fn set_validity(params: &mut CertificateParams, now: Timestamp, validity: Duration) {
    let moment = |at: Timestamp| {
        ASN1Time::from_timestamp(at.0.div_euclid(1000))
            .expect("our clock's years have four digits")
            .to_datetime()
    };
    params.not_before = moment(now.minus(SKEW));
    params.not_after = moment(now.plus(validity));
}
