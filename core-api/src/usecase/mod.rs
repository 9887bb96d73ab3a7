//! One file for each thing that somebody can do. Only use cases open transactions.

pub mod act;
pub mod alarm;
pub mod audit_export;
pub mod audit_read;
pub mod audit_redact;
pub mod audit_verify;
pub mod begin;
mod blocks;
mod cancel;
pub mod drop_collect;
mod drop_details;
mod drop_end;
pub mod drop_open;
pub mod drop_request;
pub mod enrol_email;
pub mod enrol_look;
mod enrol_open;
pub mod enrol_recovery_codes;
pub mod enrol_remove;
pub mod enrol_totp;
mod intent;
pub mod invite;
mod judge;
mod load;
pub mod look;
pub mod message_command;
pub mod message_details;
pub mod message_news;
mod message_step;
pub mod not_me;
pub mod notify;
pub mod order_message;
mod outcome;
mod password_try;
pub mod pause;
pub mod pick;
pub mod prove;
pub mod refused_beginnings;
pub mod renew_certificate;
pub mod resolve;
pub mod retire_sheets;
pub mod seal_message;
pub mod send_code;
pub mod send_for_tool;
pub mod send_message;
pub mod settle;
pub mod show_message;
pub mod site_acknowledge;
pub mod site_certificate;
pub mod site_command;
pub mod site_inventory;
pub mod site_list;
pub mod site_pair;
mod site_plausible;
pub mod site_pull;
pub mod site_push;
pub mod site_rekey;
pub mod site_retire;
pub mod site_witness;
mod spray;
mod tell_operators;
pub mod unfreeze;
mod wire;

pub use cancel::cancel;
pub use look::look;
pub use password_try::Tries;
pub use refused_beginnings::RefusedBeginnings;

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
