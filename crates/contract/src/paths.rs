//! The addresses of the core's API, said once for both sides.

/// Begins a recovery.
pub const RECOVERIES: &str = "/v1/recoveries";
/// The recovery that the handle in `Authorization` names: its current step, or its end.
pub const CURRENT: &str = "/v1/recoveries/current";
/// Picks a method for the current step; for a sent code this asks for the sending.
pub const CHALLENGES: &str = "/v1/recoveries/current/challenges";
/// Takes one proof.
pub const PROOFS: &str = "/v1/recoveries/current/proofs";
/// Does what was proved.
pub const ACTIONS: &str = "/v1/recoveries/current/actions";
/// The factors of the account that the handle's recovery proved.
pub const ENROLMENT: &str = "/v1/enrolment";
/// A new authenticator app: makes a secret.
pub const ENROL_TOTP: &str = "/v1/enrolment/totp";
/// A new authenticator app: takes its first code.
pub const CONFIRM_TOTP: &str = "/v1/enrolment/totp/confirmation";
/// New recovery codes: makes them, which voids the former.
pub const ENROL_RECOVERY_CODES: &str = "/v1/enrolment/recovery-codes";
/// New recovery codes: the person says that they are kept.
pub const CONFIRM_RECOVERY_CODES: &str = "/v1/enrolment/recovery-codes/confirmation";
/// A new mailbox: sends a code to it.
pub const ENROL_EMAIL: &str = "/v1/enrolment/email";
/// A new mailbox: takes the code.
pub const CONFIRM_EMAIL: &str = "/v1/enrolment/email/confirmation";
/// One enrolled factor, to be removed.
pub const FACTOR: &str = "/v1/enrolment/factors/{id}";
/// Takes the word of somebody who reads that his account was recovered and says that it was not him.
pub const NOT_ME: &str = "/v1/reports/not-me";
/// Sends one-time messages.
pub const MESSAGES: &str = "/v1/messages";
/// An id for a message that its sender seals himself.
pub const MESSAGE_IDS: &str = "/v1/message-ids";
/// One of the caller's messages: what became of it; `DELETE` takes it back.
pub const MESSAGE: &str = "/v1/messages/{id}";
/// Lets one of the caller's messages end at another time.
pub const EXTEND_MESSAGE: &str = "/v1/messages/{id}/extend";
/// Lets one of the caller's messages, locked by wrong passphrases, be tried again.
pub const UNLOCK_MESSAGE: &str = "/v1/messages/{id}/unlock";
/// Ends one of the caller's messages that was locked by wrong passphrases.
pub const DESTROY_MESSAGE: &str = "/v1/messages/{id}/destroy";
/// The signed document with the core's sealing keys.
pub const SEAL_KEY: &str = "/v1/seal-key";
/// Renews the caller's own certificate.
pub const PEER_CERTIFICATE: &str = "/v1/peers/current/certificate";

/// The header that joins an error page, the log lines of both servers and an audit record.
pub const REFERENCE_HEADER: &str = "sallyport-reference";
