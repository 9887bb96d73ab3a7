//! One file for each thing that somebody can do, in folders by what it is about. Only use cases open transactions.

pub mod audit;
pub mod drop_box;
pub mod enrolment;
pub mod helpdesk;
pub mod message;
pub mod operators;
pub mod portal;
pub mod recovery;
pub mod site;

use std::time::Duration;

use contract::ProblemKind;
use directory::DirectoryError;

use crate::factor::hashing::Busy;
use crate::store::StoreError;

/// Who calls, as the certificate and the configuration say.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name in the certificate.
    pub portal: String,
    /// The public origin that this portal serves.
    pub origin: String,
    /// The reference of the request, which joins logs, audit and what the person is shown.
    pub reference: String,
}

/// Why a use case gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum UseCaseError {
    /// A refusal that the other side can explain.
    #[error("refused: {0:?}")]
    Refused(ProblemKind),
    /// Too many, and when there is room for one more.
    #[error("refused: too many for {} s", .0.as_secs())]
    TooManyFor(Duration),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory failed in a way that is nobody's but the operator's.
    #[error("the directory failed: {}", .0.for_operator())]
    Directory(DirectoryError),
}

impl From<ProblemKind> for UseCaseError {
    fn from(kind: ProblemKind) -> Self {
        Self::Refused(kind)
    }
}

impl From<Busy> for UseCaseError {
    fn from(_: Busy) -> Self {
        Self::Refused(ProblemKind::TooMany)
    }
}

impl From<DirectoryError> for UseCaseError {
    /// While the domain cannot be reached the person may try again; everything else is ours to mend.
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Unavailable(_) => Self::Refused(ProblemKind::DirectoryAway),
            other => Self::Directory(other),
        }
    }
}
